"""Judge an exported model on pictures never trained on; writes every figure as JSON.

Figures: likeness to each look's target, style distance, the empty prompt, strength and guidance
curves, blends, steps, clipping, flicker of a still and a moving picture. All self-negative
guidance unless named otherwise.
"""

from __future__ import annotations

import itertools
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import Tensor

from .denoiser import slerp
from .house import HouseModel, Pictures, to_pictures
from .looks import LOOKS
from .schedule import DEFAULT_GUIDANCE_SCALE
from .sheets import square, target
from .style import style_vectors


def psnr_db(first: Pictures, second: Pictures) -> float:
    """Peak signal to noise ratio of two RGB uint8 pictures or stacks."""
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def ssim(first: Pictures, second: Pictures) -> float:
    """Structural similarity of two pictures."""
    return float(structural_similarity(first, second, channel_axis=-1))


def style_distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Relative L2 distance of style vectors (N, 100), averaged."""
    return float(np.mean(np.linalg.norm(first - second, axis=1) / np.linalg.norm(second, axis=1)))


def crispness(painted: Pictures, wanted: Pictures) -> float:
    """How steep the pictures (B, H, W, 3) are on average, relative to the targets."""
    return steepness(painted) / steepness(wanted)


def steepness(pictures: Pictures) -> float:
    """Mean difference between neighbouring pixels, both ways."""
    levels = pictures.astype(np.float32)
    return float(sum(np.abs(np.diff(levels, axis=axis)).mean() for axis in (1, 2)))


def likeness(painted: Pictures, wanted: Pictures) -> dict[str, float]:
    """How close a stack of pictures is to its targets."""
    return {
        "psnr_db": float(np.mean([psnr_db(a, b) for a, b in zip(painted, wanted, strict=True)])),
        "ssim": float(np.mean([ssim(a, b) for a, b in zip(painted, wanted, strict=True)])),
        "style_distance": style_distance(style_vectors(painted), style_vectors(wanted)),
        "crispness": crispness(painted, wanted),
    }


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each figure over the rows."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def smooth(pictures: Pictures) -> NDArray[np.float32]:
    """Pictures without their finest texture, for comparing colours and shapes."""
    return np.stack([cv2.GaussianBlur(p.astype(np.float32), (0, 0), 2) for p in pictures])


class Judge:
    """Holds the model, the held-out photos and their targets."""

    def __init__(self, folder: Path, judge_photos: Path) -> None:
        self.model = HouseModel(folder)
        self.names = [path.stem for path in sorted(judge_photos.glob("*.png"))]
        self.photos = np.stack([square(path) for path in sorted(judge_photos.glob("*.png"))])
        self.embeddings = {look.name: self.model.embed(look.prompt) for look in LOOKS}
        self.targets = {
            look.name: np.stack([target(look, photo) for photo in self.photos]) for look in LOOKS
        }

        self._few = self.photos[::3]  # the curves need fewer

    def painted(self, name: str, **settings: Any) -> Pictures:
        """All held-out photos in one look."""
        return to_pictures(self.model.paint(self.photos, self.embeddings[name], **settings))

    def per_look(self) -> dict[str, Any]:
        """Likeness for every look: one, two, four steps, full guidance, photo and codec alone."""
        variants: dict[str, dict[str, Any]] = {
            "1_step": {},
            "2_steps": {"steps": 2},
            "4_steps": {"steps": 4},
            "2_steps_photo_contrast": {"steps": 2, "rebase": False},
            "1_step_full": {"full": True},
        }
        result: dict[str, Any] = {}
        for look in LOOKS:
            wanted = self.targets[look.name]
            rows = {
                name: likeness(self.painted(look.name, **settings), wanted)
                for name, settings in variants.items()
            }
            codec = to_pictures(self.model.decode(self.model.encode(wanted)))
            rows |= {"photo": likeness(self.photos, wanted), "codec": likeness(codec, wanted)}
            result[look.name] = rows
        result["mean"] = {
            name: mean_of([result[look.name][name] for look in LOOKS])
            for name in result[LOOKS[0].name]
        }
        return result

    def identity(self) -> dict[str, float]:
        """PSNR to the photo with the codec alone and with the empty prompt, by strength."""
        codec = to_pictures(self.model.decode(self.model.encode(self.photos)))
        empty = self.model.embed("")
        figures = {"codec": psnr_db(codec, self.photos)}
        for strength in (0.0, 0.5, 1.0):
            for name, scale in (("", 1.0), ("_guided", DEFAULT_GUIDANCE_SCALE)):
                ours = self.model.paint(self.photos, empty, strength=strength, guidance_scale=scale)
                figures[f"empty_prompt_{strength}{name}"] = psnr_db(to_pictures(ours), self.photos)
        return figures

    def strength_curve(self) -> dict[str, float]:
        """Share of the way from the photo to the full look at each strength (projection)."""
        strengths = np.linspace(0, 1, 6).round(2)
        return {str(strength): self._reach(strength=strength)["share"] for strength in strengths}

    def guidance_curve(self) -> dict[str, dict[str, dict[str, float]]]:
        """Share of the way to the default look and of clipped values, by mode and scale."""
        return {
            mode: {
                str(scale): self._reach(guidance_scale=scale, full=mode == "full")
                for scale in (1.0, 1.25, 1.5, 2.0, 2.5)
            }
            for mode in ("self_negative", "full")
        }

    @cached_property
    def _ends(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """The curves' beginning and end for each look: strength 0, and default settings."""
        return {
            name: (self._smooth(embedding, strength=0.0), self._smooth(embedding))
            for name, embedding in self.embeddings.items()
        }

    def _reach(self, **settings: Any) -> dict[str, float]:
        """How far the settings go, and the share of values more than 4 % beyond the range."""
        shares, clipped = [], []
        for name, (base, end) in self._ends.items():
            decoded = self.model.paint(self._few, self.embeddings[name], **settings)
            clipped.append(float((decoded.abs() > 1.08).float().mean()))
            way, gone = end - base, smooth(to_pictures(decoded)) - base
            shares.append(float((gone * way).sum() / (way * way).sum()))
        return {"share": float(np.mean(shares)), "clipped": float(np.mean(clipped))}

    def _smooth(self, embedding: Tensor, **settings: Any) -> NDArray[np.float32]:
        return smooth(to_pictures(self.model.paint(self._few, embedding, **settings)))

    def blends(self) -> dict[str, float]:
        """How far the middle of two looks' embeddings lies between their pictures.

        ``share`` is the projection on the way from the first to the second picture (0.5 is
        right), ``off`` the distance from that way relative to its length.
        """
        shares, offs = [], []
        names = [look.name for look in LOOKS]
        for first, second in itertools.pairwise(names):
            middle = slerp(self.embeddings[first], self.embeddings[second], torch.tensor([0.5]))
            a, b = self._smooth(self.embeddings[first]), self._smooth(self.embeddings[second])
            m, way = self._smooth(middle), b - a
            share = float(((m - a) * way).sum() / (way * way).sum())
            shares.append(share)
            offs.append(float(np.linalg.norm(m - a - share * way) / np.linalg.norm(way)))
        return {
            "share": float(np.mean(shares)),
            "share_min": min(shares),
            "share_max": max(shares),
            "off": float(np.mean(offs)),
        }

    def wordings(self) -> float:
        """Share of the wordings whose painting is nearest to the right look's target."""
        hits = []
        for look in LOOKS:
            for words in look.wordings:
                painted = to_pictures(self.model.paint(self._few, self.model.embed(words)))
                errors = {n: -psnr_db(painted, t[::3]) for n, t in self.targets.items()}
                hits.append(min(errors, key=errors.__getitem__) == look.name)
        return float(np.mean(hits))

    def flicker(self, path: Path, frames: int = 4) -> dict[str, float]:
        """Mean change between frames (of 255) of a slow pan with sensor noise, and standing still.

        Noise of the model is fixed, as in a show.
        """
        result: dict[str, float] = {}
        for kind, speed_px in (("moving", 2), ("still", 0)):
            clip = pan(path, frames, speed_px)
            result[f"{kind}_input"] = _change(clip)
            for name, steps in (("1_step", 1), ("2_steps", 2)):
                changes = []
                for look in LOOKS:
                    ours = self.model.paint(clip, self.embeddings[look.name], steps=steps)
                    changes.append(_change(to_pictures(ours)))
                result[f"{kind}_{name}"] = float(np.mean(changes))
            painted = [_change(np.stack([target(look, f) for f in clip])) for look in LOOKS]
            result[f"{kind}_targets"] = float(np.mean(painted))
        return result

    def all_figures(self, moving: Path) -> dict[str, Any]:
        """Every figure."""
        return {
            "pictures": self.names,
            "per_look": self.per_look(),
            "identity_psnr_db": self.identity(),
            "strength_curve": self.strength_curve(),
            "guidance_curve": self.guidance_curve(),
            "blends": self.blends(),
            "wordings_hit": self.wordings(),
            "frame_change": self.flicker(moving),
        }


def pan(path: Path, frames: int, speed_px: int) -> Pictures:
    """A camera moving over a large picture, with seeded sensor noise."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]
    rng = np.random.default_rng(7)
    clip = [picture[200:456, 300 + i * speed_px : 556 + i * speed_px] for i in range(frames)]
    noisy = np.stack(clip).astype(np.float32) + rng.normal(0, 2.0, (frames, 256, 256, 3))
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


def _change(clip: Pictures) -> float:
    return float(np.abs(np.diff(clip.astype(np.float32), axis=0)).mean())
