"""Writes docs/controls.md from the parameter table: `python -m docs.generate_controls`."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from engine.enums import Cost, GuidanceMode
from engine.parameter import Curve, Parameter
from engine.params import PARAMETERS, StreamParams

PAGE = Path(__file__).with_name("controls.md")
INTRODUCTION = """\
# Controls

Every live control of Reverie, made from the table in `engine/params.py` by
`python -m docs.generate_controls`. The names are those of `--set name=value`, of preset files and
of the report.

What a change costs the show:

| cost | meaning |
|---|---|
| live | acts on the next frame |
| reprime | acts on the next frame; the output is held for a few frames |
| rebuild | prepared in the background while the old look plays on, then swapped in |
"""
# States in which some control or other has no effect; together they bring out every reason.
PROBES = (
    StreamParams(feedback=0.5),
    *(
        StreamParams(
            guidance_mode=mode,
            guidance_scale=scale,
            similarity_filter=has_filter,
            prompt=prompt,
            seed_blend=blend,
            num_inference_steps=steps,
        )
        for mode, scale, has_filter, prompt, blend, steps in product(
            GuidanceMode, (1.0, 2.0), (False, True), ("a", "a|b"), (0.0, 0.5), (1, 2)
        )
    ),
)


def controls_page() -> str:
    """The whole page as Markdown."""
    return "\n".join([INTRODUCTION, *map(section, PARAMETERS.values())])


def section(parameter: Parameter) -> str:
    """One control: name, help, values, default, cost, and when it has no effect."""
    lines = [
        f"## {parameter.label}",
        "",
        f"`{parameter.name}` · {values(parameter)} · default {shown(parameter.default)} · "
        f"{Cost(parameter.cost).value}",
        "",
        parameter.help,
        "",
    ]
    reasons = inert_reasons(parameter)
    if reasons:
        lines += [f"No effect: {'; '.join(reasons)}.", ""]
    return "\n".join(lines)


def values(parameter: Parameter) -> str:
    """What may be set, in words."""
    if parameter.choices:
        return ", ".join(f"`{choice}`" for choice in parameter.choices)
    if parameter.kind is bool:
        return "`on`, `off`"
    if parameter.kind is str:
        return "text"
    unit = f" {parameter.unit}" if parameter.unit else ""
    whole = "whole numbers " if parameter.kind is int else ""
    curve = ", finer near the start" if parameter.curve is Curve.SQUARE else ""
    return f"{whole}{shown(parameter.minimum)} to {shown(parameter.maximum)}{unit}{curve}"


def shown(value: object) -> str:
    """A value as a person would type it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        return str(int(value)) if float(value).is_integer() else str(value)
    return f"`{value}`" if value else "empty"


def inert_reasons(parameter: Parameter) -> list[str]:
    """Every reason for which the control can be without effect, each once."""
    reasons = (parameter.inert(probe) for probe in PROBES)
    return list(dict.fromkeys(reason for reason in reasons if reason))


if __name__ == "__main__":
    PAGE.write_text(controls_page(), "utf-8", newline="\n")
