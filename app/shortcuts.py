"""Every key of the window in one table: the shortcuts, the tooltips and the sheet read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

NUM_PADS = 16


@dataclass(frozen=True)
class Shortcut:
    """action: what the window calls; keys: as QKeySequence reads them, the first one is shown."""

    action: str
    keys: tuple[str, ...]
    label: str
    group: str


ALSO = {8: ("9",), 9: ("0",)}  # the digit row goes on


def _pad_key(index: int) -> str:
    """1-8 for the upper row, the same with Shift for the lower one."""
    return str(index + 1) if index < 8 else f"Shift+{index - 7}"


def _pad_shortcut(index: int) -> Shortcut:
    keys = (_pad_key(index), *ALSO.get(index, ()))
    return Shortcut(f"pad_{index}", keys, f"Play pad {index + 1}", "Pads")


def _pad_otherwise(index: int) -> Shortcut:
    label = f"Pad {index + 1} on the bar; at once where pads wait"
    return Shortcut(f"pad_{index}_otherwise", (f"Ctrl+{_pad_key(index)}",), label, "Pads in time")


SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("freeze", ("F",), "Freeze the output; again for live", "Panic"),
    Shortcut("bypass", ("B",), "Bypass: send the input; again for live", "Panic"),
    Shortcut("blackout", ("K",), "Blackout; again for live", "Panic"),
    Shortcut("live", ("L",), "Back to live", "Panic"),
    Shortcut("last_good", ("Backspace",), "The look before this one; again: back", "Panic"),
    Shortcut("stop_modulation", ("X",), "Nothing moves by itself; again: it moves on", "Panic"),
    Shortcut("reset", ("R",), "Begin the stream anew", "Panic"),
    Shortcut("next_look", ("N",), "Play the next pad", "Pads"),
    Shortcut("previous_look", ("P",), "Play the pad before", "Pads"),
    Shortcut("fade_to_a", ("Q",), "The crossfader a step towards deck A", "Decks"),
    Shortcut("swing", ("W",), "The crossfader over to the other deck", "Decks"),
    Shortcut("fade_to_b", ("E",), "The crossfader a step towards deck B", "Decks"),
    Shortcut("next_cue", ("C",), "Go: the next cue", "Decks"),
    Shortcut("cue_before", ("Shift+C",), "Back: the cue before", "Decks"),
    Shortcut("next_bank", ("PgDown",), "The next bank", "Pads"),
    Shortcut("previous_bank", ("PgUp",), "The bank before", "Pads"),
    Shortcut("quantise", ("O",), "Pads play now, on the beat, on the bar", "Pads"),
    Shortcut("tap", ("T",), "Tap the beat", "Beat"),
    Shortcut("beat_later", (",",), "The beat a little later", "Beat"),
    Shortcut("beat_earlier", (".",), "The beat a little earlier", "Beat"),
    Shortcut("sound", ("U",), "Choose what is listened to", "Beat"),
    Shortcut("prompt", ("/", "Ctrl+L"), "Write the prompt", "Look"),
    Shortcut("negative", ("Ctrl+Shift+L",), "Write the negative prompt", "Look"),
    Shortcut("store", ("Ctrl+P",), "Store the look on the pad that plays", "Look"),
    Shortcut("modulate", ("V",), "What moves the slider in focus by itself", "Look"),
    Shortcut("stored_look", ("Ctrl+Backspace",), "The look as it was stored, live", "Look"),
    Shortcut("dice", ("D",), "Throw the dice for the seed", "Look"),
    Shortcut("guidance_mode", ("G",), "Next guidance mode", "Look"),
    Shortcut("strength_up", ("]",), "More strength", "Look"),
    Shortcut("strength_down", ("[",), "Less strength", "Look"),
    Shortcut("guidance_up", ("+", "="), "More guidance", "Look"),
    Shortcut("guidance_down", ("-",), "Less guidance", "Look"),
    Shortcut("undo", ("Ctrl+Z",), "Undo the last edit of the set", "Set"),
    Shortcut("redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Do it again", "Set"),
    Shortcut("new_set", ("Ctrl+N",), "A new set, with the looks that are shipped", "Set"),
    Shortcut("open_set", ("Ctrl+O",), "Open a set", "Set"),
    Shortcut("save_set", ("Ctrl+S",), "Save the set", "Set"),
    Shortcut("save_set_as", ("Ctrl+Shift+S",), "Save the set under another name", "Set"),
    Shortcut("set_menu", ("Shift+S",), "All of this as a menu, with the recent sets", "Set"),
    Shortcut("source", ("S",), "Choose the source", "Show"),
    Shortcut("model", ("M",), "Choose the model and size", "Show"),
    Shortcut("accelerator", ("A",), "Choose the accelerator", "Show"),
    Shortcut("hold", ("H",), "Hold a rate, with fewer steps where it must be", "Show"),
    Shortcut("run", ("F5",), "Start or stop the show", "Show"),
    Shortcut("record", ("Ctrl+R",), "Record; again to finish the file", "Show"),
    Shortcut("record_show", ("Ctrl+Shift+R",), "Record the whole show, to paint it again", "Show"),
    Shortcut("virtual_camera", ("Ctrl+K",), "Virtual camera on or off", "Show"),
    Shortcut("output_window", ("F11",), "The output alone, filling a screen", "Show"),
    Shortcut("screen_menu", ("Shift+F11",), "On which display, and how it fills it", "Show"),
    Shortcut("identify", ("Ctrl+F11",), "A large number on every display", "Show"),
    Shortcut("cue_panel", ("F4",), "Show or hide the cue list", "Window"),
    Shortcut("input_panel", ("F6",), "Show or hide the input panel", "Window"),
    Shortcut("pads_panel", ("F7",), "Show or hide the pads", "Window"),
    Shortcut("previews", ("Shift+F7",), "Previews of the looks that are off air", "Window"),
    Shortcut("look_panel", ("F8",), "Show or hide the look panel", "Window"),
    Shortcut("controls_panel", ("F9",), "Show or hide the controllers", "Window"),
    Shortcut("learn", ("Ctrl+M",), "Learn: choose, then move the hardware; Esc ends it", "Window"),
    Shortcut("performance", ("F10",), "Lock all but playing; again: unlock", "Show"),
    Shortcut("main_menu", ("F3",), "Open Reverie's own menu", "Window"),
    Shortcut("welcome", ("Shift+F1",), "Set up camera, model and virtual camera", "Window"),
    Shortcut("larger_text", ("Ctrl++", "Ctrl+="), "Larger text", "Text"),
    Shortcut("smaller_text", ("Ctrl+-",), "Smaller text", "Text"),
    Shortcut("usual_text", ("Ctrl+0",), "Text of the usual size", "Text"),
    Shortcut("help", ("F1", "?"), "This list", "Window"),
    Shortcut("save_report", ("F12",), "Save a report about a fault, to send in", "Window"),
    Shortcut("dismiss", ("Esc",), "End Learn, dismiss the notice, close the list", "Window"),
    Shortcut("quit", ("Ctrl+Q",), "Save and quit", "Window"),
    *(_pad_shortcut(index) for index in range(NUM_PADS)),
    *(_pad_otherwise(index) for index in range(NUM_PADS)),
)


def key_of(action: str) -> str:
    """The key shown for an action, as this system writes it."""
    keys = next(shortcut.keys for shortcut in SHORTCUTS if shortcut.action == action)
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


class ShortcutMap(QObject):
    """Connects every row of the table to what the window does."""

    def __init__(self, window: QWidget, actions: Mapping[str, Callable[[], object]]) -> None:
        super().__init__(window)
        self._actions = dict(actions)
        for shortcut in SHORTCUTS:
            for key in shortcut.keys:
                self._install(window, shortcut.action, key)

    def _install(self, window: QWidget, action: str, key: str) -> None:
        shortcut = QShortcut(QKeySequence(key), window, autoRepeat=False)
        shortcut.setObjectName(action)
        shortcut.activated.connect(self._on_activated)

    @Slot()
    def _on_activated(self) -> None:
        self._actions[self.sender().objectName()]()
