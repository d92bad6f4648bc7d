"""What docs/performance.md has in Markdown from the benchmarks' results: a function a section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap
from typing import Any

from bench._cases import CARD_CASES, PROCESSOR_CASES, Case
from docs.performance_plots import Rows, guided, unguided
from docs.performance_results import ByMachine, Goal, judged

KINDS: dict[str, Sequence[Case]] = {
    "a graphics card": CARD_CASES,
    "a processor": PROCESSOR_CASES,
}
NOT_MEASURED = "not measured"
MARKS = {
    "python": "Python is up",
    "engine": "the engine is imported",
    "started": "the show's threads run",
    "outgoing": "the first picture goes out: the input, as it came",
    "imported": "PyTorch and diffusers are imported",
}

Results = Mapping[str, ByMachine]  # by benchmark


def each_machine(
    results: Mapping[str, Mapping[str, Any]], section: Callable[[str, Mapping[str, Any]], str]
) -> str:
    """A section of every machine that has a result."""
    sections = [section(name, result) for name, result in results.items()]
    return "\n".join(sections) if sections else "Not measured yet.\n"


# ---- goals


def goals(results: Results) -> str:
    """What was to be reached, and what was."""
    head = ["| on | goal | at least | measured | met |", "|---|---|---|---|---|"]
    lines = [goal_line(*row) for row in judged(results["compare"])]
    return "\n".join([*head, *lines, ""])


def goal_line(kind: str, goal: Goal, machine: str, value: float | None) -> str:
    """One goal on one machine."""
    wanted = goal.form.format(goal.wanted)
    if value is None:
        return f"| {kind} | {goal.text} | {wanted} | {NOT_MEASURED} | {NOT_MEASURED} |"
    is_met = "yes" if value >= goal.wanted else "no"
    return f"| {machine} | {goal.text} | {wanted} | {goal.form.format(value)} | {is_met} |"


# ---- the comparison


def comparison(results: Results) -> str:
    """Every machine: what it is, a plot, and a table for each case."""
    return each_machine(results["compare"], compared)


def compared(name: str, result: Mapping[str, Any]) -> str:
    """One machine."""
    figures = result["results"]
    rates = "; ".join(
        f"{precision}: {rate['tflops']} TFLOP/s in products, {rate['copy_gb_s']} GB/s in copies"
        for precision, rate in figures["rates"].items()
    )
    head = [f"### {name}", "", f"{machine_line(result)} {rates}.", "", image(f"compare-{name}"), ""]
    cases, still = figures["cases"], figures.get("still", {})
    tables = [*starmap(case_table, cases.items()), *starmap(still_table, still.items())]
    return "\n".join([*head, *tables, reasons([*cases.values(), *still.values()])])


def machine_line(result: Mapping[str, Any]) -> str:
    """What was measured on, and what of."""
    about, versions = result["device"], result["versions"]
    libraries = [name for name in ("torch", "diffusers", "openvino") if versions.get(name)]
    with_them = ", ".join(f"{name} {versions[name]}" for name in libraries)
    device = about.get("renders_on") or f"{about['processor']}, {about['num_cpus']} cores"
    return f"{device}; {about['system']}; {with_them}; commit {result['commit']}."


def case_table(name: str, row: Mapping[str, Any]) -> str:
    """One case: who took part, how fast, how like."""
    heads = ("", "p50", "p95", "a second", "of the floor", "energy", "distance")
    lines = [contender_line(who, figures) for who, figures in row["contenders"].items()]
    return "\n".join([f"**{name}**", "", *table(heads, lines), ""])


def reasons(rows: Iterable[Mapping[str, Any]]) -> str:
    """Why who is absent, each reason once."""
    absent = dict.fromkeys(
        f"- {who}: {reason.rstrip('.')}." for row in rows for who, reason in row["absent"].items()
    )
    return "\n".join(folded("who isn't in it, and why", [*absent]) if absent else [])


def contender_line(name: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    """One line of a case's table."""
    joules = figures["joules"]
    return (
        name,
        f"{figures['p50_ms']:.1f} ms",
        f"{figures['p95_ms']:.1f} ms",
        f"{figures['fps_hz']:.1f}",
        f"{figures['share_of_floor']:.0%}",
        NOT_MEASURED if joules is None else f"{joules:.2f} J",
        f"{figures['distance']:.4f}",
    )


def still_table(name: str, row: Mapping[str, Any]) -> str:
    """The similarity filter on a still scene; all figures are of a frame that came."""
    heads = ("", "filter", "painted", "busy", "processor time", "energy")
    lines = [
        still_line(who if way == "off" else "", way, turn)
        for who, turns in row["contenders"].items()
        for way, turn in turns.items()
    ]
    title = f"**{name}, a still scene**, of every frame that came"
    return "\n".join([title, "", *table(heads, lines), ""])


def still_line(who: str, way: str, turn: Mapping[str, Any]) -> tuple[str, ...]:
    """One contender with or without its filter."""
    joules = turn["joules"]
    return (
        who,
        way,
        f"{turn['painted']} of {turn['frames']}",
        f"{turn['busy_ms']:.1f} ms",
        f"{turn['processor_ms']:.1f} ms",
        NOT_MEASURED if joules is None else f"{joules:.3f} J",
    )


def not_measured(results: Results) -> str:
    """Cases without a figure on any machine."""
    measured = {
        case for result in results["compare"].values() for case in result["results"]["cases"]
    }
    missing = [
        f"- on {kind}: {case.name}"
        for kind, cases in KINDS.items()
        for case in cases
        if case.name not in measured
    ]
    return "\n".join([*(missing or ["Nothing is missing."]), ""])


# ---- scaling, stages, start


def scaling(results: Results) -> str:
    """Plots and tables of every machine."""
    return each_machine(results["scaling"], scaled)


def scaled(name: str, result: Mapping[str, Any]) -> str:
    """One machine."""
    cells: Rows = result["results"]["cells"]
    kinds = ["steps", "size", *(f"cost-{n}" for n in dict.fromkeys(c["network"] for c in cells))]
    names = [f"scaling-{name}-{kind}" for kind in [*kinds, "guidance"]]
    pictures = [line for each in names for line in (image(each), "")]
    head = [f"### {name}", "", machine_line(result), ""]
    return "\n".join([*head, *pictures, *size_table(cells), "", *guidance_table(cells), ""])


def size_table(cells: Rows) -> list[str]:
    """Milliseconds a frame, every size and number of steps."""
    settings = dict.fromkeys((cell["size_px"], cell["steps"]) for cell in unguided(cells))
    heads = ["ms a frame", *(f"{size_px}² × {steps}" for size_px, steps in settings)]
    return table(heads, by_accelerator(unguided(cells)))


def guidance_table(cells: Rows) -> list[str]:
    """Milliseconds a frame of every mode of guidance."""
    example = guided(cells)[0]
    corner = f"ms a frame, {example['size_px']}² × {example['steps']}"
    modes = dict.fromkeys(cell["guidance"].replace("_", "-") for cell in guided(cells))
    return table([corner, *modes], by_accelerator(guided(cells)))


def by_accelerator(cells: Rows) -> list[list[str]]:
    """A line of milliseconds for each network and accelerator."""
    lines: dict[str, list[str]] = {}
    for cell in cells:
        line = lines.setdefault(f"{cell['network']}, {cell['accelerator']}", [])
        line.append(f"{cell['p50_ms']:.1f}")
    return [[name, *values] for name, values in lines.items()]


def stages(results: Results) -> str:
    """Where the latency goes, on every machine."""
    return each_machine(results["stages"], staged)


def staged(name: str, result: Mapping[str, Any]) -> str:
    """One machine."""
    shows = {
        f"{setting}, {accelerator}": show
        for setting, by_name in result["results"]["shows"].items()
        for accelerator, show in by_name.items()
    }
    parts = list(dict.fromkeys(part for show in shows.values() for part in show["parts_ms"]))
    lines = [show_line(who, show, parts) for who, show in shows.items()]
    heads = ["ms, p50", *parts, "latency", "p95", "new pictures a second"]
    head = [f"### {name}", "", machine_line(result), "", image(f"stages-{name}"), ""]
    return "\n".join([*head, *table(heads, lines), ""])


def show_line(name: str, show: Mapping[str, Any], parts: Sequence[str]) -> list[str]:
    """One show's median times; a part that is none of its own there is in another."""
    times_ms = [show["parts_ms"].get(part) for part in parts]
    times_ms += [show["latency_p50_ms"], show["latency_p95_ms"]]
    cells = ["" if time_ms is None else f"{time_ms:.1f}" for time_ms in times_ms]
    return [name, *cells, f"{show['unique_fps_hz']:.1f}"]


def startup(results: Results) -> str:
    """How a show starts, on every machine."""
    return each_machine(results["startup"], started)


def started(name: str, result: Mapping[str, Any]) -> str:
    """One machine."""
    starts = result["results"]["house 256²"]
    lines = [
        [f"{mark['time_s']:.2f} s", mark_words(mark), kind]
        for kind, marks in starts.items()
        for mark in marks
    ]
    head = [f"### {name}", "", machine_line(result), "", image(f"startup-{name}"), ""]
    return "\n".join([*head, *folded("every step", table(("at", "is done", "start"), lines))])


def mark_words(mark: Mapping[str, Any]) -> str:
    """A moment, for people."""
    if mark["what"] == "painted":
        return f"the first picture painted by {mark['detail']}"
    return MARKS.get(mark["what"], mark["detail"])


def folded(summary: str, lines: Sequence[str]) -> list[str]:
    """What is shown on a click."""
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Markdown."""
    rule = "|" + "---|" * len(heads)
    return [f"| {' | '.join(heads)} |", rule, *(f"| {' | '.join(line)} |" for line in lines)]


def image(name: str) -> str:
    """A plot, with words for those who don't see it: its numbers are in the table beside it."""
    return f"![{name.replace('-', ' ')}; its numbers are in the tables](plots/{name}.svg)"
