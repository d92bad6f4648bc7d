"""The page about speed says what was measured, and what was not."""

from __future__ import annotations

import json
from pathlib import Path

from bench._cases import CARD_CASES, PROCESSOR_CASES
from docs.generate_performance import PAGE, performance_page, read_results

FIGURES = {
    "p50_ms": 12.34,
    "p95_ms": 20.0,
    "fps_hz": 81.04,
    "share_of_floor": 0.456,
    "joules": None,
    "distance": 0.00016,
}
RESULT = {
    "device": {"name": "CPU (x86_64)", "cores": 2, "driver": ""},
    "results": {
        "rates": {"float32": {"tflops": 0.1, "copy_gb_s": 9.5}},
        "cases": {
            PROCESSOR_CASES[0].name: {
                "contenders": {"diffusers": FIGURES},
                "absent": {"streamdiffusion 0.1.1": "it isn't there"},
            }
        },
    },
}


def test_the_committed_page_is_up_to_date() -> None:
    page = performance_page(read_results())
    assert PAGE.read_text("utf-8") == page, "run python -m docs.generate_performance"


def test_without_results_every_case_is_said_not_to_be_measured() -> None:
    page = performance_page({})
    assert all(f"on a graphics card: {case.name}" in page for case in CARD_CASES)
    assert all(f"on a processor: {case.name}" in page for case in PROCESSOR_CASES)


def test_a_result_becomes_a_table_and_leaves_the_list_of_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "compare-laptop.json").write_text(json.dumps(RESULT))
    page = performance_page(read_results(tmp_path))
    assert "## laptop\n\nname CPU (x86_64), cores 2. float32: 0.1 TFLOP/s" in page
    line = "| diffusers | 12.3 ms | 20.0 ms | 81.0 | 46% | not measured | 0.0002 |"
    assert line in page
    assert "streamdiffusion 0.1.1: it isn't there." in page
    assert f"on a processor: {PROCESSOR_CASES[0].name}\n" not in page
    assert f"on a processor: {PROCESSOR_CASES[1].name}\n" in page
