"""The command line's runs, with real sources and sinks and no model."""

from __future__ import annotations

import _thread
import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest

from engine.api import Engine
from engine.commandline import parse
from engine.frame import Frame
from engine.headless import FAILED, Verdict, run_headless
from engine.identity_renderer import IdentityRenderer
from engine.pipeline import Makers
from engine.show import ShowSpec
from engine.sinks.recorder import RecorderSink
from tests.support.fakes import FakeRenderer, FakeSink, FakeSource
from tests.support.rig import SPEC, Rig

ROOT = Path(__file__).resolve().parents[2]
HEADLESS = ("--headless", "--model", "identity", "--size", "64x64")


def reverie(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home)}
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=environment,
    )


def num_pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_an_offline_run_records_as_many_pictures_as_were_asked_for(tmp_path: Path) -> None:
    clip, report = tmp_path / "out.mp4", tmp_path / "report.json"
    ended = reverie(
        *HEADLESS, "--source", "pattern", "--sink", f"record:{clip}", "--frames", "40",
        "--no-realtime", "--report", str(report), home=tmp_path,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert num_pictures(clip) == 40
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["frames"]["captured"] == told["frames"]["presented"] == 40
    assert told["frames"]["skipped"] + told["frames"]["rendered"] == 40
    assert told["frames"]["dropped"] == 0
    assert told["exit_code"] == 0
    assert {"capture", "render", "unique", "output"} == set(told["fps"])
    assert set(told["latency_ms"]) == {"p50", "p95", "max", "count"}
    assert told["peak_memory_mib"] > 10
    assert told["warm_up_s"] == 0
    assert [event["kind"] for event in told["events"]].count("source_opened") == 1


def test_a_clip_taken_offline_comes_out_whole_and_the_same_every_time(tmp_path: Path) -> None:
    clip = tmp_path / "in.mp4"
    reverie(
        *HEADLESS, "--source", "pattern", "--sink", f"record:{clip}", "--frames", "25",
        "--no-realtime", home=tmp_path,
    )  # fmt: skip
    copies = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    for copy in copies:
        ended = reverie(
            *HEADLESS, "--source", f"file:{clip}", "--sink", f"record:{copy}", "--no-realtime",
            home=tmp_path,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr) == (0, "")
        assert num_pictures(copy) == 25
    assert copies[0].read_bytes() == copies[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (("--source", "file:/nowhere/clip.mp4"), 1, "/nowhere/clip.mp4"),
        (("--source", "telly"), 2, '"telly" is not a source; write one of: demo'),
        (("--sink", "record:/nowhere/out.mp4"), 1, "/nowhere/out.mp4"),
        (("--set", "strength=7"), 2, "Strength is a number from 0 to 1"),
        (("--frames", "3", "--report", "/nowhere/r.json"), 1, "report could not be written"),
    ],
)
def test_a_run_that_cannot_do_what_was_asked_says_so_in_one_line(
    arguments: tuple[str, ...], exit_code: int, sentence: str, tmp_path: Path
) -> None:
    ended = reverie(*HEADLESS, *arguments, home=tmp_path)
    assert ended.returncode == exit_code
    assert sentence in ended.stderr
    assert ended.stderr.count("\n") == 1


class InterruptingRecorder(RecorderSink):
    """Ctrl-C comes with the tenth picture."""

    num_written = 0

    def write(self, frame: Frame, presented_s: float) -> None:
        super().write(frame, presented_s)
        self.num_written += 1
        if self.num_written == 10:
            _thread.interrupt_main()


@pytest.mark.usefixtures("heeds_interrupts")
def test_an_interrupt_ends_an_open_run_well_and_finishes_its_recording(tmp_path: Path) -> None:
    clip = tmp_path / "out.mp4"
    makers = Makers(
        renderer=lambda spec: IdentityRenderer(),
        sink=lambda uri: InterruptingRecorder(str(clip)),
    )
    show = ShowSpec(source="pattern", sinks=("clip",), render=SPEC, is_realtime=False)
    verdict = run_headless(Engine(makers=makers), show, lambda line: None)
    assert verdict == Verdict()
    assert num_pictures(clip) >= 10


def test_the_lists_name_every_parameter_and_accelerator(tmp_path: Path) -> None:
    assert "guidance_scale" in reverie("--list", "parameters", home=tmp_path).stdout
    assert "eager" in reverie("--list", "accelerators", home=tmp_path).stdout
    assert "house" in reverie("--list", "models", home=tmp_path).stdout


def test_progress_and_events_are_told_and_errors_left_to_the_verdict() -> None:
    rig = Rig(FakeSource(num_pictures=5))
    lines: list[str] = []
    show = ShowSpec(source="fake", sinks=("fake",), render=SPEC, is_realtime=False)
    verdict = run_headless(rig.engine, show, lines.append)
    assert verdict.exit_code == 0
    assert "Pictures come from fake." in lines
    assert len(rig.sink.written) == 5


def test_a_model_that_cannot_load_ends_the_run() -> None:
    rig = Rig(renderer=FakeRenderer(refuses=True))
    show = ShowSpec(source="fake", render=SPEC, waits_for_model=True)
    verdict = run_headless(rig.engine, show, lambda line: None)
    assert (verdict.exit_code, verdict.problem) == (
        FAILED,
        "The fake model is not there; download it.",
    )


def test_the_only_sink_failing_ends_the_run_at_once() -> None:
    rig = Rig(sink=FakeSink(refuses=True))
    show = ShowSpec(source="fake", sinks=("fake",), render=SPEC)
    verdict = run_headless(rig.engine, show, lambda line: None)
    assert verdict.problem == "The fake sink is not installed; install it."


def test_help_explains_when_the_counting_begins(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"], "1")
    assert "waits until the model" in " ".join(capsys.readouterr().out.split())
