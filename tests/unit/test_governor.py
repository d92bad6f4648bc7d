"""When the governor falls, climbs and waits; what a rung plays, and in which words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.effort import (
    FIRST_RESIZED,
    NUM_RUNGS,
    Effort,
    Neighbours,
    Wanted,
    effort_at,
    neighbours,
)
from engine.governor import Holding, Judgement, Standing, decide
from engine.params import MAX_STEPS, StreamParams
from engine.renderer import RenderSpec

FULL = RenderSpec(width_px=512, height_px=288)
FOUR = StreamParams(num_inference_steps=4)
WINDOW_S = 0.5
BETWEEN = Neighbours(down=6, up=0)
TOP = Neighbours(down=5, up=None)


def moves(
    standing: Standing, loads: Sequence[float], near: Neighbours, start_s: float = 0.0
) -> list[tuple[float, int]]:
    """When and where to it moved. loads: judged every half second; near: the same for all."""
    found: list[tuple[float, int]] = []
    for count, load in enumerate(loads):
        now_s = start_s + (count + 1) * WINDOW_S
        judged = Judgement(load, WINDOW_S / max(1.0, load))
        before, standing = standing.rung, decide(standing, judged, now_s, near)
        if standing.rung != before:
            found.append((now_s, standing.rung))
    return found


def effort(rung: int, params: StreamParams = FOUR) -> Effort:
    return effort_at(rung, Wanted(params, FULL))


def ladder(wanted: Wanted) -> list[str]:
    """From the top down, in words."""
    told: list[str] = []
    rung: int | None = 0
    while rung is not None:
        told.append(effort_at(rung, wanted).words(effort_at(0, wanted)))
        rung = neighbours(rung, wanted, NUM_RUNGS - 1).down
    return told


@pytest.mark.parametrize(("load", "after_s"), [(8.0, 1.0), (2.0, 1.5), (1.25, 3.0), (1.1, 7.0)])
def test_the_further_behind_it_is_the_sooner_it_falls(load: float, after_s: float) -> None:
    assert moves(Standing(), [load] * 40, TOP)[0] == (after_s, 5)


@pytest.mark.parametrize(
    ("num_ticks", "busy_s", "elapsed_s", "dropped", "load"),
    [
        (15, 0.375, 0.5, 0, 0.75),  # all came in time
        (10, 0.5, 0.5, 5, 1.5),  # one after the other, every third is lost
        (10, 0.25, 0.5, 5, 1.5),  # fast in the mean, and yet every third is lost
        (10, 0.25, 0.5, 1, 1.1),  # one was lost, the others didn't come
        (10, 0.25, 0.5, 0, 0.75),  # the source is slow
        (15, 0.375, 0.5, 15, 0.75),  # the source is twice as fast as wanted
    ],
)
def test_the_load_counts_what_the_model_came_too_late_for(
    num_ticks: int, busy_s: float, elapsed_s: float, dropped: int, load: float
) -> None:
    judged = Judgement.of(num_ticks, busy_s, elapsed_s, dropped, rate_hz=30.0)
    assert judged.load == pytest.approx(load)
    assert judged.due_s == pytest.approx(num_ticks / 30.0)


def test_a_hiccup_is_made_up_for() -> None:
    assert moves(Standing(), [0.9, 0.9, 1.9, 0.9, 0.9, 0.9, 0.9] * 10, TOP) == []


def test_being_too_slow_now_and_then_adds_up() -> None:
    assert moves(Standing(), [1.0, 3.0] * 10, TOP) != []


def test_it_climbs_after_four_seconds_of_room() -> None:
    assert moves(Standing(rung=5), [0.5] * 9, BETWEEN) == [(4.0, 0)]


def test_busy_moments_delay_a_climb_and_do_not_prevent_it() -> None:
    loads = [0.5, 0.5, 0.5, 0.5, 0.5, 1.0] * 10  # a busy one takes a second of room away
    assert moves(Standing(rung=5), loads, BETWEEN)[0] == (5.5, 0)


def test_it_does_not_climb_to_what_has_cost_too_much() -> None:
    standing = Standing(rung=5, moved_s=0.0, fell_with=1.5)
    assert moves(standing, [0.7] * 100, BETWEEN) == []  # 1.5 / 0.7 times as much


def test_it_climbs_as_soon_as_what_it_fell_from_would_fit() -> None:
    standing = Standing(rung=5, moved_s=0.0, dearer={5: 2.0})
    assert moves(standing, [0.75] * 20 + [0.4] * 20, BETWEEN)[0] == (14.0, 0)


def test_what_a_rung_has_cost_is_believed_for_a_minute() -> None:
    standing = Standing(rung=5, moved_s=0.0, dearer={5: 2.0})
    assert moves(standing, [0.7] * 150, BETWEEN)[0] == (63.5, 0)


def test_what_a_rung_has_cost_is_learnt_from_the_first_loads_below_it() -> None:
    standing = Standing(rung=5, fell_with=1.5)
    for count, load in enumerate((0.5, 9.0, 0.6)):
        standing = decide(standing, Judgement(load, 0.01), float(count), BETWEEN)
    assert standing.dearer == {5: pytest.approx(2.5)}
    assert standing.fell_with is None


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 4.0), (1, 8.0), (3, 32.0)])
def test_every_climb_that_was_taken_back_doubles_the_wait(failures: int, wait_s: float) -> None:
    standing = Standing(rung=5, failures=failures)
    assert moves(standing, [0.5] * 200, BETWEEN)[0] == (wait_s, 0)


@pytest.mark.parametrize(
    ("has_climbed", "calm_s", "failures"), [(True, 20.0, 3), (True, 40.0, 0), (False, 20.0, 2)]
)
def test_a_fall_counts_as_a_failure_only_soon_after_a_climb(
    has_climbed: bool, calm_s: float, failures: int
) -> None:
    standing = Standing(has_climbed=has_climbed, calm_s=calm_s, failures=2, lag_s=0.49)
    assert decide(standing, Judgement(1.5, 0.5), 100.0, TOP).failures == failures


@pytest.mark.parametrize(("load", "after_s"), [(9.0, 8.0), (2.0, 8.0), (1.25, 11.0)])
def test_a_smaller_size_is_taken_after_eight_seconds_or_when_much_is_late(
    load: float, after_s: float
) -> None:
    down = Neighbours(down=FIRST_RESIZED, up=5)
    standing = Standing(rung=FIRST_RESIZED - 1, moved_s=0.0)
    assert moves(standing, [load] * 40, down)[0] == (after_s, FIRST_RESIZED)


def test_the_size_is_given_back_after_a_minute_of_room() -> None:
    up = Neighbours(down=None, up=FIRST_RESIZED - 1)
    standing = Standing(rung=FIRST_RESIZED)
    assert moves(standing, [0.3] * 200, up)[0] == (60.0, FIRST_RESIZED - 1)


def test_at_the_end_of_the_ladder_it_stays() -> None:
    assert moves(Standing(rung=3), [9.0] * 100, Neighbours(None, None)) == []
    assert moves(Standing(rung=3), [0.0] * 100, Neighbours(None, None)) == []


def test_the_ladder_takes_steps_away_one_by_one_then_detail_and_then_the_size() -> None:
    assert ladder(Wanted(FOUR, FULL)) == [
        "",
        "3 of 4 steps",
        "2 of 4 steps",
        "1 of 4 steps",
        "1 of 4 steps, 25% merged",
        "1 of 4 steps, 50% merged",
        "1 of 4 steps, 50% merged, 1× reused",
        "1 of 4 steps, 50% merged, 2× reused",
        "1 of 4 steps, 50% merged, 2× reused, 384×216",
        "1 of 4 steps, 50% merged, 2× reused, 256×144",
    ]


def test_what_the_model_makes_no_use_of_is_left_alone() -> None:
    two = StreamParams(num_inference_steps=2, token_merging=0.1)
    unused = frozenset({"token_merging", "feature_reuse"})
    assert ladder(Wanted(two, FULL, unused)) == [
        "",
        "1 of 2 steps",
        "1 of 2 steps, 384×216",
        "1 of 2 steps, 256×144",
    ]


def test_what_the_performer_spares_more_of_stays_as_it_is() -> None:
    spared = StreamParams(num_inference_steps=1, token_merging=0.6, feature_reuse=4)
    assert ladder(Wanted(spared, FULL)) == ["", "384×216", "256×144"]


def test_the_way_up_leads_back_to_no_bound_at_all() -> None:
    first = neighbours(0, Wanted(FOUR, FULL), NUM_RUNGS - 1).down
    assert first is not None
    assert neighbours(first, Wanted(FOUR, FULL), NUM_RUNGS - 1).up == 0


def test_a_bound_holds_for_whatever_the_performer_sets() -> None:
    rung = neighbours(0, Wanted(FOUR, FULL), NUM_RUNGS - 1).down
    assert rung is not None
    played = [
        effort(rung, FOUR.with_changes({"num_inference_steps": wanted})).values[0]
        for wanted in range(1, MAX_STEPS + 1)
    ]
    assert played == [1, 2, 3, 3, 3, 3, 3, 3]


def test_what_is_not_lowered_stays_the_same_object() -> None:
    assert effort(0).applied_to(FOUR) is FOUR


def test_a_picture_that_is_small_already_is_not_made_smaller() -> None:
    small = RenderSpec(width_px=128, height_px=64)
    last = effort_at(NUM_RUNGS - 1, Wanted(FOUR, small))
    assert (last.width_px, last.height_px) == (128, 64)


def test_the_time_at_each_effort_adds_up() -> None:
    holding = Holding(30.0).after(2.0, is_held=False)
    lowered = Holding(30.0, "1 of 2 steps", spent_s=holding.spent_s, judged_s=holding.judged_s)
    later = lowered.after(3.0, is_held=True).after(1.0, is_held=True)
    assert later.spent_s == (("", 2.0), ("1 of 2 steps", 4.0))
    assert (later.judged_s, later.held_s) == (6.0, 4.0)
