"""Fakes of what stands at the edge: sources, sinks and models."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from engine.errors import InvalidFrame, ModelLoadError, PromptError, SinkError, SourceError
from engine.frame import Frame, Image
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderNews, RenderSpec
from engine.sources.base import Capture, SourceInfo

SIZE_PX = 16
PATIENCE_S = 20.0


def grey(level: int, size_px: int = SIZE_PX) -> Image:
    return np.full((size_px, size_px, 3), level % 256, np.uint8)


class FakeSource:
    """Grey pictures on a timeline; picture k has the level k. May end, fail, refuse to open."""

    is_live = False

    def __init__(
        self,
        num_pictures: int | None = None,
        fps_hz: float = 30.0,
        level: Callable[[int], int] = lambda index: index,
        fails_at: int | None = None,
        refusals: int = 0,
    ) -> None:
        self.num_pictures = num_pictures
        self.fps_hz = fps_hz
        self.level = level
        self.fails_at = fails_at
        self.refusals = refusals
        self.num_opened = 0
        self.num_closed = 0
        self._index = 0

    def open(self) -> SourceInfo:
        if self.refusals:
            self.refusals -= 1
            raise SourceError("The fake source is not there; plug it in.")
        self.num_opened += 1
        return SourceInfo("fake", SIZE_PX, SIZE_PX, self.fps_hz, "grey")

    def read(self) -> Capture | None:
        index = self._index
        if index == self.fails_at:
            self.fails_at = None
            raise SourceError("The fake source is gone; plug it in again.")
        if index == self.num_pictures:
            return None
        self._index += 1
        return Capture(grey(self.level(index)), index / self.fps_hz)

    def close(self) -> None:
        self.num_closed += 1


class LiveSource:
    """A camera in the test's hand: a picture comes when the test says so."""

    is_live = True

    def __init__(self) -> None:
        self._pictures: deque[Image] = deque()
        self._changed = threading.Condition()
        self._is_closed = False

    def shoot(self, level: int) -> None:
        with self._changed:
            self._pictures.append(grey(level))
            self._changed.notify_all()

    def open(self) -> SourceInfo:
        return SourceInfo("fake camera", SIZE_PX, SIZE_PX, 0.0, "grey")

    def read(self) -> Capture | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._pictures), 0.2)
            if not self._pictures:
                raise SourceError("The fake camera gives no picture.")
            return Capture(self._pictures.popleft(), None)

    def close(self) -> None:
        pass


class FakeSink:
    """Keeps what it is given. May refuse to open, fail at a picture, or stall."""

    def __init__(
        self,
        rate_hz: float | None = None,
        refuses: bool = False,
        fails_at: int | None = None,
        error: Exception | None = None,
        wants_standby: bool = False,
    ) -> None:
        self.name = "fake sink"
        self.rate_hz = rate_hz
        self.wants_standby = wants_standby
        self.refuses = refuses
        self.fails_at = fails_at
        self.error = error or SinkError("The fake disk is full; make room.")
        self.written: list[tuple[Frame, float]] = []
        self.num_opened = 0
        self.num_closed = 0
        self.may_write = threading.Event()
        self.may_write.set()

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        self.num_opened += 1
        if self.refuses:
            raise SinkError("The fake sink is not installed; install it.")

    def write(self, frame: Frame, presented_s: float) -> None:
        self.may_write.wait(PATIENCE_S)
        if len(self.written) == self.fails_at:
            raise self.error
        self.written.append((frame, presented_s))

    def close(self) -> None:
        self.num_closed += 1

    @property
    def levels(self) -> list[int]:
        return [int(frame.image[0, 0, 0]) for frame, _ in self.written]

    @property
    def times_s(self) -> list[float]:
        return [time_s for _, time_s in self.written]

    @property
    def sequences(self) -> list[int]:
        return [frame.sequence for frame, _ in self.written]


def painted(level: int, shift: int = 100) -> int:
    """What a FakeRenderer makes of a grey level."""
    return (level + shift) % 256


class FakeRenderer:
    """Adds `shift` to every picture, `num_steps` ticks late. May stall, fail, paint NaN."""

    def __init__(
        self,
        num_steps: int = 1,
        shift: int = 100,
        defaults: dict[str, object] | None = None,
        size_px: int = SIZE_PX,
        refuses: bool = False,
        invalid: frozenset[int] = frozenset(),
        breaks_at: int | None = None,
    ) -> None:
        self.num_steps = num_steps
        self.shift = shift
        self.defaults = defaults or {}
        self.size_px = size_px
        self.refuses = refuses
        self.invalid = invalid
        self.breaks_at = breaks_at
        self.seen: list[int] = []
        self.params: list[StreamParams] = []
        self.previewed: list[StreamParams] = []
        self.preview_error: Exception | None = None
        self.num_closed = 0
        self.may_prepare = threading.Event()
        self.may_prepare.set()
        self.may_render = threading.Event()
        self.may_render.set()
        self.is_preparing = threading.Event()
        self.knows_words = threading.Event()
        self.knows_words.set()
        self.announced: list[str] = []
        self.encoding_error: PromptError | None = None
        self.is_rendering = threading.Event()
        self.fresh_news: deque[RenderNews] = deque()
        self._batch: deque[Frame] = deque()

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        on_progress(Progress(0.5, "Half way"))
        self.is_preparing.set()
        self.may_prepare.wait(PATIENCE_S)
        on_progress(Progress(0.9, "Nearly there"))
        if self.refuses:
            raise ModelLoadError("The fake model is not there; download it.")
        return RenderInfo(
            model_name=spec.model,
            family="fake",
            accelerator="none",
            device="nowhere",
            width_px=self.size_px,
            height_px=self.size_px,
            warm_up_s=0.5,
            defaults=self.defaults,
        )

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        self.is_rendering.set()
        self.may_render.wait(PATIENCE_S)
        if len(self.seen) == self.breaks_at:
            self.breaks_at = None
            raise RuntimeError("the fake driver crashed")
        self.seen.append(frame.sequence)
        self.params.append(params)
        self._batch.append(frame)
        if len(self._batch) < self.num_steps:
            return None
        return self._paint(self._batch.popleft())

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        """Adds the seed, so that looks differ."""
        self.previewed.append(params)
        if self.preview_error is not None:
            raise self.preview_error
        return frame.with_image(frame.image + np.uint8(params.seed % 256))

    @property
    def in_flight(self) -> int:
        return len(self._batch)

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        self.announced += [look.prompt for look in looks]
        if self.encoding_error is not None:
            error, self.encoding_error = self.encoding_error, None
            raise error
        return self.knows_words.is_set()

    def news(self) -> RenderNews | None:
        return self.fresh_news.popleft() if self.fresh_news else None

    def flush(self) -> list[Frame]:
        frames = [self._paint(frame) for frame in self._batch]
        self._batch.clear()
        return frames

    def close(self) -> None:
        self.num_closed += 1

    def _paint(self, frame: Frame) -> Frame:
        if frame.sequence in self.invalid:
            raise InvalidFrame(f"Frame {frame.sequence} held NaN.")
        return frame.with_image(frame.image + np.uint8(self.shift))
