"""Nothing is written but where the test put its input, and a long run has a long time limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.harness import NUM_CASES

LIMIT_S = max(120, NUM_CASES)  # of a whole test: a tenth of a second a case is much


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@pytest.fixture(autouse=True)
def _writes_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The current folder and the user's home are empty, and still are afterwards."""
    for name, variables in {"work": (), "home": ("HOME", "USERPROFILE", "APPDATA")}.items():
        (tmp_path / name).mkdir()
        for variable in variables:
            monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.chdir(tmp_path / "work")
    yield
    written = [path for name in ("work", "home") for path in (tmp_path / name).rglob("*")]
    assert not written, f"written outside: {written}"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Where a test puts what it reads."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder
