"""Closed choices shared by several modules."""

from __future__ import annotations

import sys
from enum import Enum

if sys.version_info >= (3, 11):
    from enum import StrEnum
else:

    class StrEnum(str, Enum):
        """Python 3.10's stand-in for `enum.StrEnum`."""

        def __str__(self) -> str:
            return str(self.value)


class GuidanceMode(StrEnum):
    """Where the negative direction of classifier-free guidance comes from.

    Source: Kodaira et al. 2023, arXiv:2312.12491, section 3.2; step-negative is self-negative
    with every step taken for a new one: its residual noise is the noise that was just added.
    """

    NONE = "none"
    FULL = "full"  # a second pass with the negative prompt
    SELF_NEGATIVE = "self_negative"  # the input's own residual noise, no extra pass
    STEP_NEGATIVE = "step_negative"  # the residual noise of what each step started from
    ONETIME_NEGATIVE = "onetime_negative"  # the negative prompt at the first slot only

    @property
    def is_residual(self) -> bool:
        """Whether the negative is a residual noise, at some step at least."""
        return self not in (GuidanceMode.NONE, GuidanceMode.FULL)

    @property
    def reads_negative_prompt(self) -> bool:
        """Whether the denoiser must answer to the negative prompt, at some step at least."""
        return self in (GuidanceMode.FULL, GuidanceMode.ONETIME_NEGATIVE)


class BlendMode(StrEnum):
    """How the embeddings of several prompts become one."""

    SLERP = "slerp"
    LINEAR = "linear"


class FitMode(StrEnum):
    """How a picture of any aspect becomes one of the wanted size."""

    CROP = "crop"
    FIT = "fit"
    STRETCH = "stretch"


class Mirror(StrEnum):
    """How the input is mirrored."""

    OFF = "off"
    HORIZONTAL = "horizontal"  # left and right change places
    VERTICAL = "vertical"  # top and bottom change places
    KALEIDOSCOPE = "kaleidoscope"  # one of twelve wedges, mirrored all around


class KeyBackground(StrEnum):
    """What takes the place of a colour that is keyed out of the input."""

    OFF = "off"  # nothing is keyed out
    BLACK = "black"
    PREVIOUS = "previous"  # the last picture that came out


class Cost(StrEnum):
    """What a change of a parameter costs the show."""

    LIVE = "live"  # acts on the next tick
    REPRIME = "reprime"  # acts on the next tick; the output is held for a few frames
    REBUILD = "rebuild"  # prepared in the background while the old look plays on


class OutputState(StrEnum):
    """What the presenter sends: the panic states act behind the model, on the next output."""

    LIVE = "live"  # the painted picture
    FREEZE = "freeze"  # the picture of the moment the state was set
    BLACKOUT = "blackout"
    BYPASS = "bypass"  # the input, not painted


class Family(StrEnum):
    """Architectures that differ in their conditioning."""

    SD = "sd"  # SD 1.x and 2.x, SD-Turbo, the house model
    SDXL = "sdxl"  # pooled embeddings and time ids as well


class PredictionType(StrEnum):
    """What the denoiser's output means."""

    EPSILON = "epsilon"
    V = "v_prediction"
    SAMPLE = "sample"
    FLOW = "flow"  # velocity noise - x0 on straight paths
    RECTIFIED_FLOW = "rectified_flow"  # the same towards the data: x0 - noise
    WINDOW_EPSILON = "window_epsilon"  # the noise of one window of time; see `time_windows`

    @property
    def is_flow(self) -> bool:
        """Whether the path from noise to data is a straight line."""
        return self in (PredictionType.FLOW, PredictionType.RECTIFIED_FLOW)


class Precision(StrEnum):
    """How exactly a model computes."""

    AUTO = "auto"  # the fastest floating point that the device computes in
    EIGHT_BIT = "8bit"  # integers, in those parts of a model that are measured for it


class LossReason(StrEnum):
    """Why a renderer can't go on; every one of them is answered by making it anew."""

    CRASH = "crash"  # its process ended, or it raised what nobody foresaw
    HANG = "hang"  # it neither answers nor works
    OUT_OF_MEMORY = "out_of_memory"
    DEVICE_LOST = "device_lost"  # the driver was reset or the card is gone
