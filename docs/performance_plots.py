"""The plots of docs/performance.md, from the benchmarks' results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docs.charts import Series, Span, bar_chart, line_chart, span_chart
from docs.performance_results import STREAMDIFFUSION, ByMachine

Cell = Mapping[str, Any]
Rows = Sequence[Cell]

WHAT_WAS_DONE = {
    "python": "Python starts",
    "engine": "the engine is imported",
    "outgoing": "the show starts",
    "imported": "PyTorch is imported",
    "prepared": "the model is made ready",
    "painted": "the first picture is painted",
}
MEANWHILE = "a better accelerator is built meanwhile"


def all_plots(
    compared: ByMachine, scaled: ByMachine, staged: ByMachine, started: ByMachine
) -> dict[str, str]:
    """SVG by file name without its ending, which names benchmark, machine and plot."""
    plots: dict[str, str] = {}
    for machine, result in compared.items():
        plots[f"compare-{machine}"] = contenders_plot(result["results"]["cases"])
    for machine, result in scaled.items():
        cells: Rows = result["results"]["cells"]
        plots[f"scaling-{machine}-steps"] = steps_plot(cells)
        plots[f"scaling-{machine}-size"] = size_plot(cells)
        plots[f"scaling-{machine}-guidance"] = guidance_plot(cells)
        for network in dict.fromkeys(cell["network"] for cell in cells):
            plots[f"scaling-{machine}-cost-{network}"] = cost_plot(cells, network)
    for machine, result in staged.items():
        plots[f"stages-{machine}"] = stages_plot(result["results"]["shows"])
    for machine, result in started.items():
        plots[f"startup-{machine}"] = startup_plot(result["results"]["house 256²"])
    return plots


def contenders_plot(cases: Mapping[str, Any]) -> str:
    """Everybody's speed against the first rival's; cases without it are in the tables alone."""
    groups: dict[str, dict[str, float]] = {}
    for name, row in cases.items():
        times_ms = {who: figures["p50_ms"] for who, figures in row["contenders"].items()}
        if STREAMDIFFUSION in times_ms:
            base_ms = times_ms[STREAMDIFFUSION]
            groups[name] = {who: base_ms / time_ms for who, time_ms in times_ms.items()}
    label = f"times as fast as {STREAMDIFFUSION}; longer is better"
    return bar_chart(f"Speed against {STREAMDIFFUSION}", label, groups, "×")


def unguided(cells: Rows) -> list[Cell]:
    """Those without guidance."""
    return [cell for cell in cells if cell["guidance"] == "none"]


def lines(cells: Rows, over: str, value: str) -> Iterator[Series]:
    """One line for each network and accelerator."""
    names = dict.fromkeys((cell["network"], cell["accelerator"]) for cell in cells)
    for network, accelerator in names:
        own = [c for c in cells if (c["network"], c["accelerator"]) == (network, accelerator)]
        points = sorted((float(cell[over]), float(cell[value])) for cell in own)
        yield Series(f"{network}, {accelerator}", points)


def steps_plot(cells: Rows) -> str:
    """Frames a second over the number of steps, at the smallest size."""
    size_px = min(cell["size_px"] for cell in cells)
    shown = [cell for cell in unguided(cells) if cell["size_px"] == size_px]
    series = list(lines(shown, "steps", "fps_hz"))
    title = f"Frames a second by steps, {size_px}², no guidance"
    return line_chart(title, "denoising steps", "frames a second", series, is_log=True)


def size_plot(cells: Rows) -> str:
    """Frames a second over the picture's size, with one step."""
    shown = [cell for cell in unguided(cells) if cell["steps"] == 1]
    series = list(lines(shown, "size_px", "fps_hz"))
    label = "side of the picture in pixels"
    title = "Frames a second by size, 1 step, no guidance"
    return line_chart(title, label, "frames a second", series, is_log=True)


def guided(cells: Rows) -> list[Cell]:
    """All modes of guidance at the one setting that has them all."""
    example = next(cell for cell in cells if cell["guidance"] != "none")
    setting = (example["size_px"], example["steps"])
    return [cell for cell in cells if (cell["size_px"], cell["steps"]) == setting]


def guidance_plot(cells: Rows) -> str:
    """Frames a second by mode of guidance, a group for each network and accelerator."""
    groups: dict[str, dict[str, float]] = {}
    for cell in guided(cells):
        group = groups.setdefault(f"{cell['network']}, {cell['accelerator']}", {})
        group[cell["guidance"].replace("_", "-")] = cell["fps_hz"]
    example = guided(cells)[0]
    title = f"Frames a second by guidance, {example['size_px']}², {example['steps']} steps"
    return bar_chart(title, "frames a second; longer is faster", groups, "/s")


def cost_plot(cells: Rows, network: str) -> str:
    """Milliseconds over the picture's area by steps, on the network's fastest accelerator."""
    own = [cell for cell in unguided(cells) if cell["network"] == network]
    accelerator = min(own, key=lambda cell: cell["p50_ms"])["accelerator"]
    series = [
        Series(f"{steps} step{'s' if steps > 1 else ''}", points)
        for steps in sorted({cell["steps"] for cell in own})
        if (
            points := sorted(
                (cell["size_px"] ** 2 / 1e3, cell["p50_ms"])
                for cell in own
                if (cell["steps"], cell["accelerator"]) == (steps, accelerator)
            )
        )
    ]
    title = f"Cost by area and steps: {network}, {accelerator}"
    label = f"thousand pixels in the picture ({sizes_label(own)})"
    return line_chart(title, label, "milliseconds a frame", series)


def sizes_label(cells: Rows) -> str:
    """The sides that the areas belong to."""
    return ", ".join(f"{size_px}²" for size_px in sorted({cell["size_px"] for cell in cells}))


def stages_plot(shows: Mapping[str, Any]) -> str:
    """What a picture's latency is made of, in the median."""
    rows = {
        f"{name}, {accelerator}": _in_a_row(show["parts_ms"])
        for name, by_accelerator in shows.items()
        for accelerator, show in by_accelerator.items()
    }
    title = "From capture to the first output, a clip at 30 frames a second"
    return span_chart(title, "milliseconds", rows)


def _in_a_row(parts_ms: Mapping[str, float]) -> list[Span]:
    spans: list[Span] = []
    start_ms = 0.0
    for name, length_ms in parts_ms.items():
        spans.append(Span(name, start_ms, start_ms + length_ms))
        start_ms += length_ms
    return spans


def startup_plot(starts: Mapping[str, Rows]) -> str:
    """What was done until the best accelerator painted."""
    names = {"first": "the first time", "again": "the next times"}
    rows = {names[kind]: startup_spans(marks) for kind, marks in starts.items()}
    return span_chart("From the command to painted pictures", "seconds from the command", rows)


def startup_spans(marks: Rows) -> list[Span]:
    """Every mark ends what began with the one before; all that is prepared is one piece."""
    spans: list[Span] = []
    start_s = 0.0
    for mark in marks:
        name = WHAT_WAS_DONE.get(mark["what"])
        if name is None:
            continue
        if any(span.name == WHAT_WAS_DONE["painted"] for span in spans):
            name = MEANWHILE
        if spans and spans[-1].name == name:
            start_s = spans.pop().start
        spans.append(Span(name, start_s, mark["time_s"]))
        start_s = mark["time_s"]
    return spans
