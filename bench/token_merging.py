"""What token merging saves, and what it does to the picture, by the share that is merged away.

Arithmetic is counted on the meta device at the true sizes; time and picture are those of a random
network in Stable Diffusion's layout on a processor, so the picture is judged against itself alone.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench._common import print_result, say
from bench._model import interleave
from bench._networks import make_network
from bench._roofline import count_calls
from bench.tables import CPU, META, backbone_of, inputs_of, totals
from engine.diffusion.backbone import Conditioning
from engine.diffusion.noise import make_noise
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.params import Sampler
from engine.sources.demo import paint

SHARES = (0.0, 0.25, 0.5, 0.75)
COUNTED = (("sd1.5", (512, 512)), ("sd1.5", (1024, 1024)), ("sdxl-turbo", (1024, 1024)))
TIMED, TIMED_SIZE_PX = "unet-18m", (512, 512)
STRENGTH, SEED = 0.7, 2


def count(name: str, size_px: tuple[int, int]) -> dict[str, float]:
    """GFLOP of the denoiser by share, one row."""
    network = make_network(name, META)
    backbone = backbone_of(network, META, size_px)
    x_t, *asked = inputs_of(network, META, size_px)
    rows = backbone.conditioner(*asked)
    figures: dict[str, float] = {}
    for share in SHARES:
        backbone.merge_tokens(share)
        figures[str(share)] = totals(count_calls(lambda: backbone.denoise(x_t, rows)))["gflop"]
    return figures


def time_and_picture() -> dict[str, dict[str, float]]:
    """Milliseconds of the denoiser, and the PSNR of a picture against the one without, by share."""
    torch.set_num_threads(1)
    network = make_network(TIMED, CPU)
    backbone = backbone_of(network, CPU, TIMED_SIZE_PX)
    x_t, *asked = inputs_of(network, CPU, TIMED_SIZE_PX)
    rows = backbone.conditioner(*asked)
    prompt = network.text.encode("neon")

    def denoiser(share: float) -> Callable[[], None]:
        def run() -> None:
            backbone.merge_tokens(share)
            backbone.denoise(x_t, rows)

        return run

    times_ms = interleave({str(share): denoiser(share) for share in SHARES}, 1)
    whole = _painted(backbone, prompt, 0.0)
    psnr = {
        str(share): round(_psnr_db(_painted(backbone, prompt, share), whole), 1)
        for share in SHARES[1:]
    }
    return {"times_ms": times_ms, "psnr_db": psnr}


def _painted(backbone: SDBackbone, prompt: Conditioning, share: float) -> Tensor:
    """One picture of the demo scene, 0-255."""
    width_px, height_px = TIMED_SIZE_PX
    picture = torch.from_numpy(paint(1.0, width_px, height_px)).float()
    latent = backbone.encode(picture.permute(2, 0, 1)[None] / 127.5 - 1)
    _, channels, height, width = latent.shape
    timesteps = choose_timesteps(backbone.info, Sampler.AUTO, 1, STRENGTH)
    schedule = make_schedule(backbone.info, Sampler.AUTO, timesteps)
    noise = make_noise(SEED, len(timesteps), (channels, height, width))
    stream = StreamBatch(backbone)
    stream.admit(latent, Ticket(schedule, prompt, noise, token_merging=share))
    (finished,) = stream.tick()
    return (backbone.decode(finished.latent).clamp(-1, 1) + 1) * 127.5


def _psnr_db(ours: Tensor, theirs: Tensor) -> float:
    return float(20 * torch.log10(255 / (ours - theirs).square().mean().sqrt()))


def main() -> None:
    """Count the families, time and paint with a network that a processor can carry."""
    with torch.inference_mode():
        counts = {f"{name} {size[0]}x{size[1]}": count(name, size) for name, size in COUNTED}
        say(f"{counts}")
        figures = time_and_picture()
        say(f"{figures}")
    side_px = TIMED_SIZE_PX[0]
    print_result("token_merging", {"gflop": counts, f"{TIMED} {side_px}x{side_px}": figures})


if __name__ == "__main__":
    main()
