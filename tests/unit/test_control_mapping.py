"""A control moves its target as the mapping says, and never out of its range."""

from __future__ import annotations

import pytest

from engine.control.mapping import Encoding, KeyControl, Mapping, MidiControl
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.control.messages import Message, MessageKind, key_message
from engine.control.shape import light_of
from engine.control.table import MappingTable
from engine.params import PARAMETERS
from tests.support.control import Instrument, cc, fader, note, osc, perform


def mapping(kind: str, target: str, control: dict[str, object] | None = None, **traits: object):
    return Mapping.model_validate(
        {"control": {"kind": kind, **(control or {})}, "target": target, **traits}
    )


def test_a_fader_moves_a_parameter_from_end_to_end() -> None:
    box = Instrument()
    perform([fader("strength")], box, cc(0), cc(127))
    assert box.played == [("strength", 0.0), ("strength", 1.0)]


def test_a_fader_takes_the_curve_that_the_slider_has() -> None:
    box = Instrument()
    perform([fader("guidance_scale")], box, cc(64))
    assert box.played[0][1] == pytest.approx(8.0 * (64 / 127) ** 2)


def test_a_mapping_keeps_to_its_own_range_and_can_turn_it_round() -> None:
    box = Instrument()
    perform([fader("strength", minimum=0.2, maximum=0.6, is_inverted=True)], box, cc(0), cc(127))
    assert [value for _, value in box.played] == pytest.approx([0.6, 0.2])


@pytest.mark.parametrize(
    ("curve", "half"),
    [("linear", 0.5), ("fine_start", 0.25), ("fine_end", 0.5**0.5), ("s_curve", 0.5)],
)
def test_the_curve_bends_the_travel(curve: str, half: float) -> None:
    box = Instrument()
    knob = mapping("pitch_bend", "strength", curve=curve)
    perform([knob], box, Message(MessageKind.PITCH_BEND, "box", 0, (8192,), 1))
    assert box.played[0][1] == pytest.approx(half, abs=1e-3)


def test_a_fine_fader_takes_both_halves_of_its_value() -> None:
    box = Instrument()
    knob = mapping("cc14", "strength", {"number": 7})
    perform([knob], box, cc(1, 39), cc(64, 7), cc(33, 39), cc(127, 7), cc(127, 39))
    assert [value for _, value in box.played] == pytest.approx([(64 * 128 + 33) / 16383, 1.0])


@pytest.mark.parametrize(
    ("encoding", "up", "down"),
    [("twos_complement", 2, 126), ("binary_offset", 66, 62), ("signed_bit", 2, 66)],
)
def test_an_encoder_moves_by_the_parameters_own_steps(encoding: str, up: int, down: int) -> None:
    box = Instrument(strength=0.5)
    knob = mapping("encoder", "strength", {"number": 7, "encoding": encoding})
    perform([knob], box, cc(up), cc(up), cc(down))
    assert [value for _, value in box.played] == pytest.approx([0.52, 0.54, 0.52])


def test_a_slow_encoder_adds_up_to_whole_steps() -> None:
    box = Instrument(num_inference_steps=2.0)
    knob = mapping("encoder", "num_inference_steps", {"number": 7}, speed=0.25)
    perform([knob], box, *[cc(1)] * 8)
    assert box.places["num_inference_steps"] == 4


def test_an_encoder_steps_through_choices_and_stops_at_the_ends() -> None:
    box = Instrument(sampler=0.0)
    knob = mapping("encoder", "sampler", {"number": 7})
    perform([knob], box, cc(1), *[cc(1)] * 9)
    choices = PARAMETERS["sampler"].choices
    assert (box.played[0], box.played[-1][1]) == (("sampler", choices[1]), choices[-1])


def test_a_toggle_turns_what_is_on_off_whoever_turned_it_on() -> None:
    box = Instrument(**{"panic/freeze": 1.0})
    perform([mapping("note", "panic/freeze", {"number": 36}, mode="toggle")], box, note(90))
    assert box.played == [("panic/freeze", False)]


def test_every_press_of_a_toggle_counts_once_and_its_release_nothing() -> None:
    box = Instrument(add_noise=0.0)
    pad = mapping("note", "add_noise", {"number": 36}, mode="toggle")
    perform([pad], box, note(90), note(100), note(0), note(90))
    assert [value for _, value in box.played] == [True, False]


def test_a_momentary_button_holds_the_upper_end() -> None:
    box = Instrument(strength=0.5)
    pad = mapping("note", "strength", {"number": 36}, mode="momentary", minimum=0.3, maximum=0.9)
    perform([pad], box, note(90), note(0))
    assert [value for _, value in box.played] == [0.9, 0.3]


def test_the_threshold_says_how_hard_a_press_is() -> None:
    box = Instrument()
    pad = mapping("note", "pad/3", {"number": 36}, threshold=0.8)
    perform([pad], box, note(90), note(0), note(110), note(120), note(0))
    assert box.played == [("pad/3", True)]


def test_what_only_happens_happens_at_every_press() -> None:
    box = Instrument()
    tap = Mapping(control=KeyControl(key="T"), target="tempo/tap")
    back = Mapping(control=KeyControl(key="Z"), target="cue/previous")
    slow = Mapping(control=KeyControl(key="S"), target="tempo/nudge", is_inverted=True)
    keys = [key_message(key, is_down, 0.0) for key in "TTZS" for is_down in (True, False)]
    perform([tap, back, slow], box, *keys)
    assert [what for what, _ in box.played] == ["tempo/tap", "tempo/tap", "cue", "tempo/nudge"]
    assert box.played[-2:] == [("cue", -1), ("tempo/nudge", -0.1)]


def test_a_program_change_is_a_press_every_time() -> None:
    box = Instrument()
    program = Message(MessageKind.PROGRAM, "box", 4, (), 1)
    perform([mapping("program", "pad/4", {"number": 4})], box, program, program)
    assert box.played == [("pad/4", True)] * 2


def test_a_foreign_osc_address_plays_within_the_ends_that_its_sender_has() -> None:
    box = Instrument()
    knob = mapping("osc", "strength", {"address": "/1/fader1", "high": 100.0})
    perform([knob], box, osc("/1/fader1", 25), osc("/1/fader1", 1e9), osc("/1/fader1", "x"))
    assert [value for _, value in box.played] == [0.25, 1.0]


def test_a_fader_that_stands_elsewhere_picks_its_target_up_when_it_passes_it() -> None:
    box = Instrument(strength=0.5)
    perform([fader("strength", takeover="pick_up")], box, cc(10), cc(30), cc(90), cc(100))
    assert [value for _, value in box.played] == pytest.approx([90 / 127, 100 / 127])


def test_a_fader_loses_its_target_when_somebody_else_moves_it() -> None:
    box = Instrument(strength=0.0)
    table = MappingTable()
    table.use([fader("strength", takeover="pick_up")])
    perform(table, box, cc(0), cc(60))
    box.places["strength"] = 0.9
    perform(table, box, cc(61), cc(62))
    assert box.played[-1][1] == pytest.approx(60 / 127)


def test_only_the_named_device_and_channel_are_heard() -> None:
    box = Instrument()
    control = MidiControl.model_validate(
        {"kind": "cc", "number": 7, "device": "left", "channel": 2}
    )
    knob = Mapping(control=control, target="strength")
    perform([knob], box, cc(1), cc(2, device="left"), cc(3, device="left", channel=2))
    assert [value for _, value in box.played] == pytest.approx([3 / 127])


@pytest.mark.parametrize("curve", ["linear", "fine_start", "fine_end", "s_curve"])
def test_the_light_stands_where_the_fader_would_have_to_be(curve: str) -> None:
    knob = fader("guidance_scale", curve=curve, minimum=1.0, maximum=5.0, is_inverted=True)
    for raw in (0, 20, 64, 100, 127):
        box = Instrument()
        perform([knob], box, cc(raw))
        place = box.places["guidance_scale"]
        assert isinstance(place, float)
        assert round(light_of(knob, place) * 127) == raw


# ---- files

GOOD = {"control": {"kind": "cc", "number": 7}, "target": "strength"}


def test_mappings_come_back_from_a_file_as_they_were() -> None:
    mappings = (
        fader("strength", minimum=0.1, curve="s_curve", takeover="pick_up"),
        mapping("encoder", "seed", {"number": 1, "encoding": Encoding.SIGNED_BIT}, speed=10),
        mapping("osc", "crossfade", {"address": "/xy", "high": 127.0}, is_inverted=True),
        Mapping(control=KeyControl(key="Shift+1"), target="pad/1"),
    )
    assert load_mappings(dump_mappings(mappings)) == (mappings, [])


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"glow": 3}, "glow"),
        ({"threshold": 7.0}, "threshold"),
        ({"curve": "wild"}, "curve"),
        ({"maximum": 3.0}, "maximum"),
        ({"minimum": 0.5, "maximum": 0.2}, "maximum"),
        ({"minimum": float("nan")}, "minimum"),
        ({"control": {"kind": "cc", "number": 7, "colour": 1}}, "control.colour"),
        ({"version": 9}, "version"),
    ],
)
def test_a_bad_field_is_named_and_the_rest_of_the_mapping_stays(
    extra: dict[str, object], named: str
) -> None:
    mappings, problems = load_mappings([{**GOOD, **extra}])
    assert mappings[0].target == "strength"
    assert [problem.startswith(f"Mapping 1: {named} was left out: ") for problem in problems] == [
        True
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"control": {"kind": "cc"}},
        {"control": {"kind": "theremin"}, "target": "strength"},
        {"control": {"kind": "osc"}, "target": "strength"},
        {"control": {"kind": "osc", "address": "/reverie/seed"}, "target": "strength"},
        {**GOOD, "target": "volume"},
        {**GOOD, "target": "prompt"},
        "nonsense",
        None,
        7,
    ],
)
def test_a_mapping_that_makes_no_sense_is_left_out_by_number_and_the_others_stay(
    broken: object,
) -> None:
    mappings, problems = load_mappings([GOOD, broken, GOOD])
    assert len(mappings) == 2
    assert any(problem.startswith("Mapping 2 was left out") for problem in problems)


def test_what_is_no_list_is_said_so() -> None:
    assert load_mappings({"a": 1}) == ((), ["The mappings were left out: they are a list."])
