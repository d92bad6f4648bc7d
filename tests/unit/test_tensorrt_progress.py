"""The progress of a build out of nested phases."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.accelerators.tensorrt_build import PhaseTree


def test_a_phase_within_a_step_counts_as_its_share_of_that_step() -> None:
    told: list[float] = []
    tree = PhaseTree(told.append)
    tree.start("build", 4)
    tree.complete_step("build", 0)
    tree.start("timing", 2)
    tree.complete_step("timing", 0)
    tree.finish("timing")
    tree.complete_step("build", 1)
    assert told == [0.25, 0.37, 0.5]


events = st.tuples(
    st.sampled_from(["start", "step", "finish"]),
    st.sampled_from("abc"),
    st.integers(min_value=0, max_value=20),
)


@given(st.lists(events))
def test_progress_only_ever_grows_and_stays_within_its_bounds(
    events: list[tuple[str, str, int]],
) -> None:
    told: list[float] = []
    tree = PhaseTree(told.append)
    for kind, name, number in events:
        if kind == "start":
            tree.start(name, number)
        elif kind == "step":
            tree.complete_step(name, number)
        else:
            tree.finish(name)
    assert told == sorted(set(told))
    assert all(0.0 < fraction <= 1.0 for fraction in told)
