"""The engine's one door: everything that a window, a script or a test may use of it.

Importing it doesn't load torch; that comes with the first model, on the prepare thread.
"""

from __future__ import annotations

from engine.audio import AudioState, Sound
from engine.audio.beat_clock import Beat, BeatLeader
from engine.audio.device import AudioDevice, list_devices
from engine.catalogue import (
    AcceleratorChoice,
    CameraInfo,
    ModelChoice,
    list_accelerators,
    list_models,
    list_webcams,
    with_model,
)
from engine.clock import Clock
from engine.control.desk import ControlDesk
from engine.control.gamepad_system import list_gamepads
from engine.control.mapping import Mapping as ControlMapping
from engine.control.mapping import Mode as ControlMode
from engine.control.mapping import Response as ControlCurve
from engine.control.mapping import Takeover as ControlTakeover
from engine.control.mapping_edits import with_edited
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.control.midi_devices import list_controllers
from engine.control.monitor import MonitorLine
from engine.control.shape import (
    has_light,
    has_speed,
    has_takeover,
    modes_of,
    slider_at,
    why_no_curve,
    why_no_mode,
    why_no_threshold,
)
from engine.control.state import ControlPlace, ControlState
from engine.control.target import TARGETS, PanicName, Target
from engine.engine import Engine, renderer_for
from engine.enums import BlendMode, Cost, FitMode, GuidanceMode, Precision
from engine.errors import (
    AudioError,
    EngineError,
    ModelLoadError,
    PresetError,
    SetError,
    SinkError,
    SourceError,
)
from engine.events import Event, EventKind, Severity
from engine.file_kinds import FileKind, kind_of_file
from engine.frame import Frame, Image
from engine.governor import Holding
from engine.hearing import Hearing
from engine.identity_renderer import IDENTITY_MODEL
from engine.modulation import Matrix, Route, Shape, Signal, why_not_movable
from engine.osc_spec import OscSpec
from engine.parameter import Curve, Parameter, Section
from engine.params import PARAMETERS, Sampler, StreamParams
from engine.performance import DeckState, Performance
from engine.presets import (
    PRESETS_FOLDER,
    Bank,
    Preset,
    PresetLora,
    find_presets,
    load_preset,
    resolve_preset,
    save_preset,
)
from engine.previewing import Preview, PreviewWish
from engine.renderer import LoraSpec, Progress, Renderer, RenderInfo, RenderSpec
from engine.session import UnsavedSession, last_session
from engine.set_files import load_set
from engine.sets import Cue, Pad, PadBank, Place, Set, first_set, shipped_set
from engine.show import OutputState, ShowSpec
from engine.sinks import SINK_FORMS
from engine.sinks.virtual_camera import virtual_camera_advice
from engine.sources import SOURCE_FORMS
from engine.sources.base import SourceCondition, SourceInfo
from engine.sources.cameras import camera_advice
from engine.stats import Percentiles, SinkState, SourceState, Stats
from engine.transition import Ease, Quantise, TimeUnit, Transition, TransitionKind

__all__ = [
    "IDENTITY_MODEL", "PARAMETERS", "PRESETS_FOLDER", "SINK_FORMS", "SOURCE_FORMS", "TARGETS",
    "AcceleratorChoice", "AudioDevice", "AudioError", "AudioState", "Bank", "Beat", "BeatLeader",
    "BlendMode", "CameraInfo", "Clock", "ControlCurve", "ControlDesk", "ControlMapping",
    "ControlMode", "ControlPlace", "ControlState", "ControlTakeover", "Cost", "Cue", "Curve",
    "DeckState", "Ease", "Engine", "EngineError", "Event", "EventKind", "FileKind",
    "FitMode", "Frame", "GuidanceMode", "Hearing", "Holding", "Image", "LoraSpec", "Matrix",
    "ModelChoice", "ModelLoadError", "MonitorLine", "OscSpec", "OutputState", "Pad", "PadBank",
    "PanicName",
    "Parameter", "Percentiles", "Performance", "Place", "Precision", "Preset", "PresetError",
    "PresetLora",
    "Preview", "PreviewWish",
    "Progress", "Quantise", "RenderInfo", "RenderSpec", "Renderer", "Route", "Sampler", "Section",
    "Set", "SetError", "Severity", "Shape", "ShowSpec", "Signal", "SinkError", "SinkState", "Sound",
    "SourceCondition", "SourceError", "SourceInfo", "SourceState", "Stats", "StreamParams",
    "Target", "TimeUnit", "Transition", "TransitionKind", "UnsavedSession", "camera_advice",
    "dump_mappings", "find_presets", "first_set", "has_light", "has_speed", "has_takeover",
    "kind_of_file", "last_session",
    "list_accelerators", "list_controllers", "list_devices", "list_gamepads", "list_models",
    "list_webcams",
    "load_mappings", "load_preset", "load_set", "modes_of", "renderer_for", "resolve_preset",
    "save_preset", "shipped_set", "slider_at", "virtual_camera_advice", "why_no_curve",
    "why_no_mode",
    "why_no_threshold", "why_not_movable", "with_edited", "with_model",
]  # fmt: skip
