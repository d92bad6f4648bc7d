"""What every benchmark says of itself: the machine, the versions, the commit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from engine.report import device
from engine.versions import versions

ROOT = Path(__file__).resolve().parent.parent


def make_result(name: str, figures: Mapping[str, object]) -> dict[str, object]:
    """The figures with what they were measured on."""
    return {
        "bench": name,
        "commit": git_commit(),
        "versions": versions(),
        "device": device(None),
        "results": figures,
    }


def print_result(name: str, figures: Mapping[str, object]) -> None:
    """One JSON object on stdout, whole and alone."""
    json.dump(make_result(name, figures), sys.stdout, indent=2)
    print()


def git_commit() -> str:
    """The commit measured, marked where files differ from it; empty outside a checkout."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return described.stdout.strip()


def say(line: str) -> None:
    """Progress, for whoever waits; stdout is for the result."""
    print(line, file=sys.stderr, flush=True)
