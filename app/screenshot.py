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
from app.engine_link import Engine, ShowSpec
from app.main_window import MainWindow
from app.theme import apply_theme


class Shoot(QObject):
    """Plays a look for a while, keeps what the window shows, closes it."""

    def __init__(self, window: MainWindow, arguments: argparse.Namespace) -> None:
        super().__init__(window)
        self._window = window
        self._arguments = arguments
        width_px, height_px = (int(part) for part in arguments.size.split("x"))
        window.resize(width_px, height_px)
        QTimer.singleShot(round(arguments.seconds * 1000), self.shoot)
        if arguments.pads:
            self._pads = [int(pad) - 1 for pad in arguments.pads.split(",")]
            self._pressing = QTimer(self, interval=round(arguments.seconds * 1000) // (
                len(self._pads) + 1
            ))  # fmt: skip
            self._pressing.timeout.connect(self.press_next)
            self._pressing.start()

    @Slot()
    def press_next(self) -> None:
        """Visit the pads, so that each has its thumbnail."""
        if self._pads:
            self._window.looks.fire(self._pads.pop(0))

    @Slot()
    def shoot(self) -> None:
        self._window.grab().save(str(self._arguments.out))
        self._window.close()


def main() -> None:
    """Parse, play, shoot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="1600x900", help="of the window, WxH")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long to play before")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--model", default="house")
    parser.add_argument("--pads", default="", help="pads to press one after another, e.g. 3,5,1")
    arguments = parser.parse_args()
    app = QApplication([])
    apply_theme(app)
    show = ShowSpec(source=arguments.source)
    show = replace(show, render=replace(show.render, model=arguments.model))
    with tempfile.TemporaryDirectory() as folder:
        window = open_window(Engine(), show, Path(folder) / "window.json")
        Shoot(window, arguments)
        app.exec()


if __name__ == "__main__":
    main()
