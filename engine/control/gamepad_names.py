"""What a gamepad has: SDL's standard names, the same whoever made the pad. Pure.

`a` is the lower of the four buttons on the right, whatever is printed on it.
"""

from __future__ import annotations

STICKS = ("leftx", "lefty", "rightx", "righty")
TRIGGERS = ("lefttrigger", "righttrigger")
AXES = (*STICKS, *TRIGGERS)  # in the order of SDL_GameControllerAxis
BUTTONS = (  # in the order of SDL_GameControllerButton
    "a", "b", "x", "y", "back", "guide", "start", "leftstick", "rightstick", "leftshoulder",
    "rightshoulder", "dpup", "dpdown", "dpleft", "dpright", "misc1", "paddle1", "paddle2",
    "paddle3", "paddle4", "touchpad",
)  # fmt: skip
HALVES = tuple(f"{sign}{stick}" for stick in STICKS for sign in "+-")
NAMES = (*AXES, *BUTTONS, *HALVES)  # what a mapping can name

# Worn sticks rest beside their middle, and few reach their ends. Source: Microsoft's
# XINPUT_GAMEPAD_*_DEADZONE 7849 and 8689 of 32767, and TRIGGER_THRESHOLD 30 of 255.
STICK_DEAD = 0.25
TRIGGER_DEAD = 0.12
ENOUGH = 0.95


def place_of_axis(name: str, raw: int) -> float:
    """Where a stick or trigger stands, as it is played.

    raw: as SDL gives it, -32768 to 32767; sticks are positive to the right and downwards.
    Returns: 0 at rest; a stick is 1 to the right and upwards, as faders are, and -1 the other way;
    a trigger is 1 when it is pulled. Each axis of a stick has its own dead zone, so that a hand
    that moves one doesn't stir the other.
    """
    share = max(-1.0, raw / 32767)
    if name in ("lefty", "righty"):
        share = -share
    dead = TRIGGER_DEAD if name in TRIGGERS else STICK_DEAD
    size = min(1.0, max(0.0, (abs(share) - dead) / (ENOUGH - dead)))
    return size if share > 0 or not size else -size
