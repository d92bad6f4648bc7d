"""The others: streamdiffusion 0.1.1 and diffusers, on the same modules, words and noise.

They get and give tensors, which is kinder to them than the PIL pictures of their examples.
"""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy as np
import torch
from torch import Tensor

from bench._cases import Case
from bench._contenders import (
    ALL_THREADS,
    GRID,
    GUIDANCE_SCALE,
    NEGATIVE,
    PROMPT,
    NotHere,
    noise_of,
    timesteps_of,
)
from bench._networks import SEED, Network
from engine.diffusion.accelerators.base import torch_device
from engine.diffusion.backbone import Family
from engine.diffusion.loader import quiet
from engine.enums import GuidanceMode
from engine.frame import Image

STREAM_GUIDANCE = {
    GuidanceMode.NONE: "none",
    GuidanceMode.FULL: "full",
    GuidanceMode.SELF_NEGATIVE: "self",
}


class TorchContender:
    """What the two others share: eager PyTorch on the same device, tensors in and out."""

    def __init__(self, network: Network, case: Case) -> None:
        self.device = torch_device()
        self.dtype = next(network.unet.parameters()).dtype
        self.num_threads = ALL_THREADS
        self.conditioning = network.text.encode(PROMPT)
        self.negative = network.text.encode(NEGATIVE, is_negative=True)
        alpha_bar = network.info.alpha_bar
        self.scheduler = diffusers.LCMScheduler(
            trained_betas=1.0 - alpha_bar / np.concatenate([[1.0], alpha_bar[:-1]]),
            steps_offset=1,
            prediction_type=str(network.info.prediction_type),
        )

    def to_tensor(self, image: Image) -> Tensor:
        """(1, 3, H, W) 0-1."""
        moved = torch.from_numpy(np.array(image)).to(self.device)
        return moved.permute(2, 0, 1)[None].to(self.dtype) / 255.0

    def to_image(self, tensor: Tensor) -> Image:
        """(1, 3, H, W) 0-1 → uint8."""
        levels = tensor[0].permute(1, 2, 0).float() * 255.0
        return levels.round().clamp(0, 255).to(torch.uint8).cpu().numpy()

    def close(self) -> None:
        """Nothing runs in the background."""


class Diffusers(TorchContender):
    """Its image-to-image pipeline, one picture after the other."""

    def __init__(self, network: Network, case: Case) -> None:
        super().__init__(network, case)
        if case.guidance not in (GuidanceMode.NONE, GuidanceMode.FULL):
            raise NotHere(f"diffusers has no {case.guidance} guidance")
        if not case.is_batched:
            raise NotHere("the same as the batched case: diffusers never batches the steps")
        is_xl = network.info.family is Family.SDXL
        with quiet():
            self._pipeline = self._make_pipeline(network, is_xl)
        self._pipeline.set_progress_bar_config(disable=True)
        names = ("prompt_embeds", "negative_prompt_embeds")
        rows = (self.conditioning, self.negative)
        embeds = {name: row.embeds for name, row in zip(names, rows, strict=True)}
        if is_xl:
            pooled = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")
            embeds |= {name: row.pooled for name, row in zip(pooled, rows, strict=True)}
        is_guided = case.guidance is GuidanceMode.FULL
        self._options: dict[str, Any] = {
            **{name: row.to(self.dtype) for name, row in embeds.items() if row is not None},
            "num_inference_steps": case.steps,
            "strength": 1.0,
            "guidance_scale": GUIDANCE_SCALE if is_guided else 1.0,
            "output_type": "pt",
        }

    def _make_pipeline(self, network: Network, is_xl: bool) -> Any:
        parts: dict[str, Any] = {"vae": network.vae, "unet": network.unet}
        parts |= {"text_encoder": None, "tokenizer": None, "scheduler": self.scheduler}
        if is_xl:
            more: dict[str, Any] = {"text_encoder_2": None, "tokenizer_2": None}
            pipeline: Any = diffusers.StableDiffusionXLImg2ImgPipeline
            return pipeline(**parts, **more, add_watermarker=False)
        pipeline = diffusers.StableDiffusionImg2ImgPipeline
        return pipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )

    def paint(self, image: Image) -> Image | None:
        generator = torch.Generator().manual_seed(SEED)
        with torch.inference_mode():
            made = self._pipeline(image=self.to_tensor(image), generator=generator, **self._options)
        return self.to_image(made.images)


class StreamDiffusion(TorchContender):
    """PyPI's streamdiffusion 0.1.1, eager, with its synchronisation after every frame."""

    def __init__(self, network: Network, case: Case) -> None:
        super().__init__(network, case)
        if network.info.family is Family.SDXL:
            raise NotHere("streamdiffusion 0.1.1 doesn't play SDXL")
        try:
            library: Any = importlib.import_module("streamdiffusion.pipeline")
        except ImportError as error:
            raise NotHere(
                "streamdiffusion isn't there: pip install --no-deps --target DIR "
                "streamdiffusion==0.1.1, then --streamdiffusion DIR"
            ) from error
        if not torch.cuda.is_available():
            self._do_without_cuda(library)
        self._stream = library.StreamDiffusion(
            self._pipe(network),
            [(999 - t) // GRID for t in timesteps_of(network, case)],
            torch_dtype=self.dtype,
            width=case.size_px,
            height=case.size_px,
            use_denoising_batch=case.is_batched,
            cfg_type=STREAM_GUIDANCE[case.guidance],
        )
        self._stream.prepare(PROMPT, NEGATIVE, 50, GUIDANCE_SCALE, generator=torch.Generator())
        self._widen(noise_of(network, case).to(self.device, self.dtype), case)

    def _widen(self, noise: Tensor, case: Case) -> None:
        """Its state takes four channels for granted; give it the network's, and the same noise."""
        rows = noise if case.is_batched else noise[:1]
        self._stream.init_noise, self._stream.stock_noise = rows, torch.zeros_like(rows)
        if case.steps > 1:
            self._stream.x_t_latent_buffer = torch.zeros_like(noise[1:])
        self._num_filling = case.steps - 1 if case.is_batched else 0

    def _pipe(self, network: Network) -> Any:
        """As much of a diffusers pipeline as it reads."""
        rows = tuple(row.embeds.to(self.dtype) for row in (self.conditioning, self.negative))
        return SimpleNamespace(
            device=self.device,
            vae_scale_factor=network.info.vae_scale_factor,
            scheduler=self.scheduler,
            text_encoder=None,
            unet=network.unet,
            vae=network.vae,
            encode_prompt=lambda **wishes: rows,
        )

    @staticmethod
    def _do_without_cuda(library: Any) -> None:
        """It times itself with CUDA's events; on a processor they are nothing."""
        event = SimpleNamespace(record=lambda: None, elapsed_time=lambda other: 0.0)
        cuda = SimpleNamespace(Event=lambda **traits: event, synchronize=lambda: None)
        library.torch = _Without(torch, cuda)

    def rest_when_still(self, is_wished: bool) -> None:
        """Its own similarity filter, with its own defaults; it sleeps through what it skips."""
        if is_wished:
            self._stream.enable_similar_image_filter()
        else:
            self._stream.disable_similar_image_filter()

    @property
    def last_result(self) -> object:
        """Another object after every picture that it has really painted."""
        return self._stream.prev_image_result

    def paint(self, image: Image) -> Image | None:
        painted = self._stream(self.to_tensor(image))
        if self._num_filling:
            self._num_filling -= 1
            return None
        return self.to_image(painted / 2 + 0.5)


class _Without:
    """The module torch with another `cuda`, for one library alone."""

    def __init__(self, module: Any, cuda: Any) -> None:
        self._module, self.cuda = module, cuda

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)
