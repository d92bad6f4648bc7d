"""The clip that a soak plays, made by the program's own generator, and a damaged copy of it."""

from __future__ import annotations

from pathlib import Path

import av

from engine.api import IDENTITY_MODEL, Engine, RenderSpec, ShowSpec

CLIP_FRAMES = 300
DAMAGED_FROM, DAMAGED_TO = 0.4, 0.6


def make_clip(path: Path, width_px: int = 640, height_px: int = 360) -> Path:
    """Ten seconds of the demo scene."""
    engine = Engine()
    spec = RenderSpec(IDENTITY_MODEL, width_px, height_px)
    engine.start(
        ShowSpec(
            source="demo",
            sinks=(f"record:{path}",),
            render=spec,
            is_realtime=False,
            max_frames=CLIP_FRAMES,
        )
    )
    engine.wait()
    engine.stop()
    return path


def damage(clip: Path, target: Path) -> Path:
    """A copy whose middle is overwritten with other bytes of itself, back to front."""
    content = bytearray(clip.read_bytes())
    first, last = int(len(content) * DAMAGED_FROM), int(len(content) * DAMAGED_TO)
    content[first:last] = content[first:last][::-1]
    target.write_bytes(content)
    return target


def frames_in(path: Path) -> int:
    """How many pictures a recording holds."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))
