"""One thing to set up: what was found, what to do where it is missing, Use and Skip."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import set_state


class Finding(NamedTuple):
    """What a step has found out.

    shape: says how it stands without colour. advice: what to do, "" where nothing is to be done.
    use: what the button says, "" for none.
    """

    shape: str
    sentence: str
    advice: str = ""
    use: str = ""


LOOKING = Finding("◌", "Looking …")


class WelcomeStep(QFrame):
    """Signals: used; skipped."""

    used = Signal()
    skipped = Signal()

    def __init__(self, title: str, purpose: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcomeStep")
        self.title = QLabel(title)
        self.title.setProperty("role", "title")
        self.purpose = _line(purpose)
        self.sentence, self.advice = _line(""), _line("")
        self.sentence.setProperty("role", "")
        self.use, self.skip = QPushButton(), QPushButton("Skip")
        self.use.setAccessibleName(f"{title}: use it")
        self.skip.setAccessibleName(f"{title}: skip")
        self.skip.setToolTip("Nothing changes; it can be set up at any time")
        self.use.clicked.connect(self.used)
        self.skip.clicked.connect(self._on_skipped)
        self._lay_out()
        self.show_finding(LOOKING)

    def show_finding(self, finding: Finding) -> None:
        self.sentence.setText(f"{finding.shape} {_capital(finding.sentence)}")
        self.advice.setText(_capital(finding.advice))
        self.advice.setVisible(bool(finding.advice))
        self.use.setText(finding.use)
        self.use.setToolTip(finding.sentence)
        self.use.setVisible(bool(finding.use))
        self.skip.show()
        self.setEnabled(True)
        set_state(self.sentence, "warning" if finding.shape == "▲" else "")

    def show_done(self, sentence: str) -> None:
        """It is in use: nothing more to press."""
        self.show_finding(Finding("✓", sentence))
        self.skip.hide()

    @Slot()
    def _on_skipped(self) -> None:
        self.show_finding(Finding("○", "Skipped."))
        self.skip.hide()
        self.skipped.emit()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        for label in (self.title, self.purpose, self.sentence, self.advice):
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(10)
        row.addLayout(words, 1)
        for button in (self.use, self.skip):
            button.setProperty("role", "output")
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)


def _line(text: str) -> QLabel:
    label = QLabel(text, wordWrap=True)
    label.setProperty("role", "caption")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
