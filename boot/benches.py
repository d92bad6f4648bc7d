"""Runs every module in bench/ and gathers what they print into one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boot.environment import ROOT


def bench_modules(folder: Path = ROOT / "bench") -> list[str]:
    """Names of the benchmarks: every module there that isn't private."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def run_benches(python: Path, say: Callable[[str], None]) -> tuple[dict[str, Any], list[str]]:
    """Run one after the other, so that they don't disturb each other.

    A benchmark prints one JSON object on stdout and may talk on stderr.
    Returns: name → its object, and the names of those that failed.
    """
    results: dict[str, Any] = {}
    failed: list[str] = []
    for name in bench_modules():
        say(f"== bench {name}")
        try:
            results[name] = _run(python, name)
        except (subprocess.CalledProcessError, json.JSONDecodeError) as error:
            say(f"bench {name} failed: {error}")
            failed.append(name)
    return results, failed


def _run(python: Path, name: str) -> Any:
    result = subprocess.run(
        [str(python), "-m", f"bench.{name}"],
        cwd=ROOT,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)
