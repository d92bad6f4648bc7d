"""What the parts of a mapping are called in the window, and what they do, in one table."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine_names import ControlCurve, ControlMode, ControlTakeover


@dataclass(frozen=True)
class Wording:
    """label: beside the field. help: its tooltip."""

    label: str
    help: str


# By the names that the fields have in files.
FIELDS = {
    "minimum": Wording("From", "From: the value at that end of the control's way"),
    "maximum": Wording("To", "To: the value at that end of the control's way"),
    "mode": Wording(
        "Mode",
        "follows: wherever the control is, from end to end.\n"
        "switches: every press goes to the other end.\n"
        "while held: one end while it is pressed, the other one else.\n"
        "moves on: for as long as it is held, the further the faster; of gamepads.",
    ),
    "curve": Wording(
        "Curve",
        "How the way of the control is spread over the range: evenly,\n"
        "with more room near its start, its end, or both.",
    ),
    "threshold": Wording(
        "Press at",
        "From how far on, in hundredths of its way, the control counts as pressed;\n"
        "of a pad or key: how hard it must be hit.",
    ),
    "takeover": Wording(
        "Takeover",
        "When the control stands elsewhere than what it plays:\n"
        "jump: what it plays goes there at the first move.\n"
        "pick up: nothing happens until the control comes by.",
    ),
    "speed": Wording(
        "Speed",
        "How many of the parameter's own steps one click of the knob makes;\n"
        "of what moves on, how many times as fast it does.",
    ),
    "is_inverted": Wording(
        "the other way round", "The top of the control gives the lower end of the range"
    ),
    "has_feedback": Wording(
        "its light follows",
        "The control's own light or motor shows where its parameter stands, whoever moves it",
    ),
}
MODES = {
    ControlMode.VALUE: "follows",
    ControlMode.TOGGLE: "switches",
    ControlMode.MOMENTARY: "while held",
    ControlMode.RATE: "moves on",
}
CURVES = {
    ControlCurve.LINEAR: "straight",
    ControlCurve.FINE_START: "fine start",
    ControlCurve.FINE_END: "fine end",
    ControlCurve.S_CURVE: "S-curve",
}
TAKEOVERS = {ControlTakeover.JUMP: "jump", ControlTakeover.PICK_UP: "pick up"}
