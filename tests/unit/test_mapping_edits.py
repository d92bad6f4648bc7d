"""What is learned and what is edited may meet, on two threads; neither loses the other."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from engine.control.mapping import Mapping, MidiControl, Takeover
from engine.control.mapping_edits import with_edited, with_learned
from engine.control.mapping_files import load_mappings
from engine.control.shape import has_light, has_speed, has_takeover
from engine.performance import Performance
from engine.sets import PadBank, Set
from tests.support.control import fader


def of(kind: str, number: int, target: str, **traits: object) -> Mapping:
    control = {"kind": kind, "number": number, "device": "box"}
    return Mapping.model_validate({"control": control, "target": target, **traits})


STRENGTH, SEED = of("cc", 7, "strength"), of("cc", 8, "seed")
MAPPINGS = (STRENGTH, SEED)


def test_an_edit_changes_the_mapping_in_its_place() -> None:
    bent = STRENGTH.model_copy(update={"curve": "s_curve"})
    assert with_edited(MAPPINGS, STRENGTH, bent) == (bent, SEED)
    assert with_edited(MAPPINGS, SEED, None) == (STRENGTH,)


def test_two_edits_of_one_mapping_that_were_begun_alike_are_both_kept() -> None:
    turned = STRENGTH.model_copy(update={"is_inverted": True})
    slow = STRENGTH.model_copy(update={"takeover": Takeover.PICK_UP})
    both = with_edited(with_edited(MAPPINGS, STRENGTH, turned), STRENGTH, slow)[0]
    assert (both.is_inverted, both.takeover) == (True, Takeover.PICK_UP)


def test_what_is_learned_stays_when_another_mapping_is_edited_as_it_was_before() -> None:
    learned = of("note", 36, "panic/freeze")
    bent = STRENGTH.model_copy(update={"curve": "s_curve"})
    assert with_edited(with_learned(MAPPINGS, learned), STRENGTH, bent) == (bent, SEED, learned)


def test_an_edit_of_a_control_that_was_learned_anew_is_refused_and_loses_nothing() -> None:
    anew = with_learned(MAPPINGS, of("cc", 7, "crossfade"))
    turned = STRENGTH.model_copy(update={"is_inverted": True})
    with pytest.raises(ValueError, match="control of Strength has been learned anew"):
        with_edited(anew, STRENGTH, turned)
    assert with_edited(anew, STRENGTH, None) == anew


def test_what_is_learned_once_more_stays_as_it_was_edited() -> None:
    edited = STRENGTH.model_copy(update={"maximum": 0.5})
    assert with_learned((edited, SEED), STRENGTH) == (edited, SEED)


def test_what_threads_learn_and_edit_at_once_is_all_there_in_the_end() -> None:
    performance = Performance(Set())
    performance.change_mappings(lambda present: (*present, STRENGTH))
    begun = threading.Barrier(3)

    def learn(channel: int) -> None:
        begun.wait()
        for number in range(60):
            control = {"kind": "note", "number": number, "channel": channel}
            mapping = Mapping.model_validate({"control": control, "target": "pad/1"})
            performance.change_mappings(partial(with_learned, learned=mapping))

    def edit_looks() -> None:
        begun.wait()
        for number in range(60):
            stale = performance.live_set
            bank = PadBank(name=f"Bank {number}")
            performance.edit(stale.model_copy(update={"banks": (bank,)}))

    threads = [threading.Thread(target=learn, args=(channel,)) for channel in (1, 2)]
    threads.append(threading.Thread(target=edit_looks))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_mappings(performance.live_set.mappings)[0]) == 1 + 2 * 60
    assert performance.live_set.banks[0].name == "Bank 59"


def test_an_edit_of_the_pads_keeps_what_was_learned_since_the_set_was_looked_at() -> None:
    performance = Performance(Set())
    looked_at = performance.live_set
    performance.change_mappings(lambda present: (*present, STRENGTH))
    performance.edit(looked_at.model_copy(update={"banks": (PadBank(name="New", pads=()),)}))
    assert load_mappings(performance.live_set.mappings)[0] == (STRENGTH,)
    performance.undo()
    assert load_mappings(performance.live_set.mappings)[0] == (STRENGTH,)


def test_the_controls_are_told_whenever_the_set_says_otherwise_what_they_play() -> None:
    told: list[int] = []
    performance = Performance(Set(), lambda: told.append(len(performance.live_set.mappings)))
    performance.change_mappings(lambda present: MAPPINGS)
    performance.edit(performance.live_set.model_copy(update={"name": "Other"}))
    performance.undo()
    performance.undo()
    performance.take_over(Set(mappings=performance.live_set.mappings))
    assert told == [2, 0]
    performance.take_over(Set(mappings=({"target": "seed"},)))
    assert told == [2, 0, 1]


@pytest.mark.parametrize(
    ("mapping", "takeover", "speed", "light"),
    [
        (fader("strength"), True, False, True),
        (fader("strength", mode="toggle"), False, False, True),
        (fader("panic/freeze"), False, False, True),
        (of("encoder", 9, "strength"), False, True, True),
        (of("program", 1, "pad/1"), False, False, False),
        (of("pitch_bend", 0, "crossfade"), True, False, True),
    ],
)
def test_takeover_speed_and_light_are_of_those_controls_that_have_them(
    mapping: Mapping, takeover: bool, speed: bool, light: bool
) -> None:
    assert isinstance(mapping.control, MidiControl)
    assert (has_takeover(mapping), has_speed(mapping)) == (takeover, speed)
    assert has_light(mapping) == light


def test_a_key_and_osc_have_no_light() -> None:
    for control in ({"kind": "key", "key": "F"}, {"kind": "osc", "address": "/fader"}):
        assert not has_light(Mapping.model_validate({"control": control, "target": "strength"}))
