"""The program's first steps, without a window."""

from __future__ import annotations

import json
import logging
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import main
from engine.headless import Verdict


@pytest.fixture(autouse=True)
def _logging_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr("engine.diagnostics.log.log_folder", lambda: tmp_path)
    monkeypatch.setattr("faulthandler.enable", lambda file, all_threads: file.close())
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = list(root.handlers), root.level
    yield
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hooks
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a display be missing")
def test_without_a_display_it_says_how_to_run_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main.main([]) == 1
    assert capsys.readouterr().err.startswith("There is no display for a window; connect one, or")


def test_a_wrong_option_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--colour"]) == 2
    assert (
        capsys.readouterr().err == "Unrecognized arguments: --colour; --help shows what there is.\n"
    )


def test_every_list_has_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for listing in main.Listing:
        assert main.main(["--list", str(listing)]) == 0
        assert capsys.readouterr().out


def test_the_report_carries_the_verdict(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    verdict = main.write_report(path, {"frames": {}}, Verdict(1, "It broke; mend it."))
    assert verdict == Verdict(1, "It broke; mend it.")
    told = json.loads(path.read_text(encoding="utf-8"))
    assert (told["exit_code"], told["problem"]) == (1, "It broke; mend it.")


def test_a_report_that_cannot_be_written_spoils_a_good_run(tmp_path: Path) -> None:
    verdict = main.write_report(tmp_path / "no" / "report.json", {}, Verdict())
    assert verdict.exit_code == 1
    assert "report could not be written" in verdict.problem


def test_a_report_about_faults_is_saved_without_a_show(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.engine.doctor_table", lambda: "Python  OK")
    path = tmp_path / "report.zip"
    assert main.main(["--save-report", str(path)]) == 0
    with zipfile.ZipFile(path) as archive:
        assert archive.read("doctor.txt") == b"Python  OK"
        assert "log/reverie.log" in archive.namelist()
    assert str(path) in capsys.readouterr().out


def test_a_trace_that_cannot_be_written_is_told_before_the_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["--headless", "--profile", str(tmp_path / "no" / "trace.json")]) == 1
    assert capsys.readouterr().err.startswith("The trace can't be written to ")


def test_a_headless_run_leaves_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    show = ["--headless", "--source", "pattern", "--model", "identity", "--size", "64x64"]
    assert main.main([*show, "--no-realtime", "--frames", "5", "--profile", str(path)]) == 0
    assert any(event["name"] == "render" for event in json.loads(path.read_text("utf-8")))
