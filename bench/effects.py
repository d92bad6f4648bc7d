"""What each effect before and behind the model costs, at values that are not neutral.

Processor time of one thread, which hardly changes when the machine is busy with something else.
*still*: the value stays, so that tables and maps are kept; *moving*: it changes at every picture,
as under modulation.
"""

from __future__ import annotations

import time

import cv2
import numpy as np

from bench._common import print_result, say
from engine.effects import Effects
from engine.frame import Frame, Image
from engine.params import StreamParams

SIZES_PX = ((512, 512), (1280, 720))
NUM_PICTURES = 16  # more than a core's own cache holds
NUM_ROUNDS = 12
# Each row: the values, and the one that moves.
ROWS: dict[str, tuple[dict[str, object], str]] = {
    "neutral": ({}, ""),
    "mirror": ({"mirror": "horizontal"}, ""),
    "rotate": ({"rotate_deg": 20.0}, "rotate_deg"),
    "kaleidoscope": ({"mirror": "kaleidoscope", "rotate_deg": 20.0}, "rotate_deg"),
    "key": ({"key_background": "black"}, "key_hue_deg"),
    "feedback": ({"feedback": 0.5, "feedback_zoom": 1.05}, "feedback_zoom"),
    "dry_wet": ({"dry_wet": 0.5}, "dry_wet"),
    "smoothing": ({"smoothing": 0.5}, "smoothing"),
    "sharpen": ({"sharpen": 1.0}, "sharpen"),
    "colour": ({"hue_deg": 30.0, "saturation": 1.2, "contrast": 1.1}, "hue_deg"),
    "vignette": ({"vignette": 0.5}, "vignette"),
}
ALL: dict[str, object] = {
    "mirror": "horizontal", "rotate_deg": 20.0, "key_background": "black", "feedback": 0.5,
    "feedback_zoom": 1.05, "dry_wet": 0.5, "smoothing": 0.5, "sharpen": 1.0, "hue_deg": 30.0,
    "vignette": 0.5,
}  # fmt: skip


def pictures(width_px: int, height_px: int) -> list[Image]:
    """Blurred noise: every hue, edges of every strength."""
    generator = np.random.default_rng(0)
    shape = (height_px, width_px, 3)
    noise = [generator.integers(0, 256, shape, dtype=np.uint8) for _ in range(NUM_PICTURES)]
    return [np.asarray(cv2.GaussianBlur(image, (9, 9), 0), np.uint8) for image in noise]


def looks(values: dict[str, object], moved: str) -> list[StreamParams]:
    """One for each picture; `moved` wanders by two thousandths of its value a picture."""
    params = StreamParams(**values)  # type: ignore[arg-type]
    if not moved:
        return [params] * NUM_PICTURES
    start = float(getattr(params, moved))
    steps = [start * (1.0 - 0.002 * k) for k in range(NUM_PICTURES)]
    return [params.with_changes({moved: value}) for value in steps]


def cost_ms(images: list[Image], params: list[StreamParams]) -> float:
    """The median of a picture's whole way: into the model and out again, the model left out."""
    effects, taken_s = Effects(), list[float]()
    for index in range(NUM_ROUNDS * NUM_PICTURES):
        frame, look = Frame(images[index % NUM_PICTURES], index, 0.0), params[index % NUM_PICTURES]
        start_s = time.thread_time()
        entered = effects.seen(frame, look)
        effects.admit(entered)
        effects.finish(frame, look)
        taken_s.append(time.thread_time() - start_s)
    return round(float(np.median(taken_s[NUM_PICTURES:])) * 1e3, 3)


def measure(width_px: int, height_px: int) -> dict[str, dict[str, float]]:
    """Milliseconds a picture for every row."""
    say(f"{len(ROWS) + 1} rows at {width_px}×{height_px}")
    images = pictures(width_px, height_px)
    rows = {**ROWS, "all together": (ALL, "rotate_deg")}
    return {
        name: {
            "still_ms": cost_ms(images, looks(values, "")),
            "moving_ms": cost_ms(images, looks(values, moved)),
        }
        for name, (values, moved) in rows.items()
    }


def main() -> None:
    """Measure every size and print."""
    cv2.setNumThreads(1)
    figures = {f"{width}x{height}": measure(width, height) for width, height in SIZES_PX}
    print_result("effects", figures)
    for name, row in figures["{}x{}".format(*SIZES_PX[0])].items():
        say(f"{name:<14} {row['still_ms']:6.3f} ms still  {row['moving_ms']:6.3f} ms moving")


if __name__ == "__main__":
    main()
