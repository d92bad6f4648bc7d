"""The mailbox loses nothing without counting it, and never turns time back."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from engine.mailbox import Mailbox

PUT, TAKE = "put", "take"


@given(actions=st.lists(st.sampled_from([PUT, TAKE]), max_size=200))
def test_every_item_is_taken_dropped_or_still_held(actions: list[str]) -> None:
    mailbox: Mailbox[int] = Mailbox()
    taken: list[int] = []
    for number, action in enumerate(actions):
        if action == PUT:
            mailbox.put(number)
        else:
            item = mailbox.take(0.0)
            taken += [] if item is None else [item]
    held = mailbox.take(0.0)
    taken += [] if held is None else [held]
    assert len(taken) + mailbox.dropped == mailbox.received == actions.count(PUT)
    assert taken == sorted(taken)


@given(num_items=st.integers(0, 300))
def test_across_threads_received_is_taken_plus_dropped_and_order_rises(num_items: int) -> None:
    mailbox: Mailbox[int] = Mailbox()
    taken: list[int] = []

    def consume() -> None:
        while (item := mailbox.take()) is not None:
            taken.append(item)

    consumer = threading.Thread(target=consume)
    consumer.start()
    for number in range(num_items):
        mailbox.put(number)
    mailbox.close()
    consumer.join()
    assert len(taken) + mailbox.dropped == mailbox.received == num_items
    assert taken == sorted(set(taken))
    assert not num_items or taken[-1] == num_items - 1


@given(num_items=st.integers(0, 100))
def test_waiting_for_room_loses_nothing(num_items: int) -> None:
    mailbox: Mailbox[int] = Mailbox()
    taken: list[int] = []

    def consume() -> None:
        while (item := mailbox.take()) is not None:
            taken.append(item)

    consumer = threading.Thread(target=consume)
    consumer.start()
    assert all(mailbox.put_when_empty(number) for number in range(num_items))
    mailbox.close()
    consumer.join()
    assert taken == list(range(num_items))
    assert mailbox.dropped == 0


def test_closing_lets_a_waiting_producer_go_without_its_item() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(1)
    answers: list[bool] = []
    producer = threading.Thread(target=lambda: answers.append(mailbox.put_when_empty(2)))
    producer.start()
    mailbox.close()
    producer.join()
    assert answers == [False]
    assert not mailbox.is_finished
    assert mailbox.take() == 1
    assert mailbox.is_finished


def test_what_comes_after_closing_is_counted_as_dropped() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.close()
    mailbox.put(1)
    assert (mailbox.received, mailbox.dropped, mailbox.take()) == (1, 1, None)
