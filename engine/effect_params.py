"""The part of the parameter table that acts before and behind the model; all of it is neutral.

`engine/params.py` makes it part of `StreamParams`; `engine/effects/` carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.declare import choice, number
from engine.enums import KeyBackground, Mirror
from engine.parameter import Curve, Section

_input = partial(number, section=Section.INPUT)
_feedback = partial(number, section=Section.FEEDBACK)
_picture = partial(number, section=Section.PICTURE)


def _without_key(params: EffectParams) -> str | None:
    return "nothing is keyed out" if params.key_background is KeyBackground.OFF else None


def _without_feedback(params: EffectParams) -> str | None:
    return "feedback is 0" if params.feedback == 0.0 else None


def _turns(**traits: Any) -> dict[str, Any]:
    """The traits of an angle."""
    return {"minimum": -180.0, "maximum": 180.0, "step": 1.0, "unit": "°", **traits}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectParams:
    """What happens to the camera image before the model, and to the picture behind it."""

    mirror: Mirror = choice(
        Mirror.OFF,
        "Mirror",
        "Flips what the model sees, or folds it into a six-fold kaleidoscope.",
        section=Section.INPUT,
    )
    rotate_deg: float = _input(
        0.0, "Rotate", "Turns what the model sees, counter-clockwise.", **_turns()
    )
    zoom: float = _input(
        1.0,
        "Zoom",
        "Enlarges what the model sees around the middle; below 1 its edges are mirrored outwards.",
        minimum=0.25,
        maximum=4.0,
        curve=Curve.SQUARE,
    )
    pan_x: float = _input(
        0.0,
        "Pan across",
        "Moves what the model sees to the right, in widths; with zoom it chooses the crop.",
        minimum=-1.0,
    )
    pan_y: float = _input(
        0.0,
        "Pan down",
        "Moves what the model sees down, in heights; with zoom it chooses the crop.",
        minimum=-1.0,
    )
    key_background: KeyBackground = choice(
        KeyBackground.OFF,
        "Key out",
        "Takes one colour out of what the model sees, as a green screen does; in its place is "
        "black, or the last picture that came out.",
        section=Section.INPUT,
    )
    key_hue_deg: float = _input(
        120.0,
        "Key hue",
        "The colour that is taken out: 0 is red, 120 green, 240 blue. Greys always stay.",
        maximum=360.0,
        step=1.0,
        unit="°",
        inert=_without_key,
    )
    key_tolerance_deg: float = _input(
        30.0,
        "Key tolerance",
        "How far from that hue a colour may be and is still taken out.",
        maximum=180.0,
        step=1.0,
        unit="°",
        inert=_without_key,
    )
    key_softness_deg: float = _input(
        15.0,
        "Key softness",
        "Over how many degrees beyond the tolerance the edge is soft.",
        maximum=90.0,
        step=1.0,
        unit="°",
        inert=_without_key,
    )

    feedback: float = _feedback(
        0.0,
        "Feedback",
        "How much of what the model sees is the last picture that came out, zoomed, turned and "
        "moved once more each time. Above 0 the similarity filter rests nothing.",
    )
    feedback_zoom: float = _feedback(
        1.0,
        "Feedback zoom",
        "Above 1 the last picture comes towards you, below 1 it goes away.",
        minimum=0.8,
        maximum=1.25,
        step=0.005,
        inert=_without_feedback,
    )
    feedback_rotate_deg: float = _feedback(
        0.0,
        "Feedback rotate",
        "How far the last picture is turned each time, counter-clockwise.",
        inert=_without_feedback,
        **_turns(minimum=-45.0, maximum=45.0, step=0.5),
    )
    feedback_shift_x: float = _feedback(
        0.0,
        "Feedback across",
        "How far the last picture moves to the right each time, in widths.",
        minimum=-0.25,
        maximum=0.25,
        step=0.005,
        inert=_without_feedback,
    )
    feedback_shift_y: float = _feedback(
        0.0,
        "Feedback down",
        "How far the last picture moves down each time, in heights.",
        minimum=-0.25,
        maximum=0.25,
        step=0.005,
        inert=_without_feedback,
    )
    feedback_fade: float = _feedback(
        0.0,
        "Feedback fade",
        "How much the last picture is darkened each time; 1 leaves nothing of it.",
        inert=_without_feedback,
    )

    brightness: float = _picture(
        0.0, "Brightness", "Lifts or lowers every colour of the output; 1 is white.", minimum=-1.0
    )
    contrast: float = _picture(
        1.0, "Contrast", "Spreads the output around mid grey; 0 is all grey.", maximum=2.0
    )
    saturation: float = _picture(
        1.0, "Saturation", "How colourful the output is; 0 is black and white.", maximum=2.0
    )
    hue_deg: float = _picture(
        0.0, "Hue", "Turns every colour of the output; 120 makes red green.", **_turns()
    )
    sharpen: float = _picture(0.0, "Sharpen", "Strengthens fine edges of the output.", maximum=2.0)
    vignette: float = _picture(0.0, "Vignette", "Darkens the output towards its corners.")
    smoothing: float = _picture(
        0.0,
        "Smoothing",
        "How much of the pictures before stays in each picture: calms flicker, leaves trails.",
        maximum=0.98,
    )

    @property
    def feeds_back(self) -> bool:
        """Whether the last picture that came out is part of the next input."""
        return self.feedback > 0.0 or self.key_background is KeyBackground.PREVIOUS
