"""Whatever a performer does to the decks, in whatever order: the values stay in their ranges."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from engine.decks.state import Decks, Shot
from engine.params import StreamParams
from engine.sets import Cue, Place
from engine.transition import Instant, Quantise
from tests.support.looks import CUES, NUMBERS, PRESETS, TRANSITIONS, quick

Deed = Callable[[Decks, Instant], Decks]


def attempt(deed: Deed) -> Deed:
    """What isn't possible is refused in words and changes nothing."""

    def try_it(decks: Decks, now: Instant) -> Decks:
        try:
            return deed(decks, now)
        except ValueError:
            return decks

    return try_it


SHOTS = st.builds(Shot, PRESETS, TRANSITIONS)
CHANGES = st.fixed_dictionaries({}, optional=NUMBERS)
DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.builds(
        lambda shot, quantise: lambda d, now: d.fire_on(shot, quantise, now),
        SHOTS,
        st.sampled_from(Quantise),
    ),
    st.builds(lambda position: lambda d, now: d.with_crossfade(position), st.floats(-0.5, 1.5)),
    st.builds(lambda changes: lambda d, now: d.with_changes(changes, now), CHANGES),
    st.builds(lambda number: lambda d, now: d.go(number, now), st.integers(-1, 4)),
    st.just(lambda d, now: d.go_back_to_previous(now)),
    st.just(lambda d, now: d.at_rest()),
    st.builds(lambda cues: lambda d, now: d.with_cues(tuple(cues)), st.lists(CUES, max_size=2)),
    st.just(lambda d, now: d.on_model({"guidance_scale": 2.0})),
)


@quick
@given(
    cues=st.lists(CUES, max_size=2),
    deeds=st.lists(st.tuples(st.floats(0.0, 3.0), DEEDS), max_size=12),
)
def test_no_order_of_deeds_takes_a_value_out_of_range(
    cues: list[Cue], deeds: list[tuple[float, Deed]]
) -> None:
    decks, s = Decks(cues=tuple(cues)), 0.0
    for pause_s, deed in deeds:
        s += pause_s
        now = Instant(s, 2.0 * s)
        decks = attempt(deed)(decks.advance(now), now)
        params = decks.params_at(now)
        assert StreamParams(**params.as_dict()) == params  # type: ignore[arg-type]
        place = Place(
            a=decks.a.as_preset(), b=decks.b.as_preset(), crossfade=decks.glide.position_at(now)
        )
        assert Place.model_validate_json(place.model_dump_json()) == place
