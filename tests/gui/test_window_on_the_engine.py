"""The window on the real engine, with the model taken out: real threads, real pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.api import IDENTITY_MODEL, Engine, EventKind, OutputState, RenderSpec, ShowSpec
from tests.gui.conftest import OpenWindow

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="demo", render=RenderSpec(IDENTITY_MODEL, 64, 64))


def test_a_show_plays_switches_its_source_records_and_ends(
    qtbot: QtBot, open_app: OpenWindow, tmp_path: Path
) -> None:
    engine = Engine()
    window = open_app(engine, SHOW)
    qtbot.waitUntil(lambda: window.stage.output.frame is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window.input_panel.picture.frame is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "none" in window.top_bar.accelerator.text(), timeout=PATIENCE_MS)

    window.source_menu.source_chosen.emit("pattern")
    qtbot.waitUntil(lambda: "pattern" in window.input_panel.source_name.text(), timeout=PATIENCE_MS)
    QTest.keyClick(window, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: window.stage.output.frame.image.max() == 0, timeout=PATIENCE_MS)  # type: ignore[union-attr]
    QTest.keyClick(window, Qt.Key.Key_K)
    qtbot.waitUntil(lambda: window.stage.output.frame.image.max() > 0, timeout=PATIENCE_MS)  # type: ignore[union-attr]

    window.outputs.recordings_folder = tmp_path
    window.outputs.toggle_recording()
    qtbot.waitUntil(lambda: "●" in window.input_panel.sinks.text(), timeout=PATIENCE_MS)
    window.outputs.toggle_recording()
    window.close()
    (recording,) = tmp_path.glob("*.mp4")
    assert recording.stat().st_size > 0
    assert not engine.is_running


def test_a_model_that_is_missing_is_told_and_the_old_look_plays_on(
    qtbot: QtBot, open_app: OpenWindow, tmp_path: Path
) -> None:
    window = open_app(Engine(), SHOW)
    qtbot.waitUntil(lambda: window.link.info is not None, timeout=PATIENCE_MS)
    window.link.load(RenderSpec(str(tmp_path / "no-model"), 64, 64))
    with qtbot.waitSignal(
        window.link.event_happened,
        timeout=PATIENCE_MS,
        check_params_cb=lambda event: event.kind is EventKind.MODEL_FAILED,
    ):
        pass
    assert window.stage.notices.isVisible()
    assert window.link.show.render == SHOW.render
    with qtbot.waitSignal(window.link.output_arrived, timeout=PATIENCE_MS):
        pass


def test_stop_and_start_play_again_with_the_same_window(qtbot: QtBot, open_app: OpenWindow) -> None:
    window = open_app(Engine(), SHOW)
    for _ in range(2):
        with qtbot.waitSignal(window.link.output_arrived, timeout=PATIENCE_MS):
            pass
        with qtbot.waitSignal(window.link.running_changed, timeout=PATIENCE_MS):
            window.link.stop()
        window.link.start()
    assert window.link.output is OutputState.LIVE
