"""The training pool: square photos, and each look's painting of every one of them.

``DIR/pool/PART/photos.npy`` and ``DIR/pool/PART/LOOK.npy`` are uint8 arrays (N, 256, 256, 3), RGB.
All augmentation happens here and none later, because a look's texture hangs on the pixel grid and
its light has a direction: a mirrored target would teach the wrong one.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.demo import paint as paint_demo

from . import scenes
from .filters import Picture, blur, saturate
from .looks import LOOKS, Look

SIZE_PX = 256
Pictures = NDArray[np.uint8]


def slug(look: Look) -> str:
    """File name of a look."""
    return look.name.lower().replace(" ", "_")


def to_uint8(picture: Picture) -> Pictures:
    """Round a 0-1 picture to bytes."""
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def load_photos(folder: Path) -> list[Picture]:
    """All PNG files of a folder, RGB float32 0-1, in name order."""
    return [
        cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32) / 255
        for path in sorted(folder.glob("*.png"))
    ]


def random_crop(rng: np.random.Generator, photo: Picture) -> Picture:
    """A turned, mirrored, scaled square of a photo."""
    height, width = photo.shape[:2]
    side = min(height, width) * rng.uniform(0.36, 1.0)
    angle = rng.normal(0, 8)
    reach = side / 2
    centre = rng.uniform(reach, width - reach), rng.uniform(reach, height - reach)
    turn = cv2.getRotationMatrix2D(centre, angle, SIZE_PX / side)
    turn[:, 2] += SIZE_PX / 2 - np.array(centre)
    source = blur(photo, 0.35 * side / SIZE_PX) if side > 1.3 * SIZE_PX else photo
    crop = cv2.warpAffine(source, turn, (SIZE_PX, SIZE_PX), borderMode=cv2.BORDER_REFLECT_101)
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def camera(rng: np.random.Generator, picture: Picture) -> Picture:
    """Exposure, contrast, colour cast, blur and sensor noise of a cheap webcam."""
    picture = saturate(picture, rng.uniform(0.3, 1.6))
    picture = (picture - 0.5) * rng.uniform(0.6, 1.35) + 0.5
    picture = np.clip(picture * rng.normal(1, 0.06, 3), 0, 1) ** np.exp(rng.normal(0, 0.35))
    if rng.random() < 0.3:
        picture = blur(picture.astype(np.float32), rng.uniform(0.4, 1.5))
    noise = rng.normal(0, rng.uniform(0, 0.03) if rng.random() < 0.5 else 0, picture.shape)
    return np.clip(picture + noise, 0, 1).astype(np.float32)


def pool_photo(rng: np.random.Generator, photos: list[Picture]) -> Picture:
    """Draw one training picture."""
    kind = rng.random()
    if kind < 0.24:
        return camera(rng, scenes.face(rng, SIZE_PX))
    if kind < 0.31:
        return camera(rng, scenes.shapes(rng, SIZE_PX))
    crop = random_crop(rng, photos[rng.integers(len(photos))])
    if kind < 0.40:
        other = random_crop(rng, photos[rng.integers(len(photos))])
        crop = crop + (other - crop) * scenes.gradient(rng, SIZE_PX).mean(-1, keepdims=True)
    return camera(rng, crop)


def _build_photos(part: Path, train: Path, count: int) -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng(1)
    photos = load_photos(train)
    faces = [p for name, p in zip(sorted(train.glob("*.png")), photos, strict=True)
             if name.stem in ("obama", "grace_hopper")]  # fmt: skip
    pictures = [to_uint8(pool_photo(rng, photos + faces * 4)) for _ in range(count)]
    save(part / "photos.npy", np.stack(pictures))


def save(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array so that a half-written file is never taken for a finished one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        np.save(file, array)
    temporary.replace(path)


def build_look(part: Path, look: Look) -> None:
    """Paint the whole part in one look, unless it is there."""
    target = part / f"{slug(look)}.npy"
    if target.exists():
        return
    cv2.setNumThreads(1)
    photos = np.load(part / "photos.npy")
    save(target, np.stack([to_uint8(look.paint(p.astype(np.float32) / 255)) for p in photos]))


def demo_photo(rng: np.random.Generator) -> Picture:
    """The application's own demo scene at a random moment: the first thing a new user sees."""
    scene = paint_demo(rng.uniform(0, 600), 1280, 720).astype(np.float32) / 255
    middle = np.ascontiguousarray(scene[:, 280:1000])
    if rng.random() < 0.5:
        return cv2.resize(middle, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    return camera(rng, random_crop(rng, middle))


def _build_demo(part: Path, count: int) -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng(8)
    save(part / "photos.npy", np.stack([to_uint8(demo_photo(rng)) for _ in range(count)]))


def build(work: Path, count: int = 3000, demo_count: int = 240, workers: int = 2) -> None:
    """Build both parts of the pool; finished files are kept."""
    main, demo = work / "pool" / "main", work / "pool" / "demo"
    if not (main / "photos.npy").exists():
        _build_photos(main, work / "photos" / "train", count)
    if not (demo / "photos.npy").exists():
        _build_demo(demo, demo_count)
    for part in (main, demo):
        paint_part(part, workers)


def paint_part(part: Path, workers: int = 2) -> None:
    """Paint one part in every look that is missing, several looks at a time."""
    with ProcessPoolExecutor(workers) as executor:
        list(executor.map(partial(build_look, part), LOOKS))
