"""Closed-form looks: pure functions from a photo to the picture the model shall paint.

Every filter maps RGB float32 HWC 0-1 to the same shape and range. Textures (dots, cells, glyphs,
scanlines) hang on a grid of ``CELL`` pixels anchored at the top left corner; that is two latent
pixels, the phase that a network with one downsampling stage can know. Inputs must therefore be
cropped at multiples of ``CELL``. Filters draw no random numbers: the same photo gives the same
picture, so that a still camera gives a still picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

CELL = 8
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(photo: Picture) -> Picture:
    """BT.601 luma, HW 0-1."""
    return photo @ _LUMA


def blur(picture: Picture, sigma_px: float) -> Picture:
    """Gaussian blur of an HW or HWC picture."""
    return cv2.GaussianBlur(picture, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101)


def smoothstep(low: float, high: float, value: Picture) -> Picture:
    """Hermite step from 0 at ``low`` to 1 at ``high``; ``low`` may exceed ``high``."""
    x = np.clip((value - low) / (high - low), 0, 1)
    return (x * x * (3 - 2 * x)).astype(np.float32)


def gradient_map(value: Picture, *colours: str) -> Picture:
    """Colour an HW picture by evenly spaced hex colours, dark to light; HWC 0-1."""
    table = np.array([[int(c[i : i + 2], 16) / 255 for i in (0, 2, 4)] for c in colours])
    stops = np.linspace(0, 1, len(colours))
    value = np.clip(value, 0, 1)
    return np.stack([np.interp(value, stops, table[:, c]) for c in range(3)], -1).astype(np.float32)


def mix(first: Picture, second: Picture, weight: Picture) -> Picture:
    """Blend two HWC pictures by an HW weight: 0 gives the first."""
    return first + (second - first) * weight[..., None]


def colour(hex_code: str) -> Picture:
    """One RGB colour, shape (1, 1, 3)."""
    return gradient_map(np.zeros((1, 1), np.float32), hex_code, hex_code)


def stretch(value: Picture) -> Picture:
    """Pull local contrast towards the full range, so that dim rooms keep their features."""
    mean = blur(value, 24)
    spread = np.sqrt(blur((value - mean) ** 2, 24)) + 0.06
    return np.clip(0.5 + 0.6 * (mean - 0.5) + 0.17 * (value - mean) / spread, 0, 1)


def edges(value: Picture, sigma_px: float = 1.0) -> tuple[Picture, Picture]:
    """Gradient magnitude and orientation (radians) at one scale, local contrast evened out."""
    smooth = blur(value, sigma_px)
    dx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0) / 16
    dy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1) / 16
    magnitude = np.hypot(dx, dy)
    return magnitude / (0.02 + 1.5 * blur(magnitude, 20)), np.arctan2(dy, dx)


def ink_lines(value: Picture, sigma_px: float = 1.0, sharpness: float = 12.0) -> Picture:
    """Dark contour lines by extended difference of Gaussians; HW, 1 = paper, 0 = ink.

    Source: Winnemöller, Kyprianidis, Olsen 2012, "XDoG", eq. 7 (soft threshold at 0).
    """
    difference = blur(value, sigma_px) - 0.98 * blur(value, sigma_px * 1.6)
    return np.where(difference >= 0, 1, 1 + np.tanh(sharpness * 6 * difference)).astype(np.float32)


def kuwahara(photo: Picture, radius_px: int = 3) -> Picture:
    """Paint-like smoothing: each pixel takes the mean of its calmest neighbour square.

    Source: Kuwahara et al. 1976; soft choice of the quadrant after Papari et al. 2007.
    """
    size = (2 * radius_px + 1,) * 2
    mean = cv2.blur(photo, size, borderType=cv2.BORDER_REFLECT_101)
    variance = (cv2.blur(photo**2, size, borderType=cv2.BORDER_REFLECT_101) - mean**2).sum(-1)
    total, norm = np.zeros_like(photo), np.zeros_like(variance)
    for dy, dx in ((-1, -1), (-1, 1), (1, -1), (1, 1), (0, 0)):
        move = np.array([[1, 0, dx * radius_px], [0, 1, dy * radius_px]], np.float32)
        there = {"dsize": photo.shape[1::-1], "borderMode": cv2.BORDER_REFLECT_101}
        weight = 1 / (1e-4 + np.maximum(cv2.warpAffine(variance, move, **there), 0)) ** 3
        total += cv2.warpAffine(mean, move, **there) * weight[..., None]
        norm += weight
    return total / norm[..., None]


def saturate(photo: Picture, gain: float) -> Picture:
    """Scale the distance from grey."""
    grey = luma(photo)[..., None]
    return np.clip(grey + gain * (photo - grey), 0, 1)


def grid(shape: tuple[int, ...], period_px: int = CELL) -> tuple[Picture, Picture]:
    """Row and column inside each grid cell, both HW with values 0 to period-1."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (y % period_px).astype(np.float32), (x % period_px).astype(np.float32)


def cell_mean(picture: Picture) -> Picture:
    """Mean over each grid cell, at cell resolution."""
    height, width = picture.shape[:2]
    return cv2.resize(picture, (width // CELL, height // CELL), interpolation=cv2.INTER_AREA)


def enlarge_cells(cells: Picture) -> Picture:
    """Repeat each cell's value over its square."""
    return cells.repeat(CELL, 0).repeat(CELL, 1)


def dot_screen(shape: tuple[int, ...]) -> Picture:
    """Threshold picture of a dot screen with one dot a cell; HW 0-1."""
    y, x = grid(shape)
    turn = 2 * np.pi / CELL
    return (0.5 + (np.cos((x + 0.5) * turn) + np.cos((y + 0.5) * turn)) / 4).astype(np.float32)


def neon(photo: Picture) -> Picture:
    """Glowing contours on black, coloured by the direction of the edge."""
    strength, angle = edges(stretch(luma(photo)), 1.2)
    tube = smoothstep(0.55, 1.7, strength)
    turn = 0.5 + 0.5 * np.cos(2 * angle)
    tint = gradient_map(turn.astype(np.float32), "00e5ff", "7a3cff", "ff2bd6")
    glow = blur(tint * tube[..., None], 3.5) * 1.3
    core = tint * tube[..., None] + 0.55 * blur(tube, 0.7)[..., None] ** 2
    return np.clip(0.01 + glow + core, 0, 1)


def thermal(photo: Picture) -> Picture:
    """A heat camera: smooth false colour from black and violet to yellow and white."""
    heat = blur(stretch(luma(photo)), 1.5)
    return gradient_map(
        heat * 1.1 - 0.05, "05001c", "2b0a78", "8a0f8c", "d8324f", "ff7a12", "ffd02e", "fffbe0"
    )


def blueprint(photo: Picture) -> Picture:
    """White draughtsman's lines on blue paper with a faint grid."""
    grey = stretch(luma(photo))
    lines = 1 - ink_lines(grey, 0.9, 14) * ink_lines(1 - grey, 0.9, 6)
    y, x = grid(photo.shape)
    paper = gradient_map(blur(grey, 2), "0b2f78", "1c57b8")
    paper = paper + np.float32(0.07) * ((y == 0) | (x == 0))[..., None]
    return np.clip(mix(paper, colour("f4f9ff"), np.clip(lines * 1.1, 0, 1)), 0, 1)


def comic(photo: Picture) -> Picture:
    """Printed comic: flat saturated colours, dot shading, black contours."""
    flat = saturate(kuwahara(photo, 2), 1.9)
    tones = np.round(flat * 3) / 3 * 0.75 + flat * 0.25
    shade = 1 - luma(kuwahara(photo, 2))
    dots = smoothstep(-0.12, 0.12, shade * 0.95 - 0.12 - dot_screen(photo.shape))
    printed = tones * 0.72 + 0.34
    printed = printed * (1 - 0.62 * dots[..., None] * (1 - tones * 0.75))
    return np.clip(printed * ink_lines(stretch(luma(photo)), 1.3, 14)[..., None], 0, 1)


def pixel_art(photo: Picture) -> Picture:
    """An 8-bit game: large square pixels in few strong colours."""
    cells = saturate(cell_mean(photo), 1.6)
    cells = np.clip((cells - 0.5) * 1.25 + 0.5, 0, 1)
    cells = np.round(cells * 4) / 4
    y, x = grid(photo.shape)
    bevel = 1 + 0.12 * ((y == 0) | (x == 0)) - 0.3 * ((y == CELL - 1) | (x == CELL - 1))
    return np.clip(enlarge_cells(cells) * bevel[..., None], 0, 1).astype(np.float32)


def gold(photo: Picture) -> Picture:
    """Embossed gold leaf: shape and light from the luma, black in the hollows."""
    grey = stretch(blur(luma(photo), 0.8))
    relief = cv2.Scharr(blur(grey, 1.0), cv2.CV_32F, 1, 0) + cv2.Scharr(
        blur(grey, 1.0), cv2.CV_32F, 0, 1
    )
    light = np.clip(grey * 0.85 + 0.05 + 0.16 * relief, 0, 1)
    return gradient_map(light, "050200", "2b1500", "7a4300", "c98a12", "ffcf3d", "fff6c4")


def glitch(photo: Picture) -> Picture:
    """A broken video signal: colour channels torn apart, scanlines, hard contrast."""
    picture = np.clip((saturate(photo, 1.3) - 0.5) * 1.35 + 0.5, 0, 1)
    height = picture.shape[0]
    tear = np.where((np.arange(height) // CELL) % 4 == 0, 14, 6)
    columns = np.arange(picture.shape[1])
    out = picture.copy()
    for channel, sign in ((0, 1), (2, -1)):
        source = np.clip(columns[None] + sign * tear[:, None], 0, picture.shape[1] - 1)
        out[..., channel] = np.take_along_axis(picture[..., channel], source, 1)
    y, _ = grid(photo.shape)
    return np.clip(out * np.where(y < 4, 1.15, 0.5)[..., None], 0, 1).astype(np.float32)


def ink_wash(photo: Picture) -> Picture:
    """East Asian brush and ink: black strokes, pale washes, warm paper."""
    grey = stretch(luma(kuwahara(photo, 1)))
    strokes = ink_lines(grey, 1.3, 14)
    wash = smoothstep(0.05, 0.62, blur(grey, 1.2))
    wash = 0.35 + 0.65 * np.round(wash * 3) / 3
    ink = np.minimum(wash, 1) * strokes * smoothstep(0.02, 0.2, grey)
    return gradient_map(blur(ink.astype(np.float32), 0.6), "0c0b10", "6d6a6a", "f6efdf")


def oil_paint(photo: Picture) -> Picture:
    """Thick oil paint: rich colour in broad strokes with lit ridges."""
    paint = saturate(kuwahara(blur(photo, 0.6), 2), 1.6)
    paint = np.clip((paint - 0.5) * 1.15 + 0.5, 0, 1)
    _, angle = edges(blur(luma(photo), 2.5), 2.0)
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    across = x * np.cos(angle) + y * np.sin(angle)
    ridge = luma(paint) - blur(luma(paint), 1.2) + 0.035 * np.sin(across * 2 * np.pi / 4)
    return np.clip(paint + 0.9 * ridge[..., None], 0, 1).astype(np.float32)


def pencil(photo: Picture) -> Picture:
    """Graphite on white paper: contours and diagonal hatching in the shadows."""
    grey = stretch(luma(photo))
    dodge = np.clip(grey / (1e-3 + 1 - blur(1 - grey, 3.0)), 0, 1)
    y, x = grid(photo.shape)
    hatch = 0.5 + 0.5 * np.cos((x + y) * 2 * np.pi / CELL)
    cross = 0.5 + 0.5 * np.cos((x - y) * 2 * np.pi / CELL)
    shade = 1 - blur(grey, 1.0)
    tone = 1 - 0.7 * smoothstep(0.35, 0.65, shade) * hatch
    tone = tone - 0.5 * smoothstep(0.6, 0.85, shade) * cross
    drawn = np.clip(tone, 0.08, 1) * dodge**1.6 * ink_lines(grey, 1.0, 8)
    return gradient_map(drawn.astype(np.float32), "26262b", "f7f6f2")


def poster(photo: Picture) -> Picture:
    """A four-colour screen print: navy, red, pale blue and cream in flat areas."""
    tone = blur(stretch(luma(kuwahara(photo, 1))), 0.7) * 4
    inks = [colour(c) for c in ("062a4f", "d81f2a", "71a0a8", "fbe7a8")]
    picture = np.broadcast_to(inks[0], photo.shape).astype(np.float32)
    for level, ink in zip((1.25, 1.95, 2.65), inks[1:], strict=True):
        picture = mix(picture, ink, smoothstep(level - 0.08, level + 0.08, tone))
    return picture


_GLYPHS = (
    "........ ........ ........ ........ ........ ........ ........ ........",
    "........ ........ ........ ........ ........ ...##... ...##... ........",
    "........ ...##... ...##... ........ ........ ...##... ...##... ........",
    "........ ........ .######. ........ ........ .######. ........ ........",
    "........ ...##... ...##... .######. .######. ...##... ...##... ........",
    "........ .##..##. ..####.. .######. .######. ..####.. .##..##. ........",
    "........ .##..##. .######. .##..##. .##..##. .######. .##..##. ........",
    "........ .######. .##..##. .##.###. .##.###. .##..... .######. ........",
    "........ .######. .##..##. .######. .######. .##..##. .######. ........",
    ".######. ######## ##.##.## ######## ######## ##....## ######## .######.",
)


def glyph_table() -> Picture:
    """The terminal's characters from sparse to dense, shape (10, 8, 8), 0-1."""
    rows = [[[c == "#" for c in line] for line in glyph.split()] for glyph in _GLYPHS]
    return np.array(rows, np.float32)


def terminal(photo: Picture) -> Picture:
    """Green characters on a black screen, brighter parts by denser characters."""
    grey = stretch(luma(photo))
    tone = smoothstep(0.12, 0.9, cell_mean(grey))
    index = np.minimum(tone * len(_GLYPHS), len(_GLYPHS) - 1).astype(int)
    rows, columns = index.shape
    glyphs = glyph_table()[index].transpose(0, 2, 1, 3).reshape(rows * CELL, columns * CELL)
    light = smoothstep(0.05, 0.85, blur(grey, 1.2))
    bright = (glyphs * 0.85 + 0.3 * blur(glyphs, 2.0)) * (0.12 + 0.88 * light)
    return gradient_map(bright, "000a03", "00a63a", "3dff7a", "dcffe6")


def risograph(photo: Picture) -> Picture:
    """Two-ink print: fluorescent pink dots over teal lines on cream paper."""
    tone = stretch(luma(kuwahara(photo, 2)))
    y, x = grid(photo.shape)
    lines = 0.5 + 0.5 * np.cos((x - y) * 2 * np.pi / CELL)
    pink = smoothstep(-0.15, 0.15, 1.15 * (1 - tone) - 0.05 - dot_screen(photo.shape))
    teal = smoothstep(-0.2, 0.2, 1.25 * (1 - tone) - 0.45 - lines)
    paper = np.broadcast_to(colour("f7efdc"), photo.shape)
    inked = paper * mix(np.ones_like(photo), colour("ff3d86"), pink)
    return (inked * mix(np.ones_like(photo), colour("0f8f9c"), teal)).astype(np.float32)
