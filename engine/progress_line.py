"""How far a run with an end is, as one line for a terminal. Pure."""

from __future__ import annotations

BAR_CHARS = 24


def progress_line(done: int, total: int, rate_hz: float) -> str:
    """`[######------]  42 %  210 of 500 pictures  6.1/s  0:47 left`

    done, total: pictures. rate_hz: 0 while it isn't known.
    """
    share = min(1.0, done / total) if total > 0 else 1.0
    filled = round(share * BAR_CHARS)
    bar = "#" * filled + "-" * (BAR_CHARS - filled)
    left = clock_text((total - done) / rate_hz) + " left" if rate_hz > 0 else "beginning"
    return f"[{bar}] {share:4.0%}  {done} of {total} pictures  {rate_hz:.1f}/s  {left}"


def clock_text(seconds: float) -> str:
    """`0:47`, `12:03`, `1:02:03`"""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
