"""Models to measure: the house model, and a random network that is bound by its weights."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from torch import Tensor

from engine.diffusion.accelerators import candidates
from engine.diffusion.backbone import Backbone, Conditioning, Family, ModelInfo, PredictionType
from engine.diffusion.find_model import load_model
from engine.diffusion.model_info import alpha_bar_of
from engine.diffusion.prompt import PromptBook
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.diffusion.tickets import TicketOffice
from engine.enums import Precision
from engine.params import Sampler
from engine.renderer import Progress, RenderSpec

ROUNDS = 5
HOUSE_SIZE_PX = (256, 256)
RANDOM_SIZE_PX = (128, 128)


@dataclass(frozen=True)
class Workbench:
    """One model on one accelerator, with what a frame needs to enter."""

    name: str
    backbone: Backbone
    size_px: tuple[int, int]
    tickets: TicketOffice

    def example_image(self) -> Tensor:
        """Seeded noise, -1…1: (1, 3, H, W); zeros would flatter some kernels."""
        width_px, height_px = self.size_px
        generator = torch.Generator().manual_seed(0)
        return torch.rand(1, 3, height_px, width_px, generator=generator) * 2 - 1

    def full_stream(self, image: Tensor, ticket: Ticket) -> StreamBatch:
        """A batch in which every slot but the first is taken."""
        stream = StreamBatch(self.backbone)
        for _ in range(ticket.num_slots - 1):
            stream.admit(self.backbone.encode(image), ticket)
            stream.tick()
        return stream


class SilentText:
    """A text encoder for random networks: any prompt is its own seeded row."""

    def __init__(self, tokens: int, width: int) -> None:
        self._shape = (1, tokens, width)

    def encode(self, prompt: str, is_negative: bool = False) -> Conditioning:
        generator = torch.Generator().manual_seed(len(prompt) + is_negative)
        return Conditioning(torch.randn(self._shape, generator=generator))


def house(
    accelerator_name: str = "openvino",
    size_px: tuple[int, int] = HOUSE_SIZE_PX,
    precision: Precision = Precision.AUTO,
) -> Workbench:
    """The house model; in OpenVINO, as it plays on a processor, unless another is named."""
    spec = RenderSpec("house", *size_px, precision=precision)
    accelerator = candidates(accelerator_name)[0].create()
    place = accelerator.placement
    model = load_model(spec, place, _ignore)
    plain = SDBackbone(model.info, model.unet, model.vae, place.device, place.dtype, size_px)
    example = model.text_encoder.encode("")
    backbone = accelerator.accelerate(plain, spec, example, _ignore)
    prompts = PromptBook(model.text_encoder, place.device)
    return _workbench(f"house {accelerator_name}", backbone, size_px, prompts)


def random_sd() -> Workbench:
    """Stable Diffusion's UNet at half its width with a small latent: weights are the traffic."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(block_out_channels=(160, 320, 640, 640), cross_attention_dim=384)
    vae = AutoencoderTiny()
    info = ModelInfo(
        name="random SD, half width",
        family=Family.SD,
        prediction_type=PredictionType.EPSILON,
        alpha_bar=alpha_bar_of({"beta_schedule": "scaled_linear", **_SD_BETAS}, "random SD"),
        latent_channels=4,
        vae_scale_factor=8,
        sampler=Sampler.LCM,
    )
    device = torch.device("cpu")
    backbone = SDBackbone(info, unet.eval(), vae.eval(), device, torch.float32, RANDOM_SIZE_PX)
    prompts = PromptBook(SilentText(77, 384), device)
    return _workbench(f"{info.name} eager", backbone, RANDOM_SIZE_PX, prompts)


_SD_BETAS = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012}


def _workbench(
    name: str, backbone: Backbone, size_px: tuple[int, int], prompts: PromptBook
) -> Workbench:
    info = backbone.info
    width_px, height_px = size_px
    factor = info.vae_scale_factor
    shape = (info.latent_channels, height_px // factor, width_px // factor)
    return Workbench(name, backbone, size_px, TicketOffice(info, prompts, shape, backbone.device))


def repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    """So many calls in a row, as one contender: a single one is too short for a busy machine."""

    def calls() -> None:
        for _ in range(times):
            call()

    return calls


def interleave(contenders: dict[str, Callable[[], None]], per_run: int) -> dict[str, float]:
    """Run all in turns, so that a busy machine slows them alike.

    Returns: each one's median milliseconds per `per_run`, warm-up apart.
    """
    for run in contenders.values():
        run()
    times_ms: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            start_s = time.perf_counter()
            run()
            times_ms[name].append((time.perf_counter() - start_s) / per_run * 1e3)
    return {name: round(statistics.median(values), 3) for name, values in times_ms.items()}


def _ignore(progress: Progress) -> None:
    """Nobody watches."""
