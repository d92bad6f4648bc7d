"""Transitions on the picture, and how the picture goes black."""

from __future__ import annotations

import numpy as np
import pytest

from engine.frame import Frame
from engine.look_fade import MIXES, LookFade, dissolve, luma_wipe
from engine.picture import Picture, next_amount
from engine.show import OutputState
from engine.transition import Instant, PictureFade, TransitionKind
from tests.support.fakes import grey

LIVE, BLACKOUT, FREEZE = OutputState.LIVE, OutputState.BLACKOUT, OutputState.FREEZE


def frame(level: int, sequence: int = 0, size_px: int = 16) -> Frame:
    return Frame(grey(level, size_px), sequence, 0.0)


def fade(progress: float, since_s: float = 1.0) -> PictureFade:
    return PictureFade(TransitionKind.DISSOLVE, Instant(since_s, 0.0), progress)


def level_of(shown: Frame | None) -> int:
    assert shown is not None
    return int(shown.image[0, 0, 0])


@pytest.mark.parametrize("kind", MIXES)
def test_every_transition_begins_with_the_old_picture_and_ends_with_the_new(
    kind: TransitionKind,
) -> None:
    random = np.random.default_rng(0)
    old, new = (random.integers(0, 256, (8, 8, 3)).astype(np.uint8) for _ in range(2))
    assert np.array_equal(MIXES[kind](old, new, 0.0), old)
    assert np.array_equal(MIXES[kind](old, new, 1.0), new)


def test_a_dissolve_is_a_weighted_mean() -> None:
    assert level_of(Frame(dissolve(grey(200), grey(100), 0.25), 0, 0.0)) == 175


def test_a_luma_wipe_takes_the_dark_places_first() -> None:
    old = np.zeros((1, 3, 3), np.uint8)
    old[0, :, :] = [[10] * 3, [128] * 3, [250] * 3]
    new = np.full_like(old, 77)
    wiped = luma_wipe(old, new, 0.5)[0, :, 0].tolist()
    assert wiped[0] == 77
    assert 77 < wiped[1] < 128
    assert wiped[2] == 250


def test_the_new_look_comes_up_over_the_last_picture_of_the_old_one() -> None:
    leading = LookFade()
    assert level_of(leading.show(frame(200), None)) == 200
    assert level_of(leading.show(frame(100), fade(0.25))) == 175
    assert level_of(leading.show(frame(0), fade(0.5))) == 100
    assert level_of(leading.show(frame(0), None)) == 0


def test_a_second_transition_begins_with_what_the_first_one_shows() -> None:
    leading = LookFade()
    leading.show(frame(200), None)
    assert level_of(leading.show(frame(100), fade(0.5))) == 150
    assert level_of(leading.show(frame(10), fade(0.0, since_s=2.0))) == 150


def test_outside_a_transition_pictures_pass_untouched() -> None:
    newest = frame(7)
    assert LookFade().show(newest, None) is newest
    assert LookFade().show(None, fade(0.5)) is None


def test_a_picture_of_another_size_is_led_over_as_well() -> None:
    leading = LookFade()
    leading.show(frame(200, size_px=32), None)
    shown = leading.show(frame(100), fade(0.5))
    assert shown is not None
    assert shown.image.shape == (16, 16, 3)


def test_a_blackout_darkens_what_is_shown_while_it_goes_on_moving() -> None:
    picture = Picture()
    assert level_of(picture.show(LIVE, frame(200), None, black_amount=0.0)) == 200
    assert level_of(picture.show(BLACKOUT, frame(100), None, black_amount=0.25)) == 75
    assert level_of(picture.show(BLACKOUT, None, None, black_amount=1.0)) == 0
    assert level_of(picture.show(LIVE, frame(40), None, black_amount=0.5)) == 20
    assert level_of(picture.show(LIVE, None, None, black_amount=0.0)) == 40


def test_a_frozen_picture_is_what_a_blackout_darkens() -> None:
    picture = Picture()
    picture.show(LIVE, frame(200), None)
    picture.show(FREEZE, frame(10), None)
    assert level_of(picture.show(BLACKOUT, frame(20), None, black_amount=0.5)) == 100


def test_freezing_a_black_picture_keeps_it_black() -> None:
    picture = Picture()
    picture.show(BLACKOUT, frame(200), None)
    assert level_of(picture.show(FREEZE, frame(100), None)) == 0


def test_a_fade_of_no_time_is_at_once() -> None:
    assert next_amount(0.0, True, 0.016, fade_s=0.0) == 1.0
    assert next_amount(1.0, False, 0.25, fade_s=1.0) == 0.75
