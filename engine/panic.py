"""The panic row: what helps at once, whatever the model is doing."""

from __future__ import annotations

from collections.abc import Callable

from engine.control.target import PanicName
from engine.latest import Latest
from engine.performance import Performance
from engine.pipeline import Pipeline
from engine.show import OutputState

# These act behind the model, in the presenter, on the next output.
OUTPUTS = {
    PanicName.FREEZE: OutputState.FREEZE,
    PanicName.BYPASS: OutputState.BYPASS,
    PanicName.BLACKOUT: OutputState.BLACKOUT,
}


class PanicRow:
    """One show's panic buttons. Thread: any; returns at once."""

    def __init__(
        self, output: Latest[OutputState], performance: Performance, pipeline: Pipeline
    ) -> None:
        self._output = output
        self._performance = performance
        self._pipeline = pipeline
        self._deeds: dict[PanicName, Callable[[], None]] = {
            PanicName.LAST_GOOD: self._go_back,
            PanicName.RESET: self._reset,
        }

    def press(self, name: PanicName, is_on: bool) -> None:
        """Freeze, bypass and blackout take each other's place; letting go of one that isn't in
        force does nothing. Last good look and reset happen at the press.

        Errors: ValueError when there is no look to go back to.
        """
        if name in OUTPUTS:
            self._show(OUTPUTS[name], is_on)
        elif name is PanicName.STOP_MODULATION:
            self._performance.hold(is_on)
        elif is_on:
            self._deeds[name]()

    def is_on(self, name: PanicName) -> bool:
        """Whether a button that stays is in force."""
        if name is PanicName.STOP_MODULATION:
            return self._pipeline.params.decks.is_held
        return name in OUTPUTS and self._output.value is OUTPUTS[name]

    def _show(self, state: OutputState, is_on: bool) -> None:
        if is_on:
            self._output.value = state
        elif self._output.value is state:
            self._output.value = OutputState.LIVE

    def _go_back(self) -> None:
        """The look before; its last picture until it is painted: that needs no model."""
        picture = self._pipeline.keepsake.value
        self._performance.go_back()
        self._pipeline.renew(meanwhile=picture)

    def _reset(self) -> None:
        """The stream begins anew: nothing in flight, nothing remembered, nothing under way."""
        self._performance.rest()
        self._pipeline.renew()
