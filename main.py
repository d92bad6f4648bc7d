"""Composition root: arguments and logging, then a show without a window or with one."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.api import (
    PARAMETERS,
    Engine,
    EngineError,
    Stats,
    list_accelerators,
    list_controllers,
    list_devices,
    list_gamepads,
    list_models,
    list_webcams,
)
from engine.commandline import Command, Listing, UsageError, parse
from engine.diagnostics.log import MAIN, set_up_logging
from engine.diagnostics.trace import TraceFile
from engine.headless import FAILED, OK, Verdict, run_headless
from engine.progress_line import progress_line

log = logging.getLogger("reverie")

USAGE_ERROR = 2
NO_DISPLAY = (
    "There is no display for a window; connect one, or run without: "
    "--headless --seconds 10 --sink record:show.mp4"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Reverie; returns the exit code, and says on stderr why it isn't 0."""
    try:
        command = parse(sys.argv[1:] if arguments is None else arguments, version())
    except UsageError as error:
        return complain(str(error), USAGE_ERROR)
    except EngineError as error:
        return complain(str(error), FAILED)
    set_up_logging(MAIN, command.is_verbose)
    for note in command.notes:
        log.warning("%s", note)
    try:
        return carry_out(command)
    except EngineError as error:
        return complain(str(error), FAILED)


def carry_out(command: Command) -> int:
    """List, report, or play. Errors: EngineError where a file of ours can't be written."""
    if command.listing is not None:
        return show_list(command.listing)
    if command.save_report is not None:
        from app.settings import stored_settings

        Engine().save_report(command.save_report, stored_settings())
        say(f"The report is in {command.save_report}.")
        return OK
    with nullcontext() if command.profile is None else TraceFile(command.profile) as trace:
        engine = Engine(trace=trace)
        return headless(engine, command) if command.is_headless else window(engine, command)


def headless(engine: Engine, command: Command) -> int:
    """Run the show to its end, write the report, judge."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if command.is_replay:
            bar = ProgressBar(command.show.max_frames or 0)
            verdict = run_headless(engine, command.show, bar.say, bar.show)
        else:
            verdict = run_headless(engine, command.show, say)
    except ValueError as error:
        return complain(str(error), USAGE_ERROR)
    if command.report is not None:
        verdict = write_report(command.report, engine.report(), verdict)
    return complain(verdict.problem, verdict.exit_code) if verdict.problem else verdict.exit_code


class ProgressBar:
    """How far a run is: on a terminal one line that moves, else a new one for every twentieth."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._first: tuple[int, float] | None = None  # pictures and time at the first look
        self._last_share = -1
        self._width = 0  # of the line that stands on the terminal

    def show(self, stats: Stats) -> None:
        if stats.presented == 0:
            return
        now_s = time.monotonic()
        self._first = self._first or (stats.presented, now_s)
        num_since, since_s = stats.presented - self._first[0], now_s - self._first[1]
        rate_hz = num_since / since_s if since_s > 0 else 0.0
        line = progress_line(stats.presented, self._total, rate_hz)
        share = 20 * stats.presented // max(1, self._total)
        if sys.stdout.isatty():
            print(f"\r{line:<{self._width}}", end="", flush=True)
            self._width = len(line)
        elif share != self._last_share:
            say(line)
        self._last_share = share
        if stats.presented >= self._total:
            self._end_line()

    def say(self, line: str) -> None:
        """Anything else, on a line of its own."""
        self._end_line()
        say(line)

    def _end_line(self) -> None:
        if self._width:
            print(flush=True)
        self._width = 0


def window(engine: Engine, command: Command) -> int:
    """Open the window; where there is no display, say what to do instead."""
    if not has_display():
        return complain(NO_DISPLAY, FAILED)
    from app.application import run_window  # Qt is only needed here

    show = None if command.is_bare else command.show
    return run_window(engine, show, in_worker=command.show.in_worker, set_file=command.set_file)


def has_display() -> bool:
    """Whether a window can open; Qt itself would end the program where it can't."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def write_report(path: Path, report: dict[str, object], verdict: Verdict) -> Verdict:
    """Add the verdict and write; a report that can't be written is a fault as well."""
    report = {**report, "exit_code": verdict.exit_code, "problem": verdict.problem}
    try:
        path.write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        problem = f"The report could not be written to {path}: {error.strerror or error}."
        return Verdict(verdict.exit_code or FAILED, verdict.problem or problem)
    return verdict


def show_list(listing: Listing) -> int:
    """Print what can be chosen, one a line."""
    for line in LISTS[listing]():
        say(line)
    return OK


def camera_lines() -> list[str]:
    """Each with the URI that opens it."""
    cameras = list_webcams()
    return [f"webcam:{c.index}  {c.name}" for c in cameras] or ["There is no camera."]


def controller_lines() -> list[str]:
    """Each with the option that takes it; or why there is none."""
    return [
        *(_taken_by("--midi", list_controllers) or ["There is no MIDI controller."]),
        *(_taken_by("--gamepad", list_gamepads) or ["There is no gamepad."]),
    ]


def _taken_by(option: str, look: Callable[[], list[str]]) -> list[str]:
    try:
        return [f"{option:<11}{name}" for name in look()]
    except EngineError as error:
        return [str(error)]


def sound_lines() -> list[str]:
    """Each by a number and name that `--audio` takes; or why there is none."""
    try:
        inputs = list_devices()
    except EngineError as error:
        return [str(error)]
    return [f"{i.index:<4} {i.name} ({i.system})" for i in inputs] or ["There is no sound input."]


def model_lines() -> list[str]:
    """Each with the name that `--model` takes."""
    return [f"{choice.model:<15} {choice.label:<22} {choice.details}" for choice in list_models()]


def accelerator_lines() -> list[str]:
    """Each with the name that `--accelerator` takes, or why it can't be used here."""
    choices = list_accelerators()
    return [f"{c.name:<14} {'available' if c.is_available else c.why_not}" for c in choices]


def parameter_lines() -> list[str]:
    """Each with the name that `--set` takes, what is allowed and what it does."""
    return [f"{p.name:<22} {_allowed(p):<40} {p.help}" for p in PARAMETERS.values()]


def _allowed(parameter: Any) -> str:
    if parameter.choices:
        return "|".join(parameter.choices)
    if parameter.is_number:
        return f"{parameter.minimum:g} to {parameter.maximum:g}, {parameter.default:g}"
    return {bool: "on|off", str: "text"}[parameter.kind]


LISTS = {
    Listing.CAMERAS: camera_lines,
    Listing.CONTROLLERS: controller_lines,
    Listing.SOUND: sound_lines,
    Listing.MODELS: model_lines,
    Listing.ACCELERATORS: accelerator_lines,
    Listing.PARAMETERS: parameter_lines,
}


def version() -> str:
    """Reverie's, or the source tree's where it isn't installed."""
    try:
        return metadata.version("reverie")
    except metadata.PackageNotFoundError:
        return "0.1.0 (source tree)"


def say(line: str) -> None:
    """To stdout, at once: a run may be watched through a pipe."""
    print(line, flush=True)


def complain(sentence: str, exit_code: int) -> int:
    """One sentence on stderr."""
    log.info("%s", sentence)
    print(sentence, file=sys.stderr, flush=True)
    return exit_code


def _interrupt(*_signal: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
