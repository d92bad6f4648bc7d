"""How long a hand waits for the window: the GUI thread's blocking while everything moves.

The real window on the real engine, the model taken out: a pattern at 60 fps through a worker
process, eight modulations, the crossfader on its way, all panels open. A timer on the GUI thread
says how late it comes; what a late turn kept from coming is counted as well, as if a key had been
pressed at every period (Tene's correction for coordinated omission). First the same timer alone in
an event loop: what the machine itself does. Beside it the processor time that the thread takes from
turn to turn, which other work on the machine doesn't change. Goal: 99 of 100 within 16 ms.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.application import open_window, share_python
from app.main_window import MainWindow
from app.theme import apply_theme
from bench._common import print_result, say
from bench.window import LONGEST_LOAD_S, POLL_S, SETTLE_S, run_event_loop
from engine.api import (
    IDENTITY_MODEL,
    PARAMETERS,
    Engine,
    Matrix,
    RenderSpec,
    Route,
    ShowSpec,
    StreamParams,
    Transition,
    renderer_for,
    why_not_movable,
)
from engine.pipeline import Makers
from engine.sources.base import Capture, SourceInfo
from engine.sources.pattern import paint_pattern

GOAL_MS = 16.0
PERIOD_MS = 4
SOURCE_HZ = 60.0
SOURCE_PX = (1280, 720)
MODEL_PX = 512
WINDOW_PX = (1920, 1080)
NUM_ROUTES = 8
SWING_S = 2.0


class FastPattern:
    """The test pattern on a timeline of 60 pictures a second."""

    is_live = False

    def __init__(self) -> None:
        self._index = 0

    def open(self) -> SourceInfo:
        self._index = 0
        return SourceInfo("test pattern", *SOURCE_PX, SOURCE_HZ, "60 a second")

    def read(self) -> Capture:
        index, time_s = self._index, self._index / SOURCE_HZ
        self._index += 1
        return Capture(paint_pattern(index, time_s, *SOURCE_PX), time_s)

    def close(self) -> None:
        """Nothing to free."""


class Probe(QObject):
    """Keeps by how much each turn of a timer on this thread came late, and what it cost.

    cpu_ms: processor time of the thread from turn to turn; a busy machine doesn't change it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.late_ms: list[float] = []
        self.cpu_ms: list[float] = []
        self._timer = QTimer(self, interval=PERIOD_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_turn)
        self._due_s = self._cpu_s = 0.0

    def run(self, seconds: float) -> dict[str, float]:
        """The figures of so long a stretch."""
        self.late_ms, self.cpu_ms = [], []
        self._cpu_s = time.thread_time()
        self._due_s = time.perf_counter() + PERIOD_MS / 1e3
        self._timer.start()
        run_event_loop(seconds)
        self._timer.stop()
        return figures_of(self.late_ms, self.cpu_ms)

    @Slot()
    def _on_turn(self) -> None:
        now_s = time.perf_counter()
        cpu_s = time.thread_time()
        self.late_ms.append(max(0.0, (now_s - self._due_s) * 1e3))
        self.cpu_ms.append((cpu_s - self._cpu_s) * 1e3)
        self._cpu_s = cpu_s
        self._due_s = now_s + PERIOD_MS / 1e3


def all_waits(late_ms: Iterable[float], period_ms: float) -> Iterator[float]:
    """Every wait of an even row of key presses, those included that fell into a late turn."""
    for wait_ms in late_ms:
        while wait_ms > 0.0:
            yield wait_ms
            wait_ms -= period_ms


def figures_of(late_ms: list[float], cpu_ms: list[float]) -> dict[str, float]:
    """One stretch in numbers."""
    waits = list(all_waits(late_ms, PERIOD_MS)) or [0.0, 0.0]
    cuts = statistics.quantiles(waits, n=1000)
    return {
        "num_turns": len(late_ms),
        "p50_ms": round(cuts[499], 3),
        "p99_ms": round(cuts[989], 3),
        "p999_ms": round(cuts[998], 3),
        "longest_ms": round(max(waits), 3),
        "p99_turn_cpu_ms": round(statistics.quantiles(cpu_ms, n=100)[-1], 3),
        "longest_turn_cpu_ms": round(max(cpu_ms), 3),
    }


def eight_routes() -> Matrix:
    """One oscillator each for the first parameters that can be moved, at rates that never meet."""
    names = [name for name in PARAMETERS if not why_not_movable(name)][:NUM_ROUTES]
    routes = (
        {"parameter": name, "signal": {"kind": "lfo", "rate_hz": 0.3 + 0.17 * n}, "amount": 0.4}
        for n, name in enumerate(names)
    )
    return tuple(map(Route.model_validate, routes))


def moving_show() -> ShowSpec:
    """Every picture is painted, and eight parameters move."""
    return ShowSpec(
        render=RenderSpec(IDENTITY_MODEL, MODEL_PX, MODEL_PX),
        params=StreamParams(prompt="ink wash", similarity_filter=False),
        modulation=eight_routes(),
        in_worker=True,
    )


def open_everything(engine: Engine, folder: Path) -> MainWindow:
    """The window with its panels open, once the model plays. Errors: TimeoutError."""
    window = open_window(engine, moving_show(), folder / "window.json", session_folder=folder)
    window.resize(*WINDOW_PX)
    for panel in window.panels.values():
        panel.show()
    deadline_s = time.perf_counter() + LONGEST_LOAD_S
    while engine.render_info is None:
        if time.perf_counter() > deadline_s:
            raise TimeoutError(f"the model was not ready within {LONGEST_LOAD_S:g} s")
        run_event_loop(POLL_S)
    decks = window.deck_link
    decks.edit(decks.live_set.model_copy(update={"transition": Transition(duration=SWING_S)}))
    return window


def measure(seconds: float) -> dict[str, object]:
    """The timer alone, then with everything; the crossfader swings to and fro."""
    probe = Probe()
    alone = probe.run(seconds / 2)
    makers = Makers(
        renderer=lambda spec: renderer_for(spec, in_worker=True),
        source=lambda *_, **__: FastPattern(),
    )
    engine = Engine(makers=makers)
    with tempfile.TemporaryDirectory() as folder:
        window = open_everything(engine, Path(folder))
        swings = QTimer(window, interval=round(1500 * SWING_S))
        swings.timeout.connect(window.deck_link.swing)
        swings.start()
        try:
            run_event_loop(SETTLE_S)
            start_s, start_main_s = time.perf_counter(), time.thread_time()
            shown, moving = engine.stats().unique, probe.run(seconds)
            took_s = time.perf_counter() - start_s
            share = (time.thread_time() - start_main_s) / took_s
            new_hz = (engine.stats().unique - shown) / took_s
        finally:
            window.close()
            window.deleteLater()
    return {
        "platform": QGuiApplication.platformName(),
        "window_px": list(WINDOW_PX),
        "period_ms": PERIOD_MS,
        "alone": alone,
        "moving": moving,
        "new_pictures_hz": round(new_hz, 2),
        "window_core_share": round(share, 4),
        "goal_p99_ms": GOAL_MS,
        "is_goal_met": moving["p99_ms"] <= GOAL_MS,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    share_python()
    app = QApplication([])
    apply_theme(app)
    say(f"{arguments.seconds / 2:g} s of a timer alone, then {arguments.seconds:g} s of a show")
    print_result("gui_thread", measure(arguments.seconds))


if __name__ == "__main__":
    main()
