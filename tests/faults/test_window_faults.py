"""The window, closed at the wrong moment."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.application import open_window
from app.theme import apply_theme
from engine.api import Engine, EventKind, ShowSpec
from tests.faults.harness import check_sentence
from tests.support.fakes import FakeRenderer
from tests.support.rig import SPEC

PATIENCE_MS = 30_000


@pytest.mark.fault("window closed while loading")
def test_a_window_closed_while_loading_ends_the_show_in_order(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.sets.own_presets_folder", lambda bank: tmp_path / "own" / bank.value
    )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    apply_theme(qapp)
    renderer = FakeRenderer()
    renderer.may_prepare.clear()
    engine = Engine(renderer_factory=lambda: renderer)
    window = open_window(engine, ShowSpec("demo", render=SPEC), tmp_path / "window.json")
    qtbot.addWidget(window)
    qtbot.waitUntil(renderer.is_preparing.is_set, timeout=PATIENCE_MS)
    finishes = threading.Timer(0.1, renderer.may_prepare.set)
    finishes.start()
    window.close()
    finishes.join()
    assert not engine.is_running
    assert renderer.num_closed == 1
    events = engine.poll_events()
    assert EventKind.STAGE_FAILED not in {event.kind for event in events}
    for event in events:
        check_sentence(event.message)
