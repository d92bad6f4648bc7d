"""The engine's one door: `Engine` runs a show; the rest of this module is what speaks of it.

Importing it doesn't load torch; that comes with the first model, on the prepare thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from engine.catalogue import (
    AcceleratorChoice,
    CameraInfo,
    ModelChoice,
    list_accelerators,
    list_models,
    list_webcams,
)
from engine.clock import Clock, MonotonicClock
from engine.control.desk import ControlDesk, ControlMakers
from engine.control.engine_player import Abilities, EnginePlayer
from engine.control.mapping import Mapping as ControlMapping
from engine.control.mapping import dump_mappings, load_mappings
from engine.control.midi_devices import list_controllers
from engine.control.monitor import MonitorLine
from engine.control.state import ControlState
from engine.control.target import TARGETS, Target
from engine.diagnostics.support_report import Findings, doctor_table, save_report
from engine.diagnostics.trace import TraceFile, TraceStage, counters_of
from engine.enums import BlendMode, Cost, FitMode, GuidanceMode
from engine.errors import EngineError, ModelLoadError, PresetError, SinkError, SourceError
from engine.events import Event, EventKind, Severity
from engine.frame import Frame, Image
from engine.identity_renderer import IDENTITY_MODEL
from engine.latest import Latest
from engine.local_renderer import local_renderer
from engine.osc_spec import OscSpec
from engine.parameter import Curve, Parameter
from engine.params import PARAMETERS, Sampler, StreamParams
from engine.pipeline import Makers, Pipeline
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
from engine.provenance import Provenance
from engine.renderer import LoraSpec, Progress, Renderer, RenderInfo, RenderSpec
from engine.report import device, make_report, versions
from engine.show import OutputState, ShowSpec
from engine.sinks import SINK_FORMS
from engine.snapshot import take_stats
from engine.sources import SOURCE_FORMS
from engine.sources.base import SourceCondition, SourceInfo
from engine.stage import Stage
from engine.stats import Percentiles, SinkState, SourceState, Stats
from engine.worker.worker_renderer import WorkerRenderer

__all__ = [
    "IDENTITY_MODEL", "PARAMETERS", "PRESETS_FOLDER", "SINK_FORMS", "SOURCE_FORMS", "TARGETS",
    "AcceleratorChoice", "Bank", "BlendMode", "CameraInfo", "Clock", "ControlDesk",
    "ControlMapping", "ControlState", "Cost", "Curve", "Engine", "EngineError", "Event",
    "EventKind", "FitMode", "Frame", "GuidanceMode", "Image", "LoraSpec", "ModelChoice",
    "ModelLoadError", "MonitorLine", "OscSpec", "OutputState", "Parameter", "Percentiles", "Preset",
    "PresetError", "PresetLora", "Progress", "RenderInfo", "RenderSpec", "Renderer", "Sampler",
    "Severity", "ShowSpec", "SinkError", "SinkState", "SourceCondition", "SourceError",
    "SourceInfo", "SourceState", "Stats", "StreamParams", "Target", "dump_mappings",
    "find_presets", "list_accelerators", "list_controllers", "list_models", "list_webcams", "load_mappings", "load_preset",
    "resolve_preset", "save_preset",
]  # fmt: skip


def renderer_for(spec: RenderSpec, in_worker: bool = False) -> Renderer:
    """The renderer of a model, in a process of its own or in this one."""
    return WorkerRenderer() if in_worker else local_renderer(spec)


class Engine:
    """Runs one show at a time: live pictures in, painted pictures out.

    Threads: every method from one thread, except `stop`, `stats`, `report`, `poll_events` and the
    `latest_` pictures, which any thread may call. Nothing here blocks but `stop` and `wait`.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        renderer_factory: Callable[[], Renderer] | None = None,
        makers: Makers | None = None,
        trace: TraceFile | None = None,
        control_makers: ControlMakers | None = None,
    ) -> None:
        """renderer_factory: called for every model; makers: replaces sources and sinks as well.

        trace: gets the timing of every show. control_makers: replaces the MIDI of the system.
        """
        self._clock = clock or MonotonicClock()
        self._makers = makers
        if makers is None and renderer_factory is not None:
            self._makers = Makers(lambda spec: renderer_factory())
        self._output = Latest(OutputState.LIVE)
        self._pipeline: Pipeline | None = None
        self._trace = trace
        self._tracing: Stage | None = None
        self._control_makers = control_makers or ControlMakers()
        self._controls: ControlDesk | None = None
        self._provenance = Provenance(StreamParams())
        self._is_stopped = True
        self._stopping = threading.Lock()  # a second stop waits for the first

    # ---- life

    def start(self, show: ShowSpec) -> None:
        """Begin a show; returns at once.

        Errors: ValueError for a source or sink that no known form describes; RuntimeError when a
        show is running.
        """
        if not self._is_stopped:
            raise RuntimeError("A show is running; stop it before starting another.")
        self._output.value = OutputState.LIVE
        makers = self._makers or Makers(partial(renderer_for, in_worker=show.in_worker))
        self._pipeline = Pipeline(show, makers, self._output, self._clock)
        self._is_stopped = False
        self._begin_tracing(self._pipeline)
        self._begin_controls(self._pipeline)
        self._pipeline.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the show: join every thread, finish every file. Harmless when nothing runs.

        A thread that doesn't end in time is named in an event.
        """
        with self._stopping:
            if self._pipeline is not None and not self._is_stopped:
                if self._controls is not None:
                    self._controls.stop(timeout_s)
                self._pipeline.stop(timeout_s)
                self._is_stopped = True
                if self._tracing is not None:
                    self._tracing.interrupt()
                    self._tracing.join(timeout_s)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until the show has ended by itself and its files are finished; False: not in time."""
        return self._pipeline is None or self._pipeline.wait(timeout_s)

    @property
    def is_running(self) -> bool:
        """False before `start`, after `stop`, and once a show has ended by itself."""
        return self._pipeline is not None and self._pipeline.is_running

    # ---- commands

    @property
    def params(self) -> StreamParams:
        """The set that the next tick reads."""
        return StreamParams() if self._pipeline is None else self._pipeline.params.value

    def update(self, changes: Mapping[str, object], by: str = "window") -> StreamParams:
        """Change parameters, from the next tick on. by: what moved them, for the report.

        Errors: ValueError naming the parameter and what is allowed; nothing changes then.
        """
        params = self._running().params.update(changes)
        self._provenance.note(changes, params, by)
        return params

    def set_source(self, uri: str) -> None:
        """Switch live. One that can't be opened is told in an event and the old one plays on."""
        self._running().set_source(uri)

    def set_fit(self, fit: FitMode) -> None:
        """From the next captured picture on."""
        self._running().set_fit(fit)

    def add_sink(self, uri: str) -> None:
        """Open one more sink; a failure is an event and its `SinkState`. The same URI: anew."""
        self._running().add_sink(uri)

    def remove_sink(self, uri: str) -> None:
        """Finish and close a sink in the background; harmless when there is none."""
        self._running().remove_sink(uri)

    def load(self, spec: RenderSpec) -> None:
        """Prepare another model in the background, then swap it in between two frames."""
        self._running().load(spec)

    def cancel_load(self) -> None:
        """Give up what is being prepared; harmless when nothing is."""
        if self._pipeline is not None:
            self._pipeline.cancel_load()

    def set_output(self, state: OutputState) -> None:
        """Live, or one of the panic states, from the next output on."""
        self._output.value = state

    @property
    def controls(self) -> ControlDesk:
        """MIDI, OSC, keys and their mappings. Errors: RuntimeError when no show is running."""
        self._running()
        if self._controls is None:
            raise RuntimeError("No show is running; start one first.")
        return self._controls

    # ---- what is seen

    @property
    def output(self) -> OutputState:
        """Live, or the panic state in force."""
        return self._output.value

    def latest_output(self) -> Frame | None:
        """What the sinks get now."""
        return None if self._pipeline is None else self._pipeline.shown.value

    def latest_input(self) -> Frame | None:
        """The newest captured picture, at the model's size."""
        return None if self._pipeline is None else self._pipeline.newest_input.value

    @property
    def render_info(self) -> RenderInfo | None:
        """Of the model that plays; None until the first is ready."""
        return None if self._pipeline is None else self._pipeline.info.value

    def stats(self) -> Stats:
        """The figures of the last few seconds."""
        return Stats() if self._pipeline is None else take_stats(self._pipeline)

    def poll_events(self) -> list[Event]:
        """What has happened since the last poll, oldest first."""
        return [] if self._pipeline is None else self._pipeline.around.events.drain()

    def report(self) -> dict[str, object]:
        """The whole show as plain JSON values; during it or after it."""
        if self._pipeline is None:
            return {}
        states = () if self._controls is None else self._controls.states
        return {
            **make_report(self._pipeline),
            "parameters": self._provenance.table(self.params),
            "controls": [asdict(state) for state in states],
        }

    def save_report(self, path: Path, settings: Mapping[str, object]) -> None:
        """Pack what helps to find a fault into a zip, without names of the user's files.

        settings: those of the window, as JSON values. Takes seconds; any thread but the window's.
        Errors: ReportError when it can't be written.
        """
        about = {"libraries": versions(), "device": device(self.render_info)}
        save_report(path, Findings(about, doctor_table(), settings, self.report()))

    def _begin_controls(self, pipeline: Pipeline) -> None:
        """Nothing of it runs before a port is opened or a mapping made."""
        self._provenance = Provenance(pipeline.params.value)
        player = EnginePlayer(self, Abilities())
        self._controls = ControlDesk(player, player, pipeline.around, self._control_makers)
        if pipeline.show.midi:
            self._controls.open_midi(*pipeline.show.midi)
        if pipeline.show.osc is not None:
            self._controls.open_osc(pipeline.show.osc)

    def _begin_tracing(self, pipeline: Pipeline) -> None:
        if self._trace is not None:
            worker = TraceStage(self._trace, lambda: counters_of(self.stats()), pipeline.around)
            self._tracing = Stage(worker, pipeline.around)
            self._tracing.start()

    def _running(self) -> Pipeline:
        if self._pipeline is None or self._is_stopped:
            raise RuntimeError("No show is running; start one first.")
        return self._pipeline
