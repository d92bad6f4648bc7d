"""When a lost renderer is made anew, and how large."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enums import LossReason
from engine.errors import ModelLoadError, OutOfMemoryError, RendererLost
from engine.recovery import (
    SMALLEST_SIDE_PX,
    STEADY_S,
    History,
    Lighter,
    Setback,
    as_loss,
    lighter,
)
from engine.renderer import RenderSpec

MEMORY = LossReason.OUT_OF_MEMORY
setbacks = st.builds(Setback, st.sampled_from(LossReason), st.floats(0.0, 200.0))


def history_of(*setbacks: Setback) -> History:
    history = History()
    for setback in setbacks:
        history = history.after(setback)
    return history


def test_the_pauses_rise_to_five_seconds() -> None:
    crash = Setback(LossReason.CRASH)
    delays_s = [history_of(*[crash] * count).delay_s for count in range(1, 8)]
    assert delays_s == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_after_a_steady_time_the_count_begins_anew() -> None:
    crash, late = Setback(LossReason.CRASH), Setback(LossReason.CRASH, painted_s=STEADY_S)
    assert history_of(crash, crash, crash, late).delay_s == 0.5


@given(before=st.lists(setbacks, max_size=40))
def test_the_pause_is_always_between_half_a_second_and_five(before: list[Setback]) -> None:
    for count in range(1, len(before) + 1):
        assert 0.5 <= history_of(*before[:count]).delay_s <= 5.0


def test_a_show_that_fails_for_hours_is_still_tried() -> None:
    assert History(failures=100_000).after(Setback(LossReason.CRASH)).delay_s == 5.0


@pytest.mark.parametrize(
    ("reasons", "painted_s", "needs_less"),
    [
        ((MEMORY,), 3.0, False),
        ((MEMORY, MEMORY), 3.0, True),
        ((MEMORY, LossReason.CRASH, MEMORY), 3.0, True),
        ((LossReason.CRASH, LossReason.HANG, LossReason.DEVICE_LOST), 3.0, False),
        ((MEMORY, MEMORY), STEADY_S, False),
    ],
)
def test_only_memory_that_runs_out_again_soon_calls_for_less(
    reasons: tuple[LossReason, ...], painted_s: float, needs_less: bool
) -> None:
    assert history_of(*[Setback(r, painted_s) for r in reasons]).needs_less is needs_less


@pytest.mark.parametrize(
    ("size_px", "smaller_px"),
    [((512, 512), (384, 384)), ((768, 448), (576, 320)), ((192, 128), (128, 128))],
)
def test_less_is_a_smaller_size_first(
    size_px: tuple[int, int], smaller_px: tuple[int, int]
) -> None:
    less = lighter(RenderSpec("house", *size_px), 4)
    assert less == Lighter(RenderSpec("house", *smaller_px), 4)


def test_less_than_the_smallest_size_is_fewer_steps_and_then_nothing() -> None:
    spec = RenderSpec("house", SMALLEST_SIDE_PX, SMALLEST_SIDE_PX)
    assert lighter(spec, 4) == Lighter(spec, 2)
    assert lighter(spec, 3) == Lighter(spec, 1)
    assert lighter(spec, 1) is None


@given(
    sides_px=st.tuples(*[st.integers(8, 512).map(lambda side: side * 8)] * 2),
    steps=st.integers(1, 8),
)
def test_taking_less_ends_and_every_size_can_be_painted(
    sides_px: tuple[int, int], steps: int
) -> None:
    less = Lighter(RenderSpec("house", *sides_px), steps)
    for _ in range(40):
        next_less = lighter(less.spec, less.num_inference_steps)
        if next_less is None:
            return
        assert next_less != less
        assert next_less.spec.width_px % 8 == next_less.spec.height_px % 8 == 0
        assert next_less.spec.width_px <= less.spec.width_px
        assert next_less.num_inference_steps >= 1
        less = next_less
    pytest.fail("there was always less")


@pytest.mark.parametrize(
    ("error", "reason", "message"),
    [
        (OutOfMemoryError("Too large."), MEMORY, "Too large."),
        (RendererLost("Hung.", LossReason.HANG), LossReason.HANG, "Hung."),
        (ModelLoadError("Damaged."), LossReason.CRASH, "Damaged."),
        (RuntimeError("no kernel image."), LossReason.CRASH, "The model stopped: no kernel image."),
        (KeyError(), LossReason.CRASH, "The model stopped: KeyError."),
    ],
)
def test_whatever_is_raised_becomes_a_loss_with_its_reason(
    error: Exception, reason: LossReason, message: str
) -> None:
    loss = as_loss(error)
    assert (loss.reason, str(loss)) == (reason, message)


def test_less_is_described_in_words() -> None:
    assert Lighter(RenderSpec("house", 384, 256), 1).description == "384×256 with 1 step"
    assert Lighter(RenderSpec("house", 384, 256), 2).description == "384×256 with 2 steps"
