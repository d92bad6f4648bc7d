"""What comes over wires: the worker's messages, OSC datagrams, MIDI bytes."""

from __future__ import annotations

import json
from typing import Any

import mido
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from engine.control.action import Action
from engine.control.messages import Message, describe
from engine.control.midi_message import ClockMessage, read_midi
from engine.control.osc import Datagram, parse
from engine.control.osc_address import OWN, Matcher, own_action
from engine.control.osc_gate import Gate
from engine.errors import ControlError
from engine.params import StreamParams
from engine.renderer import RenderSpec
from engine.worker.protocol import (
    COMMANDS,
    REPLIES,
    Flush,
    MalformedMessage,
    Painted,
    Prepare,
    Render,
    decode,
    encode,
)
from tests.fuzz.harness import VALUES, check_sentence, fuzzed, mutations

SENT = [
    encode(COMMANDS, Prepare(RenderSpec())),
    encode(COMMANDS, Render(3, 1.5, StreamParams())),
    encode(COMMANDS, Flush()),
    encode(REPLIES, Painted(3, 1.5, 1, 0.02)),
]
FIELDS = sorted({key for text in SENT for key in json.loads(text)})
KINDS = st.sampled_from(["prepare", "render", "flush", "painted", "failed", "cancel"])
TABLES = st.dictionaries(st.sampled_from(FIELDS), VALUES).flatmap(
    lambda table: KINDS.map(lambda kind: json.dumps({**table, "message": kind}).encode())
)


@fuzzed
@given(data=st.binary(max_size=200) | mutations(SENT) | TABLES)
def test_worker_messages(data: bytes) -> None:
    for adapter in (COMMANDS, REPLIES):
        try:
            message: Any = decode(adapter, data)  # type: ignore[arg-type]
        except MalformedMessage as error:
            check_sentence(error)
        else:
            assert decode(adapter, encode(adapter, message)) == message


def osc(address: str, *values: object) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)  # type: ignore[arg-type]
    return builder.build().dgram


PACKETS = [
    *(osc(address, 0.5) for address in OWN),
    osc("/reverie/prompt", "starry night"),
    osc("/reverie/*", 1, True, None, b"blob", [1, "a"]),
    osc("/reverie/auth", "secret token"),
    b"#bundle\0" + bytes(8) + len(osc("/a", 1)).to_bytes(4, "big") + osc("/a", 1),
    b"#bundle\0" * 40,
]
MATCHER = Matcher()


@fuzzed
@given(content=st.binary(max_size=300) | mutations(PACKETS))
def test_osc_packets(content: bytes) -> None:
    check_datagram(content)


def check_datagram(content: bytes) -> None:
    sender = ("192.0.2.7", 9000)
    gate = Gate("a token of some length")
    gate.look_at(sender, content)
    try:
        messages = parse(Datagram(content, sender), 1.0)
    except ControlError as error:
        check_sentence(error)
        return
    for message in messages:
        describe(message)
        gate.offer(sender, message.values[0] if message.values else "", message.time_s)
        for target in MATCHER.targets(str(message.name)):
            check_action(target, message)


def check_action(target: Any, message: Message) -> None:
    try:
        action = own_action(target, message)
    except ValueError as error:
        check_sentence(error)
        return
    assert action is None or isinstance(action, Action)


TYPED = st.builds(
    osc,
    st.sampled_from([*OWN, "/reverie/*", "/reverie/{strength,seed}", "/reverie/[a-z]*", "/x"]),
    st.integers(-(2**31), 2**31 - 1) | st.floats(width=32) | st.text(max_size=40) | st.booleans(),
)


@fuzzed
@given(content=TYPED)
def test_osc_values(content: bytes) -> None:
    check_datagram(content)


MIDI = [
    bytes([0x90, 60, 100, 0x80, 60, 0]),
    bytes([0xB0, 7, 64, 0xE0, 0, 64, 0xC0, 5]),
    bytes([0xF8, 0xFA, 0xFC, 0xF0, 1, 2, 3, 0xF7]),
    bytes([0xF1, 20, 0xF2, 1, 2, 0xF3, 4]),
]


@fuzzed
@given(data=st.binary(max_size=200) | mutations(MIDI))
def test_midi_bytes(data: bytes) -> None:
    """As they come from the driver, through mido."""
    parser = mido.Parser()
    parser.feed(data)
    for received in parser:
        message = read_midi(received, "pad", 1.0)
        assert message is None or isinstance(message, (Message, ClockMessage))
        if isinstance(message, Message):
            assert 0 <= message.channel <= 16
            assert all(0 <= value <= 16383 for value in message.values)  # type: ignore[operator]
            describe(message)
