"""The catalogue, the page and the tests name the same faults."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, MODEL_FILES, README, page

HERE = Path(__file__).parent


def named_in(path: Path) -> list[str]:
    """What `fault(…)` and `mark.fault(…)` are called with, without those of a loop."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.Call)]  # fmt: skip
    firsts = [
        call.args[0]
        for call in calls
        if ast.unparse(call.func) in ("fault", "pytest.mark.fault") and call.args
    ]
    return [str(first.value) for first in firsts if isinstance(first, ast.Constant)]


def test_every_fault_is_injected_by_exactly_one_test() -> None:
    paths = set(HERE.glob("test_*.py")) - {Path(__file__)}
    named = Counter(name for path in paths for name in named_in(path))
    named.update(f"model file cut short: {file}" for file in MODEL_FILES)
    assert dict(named) == dict.fromkeys(FAULTS, 1)


def test_there_are_more_than_forty() -> None:
    assert len(FAULTS) >= 40


def test_the_page_is_as_generated() -> None:
    if README.read_text("utf-8") != page():
        pytest.fail("run: python -m tests.faults.catalogue")
