"""How matrix products add up on a graphics card: a matter of the machine, off unless asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from engine.commandline import parse
from engine.diffusion.accelerators.base import choose_accumulation
from engine.renderer import RenderSpec
from engine.sets import SetRender

FAST = RenderSpec(fp16_accumulation=True)
CARD = torch.device("cuda")


def allowed() -> bool:
    return torch.backends.cuda.matmul.allow_fp16_accumulation


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = allowed()
    yield
    torch.backends.cuda.matmul.allow_fp16_accumulation = before


@pytest.mark.parametrize(("line", "expected"), [("", False), ("--fp16-accumulation", True)])
def test_it_is_asked_for_on_the_command_line(line: str, expected: bool) -> None:
    show = parse(line.split(), "1").show
    assert show is not None
    assert show.render.fp16_accumulation is expected


def test_a_set_that_is_opened_leaves_it_as_it_is() -> None:
    kept = SetRender.of(replace(FAST, model="sd-turbo", fp16_accumulation=False))
    assert kept.on(FAST).fp16_accumulation
    assert not kept.on(RenderSpec()).fp16_accumulation


def test_a_card_is_told_and_the_next_model_can_take_it_back() -> None:
    choose_accumulation(CARD, FAST)
    assert allowed()
    choose_accumulation(CARD, RenderSpec())
    assert not allowed()


def test_a_processor_is_told_nothing() -> None:
    before = allowed()
    choose_accumulation(torch.device("cpu"), FAST)
    assert allowed() is before
