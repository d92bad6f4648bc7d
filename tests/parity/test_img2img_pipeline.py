"""The whole chain against diffusers' own img2img pipelines, in float32, with the same noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.noise import make_noise
from engine.diffusion.schedule import choose_timesteps
from engine.enums import GuidanceMode
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderSpec
from tests import tiny_models

SIDE = 32
SEED = 11
PIPELINES = {
    "sd1-lcm": diffusers.StableDiffusionImg2ImgPipeline,
    "sdxl-lcm": diffusers.StableDiffusionXLImg2ImgPipeline,
    "sd-turbo": diffusers.StableDiffusionImg2ImgPipeline,
    "sdxl-turbo": diffusers.StableDiffusionXLImg2ImgPipeline,
}
CASES = [
    *((kind, steps) for kind in ("sd1-lcm", "sdxl-lcm") for steps in (1, 2, 3, 4)),
    *((kind, steps) for kind in ("sd-turbo", "sdxl-turbo") for steps in (1, 3)),
]
NOISY_MODULES = (
    "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img",
    "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img",
    "diffusers.schedulers.scheduling_lcm",
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models with a tiny autoencoder: diffusers samples a KL posterior, Reverie takes its mode."""
    root = tmp_path_factory.mktemp("models")
    return {
        kind: tiny_models.write(root / kind, kind, vae=tiny_models.seeded(tiny_models.tiny_vae))
        for kind in PIPELINES
    }


@pytest.fixture
def frame() -> Frame:
    pixels = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return Frame(pixels, sequence=0, captured_s=0.0)


def feed_noise(monkeypatch: pytest.MonkeyPatch, noise: torch.Tensor) -> None:
    """Give diffusers our noise: the first for the input, then one for each step."""
    rows: Iterator[torch.Tensor] = iter(noise.split(1))

    def next_row(shape: Any, *_: object, **__: object) -> torch.Tensor:
        row = next(rows)
        assert tuple(shape) == tuple(row.shape)
        return row

    for module in NOISY_MODULES:
        monkeypatch.setattr(f"{module}.randn_tensor", next_row)


def paint_with_diffusers(
    kind: str, folder: Path, frame: Frame, params: StreamParams, timesteps: tuple[int, ...]
) -> np.ndarray:
    extras = {} if kind.startswith("sdxl") else {"safety_checker": None, "feature_extractor": None}
    pipeline = PIPELINES[kind](
        **tiny_models.read_back(folder),
        scheduler=type(tiny_models.SCHEDULERS[kind]()).from_pretrained(folder / "scheduler"),
        **extras,
    )
    pipeline.set_progress_bar_config(disable=True)
    picture = torch.from_numpy(frame.image.copy()).permute(2, 0, 1)[None] / 255
    is_guided = params.guidance_mode is GuidanceMode.FULL
    output = pipeline(
        prompt=params.prompt,
        negative_prompt=params.negative_prompt,
        image=picture,
        timesteps=list(timesteps),
        strength=1.0,
        guidance_scale=params.guidance_scale if is_guided else 1.0,
        output_type="pt",
    )
    return output.images[0].permute(1, 2, 0).numpy() * 255


# diffusers turns tensors into arrays in a way that numpy 2 deprecates
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("mode", [GuidanceMode.NONE, GuidanceMode.FULL])
@pytest.mark.parametrize(("kind", "num_steps"), CASES)
def test_a_streamed_frame_is_the_picture_that_diffusers_paints(
    kind: str,
    num_steps: int,
    mode: GuidanceMode,
    folders: dict[str, Path],
    frame: Frame,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    params = StreamParams(
        prompt="a red fox",
        negative_prompt="blue",
        guidance_mode=mode,
        guidance_scale=2.0,
        num_inference_steps=num_steps,
        strength=0.7,
        seed=SEED,
    )
    renderer = StreamRenderer()
    renderer.prepare(RenderSpec(str(folders[kind]), SIDE, SIDE, "eager"), lambda progress: None)
    info = renderer.model_info
    timesteps = choose_timesteps(info, info.sampler, num_steps, params.strength)
    assert len(timesteps) == num_steps

    for _ in range(num_steps):
        ours = renderer.render(frame, params)
    renderer.close()

    feed_noise(monkeypatch, make_noise(SEED, num_steps, (4, SIDE // 2, SIDE // 2)))
    theirs = paint_with_diffusers(kind, folders[kind], frame, params, timesteps)
    assert ours is not None
    assert theirs.std() > 2  # of 255: a flat picture would prove nothing
    # half a level of rounding, and a hundredth for another order of the same float32 sums
    assert np.abs(ours.image - theirs).max() < 0.51
