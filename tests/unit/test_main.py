"""The program's first steps, without a window."""

from __future__ import annotations

import _thread
import json
import logging
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

import main
from engine.api import Engine, Frame, Stats
from engine.headless import Verdict
from engine.sinks.recorder import RecorderSink


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


@pytest.fixture
def recorded_show(tmp_path: Path) -> Path:
    line = "--headless --source pattern --model identity --size 64x64 --no-realtime --frames 9"
    assert main.main([*line.split(), "--record-show", str(tmp_path / "friday")]) == 0
    return tmp_path / "friday.reverie"


def test_a_recorded_show_is_painted_again_with_progress(
    recorded_show: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["--replay", str(recorded_show), "--size", "128x96", "--fps", "60"]) == 0
    assert "100%  9 of 9 pictures" in capsys.readouterr().out
    with av.open(str(recorded_show / "replay.mp4")) as film:
        pictures = list(film.decode(video=0))
    assert {(picture.width, picture.height) for picture in pictures} == {(128, 96)}
    assert len(pictures) == 17  # 9 at 30 fps as a film of 60


@pytest.mark.usefixtures("heeds_interrupts")
def test_a_cancelled_replay_leaves_a_film_that_plays(
    recorded_show: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = RecorderSink.write

    def interrupted(self: RecorderSink, frame: Frame, presented_s: float) -> None:
        write(self, frame, presented_s)
        if frame.sequence == 4:
            _thread.interrupt_main()
            has_stopped.wait(20.0)

    has_stopped = threading.Event()
    stop = Engine.stop
    monkeypatch.setattr(Engine, "stop", lambda self: (has_stopped.set(), stop(self)))
    monkeypatch.setattr(RecorderSink, "write", interrupted)
    assert main.main(["--replay", str(recorded_show)]) == 130
    assert "their recording is whole" in capsys.readouterr().err
    with av.open(str(recorded_show / "replay.mp4")) as film:
        assert len(list(film.decode(video=0))) >= 5


def test_a_progress_bar_is_one_line_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    bar = main.ProgressBar(4)
    for presented in (0, 1, 2, 4):
        bar.show(Stats(presented=presented))
    bar.say("It is done.")
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].count("\r[") == 3
    assert lines[1:] == ["It is done.", ""]


def test_a_show_that_is_none_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["--replay", str(tmp_path / "gone")]) == 1
    assert "is not a recorded show; name a folder NAME.reverie." in capsys.readouterr().err
