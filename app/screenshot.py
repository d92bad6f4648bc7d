"""A picture of the real window on the real engine: `python -m app.screenshot OUT.png`.

For the README and for looking at changes; runs on any display, a virtual one included.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from app.application import open_window
from app.engine_names import Engine, Event, EventKind, ShowSpec
from app.main_window import MainWindow
from app.settings import Settings, save_settings
from app.theme import apply_theme

LONGEST_LOAD_MS = 60_000


class Shoot(QObject):
    """Once the model plays: visits pads, keeps what the window shows, closes it."""

    def __init__(self, window: MainWindow, arguments: argparse.Namespace) -> None:
        super().__init__(window)
        self._window = window
        self._arguments = arguments
        self._pads = [int(pad) - 1 for pad in arguments.pads.split(",") if pad]
        per_look_s = arguments.seconds / (len(self._pads) + 1)
        self._next = QTimer(self, interval=round(per_look_s * 1000))
        self._next.timeout.connect(self.go_on)
        self._patience = QTimer(self, singleShot=True, interval=LONGEST_LOAD_MS)
        self._patience.timeout.connect(self.begin)
        self._patience.start()
        window.link.info_changed.connect(self.begin)
        window.link.event_happened.connect(self.look_at)

    @Slot(object)
    def look_at(self, event: Event) -> None:
        """Without a model there is nothing to wait for."""
        if event.kind is EventKind.MODEL_FAILED:
            self.begin()

    @Slot()
    def begin(self) -> None:
        self._patience.stop()
        self._next.start()

    @Slot()
    def go_on(self) -> None:
        """The next pad, so that each gets its thumbnail; then the picture."""
        if self._pads:
            self._window.looks.fire(self._pads.pop(0))
            return
        self._next.stop()
        self._window.grab().save(str(self._arguments.out))
        if self._arguments.thumbnails:
            self._window.look_pictures.save_all()
        self._window.close()


def main() -> None:
    """Parse, play, shoot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="1600x900", help="of the window, WxH")
    parser.add_argument(
        "--seconds", type=float, default=8.0, help="how long to play, once the model does"
    )
    parser.add_argument("--text", type=int, default=100, help="size of the text in percent")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--model", default="house")
    parser.add_argument("--pads", default="", help="pads to press one after another, e.g. 3,5,1")
    parser.add_argument(
        "--thumbnails", action="store_true", help="ship what the pads show as assets/thumbnails"
    )
    arguments = parser.parse_args()
    app = QApplication([])
    apply_theme(app)
    show = ShowSpec(source=arguments.source)
    show = replace(show, render=replace(show.render, model=arguments.model))
    with tempfile.TemporaryDirectory() as folder:
        settings_file = Path(folder) / "window.json"
        settings = Settings(is_welcomed=True, text_percent=arguments.text)
        save_settings(settings, settings_file)
        window = open_window(Engine(), show, settings_file, session_folder=Path(folder))
        window.resize(*(int(part) for part in arguments.size.split("x")))
        Shoot(window, arguments)
        app.exec()


if __name__ == "__main__":
    main()
