"""A thread of its own for a source: opens, reads and closes it; nobody else waits for a device."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.clock import Clock
from engine.errors import SourceError
from engine.frame import Image
from engine.mailbox import Mailbox
from engine.memory import give_back_unused
from engine.sources.base import Source, SourceInfo
from engine.stats import Recorder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture on its way to the capture thread.

    image: RGB uint8 HWC, brought to the model's size. width_px, height_px: as the source gave it.
    time_s: on the source's own timeline; None from a live device. arrived_s: engine clock.
    """

    image: Image
    width_px: int
    height_px: int
    time_s: float | None
    arrived_s: float


@dataclass(frozen=True)
class ReaderLinks:
    """What a reader shares with the capture thread.

    changed: set whenever there is something new to look at. may_read: set once pictures are
    wanted; until then the source is open and untouched. fitted: brings an image to the model's
    size. Large pictures are thus decoded and made small here, away from the thread that keeps time.
    """

    clock: Clock
    recorder: Recorder
    changed: threading.Event
    may_read: threading.Event
    fitted: Callable[[Image], Image]


@dataclass
class SourceReader:
    """One source from open to close. Every method: the capture thread; the source: its own.

    Pictures of a live source replace each other, those of a file wait until they are taken.
    after: readers that have to let go of the device first. A driver that never comes back from
    a call keeps its (daemon) thread and the device, and nothing else.

    info: None until the source is open. error: why it ended; None where it ended as a file does.
    """

    source: Source
    links: ReaderLinks
    after: list[SourceReader] = field(default_factory=list["SourceReader"])
    info: SourceInfo | None = field(default=None, init=False)
    error: Exception | None = field(default=None, init=False)
    pictures: Mailbox[Picture] = field(default_factory=Mailbox[Picture], init=False)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="source device", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """No further picture will come; `error` says why."""
        return self.pictures.is_finished

    def stop(self) -> None:
        """Let go of the source after the call that it is in; returns at once."""
        self._stop.set()
        self.pictures.close()

    @property
    def is_alive(self) -> bool:
        """The source isn't closed yet."""
        return self._thread.is_alive()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the source is closed; False when it isn't by then."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._play()
        except SourceError as error:
            self.error = error
        except Exception as error:
            log.error("the source failed", exc_info=error)
            self.error = error
        self.pictures.close()
        self.links.changed.set()
        try:
            self.source.close()
        except Exception as error:
            log.error("the source failed to close", exc_info=error)
        give_back_unused()

    def _play(self) -> None:
        while self.after:
            self.after.pop().join()
        if self._stop.is_set():
            return
        self.info = self.source.open()
        self.links.changed.set()
        self.links.may_read.wait()
        while not self._stop.is_set() and self._pass_one_on():
            self.links.changed.set()

    def _pass_one_on(self) -> bool:
        recorder = self.links.recorder
        with recorder.timing("read"):
            capture = self.source.read()
        if capture is None:
            return False
        arrived_s = self.links.clock.now_s()
        with recorder.timing("fit"):
            image = self.links.fitted(capture.image)
        height_px, width_px = capture.image.shape[:2]
        picture = Picture(image, width_px, height_px, capture.time_s, arrived_s)
        if not self.source.is_live:
            return self.pictures.put_when_empty(picture)
        self.pictures.put(picture)
        return True
