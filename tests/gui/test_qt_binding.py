"""What the window relies on in Qt's binding for Python."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject

NUM_CALLS = 1000


def test_calls_into_qt_take_no_references_away() -> None:
    """One release lost a reference to None with every call; Python 3.11 dies when none is left."""
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(NUM_CALLS):
        thing.setObjectName("a")
    assert abs(sys.getrefcount(None) - before) < NUM_CALLS / 10
