"""What the window takes from the model: new pictures a second with it open against without.

The two take turns in one run, now one first, now the other, each on an engine of its own, so that a
machine that gets busier or hotter meanwhile does no favour to either. The gate is off and the
source is the pattern, so that the model's speed is the limit. Goal: at least 95 %.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.application import open_window
from app.theme import apply_theme
from bench._common import print_result, say
from engine.api import Engine, EventKind, ModelLoadError, RenderSpec, ShowSpec, StreamParams

GOAL = 0.95
WINDOW_PX = (1600, 900)
POLL_S = 0.1
LONGEST_LOAD_S = 120.0
SETTLE_S = 2.0

Wait = Callable[[float], None]


@dataclass(frozen=True)
class Turn:
    """new_hz: new pictures a second. main_share: of one core, what the main thread took."""

    new_hz: float
    main_share: float


def make_show(model: str, size_px: tuple[int, int]) -> ShowSpec:
    """Every picture is painted: none is alike enough to be skipped."""
    params = StreamParams().with_changes({"prompt": "ink wash", "similarity_filter": False})
    return ShowSpec(source="pattern", render=RenderSpec(model, *size_px), params=params)


def without_window(show: ShowSpec, seconds: float) -> Turn:
    """An engine alone."""
    engine = Engine()
    engine.start(show)
    try:
        return measure(engine, _wait_plainly, seconds)
    finally:
        engine.stop()


def with_window(show: ShowSpec, seconds: float) -> Turn:
    """An engine behind a window of WINDOW_PX that paints all its pictures."""
    engine = Engine()
    with tempfile.TemporaryDirectory() as folder:
        window = open_window(
            engine, show, Path(folder) / "window.json", session_folder=Path(folder)
        )
        window.resize(*WINDOW_PX)
        try:
            return measure(engine, run_event_loop, seconds)
        finally:
            window.close()
            window.deleteLater()


def measure(engine: Engine, wait: Wait, seconds: float) -> Turn:
    """Over `seconds`, once the model plays and has settled."""
    deadline_s = time.perf_counter() + LONGEST_LOAD_S
    while engine.render_info is None:
        for event in engine.poll_events():
            if event.kind is EventKind.MODEL_FAILED:
                raise ModelLoadError(event.message)
        if time.perf_counter() > deadline_s:
            raise TimeoutError(f"the model was not ready within {LONGEST_LOAD_S:g} s")
        wait(POLL_S)
    wait(SETTLE_S)
    start_s, start_main_s = time.perf_counter(), time.thread_time()
    before = engine.stats().unique
    wait(seconds)
    took_s = time.perf_counter() - start_s
    new = engine.stats().unique - before
    return Turn(new / took_s, (time.thread_time() - start_main_s) / took_s)


def _wait_plainly(seconds: float) -> None:
    threading.Event().wait(seconds)


def run_event_loop(seconds: float) -> None:
    """Let the window live for so long."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def main() -> None:
    """Measure in turns and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="house")
    parser.add_argument("--size", default="256x256", help="of the model's picture")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="measured per turn")
    arguments = parser.parse_args()
    app = QApplication([])
    apply_theme(app)
    width_px, height_px = (int(part) for part in arguments.size.split("x"))
    show = make_show(arguments.model, (width_px, height_px))
    alone: list[Turn] = []
    shown: list[Turn] = []
    for number in range(arguments.rounds):
        turns = [(alone, without_window), (shown, with_window)]
        for results, take_turn in turns if number % 2 == 0 else reversed(turns):
            results.append(take_turn(show, arguments.seconds))
        say(
            f"round {number + 1}: {alone[-1].new_hz:.1f} fps alone, "
            f"{shown[-1].new_hz:.1f} with the window"
        )
    share = statistics.median(s.new_hz / a.new_hz for s, a in zip(shown, alone, strict=True))
    figures = {
        "model": arguments.model,
        "size_px": [width_px, height_px],
        "window_px": list(WINDOW_PX),
        "platform": QGuiApplication.platformName(),
        "fps_alone_hz": [round(turn.new_hz, 2) for turn in alone],
        "fps_with_window_hz": [round(turn.new_hz, 2) for turn in shown],
        "window_core_share": round(statistics.median(turn.main_share for turn in shown), 4),
        "median_share": round(share, 4),
        "goal": GOAL,
        "is_goal_met": share >= GOAL,
    }
    print_result("window", figures)


if __name__ == "__main__":
    main()
