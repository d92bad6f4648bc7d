from __future__ import annotations

import sys
from pathlib import Path

from boot import benches, checks
from boot.checks import CHECKS, Check, Outcome, command_line, run_checks, table


def use(monkeypatch, *those: Check) -> list[str]:
    monkeypatch.setattr(checks, "CHECKS", those)
    return []


def code(name: str, text: str, limit_s: float = 60.0) -> Check:
    return Check(name, ("-c", text), limit_s=limit_s)


def test_all_checks_run_even_after_a_failure(monkeypatch):
    said = use(monkeypatch, code("first", "raise SystemExit(5)"), code("second", "pass"))
    assert run_checks(Path(sys.executable), said.append) == 1
    assert "exit code 5" in said[-1]
    assert said[-1].endswith("Not good yet: first.")


def test_the_exit_code_is_0_only_when_all_passed(monkeypatch):
    said = use(monkeypatch, code("only", "pass"))
    assert run_checks(Path(sys.executable), said.append) == 0
    assert said[-1].endswith("All checks passed.")


def test_a_check_that_hangs_is_ended(monkeypatch):
    said = use(monkeypatch, code("stuck", "import threading; threading.Event().wait()", 0.5))
    assert run_checks(Path(sys.executable), said.append) == 1
    assert "not done after" in said[-1]


def test_a_program_that_is_not_installed_fails_its_check(monkeypatch):
    said = use(monkeypatch, Check("contracts", (), program="no-such-program"))
    assert run_checks(Path(sys.executable), said.append) == 1
    assert "could not start" in said[-1]


def test_windows_go_nowhere_during_the_checks(monkeypatch):
    text = "import os; raise SystemExit(os.environ['QT_QPA_PLATFORM'] != 'offscreen')"
    said = use(monkeypatch, code("offscreen", text))
    assert run_checks(Path(sys.executable), said.append) == 0


def test_the_table_has_a_line_for_each_check():
    outcomes = [Outcome("style", True, 3.4), Outcome("tests", False, 61.0, "exit code 1")]
    assert table(outcomes).splitlines()[1:3] == [
        "style      ok          3 s",
        "tests      FAILED     61 s  exit code 1",
    ]


def test_programs_lie_beside_the_environments_python():
    check = next(check for check in CHECKS if check.program)
    assert command_line(check, Path("/x/bin/python")) == [str(Path("/x/bin/lint-imports"))]


def test_private_modules_are_no_benchmarks(tmp_path: Path):
    for name in ("window.py", "_common.py", "__init__.py", "overhead.py"):
        (tmp_path / name).touch()
    assert benches.bench_modules(tmp_path) == ["overhead", "window"]


def test_a_benchmark_that_fails_does_not_stop_the_others(monkeypatch, tmp_path: Path):
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / "good.py").write_text("print('{\"fps\": 30}')", "utf-8")
    (folder / "bad.py").write_text("raise SystemExit(1)", "utf-8")
    (folder / "wordy.py").write_text("print('fast!')", "utf-8")
    monkeypatch.setattr(benches, "ROOT", tmp_path)
    monkeypatch.setattr(benches, "bench_modules", lambda: ["bad", "good", "wordy"])
    results, failed = benches.run_benches(Path(sys.executable), lambda line: None)
    assert results == {"good": {"fps": 30}}
    assert failed == ["bad", "wordy"]
