"""A few messages tell what the hand is on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.control.book import MappingBook
from engine.control.learn import QUIET_S, begin, encoding_of, learn_from, settle
from engine.control.mapping import Encoding, Mapping, MidiControl, Mode, Takeover
from engine.control.messages import Message, MessageKind, key_message
from engine.control.midi_ports import stable_names
from tests.support.control import cc, note, osc


def learned(target: str, *messages: Message) -> Mapping | None:
    learning = begin(target)
    for message in messages:
        learning, mapping = learn_from(learning, message)
        if mapping is not None:
            return mapping
    return settle(learning, QUIET_S)


def midi_of(mapping: Mapping | None) -> MidiControl:
    assert mapping is not None
    assert isinstance(mapping.control, MidiControl)
    return mapping.control


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ([1, 1, 1, 127], Encoding.TWOS_COMPLEMENT),
        ([127, 127, 126, 1], Encoding.TWOS_COMPLEMENT),
        ([65, 65, 66, 63], Encoding.BINARY_OFFSET),
        ([1, 1, 65, 65], Encoding.SIGNED_BIT),
        ([1, 2, 3, 4], None),
        ([66, 65, 64, 63], None),
        ([50, 50, 51, 52], None),
    ],
)
def test_an_encoder_tells_small_turns_over_and_over(
    values: list[int], encoding: Encoding | None
) -> None:
    assert encoding_of(values) is encoding


def test_a_fader_is_learned_with_a_soft_takeover() -> None:
    mapping = learned("strength", *(cc(v) for v in (30, 31, 33, 34)))
    assert midi_of(mapping) == MidiControl.model_validate(
        {"kind": "cc", "number": 7, "channel": 1, "device": "box"}
    )
    assert mapping is not None
    assert (mapping.mode, mapping.takeover) == (Mode.VALUE, Takeover.PICK_UP)


def test_two_halves_make_a_fine_fader() -> None:
    mapping = learned("strength", cc(3, 5), cc(90, 37), cc(3, 5), cc(99, 37))
    assert (midi_of(mapping).kind, midi_of(mapping).number) == ("cc14", 5)


def test_a_button_is_known_by_its_ends() -> None:
    mapping = learned("panic/freeze", cc(127, 41), cc(0, 41))
    assert mapping is not None
    assert (midi_of(mapping).kind, mapping.mode) == ("cc", Mode.TOGGLE)


def test_the_control_that_moves_most_is_the_one_that_is_meant() -> None:
    moved = (cc(30), cc(3, 9), cc(31), cc(33), cc(34))
    assert midi_of(learned("strength", *moved)).number == 7


def test_keys_notes_programs_and_osc_are_learned_at_once() -> None:
    program = Message(MessageKind.PROGRAM, "box", 3, (), 1)
    for message in (key_message("F", True, 0.0), note(90), program, osc("/fader", 0.5)):
        _, mapping = learn_from(begin("crossfade"), message)
        assert mapping is not None
        assert mapping.control.hears(message)


def test_what_is_let_go_and_what_is_reveries_own_is_not_learned() -> None:
    released = (key_message("F", False, 0.0), note(0), osc("/button", 0))
    own = (osc("/reverie/strength", 0.5), osc("/text", "hello"), osc("/wild/*", 1.0))
    assert learned("pad/1", *released, *own) is None


def test_learning_waits_until_the_hand_is_still() -> None:
    learning, _ = learn_from(begin("pad/1"), replace(cc(127), time_s=5.0))
    assert settle(learning, 5.0 + QUIET_S / 2) is None
    assert settle(learning, 5.0 + QUIET_S) is not None


def test_one_control_plays_one_target() -> None:
    book = MappingBook()
    for target in ("pad/1", "pad/2"):
        book.learn(target)
        book.hear(note(90))
    assert [mapping.target for mapping in book.mappings] == ["pad/2"]


def test_a_controller_keeps_its_name_wherever_it_is_plugged_in() -> None:
    ports = [
        "Midi Through:Midi Through Port-0 14:0",
        "nano:nano MIDI 1 24:0",
        "nano:nano MIDI 1 28:0",
        "Launchpad 3",
        "a2j:Twister [24] (capture): Twister MIDI 1",
    ]
    assert list(stable_names(ports)) == [
        "nano:nano MIDI 1",
        "nano:nano MIDI 1 (2)",
        "Launchpad",
        "a2j:Twister: Twister MIDI",
    ]
