"""Recorded shows from strangers: what can be painted again is, what can't is named."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RecordingError, SourceError
from engine.frame import Frame
from engine.identity_renderer import IdentityRenderer
from engine.params import PARAMETERS, StreamParams
from engine.recording.tap import Painting
from engine.recording.timeline import read_timeline
from engine.renderer import RenderSpec
from engine.replay import Wishes, replay_show
from engine.sinks.show_recorder import ShowSink
from engine.sources.recorded_show import RecordedShowSource
from tests.fuzz.harness import NUM_CASES, VALUES, check_sentence, fuzzed, mutations

SPEC = RenderSpec("identity", 16, 16)
# Cheap: more of them than of the others.
often = settings(fuzzed, max_examples=max(100, NUM_CASES))
oftenest = settings(fuzzed, max_examples=max(300, NUM_CASES))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a small show by name."""
    folder = tmp_path_factory.mktemp("recorded")
    sink = ShowSink(folder / "a")
    sink.open(16, 16, 30.0)
    info = IdentityRenderer().prepare(SPEC, lambda progress: None)
    for number in range(12):
        frame = Frame(np.full((16, 16, 3), number * 20, np.uint8), number, 0.0)
        params = StreamParams(strength=number / 12)
        sink.tap.note(Painting(frame, params, number / 30, SPEC, info))
        sink.write(frame, number / 30)
    sink.close()
    return {path.name: path.read_bytes() for path in (folder / "a.reverie").iterdir()}


HEADER = {"version": 1, "render": {"model": "house"}, "params": {"strength": 0.5}}
CHANGES = st.dictionaries(st.sampled_from(list(PARAMETERS)) | st.text(max_size=8), VALUES)
LINES = st.fixed_dictionaries(
    {},
    optional={
        "time_s": st.floats(-1.0, 1e6) | VALUES,
        "sequence": st.integers(-1, 2**64) | VALUES,
        "picture": st.integers(-1, 20) | VALUES,
        "changes": CHANGES | VALUES,
        "lost": st.integers(-1, 9) | VALUES,
        "output": st.sampled_from(["live", "freeze", "blackout"]) | VALUES,
        "fade": st.fixed_dictionaries({"kind": st.just("dissolve")}) | VALUES,
        "is_skipped": st.booleans() | VALUES,
        "is_anew": st.booleans() | VALUES,
    },
)
NAMES = st.sampled_from(["/etc/x", "//h/s", "NUL", "a/b", "house", "", "x\x00"])
HEADERS = st.fixed_dictionaries(
    {"version": st.just(1) | VALUES},
    optional={
        "render": st.fixed_dictionaries({"model": NAMES}, optional={"width_px": VALUES}) | VALUES,
        "params": CHANGES | VALUES,
        "output_fps_hz": st.floats() | VALUES,
        "versions": VALUES,
    },
)


def check_timeline(path: Path) -> None:
    try:
        timeline, problems = read_timeline(path)
    except RecordingError as error:
        check_sentence(error)
        return
    assert len(problems) <= 6
    assert all(problem.startswith(f"{path.name}: ") for problem in problems)
    times_s = [tick.time_s for tick in timeline.ticks]
    assert all(after > before for before, after in pairwise(times_s))
    pictures = [tick.picture for tick in timeline.ticks]
    assert pictures == sorted(pictures)


@often
@given(header=st.just(HEADER) | HEADERS, lines=st.lists(LINES, max_size=6))
def test_timeline_values(inbox: Path, header: Any, lines: list[Any]) -> None:
    texts = [json.dumps(each, default=str) for each in (header, *lines)]
    (inbox / "timeline.jsonl").write_text("".join(f"{text}\n" for text in texts))
    check_timeline(inbox / "timeline.jsonl")


@oftenest
@given(data=st.data())
def test_timeline_bytes(inbox: Path, recorded: dict[str, bytes], data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=300) | mutations([recorded["timeline.jsonl"]]))
    (inbox / "timeline.jsonl").write_bytes(content)
    check_timeline(inbox / "timeline.jsonl")


@fuzzed
@given(data=st.data(), name=st.sampled_from(["timeline.jsonl", "input.mp4"]))
def test_show_folders(
    inbox: Path, recorded: dict[str, bytes], data: st.DataObject, name: str
) -> None:
    folder = inbox / "a.reverie"
    folder.mkdir(exist_ok=True)
    for each, content in recorded.items():
        (folder / each).write_bytes(content)
    (folder / name).write_bytes(data.draw(mutations([recorded[name]])))
    source = RecordedShowSource(folder, loops=False)
    try:
        show, _ = replay_show(folder, Wishes())
        source.open()
        num_read = 0
        while source.read() is not None:
            num_read += 1
        assert show.script is not None
        assert num_read <= len(show.script) + 12
    except (RecordingError, SourceError) as error:
        check_sentence(error)
    finally:
        source.close()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, '{"version": 1' + "0" * 5000])
def test_timelines_nested_without_end(inbox: Path, text: str) -> None:
    (inbox / "timeline.jsonl").write_text(f"{text}\n" * 2)
    check_timeline(inbox / "timeline.jsonl")
