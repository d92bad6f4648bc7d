"""Whatever arrives, no parameter leaves its range and nothing that can be read is lost."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_message_builder import OscMessageBuilder

from engine.control.action import Pending
from engine.control.inbox import NUM_CONTROLS, NUM_KEPT, Inbox
from engine.control.learn import begin, learn_from, settle
from engine.control.mapping import (
    ControlKind,
    Encoding,
    Mapping,
    Mode,
    Response,
    Takeover,
)
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.control.messages import Message, MessageKind
from engine.control.osc import Datagram, newest, parse
from engine.control.osc_address import ROOT, Matcher, own_action
from engine.control.shape import number_at, shaped, slider_at
from engine.control.table import MappingTable
from engine.control.target import TARGETS, Target
from engine.errors import ControlError
from engine.params import StreamParams
from tests.support.control import Instrument

MAPPABLE = sorted(address for address, target in TARGETS.items() if target.scale is not None)
OTHERS = (ControlKind.OSC, ControlKind.KEY, ControlKind.GAMEPAD)
MIDI_KINDS = [k for k in ControlKind if k not in OTHERS]
PAD_NAMES = ["leftx", "+leftx", "-leftx", "lefttrigger", "a"]
RAW = st.integers(0, 127)
ROUNDING = 1e-9


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    address = draw(st.sampled_from(MAPPABLE))
    scale = TARGETS[address].number_scale
    inside = st.floats(scale.minimum, scale.maximum)
    low, high = sorted((draw(inside), draw(inside)))
    control = draw(
        st.one_of(
            st.fixed_dictionaries(
                {
                    "kind": st.sampled_from(MIDI_KINDS),
                    "number": st.integers(0, 3),
                    "encoding": st.sampled_from(Encoding),
                }
            ),
            st.just({"kind": "osc", "address": "/x"}),
            st.just({"kind": "key", "key": "F"}),
            st.fixed_dictionaries({"kind": st.just("gamepad"), "name": st.sampled_from(PAD_NAMES)}),
        )
    )
    has_rate = control["kind"] == "gamepad"
    return Mapping.model_validate(
        {
            "control": control,
            "target": address,
            "minimum": draw(st.none() | st.just(low)),
            "maximum": draw(st.none() | st.just(high)),
            "is_inverted": draw(st.booleans()),
            "curve": draw(st.sampled_from(Response)),
            "mode": draw(st.sampled_from([m for m in Mode if has_rate or m is not Mode.RATE])),
            "takeover": draw(st.sampled_from(Takeover)),
            "threshold": draw(st.floats(0.01, 1.0)),
            "speed": draw(st.floats(0.01, 1000.0)),
        }
    )


@st.composite
def messages(draw: st.DrawFn) -> Message:
    kind = draw(st.sampled_from(MessageKind))
    if kind is MessageKind.OSC:
        value = st.one_of(st.floats(), st.integers(-(2**63), 2**63), st.booleans(), st.text())
        values = tuple(draw(st.lists(value, max_size=2)))
        address = draw(st.sampled_from(["/x", *(f"{ROOT}{a}" for a in TARGETS), f"{ROOT}*"]))
        return Message(kind, "sender", address, values)
    if kind is MessageKind.KEY:
        return Message(kind, "keyboard", "F", (draw(st.integers(0, 1)),))
    if kind in (MessageKind.GAMEPAD, MessageKind.HELD):
        name = draw(st.sampled_from(["leftx", "lefttrigger", "a"]))
        return Message(kind, "gamepad 1", name, (draw(st.floats()),))
    top = 16383 if kind is MessageKind.PITCH_BEND else 127
    name = 0 if kind is MessageKind.PITCH_BEND else draw(st.sampled_from([0, 1, 2, 3, 32, 33]))
    values = () if kind is MessageKind.PROGRAM else (draw(st.integers(0, top)),)
    return Message(kind, "box", name, values, draw(st.integers(1, 2)))


def refusal_of(call: Callable[[], object]) -> str | None:
    try:
        call()
    except (ValueError, ControlError) as refusal:
        return str(refusal)
    return None


def ask(pending: Pending, target: Target, message: Message) -> None:
    action = own_action(target, message)
    if action is not None:
        pending.add(action)


class StrictInstrument(Instrument):
    """Refuses what `StreamParams` would, as the engine does."""

    def __init__(self) -> None:
        super().__init__()
        self.params = StreamParams()
        for name, value in self.params.as_dict().items():
            self.places[name] = TARGETS[name].number_of(value)

    def set_parameter(self, name: str, value: object, by: str = "") -> None:
        self.params = self.params.with_changes({name: value})
        self.places[name] = TARGETS[name].number_of(self.params.as_dict()[name])

    def nudge_beat(self, beats: float) -> None:
        assert -1.0 <= beats <= 1.0

    def set_crossfade(self, position: float) -> None:
        assert 0.0 <= position <= 1.0
        super().set_crossfade(position)


@settings(deadline=None, max_examples=150)
@given(st.lists(mappings(), max_size=5), st.lists(messages(), max_size=40), st.data())
def test_no_sequence_of_messages_takes_a_target_out_of_its_range(
    table_of: list[Mapping], arriving: list[Message], data: st.DataObject
) -> None:
    instrument = StrictInstrument()
    table, pending, matcher = MappingTable(), Pending(instrument), Matcher()
    table.use(table_of)
    for message in arriving:
        if str(message.name).startswith(ROOT):
            for target in matcher.targets(str(message.name)):
                refusal = refusal_of(lambda t=target, m=message: ask(pending, t, m))
                assert refusal is None or target.address in refusal
        else:
            table.answer(message, pending)
        if data.draw(st.booleans()):
            for action in pending.take():
                action.perform(instrument)


@settings(deadline=None)
@given(mappings(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_no_curve_threshold_or_range_leads_a_control_out_of_what_it_may_reach(
    mapping: Mapping, travel: float, other: float
) -> None:
    scale, (low, high) = mapping.playing.number_scale, sorted(mapping.ends)
    number = number_at(mapping, shaped(mapping, travel))
    assert scale.clamp(low) <= number <= scale.clamp(high)
    assert scale.minimum <= number <= scale.maximum
    assert 0.0 <= slider_at(mapping, travel) <= 1.0
    before, after = sorted((travel, other), reverse=mapping.is_inverted)
    assert slider_at(mapping, before) <= slider_at(mapping, after) + ROUNDING


@settings(deadline=None)
@given(st.lists(mappings(), max_size=4))
def test_every_mapping_survives_its_file(table_of: list[Mapping]) -> None:
    assert load_mappings(dump_mappings(table_of)) == (tuple(table_of), [])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["control", "target", "kind", "number", "minimum", "x", ""]), inner
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(JSON, max_size=4), mappings())
def test_whatever_stands_in_a_file_the_good_mappings_are_read(
    nonsense: list[object], good: Mapping
) -> None:
    read, problems = load_mappings([*nonsense, *dump_mappings([good])])
    assert good in read
    assert len(read) + sum("was left out" in problem for problem in problems) >= len(nonsense)


@settings(deadline=None)
@given(st.sampled_from(MAPPABLE), st.lists(messages(), max_size=30))
def test_learning_ends_in_a_mapping_that_hears_what_it_was_learned_from(
    target: str, arriving: list[Message]
) -> None:
    learning, learned = begin(target), None
    for message in arriving:
        learning, learned = learn_from(learning, message)
        if learned is not None:
            assert learned.control.hears(message)
            assert learned.target == target
            return
    settled = settle(learning, math.inf)
    assert settled is None or settled.control.hears(learning.heard[-1])


# ---- OSC on the wire


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80), st.sampled_from([b"", b"/a\0\0", b"/a\0\0,", b"#bundle\0"]))
def test_bytes_that_are_not_osc_are_refused_in_words(tail: bytes, head: bytes) -> None:
    read: list[Message] = []
    content = Datagram(head + tail, ("127.0.0.1", 9))
    refusal = refusal_of(lambda: read.extend(parse(content, 0.0)))
    assert refusal is None or "127.0.0.1:9" in refusal
    assert all(isinstance(v, (float, int, str)) for m in read for v in m.values)


def test_bundles_nested_beyond_reason_are_refused_in_words() -> None:
    content = datagram("/a", 1.0)
    while len(content) < 8000:
        content = b"#bundle\0" + struct.pack(">QI", 1, len(content)) + content
    refusal = refusal_of(lambda: parse(Datagram(content, ("127.0.0.1", 9)), 0.0))
    assert refusal is None or "not OSC" in refusal


def datagram(address: str, value: float) -> bytes:
    builder = OscMessageBuilder(address)
    builder.add_arg(value)
    return builder.build().dgram


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 999)), max_size=400))
def test_the_newest_value_of_every_address_is_always_kept(sent: list[tuple[str, int]]) -> None:
    read = [Datagram(datagram(f"/{name}", float(v)), ("h", 1)) for name, v in sent]
    kept = [parse(d, 0.0)[0] for d in newest(read)]
    last = {f"/{name}": float(value) for name, value in sent}
    assert {str(m.name): m.values[0] for m in kept} == last


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 127)), max_size=300))
def test_the_inbox_keeps_order_and_counts_what_it_drops(sent: list[tuple[int, int]]) -> None:
    inbox = Inbox()
    for number, value in sent:
        inbox.put(Message(MessageKind.CC, "box", number, (value,), 1))
    taken = [(m.name, m.values[0]) for m in inbox.take()]
    kept = [p for i, p in enumerate(sent) if sum(q[0] == p[0] for q in sent[i:]) <= NUM_KEPT]
    assert taken == kept
    assert inbox.num_dropped == len(sent) - len(kept)


def test_a_flood_of_addresses_has_an_end() -> None:
    inbox = Inbox()
    for number in range(NUM_CONTROLS + 50):
        inbox.put(Message(MessageKind.OSC, "sender", f"/{number}", ()))
    assert len(inbox.take()) == NUM_CONTROLS
    assert inbox.num_dropped == 50
