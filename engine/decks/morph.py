"""The look between two looks. Pure; any thread."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from engine.enums import BlendMode, Cost
from engine.parameter import Parameter, Value
from engine.params import PARAMETERS, StreamParams
from engine.prompts import SEPARATOR, WEIGHT_MARK, parse_prompt

# A prompt whose share is smaller, beside the greatest, changes nothing that an eye could see.
LEAST_SHARE = 1e-3


@lru_cache(maxsize=4)
def morph(look_a: StreamParams, look_b: StreamParams, position: float) -> StreamParams:
    """All parameters on the way from `look_a` (position 0) to `look_b` (1); beyond: the ends.

    At the ends the looks themselves. Between them prompts are blended along the sphere, as one
    weighted prompt line; numbers travel as their sliders would; the noise goes along the sphere
    from one seed to the other. What knows no between (choices, switches, the negative prompt) and
    what costs more than a tick (steps) changes in the middle.
    """
    if position <= 0.0:
        return look_a
    if position >= 1.0:
        return look_b
    values = {
        name: _between(parameter, getattr(look_a, name), getattr(look_b, name), position)
        for name, parameter in PARAMETERS.items()
    }
    values |= {
        "prompt": _blend_words(look_a.prompt, look_b.prompt, position),
        "prompt_blend": _blend_mode(look_a, look_b),
    }
    return StreamParams(**{**values, **_blend_noise(look_a, look_b, position)})  # type: ignore[arg-type]


def _between(parameter: Parameter, a: Value, b: Value, position: float) -> Value:
    is_gradual = parameter.is_number and parameter.cost is Cost.LIVE
    if a == b or not is_gradual or isinstance(a, str) or isinstance(b, str):
        return a if position < 0.5 else b
    start, end = parameter.to_position(a), parameter.to_position(b)
    value = parameter.clamp(parameter.from_position(start + position * (end - start)))
    return min(max(value, min(a, b)), max(a, b))  # rounding stays between the two


def _blend_mode(look_a: StreamParams, look_b: StreamParams) -> BlendMode:
    """Straight only where both looks want it."""
    modes = {look_a.prompt_blend, look_b.prompt_blend}
    return BlendMode.LINEAR if modes == {BlendMode.LINEAR} else BlendMode.SLERP


def _blend_words(line_a: str, line_b: str, position: float) -> str:
    """Both prompt lines as one; a prompt that is in both is named once."""
    if line_a == line_b:
        return line_a
    shares: defaultdict[str, float] = defaultdict(float)
    for line, part in ((line_a, 1.0 - position), (line_b, position)):
        for text, share in _shares_of(line).items():
            shares[text] += part * share
    least = LEAST_SHARE * max(shares.values())
    pieces = [f"{t}{WEIGHT_MARK}{share:.6f}" for t, share in shares.items() if share >= least]
    return f" {SEPARATOR} ".join(pieces)


def _shares_of(line: str) -> dict[str, float]:
    """Each prompt's share of the line; they add up to 1."""
    prompts = parse_prompt(line)
    greatest = max(prompt.weight for prompt in prompts)  # first, so that no sum can overflow
    total = sum(prompt.weight / greatest for prompt in prompts)
    shares: defaultdict[str, float] = defaultdict(float)
    for prompt in prompts:
        shares[prompt.text] += prompt.weight / greatest / total
    return shares


def _blend_noise(look_a: StreamParams, look_b: StreamParams, position: float) -> dict[str, Value]:
    """The three seed parameters between two looks.

    A seed blend under way in either look is undone first and done last, each at the pace of one
    whole way between two seeds: three legs without a jump, most often only the middle one.
    """
    a, b = look_a, look_b
    if (a.seed, a.seed_target) == (b.seed, b.seed_target):
        blend = a.seed_blend + position * (b.seed_blend - a.seed_blend)
        return _noise(a.seed, a.seed_target, blend)
    middle = float(a.seed != b.seed)
    way = position * (a.seed_blend + middle + b.seed_blend)
    if way <= a.seed_blend:
        return _noise(a.seed, a.seed_target, a.seed_blend - way)
    if way <= a.seed_blend + middle:
        return _noise(a.seed, b.seed, way - a.seed_blend)
    return _noise(b.seed, b.seed_target, min(b.seed_blend, way - a.seed_blend - middle))


def _noise(seed: int, seed_target: int, seed_blend: float) -> dict[str, Value]:
    return {
        "seed": seed,
        "seed_target": seed_target,
        "seed_blend": min(1.0, max(0.0, seed_blend)),
    }
