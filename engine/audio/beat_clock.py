"""The one beat: bpm and position at any time, whoever says where it is."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

from engine.audio.beat_grid import BEATS_PER_BAR, BeatGrid
from engine.audio.beat_sources import MidiClock, SoundBeat, TapTempo
from engine.audio.link import LinkBeat
from engine.audio.sound import Sound
from engine.clock import Clock
from engine.enums import StrEnum

DEFAULT_BPM = 120.0


class BeatLeader(StrEnum):
    """Who says where the beat is."""

    AUTO = "auto"
    LINK = "link"
    MIDI = "midi"
    TAP = "tap"
    SOUND = "sound"
    FREE = "free"  # nobody: the last tempo goes on


# Who is asked, in turn, under each choice; the first that knows is followed. When none does the
# beat goes on as it last was. A hand that taps overrules the ears until a source is chosen anew.
ORDER: dict[BeatLeader, tuple[BeatLeader, ...]] = {
    BeatLeader.AUTO: (BeatLeader.MIDI, BeatLeader.TAP, BeatLeader.SOUND),
    BeatLeader.LINK: (BeatLeader.LINK, BeatLeader.TAP),
    BeatLeader.MIDI: (BeatLeader.MIDI, BeatLeader.TAP),
    BeatLeader.TAP: (BeatLeader.TAP,),
    BeatLeader.SOUND: (BeatLeader.SOUND, BeatLeader.TAP),
    BeatLeader.FREE: (),
}


@dataclass(frozen=True, slots=True)
class Beat:
    """The beat at one time. position: in beats, rising; phase, bar_phase: 0-1. source: who said."""

    bpm: float = DEFAULT_BPM
    position: float = 0.0
    source: BeatLeader = BeatLeader.FREE

    @property
    def phase(self) -> float:
        """0 on the beat."""
        return self.position % 1.0

    @property
    def bar_phase(self) -> float:
        """0 on the one of a bar of four."""
        return self.position % BEATS_PER_BAR / BEATS_PER_BAR


class BeatClock:
    """Any thread reads; those who tell are let in one by one.

    Whoever speaks counts from where the beat is, so that a change of who is followed never makes
    the position jump by more than half a beat, or two where the new one knows the bar; Link alone
    brings its own count.
    """

    def __init__(self, clock: Clock, start_s: float = 0.0) -> None:
        """start_s: when beat 0 is, as long as nobody says."""
        self._clock = clock
        self._lock = threading.Lock()
        self._choice = BeatLeader.AUTO
        self._tap = TapTempo()
        self._sound = SoundBeat()
        self._midi = MidiClock()
        self._link = LinkBeat(clock)
        self._nudge_beats = 0.0
        self._held = BeatGrid(DEFAULT_BPM, 0.0, start_s)
        self._sources = {
            BeatLeader.LINK: self._link,
            BeatLeader.MIDI: self._midi,
            BeatLeader.TAP: self._tap,
            BeatLeader.SOUND: self._sound,
        }

    def at(self, time_s: float) -> Beat:
        """The beat at an engine time, before or after now."""
        source, grid = self._followed(time_s)
        return Beat(grid.bpm, grid.position_at(time_s) + self._nudge_beats, source)

    def beats_at(self, now_s: float) -> float:
        """The position alone."""
        return self.at(now_s).position

    @property
    def choice(self) -> BeatLeader:
        return self._choice

    def choose(self, source: BeatLeader) -> None:
        """Follow this one, with the fall-backs of `ORDER`; taps so far are forgotten.

        Errors: AudioError for Link where it isn't installed; the old choice stays.
        """
        with self._lock:
            _, self._held = self._followed(self._clock.now_s())
            if source is BeatLeader.LINK:
                self._link.open(self._held.bpm)
            else:
                self._link.close()
            self._tap.forget()
            self._choice = source

    def tap(self, time_s: float) -> None:
        """One tap on a key or pad. The nudge starts anew: the hand is the truth."""
        with self._lock:
            position = self.at(time_s).position
            self._nudge_beats = 0.0
            self._tap.tap(time_s, position)

    def nudge(self, beats: float) -> None:
        """Shift the beat; positive: earlier. Errors: ValueError for more than a bar."""
        if not (math.isfinite(beats) and abs(beats) <= BEATS_PER_BAR):
            raise ValueError(f"the beat is nudged by up to {BEATS_PER_BAR} beats, not {beats}")
        with self._lock:
            self._nudge_beats += beats

    def hear(self, sound: Sound) -> None:
        """What the analysis found. Thread: "audio", offline the render thread."""
        with self._lock:
            self._sound.hear(sound, self._position(sound.time_s))

    def midi_tick(self, time_s: float, device: str = "") -> None:
        """One of 24 ticks a beat."""
        with self._lock:
            self._midi.tick(time_s, self._position(time_s), device)

    def midi_start(self) -> None:
        """The next tick is the one of a bar."""
        with self._lock:
            self._midi.start()

    def close(self) -> None:
        """Leave the network; the beat goes on. Harmless when it was never joined."""
        with self._lock:
            self._link.close()

    def _position(self, time_s: float) -> float:
        """Without the nudge, which belongs to none of the sources."""
        return self._followed(time_s)[1].position_at(time_s)

    def _followed(self, time_s: float) -> tuple[BeatLeader, BeatGrid]:
        for source in ORDER[self._choice]:
            grid = self._sources[source].grid(time_s)
            if grid is not None:
                self._held = grid  # goes on when all fall silent; one reference, any thread
                return source, grid
        return BeatLeader.FREE, self._held
