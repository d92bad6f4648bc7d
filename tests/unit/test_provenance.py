"""The report says of every parameter what moved it last."""

from __future__ import annotations

from engine.params import PARAMETERS, StreamParams
from engine.provenance import LOOK, START, Provenance


def test_every_parameter_has_a_last_value_and_what_moved_it() -> None:
    provenance = Provenance(StreamParams())
    moved = StreamParams(strength=0.2)
    provenance.note({"strength": 0.2}, moved, "midi box cc 7 channel 1")
    table = provenance.table(moved)
    assert list(table) == list(PARAMETERS)
    assert table["strength"] == {"value": 0.2, "moved_by": "midi box cc 7 channel 1"}
    assert table["seed"]["moved_by"] == START


def test_a_value_that_nobody_set_by_name_came_with_a_look() -> None:
    provenance = Provenance(StreamParams())
    provenance.note({"strength": 0.2}, StreamParams(strength=0.2), "window")
    assert provenance.table(StreamParams(strength=0.9))["strength"]["moved_by"] == LOOK
