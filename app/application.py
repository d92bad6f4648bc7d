"""Starts the window: the Qt application, the settings, the engine behind its link."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.engine_link import EngineLink
from app.engine_names import Engine, FitMode, OscSpec, RenderSpec, ShowSpec, StreamParams
from app.main_window import MainWindow
from app.outputs import virtual_camera_uri
from app.set_session import begin_session, in_first_look, mappings_of, saved_set, tell_of_session
from app.settings import Settings, load_settings, settings_path
from app.theme import apply_theme

# How long one thread may keep Python to itself while others wait for it. With the usual 5 ms a hand
# waits up to 5 ms for every thread of the show that is at work: bench/gui_thread.py tells.
HANDOVER_S = 0.001


def share_python() -> None:
    """Let the window's thread have its turn soon, whatever the show's threads do."""
    sys.setswitchinterval(HANDOVER_S)


def run_window(
    engine: Engine,
    show: ShowSpec | None = None,
    settings_file: Path | None = None,
    in_worker: bool = False,
    set_file: Path | None = None,
) -> int:
    """Open the window and play until it's closed; returns the exit code.

    show: what the command line asked for; None goes on where the last run ended, and then
    in_worker says whether the model paints in a process of its own. set_file: of the show's set.
    """
    share_python()
    app = QApplication(sys.argv[:1])
    apply_theme(app)
    app.setApplicationName("Reverie")
    app.setDesktopFileName("reverie")
    window = open_window(
        engine, show, settings_file or settings_path(), in_worker, set_file=set_file
    )
    signal.signal(signal.SIGINT, lambda *_: window.close())  # Python runs it on this thread
    return app.exec()


def open_window(
    engine: Engine,
    show: ShowSpec | None,
    settings_file: Path,
    in_worker: bool = False,
    session_folder: Path | None = None,
    set_file: Path | None = None,
) -> MainWindow:
    """The window, shown and playing. Needs a dressed QApplication.

    session_folder: where the set is kept by itself; None takes the performer's own.
    set_file: where the show's own set lies.
    """
    settings = load_settings(settings_file)
    left = begin_session(engine, session_folder)
    resumed = left.resumed(replace(show_from(settings), in_worker=in_worker))
    link = EngineLink(engine, in_first_look(show or resumed))
    settings.mappings = mappings_of(link.show.live_set, settings.mappings)
    window = MainWindow(link, settings, settings_file)
    link.setParent(window)
    window.show()
    if show is not None:
        window.deck_link.remember(set_file, show.live_set)
    elif left.live_set is not None:
        file = Path(settings.set_file) if settings.set_file else None
        window.deck_link.remember(file, saved_set(settings.set_file))
    window.begin()
    tell_of_session(window, left, is_resumed=show is None)
    if show is None and not settings.is_welcomed:
        window.welcome.open_screen()
    return window


def show_from(settings: Settings) -> ShowSpec:
    """The show as it was; what isn't valid any more falls back to its first value."""
    params = StreamParams()
    kept = {}
    for name, value in settings.params.items():
        try:
            params = params.with_changes({name: value})
            kept[name] = value
        except ValueError:
            continue
    size_px = (settings.width_px, settings.height_px)
    is_size = all(side_px % 8 == 0 and 64 <= side_px <= 4096 for side_px in size_px)
    width_px, height_px = size_px if is_size else (Settings.width_px, Settings.height_px)
    return ShowSpec(
        source=settings.source,
        audio=settings.audio,
        midi=("all",) if settings.has_midi else (),
        gamepads=("all",) if settings.has_gamepads else (),
        osc=OscSpec(settings.osc_port) if 0 < settings.osc_port < 65536 else None,
        sinks=(virtual_camera_uri(settings.virtual_camera_device),)
        if settings.has_virtual_camera
        else (),
        render=RenderSpec(settings.model, width_px, height_px, settings.accelerator),
        params=params,
        explicit=frozenset(kept),
        target_fps_hz=settings.target_fps_hz if 1.0 <= settings.target_fps_hz <= 240.0 else 0.0,
        fit=FitMode(settings.fit) if settings.fit in list(FitMode) else FitMode.CROP,
    )
