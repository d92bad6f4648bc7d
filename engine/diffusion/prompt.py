"""Prompts as conditioning, each encoded once.

A tick whose prompts are known reads the memory, whatever their weights. In a live show prompts are
announced (`remember`) and encoded on a thread of their own, while the ticks go on with the words
before. A prompt that nobody announced is encoded by the tick that meets it: that is how a run
without real time paints every frame with its own words, and repeats bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

import torch

from engine.diffusion.backbone import Conditioning
from engine.diffusion.background import BackgroundThread
from engine.diffusion.blend import blend_conditioning
from engine.diffusion.loader import TextEncoder
from engine.diffusion.lru import LruCache
from engine.enums import BlendMode
from engine.errors import PromptError
from engine.params import StreamParams
from engine.prompts import parse_prompt

MAX_PROMPTS = 256  # 0.3 MB each for SD, 0.6 MB for SDXL


class _Text(NamedTuple):
    """One prompt, without a weight. is_negative: only an empty one may differ by it."""

    words: str
    is_negative: bool = False


class PromptBook:
    """Encodes, blends and remembers.

    Threads: every method on the render thread. The text encoder runs there until `remember` is
    first called, and on the thread "encode" alone from then on; what it makes comes back as
    futures.
    """

    def __init__(self, text_encoder: TextEncoder, device: torch.device) -> None:
        self._text_encoder, self._device = text_encoder, device
        self._known: LruCache[_Text, Conditioning] = LruCache(MAX_PROMPTS)
        self._pending: dict[_Text, Future[Conditioning]] = {}
        self._thread: BackgroundThread | None = None

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        """Encode in the background what isn't known yet; returns at once, True when all is known.

        Errors: PromptError for one of these that failed, once; asked again it is tried again.
        """
        self._collect()
        wanted = dict.fromkeys(text for look in looks for text in _texts_of(look))
        missing = [text for text in wanted if text not in self._known]
        self._raise_failure_of(missing)
        for text in missing:
            if text not in self._pending:
                self._thread = self._thread or BackgroundThread("encode")
                self._pending[text] = self._thread.submit(partial(self._encode, text))
        return not missing

    def positive(self, prompt: str, mode: BlendMode) -> Conditioning:
        """One row for a weighted list of prompts, on the model's device.

        Errors: ValueError for a line that can't be read.
        """
        parts = parse_prompt(prompt)
        rows = [self._get(_Text(part.text)) for part in parts]
        blended = blend_conditioning(rows, [part.weight for part in parts], mode)
        return _moved(blended, self._device)

    def negative(self, prompt: str) -> Conditioning:
        """One row for the negative prompt, on the model's device."""
        return _moved(self._get(_negative(prompt)), self._device)

    def close(self) -> None:
        """End the thread, if there is one."""
        if self._thread is not None:
            self._thread.close()

    def _get(self, text: _Text) -> Conditioning:
        """Known, or made now; one that is being made is waited for."""
        return self._known.get_or_make(text, lambda: self._make(text))

    def _make(self, text: _Text) -> Conditioning:
        if self._thread is None:
            return self._encode(text)
        future = self._pending.pop(text, None)
        return (future or self._thread.submit(partial(self._encode, text))).result()

    def _collect(self) -> None:
        """Take over what the thread has made; failures wait until they are asked for."""
        done = [(text, future) for text, future in self._pending.items() if future.done()]
        for text, future in done:
            if future.exception() is None:
                self._known.get_or_make(text, future.result)
                del self._pending[text]

    def _raise_failure_of(self, texts: list[_Text]) -> None:
        """The first of them; all are forgotten, to be tried again. After `_collect`."""
        failed = [text for text in texts if text in self._pending and self._pending[text].done()]
        errors = [self._pending.pop(text).exception() for text in failed]
        if errors:
            raise PromptError(
                f'The prompt "{failed[0].words}" can\'t be encoded ({errors[0]}); the words before '
                "it play on. Try others, or load the model again."
            ) from errors[0]

    def _encode(self, text: _Text) -> Conditioning:
        """Kept in main memory: blends are computed in float64, which Apple's GPUs lack."""
        row = self._text_encoder.encode(text.words, text.is_negative)
        return _moved(row, torch.device("cpu"))


def _texts_of(look: StreamParams) -> list[_Text]:
    """The negative as well, whether the guidance reads it now or not: it may at the next tick."""
    prompts = [_Text(part.text) for part in parse_prompt(look.prompt)]
    return [*prompts, _negative(look.negative_prompt)]


def _negative(prompt: str) -> _Text:
    return _Text(prompt, is_negative=not prompt)


def _moved(row: Conditioning, device: torch.device) -> Conditioning:
    pooled = None if row.pooled is None else row.pooled.to(device)
    return Conditioning(row.embeds.to(device), pooled)
