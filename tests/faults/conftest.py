"""Around every fault: what was saved is untouched, nothing is left behind, and it has a name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.harness import Belongings, Show, check_nothing_left, leftovers


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(name): the fault of the catalogue that it injects")


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = leftovers()
    yield
    check_nothing_left(before)


@pytest.fixture(autouse=True)
def belongings(tmp_path: Path) -> Iterator[Belongings]:
    """What the performer has saved before; lost in no fault."""
    saved = Belongings(tmp_path / "saved")
    yield saved
    saved.check()


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(tmp_path / "session")


@pytest.fixture(autouse=True)
def _has_a_name(request: pytest.FixtureRequest) -> None:
    """Every test here names a fault of the catalogue, but those of the catalogue itself."""
    mark = request.node.get_closest_marker("fault")
    is_about_catalogue = request.path.name == "test_fault_catalogue.py"
    assert is_about_catalogue or (mark is not None and mark.args[0] in FAULTS)
