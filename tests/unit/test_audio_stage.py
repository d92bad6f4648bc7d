"""The audio thread's worker, turn by turn, without its thread."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.audio import AudioState, Sound
from engine.audio.beat_clock import BeatClock, BeatLeader
from engine.audio.spectrum import Samples
from engine.audio_stage import AudioLinks, AudioStage
from engine.errors import AudioError
from engine.events import EventKind, EventLog
from engine.latest import Latest
from engine.stage import Surroundings
from engine.stats import Recorder
from tests.support.manual_clock import JumpingClock
from tests.support.sounds import clicks


class FakeInput:
    """Plays a track by the clock; refuses to open and breaks when the test says so."""

    def __init__(self, track: Samples, refusals: int = 0, breaks_after_s: float = 1e9) -> None:
        self.track = track
        self.refusals = refusals
        self.breaks_after_s = breaks_after_s
        self.opened_s: list[float] = []
        self.is_open = False
        self._num_given = 0

    def open(self, now_s: float) -> str:
        self.opened_s.append(now_s)
        if self.refusals:
            self.refusals -= 1
            raise AudioError("The fake input is not there; plug it in.")
        self.is_open, self._num_given = True, 0
        return "fake input"

    def read(self, now_s: float) -> Samples:
        playing_s = now_s - self.opened_s[-1]
        if playing_s > self.breaks_after_s:
            self.breaks_after_s = 1e9
            raise AudioError("The fake input is gone; plug it in again.")
        if not len(self.track):
            return self.track
        start, self._num_given = self._num_given, round(playing_s * 48_000)
        return np.take(self.track, range(start, self._num_given), mode="wrap")

    def close(self) -> None:
        self.is_open = False


class Bench:
    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.events = EventLog(self.clock)
        self.around = Surroundings(self.clock, self.events, Recorder(self.clock))
        self.sound: Latest[Sound] = Latest(Sound())
        self.beat = BeatClock(self.clock)
        self.stage = AudioStage(AudioLinks(self.sound, self.beat), self.around)

    def run_for(self, length_s: float) -> None:
        end_s = self.clock.now_s() + length_s
        while self.clock.now_s() < end_s:
            assert self.stage.step()

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events.drain()]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_without_a_choice_the_stage_sleeps_until_it_is_woken(bench: Bench) -> None:
    sleeper = threading.Thread(target=bench.stage.step)
    sleeper.start()
    bench.around.stop.set()
    bench.stage.interrupt()
    sleeper.join(20.0)
    assert not sleeper.is_alive()
    assert bench.sound.value == Sound()


def test_what_is_chosen_is_heard_and_leads_the_beat(bench: Bench) -> None:
    bench.stage.switch("fake", FakeInput(clicks(128.0, 60.0 / 128.0 * 32)))
    bench.run_for(9.0)
    sound = bench.sound.value
    assert (sound.state, sound.name, sound.message) == (AudioState.LISTENING, "fake input", "")
    assert sound.bpm == pytest.approx(128.0, rel=0.01)
    now = bench.beat.at(bench.clock.now_s())
    assert now.source is BeatLeader.SOUND
    true_phase = (bench.clock.now_s() - 100.0) * 128.0 / 60.0
    assert abs((now.phase - true_phase + 0.5) % 1.0 - 0.5) * 60.0 / 128.0 < 0.05
    assert bench.kinds() == [EventKind.AUDIO_OPENED]


def test_a_missing_input_is_told_once_and_tried_again_at_growing_pauses(bench: Bench) -> None:
    source = FakeInput(clicks(120.0, 2.0), refusals=3)
    bench.stage.switch("fake", source)
    bench.run_for(0.1)
    assert bench.sound.value.state is AudioState.LOST
    assert bench.sound.value.message == "The fake input is not there; plug it in."
    bench.run_for(5.0)
    assert np.diff(source.opened_s) == pytest.approx([0.5, 1.0, 2.0], abs=0.03)
    assert bench.sound.value.state is AudioState.LISTENING
    assert bench.kinds() == [EventKind.AUDIO_FAILED, EventKind.AUDIO_OPENED]


def test_when_the_input_is_lost_everything_heard_falls_to_zero(bench: Bench) -> None:
    source = FakeInput(0.3 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32))
    source.breaks_after_s, source.refusals = 1.0, 0
    bench.stage.switch("fake", source)
    bench.run_for(0.9)
    assert min(bench.sound.value.bands) > 0.3
    source.refusals = 9
    bench.run_for(2.0)
    sound = bench.sound.value
    assert sound.state is AudioState.LOST
    assert (sound.level, max(sound.bands), sound.onset) == (0.0, 0.0, 0.0)
    assert "gone" in str(bench.events.history()[-1].message)


def test_a_driver_that_falls_silent_leaves_silence_behind_before_it_is_given_up(
    bench: Bench,
) -> None:
    source = FakeInput(0.3 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32))
    bench.stage.switch("fake", source)
    bench.run_for(0.9)
    source.track = np.zeros(0, np.float32)
    bench.run_for(2.0)
    assert bench.sound.value.state is AudioState.LISTENING
    assert bench.sound.value.level == 0.0


def test_an_input_that_raises_the_unforeseen_is_lost_like_any_other(bench: Bench) -> None:
    bench.stage.switch("fake", FakeInput(clicks(120.0, 2.0)))
    bench.run_for(0.1)
    assert bench.stage.recover(RuntimeError("the driver crashed"))
    assert bench.sound.value.state is not AudioState.OFF
    bench.run_for(0.1)
    assert bench.sound.value.state is AudioState.LOST
    assert "the driver crashed" in bench.sound.value.message


def test_choosing_another_input_closes_the_first_and_none_ends_listening(bench: Bench) -> None:
    first, second = FakeInput(clicks(120.0, 2.0)), FakeInput(clicks(120.0, 2.0))
    bench.stage.switch("first", first)
    bench.run_for(0.1)
    bench.stage.switch("second", second)
    bench.run_for(0.1)
    assert (first.is_open, second.is_open) == (False, True)
    bench.stage.switch("", None)
    bench.stage.interrupt()
    bench.around.stop.set()
    bench.stage.step()
    assert not second.is_open
    assert bench.sound.value == Sound()


def test_stopping_closes_the_input(bench: Bench) -> None:
    source = FakeInput(clicks(120.0, 2.0))
    bench.stage.switch("fake", source)
    bench.run_for(0.1)
    bench.around.stop.set()
    bench.stage.interrupt()
    assert not bench.stage.step()
    bench.stage.finish()
    assert not source.is_open
