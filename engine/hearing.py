"""What one show hears, its beat, and what they move: the parts, joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from engine.audio import Sound, make_input
from engine.audio.beat_clock import Beat, BeatClock, BeatLeader
from engine.audio.listener import Listener
from engine.audio_stage import AudioLinks, AudioStage
from engine.control.midi_message import ClockKind, ClockMessage
from engine.latest import Latest
from engine.modulation import NUM_MACROS
from engine.modulation.modulator import Modulator
from engine.stage import Stage, Surroundings


class Hearing:
    """In real time a thread of its own listens; offline the sound runs on the frames' timeline.

    sound, beat: any thread reads. modulator: the render thread's. stage: for the pipeline to run.
    """

    def __init__(self, uri: str, is_realtime: bool, around: Surroundings) -> None:
        """uri: what is listened to, "" for nothing. Errors: ValueError, see `make_input`."""
        self._is_realtime = is_realtime
        self._clock = around.clock
        self._offline: Listener | None = None
        self._offline_name = ""
        self._offline_s = 0.0
        self.sound: Latest[Sound] = Latest(Sound())
        self.beat = BeatClock(around.clock, around.clock.now_s() if is_realtime else 0.0)
        self.modulator = Modulator(self._newest if is_realtime else self._heard_until, self.beat)
        self._worker = AudioStage(AudioLinks(self.sound, self.beat), around)
        self.stage = Stage(self._worker, around)
        if uri:
            self.listen_to(uri)

    def listen_to(self, uri: str) -> None:
        """Switch live; "": to nothing. In real time what can't be opened is tried again.

        Errors: ValueError for what can't be listened to in this show.
        """
        source = make_input(uri, self._is_realtime) if uri else None
        if self._is_realtime:
            self._worker.switch(uri, source)
        else:
            self._offline = None if source is None else Listener(source)
            self._offline_name = ""

    # ---- what a performer does; any thread

    def tap(self) -> None:
        """One beat, now."""
        self.beat.tap(self._clock.now_s())

    def nudge(self, beats: float) -> None:
        """Shift the beat; positive: earlier. Errors: ValueError for more than a bar."""
        self.beat.nudge(beats)

    def follow(self, leader: BeatLeader) -> None:
        """Choose who says where the beat is. Errors: AudioError for Link without its package."""
        self.beat.choose(leader)

    def follow_midi(self, message: ClockMessage) -> None:
        """What a MIDI clock says. Thread: the driver's."""
        if message.kind is ClockKind.START:
            self.beat.midi_start()
        elif message.kind is ClockKind.TICK:
            self.beat.midi_tick(message.time_s, message.device)

    def readers(self) -> dict[str, Callable[[], float]]:
        """Where the macros stand, by the addresses that controls have for them."""
        return {
            f"macro/{number}": partial(self.modulator.macro, number)
            for number in range(1, NUM_MACROS + 1)
        }

    # ---- what is heard

    def now(self) -> Beat:
        """The beat at this moment; offline at the last frame that was painted."""
        return self.beat.at(self._clock.now_s() if self._is_realtime else self._offline_s)

    def close(self) -> None:
        """Once nothing reads any more."""
        if self._offline is not None:
            self._offline.close()

    def _newest(self, _time_s: float) -> Sound:
        return self.sound.value

    def _heard_until(self, time_s: float) -> Sound:
        """Offline: hear on to a frame's time, on the thread that paints it. Errors: AudioError."""
        self._offline_s = time_s
        if self._offline is None:
            return self.sound.value
        if not self._offline_name:
            self._offline_name = self._offline.open(0.0)
        sound = self._offline.listen(time_s)
        if sound is not None:
            self.sound.value = replace(sound, name=self._offline_name)
            self.beat.hear(sound)
        return self.sound.value
