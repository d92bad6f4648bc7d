"""Writes docs/performance.md: `python -m docs.generate_performance`.

Results are bench/results/compare-*.json, as `bench/compare.py --json` writes them. A case without
one is said not to be measured.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench._cases import CARD_CASES, PROCESSOR_CASES, Case

PAGE = Path(__file__).with_name("performance.md")
RESULTS = Path(__file__).resolve().parent.parent / "bench" / "results"
INTRODUCTION = """\
# Performance

How fast Reverie paints beside streamdiffusion 0.1.1 and diffusers, on the same machine, with the
same weights, words and noise. This page is made from the results in `bench/results` by
`python -m docs.generate_performance`; what has no result is said not to be measured.

```
pip install --no-deps --target DIR streamdiffusion==0.1.1
python bench/compare.py --streamdiffusion DIR --json bench/results/compare-MACHINE.json
```

`--quick` does two small cases in less than a minute. streamdiffusion is no dependency and is
installed beside Reverie, without the old packages that it asks for; it runs on those that are here.
Measure on a machine with nothing else to do.

**A frame** is an RGB picture in host memory to one in host memory. streamdiffusion and diffusers
are given tensors instead of the PIL pictures of their examples, which is kinder to them;
streamdiffusion keeps its synchronisation after every frame. Their TensorRT and xformers are not
part of it. Without a GPU its CUDA events are stood in for.

**Networks.** `house` is the shipped model; the others have random weights in the layout of the
real ones, which take as long: 18 million parameters in Stable Diffusion's layout for processors, SD
1.5, SD-Turbo and SDXL at full size for cards. Nothing is said about pictures.

**Turns.** All contenders are made and warmed up, which counts apart; then they paint in turns,
three rounds, so that whatever else the machine does slows all alike. p50 and p95 are over every
frame.

**Distance** is ‖picture − Reverie eager‖ / ‖Reverie eager‖ of 8-bit pictures: near zero means the
same computation. streamdiffusion reads every model as one that predicts noise, so with the house
model, which predicts the sample, only its time can be compared; so it is where it takes one step
after the other, with noise of its own.

**Share of the floor**: a frame's matrix products, convolutions and attentions, each at the rate of
the largest product or copy that PyTorch reached on that machine in that precision, everything else
free; this sum over p50. 100 % can't be reached.

**Energy** is the graphics card's own counter, in joules a frame.
"""
COLUMNS = """\
| | p50 | p95 | a second | of the floor | energy | distance |
|---|---|---|---|---|---|---|"""
KINDS: dict[str, Sequence[Case]] = {"a graphics card": CARD_CASES, "a processor": PROCESSOR_CASES}
LESS_WORK = """\
## Work that isn't done at every tick

**Tables** (`python -m bench.tables`). What depends on timestep and prompt alone is computed when
they change. Of one tick, one row, 512², in float16, that was so much; counted, not timed:

| | arithmetic | memory traffic | products and convolutions |
|---|---|---|---|
| SD 1.5 | 3.0 of 803 GFLOP, 0.4 % | 102 MB | 56 of 346 |
| SD-Turbo | 4.0 of 804 GFLOP, 0.5 % | 116 MB | 56 of 346 |
| SDXL-Turbo | 52.5 of 1589 GFLOP, 3.3 % | 801 MB | 161 of 1074 |

The house model's denoiser at 256², in turns on two busy cores: 7.07 ms against 7.41 through
OpenVINO (ratio 1.05), no difference in PyTorch on one of them. To compute the tables anew takes
0.6 ms in PyTorch, so while a timestep or prompt moves at every tick nothing is gained.
What it is worth on a graphics card is not measured.

**Token merging** (`python -m bench.token_merging`), off by default. The denoiser's arithmetic in
GFLOP, one row, counted, by the share of places that are merged away; below it what was timed:

| | 0 | 0.25 | 0.5 | 0.75 |
|---|---|---|---|---|
| SD 1.5, 512² | 800 | 763 | 728 | 707 |
| SD 1.5, 1024² | 4671 | 4117 | 3617 | 3332 |
| SDXL, 1024² | 6709 | 6541 | 6387 | 6286 |
| 18 M, 512²: ms, PyTorch, one core | 437 | 343 | 267 | 234 |
| 18 M, 512²: PSNR against 0, 8 bits | | 62 dB | 57 dB | 58 dB |

So it pays where attention is much of the work: large pictures, SD 1.5 and 2. The network of 18
million has random weights, which hardly care where they look: what it costs a trained model's
picture is not measured, and will be more. The house model attends at its coarsest alone and is left
as it is.

**Feature reuse** (`python -m bench.feature_reuse`), off by default. So many ticks in a row compute
the UNet's finest level alone and take the rest from the last whole one. Of the denoiser's
arithmetic at 512² a fine tick has 305 of 800 GFLOP with SD 1.5 and SD-Turbo and 112 of 1536 with
SDXL, counted. Of the house model's time at 256², in turns on two busy cores, it has 3.5 of 7.4 ms
through OpenVINO (with encoder and decoder 11.7 of 15.6) and 15.2 of 47.7 in PyTorch on one of them;
keeping the features costs nothing. Pictures of a second of the demo scene, one step, those that
differ from the whole ones:

| | PSNR, mean | worst |
|---|---|---|
| 1 frame reuses | 68.0 dB | 63.6 dB |
| 2 in a row | 65.3 dB | 58.8 dB |
| 4 in a row | 61.6 dB | 53.7 dB |
| the picture before instead | 47.9 dB | 44.7 dB |
| right after a cut to the mirror image | | 37.5 dB |

Above some 50 dB nobody sees it. The scene moves slowly; with larger models, which paint more from
their deep layers, it is not measured.
"""
NOT_YET = """\
## Not part of it yet

The similarity filter on a still scene, compiled and captured accelerators, TensorRT and 8-bit
weights.

Two things were tried through OpenVINO with the house model at 256², on busy cores, and left out.
**Two frames at once**, one on each core, instead of one after the other on both: 0.95 to 0.99 of
the time, for a frame more of latency. **8 bits** (NNCF, in turns, on one core): the encoder takes
0.69 and the decoder 0.55 of bfloat16's time, but the denoiser 1.3, where numbers are converted to
and fro between short convolutions. Against float32, on the pictures it was calibrated with, the
decoder keeps 34 dB, where bfloat16 keeps 54.
"""


def performance_page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """results: what each file holds, by its name without the ending."""
    sections = [machine_section(name, result) for name, result in results.items()]
    measured = {case for result in results.values() for case in result["results"]["cases"]}
    missing = [
        f"- on {kind}: {case.name}"
        for kind, cases in KINDS.items()
        for case in cases
        if case.name not in measured
    ]
    if missing:
        sections.append("\n".join(["## Not measured", "", *missing, ""]))
    return "\n".join([INTRODUCTION, *sections, LESS_WORK, NOT_YET])


def machine_section(name: str, result: Mapping[str, Any]) -> str:
    """One machine: what it is, its rates, and a table for each case."""
    figures = result["results"]
    machine = ", ".join(f"{key} {value}" for key, value in result["device"].items() if value)
    rates = "; ".join(
        f"{precision}: {rate['tflops']} TFLOP/s in products, {rate['copy_gb_s']} GB/s in copies"
        for precision, rate in figures["rates"].items()
    )
    head = [f"## {name.removeprefix('compare-')}", "", f"{machine}. {rates}.", ""]
    return "\n".join([*head, *(case_table(*item) for item in figures["cases"].items())])


def case_table(name: str, row: Mapping[str, Any]) -> str:
    """One case: who took part, and why the others didn't."""
    lines = [contender_line(who, figures) for who, figures in row["contenders"].items()]
    reasons = [f"{who}: {reason}." for who, reason in row["absent"].items()]
    return "\n".join([f"### {name}", "", COLUMNS, *lines, "", *reasons, ""])


def contender_line(name: str, figures: Mapping[str, Any]) -> str:
    """One line of a table."""
    joules = figures["joules"]
    cells = (
        name,
        f"{figures['p50_ms']:.1f} ms",
        f"{figures['p95_ms']:.1f} ms",
        f"{figures['fps_hz']:.1f}",
        f"{figures['share_of_floor']:.0%}",
        "not measured" if joules is None else f"{joules:.2f} J",
        f"{figures['distance']:.4f}",
    )
    return f"| {' | '.join(cells)} |"


def read_results(folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """All results of the comparison, by file name."""
    files = sorted(folder.glob("compare-*.json"))
    return {file.stem: json.loads(file.read_text("utf-8")) for file in files}


if __name__ == "__main__":
    PAGE.write_text(performance_page(read_results()), "utf-8")
