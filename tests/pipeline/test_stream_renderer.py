"""The in-process renderer through every family: tiny random models, written to disk, read back."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.noise import make_noise
from engine.enums import GuidanceMode
from engine.errors import (
    AcceleratorError,
    InvalidFrame,
    ModelLoadError,
    OutOfMemoryError,
    PreparationCancelled,
)
from engine.frame import Frame
from engine.params import Sampler, StreamParams
from engine.renderer import Progress, RenderInfo, RenderSpec
from tests import tiny_models

SIDE = 32
MODES = list(GuidanceMode)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for kind in tiny_models.SCHEDULERS:
        tiny_models.write(root / kind, kind)
    return root


def ready(folder: Path, **changes: object) -> tuple[StreamRenderer, RenderInfo]:
    renderer = StreamRenderer()
    spec = replace(RenderSpec(str(folder), SIDE, SIDE, "eager"), **changes)
    return renderer, renderer.prepare(spec, lambda progress: None)


def frame(sequence: int, seed: int | None = None) -> Frame:
    source = np.random.default_rng(sequence if seed is None else seed)
    return Frame(source.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8), sequence, sequence / 30)


def params(**changes: object) -> StreamParams:
    return StreamParams(prompt="a red fox", guidance_scale=1.6).with_changes(changes)


@pytest.mark.parametrize(
    ("kind", "family", "sampler"),
    [
        ("house", "sd", Sampler.LCM),
        ("sd1", "sd", Sampler.DDIM),
        ("sd1-lcm", "sd", Sampler.LCM),
        ("sd2-v", "sd", Sampler.DDIM),
        ("sd-turbo", "sd", Sampler.TURBO),
        ("sdxl", "sdxl", Sampler.DDIM),
        ("sdxl-lcm", "sdxl", Sampler.LCM),
        ("sdxl-turbo", "sdxl", Sampler.TURBO),
    ],
)
def test_every_family_paints_in_every_guidance_mode(
    models: Path, kind: str, family: str, sampler: Sampler
) -> None:
    renderer, info = ready(models / kind)
    assert info.family == family
    assert renderer.model_info.sampler is sampler
    assert (info.width_px, info.height_px, info.accelerator) == (SIDE, SIDE, "eager")
    for mode in MODES:
        live = params(guidance_mode=mode, num_inference_steps=2)
        outputs = [renderer.render(frame(index), live) for index in range(4)]
        assert outputs[0] is None
        assert [output.sequence for output in outputs[1:]] == [0, 1, 2]
        assert outputs[-1].image.shape == (SIDE, SIDE, 3)
        assert outputs[-1].captured_s == frame(2).captured_s
        assert [last.sequence for last in renderer.flush()] == [3]
        assert renderer.in_flight == 0
    renderer.close()


@pytest.mark.parametrize("kind", ["house", "sd1", "sdxl"])
def test_the_same_seed_and_frames_give_bit_identical_pictures(models: Path, kind: str) -> None:
    def run() -> list[np.ndarray]:
        renderer, _ = ready(models / kind)
        live = params(num_inference_steps=3, seed=7, seed_target=8, seed_blend=0.3)
        outputs = [renderer.render(frame(index), live) for index in range(5)]
        outputs += renderer.flush()
        renderer.close()
        return [output.image for output in outputs if output is not None]

    first, second = run(), run()
    assert len(first) == 5
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_still_picture_through_a_sampled_autoencoder_stays_still(models: Path) -> None:
    renderer, _ = ready(models / "sd1")  # its own AutoencoderKL
    outputs = [renderer.render(frame(index, seed=1), params()) for index in range(3)]
    assert all(np.array_equal(outputs[0].image, output.image) for output in outputs[1:])


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "blue glass"},
        {"prompt": "a red fox | blue glass"},
        {"negative_prompt": "noise", "guidance_mode": GuidanceMode.FULL},
        {"guidance_scale": 3.0},
        {"guidance_mode": GuidanceMode.NONE},
        {"strength": 0.9},
        {"seed": 99},
        {"seed_blend": 0.5},
    ],
    ids=str,
)
def test_every_live_parameter_acts_on_the_next_tick(models: Path, change: dict) -> None:
    renderer, _ = ready(models / "sd1-lcm")
    before = renderer.render(frame(0, seed=1), params())
    again = renderer.render(frame(1, seed=1), params())
    after = renderer.render(frame(2, seed=1), params(**change))
    assert np.array_equal(before.image, again.image)
    assert not np.array_equal(before.image, after.image)


def test_frames_in_flight_finish_with_the_prompt_that_they_entered_with(models: Path) -> None:
    old, new = params(num_inference_steps=3), params(num_inference_steps=3, prompt="blue glass")
    renderer, _ = ready(models / "sd1-lcm")
    outputs = [renderer.render(frame(index, seed=1), old) for index in range(3)]
    outputs += [renderer.render(frame(index, seed=1), new) for index in range(3, 6)]
    painted = [output.image for output in outputs if output is not None]
    assert np.array_equal(painted[0], painted[2])  # frames 0 and 2 entered under the old prompt
    assert not np.array_equal(painted[0], painted[3])


def test_fewer_steps_give_the_newest_frame_at_once(models: Path) -> None:
    renderer, _ = ready(models / "sd1-lcm")
    for index in range(4):
        renderer.render(frame(index), params(num_inference_steps=4))
    output = renderer.render(frame(4), params(num_inference_steps=1))
    assert output.sequence == 4
    assert renderer.in_flight == 0


def test_each_prompt_is_encoded_once(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer, _ = ready(models / "sd1-lcm")
    from engine.diffusion import text_encoder

    encoded: list[str] = []
    tokenize = text_encoder.tokenize

    def counting(tokenizer, model, prompt):
        encoded.append(prompt)
        return tokenize(tokenizer, model, prompt)

    monkeypatch.setattr(text_encoder, "tokenize", counting)
    live = params(negative_prompt="glass", guidance_mode=GuidanceMode.FULL)
    for index in range(10):
        weight = index / 10
        crossfade = {"prompt": f"fox::{1 - weight} | glass::{weight}"}
        renderer.render(frame(index), live.with_changes(crossfade))
    assert sorted(encoded) == ["fox", "glass"]


def poison(seed: int, target: int, share: float, slots: int, shape: tuple) -> torch.Tensor:
    """Noise that is infinite for seed 5."""
    noise = make_noise(seed, slots, shape)
    return noise / 0 if seed == 5 else noise


def test_nan_is_reported_and_the_next_frame_is_good(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.diffusion.tickets.blend_noise", poison)
    renderer, _ = ready(models / "sd1-lcm")
    with pytest.raises(InvalidFrame, match="came out of the model with NaN or Inf"):
        renderer.render(frame(1), params(seed=5))
    assert renderer.in_flight == 0
    assert renderer.render(frame(2), params(seed=6)).sequence == 2


def test_flushing_drops_a_frame_with_nan_and_keeps_the_good_ones(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.diffusion.tickets.blend_noise", poison)
    renderer, _ = ready(models / "sd1-lcm")
    for index, seed in enumerate([4, 5, 6]):
        renderer.render(frame(index), params(seed=seed, num_inference_steps=4))
    assert [output.sequence for output in renderer.flush()] == [0, 2]


def test_preparing_reports_rising_progress_and_can_be_cancelled(models: Path) -> None:
    seen: list[Progress] = []
    spec = RenderSpec(str(models / "sd1-lcm"), SIDE, SIDE, "eager")
    StreamRenderer().prepare(spec, seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert all(progress.message for progress in seen)

    def cancel(progress: Progress) -> None:
        if progress.fraction > 0.2:
            raise PreparationCancelled("cancelled")

    with pytest.raises(PreparationCancelled):
        StreamRenderer().prepare(spec, cancel)


def test_collecting_garbage_passes_by_a_model_that_plays(models: Path) -> None:
    gc.unfreeze()
    renderer, _ = ready(models / "sd1")
    model = renderer._ready().made.model.unet
    assert not any(each is model for each in gc.get_objects())
    assert gc.get_freeze_count() > 0
    renderer.close()
    gc.unfreeze()


def test_a_size_that_the_model_cannot_paint_is_refused_with_one_that_it_can(models: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"multiples of 4 px, not 30×32; use 28×32"):
        ready(models / "house", width_px=30)


def test_an_unknown_accelerator_is_refused_with_the_known_ones(models: Path) -> None:
    with pytest.raises(AcceleratorError, match='no accelerator "warp"; there are auto, eager'):
        ready(models / "house", accelerator="warp")


def test_auto_falls_back_to_pytorch_and_says_why(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.diffusion import accelerators

    absent = replace(accelerators.ACCELERATORS["openvino"], why_not=lambda: "it is not installed.")
    monkeypatch.setitem(accelerators.ACCELERATORS, "openvino", absent)
    monkeypatch.setattr("engine.diffusion.accelerators.base.has_gpu", lambda: False)
    renderer, info = ready(models / "house", accelerator="auto")
    assert info.accelerator == "eager"
    assert info.accelerator_notes == (
        "The accelerator openvino isn't available: it is not installed.",
    )
    renderer.close()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError(
            "[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate"
        ),
    ],
)
def test_out_of_memory_becomes_a_sentence_with_a_smaller_size(
    models: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("engine.diffusion.acceleration.load_model", fail)
    spec = RenderSpec("sdxl-turbo", 1024, 768, "eager")
    with pytest.raises(OutOfMemoryError, match=r"sdxl-turbo at 1024×768 .* try 768×576"):
        StreamRenderer().prepare(spec, lambda progress: None)


def test_the_models_own_card_sets_name_defaults_and_words(models: Path, tmp_path: Path) -> None:
    folder = tiny_models.write(tmp_path / "house", "house")
    (folder / "reverie.json").write_text(
        '{"name": "House", "defaults": {"guidance_scale": 1.8}, "known_words": ["fox", "glass"]}'
    )
    _, info = ready(folder)
    assert info.model_name == "House"
    assert info.defaults["guidance_scale"] == 1.8
    assert info.defaults["guidance_mode"] == GuidanceMode.SELF_NEGATIVE
    assert info.known_words == {"fox", "glass"}


def test_a_closed_renderer_says_so(models: Path) -> None:
    renderer, _ = ready(models / "house")
    renderer.close()
    assert renderer.in_flight == 0
    with pytest.raises(RuntimeError, match="not prepared, or closed"):
        renderer.render(frame(0), params())


def test_a_painted_picture_is_never_written_again(models: Path) -> None:
    renderer, _ = ready(models / "house")
    first = renderer.render(frame(0), params())
    kept = first.image.copy()
    for index in range(1, 4):
        renderer.render(frame(index), params(seed=index))
    assert np.array_equal(first.image, kept)
