"""A recorded tick paints bit for bit what the same tick paints as it comes, whatever moves.

`tests.support.tape` stands in for CUDA graphs: it replays the very operations on the very memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.fake import SCALE_FACTOR, FakeBackbone
from engine.diffusion.painter import Painted, Painter
from engine.diffusion.recorder import GraphRecorder
from engine.enums import GuidanceMode
from engine.params import Sampler
from tests.streams import LATENT_SHAPE, MODES, ticket
from tests.support.tape import Tape

SIDE_PX = LATENT_SHAPE[1] * SCALE_FACTOR
STEADY = 8  # frames until a batch of four is full and its tick recorded
START: dict[str, Any] = {"num_steps": 3, "mode": GuidanceMode.SELF_NEGATIVE}

TICKETS = st.fixed_dictionaries(
    {
        "num_steps": st.integers(1, 4),
        "mode": st.sampled_from(MODES),
        "strength": st.sampled_from([0.0, 0.4, 1.0]),
        "scale": st.sampled_from([1.0, 2.5]),
        "delta": st.sampled_from([0.5, 1.0]),
        "rescale": st.sampled_from([0.0, 0.7]),
        "sampler": st.sampled_from([Sampler.LCM, Sampler.TCD, Sampler.DDIM]),
        "seed": st.integers(0, 2),
        "prompt": st.sampled_from(["neon city", "a quiet lake"]),
    }
)


class Stream:
    """A painter that is fed one picture after the other, and its tape if it has one."""

    def __init__(self, is_recorded: bool) -> None:
        self.backbone, self.tape, self.sequence = FakeBackbone(), Tape(), 0
        if is_recorded:
            self.backbone.recorder = GraphRecorder(self.tape)
        self.painter = Painter(self.backbone, SIDE_PX, SIDE_PX)

    def paint(self, num_frames: int, **knobs: Any) -> list[tuple[object, bytes] | None]:
        its_ticket = ticket(self.backbone, **knobs)
        painted: list[tuple[object, bytes] | None] = []
        for _ in range(num_frames):
            generator = np.random.default_rng(self.sequence)
            image = generator.integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
            painted.append(seen(self.painter.paint(image, its_ticket, self.sequence)))
            self.sequence += 1
        return painted


def seen(painted: Painted | None) -> tuple[object, bytes] | None:
    return None if painted is None else (painted.tag, painted.image.tobytes())


@given(st.lists(st.tuples(TICKETS, st.integers(1, 6)), min_size=1, max_size=8))
@settings(max_examples=15, deadline=None)
def test_any_course_of_controls_paints_the_same(course: list[tuple[dict[str, Any], int]]) -> None:
    plain, recorded = Stream(is_recorded=False), Stream(is_recorded=True)
    for knobs, num_frames in course:
        assert recorded.paint(num_frames, **knobs) == plain.paint(num_frames, **knobs)
    flushed, expected = recorded.painter.flush(), plain.painter.flush()
    assert [seen(each) for each in flushed] == [seen(each) for each in expected]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "knob",
    [
        {"scale": 3.0},
        {"delta": 0.3},
        {"rescale": 0.7},
        {"strength": 0.95},
        {"seed": 9},
        {"prompt": "a quiet lake"},
        {"negative_prompt": "blur"},
        {"add_noise": False},
        {"sampler": Sampler.TCD},
        {"sampler": Sampler.DDIM},
    ],
    ids=str,
)
def test_a_knob_moves_without_another_recording(mode: GuidanceMode, knob: dict[str, Any]) -> None:
    plain, recorded = Stream(is_recorded=False), Stream(is_recorded=True)
    base = START | {"mode": mode}
    assert recorded.paint(STEADY, **base) == plain.paint(STEADY, **base)
    num_recorded = recorded.tape.num_recorded
    for knobs in (base | knob, base):  # there and back, with frames of both in flight
        assert recorded.paint(STEADY, **knobs) == plain.paint(STEADY, **knobs)
    assert (recorded.tape.num_recorded, num_recorded) == (1, 1)


def test_coming_back_to_earlier_steps_and_guidance_records_nothing_anew() -> None:
    recorded = Stream(is_recorded=True)
    course = [START | change for change in ({}, {"num_steps": 1}, {"mode": GuidanceMode.FULL})]
    for knobs in course * 3:  # whatever is seen twice is recorded, the ways between them too
        recorded.paint(STEADY, **knobs)
    num_recorded = recorded.tape.num_recorded
    for knobs in course:
        recorded.paint(STEADY, **knobs)
    assert recorded.tape.num_recorded == num_recorded


def test_two_streams_of_one_model_share_its_recorder_but_no_memory() -> None:
    plain, recorded = Stream(is_recorded=False), Stream(is_recorded=True)
    aside = Stream(is_recorded=True)
    aside.painter = Painter(recorded.backbone, SIDE_PX, SIDE_PX)
    for _ in range(STEADY):
        assert recorded.paint(1, **START) == plain.paint(1, **START)
        aside.paint(1, **START | {"seed": 7})
    assert recorded.tape.num_recorded == 2


def test_a_frame_that_fails_leaves_no_other_behind() -> None:
    stream = Stream(is_recorded=True)
    stream.paint(2, **START)
    denoise, stream.backbone.denoise = stream.backbone.denoise, _fail
    with pytest.raises(RuntimeError, match="lost"):
        stream.paint(1, **START)
    assert stream.painter.stream.in_flight == 0
    stream.backbone.denoise = denoise
    fresh = Stream(is_recorded=False)
    fresh.sequence = stream.sequence
    assert stream.paint(STEADY, **START) == fresh.paint(STEADY, **START)


def _fail(*_: object) -> Any:
    raise RuntimeError("the device is lost")
