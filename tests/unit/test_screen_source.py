from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import ClassVar

import mss
import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources import screen
from engine.sources.screen import FPS_HZ, ScreenPlace, ScreenSource


class FakeDesktop:
    """Two screens side by side; the red of a pixel is its x, the green its y, the blue 7."""

    monitors: ClassVar = [
        {"left": 0, "top": 0, "width": 200, "height": 60},
        {"left": 0, "top": 0, "width": 100, "height": 60},
        {"left": 100, "top": 0, "width": 100, "height": 50},
    ]
    primary_monitor: ClassVar = monitors[2]
    is_broken = False

    def grab(self, box: dict[str, int]) -> SimpleNamespace:
        if FakeDesktop.is_broken:
            raise mss.ScreenShotError("gone")
        rows, columns = np.mgrid[: box["height"], : box["width"]]
        pixels = np.dstack(
            [np.full_like(rows, 7), rows + box["top"], columns + box["left"], rows * 0]
        )
        raw = bytearray(pixels.astype(np.uint8).tobytes())
        return SimpleNamespace(raw=raw, width=box["width"], height=box["height"])

    def close(self) -> None:
        pass


class StepClock:
    """Time passes only in waits."""

    def __init__(self) -> None:
        self.time_s = 10.0

    def now_s(self) -> float:
        return self.time_s

    def wait_until(self, deadline_s: float, wake: threading.Event) -> bool:
        self.time_s = max(self.time_s, deadline_s)
        return wake.is_set()


@pytest.fixture(autouse=True)
def desktop(monkeypatch) -> type[FakeDesktop]:
    monkeypatch.setattr(screen.mss, "MSS", FakeDesktop)
    monkeypatch.setattr(FakeDesktop, "is_broken", False)
    return FakeDesktop


@pytest.mark.parametrize(
    ("place", "corner", "size"),
    [
        (ScreenPlace(), (100, 0), (100, 50)),
        (ScreenPlace(0), (0, 0), (200, 60)),
        (ScreenPlace(1), (0, 0), (100, 60)),
        (ScreenPlace(2, (10, 20, 30, 8)), (110, 20), (30, 8)),
        (ScreenPlace(1, (90, 50, 64, 64)), (90, 50), (10, 10)),
    ],
)
def test_the_wanted_part_of_the_desktop_is_grabbed_as_rgb(place, corner, size):
    source = ScreenSource(place, StepClock())
    info = source.open()
    image = source.read().image
    assert (info.width_px, info.height_px) == size
    assert image.shape == (size[1], size[0], 3)
    assert tuple(image[0, 0]) == (*corner, 7)
    source.close()


def test_reads_come_thirty_times_a_second_and_a_late_reader_does_not_hurry():
    clock = StepClock()
    source = ScreenSource(ScreenPlace(1), clock)
    source.open()
    reads_s: list[float] = []
    for late_s in (0, 0, 0, 0.5, 0, 0):
        clock.time_s += late_s
        assert source.read().time_s is None
        reads_s.append(clock.time_s)
    gaps = np.diff(reads_s) * FPS_HZ
    assert gaps[:2] == pytest.approx([1, 1])
    assert gaps[2] > 10
    assert gaps[3:].min() > 0
    assert gaps[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (ScreenPlace(3), "no screen 3; choose 1 to 2, or 0 for all"),
        (ScreenPlace(1, (100, 0, 10, 10)), "outside the screen of 100×60"),
    ],
)
def test_a_place_that_is_not_there_is_named(place, sentence):
    with pytest.raises(SourceError, match=sentence):
        ScreenSource(place, StepClock()).open()


def test_a_screen_that_goes_away_is_an_error(desktop, monkeypatch):
    source = ScreenSource(ScreenPlace(1), StepClock())
    source.open()
    monkeypatch.setattr(desktop, "is_broken", True)
    with pytest.raises(SourceError, match="can't be captured any more: it is locked, off or"):
        source.read()


def of_size(width: int, height: int) -> dict[str, int]:
    return {"left": 0, "top": 0, "width": width, "height": height}


@pytest.mark.parametrize("size", [(60, 40), (300, 200)])
def test_a_screen_that_gets_another_size_is_followed_within_a_second(desktop, monkeypatch, size):
    source = ScreenSource(ScreenPlace(1), StepClock())
    source.open()
    monkeypatch.setattr(desktop, "monitors", [of_size(300, 200), of_size(*size)])
    shapes = [source.read().image.shape for _ in range(int(1.2 * FPS_HZ))]
    assert shapes[0] == (60, 100, 3)
    assert shapes[-1] == (size[1], size[0], 3)
    source.close()


def test_a_screen_that_was_unplugged_says_which_ones_there_are(desktop, monkeypatch):
    source = ScreenSource(ScreenPlace(2), StepClock())
    source.open()
    monkeypatch.setattr(desktop, "monitors", desktop.monitors[:2])
    with pytest.raises(SourceError, match="no screen 2; choose 1 to 1, or 0 for all"):
        all(source.read() for _ in range(60))
    source.close()


def test_every_grabber_is_closed(desktop, monkeypatch):
    opened: list[object] = []
    closed: list[object] = []
    monkeypatch.setattr(desktop, "__init__", lambda desk: opened.append(desk))
    monkeypatch.setattr(desktop, "close", lambda desk: closed.append(desk))
    source = ScreenSource(ScreenPlace(1), StepClock())
    source.open()
    for width in (80, 80, 90):
        monkeypatch.setattr(desktop, "monitors", [of_size(90, 60), of_size(width, 60)])
        assert all(source.read() for _ in range(40))
    source.close()
    assert len(opened) > 3  # one at the start, one a second from then on
    assert set(map(id, opened)) == set(map(id, closed))


@pytest.mark.parametrize(
    ("system", "fix"),
    [("Linux", "desktop session"), ("Darwin", "Screen Recording"), ("Windows", "desktop session")],
)
def test_a_forbidden_screen_says_what_to_do_on_each_system(desktop, monkeypatch, system, fix):
    monkeypatch.setattr(desktop, "is_broken", True)
    monkeypatch.setattr(screen.platform, "system", lambda: system)
    with pytest.raises(SourceError, match=f"screen can't be captured: .*{fix}"):
        ScreenSource(ScreenPlace(1), StepClock()).open()
