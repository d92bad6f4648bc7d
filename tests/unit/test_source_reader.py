from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.clock import MonotonicClock
from engine.errors import SourceError
from engine.source_reader import ReaderLinks, SourceReader
from engine.sources.base import Capture, SourceInfo
from engine.stats import Recorder

PATIENCE_S = 20.0


class Counting:
    """Pictures whose level is their number; then an error, an end, or a wait."""

    def __init__(self, num_pictures: int, then: Exception | None, is_live: bool) -> None:
        self.num_pictures, self.then, self.is_live = num_pictures, then, is_live
        self.num_read = self.num_closed = 0

    def open(self) -> SourceInfo:
        return SourceInfo("counting", 4, 4, 30.0, "4×4")

    def read(self) -> Capture | None:
        if self.num_read == self.num_pictures:
            if self.then is not None:
                raise self.then
            return None
        self.num_read += 1
        return Capture(np.full((4, 4, 3), self.num_read, np.uint8), None)

    def close(self) -> None:
        self.num_closed += 1


def reader_of(source: Counting, may_read: bool = True, after: list[SourceReader] | None = None):
    clock = MonotonicClock()
    wanted = threading.Event()
    if may_read:
        wanted.set()
    links = ReaderLinks(clock, Recorder(clock), threading.Event(), wanted, lambda image: image)
    return SourceReader(source, links, after or []), links


def levels(reader: SourceReader) -> list[int]:
    seen: list[int] = []
    while (picture := reader.pictures.take(PATIENCE_S)) is not None:
        seen.append(int(picture.image[0, 0, 0]))
    return seen


@pytest.mark.parametrize("then", [None, SourceError("Gone."), ZeroDivisionError("a bug")])
def test_every_picture_of_a_file_arrives_in_order_and_then_why_it_ended(then) -> None:
    source = Counting(5, then, is_live=False)
    reader, links = reader_of(source)
    assert levels(reader) == [1, 2, 3, 4, 5]
    assert reader.join(PATIENCE_S)
    assert reader.is_over
    assert reader.error is then
    assert source.num_closed == 1
    assert links.changed.is_set()


def test_of_a_live_source_the_newest_picture_counts() -> None:
    reader, _ = reader_of(Counting(5, None, is_live=True))
    assert reader.join(PATIENCE_S)
    assert levels(reader) == [5]


def test_a_stopped_reader_lets_go_though_nobody_takes_its_pictures() -> None:
    source = Counting(5, None, is_live=False)
    reader, _ = reader_of(source)
    reader.stop()
    assert reader.join(PATIENCE_S)
    assert source.num_closed == 1


def test_nothing_is_read_before_pictures_are_wanted() -> None:
    source = Counting(3, None, is_live=False)
    reader, links = reader_of(source, may_read=False)
    assert links.changed.wait(PATIENCE_S)
    assert reader.info is not None
    assert source.num_read == 0
    links.may_read.set()
    assert levels(reader) == [1, 2, 3]


def test_a_device_is_opened_only_when_its_last_reader_has_let_go() -> None:
    first, links = reader_of(Counting(1, None, is_live=False), may_read=False)
    assert links.changed.wait(PATIENCE_S)
    second, _ = reader_of(Counting(1, None, is_live=False), after=[first])
    assert second.info is None
    first.stop()
    links.may_read.set()
    assert levels(second) == [1]
    assert not first.is_alive
