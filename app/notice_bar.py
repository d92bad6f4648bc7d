"""What went wrong and what to do, in one calm line that waits to be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.shortcuts import key_of
from app.theme import icon, set_state

INFO_MS = 6000
SHAPES = {
    "warning": "alert-outline",
    "info": "information-outline",
    "offer": "information-outline",
}


@dataclass(frozen=True)
class Notice:
    """severity: as in SHAPES. label, deed: of what is offered."""

    severity: str
    sentence: str
    label: str = ""
    deed: Callable[[], object] | None = field(default=None, compare=False)


class NoticeBar(QFrame):
    """One notice at a time, the newest first; a warning stays until it is dismissed.

    Signals: changed when it comes, goes or says something else; report_wanted when what went wrong
    should be written down for the makers.
    """

    changed = Signal()
    report_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("noticeBar")
        self.shape = QLabel()
        self.text = QLabel(wordWrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.more = QLabel()
        self.more.setProperty("role", "caption")
        self.report_button = QToolButton()
        self.report_button.setText("Save report")
        self.report_button.setProperty("role", "quiet")
        self.report_button.setToolTip(f"For the makers, without pictures ({key_of('save_report')})")
        self.report_button.clicked.connect(self.report_wanted)
        self.accept_button = QToolButton()
        self.accept_button.setToolTip("Do what is offered here")
        self.accept_button.hide()
        self.accept_button.clicked.connect(self._accept)
        self.dismiss_button = QToolButton()
        self.dismiss_button.setIcon(icon("close"))
        self.dismiss_button.setProperty("role", "quiet")
        self.dismiss_button.setAccessibleName("Dismiss")
        self.dismiss_button.setToolTip("Dismiss (Esc)")
        self.dismiss_button.clicked.connect(self.dismiss)
        self._notices: list[Notice] = []
        self._fading = QTimer(self, singleShot=True, interval=INFO_MS)
        self._fading.timeout.connect(self._forget_infos)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        for widget in (self.shape, self.text, self.more):
            row.addWidget(widget)
        for button in (self.accept_button, self.report_button, self.dismiss_button):
            row.addWidget(button)
        self.hide()

    @Slot(str)
    def warn(self, sentence: str) -> None:
        """Show until dismissed."""
        self._add("warning", sentence)

    @Slot(str)
    def inform(self, sentence: str) -> None:
        """Show for a few seconds."""
        self._add("info", sentence)
        self._fading.start()

    def offer(self, sentence: str, label: str, deed: Callable[[], object]) -> None:
        """Show until accepted or dismissed. label, deed: what the button says and does."""
        self._add("offer", sentence, label, deed)

    def retract(self, sentence: str) -> None:
        """It isn't true any more."""
        self._notices = [each for each in self._notices if each.sentence != sentence]
        self._show_newest()

    @Slot()
    def dismiss(self) -> None:
        """Take the shown notice away; the one before comes back, if there is one."""
        if self._notices:
            self._notices.pop()
        self._show_newest()

    @Slot()
    def _accept(self) -> None:
        deed = self._notices[-1].deed
        self.dismiss()
        if deed is not None:
            deed()

    def _add(
        self,
        severity: str,
        sentence: str,
        label: str = "",
        deed: Callable[[], object] | None = None,
    ) -> None:
        notice = Notice(severity, sentence, label, deed)
        self._notices = [each for each in self._notices if each != notice] + [notice]
        self._show_newest()

    @Slot()
    def _forget_infos(self) -> None:
        self._notices = [each for each in self._notices if each.severity != "info"]
        self._show_newest()

    def _show_newest(self) -> None:
        if self._notices:
            self._fill(self._notices[-1])
        else:
            self._fading.stop()
        self.setVisible(bool(self._notices))
        self.changed.emit()

    def _fill(self, notice: Notice) -> None:
        token = "warning" if notice.severity == "warning" else "accent"
        self.shape.setPixmap(icon(SHAPES[notice.severity], token).pixmap(QSize(20, 20)))
        self.text.setText(notice.sentence)
        self.report_button.setVisible(notice.severity == "warning")
        self.accept_button.setText(notice.label)
        self.accept_button.setVisible(notice.severity == "offer")
        self.more.setText(f"+{len(self._notices) - 1}" if len(self._notices) > 1 else "")
        set_state(self, notice.severity)
