"""What must be true of every fault, checked in one place.

`Show.struck` plays a show on fakes, lets the test break something, and then asks: did the output
keep its cadence, was the performer told so in sentences, and of nothing else? `Belongings` and
`leftovers` answer for what was saved before the fault and for what is left behind after it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.api import (
    Cue,
    Engine,
    Event,
    EventKind,
    Pad,
    PadBank,
    Preset,
    Set,
    Severity,
    StreamParams,
    load_preset,
    save_preset,
)
from engine.atomic_file import backup_of
from engine.session import SESSION_NAME
from engine.set_files import load_set, save_set
from tests.support.fakes import FakeSink
from tests.support.manual_clock import PATIENCE_S
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
PERIOD_MS = 1e3 / 60  # of the output
MAX_GAP_MS = 2.01 * PERIOD_MS  # the promise, and room for rounding
SENTENCE = re.compile(r"\S+ .*\S\.")  # of one line; it may begin with a model's name
# What a program says to programmers.
JARGON = re.compile(r'Traceback|File "|line \d+, in |<[a-z_.]+ object|0x[0-9a-f]{6,}|\w+Error\b')


class Show:
    """Plays shows that are struck by faults. session: where the set is written by itself."""

    def __init__(self, session: Path) -> None:
        self._session = session

    @contextmanager
    def struck(
        self, rig: Rig, *told: EventKind, max_gap_ms: float = MAX_GAP_MS, **wishes: Any
    ) -> Iterator[Engine]:
        """A show that plays already; the body breaks something and waits for what follows.

        told: the kinds of warnings and errors that the performer must get, and no others.
        """
        wishes = {"params": UNGATED, **wishes}
        with rig.playing(**wishes) as engine:
            rig.clock.run_until(lambda: is_fed(rig))
            engine.keep_session(self._session)
            try:
                yield engine
                assert engine.stats().longest_gap_ms <= max_gap_ms
            finally:
                engine.end_session()
        rig.events += engine.poll_events()
        check_told(rig.events, told)
        assert load_set(self._session / SESSION_NAME)[1] == []


def is_fed(rig: Rig) -> bool:
    """The output runs: the sink that a show on fakes always has gets pictures."""
    return len(rig.sink.written) > 3


def watched() -> FakeSink:
    """A sink that gets something at every tick from the first one on."""
    return FakeSink(wants_standby=True)


def wait_for(rig: Rig, kind: EventKind) -> None:
    rig.clock.run_until(lambda: rig.has_happened(kind))


def paints_again(rig: Rig) -> None:
    """Wait for pictures that were captured and painted from now on."""
    num_unique = rig.engine.stats().unique
    rig.clock.run_until(lambda: rig.engine.stats().unique > num_unique + 3)


def check_told(events: list[Event], told: tuple[EventKind, ...]) -> None:
    """Every event is a sentence; those that are no good news are of the kinds `told`."""
    for event in events:
        check_sentence(event.message)
    bad = {event.kind for event in events if event.severity is not Severity.INFO}
    assert bad == set(told), [event.message for event in events if event.kind in bad]


def check_sentence(text: str) -> None:
    assert SENTENCE.fullmatch(text), f"no sentence: {text!r}"
    assert not JARGON.search(text), f"words of a program: {text!r}"


def fault(name: str, *values: object) -> Any:
    """A row of a table of faults."""
    return pytest.param(*values, marks=pytest.mark.fault(name), id=name)


# ---- what the performer has saved


class Belongings:
    """A folder with what a performer has saved: a set with the copy before, a look, a clip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        look = Preset(name="Neon", prompt="neon lights", params={"strength": 0.5})
        bank = PadBank(name="First", pads=(Pad(number=1, look=look),))
        self.set_path = folder / "friday.toml"
        self.look_path = folder / "neon.toml"
        for name in ("Thursday", "Friday"):
            save_set(self.set_path, Set(name=name, banks=(bank,), cues=(Cue(look=look),)))
        save_preset(self.look_path, look)
        (folder / "earlier.mp4").write_bytes(b"precious")
        self._before = digests(folder)

    def check(self) -> None:
        """Every file is as it was, bit for bit, can be read, and nothing half written lies by."""
        assert digests(self.folder) == self._before
        for path, name in ((self.set_path, "Friday"), (backup_of(self.set_path), "Thursday")):
            live_set, problems = load_set(path)
            assert (live_set.name, problems) == (name, [])
        assert load_preset(self.look_path)[1] == []


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 by file name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


# ---- what is left behind


@dataclass(frozen=True)
class Leftovers:
    """What a process holds. handles, shared: with how many there are of each; Linux alone."""

    threads: frozenset[threading.Thread]
    children: frozenset[int]
    handles: tuple[str, ...]
    shared: tuple[str, ...]


def leftovers() -> Leftovers:
    threads = frozenset(threading.enumerate())
    children = frozenset(child.pid for child in psutil.Process().children(recursive=True))
    if sys.platform != "linux":
        return Leftovers(threads, children, (), ())
    return Leftovers(threads, children, tuple(sorted(_handles())), tuple(sorted(_shared())))


def check_nothing_left(before: Leftovers) -> None:
    """Threads that are about to end are waited for."""
    for thread in set(threading.enumerate()) - before.threads:
        thread.join(PATIENCE_S)
    now = leftovers()
    assert now.threads <= before.threads
    assert now.children <= before.children
    assert _more(now.handles, before.handles) == []
    assert _more(now.shared, before.shared) == []


def _handles() -> Iterator[str]:
    """What every open file descriptor leads to; without numbers, which differ every time."""
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the one that lists them
            continue
        yield re.sub(r"\[\d+\]", "[]", target)


def _shared() -> Iterator[str]:
    """Memory that may be shared with other processes: mapped here, or named for all."""
    for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
        path = line.partition("/")[2]
        if path.startswith(("memfd:", "dev/shm/")):
            yield path
    yield from (name for name in os.listdir("/dev/shm") if name.startswith("reverie"))


def _more(now: tuple[str, ...], before: tuple[str, ...]) -> list[str]:
    """What there is more of than before."""
    return sorted({item for item in now if now.count(item) > before.count(item)})
