"""What is needed in panic, always in the same place: the states on the left, outputs right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from app.engine_names import OutputState, PanicName
from app.shortcuts import key_of
from app.theme import beside_icon, icon

PANIC = (
    (OutputState.FREEZE, "FREEZE", "snowflake", "freeze", "Hold this very picture"),
    (OutputState.BYPASS, "BYPASS", "transit-skip", "bypass", "Send the input, not painted"),
    (OutputState.BLACKOUT, "BLACKOUT", "square", "blackout", "Send black"),
)
HELP = {
    PanicName.LAST_GOOD: "The look that played before this one, at once; again: back",
    PanicName.STOP_MODULATION: "Nothing moves by itself; again: it moves on",
    PanicName.RESET: "The stream begins anew: nothing in flight, nothing remembered",
}


class PanicRow(QFrame):
    """Signals tell what a person pressed; what is on is shown only when it's true.

    state_chosen(OutputState): LIVE when the active state is pressed again.
    """

    state_chosen = Signal(object)
    last_good_pressed = Signal()
    stop_modulation_pressed = Signal()
    reset_pressed = Signal()
    screen_pressed = Signal()
    screen_menu_wanted = Signal()
    virtual_camera_pressed = Signal()
    record_pressed = Signal()
    run_pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panicRow")
        self.state = OutputState.LIVE
        self.panic = {
            state: self._make(name, icon_name, "panic", action, help_text, is_checkable=True)
            for state, name, icon_name, action, help_text in PANIC
        }
        self.last_good = self._make(
            "LAST GOOD", "undo-variant", "panic", "last_good", HELP[PanicName.LAST_GOOD]
        )
        self.stop_modulation = self._make(
            "STOP MOD", "sine-wave", "panic", "stop_modulation",
            HELP[PanicName.STOP_MODULATION], is_checkable=True,
        )  # fmt: skip
        self.reset = self._make("RESET", "restart", "panic", "reset", HELP[PanicName.RESET])
        self.output_screen = self._make(
            "Screen", "monitor", "output", "output_window",
            f"The output alone, filling a screen; right click or {key_of('screen_menu')}: which",
            is_checkable=True,
        )  # fmt: skip
        self.output_screen.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.output_screen.customContextMenuRequested.connect(self.screen_menu_wanted)
        self.virtual_camera = self._make(
            "Virtual camera", "video-outline", "output", "virtual_camera",
            "The output as a camera for Zoom, OBS and others", is_checkable=True,
        )  # fmt: skip
        self.record = self._make(
            "REC", "record-circle-outline", "record", "record", "Record the output",
            is_checkable=True,
        )  # fmt: skip
        self._record_icon = self.record.icon()
        self.run = self._make("Stop", "stop", "output", "run", "Start or stop the show")
        self._connect()
        self._lay_out()

    @Slot(object)
    def show_state(self, state: OutputState) -> None:
        self.state = state
        for each, button in self.panic.items():
            button.setChecked(each is state)

    @Slot(bool)
    def show_held(self, is_held: bool) -> None:
        """Whether everything that moves by itself has been stopped."""
        self.stop_modulation.setChecked(is_held)

    @Slot(bool)
    def show_running(self, is_running: bool) -> None:
        self.run.setText(beside_icon("Stop" if is_running else "Start"))
        self.run.setIcon(icon("stop" if is_running else "play"))

    @Slot(bool)
    def show_recording(self, is_recording: bool) -> None:
        self.record.setChecked(is_recording)
        if not is_recording:
            self.record.setText(beside_icon("REC"))
            self.record.setIcon(self._record_icon)

    @Slot(bool)
    def show_virtual_camera(self, is_on: bool) -> None:
        self.virtual_camera.setChecked(is_on)

    @Slot(float, str)
    def show_recording_time(self, seconds: float, word: str = "REC") -> None:
        minutes, rest = divmod(int(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
        is_film = word == "REC"  # a longer word stands without the icon, which it says as well
        self.record.setIcon(self._record_icon if is_film else QIcon())
        self.record.setText(beside_icon(f"{word} {clock}") if is_film else f"{word} {clock}")

    def _make(
        self, text: str, icon_name: str, role: str, action: str, help_text: str,
        *, is_checkable: bool = False,
    ) -> QPushButton:  # fmt: skip
        button = QPushButton(beside_icon(text), self)
        button.setCheckable(is_checkable)
        on = {"panic": "on_warning", "output": "accent", "record": "warning"}[role]
        checked = {"record": "record-circle"}.get(role, "check-circle")  # not by colour alone
        button.setIcon(icon(icon_name, "text", on, checked if is_checkable else ""))
        button.setIconSize(QSize(18, 18))
        button.setProperty("role", role)
        button.setToolTip(f"{help_text}   ({key_of(action)})")
        button.setAccessibleName(text.capitalize())
        return button

    def _connect(self) -> None:
        for button in self.panic.values():
            button.clicked.connect(self._on_panic_clicked)
        for button, pressed in (
            (self.last_good, self.last_good_pressed),
            (self.stop_modulation, self.stop_modulation_pressed),
            (self.reset, self.reset_pressed),
            (self.output_screen, self.screen_pressed),
            (self.virtual_camera, self.virtual_camera_pressed),
            (self.record, self.record_pressed),
            (self.run, self.run_pressed),
        ):
            button.clicked.connect(pressed)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(4)
        for button in (*self.panic.values(), self.last_good, self.stop_modulation, self.reset):
            row.addWidget(button)
        row.addStretch(1)
        self.record.setMinimumWidth(118)
        self.run.setMinimumWidth(92)
        for button in (self.output_screen, self.virtual_camera, self.record, self.run):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)

    @Slot()
    def _on_panic_clicked(self) -> None:
        pressed = next(s for s, button in self.panic.items() if button is self.sender())
        self.press(pressed)
        self.show_state(self.state)

    def press(self, state: OutputState) -> None:
        """As if the button had been pressed."""
        self.state_chosen.emit(OutputState.LIVE if state is self.state else state)
