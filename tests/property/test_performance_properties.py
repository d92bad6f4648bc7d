"""A whole performance, edits and undo included: values stay in range, the set stays a set."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import tomli
from hypothesis import given
from hypothesis import strategies as st

from engine.decks.history import MAX_STEPS_BACK, History
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.params import StreamParams
from engine.performance import Performance
from engine.set_files import dump_set, salvage
from engine.sets import Cue, PadBank, Set
from engine.show import ShowSpec
from engine.transition import Quantise
from tests.support.looks import BANKS, CUES, quick

Deed = Callable[[Performance], object]


def edited(change: Callable[[Set], Set]) -> Deed:
    return lambda performance: performance.edit(change(performance.live_set))


NUMBERS = st.integers(-1, 4)
DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.builds(
        lambda number, quantise: lambda p: p.trigger_pad(number, quantise),
        st.integers(0, 17),
        st.sampled_from(Quantise),
    ),
    st.builds(lambda position: lambda p: p.set_crossfade(position), st.floats(-0.5, 1.5)),
    st.builds(lambda step: lambda p: p.go_cue(step), st.sampled_from([-1, 1])),
    st.builds(lambda number: lambda p: p.load_bank(number), NUMBERS),
    st.builds(lambda n, bank: edited(lambda s: s.with_bank(n, bank)), NUMBERS, BANKS),
    st.builds(lambda n: edited(lambda s: s.without_bank(n)), NUMBERS),
    st.builds(lambda n, cue: edited(lambda s: s.with_cue(n, cue)), NUMBERS, CUES),
    st.builds(lambda n, to: edited(lambda s: s.with_cue_moved(n, to)), NUMBERS, NUMBERS),
    st.sampled_from([
        Performance.undo, Performance.redo, Performance.go_back, Performance.rest,
        lambda p: p.hold(True), lambda p: p.hold(False),
    ]),
)  # fmt: skip


@quick
@given(
    banks=st.lists(BANKS, min_size=1, max_size=2),
    cues=st.lists(CUES, max_size=2),
    deeds=st.lists(st.tuples(st.floats(0.0, 3.0), DEEDS), max_size=12),
)
def test_no_order_of_deeds_and_edits_breaks_the_values_or_the_set(
    banks: list[PadBank], cues: list[Cue], deeds: list[tuple[float, Deed]]
) -> None:
    performance = Performance(Set(banks=tuple(banks), cues=tuple(cues)))
    params = LiveParams(StreamParams())
    performance.begin(params, Latest(()), ShowSpec())
    now_s = 0.0
    for pause_s, deed in deeds:
        now_s += pause_s
        params.read(now_s)
        with suppress(ValueError):  # refused in words; nothing changes then
            deed(performance)
        values = params.read(now_s)
        assert StreamParams(**values.as_dict()) == values  # type: ignore[arg-type]
        standing = performance.snapshot()
        assert salvage(tomli.loads(dump_set(standing).decode())) == (standing, [])
        performance.state()


@given(values=st.lists(st.integers(0, 5)))
def test_undo_leads_back_to_the_beginning_and_redo_to_the_end(values: list[int]) -> None:
    history = History(-1)
    for value in values:
        history = history.edited(value)
    steps = len(history.past)
    back = history
    for _ in range(steps):
        back = back.undone()
    assert back.present == -1
    for _ in range(steps):
        back = back.redone()
    assert back == history


def test_the_memory_of_edits_is_bounded() -> None:
    history = History(0)
    for value in range(1, 3 * MAX_STEPS_BACK):
        history = history.edited(value)
    assert len(history.past) == MAX_STEPS_BACK
