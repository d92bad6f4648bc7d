"""Two decks on two rulers: what plays when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.decks.look import Look
from engine.decks.state import Decks, Shot
from engine.params import StreamParams
from engine.presets import Preset
from engine.sets import Cue
from engine.transition import (
    CUT,
    Ease,
    Instant,
    Quantise,
    TimeUnit,
    Transition,
    TransitionKind,
    next_beat,
)

NEON = Preset(name="Neon", prompt="neon", params={"strength": 1.0})
INK = Preset(name="Ink", prompt="ink", params={"strength": 0.2})
GOLD = Preset(name="Gold", prompt="gold", params={"strength": 0.6})
FOUR_SECONDS = Transition(duration=4.0, ease=Ease.LINEAR)
FOUR_BEATS = Transition(duration=4.0, unit=TimeUnit.BEATS, ease=Ease.LINEAR)


def at(s: float) -> Instant:
    """120 bpm."""
    return Instant(s, 2.0 * s)


def playing(preset: Preset) -> Decks:
    return Decks().fire(Shot(preset, CUT), at(0.0))


def strength(decks: Decks, s: float) -> float:
    return decks.advance(at(s)).params_at(at(s)).strength


def test_a_pad_without_a_transition_plays_at_once() -> None:
    decks = playing(NEON)
    assert decks.on_air.name == "Neon"
    assert decks.params_at(at(0.0)) is decks.on_air.params
    assert decks.params_at(at(0.0)).prompt == "neon"


def test_a_transition_takes_its_time_in_seconds_or_beats() -> None:
    slow = playing(NEON).fire(Shot(INK, FOUR_SECONDS), at(10.0))
    fast = playing(NEON).fire(Shot(INK, FOUR_BEATS), at(10.0))
    assert [strength(slow, s) for s in (10.0, 12.0, 14.0)] == pytest.approx([1.0, 0.6, 0.2])
    assert [strength(fast, s) for s in (10.0, 11.0, 12.0)] == pytest.approx([1.0, 0.6, 0.2])


@pytest.mark.parametrize("ease", Ease)
def test_every_ease_begins_at_the_start_ends_at_the_end_and_never_turns_back(ease: Ease) -> None:
    transition = Transition(duration=2.0, ease=ease)
    progress = [transition.progress(at(5.0), at(5.0 + step / 10)) for step in range(-5, 30)]
    assert progress == sorted(progress)
    assert (progress[0], progress[5], progress[25], progress[-1]) == (0.0, 0.0, 1.0, 1.0)


def test_a_look_fired_in_the_middle_of_a_transition_begins_where_that_one_stands() -> None:
    decks = playing(NEON).fire(Shot(INK, FOUR_SECONDS), at(0.0))
    before = decks.params_at(at(1.0))
    decks = decks.fire(Shot(GOLD, FOUR_SECONDS), at(1.0))
    assert decks.params_at(at(1.0)) == before
    assert decks.params_at(at(5.0)).prompt == "gold"


def test_what_a_look_does_not_name_comes_from_the_look_on_air_not_from_a_mixture() -> None:
    decks = Decks(Look(StreamParams(seed=1)), Look(StreamParams(seed=1)))
    decks = decks.fire(Shot(NEON, CUT), at(0.0))
    decks = decks.fire(Shot(Preset(prompt="ink", params={"seed": 9}), FOUR_SECONDS), at(1.0))
    decks = decks.fire(Shot(GOLD, CUT), at(2.0))
    assert (decks.on_air.params.seed, decks.on_air.params.seed_blend) == (9, 0.0)


def test_the_effects_of_a_look_go_with_it_and_others_stay() -> None:
    tunnel = Preset(name="Tunnel", params={"feedback": 0.6, "mirror": "kaleidoscope", "hue_deg": 9})
    look = Look().with_changes({"contrast": 1.3}).with_preset(tunnel, None)
    look = look.with_changes({"hue_deg": 40.0, "vignette": 0.3, "prompt": "lava"})
    assert look.params.feedback == 0.6
    after = look.with_preset(Preset(name="Plain", params={"strength": 0.4}), None)
    assert after.params == StreamParams(contrast=1.3, vignette=0.3, strength=0.4)
    assert after.chosen == {"prompt", "negative_prompt", "strength", "contrast", "vignette"}


def test_a_trigger_waits_for_the_next_beat_or_bar() -> None:
    now = Instant(10.0, 20.3)
    for quantise, due_beat in ((Quantise.BEAT, 21.0), (Quantise.BAR, 24.0)):
        decks = playing(NEON).fire_on(Shot(INK, CUT), quantise, now)
        assert decks.advance(Instant(10.1, due_beat - 0.01)).on_air.name == "Neon"
        assert decks.advance(Instant(10.2, due_beat)).on_air.name == "Ink"


def test_a_trigger_on_the_beat_does_not_wait() -> None:
    assert next_beat(8.0, Quantise.BAR) == 8.0
    assert next_beat(8.1, Quantise.NOW) == 8.1
    decks = playing(NEON).fire_on(Shot(INK, CUT), Quantise.BAR, Instant(1.0, 8.0))
    assert decks.on_air.name == "Ink"


def test_a_second_trigger_takes_the_place_of_the_one_that_waits() -> None:
    decks = playing(NEON).fire_on(Shot(INK, CUT), Quantise.BAR, Instant(0.1, 0.2))
    decks = decks.fire_on(Shot(GOLD, CUT), Quantise.BAR, Instant(0.2, 0.4))
    assert decks.advance(Instant(2.0, 4.0)).on_air.name == "Gold"
    assert decks.advance(Instant(2.0, 4.0)).waiting is None


def test_cues_follow_on_each_other_in_seconds_and_beats() -> None:
    cues = (
        Cue(look=NEON, follow=2.0),
        Cue(look=INK, follow=4.0, follow_unit=TimeUnit.BEATS),
        Cue(look=GOLD),
    )
    decks = Decks(cues=cues).go(1, at(10.0))
    names = []
    for s in (10.0, 11.9, 12.0, 13.9, 14.0, 99.0):
        decks = decks.advance(at(s))
        names.append(decks.on_air.name)
    assert names == ["Neon", "Neon", "Ink", "Ink", "Gold", "Gold"]


def test_follow_ons_that_were_slept_through_are_all_done() -> None:
    cues = tuple(Cue(look=look, follow=0.0) for look in (NEON, INK, GOLD))
    assert Decks(cues=cues).go(1, at(0.0)).advance(at(0.0)).cue == 3


def test_a_hand_on_a_pad_ends_the_run_of_cues() -> None:
    decks = Decks(cues=(Cue(look=NEON, follow=1.0), Cue(look=INK))).go(1, at(0.0))
    assert decks.fire(Shot(GOLD, CUT), at(0.5)).advance(at(9.0)).on_air.name == "Gold"


def test_held_decks_follow_on_only_once_they_are_let_go() -> None:
    decks = Decks(cues=(Cue(look=NEON, follow=1.0), Cue(look=INK)), is_held=True).go(1, at(0.0))
    assert decks.advance(at(5.0)).on_air.name == "Neon"
    assert replace(decks, is_held=False).advance(at(5.0)).on_air.name == "Ink"


def test_cues_that_are_not_there_are_named() -> None:
    with pytest.raises(ValueError, match="the cue list is empty"):
        Decks().go(1, at(0.0))
    with pytest.raises(ValueError, match="there is no cue 2; there are 1"):
        Decks(cues=(Cue(look=NEON),)).go(2, at(0.0))


def test_the_last_good_look_is_the_one_before_at_the_settings_it_had() -> None:
    decks = playing(NEON).with_changes({"strength": 0.77}, at(1.0))
    decks = decks.fire(Shot(INK, CUT), at(2.0)).go_back_to_previous(at(3.0))
    assert (decks.on_air.name, decks.params_at(at(3.0)).strength) == ("Neon", 0.77)
    decks = decks.go_back_to_previous(at(4.0))
    assert decks.on_air.name == "Ink"


def test_other_words_are_another_look_and_a_moved_number_is_not() -> None:
    decks = playing(NEON).with_changes({"strength": 0.5}, at(1.0))
    assert decks.on_air.name == "Neon"
    decks = decks.with_changes({"prompt": "lava"}, at(2.0))
    assert decks.on_air.name == "Untitled"
    assert decks.go_back_to_previous(at(3.0)).on_air.params.prompt == "neon"


def test_without_another_look_there_is_none_to_go_back_to() -> None:
    with pytest.raises(ValueError, match="no other look has played"):
        Decks().go_back_to_previous(at(0.0))


def test_a_change_between_the_decks_is_heard_as_it_was_set() -> None:
    decks = playing(NEON).fire(Shot(INK, FOUR_SECONDS), at(0.0))
    decks = decks.with_changes({"strength": 0.9, "prompt": "lava"}, at(1.0))
    assert [strength(decks, s) for s in (1.0, 2.5, 9.0)] == [0.9, 0.9, 0.9]
    assert decks.params_at(at(1.0)).prompt == "lava"


def test_a_change_on_one_deck_leaves_the_other() -> None:
    decks = playing(NEON).fire(Shot(INK, CUT), at(0.0)).with_changes({"strength": 0.9}, at(1.0))
    away = 1.0 - decks.glide.end
    assert decks.with_crossfade(away).params_at(at(2.0)).strength == 1.0


def test_the_crossfader_in_a_hand_stops_what_moved_it() -> None:
    decks = playing(NEON).fire(Shot(INK, FOUR_SECONDS), at(0.0)).with_crossfade(0.25)
    assert strength(decks, 1.0) == strength(decks, 99.0) == pytest.approx(0.4)
    with pytest.raises(ValueError, match="the crossfader is a number from 0 to 1"):
        decks.with_crossfade(1.5)


def test_the_crossfader_swings_over_in_the_time_of_a_transition() -> None:
    decks = playing(INK).fire(Shot(GOLD, CUT), at(1.0)).swing(FOUR_SECONDS, at(1.0))
    assert decks.on_air.name == "Ink"
    assert strength(decks, 3.0) == pytest.approx(0.4)
    back = decks.swing(FOUR_SECONDS, at(3.0))
    assert strength(back, 3.0) == pytest.approx(0.4)
    assert strength(back, 7.0) == pytest.approx(0.6)
    assert decks.go_back_to_previous(at(3.0)).on_air.name == "Gold"


def test_the_time_until_the_next_cue_is_told_on_its_own_ruler() -> None:
    cues = (Cue(look=NEON, follow=8.0, follow_unit=TimeUnit.BEATS), Cue(look=INK, follow=1.0))
    decks = Decks(cues=cues).go(1, at(0.0))
    assert decks.follows_in(at(1.0)) == pytest.approx(6.0)
    assert replace(decks, is_held=True).follows_in(at(9.0)) == 0.0
    assert decks.go(2, at(1.0)).follows_in(at(1.0)) is None  # it is the last one


@pytest.mark.parametrize(
    ("order", "place"),
    [("NIG", 2), ("ING", 1), ("IG", 1), ("NG", 1), ("G", 0), ("NGxI", 4), ("Nx", 1), ("NxG", 2)],
)
def test_the_cue_that_went_last_is_followed_when_the_list_is_edited(order: str, place: int) -> None:
    looks = {"N": NEON, "I": INK, "G": GOLD, "x": Preset(name="Other")}
    cues = {letter: Cue(look=look) for letter, look in looks.items()}
    decks = Decks(cues=(cues["N"], cues["I"], cues["G"])).go(2, at(0.0))
    assert decks.with_cues(tuple(cues[letter] for letter in order)).cue == place


def test_of_two_equal_cues_the_one_that_went_last_is_followed() -> None:
    again = (Cue(look=NEON), Cue(look=INK), Cue(look=NEON))
    decks = Decks(cues=again).go(3, at(0.0))
    assert decks.with_cues((again[0], Cue(look=GOLD), again[2])).cue == 3


def test_on_the_picture_the_look_changes_at_once_and_the_picture_in_time() -> None:
    dissolve = Transition(kind=TransitionKind.DISSOLVE, duration=4.0, ease=Ease.LINEAR)
    decks = playing(NEON).fire(Shot(INK, dissolve), at(10.0))
    assert strength(decks, 10.0) == 0.2
    fade = decks.picture_fade_at(at(11.0))
    assert fade is not None
    assert (fade.kind, fade.progress) == (TransitionKind.DISSOLVE, 0.25)
    assert decks.picture_fade_at(at(14.0)) is None
    assert playing(NEON).picture_fade_at(at(0.0)) is None


def test_a_new_model_fills_what_nobody_chose_on_both_decks() -> None:
    decks = playing(NEON).fire(Shot(Preset(prompt="ink"), CUT), at(0.0))
    decks = decks.on_model({"strength": 0.33, "guidance_scale": 4.0})
    for position in (0.0, 1.0):
        params = decks.with_crossfade(position).params_at(at(1.0))
        assert (params.strength, params.guidance_scale) == (1.0, 4.0)  # Neon's, handed on


def test_a_look_survives_as_a_preset() -> None:
    look = Look().with_preset(NEON, None).with_changes({"seed": 7, "strength": 0.4})
    assert look.as_preset() == Preset(
        name="Neon", prompt="neon", params={"strength": 0.4, "seed": 7}
    )
