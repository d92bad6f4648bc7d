"""A heading that opens and closes what is below it, and says what is in use while closed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.elided_label import ElidedLabel
from app.engine_names import PARAMETERS, StreamParams
from app.theme import set_state

HEAD_PX = 40
OPEN_OR_CLOSE = "Open or close   (Space)"
FOLD_KEYS = {Qt.Key.Key_Left: False, Qt.Key.Key_Right: True}


class FoldHead(QToolButton):
    """The whole line is the target. Space and Enter turn it, the arrow keys open and close."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "fold")
        self.setFixedHeight(HEAD_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        self.setToolTip(OPEN_OR_CLOSE)
        self.sign = QLabel("▸")
        self.sign.setProperty("role", "caption")
        self.sign.setFixedWidth(12)
        self.title = QLabel(title)
        self.title.setProperty("role", "heading")
        self.summary = ElidedLabel()
        self.summary.setProperty("role", "caption")
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 8, 0)
        row.setSpacing(6)
        row.addWidget(self.sign)
        row.addWidget(self.title)
        row.addWidget(self.summary, 1)
        for label in (self.sign, self.title, self.summary):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in FOLD_KEYS:
            self.setChecked(FOLD_KEYS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.toggle()
        else:
            super().keyPressEvent(event)


class FoldingSection(QWidget):
    """Rows of parameters under a `FoldHead`; closed at first."""

    def __init__(
        self, title: str, rows: Sequence[tuple[str, QWidget]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._names = tuple(name for name, _ in rows)
        self.head = FoldHead(title)
        self.body = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.body)
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 6)
        inside.setSpacing(0)
        for _, row in rows:
            inside.addWidget(row)
        self.body.hide()
        self.head.toggled.connect(self._on_toggled)

    def show_params(self, params: StreamParams) -> None:
        """Name what isn't neutral, so that a closed section hides no effect."""
        used = [
            PARAMETERS[name].label
            for name in self._names
            if getattr(params, name) != PARAMETERS[name].default
            and PARAMETERS[name].inert(params) is None
        ]
        words = ", ".join(used) or "off"
        if words != self.head.accessibleDescription():
            self.head.summary.setText(words)
            self.head.setToolTip(words if used else OPEN_OR_CLOSE)
            self.head.setAccessibleDescription(words)
            set_state(self.head.summary, "accent" if used else "")

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self.body.setVisible(is_open)
        self.head.sign.setText("▾" if is_open else "▸")
