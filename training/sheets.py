"""Contact sheets: what the model makes of pictures it has never seen, beside its targets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from .house import HouseModel, Pictures, to_pictures
from .looks import LOOKS, Look
from .pool import SIZE_PX, to_uint8


def square(path: Path, size_px: int = SIZE_PX) -> Pictures:
    """The upper middle square of a picture file (where faces are), RGB uint8."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 6, (width - side) // 2
    crop = picture[top : top + side, left : left + side]
    return cv2.resize(crop, (size_px, size_px), interpolation=cv2.INTER_AREA)


def target(look: Look, photo: Pictures) -> Pictures:
    """What the look's filter makes of one photo."""
    return to_uint8(look.paint(photo.astype(np.float32) / 255))


def caption(picture: Pictures, text: str) -> Pictures:
    """Write a small label into the corner."""
    out = np.ascontiguousarray(picture)
    for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(out, text, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, thick, cv2.LINE_AA)
    return out


def save_sheet(path: Path, rows: Sequence[Sequence[Pictures]], quality: int = 84) -> None:
    """Write rows of equally large pictures as one picture file."""
    sheet = np.concatenate([np.concatenate(list(row), 1) for row in rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


def looks_sheet(model: HouseModel, photos: Pictures, path: Path, **settings: float) -> None:
    """Every look: for each photo its target and the model's painting; first row the photos."""
    blank = np.zeros_like(photos[0])
    rows = [[tile for photo in photos for tile in (caption(photo, "photo"), blank)]]
    for look in LOOKS:
        painted = to_pictures(model.paint(photos, model.embed(look.prompt), **settings))
        row = []
        for photo, ours in zip(photos, painted, strict=True):
            row += [caption(target(look, photo), f"{look.name}: target"), caption(ours, "model")]
        rows.append(row)
    save_sheet(path, rows)


def write_sheets(model: HouseModel, judge: Path, folder: Path) -> None:
    """The model card's contact sheets."""
    photos = [square(judge / f"{name}.png") for name in ("astronaut", "china")]
    looks_sheet(model, np.stack(photos), folder / "looks.jpg")
    face = np.stack(photos[:1])
    _series_sheet(model, face, folder / "strength.jpg", "strength", (0.0, 0.25, 0.5, 0.75, 1.0))
    _series_sheet(model, face, folder / "guidance.jpg", "guidance_scale", (1, 1.5, 2, 2.5))
    _series_sheet(model, face, folder / "steps.jpg", "steps", (1, 2, 4))


def _series_sheet(
    model: HouseModel, photo: Pictures, path: Path, name: str, values: Sequence[float]
) -> None:
    """One setting's range across, every second look down."""
    rows = []
    for look in LOOKS[::2]:
        embedding = model.embed(look.prompt)
        painted = [to_pictures(model.paint(photo, embedding, **{name: v}))[0] for v in values]
        rows.append(
            [
                caption(picture, f"{look.name}, {name} {value}")
                for picture, value in zip(painted, values, strict=True)
            ]
        )
    save_sheet(path, rows)
