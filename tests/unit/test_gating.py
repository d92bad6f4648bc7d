"""The gate rests the model only when nothing is lost by it."""

from __future__ import annotations

from engine.frame import Frame, Image
from engine.gating import GateKeeper
from engine.params import StreamParams
from tests.support.fakes import grey

PARAMS = StreamParams()


class Verdicts:
    """A gate that says what the test wants."""

    similarity = 0.5

    def __init__(self, *verdicts: bool) -> None:
        self.verdicts = list(verdicts)
        self.num_resets = 0

    def admit(self, image: Image, params: StreamParams) -> bool:
        return self.verdicts.pop(0) if self.verdicts else False

    def reset(self) -> None:
        self.num_resets += 1


def frame(sequence: int) -> Frame:
    return Frame(grey(0), sequence, 0.0)


def settled(gate: Verdicts, params: StreamParams = PARAMS) -> GateKeeper:
    """Past the ticks that follow the first parameters."""
    keeper = GateKeeper(gate)
    for _ in range(params.num_inference_steps):
        keeper.admits(frame(-1), params, 0)
    keeper.has_come_out(-1)
    return keeper


def test_what_the_gate_skips_is_skipped_when_nothing_is_on_its_way() -> None:
    keeper = settled(Verdicts(False, True, False))
    assert keeper.admits(frame(0), PARAMS, 0)
    keeper.has_come_out(0)
    assert not keeper.admits(frame(1), PARAMS, 3)
    assert keeper.state.value.is_skipping
    assert keeper.state.value.similarity == 0.5


def test_skipped_pictures_drive_the_batch_on_until_the_last_admitted_one_is_out() -> None:
    keeper = settled(Verdicts(False, True))
    assert keeper.admits(frame(0), PARAMS, 0)
    assert keeper.admits(frame(1), PARAMS, 1)
    assert keeper.admits(frame(2), PARAMS, 2)
    assert not keeper.state.value.is_skipping
    keeper.has_come_out(0)
    assert not keeper.admits(frame(3), PARAMS, 2)


def test_an_admitted_frame_that_was_lost_is_not_waited_for() -> None:
    keeper = settled(Verdicts(False, True))
    assert keeper.admits(frame(0), PARAMS, 0)
    assert not keeper.admits(frame(1), PARAMS, 0)


def test_a_changed_parameter_is_painted_for_as_many_ticks_as_a_frame_needs() -> None:
    params = PARAMS.with_changes({"num_inference_steps": 3})
    keeper = settled(Verdicts(), params)
    assert not keeper.admits(frame(0), params, 0)
    changed = params.with_changes({"prompt": "ink"})
    admitted = []
    for sequence in range(1, 6):
        admitted.append(keeper.admits(frame(sequence), changed, 0))
        keeper.has_come_out(sequence)
    assert admitted == [True, True, True, False, False]


def test_fewer_steps_still_let_the_frames_of_the_longer_schedule_out() -> None:
    params = PARAMS.with_changes({"num_inference_steps": 4})
    keeper = settled(Verdicts(), params)
    changed = params.with_changes({"num_inference_steps": 1})
    admitted = []
    for sequence in range(6):
        admitted.append(keeper.admits(frame(sequence), changed, 0))
        keeper.has_come_out(sequence)
    assert admitted == [True] * 4 + [False] * 2


def test_with_the_filter_off_everything_is_painted_and_the_gate_not_asked() -> None:
    gate = Verdicts()
    keeper = settled(gate)
    off = PARAMS.with_changes({"similarity_filter": False})
    assert all(keeper.admits(frame(k), off, 0) for k in range(5))


def test_another_model_paints_everything_anew() -> None:
    gate = Verdicts()
    keeper = settled(gate)
    assert not keeper.admits(frame(0), PARAMS, 0)
    keeper.restart()
    assert gate.num_resets == 1
    assert keeper.admits(frame(1), PARAMS, 0)
