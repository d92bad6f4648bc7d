"""Waits that end when they should on Windows, whose timers tick at 64 Hz unless asked otherwise."""

from __future__ import annotations

import sys

PERIOD_MS = 1


def request() -> None:
    """Ask for waits of 1 ms resolution; pair with `release`. Elsewhere waits are fine already.

    Source: Windows' timeBeginPeriod; since Windows 10 2004 it concerns the asking process alone.
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.winmm.timeBeginPeriod(PERIOD_MS)


def release() -> None:
    """Take one `request` back."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.winmm.timeEndPeriod(PERIOD_MS)
