"""A child whose renderer fails on demand: the model's name says how it prepares, the frame's
sequence what the tick does. Started by its name as `WorkerRenderer(entry=...)`; by tests alone.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Sequence

from engine.enums import LossReason
from engine.errors import InvalidFrame, OutOfMemoryError, PromptError, RendererLost
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderSpec
from engine.worker import child
from tests.support.fakes import FakeRenderer

ENTRY = __name__
GOOD, INVALID, MEMORY, DEVICE, BUG, CRASH, HANG, HANG_HOLDING_PYTHON = range(8)
PATIENT, STUBBORN, LATE = "patient", "stubborn", "late"
UNKNOWN, UNSPEAKABLE = "unknown", "unspeakable"
NUM_LATE_STEPS = 3


def _raise(error: Exception) -> None:
    raise error


def _hang() -> None:
    threading.Event().wait()


def _hang_holding_python() -> None:
    ctypes.PyDLL(None).pause()  # PyDLL keeps the interpreter's lock, as a bad driver would


FAULTS: dict[int, Callable[[], None]] = {
    INVALID: lambda: _raise(InvalidFrame("Frame 1 held NaN.")),
    MEMORY: lambda: _raise(OutOfMemoryError("It doesn't fit; take 64×64.")),
    DEVICE: lambda: _raise(RendererLost("The card is gone.", LossReason.DEVICE_LOST)),
    BUG: lambda: _raise(KeyError("colour")),
    CRASH: os.abort,
    HANG: _hang,
    HANG_HOLDING_PYTHON: _hang_holding_python,
}


class FaultyRenderer(FakeRenderer):
    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        self.size_px = spec.width_px
        if spec.model == STUBBORN:
            on_progress(Progress(0.5, "Compiling"))
            _hang()
        while spec.model == PATIENT:
            on_progress(Progress(0.5, "Waiting to be cancelled"))
        return super().prepare(spec, on_progress)

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        if frame.sequence in FAULTS:
            FAULTS[frame.sequence]()
        return super().render(frame, params)

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        (look,) = looks
        if look.prompt == UNSPEAKABLE:
            raise PromptError("It can't be encoded; try others.")
        return look.prompt != UNKNOWN


def main(wiring_json: str) -> None:
    child.main(
        wiring_json,
        lambda spec: FaultyRenderer(NUM_LATE_STEPS if spec.model == LATE else 1),
    )
