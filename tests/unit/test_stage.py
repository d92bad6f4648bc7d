"""A stage survives its worker, and its end is an end."""

from __future__ import annotations

import threading

import pytest

from engine.errors import SinkError
from engine.events import EventLog
from engine.stage import Stage, Surroundings
from engine.stats import Recorder
from tests.support.manual_clock import JumpingClock


class Worker:
    """Raises what it is given, one error per turn, then ends."""

    name = "worker"

    def __init__(self, around: Surroundings, *errors: Exception, close_error: bool = False) -> None:
        self.around = around
        self.errors = list(errors)
        self.close_error = close_error
        self.recovered: list[Exception] = []
        self.threads: set[str] = set()
        self.num_finished = 0
        self.is_stubborn = True

    def step(self) -> bool:
        self.threads.add(threading.current_thread().name)
        if self.errors:
            raise self.errors.pop(0)
        return False

    def recover(self, error: Exception) -> bool:
        self.recovered.append(error)
        return self.is_stubborn

    def finish(self) -> None:
        self.num_finished += 1
        if self.close_error:
            raise SinkError("The disk is full; make room.")

    def interrupt(self) -> None:
        pass


@pytest.fixture
def around() -> Surroundings:
    clock = JumpingClock()
    return Surroundings(clock, EventLog(clock), Recorder(clock))


def run(worker: Worker) -> None:
    stage = Stage(worker, worker.around)
    stage.start()
    assert stage.join(20.0)


def test_the_thread_carries_the_workers_name(around: Surroundings) -> None:
    worker = Worker(around)
    run(worker)
    assert worker.threads == {"worker"}


def test_failures_in_a_row_are_followed_by_rising_pauses(around: Surroundings) -> None:
    start_s = around.clock.now_s()
    worker = Worker(around, ValueError("1"), KeyError("2"), OSError("3"))
    run(worker)
    assert len(worker.recovered) == 3
    assert around.clock.now_s() - start_s == pytest.approx(0.5 + 1.0 + 2.0)
    assert worker.num_finished == 1


def test_a_worker_that_gives_up_is_finished_at_once(around: Surroundings) -> None:
    worker = Worker(around, ValueError("1"), ValueError("2"))
    worker.is_stubborn = False
    run(worker)
    assert len(worker.recovered) == 1
    assert worker.num_finished == 1


def test_no_pause_outlasts_the_stop(around: Surroundings) -> None:
    around.stop.set()
    start_s = around.clock.now_s()
    run(Worker(around, ValueError("1"), ValueError("2")))
    assert around.clock.now_s() == start_s


def test_a_failure_while_closing_is_told(around: Surroundings) -> None:
    run(Worker(around, close_error=True))
    assert [event.message for event in around.events.drain()] == ["The disk is full; make room."]


def test_an_unexpected_failure_is_introduced_and_an_expected_one_speaks_for_itself(
    around: Surroundings,
) -> None:
    around.tell_failure("render", KeyError())
    around.tell_failure("render", SinkError("The disk is full; make room."))
    assert [event.message for event in around.events.drain()] == [
        "The render stage failed: KeyError.",
        "The disk is full; make room.",
    ]


def test_a_stage_that_was_never_started_has_ended(around: Surroundings) -> None:
    assert Stage(Worker(around), around).join(0.0)
