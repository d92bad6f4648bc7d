"""Prompts to conditioning with the model's own CLIP text encoders.

Thread: the prompt thread (see `engine.diffusion.prompt`); never inside a tick.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.diffusion.backbone import Conditioning


class ClipText:
    """One CLIP text encoder: SD 1.x, SD 2.x, the house model."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self._tokenizer, self._model = tokenizer, model

    @torch.inference_mode()
    def encode(self, prompt: str, is_negative: bool = False) -> Conditioning:
        """One row (1, tokens, width) float32; the empty prompt is a prompt like any other."""
        inputs = tokenize(self._tokenizer, self._model, prompt)
        return Conditioning(self._model(**inputs)[0].float())


class ClipTextXL:
    """SDXL's two encoders: penultimate layers side by side, and the second's pooled vector.

    Source: Podell et al. 2023, arXiv:2307.01952, section 2.1.
    """

    def __init__(
        self,
        tokenizers: tuple[Any, Any],
        models: tuple[Any, Any],
        is_empty_negative_zero: bool,
    ) -> None:
        """is_empty_negative_zero: the model was trained with zeros for "no negative prompt"."""
        self._encoders = tuple(zip(tokenizers, models, strict=True))
        self._is_empty_negative_zero = is_empty_negative_zero

    @torch.inference_mode()
    def encode(self, prompt: str, is_negative: bool = False) -> Conditioning:
        """One row: embeds (1, tokens, width), pooled (1, width), float32."""
        outputs = [
            model(**tokenize(tokenizer, model, prompt), output_hidden_states=True)
            for tokenizer, model in self._encoders
        ]
        embeds = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1).float()
        pooled = outputs[-1][0].float()
        if is_negative and not prompt and self._is_empty_negative_zero:
            return Conditioning(torch.zeros_like(embeds), torch.zeros_like(pooled))
        return Conditioning(embeds, pooled)


def tokenize(tokenizer: Any, model: Any, prompt: str) -> dict[str, Tensor]:
    """The prompt as the encoder takes it: padded to its full length, the rest cut off."""
    tokens = tokenizer(
        prompt,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    inputs = {"input_ids": tokens.input_ids.to(model.device)}
    if getattr(model.config, "use_attention_mask", False):
        inputs["attention_mask"] = tokens.attention_mask.to(model.device)
    return inputs
