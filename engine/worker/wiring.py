"""What the child is told on its command line: the channel, the memory, where to log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Wiring:
    """channel: a descriptor, on Windows a handle; pictures: `Segment.address`.

    log_folder: None when the parent keeps no log file; then the child keeps none either.
    """

    channel: int
    pictures: str
    width_px: int
    height_px: int
    log_folder: Path | None
    is_verbose: bool


WIRING = TypeAdapter(Wiring)


def parents_log_folder() -> Path | None:
    """Where this process writes its log file; None when it writes none."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, RotatingFileHandler):
            return Path(handler.baseFilename).parent
    return None
