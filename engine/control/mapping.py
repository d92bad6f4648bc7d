"""A mapping: which control plays which target, and how. Any thread; everything is frozen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from engine.control.gamepad_names import HALVES, NAMES, STICKS
from engine.control.messages import Message, MessageKind
from engine.control.target import TARGETS, Target, target_at
from engine.enums import StrEnum
from engine.file_version import only_version

VERSION = 1


class ControlKind(StrEnum):
    """What the hand is on. A MIDI controller number can be three of these."""

    KEY = "key"
    NOTE = "note"
    CC = "cc"  # a fader, a knob with two ends, or a button
    CC14 = "cc14"  # a fine fader: controllers n and n + 32 together
    ENCODER = "encoder"  # a knob without ends: tells how far it was turned
    PITCH_BEND = "pitch_bend"
    PROGRAM = "program"
    OSC = "osc"
    GAMEPAD = "gamepad"


class Encoding(StrEnum):
    """How an encoder writes a turn into 0-127."""

    TWOS_COMPLEMENT = "twos_complement"  # 1, 2 … up; 127, 126 … down
    BINARY_OFFSET = "binary_offset"  # 65, 66 … up; 63, 62 … down
    SIGNED_BIT = "signed_bit"  # 1, 2 … up; 65, 66 … down


class Mode(StrEnum):
    """What a control does to a target that has a state; others happen at every press."""

    VALUE = "value"  # follows the control from end to end
    TOGGLE = "toggle"  # every press changes between the ends of the range
    MOMENTARY = "momentary"  # the upper end while it is held, the lower one else
    RATE = "rate"  # of a gamepad: moves on for as long as it is held, the further the faster


class Takeover(StrEnum):
    """What happens when a fader doesn't stand where its target stands."""

    JUMP = "jump"
    PICK_UP = "pick_up"  # nothing, until the fader has come by the target's place


class Response(StrEnum):
    """How the travel of a control becomes the travel of the target."""

    LINEAR = "linear"
    FINE_START = "fine_start"  # squared
    FINE_END = "fine_end"  # square root
    S_CURVE = "s_curve"  # fine at both ends


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class KeyControl(_Strict):
    """key: as the window names it, "F" or "Shift+1" say."""

    kind: Literal[ControlKind.KEY] = ControlKind.KEY
    key: str = Field(min_length=1, max_length=32)

    def hears(self, message: Message) -> bool:
        return message.kind is MessageKind.KEY and message.name == self.key

    @property
    def label(self) -> str:
        """In a performer's words, as every control has it."""
        return f"key {self.key}"


class MidiControl(_Strict):
    """number: note, controller or program; nothing for pitch bend. channel: 1-16, None for any.

    device: the port's stable name; empty for any. encoding: of an encoder, else ignored.
    """

    kind: Literal[
        ControlKind.NOTE,
        ControlKind.CC,
        ControlKind.CC14,
        ControlKind.ENCODER,
        ControlKind.PITCH_BEND,
        ControlKind.PROGRAM,
    ]
    number: int = Field(default=0, ge=0, le=127)
    channel: int | None = Field(default=None, ge=1, le=16)
    device: str = Field(default="", max_length=200)
    encoding: Encoding = Encoding.TWOS_COMPLEMENT

    @field_validator("number")
    @classmethod
    def _has_a_partner(cls, number: int, info: ValidationInfo) -> int:
        if info.data.get("kind") is ControlKind.CC14 and number > 31:
            raise ValueError(f"a 14-bit controller is from 0 to 31, not {number}")
        return number

    def hears(self, message: Message) -> bool:
        if message.kind is not MESSAGES[self.kind] or message.name not in self.names:
            return False
        is_channel = self.channel is None or message.channel == self.channel
        return is_channel and self.device in ("", message.device)

    @property
    def names(self) -> tuple[int, ...]:
        """The numbers of its messages."""
        if self.kind is ControlKind.CC14:
            return (self.number, self.number + 32)
        return (0,) if self.kind is ControlKind.PITCH_BEND else (self.number,)

    @property
    def label(self) -> str:
        kind = str(self.kind).replace("_", " ")
        return f"{self.device} {kind} {self.number}".lstrip()


class OscControl(_Strict):
    """address: any but Reverie's own, which need no mapping. low, high: what the sender's ends are.

    The first argument counts; a message without one is a press.
    """

    kind: Literal[ControlKind.OSC] = ControlKind.OSC
    address: str = Field(pattern=r"^/[^\s#*,?\[\]{}]+$", max_length=200)
    low: float = 0.0
    high: float = 1.0

    @field_validator("address")
    @classmethod
    def _foreign(cls, address: str) -> str:
        if address.startswith("/reverie/"):
            raise ValueError(f"{address} is Reverie's own and plays without a mapping")
        return address

    @field_validator("high")
    @classmethod
    def _not_empty(cls, high: float, info: ValidationInfo) -> float:
        if high == info.data.get("low", 0.0):
            raise ValueError(f"low and high differ; both are {high:g}")
        return high

    def hears(self, message: Message) -> bool:
        return message.kind is MessageKind.OSC and message.name == self.address

    @property
    def label(self) -> str:
        return f"osc {self.address}"


class GamepadControl(_Strict):
    """name: one of SDL's; "+leftx" or "-leftx" is one half of a stick's way, from its middle.

    device: "gamepad 1" say; empty for any.
    """

    kind: Literal[ControlKind.GAMEPAD] = ControlKind.GAMEPAD
    name: str
    device: str = Field(default="", max_length=200)

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in NAMES:
            raise ValueError(f"a gamepad has no {name[:40]!r}; it has {', '.join(NAMES)}")
        return name

    def hears(self, message: Message) -> bool:
        is_of_a_pad = message.kind in (MessageKind.GAMEPAD, MessageKind.HELD)
        return is_of_a_pad and message.name == self.axis and self.device in ("", message.device)

    @property
    def axis(self) -> str:
        """The name of its messages."""
        return self.name.lstrip("+-")

    @property
    def span(self) -> tuple[float, float]:
        """What its messages say at the bottom and at the top."""
        if self.name in HALVES:
            return (0.0, 1.0 if self.name.startswith("+") else -1.0)
        return (-1.0 if self.name in STICKS else 0.0, 1.0)

    def pushed(self, raw: float) -> float:
        """How far from its rest: 0-1, for a whole stick -1 to 1. raw: as its messages say."""
        low, high = sorted(self.span)
        inside = min(high, max(low, raw))
        return inside if self.name in STICKS else abs(inside)

    @property
    def label(self) -> str:
        return f"{self.device or 'gamepad'} {self.name}"


Control = Annotated[
    KeyControl | MidiControl | OscControl | GamepadControl, Field(discriminator="kind")
]

MESSAGES = {
    ControlKind.KEY: MessageKind.KEY,
    ControlKind.NOTE: MessageKind.NOTE,
    ControlKind.CC: MessageKind.CC,
    ControlKind.CC14: MessageKind.CC,
    ControlKind.ENCODER: MessageKind.CC,
    ControlKind.PITCH_BEND: MessageKind.PITCH_BEND,
    ControlKind.PROGRAM: MessageKind.PROGRAM,
    ControlKind.OSC: MessageKind.OSC,
    ControlKind.GAMEPAD: MessageKind.GAMEPAD,
}


class Mapping(_Strict):
    """One control, one target.

    target: an address of `TARGETS`. minimum, maximum: of the target, in its own unit; None takes
    its whole range. is_inverted: the control's top gives the minimum. threshold: from where on
    (0-1 of the control's travel) it counts as pressed. speed: target steps per click of an encoder;
    of a rate, as a factor. has_feedback: the controller's light follows the target.
    """

    version: Annotated[int, only_version(VERSION)] = VERSION
    control: Control
    target: str
    minimum: float | None = None
    maximum: float | None = None
    is_inverted: bool = False
    curve: Response = Response.LINEAR
    mode: Mode = Mode.VALUE
    threshold: float = Field(default=0.5, gt=0.0, le=1.0)
    takeover: Takeover = Takeover.JUMP
    speed: float = Field(default=1.0, gt=0.0, le=1000.0)
    has_feedback: bool = True

    @field_validator("target")
    @classmethod
    def _playable(cls, address: str) -> str:
        if target_at(address).scale is None:
            raise ValueError(f"{address} is a text; only OSC can set it, at /reverie/{address}")
        return address

    @field_validator("mode")
    @classmethod
    def _has_a_rate(cls, mode: Mode, info: ValidationInfo) -> Mode:
        if mode is Mode.RATE and not isinstance(info.data.get("control"), GamepadControl):
            raise ValueError("the mode rate is one of gamepads")
        return mode

    @field_validator("minimum", "maximum")
    @classmethod
    def _in_range(cls, end: float | None, info: ValidationInfo) -> float | None:
        target = TARGETS.get(info.data.get("target", ""))
        if end is None or target is None or target.scale is None:
            return end
        scale = target.scale
        if not scale.minimum <= end <= scale.maximum:
            span = f"{scale.minimum:g} to {scale.maximum:g}"
            raise ValueError(f"{target.address} is from {span}, not {end:g}")
        low = info.data.get("minimum")
        if info.field_name == "maximum" and low is not None and low > end:
            raise ValueError(f"the maximum {end:g} is below the minimum {low:g}")
        return end

    @property
    def identity(self) -> tuple[Control, str]:
        """What stays the same however it is edited."""
        return self.control, self.target

    @property
    def playing(self) -> Target:
        return TARGETS[self.target]

    @property
    def is_rate(self) -> bool:
        """Whether it moves on while it is held. What is only switched has no way to move on."""
        return self.mode is Mode.RATE and self.playing.lasts and not self.playing.is_switch

    @property
    def ends(self) -> tuple[float, float]:
        """What the control's bottom and top give, in the target's own unit."""
        low, high = self.playing.reach
        low = low if self.minimum is None else self.minimum
        high = high if self.maximum is None else self.maximum
        return (high, low) if self.is_inverted else (low, high)
