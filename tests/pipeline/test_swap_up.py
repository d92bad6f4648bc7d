"""A show starts on what is ready and goes over to a better accelerator between two ticks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.diffusion import acceleration
from engine.diffusion.accelerators import ACCELERATORS, AcceleratorEntry
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.in_process import StreamRenderer
from engine.errors import AcceleratorError
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import Progress, RenderSpec
from tests import tiny_models

SIDE = 32
PATIENCE_S = 60.0


class Slow:
    """Builds only when the test says so, then computes what PyTorch does."""

    placement = Placement(torch.device("cpu"), torch.float32)
    device_name = "nowhere"
    is_building = threading.Event()
    may_build = threading.Event()
    error: Exception | None = None
    num_built = 0

    def is_ready(self, *_: object) -> bool:
        return False

    def accelerate(self, backbone, spec, example, on_progress):
        on_progress(Progress(0.5, "Building"))
        Slow.is_building.set()
        Slow.may_build.wait(PATIENCE_S)
        on_progress(Progress(0.9, "Building"))
        if Slow.error is not None:
            raise Slow.error
        Slow.num_built += 1
        return backbone


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("models") / "sd1-lcm", "sd1-lcm")


@pytest.fixture(autouse=True)
def _slow_is_best(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    slow = AcceleratorEntry("slow", "Slow", lambda: None, __name__, Slow.__name__)
    both = {"auto": [slow, ACCELERATORS["eager"]], "eager": [ACCELERATORS["eager"]]}
    monkeypatch.setattr(acceleration, "candidates", both.__getitem__)
    Slow.is_building, Slow.may_build = threading.Event(), threading.Event()
    Slow.error, Slow.num_built = None, 0
    yield
    Slow.may_build.set()


def params(num_inference_steps: int = 3) -> StreamParams:
    return StreamParams(prompt="a red fox", num_inference_steps=num_inference_steps)


def frame(sequence: int) -> Frame:
    levels = np.random.default_rng(sequence).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return Frame(levels, sequence, sequence / 30)


class Show:
    """A renderer that is fed one frame after the other."""

    def __init__(
        self,
        model: Path,
        accelerator: str = "auto",
        swaps_up: bool = True,
        tries_unproven: bool = False,
    ) -> None:
        self.renderer = StreamRenderer(now_s=lambda: Clock.now_s)
        spec = RenderSpec(
            str(model), SIDE, SIDE, accelerator, swaps_up=swaps_up, tries_unproven=tries_unproven
        )
        self.info = self.renderer.prepare(spec, lambda progress: None)
        self.sentences: list[str] = []
        self.pictures: list[np.ndarray] = []
        self.sequence = 0

    def tick(self) -> None:
        finished = self.renderer.render(frame(self.sequence), params())
        self.sequence += 1
        if finished is not None:
            self.pictures.append(finished.image)
        while (news := self.renderer.news()) is not None:
            self.info = news.info
            self.sentences += [news.sentence] if news.sentence else []

    def tick_until(self, is_reached: Callable[[], bool]) -> None:
        give_up = threading.Event()
        timer = threading.Timer(PATIENCE_S, give_up.set)
        timer.start()
        while not is_reached():
            assert not give_up.is_set()
            self.tick()
        timer.cancel()
        timer.join()


def test_the_show_paints_meanwhile_and_goes_over_without_losing_a_frame(model: Path) -> None:
    show, plain = Show(model), Show(model, "eager")
    assert show.info.accelerator == "eager"
    for _ in range(6):
        show.tick()
    assert len(show.pictures) == 4  # the batch fills for two ticks; nobody waits for the build
    assert show.sentences == [
        "Slow is being made ready in the background; the show runs on PyTorch until then."
    ]
    assert show.info.accelerator_notes[0].startswith("Slow is being made ready")
    Slow.may_build.set()
    show.tick_until(lambda: show.info.accelerator == "slow")
    for _ in range(3):
        show.tick()
    assert show.sentences[1:] == ["Slow is ready: the show runs on it from now on."]
    assert show.info.device == "nowhere"
    assert show.info.accelerator_notes == ()
    assert len(show.pictures) == show.sequence - 2
    for _ in range(show.sequence):
        plain.tick()
    assert all(np.array_equal(a, b) for a, b in zip(show.pictures, plain.pictures, strict=True))
    show.renderer.close()
    plain.renderer.close()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AcceleratorError("The fake compiler stopped; update its driver."), None),
        (RuntimeError("no such kernel"), "Slow failed: no such kernel."),
    ],
)
def test_a_build_that_fails_is_told_once_and_the_show_goes_on(
    model: Path, error: Exception, reason: str | None
) -> None:
    Slow.error = error
    show = Show(model)
    Slow.may_build.set()
    show.tick_until(lambda: len(show.sentences) == 2)
    for _ in range(4):
        show.tick()
    reason = reason or str(error)
    assert show.sentences[1:] == [f"{reason} The show goes on with PyTorch."]
    assert (show.info.accelerator, show.info.accelerator_notes) == ("eager", (reason,))
    assert len(show.pictures) == show.sequence - 2
    show.renderer.close()


def test_closing_during_a_build_ends_its_thread(model: Path) -> None:
    show = Show(model)
    show.tick()
    assert "build" in [thread.name for thread in threading.enumerate()]
    Slow.is_building.wait(PATIENCE_S)
    closing = threading.Thread(target=show.renderer.close)
    closing.start()
    Slow.may_build.set()
    closing.join(PATIENCE_S)
    assert "build" not in [thread.name for thread in threading.enumerate()]


def test_a_run_that_must_repeat_waits_for_the_best(model: Path) -> None:
    Slow.may_build.set()
    show = Show(model, swaps_up=False)
    assert show.info.accelerator == "slow"
    for _ in range(4):
        show.tick()
    assert (show.sentences, Slow.num_built) == ([], 1)
    show.renderer.close()


def test_an_accelerator_that_was_named_stays(model: Path) -> None:
    Slow.may_build.set()
    show = Show(model, "eager")
    for _ in range(4):
        show.tick()
    assert (show.info.accelerator, show.sentences, Slow.num_built) == ("eager", [], 0)
    show.renderer.close()


class Clock:
    """Stands still but for what the accelerators of a trial take."""

    now_s = 0.0


class Incumbent(Slow):
    """Ready from the start. took_s: what each of its ticks takes."""

    took_s = 0.007

    def is_ready(self, *_: object) -> bool:
        return True

    def accelerate(self, backbone, spec, example, on_progress):
        encode, closed = backbone.encode, backbone.close

        def timed(image: torch.Tensor) -> torch.Tensor:
            Clock.now_s += self.took_s
            return encode(image)

        def close() -> None:
            closed_by.append(type(self))
            closed()

        backbone.encode, backbone.close = timed, close
        return backbone


class Newcomer(Incumbent):
    """Kept from an earlier start, and yet not known to be faster."""


closed_by: list[type] = []


def trial_show(
    model: Path, took_s: float, monkeypatch: pytest.MonkeyPatch, tries_unproven: bool = True
) -> Show:
    """One in which a newcomer that takes so long tries to be faster."""
    entries = [
        AcceleratorEntry(
            "new", "New", lambda: None, __name__, "Newcomer", has_to_prove_itself=True
        ),
        AcceleratorEntry("old", "Old", lambda: None, __name__, "Incumbent"),
    ]
    names = {"auto": entries, "eager": [ACCELERATORS["eager"]]}
    monkeypatch.setattr(acceleration, "candidates", names.__getitem__)
    monkeypatch.setattr(Newcomer, "took_s", took_s)
    closed_by.clear()
    return Show(model, tries_unproven=tries_unproven)


@pytest.mark.parametrize(
    ("took_s", "stays", "goes", "word"),
    [(0.005, "new", Incumbent, "faster"), (0.009, "old", Newcomer, "slower")],
)
def test_what_need_not_be_faster_plays_on_only_if_it_was(
    model: Path,
    took_s: float,
    stays: str,
    goes: type,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show, plain = trial_show(model, took_s, monkeypatch), Show(model, "eager")
    assert show.info.accelerator == "old"
    show.tick_until(lambda: len(show.sentences) == 3)
    assert show.sentences[1] == "New is ready and plays from now on if it is faster here than Old."
    assert f"New is {word} here than Old" in show.sentences[2]
    assert show.info.accelerator == stays
    for _ in range(3):
        show.tick()
    assert len(show.pictures) == show.sequence - 2  # none was lost on the way there and back
    for _ in range(show.sequence):
        plain.tick()
    for ours, theirs in zip(show.pictures, plain.pictures, strict=True):  # of other memory formats
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1
    show.renderer.close()
    plain.renderer.close()
    assert goes in closed_by
    assert len(closed_by) == 2


def test_a_show_that_ends_during_a_trial_closes_both(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = trial_show(model, 0.005, monkeypatch)
    show.tick_until(lambda: len(show.sentences) == 2)
    show.renderer.close()
    assert set(closed_by) == {Incumbent, Newcomer}


def test_nothing_is_tried_where_it_is_not_asked_for(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = trial_show(model, 0.005, monkeypatch, tries_unproven=False)
    for _ in range(4):
        show.tick()
    assert (show.info.accelerator, show.sentences) == ("old", [])
    show.renderer.close()
