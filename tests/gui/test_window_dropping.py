"""Files dragged from the desktop onto the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from app.main_window import MainWindow
from engine.api import LoraSpec, Preset, RenderSpec, save_preset
from tests.gui.fake_engine import FakeEngine


def drop(window: MainWindow, path: Path) -> bool:
    """As the desktop does it; returns whether the window said that it takes the file."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    is_taken = send(window, mime, QEvent.Type.DragEnter)
    if is_taken:
        send(window, mime, QEvent.Type.Drop)
    return is_taken


def send(window: MainWindow, mime: QMimeData, kind: QEvent.Type) -> bool:
    """Whether it was accepted."""
    event = QDropEvent(
        QPointF(window.rect().center()), Qt.DropAction.CopyAction, mime,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, kind,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


@pytest.mark.parametrize(("name", "uri"), [("a.mp4", "file:"), ("wall.png", "image:")])
def test_a_video_or_picture_plays(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path, name: str, uri: str
) -> None:
    assert drop(window, tmp_path / name)
    qtbot.waitUntil(lambda: engine.called("set_source") == [(f"{uri}{tmp_path / name}",)])


def test_a_look_plays_though_it_is_on_no_pad(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    look = Preset(name="Rust", prompt="rusty iron", params={"strength": 0.9})
    save_preset(tmp_path / "rust.toml", look)
    drop(window, tmp_path / "rust.toml")
    qtbot.waitUntil(lambda: engine.params.prompt == "rusty iron")
    assert engine.params.strength == 0.9
    assert window.stage.notices.text.text() == "“Rust” plays; it is on no pad yet."
    assert window.look_panel.title.text() == "Rust"
    state = engine.performance.state()  # it came to the deck that was off air, as pads do
    assert (state.b, state.is_b_on_air, state.on_air) == ("Rust", True, None)
    assert not any(pad.isChecked() for pad in window.pads.pads)
    assert engine.called("load") == []


def test_a_lora_is_loaded_with_the_present_model_and_the_sentence_says_so(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    path = tmp_path / "ink.safetensors"
    save_file({"unet.lora_A.weight": np.zeros((2, 2), np.float32)}, path)
    drop(window, path)
    wanted = RenderSpec(loras=(LoraSpec(str(path)),))
    qtbot.waitUntil(lambda: engine.called("load") == [(wanted,)])
    assert window.stage.notices.text.text().startswith("“ink” is being put into the present model")


def test_a_checkpoint_is_loaded_in_place_of_the_model(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    path = tmp_path / "full.safetensors"
    save_file({"model.diffusion_model.x": np.zeros((2, 2), np.float32)}, path)
    drop(window, path)
    qtbot.waitUntil(lambda: engine.called("load") == [(RenderSpec(str(path), 512, 512),)])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("talk.pdf", b"%PDF", "Reverie can't play talk.pdf; drop a video"),
        ("ink.safetensors", b"\x00", "is damaged"),
        ("look.toml", b"name = [", "look.toml"),
    ],
)
def test_a_wrong_file_is_one_calm_sentence_and_changes_nothing(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path,
    name: str, content: bytes, sentence: str,
) -> None:  # fmt: skip
    (tmp_path / name).write_bytes(content)
    before = (engine.params, len(engine.calls))
    drop(window, tmp_path / name)
    qtbot.waitUntil(lambda: sentence in window.stage.notices.text.text())
    assert (engine.params, len(engine.calls)) == before


def test_words_and_links_from_the_web_are_not_taken(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/clip.mp4")])
    mime.setText("https://example.org/clip.mp4")
    assert not send(window, mime, QEvent.Type.DragEnter)
    assert not window.look_panel.editors["prompt"].edit.acceptDrops()
