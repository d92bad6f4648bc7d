"""Prompts as conditioning, each encoded once.

The text encoder is off the hot path: a tick whose prompts are known reads the cache, whatever
their weights. The tick that first meets a new prompt encodes it, on the render thread: every
frame that enters after a change is painted with it, in real time as offline, so that runs repeat
bit for bit. Measured cost: 1.2 ms for the house model's encoder on one core, once per prompt;
meanwhile the presenter re-sends the last picture.
"""

from __future__ import annotations

import torch

from engine.diffusion.backbone import Conditioning
from engine.diffusion.blend import blend_conditioning
from engine.diffusion.loader import TextEncoder
from engine.diffusion.lru import LruCache
from engine.enums import BlendMode
from engine.prompts import parse_prompt

MAX_PROMPTS = 256  # 0.3 MB each for SD, 0.6 MB for SDXL


class PromptBook:
    """Encodes, blends and remembers. Thread: the render thread."""

    def __init__(self, text_encoder: TextEncoder, device: torch.device) -> None:
        self._text_encoder, self._device = text_encoder, device
        self._single: LruCache[tuple[str, bool], Conditioning] = LruCache(MAX_PROMPTS)

    def positive(self, prompt: str, mode: BlendMode) -> Conditioning:
        """One row for a weighted list of prompts, on the model's device.

        Errors: ValueError for a line that can't be read.
        """
        parts = parse_prompt(prompt)
        rows = [self._encoded(part.text, is_negative=False) for part in parts]
        blended = blend_conditioning(rows, [part.weight for part in parts], mode)
        return _moved(blended, self._device)

    def negative(self, prompt: str) -> Conditioning:
        """One row for the negative prompt, on the model's device."""
        return _moved(self._encoded(prompt, is_negative=True), self._device)

    def _encoded(self, text: str, is_negative: bool) -> Conditioning:
        """Kept in main memory: blends are computed in float64, which Apple's GPUs lack."""

        def encode() -> Conditioning:
            return _moved(self._text_encoder.encode(text, is_negative), torch.device("cpu"))

        # only an empty negative may differ from the same words as a prompt
        return self._single.get_or_make((text, is_negative and not text), encode)


def _moved(row: Conditioning, device: torch.device) -> Conditioning:
    pooled = None if row.pooled is None else row.pooled.to(device)
    return Conditioning(row.embeds.to(device), pooled)
