"""Fills docs/performance.md and draws its plots: `python -m docs.generate_performance`.

The page's words are written by hand; what stands between two marks, `<!-- NAME -->` and
`<!-- end of NAME -->`, is made here from the files in bench/results.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docs import performance_tables as tables
from docs.performance_plots import all_plots
from docs.performance_results import RESULTS, read_results
from docs.performance_tables import Results

PAGE = Path(__file__).with_name("performance.md")
PLOTS = Path(__file__).with_name("plots")
BENCHES = ("compare", "scaling", "stages", "startup")
SECTIONS: dict[str, Callable[[Results], str]] = {
    "goals": tables.goals,
    "comparison": tables.comparison,
    "not measured": tables.not_measured,
    "scaling": tables.scaling,
    "stages": tables.stages,
    "startup": tables.startup,
}


def read_all(folder: Path = RESULTS) -> dict[str, dict[str, dict[str, Any]]]:
    """Everything that the page is made from."""
    return {bench: read_results(bench, folder) for bench in BENCHES}


def page(text: str, results: Results) -> str:
    """`text` with everything between marks as it should be."""
    for name, make in SECTIONS.items():
        between = re.compile(f"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)
        made = make(results)
        text = between.sub(lambda match, made=made: made, text)
    return text


def plots(results: Results) -> dict[str, str]:
    """SVG by the name of its file in docs/plots."""
    drawn = all_plots(*(results[bench] for bench in BENCHES))
    return {f"{name}.svg": svg for name, svg in drawn.items()}


def write(results: Results) -> None:
    """The page and its plots; plots without a result are removed."""
    PAGE.write_text(page(PAGE.read_text("utf-8"), results), "utf-8")
    PLOTS.mkdir(exist_ok=True)
    drawn = plots(results)
    for file in PLOTS.glob("*.svg"):
        if file.name not in drawn:
            file.unlink()
    for name, svg in drawn.items():
        (PLOTS / name).write_text(svg, "utf-8")


if __name__ == "__main__":
    write(read_all())
