"""How the fuzz tests run: few cases with the suite, as many as wished by hand.

REVERIE_FUZZ_CASES=10000 python -m pytest tests/fuzz
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

NUM_CASES = int(os.environ.get("REVERIE_FUZZ_CASES", "30"))
# Every input is bounded, so a case that doesn't end is a hang; the test's time limit finds it.
fuzzed = settings(
    max_examples=NUM_CASES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

# Values of every kind that a file format has, nested.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=6,
)
EDITS = st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=24)
CUTS = st.none() | st.integers(0, 2**16)
SKIPS = st.integers(0, 64) | st.just(2**16)


@st.composite
def mutations(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    """One of the originals with some bytes changed, perhaps cut off, perhaps with bytes put in."""
    content = bytearray(draw(st.sampled_from(originals)))
    for place, value in draw(EDITS):
        content[place % len(content)] = value
    cut = draw(CUTS)
    if cut is not None:
        middle = cut % len(content)
        content[middle:] = draw(st.binary(max_size=64)) + bytes(content[middle + draw(SKIPS) :])
    return bytes(content)


def check_sentence(error: Exception) -> None:
    """Something that can be shown to people: it says something, and not the name of a class."""
    text = str(error).strip()
    assert len(text.split()) >= 3, text
    assert "Traceback" not in text
