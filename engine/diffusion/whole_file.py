"""Whether a safetensors file is whole, by its header alone. Free of torch: the window asks too."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from engine.errors import ModelLoadError

# What reading a header from strangers may raise.
UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
)
MAX_HEADER_BYTES = 100_000_000  # the format's own limit


def _end_of(entry: Any) -> int:
    """Where a tensor ends, of a header's entry. Errors: those of a table that is none."""
    start, end = entry["data_offsets"]
    if not all(type(number) is int and number >= 0 for number in (start, end, *entry["shape"])):
        raise ValueError("its table of tensors holds what is no size")
    return end


def check_whole(file: Path) -> dict[str, Any]:
    """Read a safetensors header and compare it with the file's length.

    Returns: the header: tensor names to dtype, shape and place, and "__metadata__".
    Errors: ModelLoadError naming the file when it is missing, cut short or no safetensors.
    """
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > MAX_HEADER_BYTES:
                raise ValueError("it does not begin like a safetensors file")
            header: dict[str, Any] = json.loads(stream.read(length))
        ends = [_end_of(entry) for name, entry in header.items() if name != "__metadata__"]
        missing = 8 + length + max(ends, default=0) - file.stat().st_size
    except FileNotFoundError as error:
        raise ModelLoadError(
            f"{file.name} is missing from {file.parent}; copy or download the model again."
        ) from error
    except UNREADABLE as error:
        raise ModelLoadError(f"{file} is damaged ({error}); copy or download it again.") from error
    if missing > 0:
        raise ModelLoadError(
            f"{file} is damaged: its last {missing:,} bytes are missing; copy or download it again."
        )
    return header
