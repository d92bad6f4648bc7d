"""What the benchmarks have measured, as docs/performance.md needs it: read, picked, judged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._cases import CARD_CASES, PROCESSOR_CASES, Case
from engine.enums import GuidanceMode

RESULTS = Path(__file__).resolve().parent.parent / "bench" / "results"
STREAMDIFFUSION, DIFFUSERS, OWN = "streamdiffusion 0.1.1", "diffusers", "reverie"

Figures = Mapping[str, Any]  # the "results" of one run
ByMachine = Mapping[str, Mapping[str, Any]]  # whole runs


def read_results(bench: str, folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """All results of one benchmark by machine, which is the rest of the file's name."""
    files = sorted(folder.glob(f"{bench}-*.json"))
    return {
        file.stem.removeprefix(f"{bench}-"): json.loads(file.read_text("utf-8")) for file in files
    }


def own_best(figures: Figures, case: Case, key: str = "p50_ms") -> float | None:
    """What Reverie's fastest accelerator reached; None where the case isn't measured."""
    contenders = figures["cases"].get(case.name, {}).get("contenders", {})
    own = [row for name, row in contenders.items() if name.startswith(OWN)]
    return min(own, key=lambda row: row["p50_ms"])[key] if own else None


def times_faster(figures: Figures, case: Case, rival: str) -> float | None:
    """A rival's time over that of Reverie's fastest accelerator."""
    own_ms = own_best(figures, case)
    row = figures["cases"].get(case.name, {}).get("contenders", {}).get(rival)
    return row["p50_ms"] / own_ms if row and own_ms else None


def gain(figures: Figures, case: Case, over: Case) -> float | None:
    """Another case's time over this one's, the best accelerator of each."""
    own_ms, other_ms = own_best(figures, case), own_best(figures, over)
    return other_ms / own_ms if own_ms and other_ms else None


def energy_saved(figures: Figures, case: Case) -> float | None:
    """Joules while everything is painted over joules while the model rests; the fastest one's."""
    rows = figures.get("still", {}).get(case.name, {}).get("contenders", {})
    own = [row for name, row in rows.items() if name.startswith(OWN) and row["off"]["joules"]]
    if not own:
        return None
    fastest = min(own, key=lambda row: row["off"]["busy_ms"])
    return fastest["off"]["joules"] / fastest["on"]["joules"]


@dataclass(frozen=True)
class Goal:
    """What is to be reached at least, by whom; measure: None where it isn't measured."""

    text: str
    wanted: float
    form: str
    measure: Callable[[Figures], float | None]


SD_TURBO, SD15_4 = CARD_CASES[0], Case("sd1.5", 512, 4)
SD15_4_ALONE = Case("sd1.5", 512, 4, is_batched=False)
SD15_4_FULL = Case("sd1.5", 512, 4, GuidanceMode.FULL)
SD15_4_SELF = Case("sd1.5", 512, 4, GuidanceMode.SELF_NEGATIVE)
HOUSE_256, HOUSE_384, UNET_18M = PROCESSOR_CASES[:3]
GOALS = {
    "a graphics card": (
        Goal(
            f"{SD_TURBO.name}, beside streamdiffusion 0.1.1", 3.0, "{:.2f} times as fast",
            lambda f: times_faster(f, SD_TURBO, STREAMDIFFUSION),
        ),
        Goal(
            f"{SD_TURBO.name}, beside diffusers", 10.0, "{:.2f} times as fast",
            lambda f: times_faster(f, SD_TURBO, DIFFUSERS),
        ),
        Goal(
            f"{SD15_4.name}, share of the floor", 0.6, "{:.0%}",
            lambda f: own_best(f, SD15_4, "share_of_floor"),
        ),
        Goal(
            f"{SD15_4.name}, stream batch beside one step after the other", 1.5,
            "{:.2f} times as fast", lambda f: gain(f, SD15_4, SD15_4_ALONE),
        ),
        Goal(
            f"{SD15_4.name}, self-negative beside full guidance", 2.0,
            "{:.2f} times as fast", lambda f: gain(f, SD15_4_SELF, SD15_4_FULL),
        ),
        Goal(
            f"{SD_TURBO.name}, a still scene, all painted over resting", 2.4,
            "{:.2f} times the energy", lambda f: energy_saved(f, SD_TURBO),
        ),
    ),
    "two processor cores with bfloat16": (
        Goal(HOUSE_256.name, 45.0, "{:.1f} frames/s", lambda f: own_best(f, HOUSE_256, "fps_hz")),
        Goal(HOUSE_384.name, 20.0, "{:.1f} frames/s", lambda f: own_best(f, HOUSE_384, "fps_hz")),
        Goal(
            f"{HOUSE_256.name}, beside streamdiffusion 0.1.1", 3.0, "{:.2f} times as fast",
            lambda f: times_faster(f, HOUSE_256, STREAMDIFFUSION),
        ),
        Goal(
            f"{UNET_18M.name}, beside streamdiffusion 0.1.1", 3.0, "{:.2f} times as fast",
            lambda f: times_faster(f, UNET_18M, STREAMDIFFUSION),
        ),
    ),
}  # fmt: skip


def judged(compared: ByMachine) -> Iterator[tuple[str, Goal, str, float | None]]:
    """(kind of machine, goal, machine, what it reached); a goal without a measure comes once."""
    for kind, goals in GOALS.items():
        for goal in goals:
            reached = {
                machine: value
                for machine, result in compared.items()
                if (value := goal.measure(result["results"])) is not None
            }
            if not reached:
                yield kind, goal, "", None
            for machine, value in reached.items():
                yield kind, goal, machine, value
