"""Memory that is needed no more goes back to the system."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from engine.memory import MIB, give_back_unused, peak_memory_mib

psutil = pytest.importorskip("psutil")


def resident_mib() -> float:
    return psutil.Process().memory_info().rss / MIB


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' allocators do it themselves")
def test_what_was_freed_goes_back_to_the_system() -> None:
    blocks = [np.ones(8000) for _ in range(2000)]  # each too small for a mapping of its own
    keeper = np.ones(8000)  # on top of the heap, so that it can't shrink by itself
    del blocks
    held = resident_mib()
    give_back_unused()
    assert resident_mib() < held - 60
    assert keeper.sum() == 8000


def test_the_peak_is_never_below_what_is_resident() -> None:
    assert peak_memory_mib() >= resident_mib() - 1
