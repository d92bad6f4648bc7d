"""Prompt and negative prompt: typed in peace, applied on Enter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.elided_label import ElidedLabel
from app.engine_names import Parameter, StreamParams
from app.theme import THEME, set_state
from app.value_field import claims_escape

# Words that carry no picture: no model need know them.
PARTICLES = frozenset([
    "a", "an", "and", "at", "by", "for", "from", "in", "into", "like", "of", "on",
    "or", "the", "to", "under", "with",
])  # fmt: skip
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
LINE_PX = 20


class PromptEditor(QWidget):
    """One text parameter with its heading, its state and the words the model doesn't know.

    Signal: applied(name, text) on Enter, when the text differs from what plays.
    """

    applied = Signal(str, object)

    def __init__(self, parameter: Parameter, num_lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.edit = _PlainEditor(self)
        self.state = ElidedLabel()
        self._playing = ""
        self._inert: str | None = None
        self._known_words: frozenset[str] = frozenset()
        self._marker = _UnknownWordMarker(self.edit)
        self._lay_out(num_lines)
        self.edit.textChanged.connect(self._show_state)

    def show_params(self, params: StreamParams) -> None:
        """Follow the engine, but keep what is being typed."""
        playing = getattr(params, self.parameter.name)
        self._inert = self.parameter.inert(params)
        is_untouched = self.edit.toPlainText() == self._playing
        self._playing = playing
        if is_untouched or not self.edit.hasFocus():
            self.revert()
        self._show_state()

    def show_known_words(self, known_words: frozenset[str]) -> None:
        """The words a small model knows; empty when it understands language."""
        self._known_words = known_words
        self._marker.show_known_words(known_words)
        self._show_state()

    @property
    def unknown_words(self) -> list[str]:
        return list(unknown_words(self.edit.toPlainText(), self._known_words))

    def apply(self) -> None:
        text = " ".join(self.edit.toPlainText().split())
        self._playing = text
        self.revert()
        self.applied.emit(self.parameter.name, text)

    def revert(self) -> None:
        """Back to what plays."""
        if self.edit.toPlainText() != self._playing:
            self.edit.setPlainText(self._playing)
            self.edit.moveCursor(QTextCursor.MoveOperation.End)

    def _lay_out(self, num_lines: int) -> None:
        heading = QLabel(self.parameter.label)
        heading.setProperty("role", "caption")
        heading.setBuddy(self.edit)
        self.state.setProperty("role", "caption")
        self.state.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.edit.setAccessibleName(self.parameter.label)
        self.edit.setFixedHeight(num_lines * LINE_PX + 16)
        self.edit.setPlaceholderText("type, then Enter")
        self.setToolTip(self.parameter.help)
        head = QHBoxLayout()
        head.addWidget(heading)
        head.addWidget(self.state, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(head)
        column.addWidget(self.edit)

    def _show_state(self) -> None:
        unknown = self.unknown_words
        if self.edit.toPlainText() != self._playing:
            text, state = "✎ Enter applies · Esc reverts", "accent"
        elif unknown:
            text, state = "▲ not known: " + ", ".join(unknown[:4]), "warning"
        elif self._inert is not None:
            text, state = self._inert, ""
        else:
            text, state = "", ""
        set_state(self.edit, "inert" if self._inert is not None else "")
        self.state.setText(text)
        set_state(self.state, state)


class _PlainEditor(QPlainTextEdit):
    """Enter applies, Esc reverts, Tab goes on: a performer's text field, not an editor."""

    def __init__(self, owner: PromptEditor) -> None:
        super().__init__(owner)
        self._owner = owner
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def event(self, event: QEvent) -> bool:
        return claims_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._owner.apply()
            self.clearFocus()  # the keys play again
        elif event.key() == Qt.Key.Key_Escape:
            self._owner.revert()
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.ShortcutFocusReason):
            self.selectAll()

    def sizeHint(self) -> QSize:
        return QSize(200, super().sizeHint().height())


class _UnknownWordMarker(QSyntaxHighlighter):
    """Underlines the words that the model doesn't know."""

    def __init__(self, edit: QPlainTextEdit) -> None:
        super().__init__(edit.document())
        self._known_words: frozenset[str] = frozenset()
        self._mark = QTextCharFormat()
        self._mark.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
        self._mark.setUnderlineColor(THEME.color("warning"))

    def show_known_words(self, known_words: frozenset[str]) -> None:
        if known_words != self._known_words:
            self._known_words = known_words
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        unknown = set(unknown_words(text, self._known_words))
        for match in WORD.finditer(text):
            if match.group().lower() in unknown:
                self.setFormat(match.start(), len(match.group()), self._mark)


def unknown_words(text: str, known_words: frozenset[str]) -> Iterator[str]:
    """Each word of the prompt that is not among `known_words`, once; none when that is empty."""
    if known_words:
        known_words |= PARTICLES
        words = dict.fromkeys(match.group().lower() for match in WORD.finditer(text))
        yield from (word for word in words if word not in known_words)
