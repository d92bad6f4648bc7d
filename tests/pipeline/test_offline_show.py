"""Offline: every picture in, one picture out, the same at every run."""

from __future__ import annotations

import numpy as np
import pytest

from engine.api import EventKind, StreamParams
from tests.support.fakes import FakeRenderer, FakeSink, FakeSource, painted
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)


@pytest.mark.parametrize("num_steps", [1, 2, 4])
def test_every_picture_comes_out_once_painted_and_at_its_own_time(num_steps: int) -> None:
    rig = Rig(FakeSource(num_pictures=12), renderer=FakeRenderer(num_steps))
    rig.play_out(params=UNGATED)
    assert rig.sink.levels == [painted(k) for k in range(12)]
    assert rig.sink.times_s == pytest.approx([k / 30 for k in range(12)])


def test_a_frame_limit_ends_the_show_after_so_many_pictures() -> None:
    rig = Rig()
    rig.play_out(max_frames=7, params=UNGATED)
    assert rig.sink.sequences == list(range(7))
    assert rig.engine.stats().captured == 7


def test_a_time_limit_counts_on_the_sources_own_timeline() -> None:
    rig = Rig(FakeSource(fps_hz=10.0))
    rig.play_out(max_seconds_s=0.5)
    assert len(rig.sink.written) == 5


def test_a_skipped_picture_shows_the_one_before_it_so_that_none_is_missing() -> None:
    still = FakeSource(num_pictures=60, level=lambda index: 80)
    rig = Rig(still)
    rig.play_out(params=StreamParams(similarity_threshold=0.9, max_skips=5))
    stats = rig.engine.stats()
    assert stats.skipped > 0
    assert stats.skipped + stats.rendered == 60
    assert rig.sink.levels == [painted(80)] * 60


def test_two_runs_give_the_same_pictures_bit_for_bit() -> None:
    def run() -> FakeSink:
        jittering = FakeSource(num_pictures=80, level=lambda index: 80 + index * 7 % 3)
        rig = Rig(jittering, renderer=FakeRenderer(num_steps=2))
        rig.play_out(params=StreamParams(similarity_threshold=0.97, dry_wet=0.7))
        assert rig.engine.stats().skipped > 0
        return rig.sink

    first, second = run(), run()
    assert first.times_s == second.times_s
    assert first.sequences == second.sequences
    for (one, _), (other, _) in zip(first.written, second.written, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_a_slow_sink_holds_the_run_up_instead_of_losing_pictures() -> None:
    rig = Rig(FakeSource(num_pictures=10))
    rig.sinks["slow"] = slow = FakeSink()
    slow.may_write.clear()
    with rig.playing(is_realtime=False, sinks=("fake", "slow"), params=UNGATED) as engine:
        assert not engine.wait(0.05)
        slow.may_write.set()
        assert engine.wait(20.0)
    assert rig.sink.sequences == slow.sequences == list(range(10))


def test_the_first_picture_waits_for_the_model() -> None:
    rig = Rig(FakeSource(num_pictures=5))
    rig.renderer.may_prepare.clear()
    with rig.playing(is_realtime=False, params=UNGATED) as engine:
        assert rig.renderer.is_preparing.wait(20.0)
        assert engine.stats().captured == 0
        rig.renderer.may_prepare.set()
        assert engine.wait(20.0)
    assert rig.sink.levels == [painted(k) for k in range(5)]


def test_without_a_model_the_show_ends_and_says_why() -> None:
    rig = Rig(renderer=FakeRenderer(refuses=True))
    rig.play_out()
    assert rig.sink.written == []
    assert rig.messages(EventKind.MODEL_FAILED) == ["The fake model is not there; download it."]


def test_an_invalid_frame_shows_the_one_before_it() -> None:
    rig = Rig(FakeSource(num_pictures=6), renderer=FakeRenderer(invalid=frozenset({3})))
    rig.play_out(params=UNGATED)
    assert rig.sink.levels == [painted(k) for k in (0, 1, 2, 2, 4, 5)]
    assert rig.messages(EventKind.FRAME_INVALID) == ["Frame 3 held NaN."]
    assert rig.engine.stats().invalid == 1


def test_a_source_that_is_lost_ends_the_run_after_what_it_gave() -> None:
    rig = Rig(FakeSource(fails_at=4))
    rig.play_out(params=UNGATED)
    assert rig.sink.sequences == [0, 1, 2, 3]
    assert rig.messages(EventKind.SOURCE_FAILED) == ["The fake source is gone; plug it in again."]


def test_a_stage_that_breaks_ends_the_run_and_is_named() -> None:
    rig = Rig(renderer=FakeRenderer(breaks_at=3))
    rig.play_out(params=UNGATED)
    assert rig.sink.sequences == [0, 1, 2]
    assert rig.messages(EventKind.STAGE_FAILED) == [
        "The render stage failed: the fake driver crashed."
    ]


def test_dry_wet_mixes_with_the_input_of_the_same_moment() -> None:
    rig = Rig(FakeSource(num_pictures=6), renderer=FakeRenderer(num_steps=3))
    rig.play_out(params=StreamParams(similarity_filter=False, dry_wet=0.5))
    assert rig.sink.levels == [k + 50 for k in range(6)]


def test_dry_wet_zero_is_the_input_itself() -> None:
    rig = Rig(FakeSource(num_pictures=6), renderer=FakeRenderer(num_steps=2))
    rig.play_out(params=StreamParams(similarity_filter=False, dry_wet=0.0))
    assert rig.sink.levels == list(range(6))
