"""Prompts are encoded once, ahead of the tick that needs them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from engine.diffusion.backbone import Conditioning
from engine.diffusion.fake import FakeTextEncoder
from engine.diffusion.prompt import PromptBook
from engine.enums import BlendMode
from engine.errors import PromptError
from engine.params import StreamParams

PATIENCE_S = 20.0
NEON, GOLD = StreamParams(prompt="neon"), StreamParams(prompt="neon | gold", negative_prompt="fog")


class TextEncoder(FakeTextEncoder):
    """Waits for the test; keeps what it encoded and on which threads."""

    def __init__(self) -> None:
        self.may_go_on, self.has_begun = threading.Event(), threading.Event()
        self.may_go_on.set()
        self.words: list[str] = []
        self.threads: set[str] = set()
        self.refuses = False

    def encode(self, prompt: str, is_negative: bool = False) -> Conditioning:
        self.has_begun.set()
        assert self.may_go_on.wait(PATIENCE_S)
        self.threads.add(threading.current_thread().name)
        self.words.append(prompt)
        if self.refuses:
            raise RuntimeError("the device is full")
        return super().encode(prompt)


@pytest.fixture
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.fixture
def book(encoder: TextEncoder) -> Iterator[PromptBook]:
    book = PromptBook(encoder, torch.device("cpu"))
    yield book
    encoder.may_go_on.set()
    book.close()
    assert all(thread.name != "encode" for thread in threading.enumerate())


def finish(book: PromptBook) -> None:
    """Until everything that was asked for is done."""
    for future in list(book._pending.values()):
        future.exception(PATIENCE_S)


def test_a_slow_text_encoder_keeps_nobody_waiting(book: PromptBook, encoder: TextEncoder) -> None:
    encoder.may_go_on.clear()

    assert not book.remember([NEON])  # returns although the encoder stands still
    assert encoder.has_begun.wait(PATIENCE_S)
    assert not book.remember([NEON])
    encoder.may_go_on.set()
    finish(book)
    assert book.remember([NEON])


def test_all_words_of_a_bank_are_encoded_once_each_on_a_thread_of_their_own(
    book: PromptBook, encoder: TextEncoder
) -> None:
    book.remember([NEON, GOLD])
    finish(book)
    book.remember([GOLD, NEON])
    book.positive(GOLD.prompt, BlendMode.SLERP)
    book.negative(GOLD.negative_prompt)

    assert sorted(encoder.words) == ["", "fog", "gold", "neon"]
    assert encoder.threads == {"encode"}


def test_without_an_announcement_the_caller_encodes_and_no_thread_is_made(
    book: PromptBook, encoder: TextEncoder
) -> None:
    row = book.positive("neon", BlendMode.SLERP)

    assert torch.equal(row.embeds, FakeTextEncoder().encode("neon").embeds)
    assert encoder.threads == {threading.current_thread().name}


def test_the_text_encoder_is_never_used_by_two_threads(
    book: PromptBook, encoder: TextEncoder
) -> None:
    encoder.may_go_on.clear()
    book.remember([NEON])
    assert encoder.has_begun.wait(PATIENCE_S)
    encoder.may_go_on.set()

    book.positive("blueprint", BlendMode.SLERP)  # not announced, and waited for

    assert encoder.threads == {"encode"}


def test_the_newest_wish_is_encoded_first(book: PromptBook, encoder: TextEncoder) -> None:
    encoder.may_go_on.clear()
    book.remember([NEON])
    assert encoder.has_begun.wait(PATIENCE_S)
    book.remember([StreamParams(prompt=f"pad {k}") for k in range(8)])
    book.remember([StreamParams(prompt="typed just now")])
    encoder.may_go_on.set()
    finish(book)

    assert encoder.words[1] == "typed just now"


def test_a_prompt_that_fails_is_told_once_and_tried_again_when_asked_again(
    book: PromptBook, encoder: TextEncoder
) -> None:
    encoder.refuses = True
    book.remember([NEON])
    finish(book)
    with pytest.raises(PromptError, match=r"can't be encoded \(the device is full\)"):
        book.remember([NEON])
    encoder.refuses = False
    book.remember([NEON])
    finish(book)

    assert book.remember([NEON])
    assert book.positive("neon", BlendMode.SLERP).embeds.shape[0] == 1


def test_a_prompt_that_fails_is_no_failure_of_the_others(
    book: PromptBook, encoder: TextEncoder
) -> None:
    encoder.refuses = True
    book.remember([StreamParams(prompt="broken", negative_prompt="fog")])
    finish(book)
    encoder.refuses = False
    book.remember([NEON])
    finish(book)

    assert book.remember([NEON])


def test_words_encoded_ahead_are_the_same_bit_for_bit(
    book: PromptBook, encoder: TextEncoder
) -> None:
    other = PromptBook(TextEncoder(), torch.device("cpu"))
    book.remember([GOLD])
    finish(book)

    ours, theirs = (b.positive(GOLD.prompt, BlendMode.SLERP).embeds for b in (book, other))

    assert torch.equal(ours, theirs)
