"""Who says where the beat is, and what is made of it."""

from __future__ import annotations

import itertools
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import Sound
from engine.audio.beat_clock import DEFAULT_BPM, ORDER, Beat, BeatClock, BeatLeader
from engine.audio.beat_grid import BeatGrid
from engine.errors import AudioError
from tests.support.manual_clock import JumpingClock


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock(10.0)


@pytest.fixture
def beat(clock: JumpingClock) -> BeatClock:
    return BeatClock(clock)


def tap_at(beat: BeatClock, times_s: list[float]) -> None:
    for time_s in times_s:
        beat.tap(time_s)


def ticks(beat: BeatClock, bpm: float, start_s: float, num: int, jitter_s: float = 0.0) -> float:
    """Returns: the exact time of the last tick."""
    random = np.random.default_rng(5)
    times_s = start_s + np.arange(num) * 60.0 / bpm / 24
    for time_s in times_s + random.uniform(-jitter_s, jitter_s, num):
        beat.midi_tick(float(time_s))
    return float(times_s[-1])


def on_the_beat(now: Beat) -> bool:
    return abs(now.position - round(now.position)) < 1e-6


def on_the_one(now: Beat) -> bool:
    return on_the_beat(now) and round(now.position) % 4 == 0


def sound(bpm: float, phase: float, time_s: float, confidence: float = 0.9) -> Sound:
    return Sound(bpm=bpm, beat_phase=phase, time_s=time_s, confidence=confidence)


def test_without_anybody_the_beat_runs_at_the_usual_tempo(beat: BeatClock) -> None:
    assert beat.at(0.0).bpm == DEFAULT_BPM
    assert beat.at(3.0).position == pytest.approx(6.0)
    assert beat.at(3.0).source is BeatLeader.FREE


def test_taps_set_the_tempo_and_the_first_one_is_the_one_of_the_bar(beat: BeatClock) -> None:
    tap_at(beat, [20.0, 20.6, 21.2, 21.8])
    now = beat.at(21.8)
    assert now.bpm == pytest.approx(100.0)
    assert now.source is BeatLeader.TAP
    assert on_the_one(beat.at(20.0 + 4 * 0.6))
    assert beat.at(21.8 + 0.3).phase == pytest.approx(0.5)


def test_one_stumble_of_the_hand_changes_nothing(beat: BeatClock) -> None:
    steady = [20.0 + 0.5 * n for n in range(8)]
    steady[4] += 0.09
    tap_at(beat, steady)
    assert beat.at(25.0).bpm == pytest.approx(120.0)
    assert on_the_beat(beat.at(24.0))


def test_only_the_last_taps_count(beat: BeatClock) -> None:
    tap_at(beat, [20.0 + 0.5 * n for n in range(6)])
    tap_at(beat, [22.5 + 0.6 * n for n in range(1, 12)])
    assert beat.at(30.0).bpm == pytest.approx(100.0)


def test_a_pause_begins_a_new_run_of_taps(beat: BeatClock) -> None:
    tap_at(beat, [20.0, 20.5, 21.0])
    tap_at(beat, [40.0])
    assert beat.at(40.0).bpm == pytest.approx(120.0)  # one tap is no tempo
    tap_at(beat, [40.75])
    assert beat.at(41.0).bpm == pytest.approx(80.0)
    assert on_the_one(beat.at(40.0))


def test_a_nudge_shifts_the_beat_and_the_next_tap_takes_it_back(beat: BeatClock) -> None:
    tap_at(beat, [20.0, 20.5])
    beat.nudge(0.25)
    assert beat.at(20.5).phase == pytest.approx(0.25)
    beat.tap(21.0)
    assert on_the_beat(beat.at(21.0))


@pytest.mark.parametrize("beats", [float("nan"), float("inf"), 4.5])
def test_a_nudge_of_more_than_a_bar_is_refused(beat: BeatClock, beats: float) -> None:
    with pytest.raises(ValueError, match="nudged by up to 4 beats"):
        beat.nudge(beats)


def test_what_is_heard_is_followed_while_it_is_sure(beat: BeatClock) -> None:
    beat.hear(sound(130.0, 0.5, 12.0))
    assert beat.at(12.0).bpm == 130.0
    assert beat.at(12.0).phase == pytest.approx(0.5)
    assert beat.at(12.0).source is BeatLeader.SOUND
    beat.hear(sound(77.0, 0.1, 13.0, confidence=0.1))
    assert beat.at(13.0).bpm == 130.0  # the last tempo goes on
    assert beat.at(13.0).source is BeatLeader.FREE
    assert beat.at(13.0).phase == pytest.approx((0.5 + 130.0 / 60.0) % 1.0)


def test_a_hand_that_taps_overrules_the_ears_until_a_choice_is_made(beat: BeatClock) -> None:
    beat.hear(sound(130.0, 0.0, 12.0))
    tap_at(beat, [12.0, 12.5, 13.0])
    beat.hear(sound(130.0, 0.0, 13.1))
    assert beat.at(13.1).bpm == pytest.approx(120.0)
    beat.choose(BeatLeader.AUTO)
    assert beat.at(13.1).bpm == 130.0


@pytest.mark.parametrize("bpm", [61.3, 120.0, 174.0])
def test_a_jittering_midi_clock_gives_a_steady_tempo(beat: BeatClock, bpm: float) -> None:
    last_s = ticks(beat, bpm, 30.0, 200, jitter_s=0.003)
    assert beat.at(last_s).bpm == pytest.approx(bpm, rel=0.005)
    assert beat.at(last_s).source is BeatLeader.MIDI
    off = (beat.at(last_s).position - 199 / 24 + 0.5) % 1.0 - 0.5
    assert abs(off) * 60.0 / bpm < 0.003


def test_midi_start_makes_the_next_tick_the_one_of_a_bar(beat: BeatClock) -> None:
    ticks(beat, 120.0, 30.0, 31)
    beat.midi_start()
    start_s = 30.0 + 31 * 60.0 / 120.0 / 24
    ticks(beat, 120.0, start_s, 48)
    assert on_the_one(beat.at(start_s))


def test_when_the_midi_clock_stops_its_tempo_goes_on(beat: BeatClock) -> None:
    last_s = ticks(beat, 90.0, 30.0, 60)
    position = beat.at(last_s).position
    later = beat.at(last_s + 10.0)
    assert later.source is BeatLeader.FREE
    assert later.bpm == pytest.approx(90.0, rel=1e-3)
    assert later.position == pytest.approx(position + 15.0, abs=0.01)


def test_a_second_midi_clock_is_not_heard_while_the_first_ticks(beat: BeatClock) -> None:
    for n in range(96):
        beat.midi_tick(30.0 + n / 48, "mixer")  # 120 bpm
        beat.midi_tick(30.005 + n / 48, "drum machine")
    assert beat.at(32.0).bpm == pytest.approx(120.0, rel=1e-3)
    for n in range(60):
        beat.midi_tick(40.0 + n / 36, "drum machine")  # 90 bpm, the mixer is silent
    assert beat.at(41.6).bpm == pytest.approx(90.0, rel=1e-3)


def test_the_order_of_who_is_asked_is_that_of_the_table(beat: BeatClock) -> None:
    beat.hear(sound(130.0, 0.0, 30.0))
    ticks(beat, 90.0, 29.0, 40)
    assert ORDER[BeatLeader.AUTO][0] is BeatLeader.MIDI
    assert beat.at(30.1).source is BeatLeader.MIDI
    beat.choose(BeatLeader.SOUND)
    assert beat.at(30.1).source is BeatLeader.SOUND
    beat.choose(BeatLeader.FREE)
    assert beat.at(30.1).source is BeatLeader.FREE
    assert beat.at(30.1).bpm == 130.0


def test_a_new_leader_continues_the_count_within_half_a_beat_or_bar(beat: BeatClock) -> None:
    before = beat.at(50.0).position
    beat.hear(sound(125.0, 0.3, 50.0))
    assert abs(beat.at(50.0).position - before) <= 0.5
    before = beat.at(60.5).position
    tap_at(beat, [60.0, 60.5])
    assert abs(beat.at(60.5).position - before) <= 2.0 + 0.5


@given(
    st.lists(
        st.tuples(st.sampled_from(["tap", "tick", "hear", "nudge", "choose"]), st.floats(0.0, 3.0)),
        max_size=60,
    )
)
def test_whatever_is_told_the_beat_is_always_a_number(happenings: list[tuple[str, float]]) -> None:
    beat = BeatClock(JumpingClock(0.0))
    choices = itertools.cycle([leader for leader in BeatLeader if leader is not BeatLeader.LINK])
    now_s = 0.0
    for what, step_s in happenings:
        now_s += step_s
        tell = {
            "tap": lambda at_s=now_s: beat.tap(at_s),
            "tick": lambda at_s=now_s: beat.midi_tick(at_s),
            "hear": lambda at_s=now_s: beat.hear(sound(100.0, 0.4, at_s)),
            "nudge": lambda by=step_s: beat.nudge(by - 1.5),
            "choose": lambda: beat.choose(next(choices)),
        }
        tell[what]()
        now = beat.at(now_s)
        assert 20.0 <= now.bpm <= 400.0
        assert np.isfinite(now.position)
        assert 0.0 <= now.phase < 1.0
        assert 0.0 <= now.bar_phase < 1.0


def test_a_grid_counted_anew_is_the_same_beat() -> None:
    grid = BeatGrid(120.0, 1.25, 5.0).aligned(near=1000.0, modulus=4.0)
    assert grid.position == pytest.approx(1001.25)


# ---- Ableton Link: against a stand-in for its package


class FakeLink:
    """A member of a session in the test's hand."""

    made: list[FakeLink]

    def __init__(self, bpm: float) -> None:
        self.tempo, self.quantum, self.enabled, self.num_peers = bpm, 1.0, False, 0
        self.beat, self.phase = 0.0, 0.0
        FakeLink.made.append(self)


@pytest.fixture
def link_package(monkeypatch: pytest.MonkeyPatch) -> list[FakeLink]:
    FakeLink.made = []
    monkeypatch.setitem(sys.modules, "aalink", SimpleNamespace(Link=FakeLink))
    return FakeLink.made


def test_link_stays_off_the_network_until_it_is_chosen_and_leaves_it_again(
    beat: BeatClock, link_package: list[FakeLink]
) -> None:
    assert link_package == []
    beat.choose(BeatLeader.LINK)
    (link,) = link_package
    assert link.enabled
    beat.choose(BeatLeader.AUTO)
    assert not link.enabled


def test_a_link_session_gives_tempo_beat_and_bar(
    beat: BeatClock, link_package: list[FakeLink]
) -> None:
    beat.choose(BeatLeader.LINK)
    (link,) = link_package
    link.num_peers, link.tempo, link.beat, link.phase = 2, 96.0, 17.3, 1.3
    now = beat.at(10.0)
    assert (now.source, now.bpm) == (BeatLeader.LINK, 96.0)
    assert now.bar_phase == pytest.approx(1.3 / 4)
    assert beat.at(10.0 + 60.0 / 96.0).position == pytest.approx(now.position + 1.0)


def test_a_link_session_without_others_is_not_followed(
    beat: BeatClock, link_package: list[FakeLink]
) -> None:
    beat.choose(BeatLeader.LINK)
    assert beat.at(10.0).source is BeatLeader.FREE


def test_without_the_link_package_a_sentence_says_what_to_install(
    beat: BeatClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(AudioError, match="pip install aalink"):
        beat.choose(BeatLeader.LINK)
    assert beat.choice is BeatLeader.AUTO
