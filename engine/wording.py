"""Which words a live picture is painted with while new ones are being encoded."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import PromptError
from engine.params import StreamParams
from engine.prompts import parse_prompt
from engine.renderer import Renderer

WORDS = ("prompt", "prompt_blend", "negative_prompt")


class Wording:
    """Plays on with the words before until the renderer has the new ones ready.

    Everything but words acts at once. The first words of a renderer are not waited for: there are
    none before them. Thread: the render thread.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        """tell: gets a sentence, once, for words that can't be encoded."""
        self._tell = tell
        self.restart()

    def restart(self) -> None:
        """Another renderer: it knows no words yet."""
        self._words: dict[str, object] | None = None
        self._texts: frozenset[str] = frozenset()  # ready, as far as was asked
        self._refused: frozenset[str] = frozenset()

    def playable(self, renderer: Renderer, wanted: StreamParams) -> StreamParams:
        """`wanted`, or the same with the words before.

        Words that can't be encoded are tried again when they are wanted anew.
        Errors: RendererLost.
        """
        texts = _texts_of(wanted)
        if self._words is not None and not self._is_ready(renderer, wanted, texts):
            return wanted.with_changes(self._words)
        self._words = {name: getattr(wanted, name) for name in WORDS}
        self._texts, self._refused = texts, frozenset()
        return wanted

    def _is_ready(self, renderer: Renderer, wanted: StreamParams, texts: frozenset[str]) -> bool:
        """A renderer is asked only about words that are new: weights may move at every tick."""
        if texts <= self._texts:
            return True
        if texts == self._refused:
            return False
        try:
            return renderer.remember((wanted,))
        except PromptError as error:
            self._refused = texts
            self._tell(str(error))
            return False


def _texts_of(params: StreamParams) -> frozenset[str]:
    """A negative is marked as such: the same words may be encoded otherwise."""
    prompts = [part.text for part in parse_prompt(params.prompt)]
    return frozenset([*prompts, f"negative: {params.negative_prompt}"])
