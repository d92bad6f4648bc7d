"""The pattern source: a test picture whose frame number and time can be read back by machine.

A grid of black and white cells carries both with a checksum. Its black frame is found wherever it
went, so that latency and loss can be measured at any output: resized, letterboxed, compressed or
filmed from a screen.
"""

from __future__ import annotations

import binascii
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.frame import Image
from engine.sources.generator import GeneratedSource

COLUMNS, ROWS = 12, 6  # cells: 24 bits frame number, 32 bits milliseconds, 16 bits checksum
FRAME_CELLS = 0.5  # thickness of the black frame, and of the white margin around it
SAMPLES = 8  # pixels per cell in the straightened code
SMALLEST_CODE = 0.01  # of the picture's area
BARS = (
    (191, 191, 191),
    (191, 191, 0),
    (0, 191, 191),
    (0, 191, 0),
    (191, 0, 191),
    (191, 0, 0),
    (0, 0, 191),
    (16, 16, 16),
)
Bits = NDArray[np.uint8]  # (ROWS, COLUMNS), 0 or 1


@dataclass(frozen=True, slots=True)
class PatternReading:
    """What a pattern says: its frame number and its time on the source's timeline."""

    sequence: int
    time_s: float


def pattern_source(width_px: int = 1280, height_px: int = 720) -> GeneratedSource:
    """The test pictures as a source."""
    return GeneratedSource("test pattern", "machine-readable", paint_pattern, width_px, height_px)


def paint_pattern(sequence: int, time_s: float, width_px: int, height_px: int) -> Image:
    """The test picture, RGB uint8 (height_px, width_px, 3). Readable from about 96 px upwards.

    The code lies inside the centred square, so that a crop keeps it.
    """
    image = _still_layer(width_px, height_px).copy()
    layout = _Layout.of(width_px, height_px)
    cells = np.repeat(_encode(sequence, time_s)[..., None] * np.uint8(255), 3, axis=2)
    size = (COLUMNS * layout.cell_px, ROWS * layout.cell_px)
    left, top = layout.cells_left_px, layout.cells_top_px
    cells = cv2.resize(cells, size, interpolation=cv2.INTER_NEAREST)
    image[top : top + size[1], left : left + size[0]] = cells
    _draw_text(image, layout, sequence, time_s)
    _draw_motion(image, layout, time_s)
    return image


def read_pattern(image: Image) -> PatternReading | None:
    """Find and decode a pattern in any RGB uint8 picture; None where none can be read."""
    luma = cast("Image", cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    _, dark = cv2.threshold(luma, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(dark, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    smallest = SMALLEST_CODE * luma.size
    areas = [(cv2.contourArea(contour), contour) for contour in contours]
    for area, contour in sorted(areas, key=lambda pair: -pair[0]):
        if area < smallest:
            return None
        reading = _read_contour(luma, cast("NDArray[np.int32]", contour))
        if reading is not None:
            return reading
    return None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things lie, for one size; all in whole pixels, so that the cells stay crisp."""

    square_px: int
    left_px: int
    top_px: int
    cell_px: int
    cells_left_px: int
    cells_top_px: int

    @classmethod
    def of(cls, width_px: int, height_px: int) -> _Layout:
        square_px = min(width_px, height_px)
        left_px, top_px = (width_px - square_px) // 2, (height_px - square_px) // 2
        cell_px = max(1, int(0.94 * square_px / (COLUMNS + 4 * FRAME_CELLS)))
        cells_left_px = (width_px - COLUMNS * cell_px) // 2
        cells_top_px = top_px + round(0.20 * square_px) + cell_px
        return cls(square_px, left_px, top_px, cell_px, cells_left_px, cells_top_px)


@lru_cache(maxsize=4)
def _still_layer(width_px: int, height_px: int) -> Image:
    """Colour bars, grey ramp, and the code's white margin and black frame."""
    layout = _Layout.of(width_px, height_px)
    image = np.full((height_px, width_px, 3), 92, np.uint8)
    bars_px = max(1, layout.top_px + round(0.17 * layout.square_px))
    columns = np.arange(width_px) * len(BARS) // width_px
    image[:bars_px] = np.array(BARS, np.uint8)[columns]
    ramp = np.linspace(0, 255, width_px).astype(np.uint8)
    image[height_px - max(1, round(0.04 * layout.square_px)) :] = ramp[None, :, None]
    for inset, shade in ((2 * FRAME_CELLS, 255), (FRAME_CELLS, 0)):
        border_px = round(inset * layout.cell_px)
        rows = slice(
            layout.cells_top_px - border_px, layout.cells_top_px + ROWS * layout.cell_px + border_px
        )
        columns = slice(
            layout.cells_left_px - border_px,
            layout.cells_left_px + COLUMNS * layout.cell_px + border_px,
        )
        image[rows, columns] = shade
    return image


def _draw_text(image: Image, layout: _Layout, sequence: int, time_s: float) -> None:
    minutes, seconds = divmod(time_s, 60)
    text = f"{sequence:06d}   {int(minutes):02d}:{seconds:06.3f}"
    scale = layout.square_px / 480
    place = (
        layout.left_px + round(0.06 * layout.square_px),
        layout.top_px + round(0.86 * layout.square_px),
    )
    thickness = max(1, round(1.6 * scale))
    cv2.putText(
        image, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, (245, 245, 245), thickness, cv2.LINE_AA
    )


def _draw_motion(image: Image, layout: _Layout, time_s: float) -> None:
    """A ball that crosses the picture in two seconds and a hand that turns once a second."""
    height_px, width_px = image.shape[:2]
    radius_px = max(2, round(0.025 * layout.square_px))
    y_px = height_px - round(0.075 * layout.square_px)
    x_px = (time_s / 2 % 1) * width_px
    centre = (round(x_px * 16), y_px * 16)
    cv2.circle(image, centre, radius_px * 16, (255, 170, 60), -1, cv2.LINE_AA, 4)
    hub = (layout.left_px + round(0.92 * layout.square_px), y_px - 2 * radius_px)
    angle = 2 * math.pi * time_s
    reach_px = 1.9 * radius_px
    tip = (round(hub[0] + reach_px * math.sin(angle)), round(hub[1] - reach_px * math.cos(angle)))
    cv2.circle(image, hub, 2 * radius_px, (245, 245, 245), 1, cv2.LINE_AA)
    cv2.line(image, hub, tip, (255, 170, 60), max(1, radius_px // 4), cv2.LINE_AA)


def _encode(sequence: int, time_s: float) -> Bits:
    """24 + 32 bits, big-endian, and their CRC-16; both numbers wrap around."""
    payload = (sequence % 2**24).to_bytes(3, "big")
    payload += (round(time_s * 1000) % 2**32).to_bytes(4, "big")
    payload += binascii.crc_hqx(payload, 0xFFFF).to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(payload, np.uint8)).reshape(ROWS, COLUMNS)


def _decode(bits: Bits) -> PatternReading | None:
    code = np.packbits(bits.reshape(-1)).tobytes()
    if binascii.crc_hqx(code[:7], 0xFFFF) != int.from_bytes(code[7:], "big"):
        return None
    return PatternReading(int.from_bytes(code[:3], "big"), int.from_bytes(code[3:7], "big") / 1000)


def _read_contour(luma: Image, contour: NDArray[np.int32]) -> PatternReading | None:
    """Try a dark region as the code's frame: first upright, then as a filmed quadrilateral."""
    x, y, width, height = cv2.boundingRect(contour)
    upright = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    reading = _decode(_sample(luma, np.array(upright, np.float32) - 0.5))
    if reading is not None:
        return reading
    outline = cv2.approxPolyDP(contour, 0.03 * cv2.arcLength(contour, True), True)
    if len(outline) != 4:
        return None
    return _decode(_sample(luma, _clockwise(outline.reshape(4, 2).astype(np.float32))))


def _clockwise(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Four corners from the upper left one on, clockwise as seen."""
    total, difference = corners.sum(axis=1), corners[:, 0] - corners[:, 1]
    order = [total.argmin(), difference.argmax(), total.argmax(), difference.argmin()]
    return corners[order]


def _sample(luma: Image, corners: NDArray[np.float32]) -> Bits:
    """Straighten the code and compare the middle of each cell with the mean of the extremes."""
    border = FRAME_CELLS * SAMPLES
    width, height = COLUMNS * SAMPLES + 2 * border, ROWS * SAMPLES + 2 * border
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    transform = cv2.getPerspectiveTransform(corners, target)
    flat = cast("Image", cv2.warpPerspective(luma, transform, (round(width), round(height))))
    inner = flat[round(border) : round(height - border), round(border) : round(width - border)]
    cells = inner.reshape(ROWS, SAMPLES, COLUMNS, SAMPLES)[:, 2:-2, :, 2:-2].mean(axis=(1, 3))
    return (cells > (cells.min() + cells.max()) / 2).astype(np.uint8)
