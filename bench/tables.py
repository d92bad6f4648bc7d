"""What the tables of timestep and prompt save at every tick: arithmetic, traffic, launches, time.

Counts are of the meta device at the true sizes, in float16; times of the house model, in turns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from bench._common import print_result, say
from bench._model import HOUSE_SIZE_PX, interleave, repeated
from bench._networks import Network, make_network
from bench._roofline import Call, count_calls
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.sd_backbone import SDBackbone, conditioning_inputs

NETWORKS = ("sd1.5", "sd-turbo", "sdxl-turbo")
SIZE_PX = (512, 512)
NUM_CALLS = 20
META = Placement(torch.device("meta"), torch.float16)
CPU = Placement(torch.device("cpu"), torch.float32)


class InOneCall(nn.Module):
    """Conditioner and denoiser at every tick, as without tables."""

    def __init__(self, backbone: SDBackbone) -> None:
        super().__init__()
        self.conditioner, self.denoiser = backbone.conditioner, backbone.denoiser

    def forward(self, x_t: Tensor, timestep: Tensor, *prompt: Tensor) -> Tensor:
        return self.denoiser(x_t, *self.conditioner(timestep, *prompt))


def backbone_of(network: Network, place: Placement, size_px: tuple[int, int]) -> SDBackbone:
    """In PyTorch, with its tables."""
    return SDBackbone(network.info, network.unet, network.vae, place.device, place.dtype, size_px)


def inputs_of(network: Network, place: Placement, size_px: tuple[int, int]) -> list[Tensor]:
    """One row: x_t, timestep, prompt."""
    info, (width_px, height_px) = network.info, size_px
    sides = (height_px // info.vae_scale_factor, width_px // info.vae_scale_factor)
    generator = torch.Generator().manual_seed(0)
    x_t = torch.randn(1, info.latent_channels, *sides, generator=generator)
    prompt = conditioning_inputs(network.text.encode("neon"))
    return [part.to(place.device) for part in (x_t, torch.tensor([999.0]), *prompt)]


def totals(calls: list[Call]) -> dict[str, float]:
    """All heavy calls together."""
    return {
        "gflop": round(sum(call.flops for call in calls) / 1e9, 3),
        "mb_moved": round(sum(call.moved_bytes for call in calls) / 1e6, 2),
        "heavy_calls": len(calls),
    }


def count(name: str) -> dict[str, dict[str, float]]:
    """A tick of one row with everything in it, and the share that the tables take out of it."""
    network = make_network(name, META)
    backbone = backbone_of(network, META, SIZE_PX)
    x_t, *asked = inputs_of(network, META, SIZE_PX)
    whole = count_calls(lambda: InOneCall(backbone)(x_t, *asked))
    saved = count_calls(lambda: backbone.conditioner(*asked))
    return {"tick": totals(whole), "in_tables": totals(saved)}


def time_house() -> dict[str, float]:
    """Milliseconds of the house model's denoiser without and with tables, and the conditioner's.

    One thread for PyTorch; OpenVINO has all cores.
    """
    torch.set_num_threads(1)
    network = make_network("house", CPU)
    backbone = backbone_of(network, CPU, HOUSE_SIZE_PX)
    x_t, *asked = inputs_of(network, CPU, HOUSE_SIZE_PX)
    rows = backbone.conditioner(*asked)
    in_one = InOneCall(backbone)
    contenders: dict[str, Callable[[], object]] = {
        "eager, in one call": lambda: in_one(x_t, *asked),
        "eager, tables": lambda: backbone.denoiser(x_t, *rows),
        "conditioner": lambda: backbone.conditioner(*asked),
        **_through_openvino(backbone, (x_t, *asked), rows),
    }
    runs = {name: repeated(run, NUM_CALLS) for name, run in contenders.items()}
    return interleave(runs, NUM_CALLS)


def _through_openvino(
    backbone: SDBackbone, inputs: tuple[Tensor, ...], rows: tuple[Tensor, ...]
) -> dict[str, Callable[[], object]]:
    import openvino

    from engine.diffusion.accelerators.openvino import best_precision
    from engine.diffusion.accelerators.openvino_backbone import CompiledModule
    from engine.diffusion.accelerators.openvino_graph import to_graph

    core: Any = openvino.Core()
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": best_precision(core, "CPU"),
    }

    def compiled(module: nn.Module, example: tuple[Tensor, ...]) -> CompiledModule:
        two_rows = tuple(torch.cat([part, part]) for part in example)
        return CompiledModule(core, to_graph(module, two_rows), "CPU", config)

    whole = compiled(InOneCall(backbone), inputs)
    reading = compiled(backbone.denoiser, (inputs[0], *rows))
    return {
        "openvino, in one call": lambda: whole(inputs),
        "openvino, tables": lambda: reading((inputs[0], *rows)),
    }


def main() -> None:
    """Count the families, time the house model."""
    with torch.inference_mode():
        counts = {name: count(name) for name in NETWORKS}
        say(f"{counts}")
        times_ms = time_house()
        say(f"{times_ms}")
    print_result("tables", {"counts_512": counts, "house_256_ms": times_ms})


if __name__ == "__main__":
    main()
