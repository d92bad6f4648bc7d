"""Files dragged onto the window: a video or picture plays, a look or set opens, a model loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEvent, QMimeData, QObject, Signal, Slot
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from app.deck_link import DeckLink
from app.engine_link import EngineLink
from app.engine_names import (
    FileKind,
    LoraSpec,
    Preset,
    RenderSpec,
    kind_of_file,
    load_preset,
    with_model,
)
from app.inquiry import Inquiry

PLAYABLE = "a video, a picture, a look or set (.toml), a LoRA or a model (.safetensors)"


class Dropped(NamedTuple):
    """A file that was looked at. look, problems: of a preset, as `load_preset` tells them."""

    path: Path
    kind: FileKind
    look: Preset
    problems: list[str]


class Dropping(QObject):
    """Takes what is dropped on one widget; is_locked: nothing is taken just now. Thread: main.

    Signals: noticed(sentence): what becomes of it; refused(sentence): why nothing does.
    """

    noticed = Signal(str)
    refused = Signal(str)

    def __init__(self, link: EngineLink, decks: DeckLink, target: QWidget) -> None:
        super().__init__(target)
        self.is_locked = False
        self._link, self._decks = link, decks
        self._inquiry = Inquiry(link, "looking at a file", self)
        self._inquiry.answered.connect(self._on_looked_at)
        self._inquiry.failed.connect(self.refused)
        for field in (*target.findChildren(QLineEdit), *target.findChildren(QPlainTextEdit)):
            field.setAcceptDrops(False)  # it would take the file's name for words
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QDropEvent) or event.type() is QEvent.Type.DragMove:
            return False
        path = dropped_file(event.mimeData())
        if path is None or self.is_locked:
            return False
        event.acceptProposedAction()
        if event.type() is QEvent.Type.Drop:
            self.take(path)
        return True

    def take(self, path: Path) -> None:
        """As if it had been dropped."""
        self._inquiry.ask(partial(look_at, path))

    @Slot(object)
    def _on_looked_at(self, dropped: Dropped) -> None:
        path = dropped.path
        takers: dict[FileKind, Callable[[], object]] = {
            FileKind.VIDEO: partial(self._link.set_source, f"file:{path}"),
            FileKind.IMAGE: partial(self._link.set_source, f"image:{path}"),
            FileKind.PRESET: partial(self._play, dropped),
            FileKind.SET: partial(self._decks.open_set, path),
            FileKind.LORA: partial(self._add_lora, path),
            FileKind.MODEL: partial(self._load_model, path),
            FileKind.UNKNOWN: partial(self._explain, path),
        }
        takers[dropped.kind]()

    def _play(self, dropped: Dropped) -> None:
        look = dropped.look
        if not self._decks.play_look(look):
            return
        present = self._link.show.render
        try:
            wanted = look.apply_to_spec(present, dropped.path.parent)
        except ValueError as error:
            self.refused.emit(str(error))
        else:
            self._load(wanted)
        self.noticed.emit(f"“{look.name}” plays; it is on no pad yet.")
        for problem in dropped.problems:
            self.refused.emit(problem)

    def _add_lora(self, path: Path) -> None:
        present = self._link.show.render
        if str(path) in [lora.path for lora in present.loras]:
            self.refused.emit(f"“{path.stem}” is in the model already.")
            return
        self._load(replace(present, loras=(*present.loras, LoraSpec(str(path)))))
        self.noticed.emit(
            f"“{path.stem}” is being put into the present model at full strength; the look plays "
            "on until it is ready."
        )

    def _load_model(self, path: Path) -> None:
        self._load(with_model(self._link.show.render, str(path)))

    def _load(self, wanted: RenderSpec) -> None:
        if wanted != self._link.show.render:
            self._link.load(wanted)

    def _explain(self, path: Path) -> None:
        self.refused.emit(f"Reverie can't play {path.name}; drop {PLAYABLE}.")


def look_at(path: Path) -> Dropped:
    """Slow: for a thread of its own. Errors: the engine's, for a file that is damaged."""
    kind = kind_of_file(path)
    look, problems = load_preset(path) if kind is FileKind.PRESET else (Preset(), [])
    return Dropped(path, kind, look, problems)


def dropped_file(mime: QMimeData) -> Path | None:
    """The first file on this machine among what is dragged."""
    files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return files[0] if files else None
