"""One show at a time: builds its stages, carries commands to them and tells how they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from engine.clock import Clock, MonotonicClock
from engine.control.desk import ControlDesk, ControlMakers
from engine.control.engine_player import Abilities, EnginePlayer
from engine.control.mapping import Mapping as ControlMapping
from engine.control.mapping_edits import with_learned
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.control.target import PanicName
from engine.diagnostics.support_report import Findings, doctor_table, save_report
from engine.diagnostics.trace import TraceFile, TraceStage, counters_of
from engine.enums import FitMode
from engine.events import Event, EventKind, Severity
from engine.frame import Frame
from engine.hearing import Hearing
from engine.latest import Latest
from engine.local_renderer import local_renderer
from engine.modulation import Matrix
from engine.panic import PanicRow
from engine.params import StreamParams
from engine.performance import Performance
from engine.pipeline import Makers, Pipeline
from engine.previewing import Preview, PreviewWish
from engine.provenance import Provenance
from engine.renderer import Renderer, RenderInfo, RenderSpec
from engine.report import device, make_report
from engine.session import Session, UnsavedSession, sessions_folder
from engine.set_files import save_set
from engine.sets import Set
from engine.show import OutputState, ShowSpec
from engine.snapshot import take_stats
from engine.stage import Stage
from engine.standing import standing
from engine.stats import Stats
from engine.versions import versions
from engine.worker.worker_renderer import WorkerRenderer


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

        trace: gets the timing of every show. control_makers: replaces the system's controllers.
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
        self._performance = Performance(Set(), self._map_controls)
        self._panic: PanicRow | None = None
        self._session: Session | None = None
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
        self._performance.begin(self._pipeline.params, self._pipeline.looks, show)
        self._panic = PanicRow(self._output, self._performance, self._pipeline)
        self._begin_controls(self._pipeline)
        self._map_controls()
        self._pipeline.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the show: join every thread, finish every file. Harmless when nothing runs.

        A thread that doesn't end in time is named in an event.
        """
        with self._stopping:
            if self._pipeline is not None and not self._is_stopped:
                if self._controls is not None:
                    self._controls.stop(timeout_s)
                    self._performance.keep_mappings(dump_mappings(self._controls.mappings))
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

    def set_modulation(self, matrix: Matrix) -> None:
        """What moves the parameters of the look on air by itself, from the next tick on."""
        self._running().params.change(lambda decks, now: decks.with_modulation(matrix))

    @property
    def modulation(self) -> Matrix:
        """The routes of the look on air. Any thread."""
        return () if self._pipeline is None else self._pipeline.params.decks.on_air.modulation

    def set_fit(self, fit: FitMode) -> None:
        """From the next captured picture on."""
        self._running().set_fit(fit)

    def add_sink(self, uri: str) -> None:
        """Open one more sink; a failure is an event and its `SinkState`. The same URI: anew."""
        self._running().sinks.add(uri)

    def remove_sink(self, uri: str) -> None:
        """Finish and close a sink in the background; harmless when there is none."""
        self._running().sinks.remove(uri)

    def load(self, spec: RenderSpec) -> None:
        """Prepare another model in the background, then swap it in between two frames."""
        self._running().load(spec)
        self._performance.follow_model(spec.model)

    def cancel_load(self) -> None:
        """Give up what is being prepared; harmless when nothing is."""
        if self._pipeline is not None:
            self._pipeline.cancel_load()

    def hold_fps(self, target_fps_hz: float) -> None:
        """Paint so many new pictures a second, with less than was set where it must be; 0: don't.

        Errors: ValueError naming the range, or in a show that is not in real time.
        """
        replace(self._running().show, target_fps_hz=target_fps_hz)  # checks it
        self._running().governor.target_hz.value = target_fps_hz

    def wish_previews(self, wishes: Sequence[PreviewWish]) -> None:
        """Paint these looks now and then as well, whoever needs it soonest; () ends it.

        In real time only: they take about 3 % of the model's time. See `latest_preview`.
        """
        self._running().previewer.wishes.value = tuple(wishes)

    def set_output(self, state: OutputState) -> None:
        """Live, or one of the panic states, from the next output on."""
        self._output.value = state

    def panic(self, name: PanicName, is_on: bool = True) -> None:
        """Press or let go one of the panic row; acts on the next output frame. Any thread.

        Errors: ValueError when there is no look to go back to; RuntimeError without a show.
        """
        self._running()
        if self._panic is not None:
            self._panic.press(name, is_on)

    def is_pressed(self, name: PanicName) -> bool:
        """Whether a button of the panic row that stays is in force. Any thread."""
        return self._panic is not None and self._panic.is_on(name)

    @property
    def performance(self) -> Performance:
        """The set with its pads, cues and decks, to be played and edited; also between shows."""
        return self._performance

    @property
    def hearing(self) -> Hearing:
        """What is heard, and the beat. Errors: RuntimeError when no show is running."""
        return self._running().hearing

    def open_set(self, path: Path) -> list[str]:
        """Take over the pads, cues, mappings and looks of a set; source and sinks play on.

        So does the model: `load` what `live_set.render` says, if it is to be the set's.
        Returns: a sentence for each part that was left out. Errors: SetError.
        """
        problems = self._performance.open(path)
        return problems + load_mappings(self._performance.live_set.mappings)[1]

    def take_over(self, live_set: Set) -> None:
        """The same with a set that is no file."""
        self._performance.take_over(live_set)

    def save_set(self, path: Path) -> None:
        """Write the set as it stands. Errors: SetError; what was saved before is untouched."""
        save_set(path, self.set_as_it_stands())

    def set_as_it_stands(self) -> Set:
        """With source, sinks, model, mappings and the place in it. Any thread."""
        live_set = self._performance.snapshot()
        if self._pipeline is None or self._controls is None:
            return live_set
        return standing(live_set, self._pipeline, dump_mappings(self._controls.mappings))

    def keep_session(self, folder: Path | None = None) -> UnsavedSession | None:
        """Write the set by itself from now on, until `end_session`.

        folder: None takes the user's own. Returns: what a program that died has left; `open_set`
        or a show with that set takes it up. Errors: SetError when it can't be kept.
        """
        self._session = Session(
            folder or sessions_folder(), self.set_as_it_stands, self._clock, self._tell_session
        )
        return self._session.begin()

    def end_session(self) -> None:
        """Leave in order: nothing is unsaved any more. Harmless when none is kept."""
        if self._session is not None:
            self._session.end()
            self._session = None

    @property
    def controls(self) -> ControlDesk:
        """MIDI, OSC, keys and their mappings. Errors: RuntimeError when no show is running."""
        self._running()
        if self._controls is None:
            raise RuntimeError("No show is running; start one first.")
        return self._controls

    # ---- what is seen

    @property
    def moved(self) -> StreamParams:
        """What the last tick painted with: `params` as modulation has moved them."""
        return StreamParams() if self._pipeline is None else self._pipeline.params.moved

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

    def latest_preview(self) -> Preview | None:
        """The newest picture of a look that was wished for; at most two a second come."""
        return None if self._pipeline is None else self._pipeline.previewer.newest.value

    @property
    def render_info(self) -> RenderInfo | None:
        """Of the model that plays; None until the first is ready."""
        return None if self._pipeline is None else self._pipeline.info.value

    @property
    def playing_render(self) -> RenderSpec:
        """What was asked for of the model that plays; before the first is ready, of that one."""
        return RenderSpec() if self._pipeline is None else self._pipeline.playing_render

    @property
    def wanted_render(self) -> RenderSpec:
        """What is being made ready, else what plays. Any thread."""
        return RenderSpec() if self._pipeline is None else self._pipeline.wanted_render

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
        desk = self._controls
        return {
            **make_report(self._pipeline),
            "parameters": self._provenance.table(self.params),
            "controls": [] if desk is None else [asdict(state) for state in desk.states],
            "control_messages_dropped": 0 if desk is None else desk.num_dropped,
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
        player = EnginePlayer(self, self._abilities(pipeline.hearing))
        makers = replace(
            self._control_makers,
            on_clock=pipeline.hearing.follow_midi,
            on_learned=self._keep_learned,
        )
        self._controls = ControlDesk(player, player, pipeline.around, makers)
        if pipeline.show.midi:
            self._controls.open_midi(*pipeline.show.midi)
        if pipeline.show.gamepads:
            self._controls.open_gamepads(*pipeline.show.gamepads)
        if pipeline.show.osc is not None:
            self._controls.open_osc(pipeline.show.osc)

    def _map_controls(self) -> None:
        """As the set says."""
        if self._controls is not None:
            self._controls.set_mappings(load_mappings(self._performance.live_set.mappings)[0])

    def _keep_learned(self, learned: ControlMapping) -> None:
        """A control was learned: an edit of the set, which can be undone. Thread: control."""
        self._performance.change_mappings(partial(with_learned, learned=learned))

    def _tell_session(self, sentence: str) -> None:
        if self._pipeline is not None:
            events = self._pipeline.around.events
            events.add(EventKind.NOTICE, Severity.WARNING, sentence, "autosave")

    def _abilities(self, hearing: Hearing) -> Abilities:
        performance, panic = self._performance, self._panic
        stops = f"panic/{PanicName.STOP_MODULATION}"
        return Abilities(
            trigger_pad=performance.trigger_pad,
            set_crossfade=performance.set_crossfade,
            set_panic=self.panic,
            go_cue=performance.go_cue,
            tap=hearing.tap,
            nudge_beat=hearing.nudge,
            set_macro=hearing.modulator.set_macro,
            readers={
                **performance.readers(),
                **hearing.readers(),
                stops: lambda: float(panic is not None and panic.is_on(PanicName.STOP_MODULATION)),
            },
        )

    def _begin_tracing(self, pipeline: Pipeline) -> None:
        if self._trace is not None:
            worker = TraceStage(self._trace, lambda: counters_of(self.stats()), pipeline.around)
            self._tracing = Stage(worker, pipeline.around)
            self._tracing.start()

    def _running(self) -> Pipeline:
        if self._pipeline is None or self._is_stopped:
            raise RuntimeError("No show is running; start one first.")
        return self._pipeline
