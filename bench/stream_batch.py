"""What batching the steps brings: n steps in one denoiser call against n calls one after another.

The same weights, schedule and noise, guidance off; both orders interleaved, so that a busy machine
slows them alike. A frame is encode, n denoising steps and decode.
Source: Kodaira et al. 2023, arXiv:2312.12491, section 3.1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bench._common import print_result, say
from bench._model import Workbench, house, interleave, random_sd
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import GuidanceMode
from engine.params import StreamParams

STEPS = (1, 2, 4)
NUM_FRAMES = 6


def batched(bench: Workbench, stream: StreamBatch, image: Tensor, ticket: Ticket) -> None:
    """A full stream batch: every tick takes one frame in and lets one out."""
    for _ in range(NUM_FRAMES):
        stream.admit(bench.backbone.encode(image), ticket)
        bench.backbone.decode(stream.tick()[-1].latent)


def sequential(bench: Workbench, image: Tensor, ticket: Ticket) -> None:
    """Each frame alone through all of its steps."""
    stream = StreamBatch(bench.backbone)
    for _ in range(NUM_FRAMES):
        stream.admit(bench.backbone.encode(image), ticket)
        finished = stream.tick()
        while not finished:
            finished = stream.tick()
        bench.backbone.decode(finished[-1].latent)


def measure(bench: Workbench) -> dict[str, object]:
    """Milliseconds per frame for every number of steps, and the gain."""
    figures: dict[str, object] = {}
    for steps in STEPS:
        figures[f"n={steps}"] = figure = compare(bench, steps)
        say(f"{bench.name}, n={steps}: {figure}")
    return figures


def compare(bench: Workbench, steps: int) -> dict[str, float]:
    """Both orders at one number of steps."""
    image = bench.example_image()
    params = StreamParams(guidance_mode=GuidanceMode.NONE, num_inference_steps=steps, strength=1.0)
    ticket = bench.tickets.ticket_for(params)
    stream = bench.full_stream(image, ticket)
    times_ms = interleave(
        {
            "batched_ms": lambda: batched(bench, stream, image, ticket),
            "sequential_ms": lambda: sequential(bench, image, ticket),
        },
        per_run=NUM_FRAMES,
    )
    gain = round(times_ms["sequential_ms"] / times_ms["batched_ms"], 3)
    return {**times_ms, "gain": gain}


def main() -> None:
    """Measure the house model and an SD-shaped network that is bound by its weights."""
    with torch.inference_mode():
        figures = {bench.name: measure(bench) for bench in (house(), random_sd())}
    print_result("stream_batch", figures)


if __name__ == "__main__":
    main()
