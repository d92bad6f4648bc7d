"""The denoiser that reads tables against diffusers' own UNet, for every family's layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.diffusion.sd_backbone import Denoiser, FineDenoiser, KeepingDenoiser
from engine.diffusion.tables import Conditioner
from engine.errors import ModelLoadError
from tests import tiny_models

SIZE_PX = (48, 32)
ROWS, SIDE, TOKENS = 3, 8, 5
TOLERANCE = 1e-5  # of the largest value: the same sums, but of other shapes
LAYOUTS: dict[str, Callable[[], Any]] = {
    "house": tiny_models.house_unet,
    "sd1": tiny_models.sd_unet,
    "sd2": lambda: tiny_models.sd_unet(is_v2=True),
    "sdxl": tiny_models.sdxl_unet,
    "sdxs": tiny_models.sdxs_unet,
    "distilled guidance": lambda: tiny_models.sd_unet(time_cond_proj_dim=8),
    "activated embedding": lambda: tiny_models.sd_unet(time_embedding_act_fn="silu"),
}


@dataclass(frozen=True)
class Case:
    """One UNet, what diffusers' own form is asked, and what ours is."""

    unet: Any
    x_t: Tensor
    timestep: Tensor
    prompt: tuple[Tensor, ...]

    def conditioner(self) -> Conditioner:
        return Conditioner(self.unet, torch.float32, SIZE_PX)

    def theirs(self) -> Tensor:
        width_px, height_px = SIZE_PX
        time_ids = torch.tensor([[height_px, width_px, 0, 0, height_px, width_px]] * ROWS)
        scale = self.conditioner().scale_embedding
        return self.unet(
            self.x_t,
            self.timestep,
            self.prompt[0],
            timestep_cond=None if scale is None else scale.expand(ROWS, -1),
            added_cond_kwargs={"text_embeds": self.prompt[-1], "time_ids": time_ids.float()},
        ).sample


def case_of(make_unet: Callable[[], Any]) -> Case:
    unet = tiny_models.seeded(make_unet).eval()
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    is_xl = unet.config.addition_embed_type == "text_time"
    embeds = draw(ROWS, TOKENS, unet.config.encoder_hid_dim or unet.config.cross_attention_dim)
    prompt = (embeds, draw(ROWS, 16)) if is_xl else (embeds,)
    x_t = draw(ROWS, unet.config.in_channels, SIDE, SIDE)
    return Case(unet, x_t, torch.tensor([999.0, 500.0, 1.0]), prompt)


@pytest.mark.parametrize("layout", LAYOUTS)
@torch.inference_mode()
def test_the_tables_change_no_number(layout: str) -> None:
    case = case_of(LAYOUTS[layout])
    rows = case.conditioner()(case.timestep, *case.prompt)
    assert all(len(table) == ROWS for table in rows)
    ours, theirs = Denoiser(case.unet, torch.float32)(case.x_t, *rows), case.theirs()
    assert (ours - theirs).abs().max() <= TOLERANCE * theirs.abs().max()


@torch.inference_mode()
def test_a_unet_that_never_attends_to_the_prompt_has_no_table_for_it() -> None:
    case = case_of(lambda: tiny_models.house_unet(mid_block_type=None))
    rows = case.conditioner()(case.timestep, *case.prompt)
    assert len(rows) == 1
    ours, theirs = Denoiser(case.unet, torch.float32)(case.x_t, *rows), case.theirs()
    assert (ours - theirs).abs().max() <= TOLERANCE * theirs.abs().max()


@torch.inference_mode()
def test_every_row_is_computed_for_itself() -> None:
    case = case_of(tiny_models.sdxl_unet)
    conditioner = case.conditioner()
    together = conditioner(case.timestep, *case.prompt)
    for row in range(ROWS):
        one = slice(row, row + 1)
        alone = conditioner(case.timestep[one], *(part[one] for part in case.prompt))
        for table, own in zip(together, alone, strict=True):
            torch.testing.assert_close(table[one], own)


@pytest.mark.parametrize("layout", ["house", "sdxl"])
@torch.inference_mode()
def test_the_two_halves_share_the_weights_and_leave_the_model_as_it_was(layout: str) -> None:
    case = case_of(LAYOUTS[layout])
    before, names = case.theirs(), list(case.unet.state_dict())
    halves = (case.conditioner(), Denoiser(case.unet, torch.float32))
    assert torch.equal(case.theirs(), before)
    assert list(case.unet.state_dict()) == names
    known = {id(parameter) for parameter in case.unet.parameters()}
    used = [{id(parameter) for parameter in half.parameters()} for half in halves]
    assert used[0] | used[1] == known
    assert not used[0] & used[1]  # neither keeps the other's weights in memory


def test_attention_of_another_kind_is_refused() -> None:
    unet = tiny_models.sd_unet()
    unet.up_blocks[1].attentions[0].transformer_blocks[0].attn2.norm_cross = torch.nn.LayerNorm(16)
    with pytest.raises(ModelLoadError, match="attends to the prompt in a way"):
        Denoiser(unet, torch.float32)


@pytest.mark.parametrize("layout", ["house", "sd1"])
@torch.inference_mode()
def test_the_denoiser_is_one_graph_without_breaks(layout: str) -> None:
    """What compilers and exporters need: nothing in it that only Python can do."""
    case = case_of(LAYOUTS[layout])
    rows = case.conditioner()(case.timestep, *case.prompt)
    denoiser = Denoiser(case.unet, torch.float32)
    exported = torch.export.export(denoiser, (case.x_t, *rows)).module()
    torch.testing.assert_close(exported(case.x_t, *rows), denoiser(case.x_t, *rows))


@torch.inference_mode()
def test_the_halves_that_keep_and_reuse_features_are_graphs_as_well() -> None:
    case = case_of(LAYOUTS["sd1"])
    rows = case.conditioner()(case.timestep, *case.prompt)
    denoiser = Denoiser(case.unet, torch.float32)
    whole, fine = KeepingDenoiser(denoiser), FineDenoiser(denoiser)
    _, features = whole(case.x_t, *rows)
    for module, inputs in ((whole, (case.x_t, *rows)), (fine, (case.x_t, features, *rows))):
        exported = torch.export.export(module, inputs).module()
        torch.testing.assert_close(exported(*inputs), module(*inputs))
