"""The prompt line as a performer types it: several prompts with weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

SEPARATOR = "|"
WEIGHT_MARK = "::"


@dataclass(frozen=True, slots=True)
class WeightedPrompt:
    """One prompt and its share of the blend. weight: from 0 up, in proportion to the others."""

    text: str
    weight: float = 1.0


def parse_prompt(line: str) -> tuple[WeightedPrompt, ...]:
    """Read `neon city::0.7 | blueprint::0.3`; a weight left out is 1.

    The empty line is one empty prompt; so is `::0.3` within a blend.
    Errors: ValueError that names the piece it can't read.
    """
    pieces = [piece.strip() for piece in line.split(SEPARATOR)]
    if len(pieces) > 1 and "" in pieces:
        number = pieces.index("") + 1
        raise ValueError(f"prompt {number} of {len(pieces)} is empty; remove a {SEPARATOR}")
    prompts = tuple(_parse_piece(piece) for piece in pieces)
    if not any(prompt.weight for prompt in prompts):
        raise ValueError(f"all weights in {line!r} are 0; give at least one of them more")
    return prompts


def _parse_piece(piece: str) -> WeightedPrompt:
    if WEIGHT_MARK not in piece:
        return WeightedPrompt(piece)
    text, _, number = piece.rpartition(WEIGHT_MARK)
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight >= 0):
        raise ValueError(f"the weight in {piece!r} is a number from 0 up, as in neon city::0.7")
    return WeightedPrompt(text.strip(), weight)
