"""The house model's decoder in 8 bits: near to float32, only where it is asked for and measured."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

pytest.importorskip("openvino")

from engine.commandline import parse
from engine.diffusion.acceleration import Acceleration
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.openvino import OpenVinoAccelerator, model_key
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.catalogue import house_folder
from engine.diffusion.eight_bits import FILE, find_eight_bits, why_not_eight_bits
from engine.diffusion.find_model import load_model
from engine.diffusion.loader import LoadedModel
from engine.diffusion.sd_backbone import SDBackbone
from engine.enums import FitMode, Precision
from engine.fit import fit
from engine.renderer import RenderSpec
from engine.sets import SetRender
from engine.sources import make_source

CPU = Placement(torch.device("cpu"), torch.float32)
ASKED = RenderSpec("house", 128, 128, "openvino", precision=Precision.EIGHT_BIT)


@pytest.fixture(scope="module")
def house() -> LoadedModel:
    return load_model(ASKED, CPU, lambda progress: None)


@pytest.fixture(autouse=True)
def _compile_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.diffusion.accelerators.openvino.ROWS_AHEAD", (1,))


def plain_backbone(house: LoadedModel, spec: RenderSpec) -> SDBackbone:
    size_px = (spec.width_px, spec.height_px)
    return SDBackbone(house.info, house.unet, house.vae, CPU.device, CPU.dtype, size_px)


def accelerated(house: LoadedModel, spec: RenderSpec, cache: Path) -> tuple[Backbone, str]:
    """With what is said of it; float32 around the 8 bits."""
    accelerator = OpenVinoAccelerator("f32", cache)
    row: Conditioning = house.text_encoder.encode("comic")
    plain = plain_backbone(house, spec)
    backbone = accelerator.accelerate(plain, spec, row, lambda progress: None)
    return backbone, accelerator.device_name


def demo_picture(width_px: int, height_px: int) -> Tensor:
    source = make_source("demo")
    source.open()
    capture = source.read()
    source.close()
    assert capture is not None
    image = fit(capture.image, width_px, height_px, FitMode.CROP)
    return torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1.0


def psnr_db(ours: Tensor, theirs: Tensor) -> float:
    """Of pictures in -1…1, clipped as they are shown."""
    error = (ours.clamp(-1.0, 1.0) - theirs.clamp(-1.0, 1.0)).square().mean()
    return float(10.0 * torch.log10(4.0 / error))


@pytest.mark.parametrize(("width_px", "height_px"), [(128, 128), (192, 96)])
@torch.inference_mode()
def test_the_decoder_in_eight_bits_stays_near_float32_at_every_size(
    house: LoadedModel, tmp_path: Path, width_px: int, height_px: int
) -> None:
    spec = replace(ASKED, width_px=width_px, height_px=height_px)
    fast, device_name = accelerated(house, spec, tmp_path)
    plain = plain_backbone(house, spec)
    latent = plain.encode(demo_picture(width_px, height_px))
    difference_db = psnr_db(fast.decode(latent), plain.decode(latent))
    assert 38.0 < difference_db < 55.0  # beyond it, nothing would have been rounded
    assert "decoder in 8 bits" in device_name
    assert torch.allclose(fast.encode(demo_picture(width_px, height_px)), latent, atol=1e-4)


@torch.inference_mode()
def test_nobody_gets_eight_bits_unasked(house: LoadedModel, tmp_path: Path) -> None:
    spec = replace(ASKED, precision=Precision.AUTO)
    fast, device_name = accelerated(house, spec, tmp_path)
    plain = plain_backbone(house, spec)
    latent = plain.encode(demo_picture(128, 128))
    assert psnr_db(fast.decode(latent), plain.decode(latent)) > 90.0
    assert "8 bits" not in device_name


def test_graphs_in_eight_bits_have_a_place_of_their_own(house: LoadedModel, tmp_path: Path) -> None:
    plain, known = plain_backbone(house, ASKED), find_eight_bits(house.vae)
    assert known is not None
    layers = dict(list(known.layers.items())[1:])
    fewer = known.model_copy(update={"layers": layers})
    assert len({model_key(plain, ASKED, each) for each in (None, known, fewer)}) == 3
    accelerated(house, replace(ASKED, precision=Precision.AUTO), tmp_path)
    assert not OpenVinoAccelerator("f32", tmp_path).is_ready(plain, ASKED)


def test_another_codec_is_told_apart_and_plays_as_it_is(house: LoadedModel, tmp_path: Path) -> None:
    vae = copy.deepcopy(house.vae)
    next(vae.decoder.parameters()).data[0] += 1e-3
    assert find_eight_bits(vae) is None
    assert "measured for the autoencoder of the house model alone" in why_not_eight_bits(
        ASKED, vae, "openvino"
    )
    changed = replace(house, vae=vae)
    _, device_name = accelerated(changed, ASKED, tmp_path)
    assert "8 bits" not in device_name


@pytest.mark.parametrize("damage", [None, b"", b"{}", b'{"weights": 1, "layers": {}}'])
def test_without_its_file_whole_the_model_plays_as_it_is(
    house: LoadedModel, tmp_path: Path, damage: bytes | None
) -> None:
    if damage is not None:
        (tmp_path / FILE).write_bytes(damage)
    assert find_eight_bits(house.vae, tmp_path / FILE) is None
    assert find_eight_bits(house.vae, house_folder() / FILE) is not None


def test_whoever_asks_is_told_why_not(house: LoadedModel) -> None:
    spec = replace(ASKED, accelerator="eager")
    start = Acceleration(spec).first(lambda progress: None)
    assert start.notes == ("8 bits were asked for, which only the accelerator openvino has; off.",)
    assert why_not_eight_bits(ASKED, house.vae, "openvino") == ""
    assert why_not_eight_bits(replace(spec, precision=Precision.AUTO), house.vae, "eager") == ""


@pytest.mark.parametrize(
    ("line", "expected"), [("", Precision.AUTO), ("--precision 8bit", Precision.EIGHT_BIT)]
)
def test_it_is_asked_for_on_the_command_line(line: str, expected: Precision) -> None:
    show = parse(line.split(), "1").show
    assert show is not None
    assert show.render.precision is expected


def test_a_set_that_is_opened_leaves_it_as_it_is() -> None:
    kept = SetRender.of(replace(ASKED, precision=Precision.AUTO))
    assert kept.on(ASKED).precision is Precision.EIGHT_BIT
    assert kept.on(RenderSpec()).precision is Precision.AUTO
