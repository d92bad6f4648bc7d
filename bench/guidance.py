"""What each guidance mode costs per frame, at 1, 2 and 4 steps, against no guidance.

Interleaved, so that the ratios hold on a busy machine.
Source of the expectation: Kodaira et al. 2023, arXiv:2312.12491, table 2 (self-negative up to
2.05 times faster than full).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from bench._common import print_result, say
from bench._model import Workbench, house, interleave
from bench.stream_batch import NUM_FRAMES, batched
from engine.enums import GuidanceMode
from engine.params import StreamParams

STEPS = (1, 2, 4)


def compare(bench: Workbench, steps: int) -> dict[str, float]:
    """Milliseconds per frame of every mode, and how much faster self-negative is than full."""
    image = bench.example_image()

    def contender(mode: GuidanceMode) -> Callable[[], None]:
        params = StreamParams(
            prompt="neon",
            guidance_mode=mode,
            guidance_scale=1.5,
            num_inference_steps=steps,
            strength=1.0,
        )
        ticket = bench.tickets.ticket_for(params)
        stream = bench.full_stream(image, ticket)
        return lambda: batched(bench, stream, image, ticket)

    times_ms = interleave({str(mode): contender(mode) for mode in GuidanceMode}, NUM_FRAMES)
    gain = times_ms[GuidanceMode.FULL] / times_ms[GuidanceMode.SELF_NEGATIVE]
    return {**times_ms, "full_over_self_negative": round(gain, 3)}


def measure(bench: Workbench) -> dict[str, object]:
    """All step counts of one model."""
    figures: dict[str, object] = {}
    for steps in STEPS:
        figures[f"n={steps}"] = figure = compare(bench, steps)
        say(f"{bench.name}, n={steps}: {figure}")
    return figures


def main() -> None:
    """Measure the house model."""
    with torch.inference_mode():
        bench = house()
        print_result("guidance", {bench.name: measure(bench)})


if __name__ == "__main__":
    main()
