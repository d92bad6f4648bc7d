"""The README's before/after strip: one frame of the demo scene, then shipped looks painted on it.

`python -m docs.make_strip` writes docs/looks.jpg with the model, presets and demo scene as shipped.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from engine.api import Bank, RenderSpec, StreamParams, find_presets, load_preset
from engine.diffusion.in_process import StreamRenderer
from engine.frame import Frame, Image
from engine.renderer import Progress
from engine.sources import make_source

OUTPUT = Path(__file__).with_name("looks.jpg")
SPEC = RenderSpec("house", 256, 256)
FRAME = 45  # of the demo scene: the figure looks to the side
COLUMNS = 6
GAP_PX = 4
FONT, FONT_SCALE, WHITE = cv2.FONT_HERSHEY_DUPLEX, 0.5, (255, 255, 255)


def demo_frame() -> Frame:
    """The input of every picture in the strip."""
    source = make_source("demo", SPEC.width_px, SPEC.height_px)
    source.open()
    image = None
    for _ in range(FRAME + 1):
        capture = source.read()
        image = image if capture is None else capture.image
    source.close()
    if image is None:
        raise RuntimeError("the demo scene gave no picture")
    return Frame(image, sequence=0, captured_s=0.0)


def paint_looks(frame: Frame) -> list[tuple[str, Image]]:
    """The input and every shipped look of it, by name."""
    renderer = StreamRenderer()
    info = renderer.prepare(SPEC, _say)
    defaults = StreamParams().with_changes(info.defaults)
    pictures = [("input", frame.image)]
    for path in find_presets(Bank.HOUSE):
        preset, _ = load_preset(path)
        finished = renderer.render(frame, preset.apply(defaults))
        finished = finished or renderer.flush()[-1]
        pictures.append((preset.name, finished.image))
    renderer.close()
    return pictures


def arrange(pictures: list[tuple[str, Image]]) -> Image:
    """Full rows of labelled pictures on black; what doesn't fill a row is left out."""
    pictures = pictures[: len(pictures) // COLUMNS * COLUMNS]
    tiles = [_labelled(name, image) for name, image in pictures]
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)


def _labelled(name: str, image: Image) -> Image:
    tile = np.zeros((image.shape[0] + 24, image.shape[1] + GAP_PX, 3), np.uint8)
    tile[: image.shape[0], : image.shape[1]] = image
    place = (2, image.shape[0] + 17)
    cv2.putText(tile, name, place, FONT, FONT_SCALE, WHITE, 1, cv2.LINE_AA)
    return tile


def write_jpeg(image: Image, path: Path) -> None:
    """RGB in, whatever order the encoder wants inside."""
    is_ok, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not is_ok:
        raise RuntimeError(f"{path} can't be encoded")
    path.write_bytes(data.tobytes())


def _say(progress: Progress) -> None:
    print(f"{progress.fraction:4.0%} {progress.message}", file=sys.stderr)


if __name__ == "__main__":
    write_jpeg(arrange(paint_looks(demo_frame())), OUTPUT)
