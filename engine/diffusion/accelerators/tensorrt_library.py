"""TensorRT and TensorRT-RTX: one interface in two packages, and in what they differ."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

from engine.errors import AcceleratorError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Library:
    """One of the two. name: the accelerator's; label: for people; module: what is imported.

    compiles_at_runtime: the card's driver compiles the kernels, when they are first needed. So
    engines are built without a card, for a named kind of card, and compiled kernels are worth
    keeping. Such a library captures its own CUDA graphs as well.
    """

    name: str
    label: str
    module: str
    compiles_at_runtime: bool

    def load(self) -> Any:
        """Errors: AcceleratorError when it is absent or damaged."""
        try:
            return importlib.import_module(self.module)
        except (ImportError, OSError) as error:
            raise AcceleratorError(
                f"{self.label} can't be loaded ({error}); install the package {self.name} again."
            ) from error

    @property
    def version(self) -> str:
        """Errors: as `load`."""
        return str(self.load().__version__)


TENSORRT_RTX = Library("tensorrt-rtx", "TensorRT-RTX", "tensorrt_rtx", compiles_at_runtime=True)
TENSORRT = Library("tensorrt", "TensorRT", "tensorrt", compiles_at_runtime=False)
LIBRARIES = {library.name: library for library in (TENSORRT_RTX, TENSORRT)}


class Complaints:
    """What a library has said went wrong since it was last asked; its calls only return None."""

    def __init__(self) -> None:
        self._last = ""

    def add(self, message: str) -> None:
        self._last = message

    def take(self) -> str:
        """The last one as a clause; never empty."""
        last, self._last = self._last, ""
        return last.partition("\n")[0].rstrip(". ") or "it doesn't say why"


@cache
def logger_of(library: Library) -> tuple[Any, Complaints]:
    """The library's logger, which passes on to Python's. One for all: it keeps the first."""
    trt = library.load()
    levels = {
        trt.ILogger.Severity.INTERNAL_ERROR: logging.WARNING,
        trt.ILogger.Severity.ERROR: logging.WARNING,
        trt.ILogger.Severity.WARNING: logging.INFO,
    }
    complaints = Complaints()

    class Logger(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            level = levels.get(severity, logging.DEBUG)
            if level == logging.WARNING:
                complaints.add(msg)
            log.log(level, "%s: %s", library.label, msg)

    return Logger(), complaints
