"""The process that makes engines: its failures are sentences, and it never outlives its parent."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.diffusion.accelerators import tensorrt_process
from engine.diffusion.accelerators.tensorrt_child import Job
from engine.diffusion.accelerators.tensorrt_process import make_engines_apart
from engine.errors import AcceleratorError, PreparationCancelled
from engine.renderer import Progress, RenderSpec


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorrt_process, "CHILD", "tests.support.builders")


def job(conduct: str, folder: Path) -> Job:
    return Job("tensorrt-rtx", RenderSpec(conduct), None, folder)


def test_its_progress_is_passed_on_and_its_log_does_not_stay(tmp_path: Path) -> None:
    told: list[Progress] = []
    make_engines_apart(job("works", tmp_path), told.append)
    assert told[0] == Progress(0.0, "Starting the builder")
    assert told[-1] == Progress(0.5, "Exporting")
    assert not list(tmp_path.iterdir())


def test_what_it_refuses_is_its_own_sentence(tmp_path: Path) -> None:
    with pytest.raises(AcceleratorError, match=r"^TensorRT-RTX can't read the model\.$"):
        make_engines_apart(job("refuses", tmp_path), lambda progress: None)


def test_a_crash_is_a_sentence_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(AcceleratorError, match=r"^TensorRT-RTX's builder ended .*Illegal"):
        make_engines_apart(job("crashes", tmp_path), lambda progress: None)


def test_it_is_cancelled_even_while_it_says_nothing(tmp_path: Path) -> None:
    told: list[str] = []

    def cancel_in_the_silence(progress: Progress) -> None:
        told.append(progress.message)
        if told.count("Exporting") > 2:
            raise PreparationCancelled("The user has changed their mind.")

    with pytest.raises(PreparationCancelled):
        make_engines_apart(job("hangs", tmp_path), cancel_in_the_silence)
    assert not psutil.Process().children()
