"""Work that is recorded: when, what for, and that a show never depends on it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch

from engine.diffusion.recorder import GraphRecorder, Work
from tests.support.tape import Tape


class Counter:
    """Adds one to a number at a fixed address."""

    def __init__(self) -> None:
        self.total = torch.zeros(1)
        self.num_calls = 0

    def work(self) -> None:
        self.num_calls += 1
        self.total.add_(1.0)


class BrokenGraphs(Tape):
    """Can't record what `is_broken` is told of."""

    def __init__(self, is_broken: Callable[[Work], bool] = lambda work: True) -> None:
        super().__init__()
        self._is_broken = is_broken

    def capture(self, work: Work) -> Work:
        replay = super().capture(work)
        if self._is_broken(work):
            raise RuntimeError("CUDA error: operation not permitted.\nCompile with ...")
        return replay


def test_work_runs_as_it_comes_then_is_recorded_then_replayed() -> None:
    tape, counter = Tape(), Counter()
    recorder = GraphRecorder(tape)
    seen: list[tuple[int, int, int]] = []
    for _ in range(4):
        recorder.run("tick", counter.work)
        seen.append((int(counter.total), tape.num_recorded, tape.num_replayed))
    assert seen == [(1, 0, 0), (2, 1, 1), (3, 1, 2), (4, 1, 3)]
    assert counter.num_calls == 2  # Python is out of the way from then on


def test_what_is_seen_once_is_never_recorded() -> None:
    tape, counter = Tape(), Counter()
    recorder = GraphRecorder(tape)
    for key in range(5):
        recorder.run(key, counter.work)
    assert (int(counter.total), tape.num_recorded) == (5, 0)


def test_the_recordings_used_last_are_kept() -> None:
    tape, counter = Tape(), Counter()
    recorder = GraphRecorder(tape, max_recordings=2)
    for key in ("a", "a", "b", "b", "a", "c", "c", "a"):
        recorder.run(key, counter.work)
    assert tape.num_recorded == 3  # "b" went, "a" did not
    for _ in range(2):
        recorder.run("b", counter.work)
    assert tape.num_recorded == 4
    assert int(counter.total) == 10


def test_another_thread_warms_up_for_itself_and_replays_what_is_there() -> None:
    """Libraries have handles per thread, which can't be made while something is recorded."""
    tape, counter = Tape(), Counter()
    recorder = GraphRecorder(tape)
    recorder.run("tick", counter.work)

    def elsewhere() -> None:
        recorder.run("tick", counter.work)
        assert tape.num_recorded == 0
        recorder.run("tick", counter.work)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    recorder.run("tick", counter.work)
    assert (tape.num_recorded, tape.num_replayed, int(counter.total)) == (1, 2, 4)


def test_a_recording_that_fails_is_done_without_and_told() -> None:
    tape, counter = BrokenGraphs(), Counter()
    recorder = GraphRecorder(tape)
    assert recorder.note is None
    for _ in range(4):
        recorder.run("tick", counter.work)
    assert int(counter.total) == 4  # every run counts once, the failed recording not at all
    assert (tape.num_recorded, tape.num_replayed) == (1, 0)  # and it isn't tried again
    assert recorder.note is not None
    assert "(CUDA error: operation not permitted)" in recorder.note


def test_one_kind_of_work_that_fails_leaves_the_others_recorded() -> None:
    bad, good = Counter(), Counter()
    tape = BrokenGraphs(lambda work: work == bad.work)
    recorder = GraphRecorder(tape)
    for _ in range(3):
        recorder.run("bad", bad.work)
        recorder.run("good", good.work)
    assert (int(bad.total), int(good.total)) == (3, 3)
    assert (bad.num_calls, good.num_calls) == (4, 2)


def test_work_that_fails_as_it_comes_is_no_matter_of_recording() -> None:
    recorder = GraphRecorder(Tape())

    def fail() -> None:
        raise RuntimeError("no memory left")

    for _ in range(2):  # it isn't recorded before it has run
        with pytest.raises(RuntimeError, match="no memory left"):
            recorder.run("tick", fail)
    assert recorder.note is None


def test_closing_frees_what_was_recorded() -> None:
    tape, counter = Tape(), Counter()
    recorder = GraphRecorder(tape)
    for _ in range(2):
        recorder.run("tick", counter.work)
    recorder.close()
    recorder.run("tick", counter.work)
    assert (tape.num_recorded, int(counter.total)) == (1, 3)


def test_the_stand_in_knows_a_moved_address_and_a_look_into_a_tensor() -> None:
    """So a tick that passes with it may be recorded for real."""
    recorder, total = GraphRecorder(Tape()), torch.zeros(1)
    for number in (1.0, 2.0, 4.0):
        moved = torch.full((1,), number)
        recorder.run("moved", lambda moved=moved: total.add_(moved) and None)
    assert float(total) == 1.0 + 2.0 + 2.0

    for _ in range(2):
        recorder.run("looks", lambda: total.add_(float(total)) and None)
    assert "not permitted when stream is capturing" in str(recorder.note)
