"""Launches the real window on the real engine for a few seconds: does it play and close cleanly?

Run by the checks, without a screen: `python -m boot.window_smoke`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from boot.environment import ROOT

PLAY_S = 5
LIMIT_S = 120
# What Python and Qt say when a thread, a timer or a slot came to a bad end.
BAD_WORDS = ("Traceback", "QThread: Destroyed", "QObject::", "QBasicTimer", "Segmentation")


def complaints(exit_code: int, stderr: str, is_picture_there: bool) -> list[str]:
    """What was wrong with a launch, one sentence each."""
    found = [f"the window wrote {word!r}" for word in BAD_WORDS if word in stderr]
    if exit_code != 0:
        found.append(f"the window ended with exit code {exit_code}")
    if not is_picture_there:
        found.append("the window gave no picture of itself")
    return found


def main() -> int:
    """Launch, wait, judge; 0 when there is nothing to complain about."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "window.png"
        result = subprocess.run(
            [sys.executable, "-m", "app.screenshot", str(picture), "--seconds", str(PLAY_S)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
        )
        found = complaints(result.returncode, result.stderr, picture.exists())
    if found:
        sys.stderr.write(f"{result.stderr}\n{'; '.join(found)}\n")
    else:
        sys.stderr.write(f"The window played for {PLAY_S} s and closed cleanly.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
