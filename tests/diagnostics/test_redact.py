"""No name of the user's files survives in a report."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.diagnostics.redact import BLOT, LEFT_OUT, redact, redact_values

ROOTS = {"/home/anna/reverie": "<reverie>", "/usr/lib/python3": "<python>"}
PRIVATE = ("/home/anna", "anna", "file:/home/anna/Videos/first date.mp4")
HEAD = "2026-11-23 03:21:56,123 WARNING source engine.events: "

COMPONENT = st.text(
    st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="/\\\n\r\x85"),
    min_size=1,
    max_size=12,
).filter(lambda name: re.search(r"\w", name) and name.strip() == name)
NAMES = st.text(st.characters(exclude_characters="\n"), max_size=8)
PATHS = st.lists(COMPONENT, min_size=1, max_size=5)


def words_of(text: str) -> set[str]:
    """Maximal runs of letters and digits: an independent reading of "as a word"."""
    return set(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))


@given(parts=PATHS, separator=st.sampled_from("/\\"), around=st.tuples(st.text(), st.text()))
@example(parts=["ß", "İ.mp4"], separator="/", around=("", ""))
@example(parts=["a.b.mp4"], separator="/", around=("see ", " there"))
def test_no_component_of_a_known_path_survives(
    parts: list[str], separator: str, around: tuple[str, str]
) -> None:
    path = separator + separator.join(parts)
    own_words = words_of(LEFT_OUT)
    text = f"{around[0]} {path} {around[1]} {parts[-1]} {parts[-1].rpartition('.')[0]}"
    result = redact(text, [path])
    assert path not in result
    for part in parts:
        single = words_of(part)
        if len(single) == 1 and single == {unicodedata.normalize("NFC", part).casefold()}:
            assert not (single & words_of(result)) - own_words


STARTS = st.sampled_from(["/", "C:\\", "~/", "../", "\\\\host\\", "file:", "record:/"])


@given(parts=PATHS, quote=st.sampled_from(["", "'", '"']), start=STARTS)
@example(parts=["12", "34"], quote="", start="/")
@example(parts=["dry", "wet"], quote="", start="/")
def test_no_component_of_an_unknown_path_survives(parts: list[str], quote: str, start: str) -> None:
    separator = "\\" if "\\" in start else "/"
    path = start + separator.join(parts)
    result = redact(f"{HEAD}The file {quote}{path}{quote} can't be opened.", [])
    assert result == HEAD + LEFT_OUT


@given(name=COMPONENT, suffix=st.sampled_from(["mp4", "PNG", "toml", "safetensors"]))
def test_a_bare_file_name_in_an_old_log_does_not_survive(name: str, suffix: str) -> None:
    assert redact(f"{HEAD}The clip {name}.{suffix} has ended.", []) == HEAD + LEFT_OUT


@given(text=st.text(), private=st.lists(NAMES, max_size=4))
def test_any_text_and_any_names_can_be_redacted(text: str, private: list[str]) -> None:
    result = redact(text, private, ROOTS)
    assert result.count("\n") == unicodedata.normalize("NFC", text).count("\n")


@given(text=st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assume("\ue000" not in text)
    once = redact(text, PRIVATE, ROOTS)
    assert redact(once, PRIVATE, {}) in (once, redact(once, PRIVATE, ROOTS))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("The camera is gone; plug it in.", "The camera is gone; plug it in."),
        (
            "The source file:/home/anna/Videos/first date.mp4 has ended.",
            f"The source {BLOT} has ended.",
        ),
        ("first date plays on CPU.", f"{BLOT} plays on CPU."),
        (
            '  File "/home/anna/reverie/engine/stage.py", line 30, in _turn',
            '  File "<reverie>/engine/stage.py", line 30, in _turn',
        ),
        (
            '  File "/usr/lib/python3/queue.py", line 3, in get',
            '  File "<python>/queue.py", line 3, in get',
        ),
        ("[Errno 5] Input/output error", "[Errno 5] Input/output error"),
        ("24/30 pictures", "24/30 pictures"),
        ("Hannah waved at Anna.", f"Hannah waved at {BLOT}."),
        ("from C:\\Users\\Bob\\x.dll", LEFT_OUT),
    ],
)
def test_what_helps_stays_and_what_names_files_goes(line: str, expected: str) -> None:
    assert redact(line, PRIVATE, ROOTS) == expected


def test_a_file_beside_reveries_folder_is_not_reveries_own() -> None:
    assert redact("/home/bob/reverie-private/x.py", [], {"/home/bob/reverie": "<r>"}) == LEFT_OUT


def test_windows_folders_match_in_either_case_and_in_a_repr() -> None:
    roots = {"C:\\Apps\\Reverie": "<reverie>"}
    assert redact("c:\\apps\\reverie\\engine", [], roots) == "<reverie>\\engine"
    assert redact("'C:\\\\Apps\\\\Reverie\\\\engine'", [], roots) == "'<reverie>\\\\engine'"


def test_values_are_redacted_wherever_they_are_nested() -> None:
    settings = {"source": PRIVATE[2], "params": {"steps": 2, "words": ["of anna", 1.5, None]}}
    assert redact_values(settings, PRIVATE, ROOTS) == {
        "source": BLOT,
        "params": {"steps": 2, "words": [f"of {BLOT}", 1.5, None]},
    }
