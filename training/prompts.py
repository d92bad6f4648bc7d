"""Random wordings of a look, as people might type them, and prompts that mean nothing."""

from __future__ import annotations

import string

import numpy as np

from .looks import FILLERS, Look


def nonsense(rng: np.random.Generator) -> str:
    """A word that the model does not know."""
    return "".join(rng.choice(list(string.ascii_lowercase), rng.integers(3, 9)))


def wording(rng: np.random.Generator, look: Look) -> str:
    """The look's own prompt or another wording, sometimes among words that change nothing."""
    choices = look.all_wordings
    words = choices[0] if rng.random() < 0.35 else choices[rng.integers(len(choices))]
    if rng.random() < 0.35:
        others = [_other(rng) for _ in range(rng.integers(1, 5))]
        cut = rng.integers(len(others) + 1)
        words = " ".join([*others[:cut], words, *others[cut:]])
    if rng.random() < 0.15:
        words = ", ".join(reversed(words.split(", ")))
    return words


def neutral(rng: np.random.Generator) -> str:
    """The empty prompt, or one without any look in it."""
    if rng.random() < 0.75:
        return ""
    return " ".join(_other(rng) for _ in range(rng.integers(1, 6)))


def _other(rng: np.random.Generator) -> str:
    return nonsense(rng) if rng.random() < 0.3 else str(rng.choice(FILLERS))
