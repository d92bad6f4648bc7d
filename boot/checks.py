"""Everything that CI checks, as one list of commands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from boot.environment import ROOT


@dataclass(frozen=True)
class Check:
    """One command. arguments: after the environment's Python, or a program beside it."""

    name: str
    arguments: tuple[str, ...]
    program: str = ""
    limit_s: float = 2700.0  # against hanging only; the tests themselves take minutes


SHIPPED = ("engine", "app", "boot", "main.py", "bootstrap.py")
CHECKS = (
    Check("style", ("-m", "ruff", "check", ".")),
    Check("format", ("-m", "ruff", "format", "--check", ".")),
    Check("types", ("-m", "pyright")),
    Check("contracts", (), program="lint-imports"),
    Check("security", ("-m", "bandit", "-q", "-r", "-c", "pyproject.toml", *SHIPPED)),
    Check("tests", ("-m", "pytest")),
    Check("window", ("-m", "boot.window_smoke"), limit_s=180.0),
)


@dataclass(frozen=True)
class Outcome:
    """How one check ended."""

    name: str
    is_passed: bool
    duration_s: float
    note: str = ""


def run_checks(python: Path, say: Callable[[str], None]) -> int:
    """Run all, whatever fails, and say a table; 0 when all passed. Pictures go nowhere."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    outcomes = [_run(check, python, environment, say) for check in CHECKS]
    say(table(outcomes))
    return 0 if all(outcome.is_passed for outcome in outcomes) else 1


def table(outcomes: list[Outcome]) -> str:
    """One line per check and a closing line."""
    lines = [
        f"{outcome.name:10} {'ok' if outcome.is_passed else 'FAILED':7}"
        f"{outcome.duration_s:6.0f} s  {outcome.note}".rstrip()
        for outcome in outcomes
    ]
    failed = [outcome.name for outcome in outcomes if not outcome.is_passed]
    verdict = f"Not good yet: {', '.join(failed)}." if failed else "All checks passed."
    return "\n".join(["", *lines, verdict])


def command_line(check: Check, python: Path) -> list[str]:
    """The words that start the check."""
    first = python.with_name(check.program) if check.program else python
    return [str(first), *check.arguments]


def _run(
    check: Check, python: Path, environment: dict[str, str], say: Callable[[str], None]
) -> Outcome:
    say(f"\n== {check.name}: {' '.join(check.arguments) or check.program}")
    sys.stderr.flush()
    start_s = time.monotonic()
    try:
        code = subprocess.run(
            command_line(check, python),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=check.limit_s,
        ).returncode
        note = "" if code == 0 else f"exit code {code}"
    except subprocess.TimeoutExpired:
        code, note = 1, f"not done after {check.limit_s:.0f} s"
    except OSError as error:
        code, note = 1, f"could not start: {error.strerror}"
    return Outcome(check.name, code == 0, time.monotonic() - start_s, note)
