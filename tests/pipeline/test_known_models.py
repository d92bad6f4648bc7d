"""Every model of the catalogue from its name to a picture, with tiny random weights.

Only the hub is stood in for: what is fetched has the files, classes and tensor names of the real
repositories, at toy widths.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.diffusion import hub
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.catalogue import HOUSE, ModelEntry
from engine.diffusion.find_model import load_model
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.known_models import CATALOGUE
from engine.enums import Family
from engine.errors import ModelLoadError
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import Progress, RenderSpec
from tests import tiny_models

SIDE = 32
CPU = Placement(torch.device("cpu"), torch.float32)
LORA_LAYERS = {
    Family.SD: ("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", 16),
    Family.SDXL: ("down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q", 32),
}
# Of which layout a model's files are; of the others their family's first.
KINDS = {
    "sd-turbo": "sd-turbo",
    "sdxl-turbo": "sdxl-turbo",
    "dreamshaper-lcm": "sd1-lcm",
    "lcm-dreamshaper": "lcm",
    "sdxs": "sdxs",
    "rectified-flow": "rectified-flow",
    "instaflow": "rectified-flow",
    "perflow": "perflow",
}
TAUGHT = [entry for entry in CATALOGUE.values() if entry.name != HOUSE]


def quiet(progress: Progress) -> None:
    """Nobody listens."""


class StandInHub:
    """Answers with tiny files of the layout that was asked for, and keeps what was asked."""

    def __init__(self, models: Path, root: Path, entry: ModelEntry) -> None:
        self.models, self.root, self.entry = models, root, entry
        self.asked: list[str] = []

    def fetch(self, hub_id: str, on_progress: object) -> Path:
        self.asked.append(hub_id)
        if hub_id == self.entry.hub_id:
            return self._model()
        if hub_id == self.entry.tiny_vae:
            return self.models / "tiny"
        return self._lora("pytorch_lora_weights.safetensors").parent

    def fetch_file(self, name: str, on_progress: object) -> Path:
        self.asked.append(name)
        if name != self.entry.unet:
            return self._lora(Path(name).name)
        unet = tiny_models.seeded(tiny_models.sdxl_unet, seed=9)
        save_file(unet.state_dict(), self.root / "unet.safetensors")
        return self.root / "unet.safetensors"

    def _model(self) -> Path:
        usual = "sdxl" if self.entry.family is Family.SDXL else "sd1"
        return self.models / KINDS.get(self.entry.name, usual)

    def _lora(self, name: str) -> Path:
        layer, width = LORA_LAYERS[self.entry.family]
        generator = torch.Generator().manual_seed(1)
        (self.root / "lora").mkdir(exist_ok=True)
        down, up = (torch.randn(shape, generator=generator) for shape in ((2, width), (width, 2)))
        tensors = {f"unet.{layer}.lora_A.weight": down, f"unet.{layer}.lora_B.weight": up}
        save_file(tensors, self.root / "lora" / name)
        return self.root / "lora" / name


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for kind in {"sd1", "sdxl", *KINDS.values()}:
        tiny_models.write(root / kind, kind)
    tiny_models.tiny_vae().save_pretrained(root / "tiny")
    return root


@pytest.fixture
def stand_in(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, models: Path, tmp_path: Path
) -> StandInHub:
    stand_in = StandInHub(models, tmp_path, request.param)
    monkeypatch.setattr(hub, "fetch", stand_in.fetch)
    monkeypatch.setattr(hub, "fetch_file", stand_in.fetch_file)
    monkeypatch.setattr(hub, "find_cached", lambda hub_id: None)
    return stand_in


def frame(sequence: int) -> Frame:
    source = np.random.default_rng(sequence)
    return Frame(source.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8), sequence, sequence / 30)


@pytest.mark.parametrize("stand_in", TAUGHT, indirect=True, ids=lambda entry: entry.name)
def test_a_known_model_goes_from_its_name_to_a_picture(stand_in: StandInHub) -> None:
    entry = stand_in.entry
    renderer = StreamRenderer()
    info = renderer.prepare(RenderSpec(entry.name, SIDE, SIDE, "eager"), quiet)
    params = StreamParams(prompt="a red fox").with_changes(info.defaults)
    painted = [renderer.render(frame(index), params) for index in range(6)]
    painted += renderer.flush()
    renderer.close()

    made = [picture for picture in painted if picture is not None]
    assert [picture.sequence for picture in made] == list(range(6))
    assert all(picture.image.shape == (SIDE, SIDE, 3) for picture in made)
    assert not np.array_equal(made[0].image, frame(0).image)  # it was painted, not passed through
    assert {entry.hub_id, *(lora.path for lora in entry.loras)} <= set(stand_in.asked)
    assert (info.model_name, info.family) == (entry.name, entry.family)
    assert info.defaults.items() >= entry.defaults.items()


@pytest.mark.parametrize("stand_in", TAUGHT, indirect=True, ids=lambda entry: entry.name)
def test_a_known_model_is_sampled_by_its_recipe(stand_in: StandInHub) -> None:
    entry = stand_in.entry
    info = load_model(RenderSpec(entry.name, SIDE, SIDE), CPU, quiet).info
    wanted = entry.recipe
    assert wanted.sampler in (None, info.sampler)
    assert wanted.prediction_type in (None, info.prediction_type)
    assert (wanted.timestep_grid, wanted.timestep_share, wanted.time_windows) == (
        info.timestep_grid,
        info.timestep_share,
        info.time_windows,
    )


@pytest.mark.parametrize("stand_in", [CATALOGUE["nitro-realism"]], indirect=True)
def test_a_model_with_a_denoiser_of_its_own_paints_with_that(stand_in: StandInHub) -> None:
    unet = load_model(RenderSpec("nitro-realism", SIDE, SIDE), CPU, quiet).unet
    its_own = tiny_models.seeded(tiny_models.sdxl_unet, seed=9).state_dict()
    assert all(torch.equal(tensor, its_own[key]) for key, tensor in unet.state_dict().items())


@pytest.mark.parametrize("stand_in", [CATALOGUE["nitro-realism"]], indirect=True)
def test_a_denoiser_of_another_kind_is_refused(
    stand_in: StandInHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    save_file(tiny_models.sd_unet().state_dict(), tmp_path / "other.safetensors")
    monkeypatch.setattr(hub, "fetch_file", lambda name, report: tmp_path / "other.safetensors")
    with pytest.raises(ModelLoadError, match=r"other\.safetensors was made for another kind"):
        load_model(RenderSpec("nitro-realism", SIDE, SIDE), CPU, quiet)
