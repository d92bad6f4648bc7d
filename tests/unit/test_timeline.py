"""The timeline of a recorded show: what is written comes back; what is damaged is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.enums import OutputState
from engine.errors import RecordingError
from engine.params import PARAMETERS, StreamParams
from engine.recording.script import Script
from engine.recording.timeline import VERSION, Header, Tick, read_timeline
from engine.recording.timeline_writer import KEY_EVERY, TimelineWriter, rising
from engine.renderer import LoraSpec, RenderSpec
from engine.sets import SetRender
from engine.transition import Instant, PictureFade, TransitionKind

SPEC = RenderSpec("house", 320, 256, "openvino", (LoraSpec("ink.safetensors", 0.5),))


def header(params: StreamParams | None = None) -> Header:
    values = (params or StreamParams()).as_dict()
    return Header(version=VERSION, render=SetRender.of(SPEC), params=values)


def written(path: Path, ticks: list[Tick]) -> Path:
    writer = TimelineWriter(path, header(ticks[0].params))
    for tick in ticks:
        writer.add(tick)
    writer.close()
    return path


def ticks_with(strengths: list[float]) -> list[Tick]:
    return [
        Tick(number / 30, number, number, StreamParams(strength=strength))
        for number, strength in enumerate(strengths)
    ]


PARAMS = st.builds(
    StreamParams,
    prompt=st.sampled_from(["", "neon::0.7 | ink", "ünï → 日本"]),
    strength=st.floats(0.0, 1.0),
    guidance_scale=st.floats(0.0, 8.0),
    seed=st.integers(0, 2**32 - 1),
    num_inference_steps=st.integers(1, 8),
    add_noise=st.booleans(),
)


@given(played=st.lists(st.tuples(PARAMS, st.booleans()), min_size=1, max_size=8))
def test_what_is_written_comes_back_to_the_last_digit(
    tmp_path_factory: pytest.TempPathFactory, played: list[tuple[StreamParams, bool]]
) -> None:
    ticks = [
        Tick(float(number), number, number, params, is_skipped)
        for number, (params, is_skipped) in enumerate(played)
    ]
    path = written(tmp_path_factory.mktemp("show") / "timeline.jsonl", ticks)
    timeline, problems = read_timeline(path)
    assert problems == []
    assert list(timeline.ticks) == ticks
    assert timeline.header.render.spec == SPEC


def test_panic_states_fades_losses_and_new_beginnings_come_back(tmp_path: Path) -> None:
    fade = PictureFade(TransitionKind.DISSOLVE, Instant(12.5, 0.0), 0.25)
    tick = Tick(
        0.0, 7, 3, StreamParams(), is_anew=True, lost=4, output=OutputState.BLACKOUT, fade=fade
    )
    timeline, _ = read_timeline(written(tmp_path / "t", [tick]))
    assert timeline.ticks == (tick,)
    assert timeline.num_lost == 4


def test_a_line_says_only_what_has_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "t", ticks_with([0.5, 0.5, 0.9]))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["params"].keys() == PARAMETERS.keys()
    assert "changes" not in lines[2]
    assert lines[3]["changes"] == {"strength": 0.9}


def test_a_line_that_is_cut_off_costs_only_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "t", ticks_with([0.5, 0.6, 0.7]))
    path.write_bytes(path.read_bytes()[:-9])
    timeline, problems = read_timeline(path)
    assert [tick.params.strength for tick in timeline.ticks] == [0.5, 0.6]
    assert problems == ["t: line 4 is cut off and was left out."]


def test_a_damaged_line_does_no_harm_beyond_the_next_whole_set(tmp_path: Path) -> None:
    ticks = ticks_with([0.5, *[0.9] * (KEY_EVERY + 2)])
    path = written(tmp_path / "t", ticks)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b'{"time_s": nonsense\n'
    path.write_bytes(b"".join(lines))
    timeline, (problem,) = read_timeline(path)
    assert problem.startswith("t: line 3 was left out: Invalid JSON")
    assert len(timeline.ticks) == len(ticks) - 1
    strengths = [tick.params.strength for tick in timeline.ticks]
    assert strengths == [0.5] * (KEY_EVERY - 1) + [0.9] * 3  # the change was on the damaged line
    assert [tick.picture for tick in timeline.ticks[:3]] == [0, 2, 3]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"sequence": 9, "picture": 9}, "line 4 was left out: time_s: Field required"),
        ({"time_s": -1, "sequence": 9, "picture": 9}, "line 4 was left out: time_s: "),
        ({"time_s": 9, "sequence": 9, "picture": 9, "changes": {"strength": 7}},
         "line 4: strength is a number from 0 to 1, not 7; it was left out"),
        ({"time_s": 9, "sequence": 9, "picture": 9, "changes": {"glow": 1}},
         "this Reverie has no parameter glow, which was left out"),
        ({"time_s": 0.001, "sequence": 9, "picture": 9},
         "line 4 was left out: its time is not after that of the line before"),
        ({"time_s": 9, "sequence": 9, "picture": 0},
         "line 4 was left out: its picture is before that of the line before"),
        ({"time_s": 9, "sequence": 9, "picture": 9, "output": "purple"},
         "line 4 was left out: output: "),
    ],
)  # fmt: skip
def test_what_a_line_says_wrongly_is_named(
    tmp_path: Path, line: dict[str, object], problem: str
) -> None:
    path = written(tmp_path / "t", ticks_with([0.5, 0.6]))
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    timeline, problems = read_timeline(path)
    assert len(timeline.ticks) >= 2
    assert len(problems) == 1
    assert problems[0].startswith(f"t: {problem}")


def test_many_problems_are_counted_rather_than_told_one_by_one(tmp_path: Path) -> None:
    path = written(tmp_path / "t", ticks_with([0.5]))
    with path.open("a") as file:
        file.write("nonsense\n" * 40)
    _, problems = read_timeline(path)
    assert len(problems) == 6
    assert problems[-1] == "t: 35 more were left out as well."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not the timeline of a recorded show"),
        (b"\x00\xff\n", "is not the timeline of a recorded show"),
        (b'{"version": 9, "render": {}, "params": {}}\n', "reads version 1, not 9"),
        (b'{"version": 1, "render": {"model": "//host/share"}, "params": {}}\n', "another machine"),
        (b'{"version": 1, "render": {}, "params": {}}\n', "holds no picture"),
    ],
)
def test_a_file_without_a_timeline_in_it_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(RecordingError, match=reason):
        read_timeline(tmp_path / "t")


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "t", ticks_with([0.5]))
    with path.open("a") as file:
        file.write('{"time_s": 9, "sequence": 1, "picture": 1, "mood": "calm"}\n')
    timeline, problems = read_timeline(path)
    assert (len(timeline.ticks), problems) == (2, [])


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    class Disk:
        """Room for half of what is asked for."""

        def __init__(self, file: object) -> None:
            self.file = file

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

        def write(self, text: bytes) -> int:
            return self.file.write(text[: len(text) // 2])  # type: ignore[attr-defined]

    ticks = ticks_with([0.5, 0.6])
    writer = TimelineWriter(tmp_path / "t", header())
    writer.add(ticks[0])
    writer._file = Disk(writer._file)  # type: ignore[assignment]
    with pytest.raises(OSError, match="No space left"):
        writer.add(ticks[1])
    writer.close()
    timeline, problems = read_timeline(tmp_path / "t")
    assert (len(timeline.ticks), problems) == (1, [])


@given(times_s=st.lists(st.floats(0.0, 1e5), min_size=1, max_size=20))
def test_times_always_rise_as_they_are_written(times_s: list[float]) -> None:
    last_s = None
    for time_s in times_s:
        placed_s = rising(time_s, last_s)
        assert json.loads(json.dumps(placed_s)) == placed_s
        assert last_s is None or placed_s > last_s
        last_s = placed_s


def test_a_script_says_what_was_played_at_any_moment() -> None:
    ticks = ticks_with([0.1, 0.2, 0.3])
    script = Script(ticks, {})
    assert [script.at(t).params.strength for t in (-1.0, 0.0, 0.05, 9.0)] == [0.1, 0.1, 0.2, 0.3]
    assert [script.numbered(n).sequence for n in (0, 2, 99)] == [0, 2, 2]


def test_an_override_holds_from_beginning_to_end() -> None:
    script = Script(ticks_with([0.1, 0.2, 0.3]), {"seed": "9"})
    played = [script.params_of(script.numbered(n)) for n in range(3)]
    assert [(p.strength, p.seed) for p in played] == [(0.1, 9), (0.2, 9), (0.3, 9)]
    assert not script.has_other_steps
    assert Script(ticks_with([0.1]), {"num_inference_steps": "4"}).has_other_steps
    assert not Script(ticks_with([0.1]), {"num_inference_steps": "1"}).has_other_steps
    with pytest.raises(ValueError, match="num_inference_steps is a whole number from 1 to 8"):
        Script(ticks_with([0.1]), {"num_inference_steps": "90"})
