"""A trace opens in Perfetto, whatever became of the run that wrote it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import IDENTITY_MODEL, Engine, RenderSpec, ShowSpec
from engine.clock import MonotonicClock
from engine.diagnostics import trace
from engine.diagnostics.trace import TraceFile, TraceStage
from engine.events import EventKind, EventLog, Severity
from engine.stage import Stage, Surroundings
from engine.stats import Recorder
from tests.support.manual_clock import PATIENCE_S, JumpingClock

OpenTrace = Callable[[], TraceFile]
ROOT = Path(__file__).resolve().parents[2]


def surroundings() -> Surroundings:
    clock = JumpingClock()
    return Surroundings(clock, EventLog(clock), Recorder(clock))


def events_of(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())


@pytest.fixture
def open_trace(tmp_path: Path) -> Iterator[OpenTrace]:
    files: list[TraceFile] = []

    def _open() -> TraceFile:
        files.append(TraceFile(tmp_path / "trace.json"))
        return files[-1]

    yield _open
    for file in files:
        file.close()


def traced(file: TraceFile, around: Surroundings) -> TraceStage:
    return TraceStage(file, lambda: {"fps": {"output": 60.0}}, around)


def test_spans_carry_their_stage_thread_and_time(open_trace: OpenTrace, tmp_path: Path) -> None:
    around = surroundings()
    stage = traced(open_trace(), around)

    def paint() -> None:
        with around.recorder.timing("gate"):
            around.clock.advance(0.002)  # type: ignore[attr-defined]

    thread = threading.Thread(target=paint, name="render")
    thread.start()
    thread.join()
    stage.step()
    events = events_of(tmp_path / "trace.json")
    (span,) = [event for event in events if event["ph"] == "X"]
    assert (span["name"], span["ts"], span["dur"]) == ("gate", 100e6, 2000.0)
    (thread_name,) = [event for event in events if event["name"] == "thread_name"]
    assert thread_name["args"] == {"name": "render"}
    assert thread_name["tid"] == span["tid"]


def test_counters_and_happenings_stand_beside_the_spans(
    open_trace: OpenTrace, tmp_path: Path
) -> None:
    around = surroundings()
    stage = traced(open_trace(), around)
    around.events.add(EventKind.SOURCE_FAILED, Severity.ERROR, "The camera is gone.", "source")
    stage.step()
    stage.step()
    events = events_of(tmp_path / "trace.json")
    (mark,) = [event for event in events if event["ph"] == "i"]
    assert (mark["name"], mark["args"]["message"]) == ("source_failed", "The camera is gone.")
    assert [event["args"] for event in events if event["ph"] == "C"] == [{"output": 60.0}] * 2


def test_every_event_has_what_the_format_asks_for(open_trace: OpenTrace, tmp_path: Path) -> None:
    around = surroundings()
    stage = traced(open_trace(), around)
    around.events.add(EventKind.STARTED, Severity.INFO, "The show starts.")
    with around.recorder.timing("read"):
        pass
    stage.step()
    for event in events_of(tmp_path / "trace.json"):
        assert {"name", "ph", "pid", "tid"} <= event.keys()
        assert event["ph"] == "M" or event["ts"] >= 0


def test_nothing_is_traced_once_the_stage_has_ended(open_trace: OpenTrace, tmp_path: Path) -> None:
    around = surroundings()
    stage = traced(open_trace(), around)
    stage.interrupt()
    assert not stage.step()
    stage.finish()
    assert around.recorder.on_span is None


@given(chunks=st.lists(st.lists(st.dictionaries(st.text(), st.text()), max_size=4), max_size=6))
def test_the_file_is_valid_json_after_every_append(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[list[dict[str, str]]]
) -> None:
    path = tmp_path_factory.mktemp("trace") / "trace.json"
    file = TraceFile(path)
    expected: list[dict[str, str]] = []
    for chunk in chunks:
        file.append(chunk)
        expected += chunk
        assert events_of(path) == expected
    file.close()


KILLED = """
import os, sys
from pathlib import Path
from engine.diagnostics.trace import TraceFile
file = TraceFile(Path(sys.argv[1]))
for number in range(100):
    file.append([{"number": number}])
os.kill(os.getpid(), 9) if os.name == "posix" else os._exit(9)
"""


def test_a_killed_run_leaves_a_valid_trace(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, timeout=60)
    assert len(events_of(path)) == 100


class FillingDisk:
    """Takes half of what is long, as a disk does that has no more room."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: bytes) -> int:
        return self._file.write(text if len(text) <= 2 else text[: len(text) // 2])


def test_a_disk_that_fills_up_ends_the_trace_and_not_the_show(
    open_trace: OpenTrace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = MonotonicClock()
    around = Surroundings(clock, EventLog(clock), Recorder(clock))
    file = open_trace()
    monkeypatch.setattr(trace, "FLUSH_S", 0.0)
    stage = Stage(TraceStage(file, lambda: {"fps": {"output": 60.0}}, around), around)
    file.append([{"name": "first"}])
    monkeypatch.setattr(file, "_file", FillingDisk(file._file))
    stage.start()
    assert stage.join(PATIENCE_S)
    assert events_of(tmp_path / "trace.json") == [{"name": "first"}]
    (notice,) = around.events.history()
    assert "can't be written: [Errno 28]" in notice.message


def test_a_whole_show_is_traced_from_its_start_to_its_end(
    open_trace: OpenTrace, tmp_path: Path
) -> None:
    show = ShowSpec(
        source="pattern",
        sinks=("null",),
        render=RenderSpec(IDENTITY_MODEL, 64, 64),
        is_realtime=False,
        max_frames=20,
    )
    engine = Engine(trace=open_trace())
    for _ in range(2):  # the second goes on in the same file
        engine.start(show)
        assert engine.wait(PATIENCE_S)
        engine.stop()
    events = events_of(tmp_path / "trace.json")
    names = {event["args"]["name"] for event in events if event["name"] == "thread_name"}
    assert {"source", "render"} <= names
    assert sum(event["name"] == "render" and event["ph"] == "X" for event in events) == 40
    assert sum(event["name"] == "stopped" for event in events) == 2
    assert {event["name"] for event in events if event["ph"] == "C"} == {"fps", "dropped"}
