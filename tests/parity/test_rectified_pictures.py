"""Rectified models from their folder to the picture, against a plain loop as their makers write it.

Rectified flow is `test_recipes`' and PeRFlow's arithmetic `tests.support.perflow`; Rectified
Diffusion, which is published as pickles only, is what its makers' own loader makes of it: an SD 1.5
folder with DDIM at trailing timesteps, the noise schedule linear for "rd" and "cm", scaled linear
for the phased ones.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from torch import Tensor

from engine.diffusion.backbone import PredictionType
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.noise import make_noise
from engine.enums import GuidanceMode
from engine.frame import Frame
from engine.params import Sampler, StreamParams
from engine.renderer import RenderSpec
from tests import tiny_models
from tests.support.perflow import PeRFlow

# diffusers turns tensors into arrays in a way that numpy 2 deprecates
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SIDE, SEED, STEPS = 32, 11, 4
PERFLOW_CARD = {"sampler": "flow_euler", "prediction_type": "window_epsilon", "time_windows": 4}
PARAMS = StreamParams(
    prompt="a red fox",
    negative_prompt="blue",
    guidance_mode=GuidanceMode.FULL,
    guidance_scale=2.0,
    guidance_rescale=0.0,
    num_inference_steps=STEPS,
    strength=1.0,
    seed=SEED,
)


class Plain:
    """A tiny model asked without Reverie: diffusers' own modules, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.parts: dict[str, Any] = tiny_models.read_back(folder)
        self.embeds = [self.embedding(text) for text in (PARAMS.prompt, PARAMS.negative_prompt)]

    def embedding(self, text: str) -> Tensor:
        tokens = self.parts["tokenizer"](
            text, padding="max_length", truncation=True, return_tensors="pt"
        )
        return self.parts["text_encoder"](tokens.input_ids)[0]

    def ask(self, x: Tensor, timestep: int) -> Tensor:
        cond, negative = (
            self.parts["unet"](x, timestep, embeds, return_dict=False)[0] for embeds in self.embeds
        )
        return negative + PARAMS.guidance_scale * (cond - negative)

    def picture(self, latent: Tensor) -> np.ndarray:
        image = self.parts["vae"].decode(latent / self.parts["vae"].config.scaling_factor).sample
        return ((image[0] / 2 + 0.5).clamp(0, 1) * 255).permute(1, 2, 0).numpy()

    def latent(self, frame: Frame) -> Tensor:
        image = torch.from_numpy(frame.image.copy()).permute(2, 0, 1)[None] / 127.5 - 1
        return self.parts["vae"].encode(image).latents * self.parts["vae"].config.scaling_factor


@pytest.fixture
def frame() -> Frame:
    pixels = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return Frame(pixels, sequence=0, captured_s=0.0)


def folder_of(path: Path, scheduler: Any, card: dict[str, object] | None = None) -> Path:
    vae = tiny_models.seeded(tiny_models.tiny_vae)
    folder = tiny_models.write(path / "model", "sd1", vae=vae, scheduler=scheduler)
    if card:
        (folder / "reverie.json").write_text(json.dumps(card))
    return folder


def painted(folder: Path, frame: Frame) -> tuple[np.ndarray, StreamRenderer]:
    renderer = StreamRenderer()
    renderer.prepare(RenderSpec(str(folder), SIDE, SIDE, "eager"), lambda progress: None)
    for _ in range(STEPS):
        finished = renderer.render(frame, PARAMS)
    assert finished is not None
    return finished.image, renderer


def entered(alpha_bar: float, latent: Tensor) -> Tensor:
    noise = make_noise(SEED, STEPS, (4, SIDE // 2, SIDE // 2))[:1]
    return alpha_bar**0.5 * latent + (1 - alpha_bar) ** 0.5 * noise


@pytest.mark.parametrize("beta_schedule", ["linear", "scaled_linear"])
@torch.inference_mode()
def test_a_converted_rectified_diffusion_paints_as_its_makers_loader(
    beta_schedule: str, tmp_path: Path, frame: Frame
) -> None:
    scheduler = diffusers.DDIMScheduler(
        **{**tiny_models.TRAINED, "beta_schedule": beta_schedule},
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=False,
    )
    folder = folder_of(tmp_path, scheduler)
    ours, renderer = painted(folder, frame)
    info = renderer.model_info
    renderer.close()

    plain = Plain(folder)
    scheduler.set_timesteps(STEPS)
    scheduler.final_alpha_cumprod = torch.tensor(1.0)  # it ends at the first, we at the clean end
    x = entered(float(scheduler.alphas_cumprod[999]), plain.latent(frame))
    for t in scheduler.timesteps:
        x = scheduler.step(plain.ask(x, int(t)), t, x).prev_sample
    assert (info.sampler, info.prediction_type) == (Sampler.DDIM, PredictionType.EPSILON)
    assert_alike(ours, plain.picture(x))


@torch.inference_mode()
def test_perflow_paints_as_by_its_authors_scheduler(tmp_path: Path, frame: Frame) -> None:
    scheduler = diffusers.DEISMultistepScheduler(**tiny_models.TRAINED)
    folder = folder_of(tmp_path, scheduler, PERFLOW_CARD)
    ours, renderer = painted(folder, frame)
    alpha_bar = renderer.model_info.alpha_bar
    renderer.close()

    plain = Plain(folder)
    reference = PeRFlow(alpha_bar, PredictionType.WINDOW_EPSILON)
    x = entered(float(alpha_bar[999]), plain.latent(frame))
    for time in (1000, 750, 500, 250):
        x, noisier = x - 0.25 * reference.velocity(x, plain.ask(x, time), time), x
    # They end at the first alpha_bar, we at the clean end: both ends of the last window are
    # a·z + b·noise, which gives z.
    (a, b), (a_noisier, b_noisier) = ((bar**0.5, (1 - bar) ** 0.5) for bar in alpha_bar[[0, 249]])
    clean = (b_noisier * x - b * noisier) / (b_noisier * a - b * a_noisier)
    assert_alike(ours, plain.picture(clean))


def assert_alike(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert theirs.std() > 2  # of 255: a flat picture would prove nothing
    # half a level of rounding, and a hundredth for another order of the same float32 sums
    assert np.abs(ours - theirs).max() < 0.51
