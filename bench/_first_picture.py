"""One start of a live show in this process, until the best accelerator paints: prints its marks.

`python -m bench._first_picture CACHE_FOLDER`. A mark is a moment on the system's monotonic clock:
the end of what it names. Stages come one after the other; "outgoing" is the first picture that the
sink got, "painted" the first one by an accelerator.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

ENTERED_S = time.monotonic()  # Python itself is up

import platformdirs  # noqa: E402

from engine.api import Engine, ShowSpec  # noqa: E402
from engine.diffusion.accelerators import AUTO, candidates  # noqa: E402
from engine.frame import Frame  # noqa: E402
from engine.local_renderer import local_renderer  # noqa: E402
from engine.params import StreamParams  # noqa: E402
from engine.pipeline import Makers  # noqa: E402
from engine.renderer import (  # noqa: E402
    OnProgress,
    Progress,
    Renderer,
    RendererAround,
    RenderInfo,
    RenderNews,
    RenderSpec,
)
from engine.sinks.null import NullSink  # noqa: E402

TIMEOUT_S = 240.0


class Marks:
    """Moments by name, in order; the first of each name counts. Thread: any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times_s: dict[tuple[str, str], float] = {}

    def add(self, what: str, detail: str = "") -> None:
        with self._lock:
            self._times_s.setdefault((what, detail), time.monotonic())

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"what": what, "detail": detail, "time_s": time_s}
            for (what, detail), time_s in sorted(self._times_s.items(), key=lambda item: item[1])
        ]


class MarkedRenderer(RendererAround):
    """Marks what is prepared and the first picture of each accelerator, until the best paints."""

    def __init__(self, renderer: Renderer, best: str, marks: Marks, is_best: threading.Event):
        super().__init__(renderer)
        self._best, self._marks, self._is_best = best, marks, is_best
        self._accelerator = ""

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        doing = ""

        def noted(progress: Progress) -> None:
            nonlocal doing
            if doing and doing != progress.message:
                self._marks.add("prepared", doing)
            doing = progress.message
            on_progress(progress)

        info = super().prepare(spec, noted)
        self._accelerator = info.accelerator
        return info

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        painted = super().render(frame, params)
        if painted is not None:
            self._marks.add("painted", self._accelerator)
            if self._accelerator == self._best:
                self._is_best.set()
        return painted

    def news(self) -> RenderNews | None:
        news = super().news()
        if news is not None:
            self._accelerator = news.info.accelerator
        return news


class MarkedSink(NullSink):
    """Marks the first picture that goes out, painted or not."""

    def __init__(self, marks: Marks) -> None:
        super().__init__()
        self._marks = marks

    def write(self, frame: Frame, presented_s: float) -> None:
        self._marks.add("outgoing")
        super().write(frame, presented_s)


def make_renderer(spec: RenderSpec, marks: Marks, is_best: threading.Event) -> MarkedRenderer:
    """Importing PyTorch and diffusers is most of it."""
    renderer = local_renderer(spec)
    best = next(entry.name for entry in candidates(AUTO) if entry.why_not() is None)
    marks.add("imported")
    return MarkedRenderer(renderer, best, marks, is_best)


def start(cache: Path) -> Marks:
    """Play until the best accelerator paints. Errors: RuntimeError where it never does."""
    platformdirs.user_cache_path = lambda *_names, **_options: cache  # on every system alike
    marks, is_best = Marks(), threading.Event()
    marks.add("engine")
    make = partial(make_renderer, marks=marks, is_best=is_best)
    engine = Engine(makers=Makers(renderer=make, sink=lambda uri: MarkedSink(marks)))
    engine.start(ShowSpec(source="demo", sinks=("null",), render=RenderSpec("house", 256, 256)))
    marks.add("started")
    is_there = is_best.wait(TIMEOUT_S)
    engine.stop()
    if not is_there:
        raise RuntimeError("; ".join(event.message for event in engine.poll_events()))
    return marks


def main() -> None:
    """Start once and print."""
    marks = start(Path(sys.argv[1]))
    entered = {"what": "python", "detail": "", "time_s": ENTERED_S}
    print(json.dumps([entered, *marks.as_json()]))


if __name__ == "__main__":
    main()
