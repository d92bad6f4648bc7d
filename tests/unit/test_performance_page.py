"""The page about speed says what was measured, and what was not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench._cases import CARD_CASES, PROCESSOR_CASES, Case
from docs.generate_performance import PAGE, PLOTS, page, plots, read_all
from docs.performance_plots import startup_spans
from engine.enums import GuidanceMode

ABOUT = {
    "commit": "abc1234",
    "versions": {"python": "3.11.7", "torch": "2.13.0"},
    "device": {"processor": "A laptop", "num_cpus": 2, "system": "Linux", "renders_on": None},
}
TEXT = PAGE.read_text("utf-8")
NOTHING: dict[str, Any] = {bench: {} for bench in ("compare", "scaling", "stages", "startup")}


def contender(p50_ms: float, share_of_floor: float = 0.456) -> dict[str, Any]:
    return {
        "p50_ms": p50_ms, "p95_ms": 20.0, "fps_hz": 1e3 / p50_ms,
        "share_of_floor": share_of_floor, "joules": None, "distance": 0.00016,
    }  # fmt: skip


def compared(cases: dict[Case, dict[str, Any]], **more: Any) -> dict[str, Any]:
    rows = {case.name: {"contenders": row, "absent": {}} for case, row in cases.items()}
    rates = {"float32": {"tflops": 0.1, "copy_gb_s": 9.5}}
    result = {**ABOUT, "results": {"rates": rates, "cases": rows, **more}}
    return {**NOTHING, "compare": {"laptop": result}}


def test_the_committed_page_and_plots_are_up_to_date() -> None:
    results, advice = read_all(), "run python -m docs.generate_performance"
    assert page(TEXT, results) == TEXT, advice
    drawn = {file.name: file.read_text("utf-8") for file in PLOTS.glob("*.svg")}
    assert drawn == plots(results), advice


def test_without_results_everything_is_said_not_to_be_measured() -> None:
    text = page(TEXT, NOTHING)
    assert all(f"on a graphics card: {case.name}" in text for case in CARD_CASES)
    assert all(f"on a processor: {case.name}" in text for case in PROCESSOR_CASES)
    assert text.count("Not measured yet.") == 4
    assert plots(NOTHING) == {}


def test_a_result_becomes_a_table_and_leaves_the_list_of_what_is_missing(tmp_path: Path) -> None:
    results = compared({PROCESSOR_CASES[0]: {"diffusers": contender(12.34)}})
    row = results["compare"]["laptop"]
    row["results"]["cases"][PROCESSOR_CASES[0].name]["absent"] = {"streamdiffusion": "It's away."}
    (tmp_path / "compare-laptop.json").write_text(json.dumps(row))
    text = page(TEXT, read_all(tmp_path))
    assert "### laptop\n\nA laptop, 2 cores; Linux; torch 2.13.0; commit abc1234. float32: " in text
    assert "| diffusers | 12.3 ms | 20.0 ms | 81.0 | 46% | not measured | 0.0002 |" in text
    assert "- streamdiffusion: It's away.\n" in text
    assert f"on a processor: {PROCESSOR_CASES[0].name}\n" not in text
    assert f"on a processor: {PROCESSOR_CASES[1].name}\n" in text


def test_a_goal_is_judged_by_the_fastest_accelerator_of_reverie() -> None:
    row = {
        "streamdiffusion 0.1.1": contender(100.0),
        "reverie eager": contender(80.0),
        "reverie openvino": contender(20.0),
    }
    text = page(TEXT, compared({PROCESSOR_CASES[0]: row}))
    assert "| laptop | house 256² × 1 | 45.0 frames/s | 50.0 frames/s | yes |" in text
    beside = "house 256² × 1, beside streamdiffusion 0.1.1"
    assert f"| laptop | {beside} | 3.00 times as fast | 5.00 times as fast | yes |" in text
    missing = "house 384² × 1 | 20.0 frames/s | not measured | not measured |"
    assert f"| two processor cores with bfloat16 | {missing}" in text


def test_goals_between_two_cases_compare_their_times() -> None:
    full, alone = Case("sd1.5", 512, 4, GuidanceMode.FULL), Case("sd1.5", 512, 4, is_batched=False)
    mode = GuidanceMode.SELF_NEGATIVE
    times_ms = {CARD_CASES[3]: 10.0, alone: 14.0, full: 20.0, Case("sd1.5", 512, 4, mode): 10.0}
    cases = {case: {"reverie eager": contender(ms, 0.61)} for case, ms in times_ms.items()}
    text = page(TEXT, compared(cases))
    assert "share of the floor | 60% | 61% | yes |" in text
    assert "one step after the other | 1.50 times as fast | 1.40 times as fast | no |" in text
    assert "beside full guidance | 2.00 times as fast | 2.00 times as fast | yes |" in text


def test_resting_on_a_still_scene_has_a_table_and_an_energy_goal() -> None:
    off = {"frames": 80, "painted": 80, "busy_ms": 5.0, "processor_ms": 6.0, "joules": 2.6}
    on = {**off, "painted": 7, "busy_ms": 0.5, "joules": 1.0}
    still = {CARD_CASES[0].name: {"contenders": {"reverie eager": {"off": off, "on": on}},
                                  "absent": {}}}  # fmt: skip
    text = page(TEXT, compared({CARD_CASES[0]: {"reverie eager": contender(5.0)}}, still=still))
    assert "|  | on | 7 of 80 | 0.5 ms | 6.0 ms | 1.000 J |" in text
    assert "2.40 times the energy | 2.60 times the energy | yes |" in text


def cell(accelerator: str, size_px: int, steps: int, guidance: str, p50_ms: float) -> Any:
    return {
        "network": "house", "accelerator": accelerator, "size_px": size_px, "steps": steps,
        "guidance": guidance, "p50_ms": p50_ms, "fps_hz": 1e3 / p50_ms,
    }  # fmt: skip


def test_scaling_has_its_plots_and_tables() -> None:
    cells = [
        cell(name, size_px, steps, "none", slow * size_px * steps / 10)
        for name, slow in (("eager", 3.0), ("openvino", 1.0))
        for size_px in (256, 512)
        for steps in (1, 2)
    ]
    cells += [cell(name, 256, 2, "self_negative", 60.0) for name in ("eager", "openvino")]
    results = {**NOTHING, "scaling": {"laptop": {**ABOUT, "results": {"cells": cells}}}}
    text, drawn = page(TEXT, results), plots(results)
    assert "| house, openvino | 25.6 | 51.2 | 51.2 | 102.4 |" in text
    assert "| house, openvino | 51.2 | 60.0 |" in text
    kinds = ("steps", "size", "guidance", "cost-house")
    assert set(drawn) == {f"scaling-laptop-{kind}.svg" for kind in kinds}
    assert all(f"(plots/{name})" in text for name in drawn)
    assert "Cost by area and steps: house, openvino" in drawn["scaling-laptop-cost-house.svg"]


def test_the_parts_of_a_latency_stand_in_a_row() -> None:
    show = {
        "latency_p50_ms": 30.0, "latency_p95_ms": 40.0, "unique_fps_hz": 29.9,
        "parts_ms": {"encode": 10.0, "waiting": 20.0},
    }  # fmt: skip
    figures = {**ABOUT, "results": {"shows": {"house 256²": {"eager": show}}}}
    results = {**NOTHING, "stages": {"laptop": figures}}
    assert "| house 256², eager | 10.0 | 20.0 | 30.0 | 40.0 | 29.9 |" in page(TEXT, results)
    assert "house 256², eager" in plots(results)["stages-laptop.svg"]


def test_a_start_is_told_step_by_step_and_drawn_in_its_larger_pieces() -> None:
    moments = [
        ("python", "", 0.1), ("engine", "", 0.5), ("started", "", 0.6), ("outgoing", "", 0.7),
        ("imported", "", 3.0), ("prepared", "Reading the denoiser", 3.2),
        ("prepared", "Warming up", 3.5), ("painted", "eager", 3.6), ("painted", "openvino", 9.0),
    ]  # fmt: skip
    marks = [dict(zip(("what", "detail", "time_s"), moment, strict=True)) for moment in moments]
    spans = [(span.name, span.start, span.end) for span in startup_spans(marks)]
    assert spans[-4:] == [
        ("PyTorch is imported", 0.7, 3.0),
        ("the model is made ready", 3.0, 3.5),
        ("the first picture is painted", 3.5, 3.6),
        ("a better accelerator is built meanwhile", 3.6, 9.0),
    ]
    starts = {"house 256²": {"first": marks, "again": marks[:-1]}}
    results = {**NOTHING, "startup": {"laptop": {**ABOUT, "results": starts}}}
    text = page(TEXT, results)
    assert "| 3.20 s | Reading the denoiser | first |" in text
    assert "| 9.00 s | the first picture painted by openvino | first |" in text
    assert "the next times" in plots(results)["startup-laptop.svg"]


@pytest.mark.parametrize("name", ["goals", "comparison", "scaling", "stages", "startup"])
def test_the_page_has_a_place_for_every_section(name: str) -> None:
    assert TEXT.count(f"<!-- {name} -->\n") == TEXT.count(f"<!-- end of {name} -->\n") == 1
