"""The thread "audio": listens, fades to silence when the input is lost, and tries again."""

from __future__ import annotations

import math
import queue
import threading
from dataclasses import dataclass, replace

from engine.audio import AudioInput, AudioState, Sound
from engine.audio.beat_clock import BeatClock
from engine.audio.listener import Listener
from engine.audio.spectrum import HOP_S
from engine.errors import AudioError, clause_of
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.pacing import next_tick_s, retry_delay_s
from engine.stage import Surroundings


@dataclass(frozen=True)
class AudioLinks:
    """What the audio thread shares with the others. sound: out. beat: told what is heard."""

    sound: Latest[Sound]
    beat: BeatClock


@dataclass(frozen=True)
class Wish:
    """What to listen to; source None: to nothing."""

    uri: str
    source: AudioInput | None


class AudioStage:
    """Worker of the thread "audio". Without an input it sleeps until one is chosen.

    It wakes once a hop by the engine's clock, so that the driver's callback need wake nobody.
    """

    name = "audio"

    def __init__(self, links: AudioLinks, around: Surroundings) -> None:
        self._links = links
        self._around = around
        self._wishes: queue.SimpleQueue[Wish] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._listener: Listener | None = None
        self._input_name = ""
        self._is_open = False
        self._failures = 0
        self._message = ""
        self._retry_s = -math.inf
        self._tick_s = -math.inf

    def switch(self, uri: str, source: AudioInput | None) -> None:
        """Listen to `source` from now on; None: to nothing. Any thread."""
        self._wishes.put(Wish(uri, source))
        self._wake.set()

    def interrupt(self) -> None:
        self._wake.set()

    def step(self) -> bool:
        self._wake.clear()
        while not self._wishes.empty():
            self._obey(self._wishes.get())
        if self._around.stop.is_set():
            return False
        if self._listener is None:
            self._wake.wait()
            return True
        self._listen(self._listener, self._around.clock.now_s())
        self._tick_s = next_tick_s(self._tick_s, self._around.clock.now_s(), HOP_S)
        self._around.clock.wait_until(self._tick_s, self._wake)
        return True

    def recover(self, error: Exception) -> bool:
        self._lose(f"The sound input {self._input_name} failed: {clause_of(error)}.")
        return True

    def finish(self) -> None:
        self._close()
        self._links.beat.close()

    def _obey(self, wish: Wish) -> None:
        self._close()
        self._input_name = wish.uri
        self._listener = None if wish.source is None else Listener(wish.source)
        self._failures, self._retry_s = 0, -math.inf
        self._tick_s = self._around.clock.now_s()
        self._links.sound.value = Sound()

    def _listen(self, listener: Listener, now_s: float) -> None:
        try:
            if not self._is_open and now_s >= self._retry_s:
                self._opened(listener.open(now_s))
            sound = listener.listen(now_s) if self._is_open else None
        except AudioError as error:
            self._lose(str(error))
            sound = None
        if not self._is_open:
            sound = listener.listen_to_silence(now_s)
        if sound is not None or not self._is_open:
            self._publish(sound or self._links.sound.value)

    def _publish(self, sound: Sound) -> None:
        state = AudioState.LISTENING if self._is_open else AudioState.LOST
        self._links.sound.value = replace(
            sound, state=state, name=self._input_name, message=self._message
        )
        self._links.beat.hear(sound)

    def _opened(self, name: str) -> None:
        self._is_open, self._failures, self._message = True, 0, ""
        self._input_name = name
        self._tell(EventKind.AUDIO_OPENED, Severity.INFO, f"Sound comes from {name}.")

    def _lose(self, message: str) -> None:
        self._close()
        self._failures += 1
        self._message = message
        self._retry_s = self._around.clock.now_s() + retry_delay_s(self._failures)
        self._publish(self._links.sound.value)
        if self._failures == 1:  # the retries are silent
            self._tell(EventKind.AUDIO_FAILED, Severity.WARNING, message)

    def _close(self) -> None:
        self._is_open = False
        if self._listener is not None:
            self._listener.close()

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, self.name)
