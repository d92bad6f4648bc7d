"""Sound and modulation in a whole show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.api import AudioState, Beat, BeatLeader, EventKind, PanicName, Route, StreamParams
from engine.control.midi_message import ClockKind, ClockMessage
from engine.modulation import BeatPhase, Level, Lfo, Macro, Shape
from tests.support.fakes import FakeSource
from tests.support.rig import Rig
from tests.support.sounds import clicks, noise, write_wav

WOBBLE = Route(parameter="strength", signal=Lfo(rate_hz=1.0), amount=0.3)
BASE = StreamParams(strength=0.5, similarity_filter=False)


def strengths(rig: Rig) -> list[float]:
    return [params.strength for params in rig.renderer.params]


def test_an_offline_oscillator_runs_on_the_frames_own_timeline() -> None:
    rig = Rig(source=FakeSource(30, fps_hz=30.0))
    rig.play_out(params=BASE, modulation=(WOBBLE,))
    expected = 0.5 + 0.3 * np.sin(2 * np.pi * np.arange(30) / 30.0)
    assert strengths(rig) == pytest.approx(expected, abs=0.001)


def test_an_offline_beat_begins_with_the_first_frame() -> None:
    rig = Rig(source=FakeSource(30, fps_hz=30.0))
    route = Route(parameter="strength", signal=BeatPhase(), amount=0.4)
    rig.play_out(params=BASE, modulation=(route,))
    phases = np.arange(30) / 15.0 % 1.0  # 120 bpm at 30 frames a second
    assert strengths(rig) == pytest.approx(0.5 + 0.4 * (1.0 - phases), abs=0.001)


def test_an_offline_show_hears_its_sound_file_frame_by_frame_the_same_every_time(
    tmp_path: Path,
) -> None:
    track = np.concatenate([np.zeros(24_000, np.float32), noise(0.5), np.zeros(24_000, np.float32)])
    audio = f"file:{write_wav(tmp_path / 'burst.wav', track)}"
    route = Route(parameter="strength", signal=Level(), amount=0.5)
    runs: list[list[float]] = []
    for _ in range(2):
        rig = Rig(source=FakeSource(45, fps_hz=30.0))
        rig.play_out(params=BASE, modulation=(route,), audio=audio)
        runs.append(strengths(rig))
    assert runs[0] == runs[1]
    assert max(runs[0][:15]) == 0.5
    assert min(runs[0][18:30]) > 0.9
    assert runs[0][-1] < 0.6


def test_an_offline_show_that_cannot_hear_says_why_and_ends(tmp_path: Path) -> None:
    rig = Rig(source=FakeSource(10))
    rig.play_out(audio=f"file:{tmp_path / 'gone.wav'}")
    assert "gone.wav can't be opened" in rig.messages(EventKind.STAGE_FAILED)[0]


def test_an_offline_show_refuses_a_device_before_it_starts() -> None:
    with pytest.raises(ValueError, match="can't listen to default"):
        Rig().play_out(audio="default")


def test_the_sliders_stay_and_what_moves_is_shown_beside_them() -> None:
    rig = Rig()
    with rig.playing(params=BASE, modulation=(WOBBLE,)) as engine:
        rig.clock.run_until(lambda: engine.moved.strength > 0.7)
        assert engine.params.strength == 0.5
        engine.set_modulation(())
        rig.clock.run_until(lambda: engine.moved.strength == 0.5)


def test_stop_modulation_holds_everything_and_letting_go_moves_on() -> None:
    rig = Rig()
    with rig.playing(params=BASE, modulation=(WOBBLE,)) as engine:
        rig.clock.run_until(lambda: engine.moved.strength > 0.6)
        engine.panic(PanicName.STOP_MODULATION, True)
        rig.clock.run_until(lambda: engine.moved.strength == 0.5)
        engine.panic(PanicName.STOP_MODULATION, False)
        rig.clock.run_until(lambda: engine.moved.strength < 0.4)


def test_a_square_oscillator_lets_the_gate_rest_between_its_edges() -> None:
    route = Route(parameter="strength", signal=Lfo(shape=Shape.SQUARE, rate_hz=0.5), amount=0.2)
    rig = Rig(source=FakeSource(level=lambda index: 90))
    with rig.playing(
        params=StreamParams(strength=0.5, max_skips=300), modulation=(route,)
    ) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 60)
        assert engine.stats().skipped > 40
        assert {0.3, 0.7} <= {round(value, 3) for value in strengths(rig)}


def test_a_live_show_hears_its_file_and_the_beat_follows(tmp_path: Path) -> None:
    track = write_wav(tmp_path / "clicks.wav", clicks(150.0, 8.0))
    rig = Rig()
    with rig.playing(audio=f"file:{track}") as engine:
        rig.clock.run_until(lambda: engine.hearing.now().source is BeatLeader.SOUND, step_s=1 / 60)
        assert engine.hearing.now().bpm == pytest.approx(150.0, rel=0.02)
        assert engine.hearing.sound.value.name == "file clicks.wav"
        engine.hearing.listen_to("")
        rig.clock.run_until(lambda: engine.hearing.sound.value.state is AudioState.OFF)
        assert engine.report()["sound"]["state"] == "off"


def test_a_missing_sound_file_costs_the_pictures_nothing(tmp_path: Path) -> None:
    rig = Rig()
    with rig.playing(audio=f"file:{tmp_path / 'gone.wav'}") as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.AUDIO_FAILED))
        assert engine.hearing.sound.value.state is AudioState.LOST
        rig.clock.run_until(lambda: engine.stats().rendered > 5)


def test_a_macro_moves_what_the_look_ties_to_it() -> None:
    rig = Rig()
    route = Route(parameter="strength", signal=Macro(number=2), amount=0.4)
    with rig.playing(params=BASE, modulation=(route,)) as engine:
        engine.hearing.modulator.set_macro(2, 0.5)
        rig.clock.run_until(lambda: engine.moved.strength == pytest.approx(0.7))
        assert engine.params.strength == 0.5
        with pytest.raises(ValueError, match="macro 1 to 8"):
            engine.hearing.modulator.set_macro(9, 0.5)


def test_taps_nudges_and_a_midi_clock_reach_the_beat() -> None:
    rig = Rig()
    with rig.playing() as engine:
        hearing = engine.hearing
        hearing.tap()
        rig.clock.advance(0.75)
        hearing.tap()
        assert hearing.now().bpm == pytest.approx(80.0)
        before = hearing.now().position
        hearing.nudge(0.5)
        assert hearing.now().position == pytest.approx(before + 0.5)
        hearing.follow(BeatLeader.MIDI)
        for n in range(48):
            time_s = rig.clock.now_s() + n * 60.0 / 100.0 / 24
            hearing.follow_midi(ClockMessage(ClockKind.TICK, "mixer", time_s))
        now = hearing.beat.at(time_s)
        assert (now.source, round(now.bpm, 3)) == (BeatLeader.MIDI, 100.0)
        assert isinstance(now, Beat)
