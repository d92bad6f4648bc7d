"""Headers of weights from strangers: a table of tensors, or one sentence."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.weights_files import find_weights
from engine.diffusion.whole_file import check_whole
from engine.errors import ModelLoadError
from tests.fuzz.harness import VALUES, check_sentence, fuzzed, mutations

ENTRY = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}
ENTRIES = st.fixed_dictionaries(
    {}, optional={"dtype": VALUES, "shape": VALUES, "data_offsets": VALUES | st.just([0, 16])}
)
HEADERS = st.dictionaries(st.text(max_size=6), st.just(ENTRY) | ENTRIES | VALUES, max_size=4)


def with_header(header: object, length: int | None = None) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(16)


WHOLE = with_header({"conv.weight": ENTRY, "__metadata__": {"format": "pt"}})
FILES = (
    st.binary(max_size=64)
    | mutations([WHOLE])
    | (HEADERS | VALUES).map(with_header)
    | st.integers(0, 2**64 - 1).map(lambda length: with_header({"a": ENTRY}, length))
    | st.just(with_header({}) + bytes(8))
    | st.integers(1, 100_000).map(lambda n: struct.pack("<Q", n) + b"[" * n)
)


@fuzzed
@given(content=FILES)
def test_weights_bytes(inbox: Path, content: bytes) -> None:
    path = inbox / "model.safetensors"
    path.write_bytes(content)
    try:
        header: dict[str, Any] = check_whole(path)
    except ModelLoadError as error:
        check_sentence(error)
        return
    assert all(
        all(side >= 0 for side in entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__"
    )


@fuzzed
@given(index=st.fixed_dictionaries({}, optional={"weight_map": HEADERS | VALUES}) | VALUES)
def test_index_values(inbox: Path, index: object) -> None:
    (inbox / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    try:
        find_weights(inbox, prefers_half=False)
    except ModelLoadError as error:
        check_sentence(error)
