"""What a show is: where pictures come from, how they are painted, where they go."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.enums import FitMode
from engine.enums import OutputState as OutputState  # everybody's word for what a show sends
from engine.frame import Frame
from engine.modulation import Matrix
from engine.osc_spec import OscSpec
from engine.params import StreamParams
from engine.recording.script import Script
from engine.renderer import RenderSpec
from engine.sets import Set
from engine.transition import PictureFade


@dataclass(frozen=True)
class ShowSpec:
    """One show, whole.

    source, sinks: URIs as on the command line. audio: what is listened to; "" for nothing.
    modulation: what moves the parameters at the start.
    explicit: names in `params` that the user chose; None takes those that differ from the
    declared defaults. The model's own defaults fill the others.
    output_fps_hz: the presenter's own steady rate. target_fps_hz: in real time, of pictures that
    are new; less is painted than was set as far as that needs it. 0: what was set is painted.
    is_realtime: False feeds every frame and waits, so that a run is reproducible bit for bit.
    auto_degrade: a model that runs out of memory again and again is made smaller without asking.
    in_worker: the model paints in a process of its own, which may crash or hang.
    waits_for_model: no frame is captured before the model is ready; offline runs always wait.
    osc: where it is heard; None: nowhere. midi: parts of the names of controllers, or "all".
    gamepads: the same.
    live_set: pads, cues and looks; None goes on with those of the engine. Of its other parts only
    what is also said here counts.
    script: offline, a recorded show whose ticks are done again; every frame of the source is one.
    is_one_by_one: offline, a picture is finished before the next one enters.
    is_steady: offline, pictures go out at the output's rate instead of at their own times.
    max_frames, max_seconds_s: the show ends by itself after so much was captured.
    Errors: ValueError naming the field and its range.
    """

    source: str = "demo"
    audio: str = ""
    sinks: tuple[str, ...] = ()
    render: RenderSpec = field(default_factory=RenderSpec)
    params: StreamParams = field(default_factory=StreamParams)
    explicit: frozenset[str] | None = None
    modulation: Matrix = ()
    fit: FitMode = FitMode.CROP
    output_fps_hz: float = 60.0
    target_fps_hz: float = 0.0
    is_realtime: bool = True
    waits_for_model: bool = False
    auto_degrade: bool = False
    in_worker: bool = False
    osc: OscSpec | None = None
    midi: tuple[str, ...] = ()
    gamepads: tuple[str, ...] = ()
    live_set: Set | None = None
    script: Script | None = None
    is_one_by_one: bool = False
    is_steady: bool = False
    max_frames: int | None = None
    max_seconds_s: float | None = None

    def __post_init__(self) -> None:
        if not 1.0 <= self.output_fps_hz <= 240.0:
            raise ValueError(f"the output rate is from 1 to 240 Hz, not {self.output_fps_hz:g}")
        if self.target_fps_hz and not 1.0 <= self.target_fps_hz <= 240.0:  # nor for NaN
            raise ValueError(
                f"the rate to hold is from 1 to 240 Hz, or 0 for none, not {self.target_fps_hz:g}"
            )
        if self.target_fps_hz and not self.is_realtime:
            raise ValueError("a rate can only be held in real time")
        if self.max_frames is not None and self.max_frames < 1:
            raise ValueError(f"a show has at least 1 frame, not {self.max_frames}")
        if self.max_seconds_s is not None and not self.max_seconds_s > 0:  # not for NaN either
            raise ValueError(f"a show lasts longer than 0 s, not {self.max_seconds_s:g}")


@dataclass(frozen=True, slots=True)
class Framing:
    """The size that the model paints and how other pictures are brought to it."""

    width_px: int
    height_px: int
    fit: FitMode


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A frame on its way, and its place on the output's timeline.

    time_s: the engine clock in real time; the source's own timeline offline.
    is_painted: False for an input that was let through because no model was ready yet.
    fade: offline, the transition on the picture at that place.
    """

    frame: Frame
    time_s: float
    is_painted: bool = True
    fade: PictureFade | None = None
