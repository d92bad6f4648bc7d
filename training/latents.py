"""The pool in the codec's latents, made once: training then needs neither pictures nor encoder.

``DIR/latents/PART.npy`` is float16 (N, 1 + looks, 8, 64, 64): the photo, then each look.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny

from .codec import load_codec, to_tensor
from .looks import LOOKS
from .pool import save, slug

CHUNK = 2  # small enough for the processor's caches: half the time of a chunk of 25


def encode_pool(work: Path, counts: dict[str, int]) -> None:
    """Encode the first so many pictures of each part, unless they are there."""
    codec = load_codec(work)
    for name, count in counts.items():
        target = work / "latents" / f"{name}.npy"
        if not target.exists():
            save(target, _encode_part(codec, work / "pool" / name, count))


def _encode_part(codec: AutoencoderTiny, part: Path, count: int) -> np.ndarray:
    names = ["photos", *(slug(look) for look in LOOKS)]
    arrays = [np.load(part / f"{name}.npy", mmap_mode="r")[:count] for name in names]
    columns = [
        np.concatenate(
            [_encode(codec, array[start : start + CHUNK]) for start in range(0, len(array), CHUNK)]
        )
        for array in arrays
    ]
    return np.stack(columns, 1)


@torch.no_grad()
def _encode(codec: AutoencoderTiny, pictures: np.ndarray) -> np.ndarray:
    with torch.autocast("cpu", torch.bfloat16):
        return codec.encode(to_tensor(pictures)).latents.half().numpy()
