"""For every test: its time limits, its displays, its interrupts, and no set of another test's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.sets import first_set, shipped_set

# Hypothesis judges what code does, never how long a busy machine takes.
settings.register_profile(
    "reverie", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("reverie")


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Three displays; the window opens on the desk's. Whichever test is the first to need Qt."""
    if os.environ.get("QT_QPA_PLATFORM") != "offscreen":
        return ["reverie"]
    displays = os.path.relpath(Path(__file__).parent / "gui" / "three_displays.json")
    return ["reverie", "-platform", f"offscreen:configfile={displays}"]


@pytest.fixture(autouse=True)
def _sets_are_read_anew() -> None:
    """They are read once a run, and tests have presets of their own."""
    first_set.cache_clear()
    shipped_set.cache_clear()


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """A shell that runs the tests in the background has told them to ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
