"""Offline, every input gets exactly one picture, at its own time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from engine.delivery import AlignedDelivery, NewestDelivery
from engine.frame import Frame
from engine.mailbox import Mailbox
from engine.show import TimedFrame
from tests.support.fakes import grey


def timed(sequence: int) -> TimedFrame:
    return TimedFrame(Frame(grey(sequence), sequence, captured_s=0.0), time_s=sequence / 10)


def delivered(act: Callable[[AlignedDelivery], None]) -> list[tuple[int, float]]:
    """(sequence of the picture, its time) for all that comes out."""
    painted: Mailbox[TimedFrame] = Mailbox()
    out: list[tuple[int, float]] = []

    def consume() -> None:
        while (item := painted.take()) is not None:
            out.append((item.frame.sequence, item.time_s))

    consumer = threading.Thread(target=consume)
    consumer.start()
    act(AlignedDelivery(painted))
    painted.close()
    consumer.join()
    return out


def test_a_late_picture_is_shown_at_the_time_of_its_own_input() -> None:
    def act(delivery: AlignedDelivery) -> None:
        for k in range(4):
            delivery.expect(timed(k))
        for k in range(4):
            delivery.deliver(timed(k).frame)
        delivery.complete()

    assert delivered(act) == [(0, 0.0), (1, 0.1), (2, 0.2), (3, 0.3)]


def test_skipped_inputs_show_the_picture_before_them_and_the_first_ones_the_first() -> None:
    def act(delivery: AlignedDelivery) -> None:
        for k in range(6):
            delivery.expect(timed(k))
        delivery.deliver(timed(1).frame)
        delivery.deliver(timed(4).frame)
        delivery.complete()

    assert [sequence for sequence, _ in delivered(act)] == [1, 1, 1, 1, 4, 4]


def test_without_any_picture_the_inputs_themselves_come_out() -> None:
    def act(delivery: AlignedDelivery) -> None:
        delivery.expect(timed(0))
        delivery.expect(timed(1))
        delivery.complete()

    assert delivered(act) == [(0, 0.0), (1, 0.1)]


@given(fates=st.lists(st.booleans(), max_size=60), delay=st.integers(0, 4))
def test_as_many_come_out_as_went_in_and_time_rises(fates: list[bool], delay: int) -> None:
    def act(delivery: AlignedDelivery) -> None:
        in_flight: list[int] = []
        for sequence, is_painted in enumerate(fates):
            delivery.expect(timed(sequence))
            in_flight += [sequence] if is_painted else []
            if len(in_flight) > delay:
                delivery.deliver(timed(in_flight.pop(0)).frame)
        for sequence in in_flight:
            delivery.deliver(timed(sequence).frame)
        delivery.complete()

    out = delivered(act)
    assert [time_s for _, time_s in out] == [k / 10 for k in range(len(fates))]
    painted_ones = [k for k, is_painted in enumerate(fates) if is_painted]
    assert all(out[k][0] == k for k in painted_ones)


def test_in_real_time_the_newest_picture_wins() -> None:
    painted: Mailbox[TimedFrame] = Mailbox()
    delivery = NewestDelivery(painted)
    for k in range(3):
        delivery.expect(timed(k))
        delivery.deliver(timed(k).frame)
    delivery.complete()
    newest = painted.take(0.0)
    assert newest is not None
    assert newest.frame.sequence == 2
    assert painted.dropped == 2
