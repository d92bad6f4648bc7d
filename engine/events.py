"""What happened, in words and in order: warnings, faults, recoveries, progress."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

from engine.clock import Clock
from engine.enums import StrEnum

log = logging.getLogger(__name__)


class Severity(StrEnum):
    """How loudly the window shows an event."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class EventKind(StrEnum):
    """What the event is about, for code; the message is for people."""

    STARTED = "started"
    STOPPED = "stopped"
    SOURCE_OPENED = "source_opened"
    SOURCE_ENDED = "source_ended"
    SOURCE_FAILED = "source_failed"
    SOURCE_FROZEN = "source_frozen"  # it answers, but its picture no longer changes or comes
    SOURCE_BACK = "source_back"
    SINK_OPENED = "sink_opened"
    SINK_FAILED = "sink_failed"
    SINK_BACK = "sink_back"
    MODEL_PREPARING = "model_preparing"
    MODEL_READY = "model_ready"
    MODEL_FAILED = "model_failed"
    MODEL_CANCELLED = "model_cancelled"
    RENDERER_LOST = "renderer_lost"
    RENDERER_BACK = "renderer_back"
    DEGRADE_PROPOSED = "degrade_proposed"  # a smaller size or fewer steps would fit
    DEGRADED = "degraded"  # and was taken
    GOVERNED = "governed"  # more or less is painted than before, to hold a rate
    FRAME_INVALID = "frame_invalid"  # NaN or Inf in a finished latent
    AUDIO_OPENED = "audio_opened"
    AUDIO_FAILED = "audio_failed"
    STAGE_FAILED = "stage_failed"
    CONTROL_OPENED = "control_opened"  # a controller or OSC can be played
    CONTROL_AWAY = "control_away"  # a controller was unplugged; its mappings are kept
    CONTROL_FAILED = "control_failed"  # MIDI, OSC or gamepads can't be had at all
    PRESET_WARNING = "preset_warning"
    NOTICE = "notice"


LOG_LEVELS = {
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One happening.

    message: a whole sentence; time_s: engine clock; stage: thread name, with the controller's where
    it is about one of several.
    """

    kind: EventKind
    severity: Severity
    message: str
    time_s: float
    stage: str = ""


class EventLog:
    """Collects events from every thread; the window drains, the report keeps all.

    Bounded: beyond `capacity` the oldest are forgotten, so a fault storm can't eat the memory.
    """

    def __init__(self, clock: Clock, capacity: int = 10_000) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._history: deque[Event] = deque(maxlen=capacity)
        self._fresh: deque[Event] = deque(maxlen=capacity)

    def add(self, kind: EventKind, severity: Severity, message: str, stage: str = "") -> Event:
        event = Event(kind, severity, message, self._clock.now_s(), stage)
        log.log(LOG_LEVELS[severity], "%s", message)
        with self._lock:
            self._history.append(event)
            self._fresh.append(event)
        return event

    def drain(self) -> list[Event]:
        """Events since the last drain, oldest first."""
        with self._lock:
            fresh = list(self._fresh)
            self._fresh.clear()
        return fresh

    def history(self) -> list[Event]:
        """All events kept, oldest first."""
        with self._lock:
            return list(self._history)
