"""Every live parameter, declared once.

`StreamParams` is the frozen set that one tick reads; each field carries a `Parameter` with its
range, cost and help. Sliders, MIDI and OSC addresses, presets, `--set` and docs/controls.md are
all derived from `PARAMETERS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.declare import choice, count, declare, number
from engine.effect_params import EffectParams
from engine.enums import BlendMode, Cost, GuidanceMode, StrEnum
from engine.parameter import Curve, Parameter, Section, Value
from engine.prompts import parse_prompt

MAX_STEPS = 8
MAX_SEED = 2**32 - 1


class Sampler(StrEnum):
    """The few-step sampler; AUTO takes what the model was made for."""

    AUTO = "auto"
    LCM = "lcm"
    DDIM = "ddim"
    TURBO = "turbo"
    TCD = "tcd"
    FLOW_EULER = "flow_euler"


def _without_guidance(params: StreamParams) -> str | None:
    return "guidance is off" if params.guidance_mode is GuidanceMode.NONE else None


def _without_residual(params: StreamParams) -> str | None:
    if not params.guidance_mode.is_residual:
        return "only self-negative, step-negative and onetime-negative guidance use delta"
    return _at_unit_scale(params)


def _without_negative_pass(params: StreamParams) -> str | None:
    if params.guidance_mode.reads_negative_prompt:
        return _at_unit_scale(params)
    return "only full and onetime-negative guidance read the negative prompt"


def _at_unit_scale(params: StreamParams) -> str | None:
    return "guidance scale 1 means no guidance" if params.guidance_scale == 1.0 else None


def _without_rescale_target(params: StreamParams) -> str | None:
    return _without_guidance(params) or _at_unit_scale(params)


def _without_stillness(params: StreamParams) -> str | None:
    return "the last picture is fed back" if params.feeds_back else None


def _without_filter(params: StreamParams) -> str | None:
    if not params.similarity_filter:
        return "the similarity filter is off"
    return _without_stillness(params)


def _without_second_prompt(params: StreamParams) -> str | None:
    return None if "|" in params.prompt else "there is only one prompt"


def _without_seed_blend(params: StreamParams) -> str | None:
    return None if params.seed_blend > 0 else "seed blend is 0"


def _in_one_step(params: StreamParams) -> str | None:
    return None if params.num_inference_steps > 1 else "one step never adds noise again"


@dataclass(frozen=True, slots=True)
class StreamParams(EffectParams):
    """One consistent set of live parameters; read once per tick, replaced whole, never edited."""

    prompt: str = declare(
        str,
        "",
        "Prompt",
        "What the picture becomes. Several, weighted: neon city::0.7 | blueprint::0.3",
        check=parse_prompt,
    )
    negative_prompt: str = declare(
        str,
        "",
        "Negative",
        "What the picture moves away from.",
        inert=_without_negative_pass,
    )
    prompt_blend: BlendMode = choice(
        BlendMode.SLERP,
        "Prompt blend",
        "How several prompts mix: along the sphere, or straight.",
        inert=_without_second_prompt,
    )
    guidance_mode: GuidanceMode = choice(
        GuidanceMode.SELF_NEGATIVE,
        "Guidance mode",
        "Where guidance pushes away from: nothing, the negative prompt (two passes), the input "
        "itself (free), what each step started from (free), or the negative prompt at the first "
        "step only.",
    )
    guidance_scale: float = number(
        1.5,
        "Guidance",
        "How hard the picture is pushed towards the prompt; 1 is no push.",
        minimum=0.0,
        maximum=8.0,
        step=0.05,
        curve=Curve.SQUARE,
        inert=_without_guidance,
    )
    delta: float = number(
        1.0,
        "Delta",
        "How much of the residual noise the guidance subtracts; lower is softer.",
        maximum=2.0,
        inert=_without_residual,
    )
    guidance_rescale: float = number(
        0.0,
        "Guidance rescale",
        "Holds contrast and colour in place while guidance rises.",
        inert=_without_rescale_target,
    )
    num_inference_steps: int = count(
        1,
        "Steps",
        "Denoising steps per frame; more is finer with most models, and later.",
        cost=Cost.REPRIME,
        minimum=1,
        maximum=MAX_STEPS,
    )
    strength: float = number(
        0.7,
        "Strength",
        "How far the picture leaves the camera image: 0 keeps it, 1 repaints it.",
    )
    sampler: Sampler = choice(
        Sampler.AUTO,
        "Sampler",
        "The few-step sampler; auto takes what the model was made for.",
    )
    add_noise: bool = declare(
        bool,
        True,
        "Add noise",
        "Adds fresh noise between steps, as the sampler intends.",
        inert=_in_one_step,
    )
    token_merging: float = number(
        0.0,
        "Token merging",
        "Lets the finest attention look at so much fewer places, the most alike taken together: "
        "faster with large models and pictures, a little softer. 0 leaves the picture as it is.",
        maximum=0.75,
        step=0.05,
    )
    feature_reuse: int = count(
        0,
        "Feature reuse",
        "So many frames in a row take their broad shapes from the frame before: much faster, but "
        "what moves may drag a shadow. 0 computes every frame whole.",
        maximum=4,
        unit="frames",
    )
    seed: int = count(
        2,
        "Seed",
        "Which noise is painted over; the same seed gives the same picture.",
        maximum=MAX_SEED,
    )
    seed_target: int = count(
        3,
        "Seed target",
        "The noise that seed blend moves to.",
        maximum=MAX_SEED,
        inert=_without_seed_blend,
    )
    seed_blend: float = number(0.0, "Seed blend", "Moves from the seed to the seed target.")
    similarity_filter: bool = declare(
        bool,
        True,
        "Similarity filter",
        "Rests the model while the input stands still.",
        inert=_without_stillness,
    )
    similarity_threshold: float = number(
        0.98,
        "Similarity",
        "How alike two inputs must be before frames are skipped.",
        minimum=0.5,
        maximum=1.0,
        step=0.005,
        inert=_without_filter,
    )
    max_skips: int = count(
        10,
        "Longest skip",
        "At most so many frames in a row are skipped.",
        maximum=300,
        unit="frames",
        inert=_without_filter,
    )
    dry_wet: float = number(
        1.0,
        "Dry/wet",
        "Mixes what the model sees (0) with the painted picture (1).",
    )
    bypass_after_s: float = number(
        3.0,
        "Bypass after",
        "When the model paints nothing, the last picture is held for so long, then fades to the "
        "camera image until it paints again; 60 holds it for ever.",
        maximum=60.0,
        step=0.5,
        unit="s",
    )

    blackout_fade_s: float = number(
        0.5,
        "Blackout fade",
        "How long the picture takes to go black and to come back; 0 is at once.",
        maximum=10.0,
        step=0.1,
        unit="s",
        curve=Curve.SQUARE,
    )

    def __post_init__(self) -> None:
        for name, parameter in PARAMETERS.items():
            value = getattr(self, name)
            if value is not parameter.default:  # most are, and modulation makes a set a tick
                object.__setattr__(self, name, parameter.parse(value))

    def with_changes(self, changes: Mapping[str, object]) -> StreamParams:
        """A new set with some values replaced.

        Errors: ValueError that names the parameter and its range, or the unknown name.
        """
        unknown = sorted(set(changes) - set(PARAMETERS))
        if unknown:
            raise ValueError(
                f"there is no parameter {unknown[0]}; there are {', '.join(PARAMETERS)}"
            )
        return replace(self, **changes)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Value]:
        """Plain values, for files and reports."""
        return {name: _plain(getattr(self, name)) for name in PARAMETERS}


def _plain(value: Value) -> Value:
    return str(value) if isinstance(value, str) else value


def _table() -> dict[str, Parameter]:
    """Section by section, each as declared."""
    fields = dataclasses.fields(StreamParams)
    parameters = [Parameter(name=f.name, **f.metadata["traits"]) for f in fields]
    parameters.sort(key=lambda parameter: list(Section).index(parameter.section))
    return {parameter.name: parameter for parameter in parameters}


PARAMETERS: dict[str, Parameter] = _table()
# Before and behind the model: a look that names one of these takes it along when it goes.
EFFECTS = frozenset(name for name, p in PARAMETERS.items() if p.section is not Section.LOOK)
