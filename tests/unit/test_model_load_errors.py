"""A model that can't be loaded is explained: which file, where, and what to do."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.find_model import load_model
from engine.diffusion.lora import find_lora
from engine.diffusion.weights_files import find_weights
from engine.diffusion.whole_file import check_whole
from engine.errors import ModelLoadError
from engine.renderer import LoraSpec, RenderSpec
from tests import tiny_models

CPU = Placement(torch.device("cpu"), torch.float32)
DENOISER = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_models.write(tmp_path / "model", "sd1-lcm")


def explanation(model: Path | str, **changes: object) -> str:
    """The sentence that loading ends with."""
    with pytest.raises(ModelLoadError) as caught:
        load_model(RenderSpec(str(model), 32, 32, **changes), CPU, lambda progress: None)
    sentence = str(caught.value)
    assert sentence.endswith((".", "."))
    assert "\n" not in sentence
    return sentence


def test_a_name_that_is_nothing_is_refused_with_what_there_is(tmp_path: Path) -> None:
    sentence = explanation(tmp_path / "nothing")
    assert str(tmp_path / "nothing") in sentence
    assert "house, sd-turbo" in sentence


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    assert "model_index.json is missing" in explanation(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "unet/config.json",
        "vae/config.json",
        "text_encoder/config.json",
        "scheduler/scheduler_config.json",
    ],
)
def test_a_missing_configuration_is_named_with_its_place(folder: Path, name: str) -> None:
    (folder / name).unlink()
    sentence = explanation(folder)
    assert f"{Path(name).name} is missing from {folder / Path(name).parent}" in sentence
    assert "copy the model's folder there again" in sentence


def test_a_damaged_configuration_is_named(folder: Path) -> None:
    (folder / "unet/config.json").write_text('{"in_channels": ')
    assert f"{folder / 'unet/config.json'} is damaged" in explanation(folder)


@pytest.mark.parametrize("name", ["unet", "vae"])
def test_missing_weights_are_named_with_their_place(folder: Path, name: str) -> None:
    (folder / name / "diffusion_pytorch_model.safetensors").unlink()
    sentence = explanation(folder)
    assert f"diffusion_pytorch_model.safetensors is missing from {folder / name}" in sentence


def test_weights_that_are_only_a_pickle_are_refused_with_the_reason(folder: Path) -> None:
    (folder / DENOISER).rename(folder / "unet/diffusion_pytorch_model.bin")
    sentence = explanation(folder)
    assert "diffusion_pytorch_model.bin is a pickle, which can run any program" in sentence
    assert "get the model as .safetensors" in sentence


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.BIN"])
def test_a_pickled_checkpoint_is_refused_without_being_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"never opened")
    assert "is a pickle" in explanation(tmp_path / name)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    assert "is no .safetensors checkpoint" in explanation(tmp_path / "notes.txt")


def test_weights_cut_short_are_named_with_what_is_missing(folder: Path) -> None:
    whole = (folder / DENOISER).read_bytes()
    (folder / DENOISER).write_bytes(whole[:-1000])
    sentence = explanation(folder)
    assert f"{folder / DENOISER} is damaged: its last 1,000 bytes are missing" in sentence


@pytest.mark.parametrize(
    "content", [b"", b"short", struct.pack("<Q", 2**40), struct.pack("<Q", 4) + b"oops"]
)
def test_a_file_that_is_no_safetensors_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"x\.safetensors is damaged"):
        check_whole(path)


def test_a_missing_tensor_is_named_instead_of_made_up(folder: Path) -> None:
    tensors = load_file(folder / DENOISER)
    del tensors["conv_in.weight"]
    save_file(tensors, folder / DENOISER)
    sentence = explanation(folder)
    assert DENOISER.split("/")[1] in sentence
    assert "conv_in.weight" in sentence


def test_weights_of_another_size_are_explained(folder: Path) -> None:
    tiny_models.sd_unet(width=32).save_pretrained(folder / "other")
    (folder / "other/diffusion_pytorch_model.safetensors").replace(folder / DENOISER)
    assert f"doesn't fit {folder / 'unet/config.json'}" in explanation(folder)


def test_a_missing_tokenizer_is_named_with_its_place(folder: Path) -> None:
    (folder / "tokenizer/tokenizer.json").unlink()
    sentence = explanation(folder)
    assert f"tokenizer.json (or vocab.json and merges.txt) is missing from {folder}" in sentence


def test_a_damaged_tokenizer_is_named_with_its_place(folder: Path) -> None:
    (folder / "tokenizer/tokenizer.json").write_text("{")
    assert f"The tokenizer in {folder / 'tokenizer'} is damaged" in explanation(folder)


@pytest.mark.parametrize(
    "pipeline", ["FluxPipeline", "StableDiffusion3Pipeline", "StableDiffusionXLRefinerPipeline"]
)
def test_an_unknown_family_is_refused_with_the_known_ones(folder: Path, pipeline: str) -> None:
    (folder / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    sentence = explanation(folder)
    assert f'holds a "{pipeline}"' in sentence
    assert "SD 1.x, SD 2.x, SD-Turbo, SDXL and SDXL-Turbo" in sentence


def test_an_unknown_component_is_refused(folder: Path) -> None:
    config = json.loads((folder / "unet/config.json").read_text())
    (folder / "unet/config.json").write_text(json.dumps({**config, "_class_name": "Transformer"}))
    assert 'holds a "Transformer"' in explanation(folder)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"_class_name": "MadeUpScheduler"}, 'scheduler "MadeUpScheduler", which is unknown'),
        ({"prediction_type": "magic"}, 'predicts "magic"'),
        ({"beta_schedule": "wavy"}, "LCMScheduler refuses (wavy"),
        ({"beta_schedule": "sigmoid", "_class_name": "DDPMScheduler"}, 'schedule "sigmoid"'),
    ],
)
def test_a_scheduler_that_cannot_be_played_is_explained(
    folder: Path, change: dict[str, str], expected: str
) -> None:
    path = folder / "scheduler/scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert expected in explanation(folder)


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ('{"defaults": {"sparkle": 1}}', "'sparkle', which is no parameter"),
        ('{"defaults": {"strength": 7}}', "strength is a number from 0 to 1"),
        ('{"sampler": "magic"}', "sampler"),
        ("{", "can't be read"),
    ],
)
def test_a_bad_card_is_named_with_the_bad_field(folder: Path, card: str, expected: str) -> None:
    (folder / "reverie.json").write_text(card)
    sentence = explanation(folder)
    assert str(folder / "reverie.json") in sentence
    assert expected in sentence


def test_a_card_must_say_how_many_windows_of_time_there_are(folder: Path) -> None:
    card = folder / "reverie.json"
    card.write_text('{"prediction_type": "window_epsilon"}')
    assert "say in its reverie.json how many time_windows there are" in explanation(folder)
    card.write_text('{"prediction_type": "window_epsilon", "time_windows": 9}')
    assert "time_windows" in explanation(folder)


def test_an_autoencoder_with_other_latents_is_refused(folder: Path, tmp_path: Path) -> None:
    tiny_models.tiny_vae(latent_channels=8).save_pretrained(tmp_path / "vae8")
    sentence = explanation(folder, vae=str(tmp_path / "vae8"))
    assert "makes latents of 8 channels, the model wants 4" in sentence


def test_a_lora_that_is_not_there_is_named(folder: Path, tmp_path: Path) -> None:
    sentence = explanation(folder, loras=(LoraSpec(str(tmp_path / "gone.safetensors")),))
    assert f"There is no LoRA {tmp_path / 'gone.safetensors'}" in sentence


def test_a_pickled_lora_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "style.pt").write_bytes(b"never opened")
    assert "is a pickle" in explanation(folder, loras=(LoraSpec(str(tmp_path / "style.pt")),))


def test_a_lora_for_another_kind_of_model_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.safetensors"
    names = ("down.weight", "up.weight")
    prefix = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora."
    save_file({prefix + name: torch.zeros(4, 4) for name in names}, path)
    assert "was made for another kind of model" in explanation(folder, loras=(LoraSpec(str(path)),))


def test_a_file_that_is_no_lora_at_all_is_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "noise.safetensors"
    save_file({"something": torch.zeros(4, 4)}, path)
    assert "was made for another kind of model" in explanation(folder, loras=(LoraSpec(str(path)),))


@pytest.mark.parametrize(
    "name", ["../other.safetensors", "/etc/x.safetensors", "a\\b.safetensors", "model.bin", ""]
)
def test_an_index_cannot_name_files_elsewhere(tmp_path: Path, name: str) -> None:
    index = {"weight_map": {"conv.weight": name}}
    path = tmp_path / "diffusion_pytorch_model.safetensors.index.json"
    path.write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ModelLoadError, match=r"no \.safetensors file beside it"):
        find_weights(tmp_path, prefers_half=False)


def test_a_lora_by_another_name_is_never_opened(tmp_path: Path) -> None:
    file = tmp_path / "lora.dat"
    file.write_bytes(b"anything")
    with pytest.raises(ModelLoadError, match=r"no \.safetensors file; choose one"):
        find_lora(str(file), lambda progress: None)
