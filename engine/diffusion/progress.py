"""Progress of a part as progress of the whole."""

from __future__ import annotations

from engine.renderer import OnProgress, Progress


def part_of(on_progress: OnProgress, start: float, end: float) -> OnProgress:
    """A listener for a part that spans `start` to `end` of the whole, both 0-1."""

    def report(progress: Progress) -> None:
        on_progress(Progress(start + progress.fraction * (end - start), progress.message))

    return report
