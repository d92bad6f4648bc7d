"""The window's only door to the engine, and its only pair of clocks.

Pictures are pulled at about 60 Hz, the small input at 20 Hz and texts at 4 Hz, by timers on the
main thread; the engine knows nothing of Qt. Every call here returns at once: what is slow runs as a
`Task`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.background import Tasks
from app.engine_names import (
    Engine,
    EngineError,
    Event,
    EventKind,
    FitMode,
    Matrix,
    OscSpec,
    OutputState,
    RenderInfo,
    RenderSpec,
    ShowSpec,
    StreamParams,
)

T = TypeVar("T")
PICTURE_INTERVAL_MS = 16
INPUT_EVERY = 3  # the small picture of the input needs no more than 20 Hz
TEXT_INTERVAL_MS = 250
EXPECTED_ERRORS = (EngineError, OSError, ValueError)


class EngineLink(QObject):
    """The engine as a Qt object. Thread: main.

    `show` is what the user has asked for, whether or not the engine runs just now.
    """

    output_arrived = Signal(object)  # Frame: a new picture for the output
    input_arrived = Signal(object)  # Frame: a new captured picture
    preview_arrived = Signal(object)  # Preview: a look that is off air, of those wished for
    stats_arrived = Signal(object)  # Stats, at 4 Hz
    event_happened = Signal(object)  # Event
    params_changed = Signal(object)  # StreamParams
    show_changed = Signal(object)  # ShowSpec
    info_changed = Signal(object)  # RenderInfo: another model is playing
    output_changed = Signal(object)  # OutputState
    running_changed = Signal(bool)
    refused = Signal(str)  # a command that can't be carried out, as a sentence

    def __init__(self, engine: Engine, show: ShowSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.show = show
        self.output = OutputState.LIVE
        self._engine = engine
        self._shown_output: object = None
        self._shown_input: object = None
        self._shown_preview: object = None
        self._num_pulls = 0
        self._shown_info: RenderInfo | None = None
        self._tasks = Tasks(EXPECTED_ERRORS, self)
        self._pictures = self._make_timer(
            PICTURE_INTERVAL_MS, Qt.TimerType.PreciseTimer, self._pull_pictures
        )
        self._texts = self._make_timer(TEXT_INTERVAL_MS, Qt.TimerType.CoarseTimer, self._pull_texts)

    @property
    def params(self) -> StreamParams:
        return self.show.params

    @property
    def is_running(self) -> bool:
        return self._engine.is_running

    @property
    def info(self) -> RenderInfo | None:
        return self._shown_info

    @property
    def wanted_render(self) -> RenderSpec:
        """What is being made ready, else what plays or will."""
        return self._engine.wanted_render if self.is_running else self.show.render

    @property
    def engine(self) -> Engine:
        """For the parts of the link that app/instrument.py has; nobody else."""
        return self._engine

    def start(self) -> None:
        """Begin the show as asked for; the window fills as pictures come."""
        if self.is_running or self.is_stopping:
            return
        if self.carry_out(self._engine.start, self.show):
            self.set_output(OutputState.LIVE)
            self._pictures.start()
            self._texts.start()
            self.running_changed.emit(True)

    def announce(self) -> None:
        """Tell every part how things stand, once they are all connected."""
        self.show_changed.emit(self.show)
        self.params_changed.emit(self.params)
        self.output_changed.emit(self.output)
        self.running_changed.emit(self.is_running)

    @Slot()
    def toggle(self) -> None:
        """Start or stop."""
        if self.is_running:
            self.stop()
        else:
            self.start()

    def stop(self) -> None:
        """End the show in the background; `running_changed` tells when it's over."""
        if self.is_running and not self.is_stopping:
            self._end()

    @property
    def is_stopping(self) -> bool:
        return self._tasks.is_running("stopping")

    def shut_down(self) -> None:
        """Stop everything and join every thread, whatever is under way."""
        self._pictures.stop()
        self._texts.stop()
        self._engine.cancel_load()
        self._engine.stop()
        self._tasks.wait()

    def update(self, changes: Mapping[str, object]) -> None:
        """Change live parameters; nothing changes when one of them isn't allowed."""
        try:
            params = (
                self._engine.update(changes)
                if self.is_running
                else (self.params.with_changes(changes))
            )
        except ValueError as error:
            self.refused.emit(sentence_of(error))
            self.params_changed.emit(self.params)  # widgets fall back to what is true
        else:
            self._set_show(params=params)
            self.params_changed.emit(params)

    def set_modulation(self, matrix: Matrix) -> None:
        """What moves the look by itself."""
        if self.is_running:
            self._engine.set_modulation(matrix)
        self._set_show(modulation=matrix)
        self.params_changed.emit(self.params)  # whether the look is as it was stored

    def follow_params(self) -> None:
        """What a pad, a controller, a crossfade or a new model has set."""
        if self._engine.modulation != self.show.modulation:
            self._set_show(modulation=self._engine.modulation)
        if self._engine.params is not self.params:
            self._set_show(params=self._engine.params)
            self.params_changed.emit(self.params)

    def set_value(self, name: str, value: object) -> None:
        """One parameter, as a control reports it."""
        self.update({name: value})

    def set_source(self, uri: str) -> None:
        """Switch live; the old picture stays until the new source delivers."""
        if not self.is_running or self.carry_out(self._engine.set_source, uri):
            self._set_show(source=uri)

    def set_fit(self, fit: FitMode) -> None:
        if not self.is_running or self.carry_out(self._engine.set_fit, fit):
            self._set_show(fit=fit)

    def listen_to(self, uri: str) -> None:
        """A sound input, "" for nothing; one that isn't there is tried again and again."""
        if not self.is_running or self.carry_out(self._engine.hearing.listen_to, uri):
            self._set_show(audio=uri)

    def set_midi(self, names: tuple[str, ...]) -> None:
        """What the next show opens as well."""
        self._set_show(midi=names)

    def set_gamepads(self, names: tuple[str, ...]) -> None:
        """The same of gamepads."""
        self._set_show(gamepads=names)

    def set_osc(self, spec: OscSpec | None) -> None:
        """The same of OSC."""
        self._set_show(osc=spec)

    def hold_fps(self, target_fps_hz: float) -> None:
        """A rate of new pictures that is held with less than was set; 0: none is."""
        if not self.is_running or self.carry_out(self._engine.hold_fps, target_fps_hz):
            self._set_show(target_fps_hz=target_fps_hz)

    def add_sink(self, uri: str) -> None:
        if not self.is_running or self.carry_out(self._engine.add_sink, uri):
            self._set_show(sinks=(*self.show.sinks, uri))

    def remove_sink(self, uri: str) -> None:
        if not self.is_running or self.carry_out(self._engine.remove_sink, uri):
            self.forget_sink(uri)

    def forget_sink(self, uri: str) -> None:
        """No longer asked for: it is removed, or has failed by itself."""
        self._set_show(sinks=tuple(each for each in self.show.sinks if each != uri))

    def load(self, spec: RenderSpec) -> None:
        """Prepare another model, size or accelerator while the old look plays on."""
        if not self.is_running:
            self._set_show(render=spec)
        else:
            self.carry_out(self._engine.load, spec)

    @Slot()
    def take_proposal(self) -> None:
        """Paint less, as the engine has proposed after its memory ran out."""
        proposal = self._engine.stats().proposal
        if proposal is None:
            return
        self.load(proposal.spec)
        if proposal.num_inference_steps != self.params.num_inference_steps:
            self.set_value("num_inference_steps", proposal.num_inference_steps)

    def cancel_load(self) -> None:
        self._engine.cancel_load()

    def set_output(self, state: OutputState) -> None:
        """Live, or one of the panic states."""
        if self.carry_out(self._engine.set_output, state):
            self._show_output(state)

    def write_report(self, path: Path, settings: Mapping[str, object]) -> None:
        """A zip for the makers. Slow: for `ask`. Errors: those of the engine, as sentences."""
        self._engine.save_report(path, settings)

    def ask(
        self,
        name: str,
        work: Callable[[], T],
        on_success: Callable[[T], None],
        on_failure: Callable[[str], None],
    ) -> None:
        """Run `work` on its own thread; the answer comes to one of two bound methods, here."""
        task = self._tasks.make(name, work)
        task.succeeded.connect(on_success)
        task.failed.connect(on_failure)
        task.start()

    def _end(self) -> None:
        self._pictures.stop()
        self._texts.stop()
        task = self._tasks.make("stopping", self._engine.stop)
        task.finished.connect(self._on_stopped)
        task.start()

    def _make_timer(self, interval_ms: int, kind: Qt.TimerType, pull: Callable[[], None]) -> QTimer:
        timer = QTimer(self, interval=interval_ms, timerType=kind)
        timer.timeout.connect(pull)
        return timer

    def carry_out(self, command: Callable[..., object], *arguments: object) -> bool:
        """False when the engine refuses; `refused` has said why."""
        try:
            command(*arguments)
        except EXPECTED_ERRORS as error:
            self.refused.emit(sentence_of(error))
            return False
        return True

    def _set_show(self, **changes: object) -> None:
        self.show = replace(self.show, **changes)  # type: ignore[arg-type]
        self.show_changed.emit(self.show)

    @Slot()
    def _pull_pictures(self) -> None:
        output = self._engine.latest_output()
        if output is not None and output.image is not self._shown_output:
            self._shown_output = output.image
            self.output_arrived.emit(output)
        self._num_pulls += 1
        if self._num_pulls % INPUT_EVERY == 0:
            self._pull_input()
            self._pull_preview()

    def _pull_input(self) -> None:
        captured = self._engine.latest_input()
        if captured is not None and captured.image is not self._shown_input:
            self._shown_input = captured.image
            self.input_arrived.emit(captured)

    def _pull_preview(self) -> None:
        preview = self._engine.latest_preview()
        if preview is not None and preview is not self._shown_preview:
            self._shown_preview = preview
            self.preview_arrived.emit(preview)

    @Slot()
    def _pull_texts(self) -> None:
        for event in self._engine.poll_events():
            self._follow(event)
            self.event_happened.emit(event)
        self.follow_params()
        self._follow_model()
        stats = self._engine.stats()
        self._show_output(stats.output)  # a controller may have pressed it
        self.stats_arrived.emit(stats)
        if not self.is_running and not self.is_stopping:
            self._end()  # the show has ended by itself

    def _follow(self, event: Event) -> None:
        if event.kind in (EventKind.SOURCE_OPENED, EventKind.SOURCE_FAILED):
            self._set_show(source=self._engine.stats().source.uri)  # the wish or the old one

    def _follow_model(self) -> None:
        """Whether another one plays, or the engine has made it smaller by itself."""
        if self._engine.playing_render != self.show.render:
            self._set_show(render=self._engine.playing_render)
        info = self._engine.render_info
        if info is not None and info is not self._shown_info:
            self._shown_info = info
            self.info_changed.emit(info)

    def _show_output(self, state: OutputState) -> None:
        if state is not self.output:
            self.output = state
            self.output_changed.emit(state)

    @Slot()
    def _on_stopped(self) -> None:
        for event in self._engine.poll_events():
            self.event_happened.emit(event)
        self.running_changed.emit(False)


def sentence_of(error: Exception) -> str:
    """What it says, as a sentence of its own."""
    text = str(error)
    return text[:1].upper() + text[1:]
