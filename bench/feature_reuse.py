"""What reusing deep features saves, and what it does to moving pictures of the house model.

Arithmetic is counted on the meta device at the true sizes; time is the house model's in PyTorch and
OpenVINO, pictures are those of PyTorch. The measure beside it is what it would cost to repeat the
picture before instead.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bench._common import print_result, say
from bench._model import HOUSE_SIZE_PX, interleave, repeated
from bench._networks import Network, make_network
from bench._roofline import count_calls
from bench.tables import CPU, META, NETWORKS, SIZE_PX, backbone_of, inputs_of, totals
from engine.diffusion.accelerators import candidates
from engine.diffusion.backbone import Backbone, Conditioning, KeepsFeatures
from engine.diffusion.noise import make_noise
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.frame import Image
from engine.params import Sampler
from engine.renderer import RenderSpec
from engine.sources.demo import paint

REUSES = (0, 1, 2, 4)
NUM_FRAMES, FPS_HZ, START_S = 30, 30.0, 1.0  # a second in which the scene moves
STRENGTH, SEED, PROMPT = 0.7, 2, "starry night"
NUM_CALLS = 5


def count(name: str) -> dict[str, float]:
    """GFLOP of the denoiser, one row: whole, and its finest layers alone."""
    network = make_network(name, META)
    backbone = backbone_of(network, META, SIZE_PX)
    x_t, *asked = inputs_of(network, META, SIZE_PX)
    rows = backbone.conditioner(*asked)
    _, features = backbone.denoise_keeping(x_t, rows)
    fine = count_calls(lambda: backbone.denoise_finely(x_t, features, rows))
    whole = count_calls(lambda: backbone.denoise(x_t, rows))
    return {"whole": totals(whole)["gflop"], "fine": totals(fine)["gflop"]}


def measure_house() -> dict[str, dict[str, float]]:
    """Milliseconds of all kinds of call, and PSNR against every frame computed whole, in dB."""
    torch.set_num_threads(1)
    network = make_network("house", CPU)
    backbone = backbone_of(network, CPU, HOUSE_SIZE_PX)
    moving = [paint(START_S + k / FPS_HZ, *HOUSE_SIZE_PX) for k in range(NUM_FRAMES)]
    clips = {reuse: _painted(network, backbone, reuse, moving) for reuse in REUSES}
    whole = clips[0]
    figures = {str(reuse): _compare(clips[reuse], whole) for reuse in REUSES[1:]}
    figures["the picture before"] = _compare(whole[:-1], whole[1:])
    cut = [moving[0], np.ascontiguousarray(moving[0][:, ::-1])]  # to its mirror image
    figures["right after a cut"] = _compare(
        _painted(network, backbone, 1, cut), _painted(network, backbone, 0, cut)
    )
    accelerated = _in_openvino(network, backbone)
    times_ms = _times_ms("eager", network, backbone)
    times_ms |= _times_ms("openvino", network, accelerated)
    accelerated.close()
    return {"times_ms": times_ms, **figures}


def _in_openvino(network: Network, backbone: SDBackbone) -> Backbone:
    spec, example = RenderSpec(network.name, *HOUSE_SIZE_PX), network.text.encode("")
    accelerator = candidates("openvino")[0].create()
    return accelerator.accelerate(backbone, spec, example, lambda progress: None)


def _times_ms(name: str, network: Network, backbone: Backbone) -> dict[str, float]:
    """A whole tick's denoiser, one that keeps features, a fine one; encoder and decoder beside."""
    if not isinstance(backbone, KeepsFeatures):
        raise TypeError(f"{name} reuses no features")
    x_t, *asked = inputs_of(network, CPU, HOUSE_SIZE_PX)
    rows = backbone.condition(asked[0], Conditioning(asked[1]))
    features = backbone.denoise_keeping(x_t, rows)[1].clone()
    image = torch.zeros(1, 3, *HOUSE_SIZE_PX)
    calls: dict[str, Callable[[], object]] = {
        "whole": lambda: backbone.denoise(x_t, rows),
        "whole, keeping": lambda: backbone.denoise_keeping(x_t, rows),
        "fine": lambda: backbone.denoise_finely(x_t, features, rows),
        "encode": lambda: backbone.encode(image),
        "decode": lambda: backbone.decode(x_t),
    }
    runs = {f"{name}, {call}": repeated(run, NUM_CALLS) for call, run in calls.items()}
    return interleave(runs, NUM_CALLS)


def _painted(
    network: Network, backbone: SDBackbone, reuse: int, scene: list[Image]
) -> list[Tensor]:
    """The scene as the model paints it, 0-255."""
    timesteps = choose_timesteps(network.info, Sampler.AUTO, 1, STRENGTH)
    schedule = make_schedule(network.info, Sampler.AUTO, timesteps)
    stream, ticket = StreamBatch(backbone), None
    pictures: list[Tensor] = []
    for picture in scene:
        pixels = torch.from_numpy(picture).float()
        latent = backbone.encode(pixels.permute(2, 0, 1)[None] / 127.5 - 1)
        if ticket is None:
            _, channels, height, width = latent.shape
            noise = make_noise(SEED, 1, (channels, height, width))
            ticket = Ticket(schedule, network.text.encode(PROMPT), noise, feature_reuse=reuse)
        stream.admit(latent, ticket)
        (finished,) = stream.tick()
        pictures.append((backbone.decode(finished.latent).clamp(-1, 1) + 1) * 127.5)
    return pictures


def _compare(ours: list[Tensor], theirs: list[Tensor]) -> dict[str, float]:
    """Over the pictures that differ at all."""
    errors = [float((a - b).square().mean()) for a, b in zip(ours, theirs, strict=True)]
    levels_db = sorted(-10 * torch.log10(torch.tensor(error / 255**2)) for error in errors if error)
    mean_db = statistics.fmean(float(level) for level in levels_db)
    return {"psnr_db_mean": round(mean_db, 1), "psnr_db_worst": round(float(levels_db[0]), 1)}


def main() -> None:
    """Count the families, time and paint with the house model."""
    with torch.inference_mode():
        counts = {name: count(name) for name in NETWORKS}
        say(f"{counts}")
        figures = measure_house()
        say(f"{figures}")
    print_result("feature_reuse", {"gflop_512": counts, "house_256": figures})


if __name__ == "__main__":
    main()
