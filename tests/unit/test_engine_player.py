"""Targets as calls to the engine; what a show doesn't have is said so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.control.engine_player import Abilities, EnginePlayer
from engine.control.target import TARGETS, PanicName
from engine.params import StreamParams
from engine.show import OutputState


class Parameters:
    def __init__(self) -> None:
        self.params = StreamParams()
        self.output = OutputState.FREEZE
        self.has_ended = False

    def update(self, changes: Mapping[str, object], by: str = "") -> StreamParams:
        if self.has_ended:
            raise RuntimeError("No show is running; start one first.")
        self.params = self.params.with_changes(changes)
        return self.params


def test_a_nudge_moves_by_steps_and_stops_at_the_end() -> None:
    engine = Parameters()
    player = EnginePlayer(engine, Abilities())
    player.nudge_parameter("strength", -3)
    assert engine.params.strength == pytest.approx(StreamParams().strength - 0.03)
    player.nudge_parameter("num_inference_steps", 99)
    player.nudge_parameter("sampler", 1)
    player.nudge_parameter("add_noise", -1)
    assert engine.params.num_inference_steps == 8
    assert engine.params.sampler == TARGETS["sampler"].value_of(1)
    assert engine.params.add_noise is False


@pytest.mark.parametrize("name", ["prompt", "volume", "crossfade"])
def test_what_has_no_steps_says_so(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        EnginePlayer(Parameters(), Abilities()).nudge_parameter(name, 1)


def test_what_a_show_does_not_have_is_refused_in_words() -> None:
    player = EnginePlayer(Parameters(), Abilities())
    for play in (
        lambda: player.trigger_pad(1),
        lambda: player.set_crossfade(0.5),
        lambda: player.set_panic(PanicName.FREEZE, True),
        player.tap,
        lambda: player.nudge_beat(0.1),
        lambda: player.go_cue(1),
    ):
        with pytest.raises(ValueError, match="not available in this show"):
            play()


def test_a_show_that_has_ended_refuses_in_words() -> None:
    engine = Parameters()
    engine.has_ended = True
    with pytest.raises(ValueError, match="No show is running"):
        EnginePlayer(engine, Abilities()).set_parameter("strength", 0.5)


def test_every_target_tells_where_it_stands_or_that_it_does_not() -> None:
    def gone() -> float:
        raise ValueError("no show is running")

    readers = {"crossfade": lambda: 0.25, "pad/1": gone}
    player = EnginePlayer(Parameters(), Abilities(readers=readers))
    assert player.read("strength") == StreamParams().strength
    assert player.read("prompt") == ""
    assert player.read("panic/freeze") == 1.0
    assert player.read("panic/bypass") == 0.0
    assert (player.read("crossfade"), player.read("pad/1"), player.read("x")) == (0.25, None, None)
