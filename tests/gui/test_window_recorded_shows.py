"""Recording a whole show from the window, and painting one again beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.gui.fake_engine import FakeEngine

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier

# What stands in for the program: says what it was asked for, then does as a replay does.
PROGRAM = """
import signal, sys, time
print(*sys.argv[1:], flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
print("[############------------]  50%  2 of 4 pictures  5.0/s  0:01 left", flush=True)
{rest}
"""


@pytest.fixture(autouse=True)
def _recordings(window: MainWindow, tmp_path: Path) -> None:
    window.outputs.recordings_folder = tmp_path


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    path = tmp_path / "stand_in.py"
    path.write_text(PROGRAM.format(rest=rest))
    monkeypatch.setattr("app.replayer.PROGRAM", path)


def menu_texts(window: MainWindow) -> list[str]:
    window.replay_menu._fill()
    return [action.text() for action in window.replay_menu.actions()]


def test_a_key_records_the_show_and_the_button_says_so(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    QTest.keyClick(window, Qt.Key.Key_R, CONTROL_SHIFT)
    ((uri,),) = engine.called("add_sink")
    assert str(uri).startswith(f"show:{tmp_path}")
    assert str(uri).endswith(".reverie")
    assert window.panic_row.record.isChecked()
    qtbot.waitUntil(lambda: "SHOW 00:0" in window.panic_row.record.text())
    QTest.keyClick(window, Qt.Key.Key_R, CONTROL_SHIFT)
    assert engine.called("remove_sink") == [(uri,)]
    assert not window.panic_row.record.isChecked()
    assert window.stage.notices.text.text() == f"Saved {str(uri).removeprefix('show:')}"


def test_the_record_button_ends_the_recording_of_a_show(
    window: MainWindow, engine: FakeEngine
) -> None:
    window.outputs.toggle_show_recording()
    QTest.mouseClick(window.panic_row.record, Qt.MouseButton.LeftButton)
    assert len(engine.called("remove_sink")) == 1
    assert len(engine.called("add_sink")) == 1
    assert not window.outputs.recording_uri


def test_a_film_gives_way_to_a_show(window: MainWindow, engine: FakeEngine) -> None:
    window.outputs.toggle_recording()
    window.outputs.toggle_show_recording()
    kinds = [str(uri).partition(":")[0] for (uri,) in engine.called("add_sink")]
    assert kinds == ["record", "show"]
    assert len(engine.called("remove_sink")) == 1
    assert window.outputs.is_recording_show


def test_without_a_show_there_is_nothing_to_record(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    window.link.toggle()
    qtbot.waitUntil(lambda: not window.link.is_running)
    window.outputs.toggle_show_recording()
    assert "there is nothing to record yet" in window.stage.notices.text.text()
    assert engine.called("add_sink") == []


def test_the_menu_of_the_outputs_offers_both(window: MainWindow) -> None:
    window.output_menu._fill()
    texts = [action.text() for action in window.output_menu.actions()]
    assert "Record the show\tCtrl+Shift+R" in texts
    assert "Paint a recorded show again" in texts
    assert menu_texts(window)[0] == "In 4 steps …"


def test_a_show_is_painted_again_in_the_background_and_its_end_is_told(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "sys.exit(0)")
    lines: list[str] = []
    window.replayer.noticed.connect(lines.append)
    window.replay_menu._begin("In 4 steps", str(tmp_path / "friday.reverie"))
    assert "in the background" in lines[0]
    qtbot.waitUntil(lambda: not window.replayer.is_running, timeout=20_000)
    assert lines[1] == "friday.reverie has been painted again; the film lies in it."
    words = f"--replay {tmp_path / 'friday.reverie'} --steps 4"
    assert window.replayer._last_line == words


def test_the_menu_shows_how_far_it_is_and_stops_it(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "sys.stdin.read()")
    lines: list[str] = []
    window.replayer.noticed.connect(lines.append)
    window.replay_menu._begin("As it was", str(tmp_path / "friday.reverie"))
    qtbot.waitUntil(lambda: window.replayer.progress.startswith("50%"), timeout=20_000)
    assert menu_texts(window)[1:] == [
        "50%  2 of 4 pictures  5.0/s  0:01 left",
        "Stop; what is painted is kept",
    ]
    window.replay_menu._begin("As it was", str(tmp_path / "other.reverie"))
    assert "already" in window.stage.notices.text.text()
    window.replayer.cancel()
    qtbot.waitUntil(lambda: not window.replayer.is_running, timeout=20_000)
    assert lines[-1] == "Stopped; what was painted of friday.reverie lies in it."


def test_a_show_that_cannot_be_painted_again_is_told_as_the_program_says(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = 'print("friday is not a recorded show.", file=sys.stderr); sys.exit(1)'
    stand_in(tmp_path, monkeypatch, rest)
    window.replay_menu._begin("As it was", str(tmp_path / "friday.reverie"))
    qtbot.waitUntil(lambda: not window.replayer.is_running, timeout=20_000)
    assert window.stage.notices.text.text() == "friday is not a recorded show."


def test_closing_the_window_ends_what_is_being_painted(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "sys.stdin.read()")
    window.replay_menu._begin("As it was", str(tmp_path / "friday.reverie"))
    qtbot.waitUntil(lambda: window.replayer.progress.startswith("50%"), timeout=20_000)
    window.close()
    assert not window.replayer.is_running
