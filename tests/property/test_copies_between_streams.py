"""Whatever a card's streams do first, every tick sees its own picture and hands out its own."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.diffusion import copies
from tests.support.streams_of_a_card import Card, Memory

PAINTED = 100  # is added to a picture by its tick


@pytest.mark.parametrize("num_held", [0, 1])
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), finishes=st.lists(st.booleans(), min_size=1, max_size=12))
def test_no_picture_is_taken_for_another(
    num_held: int, seed: int, finishes: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """finishes: whether a tick has a picture to hand out; a batch that fills has none."""
    card = Card(seed)
    monkeypatch.setattr(copies, "torch", card.as_torch())
    uplink, downlink = copies.CardUplink("card", (1,)), copies.CardDownlink("card", (1,))
    landed, packed = uplink.landed, Memory(card, (1,))
    coming: deque[tuple[int, copies.Arrival]] = deque()
    seen: list[int] = []

    def paint() -> None:
        seen.append(int(landed.array[0]))
        np.add(landed.array, PAINTED, out=packed.array)

    def take() -> None:
        number, arrival = coming.popleft()
        assert arrival().tolist() == [number + PAINTED]

    for number, has_picture in enumerate(finishes):
        uplink.send(np.array([number], dtype=np.uint8))
        card.ask(paint)
        if has_picture:
            coming.append((number, downlink.fetch(packed)))
        while len(coming) > (num_held if has_picture else 0):
            take()
    while coming:
        take()
    card.run_until(lambda: len(seen) == len(finishes))
    assert seen == list(range(len(finishes)))
