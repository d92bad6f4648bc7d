"""What the keys do, and the few acts that need more than one part of the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from app.deck_link import LeftSet
from app.engine_names import (
    PARAMETERS,
    Event,
    EventKind,
    OutputState,
    PanicName,
    Severity,
    ShowSpec,
)
from app.pad_grid import NUM_PADS

if TYPE_CHECKING:
    from app.main_window import MainWindow

NUDGE_STEPS = 5
NUDGE_BEATS = 0.05
# What takes back the sentence of which loss.
RETURNS = {
    EventKind.SOURCE_OPENED: (EventKind.SOURCE_FAILED, EventKind.SOURCE_FROZEN),
    EventKind.SOURCE_BACK: (EventKind.SOURCE_FAILED, EventKind.SOURCE_FROZEN),
    EventKind.SINK_BACK: (EventKind.SINK_FAILED,),
    EventKind.CONTROL_OPENED: (EventKind.CONTROL_AWAY,),
    EventKind.RENDERER_BACK: (EventKind.RENDERER_LOST,),
}
SEVERAL = frozenset([
    EventKind.SINK_FAILED, EventKind.SINK_BACK, EventKind.CONTROL_AWAY, EventKind.CONTROL_OPENED,
])  # fmt: skip


class WindowActions(QObject):
    """Every action of app/shortcuts.py by name. Thread: main."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._losses: dict[tuple[EventKind, str], list[str]] = {}

    def table(self) -> dict[str, Callable[[], object]]:
        """Action name → what it does."""
        looks = self._window.looks
        pads = {f"pad_{index}": partial(looks.fire, index) for index in range(NUM_PADS)}
        pads |= {
            f"pad_{index}_otherwise": partial(looks.fire_otherwise, index)
            for index in range(NUM_PADS)
        }
        panels = {name: partial(self._toggle_panel, name) for name in self._window.panels}
        played = self._on_stage() | self._of_looks() | self._of_parameters()
        return pads | panels | played | self._of_window()

    def _on_stage(self) -> dict[str, Callable[[], object]]:
        """What is on air and how it goes on."""
        window = self._window
        return {
            "freeze": partial(window.panic_row.press, OutputState.FREEZE),
            "bypass": partial(window.panic_row.press, OutputState.BYPASS),
            "blackout": partial(window.panic_row.press, OutputState.BLACKOUT),
            "live": partial(window.link.set_output, OutputState.LIVE),
            "last_good": partial(window.instrument.panic, PanicName.LAST_GOOD),
            "stop_modulation": window.instrument.toggle_modulation,
            "reset": partial(window.instrument.panic, PanicName.RESET),
            "run": window.link.toggle,
            "record": window.outputs.toggle_recording,
            "record_show": window.outputs.toggle_show_recording,
            "virtual_camera": window.outputs.toggle_virtual_camera,
            "tap": window.instrument.tap,
            "beat_later": partial(window.instrument.nudge, -NUDGE_BEATS),
            "beat_earlier": partial(window.instrument.nudge, NUDGE_BEATS),
            "output_window": window.feed.toggle,
            "identify": window.screen_menu.identify.show,
        }  # fmt: skip

    def _of_looks(self) -> dict[str, Callable[[], object]]:
        """Looks, decks, cues and the set."""
        window = self._window
        looks, decks, set_menu = window.looks, window.deck_link, window.set_menu
        return {
            "stored_look": looks.reset,
            "next_look": partial(looks.step, 1),
            "previous_look": partial(looks.step, -1),
            "fade_to_a": partial(window.deck_strip.step, -1),
            "swing": window.deck_strip.swing.click,
            "fade_to_b": partial(window.deck_strip.step, 1),
            "next_cue": partial(decks.go_cue, 1),
            "cue_before": partial(decks.go_cue, -1),
            "store": window.look_edits.store_on_playing,
            "next_bank": partial(looks.step_bank, 1),
            "previous_bank": partial(looks.step_bank, -1),
            "quantise": decks.step_quantise,
            "set_menu": partial(_open_menu, window.bank_bar.set_button),
            "new_set": decks.new_set,
            "open_set": set_menu.open,
            "save_set": set_menu.save,
            "save_set_as": set_menu.save_as,
            "undo": decks.undo,
            "redo": decks.redo,
        }  # fmt: skip

    def _of_parameters(self) -> dict[str, Callable[[], object]]:
        """What the present look is painted with."""
        window = self._window
        editors = window.look_panel.editors
        return {
            "modulate": self._edit_modulation,
            "prompt": partial(self._write, editors["prompt"].edit),
            "negative": partial(self._write, editors["negative_prompt"].edit),
            "dice": window.look_panel.rows["seed"].roll,  # type: ignore[attr-defined]
            "guidance_mode": self._next_guidance_mode,
            "strength_up": partial(self._nudge, "strength", NUDGE_STEPS),
            "strength_down": partial(self._nudge, "strength", -NUDGE_STEPS),
            "guidance_up": partial(self._nudge, "guidance_scale", 1),
            "guidance_down": partial(self._nudge, "guidance_scale", -1),
        }  # fmt: skip

    def _of_window(self) -> dict[str, Callable[[], object]]:
        """Menus and the window itself."""
        window = self._window
        top_bar = window.top_bar
        return {
            "learn": window.controls_panel.toggle_learning,
            "sound": partial(_open_menu, window.sound_panel.input),
            "source": partial(_open_menu, top_bar.source),
            "model": partial(_open_menu, top_bar.model),
            "accelerator": partial(_open_menu, top_bar.accelerator),
            "hold": self.open_hold_menu,
            "screen_menu": self.open_screen_menu,
            "save_report": window.report_saver.save,
            "performance": window.performance.toggle,
            "main_menu": partial(_open_menu, top_bar.menu),
            "previews": window.previews.toggle,
            "larger_text": window.text_scale.larger,
            "smaller_text": window.text_scale.smaller,
            "usual_text": window.text_scale.reset,
            "welcome": window.welcome.toggle,
            "help": window.sheet.toggle,
            "dismiss": self._dismiss,
            "quit": window.close,
        }  # fmt: skip

    @Slot(bool)
    def show_running(self, is_running: bool) -> None:
        window = self._window
        window.panic_row.show_running(is_running)
        window.top_bar.lamp.show_state(window.link.output if is_running else None)
        if not is_running:
            window.top_bar.hud.clear()
            window.stage.loading.show_progress(None)

    @Slot(object)
    def tell(self, event: Event) -> None:
        """Warnings and errors wait in the bar; a loss only until what was lost is back."""
        notices = self._window.stage.notices
        for lost in RETURNS.get(event.kind, ()):
            for sentence in self._losses.pop((lost, _place(event)), []):
                notices.retract(sentence)
        if event.kind is EventKind.DEGRADE_PROPOSED:
            notices.offer(event.message, "Do it", self._window.link.take_proposal)
        elif event.severity is not Severity.INFO:
            self._losses.setdefault((event.kind, _place(event)), []).append(event.message)
            notices.warn(event.message)

    @Slot(int)
    def show_look(self, _index: int) -> None:
        self._window.look_panel.show_name(self._window.looks.playing_name)

    @Slot()
    def show_file(self) -> None:
        """The set's name and whether it is saved, over the pads and in the title."""
        window, decks = self._window, self._window.deck_link
        name = decks.live_set.name
        window.bank_bar.show_set(name, decks.is_modified, str(decks.path or "Not in a file yet"))
        window.setWindowTitle(f"{name}[*] – Reverie")
        window.setWindowModified(decks.is_modified)

    @Slot(object)
    def offer_way_back(self, left: LeftSet) -> None:
        """A set gave way before it was saved: nothing of it is lost."""
        self._window.stage.notices.offer(
            f"“{left.live_set.name}” was not saved.",
            "Back to it",
            partial(self._window.deck_link.go_back_to, left),
        )

    @Slot(object)
    def show_modulation(self, show: ShowSpec) -> None:
        self._window.modulation_editor.show_matrix(show.modulation)

    @Slot()
    def open_hold_menu(self) -> None:
        """Below the lamp, or where it would be if there were room for it."""
        lamp = self._window.top_bar.hud.hold_lamp
        self._window.hold_menu.popup(lamp.mapToGlobal(lamp.rect().bottomLeft()))

    @Slot()
    def open_screen_menu(self) -> None:
        """Upwards from its button, which stands at the lower edge."""
        menu, button = self._window.screen_menu, self._window.panic_row.output_screen
        menu.fill()
        menu.popup(button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _toggle_panel(self, name: str) -> None:
        panel = self._window.panels[name]
        panel.setVisible(panel.isHidden())
        self._window.save_soon()

    def _write(self, edit: QWidget) -> None:
        self._window.look_panel.show()
        edit.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _next_guidance_mode(self) -> None:
        choices = PARAMETERS["guidance_mode"].choices
        present = choices.index(str(self._window.link.params.guidance_mode))
        self._window.link.set_value("guidance_mode", choices[(present + 1) % len(choices)])

    def _nudge(self, name: str, steps: int) -> None:
        parameter = PARAMETERS[name]
        value = getattr(self._window.link.params, name) + steps * parameter.step
        self._window.link.set_value(name, parameter.clamp(round(value, 6)))

    def _edit_modulation(self) -> None:
        focused = self._window.focusWidget()
        for row in self._window.look_panel.rows.values():
            if focused is not None and row.isAncestorOf(focused):
                row.want_modulation(row.mapToGlobal(row.rect().bottomLeft()))
                return
        self._window.stage.notices.inform("Choose a slider first, with Tab or a click.")

    def _dismiss(self) -> None:
        if self._window.sheet.isVisible():
            self._window.sheet.hide()
        elif self._window.welcome.isVisible():
            self._window.welcome.close_screen()
        elif self._window.controls_panel.is_learning:
            self._window.controls_panel.end_learning()
        else:
            self._window.stage.notices.dismiss()


def _place(event: Event) -> str:
    """Which sink or controller; there is one of all else, whichever thread tells of it."""
    return event.stage if event.kind in SEVERAL else ""


def _open_menu(button: QToolButton) -> None:
    """Unlike `showMenu`, comes back at once."""
    button.menu().popup(button.mapToGlobal(button.rect().bottomLeft()))
