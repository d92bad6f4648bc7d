"""A small set of two banks, for the tests to open, edit and lose."""

from __future__ import annotations

from engine.api import Pad, PadBank, Preset, Set

RAIN = Preset(name="Rain", prompt="golden rain", params={"strength": 0.3})
SNOW = Preset(name="Snow", prompt="white snow")
LATE = PadBank(name="Late", pads=(Pad(number=2, look=SNOW),))
FRIDAY = Set(
    name="Friday",
    banks=(
        PadBank(name="Doors", pads=(Pad(number=1, look=RAIN), Pad(number=4, look=SNOW))),
        LATE,
    ),
)
