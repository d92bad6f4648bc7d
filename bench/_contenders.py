"""Who is compared: each takes an RGB uint8 picture from host memory and gives one back.

All share one network's modules, its words and its noise, so that their pictures can be compared.
Reverie is here; the others are in `bench._peers`.
"""

from __future__ import annotations

import importlib.util
from copy import deepcopy
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bench._cases import Case
from bench._networks import SEED, Network
from engine.diffusion.accelerators import ACCELERATORS
from engine.diffusion.accelerators.base import torch_device
from engine.diffusion.backbone import Backbone
from engine.diffusion.painter import Painter
from engine.diffusion.prompt import PromptBook
from engine.diffusion.schedule import choose_timesteps
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.tickets import TicketOffice
from engine.errors import AcceleratorError
from engine.frame import Image
from engine.params import Sampler, StreamParams
from engine.renderer import RenderSpec

PROMPT, NEGATIVE = "a lighthouse", ""
GUIDANCE_SCALE = 1.4
GRID = 20  # LCM's timesteps are 999 - 20·index
ALL_THREADS = torch.get_num_threads()


class NotHere(Exception):
    """A contender that can't run this case here; its text says why."""


class Contender(Protocol):
    """One way to paint. dtype: what it computes in. num_threads: PyTorch's, while it runs."""

    dtype: torch.dtype
    num_threads: int

    def paint(self, image: Image) -> Image | None:
        """One frame in, one out, or None while the batch fills."""
        ...

    def close(self) -> None:
        """End what runs in the background."""
        ...


def noise_of(network: Network, case: Case) -> Tensor:
    """(steps, C, h, w): the draws that diffusers makes itself, one after the other."""
    generator = torch.Generator().manual_seed(SEED)
    side = case.size_px // network.info.vae_scale_factor
    shape = (1, network.info.latent_channels, side, side)
    return torch.cat([torch.randn(shape, generator=generator) for _ in range(case.steps)])


def timesteps_of(network: Network, case: Case) -> tuple[int, ...]:
    """Those of LCM's scheduler at full strength."""
    info = replace(network.info, timestep_grid=GRID)
    return choose_timesteps(info, Sampler.LCM, case.steps, 1.0)


def usable_accelerators() -> list[str]:
    """Names worth trying here: torch.compile takes minutes on a processor."""
    return [name for name in ACCELERATORS if name != "compile" or torch_device().type == "cuda"]


def accelerated(network: Network, side_px: int, accelerator: str) -> Backbone:
    """The network on one accelerator, for square pictures. Errors: NotHere."""
    try:
        fast = ACCELERATORS[accelerator].create()
        place, size_px = fast.placement, (side_px, side_px)
        if place.device.type != torch_device().type:
            raise NotHere("it runs on the processor, the others on the card")
        unet, vae = deepcopy(network.unet), deepcopy(network.vae)  # it rearranges weights
        plain = SDBackbone(network.info, unet, vae, place.device, place.dtype, size_px)
        spec = RenderSpec(network.name, *size_px, accelerator)
        example = network.text.encode("")
        backbone = fast.accelerate(plain, spec, example, lambda progress: None)
    except AcceleratorError as error:
        raise NotHere(str(error)) from error
    backbone.close()  # what it would compile in the background slows whoever is measured
    return backbone


def settle(backbone: Backbone, num_rows: int) -> None:
    """As after a second of a show with as many rows: OpenVINO's executable for them is there."""
    if importlib.util.find_spec("openvino") is None:
        return
    from engine.diffusion.accelerators.openvino_backbone import MOST_ROWS, OpenVinoBackbone

    if isinstance(backbone, OpenVinoBackbone) and num_rows <= MOST_ROWS:
        backbone.compile_for(num_rows)


class Reverie:
    """The renderer's own tick."""

    def __init__(self, network: Network, case: Case, backbone: Backbone) -> None:
        self._backbone = backbone
        is_run_by_torch = isinstance(backbone, SDBackbone) and backbone.device.type == "cpu"
        self.num_threads = ALL_THREADS if is_run_by_torch else 1
        self.dtype = backbone.dtype
        self._painter = Painter(backbone, case.size_px, case.size_px)
        self._is_batched = case.is_batched
        self._prompts = PromptBook(network.text, backbone.device)
        self._ticket = self._make_ticket(network, case)
        grey = np.full((case.size_px, case.size_px, 3), 128, dtype=np.uint8)
        for _ in range(case.steps if case.is_batched else 1):
            self.paint(grey)
        settle(backbone, self._painter.stream.num_rows)

    @classmethod
    def on(cls, accelerator: str, network: Network, case: Case) -> Reverie:
        """Errors: NotHere."""
        return cls(network, case, accelerated(network, case.size_px, accelerator))

    def _make_ticket(self, network: Network, case: Case) -> Ticket:
        info = replace(network.info, sampler=Sampler.LCM, timestep_grid=GRID)
        noise = noise_of(network, case).to(self._backbone.device)
        shape = (noise.shape[1], noise.shape[2], noise.shape[3])
        params = StreamParams(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            num_inference_steps=case.steps,
            strength=1.0,
            guidance_mode=case.guidance,
            guidance_scale=GUIDANCE_SCALE,
        )
        office = TicketOffice(info, self._prompts, shape, self._backbone.device)
        return replace(office.ticket_for(params), noise=noise)

    def paint(self, image: Image) -> Image | None:
        paint = self._painter.paint if self._is_batched else self._painter.paint_whole
        painted = paint(image, self._ticket)
        return painted.image if painted else None

    def close(self) -> None:
        """End what runs in the background."""
        self._prompts.close()
        self._backbone.close()
