"""What happens between the command and the first painted picture, without a window.

A live show of the demo scene with the house model, each in a Python of its own: *first*, with
nothing built before; *again*, with what the one before has kept. Files are in the system's memory
in both. Of several starts the one in the middle is shown.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench._common import ROOT, print_result, say

NUM_STARTS = 3
TIMEOUT_S = 300.0


def start_once(cache: Path) -> list[dict[str, Any]]:
    """The marks of one start, in seconds from the command on."""
    begun_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "bench._first_picture", str(cache)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the show didn't start: {done.stderr[-2000:]}")
    marks = json.loads(done.stdout)
    return [{**mark, "time_s": round(mark["time_s"] - begun_s, 3)} for mark in marks]


def measure() -> dict[str, list[dict[str, Any]]]:
    """Both kinds of start in turns; of each the one whose first painted picture is the median."""
    starts: dict[str, list[list[dict[str, Any]]]] = {"first": [], "again": []}
    for _ in range(NUM_STARTS):
        with tempfile.TemporaryDirectory() as folder:
            for name, marks in starts.items():
                marks.append(start_once(Path(folder)))
                say(f"{name}: painted after {painted_s(marks[-1])} s")
    return {
        name: sorted(several, key=painted_s)[NUM_STARTS // 2] for name, several in starts.items()
    }


def painted_s(marks: list[dict[str, Any]]) -> float:
    """When the first painted picture was there."""
    return next(mark["time_s"] for mark in marks if mark["what"] == "painted")


def main() -> None:
    """Measure and print."""
    print_result("startup", {"starts": NUM_STARTS, "house 256²": measure()})


if __name__ == "__main__":
    main()
