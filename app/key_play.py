"""Keys that are mapped play as any hardware does; the window's own keys stay its own."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QWidget

from app.control_link import ControlLink
from app.shortcuts import SHORTCUTS

TEXTS = (QAbstractSpinBox, QLineEdit, QPlainTextEdit)
MODIFIERS = frozenset([
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock, Qt.Key.Key_unknown,
])  # fmt: skip
ENDS_LEARN = frozenset(
    key for each in SHORTCUTS if each.action in ("dismiss", "learn") for key in each.keys
)
MOVES_ABOUT = "moves about in the window"
OWN = {
    QKeySequence(key).toString(): each.label for each in SHORTCUTS for key in each.keys
} | dict.fromkeys(
    ("Tab", "Shift+Tab", "Return", "Enter", "Space", "Left", "Right", "Up", "Down", "Home", "End",
     "Del", "F2"), MOVES_ABOUT,
)  # fmt: skip


class KeyPlay(QObject):
    """Signal: refused(sentence), why a key can't be learned. Thread: main.

    What is typed into a text is nobody's to play.
    """

    refused = Signal(str)

    def __init__(self, controls: ControlLink, window: QWidget, rest: QWidget) -> None:
        """rest: takes the focus from a text when a key may be pressed."""
        super().__init__(window)
        self._controls = controls
        self._window = window
        self._rest = rest
        self._held: dict[int, str] = {}
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._watch)

    @Slot()
    def leave_text(self) -> None:
        """A control waits to be learned: the next key is one."""
        self._rest.setFocus()

    @Slot(QWidget, QWidget)
    def _watch(self, _before: QWidget | None, focused: QWidget | None) -> None:
        """Keys go to what has the focus; to watch the whole program would cost time all along."""
        if focused is not None and focused.window() is self._window:
            focused.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() is QEvent.Type.WindowDeactivate:
            self._let_all_go()
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() is QEvent.Type.KeyRelease:
            return self._release(event)
        if event.type() is QEvent.Type.ShortcutOverride:
            return self._override(event)
        return self._press(event)

    def _override(self, event: QKeyEvent) -> bool:
        """While a key is waited for, none does what it does else."""
        is_meant = self._is_waiting() and bool(name := _name_of(event)) and name not in ENDS_LEARN
        if is_meant:
            event.accept()
        return is_meant

    def _press(self, event: QKeyEvent) -> bool:
        name = _name_of(event)
        if event.isAutoRepeat():
            return event.key() in self._held
        if not name or isinstance(QApplication.focusWidget(), TEXTS):
            return False
        if self._is_waiting():
            if name in OWN:
                self._refuse(name)
                return True
        elif not self._is_mapped(name):
            return False
        self._held[event.key()] = name
        self._controls.press_key(name, is_down=True)
        return True

    def _release(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat() or event.key() not in self._held:
            return event.key() in self._held
        self._controls.press_key(self._held.pop(event.key()), is_down=False)
        return True

    def _let_all_go(self) -> None:
        """What happens to the keys elsewhere isn't heard."""
        while self._held:
            self._controls.press_key(self._held.popitem()[1], is_down=False)

    def _refuse(self, name: str) -> None:
        self.refused.emit(f"{name} is the window's own key ({OWN[name]}); press another one.")

    def _is_waiting(self) -> bool:
        desk = self._controls.desk
        is_text = isinstance(QApplication.focusWidget(), TEXTS)
        return desk is not None and desk.learning is not None and not is_text

    def _is_mapped(self, name: str) -> bool:
        return any(getattr(m.control, "key", "") == name for m in self._controls.mappings)


def _name_of(event: QKeyEvent) -> str:
    """As mappings call it, "I" or "Ctrl+Shift+J" say; empty for a modifier alone.

    The number pad's keys are those of the same sign, as they are for the window's own.
    """
    if event.key() in MODIFIERS:
        return ""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return QKeySequence(QKeyCombination(modifiers, Qt.Key(event.key()))).toString()
