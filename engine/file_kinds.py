"""What a file is that somebody hands over: by its name, and where names are shared by its inside.

Reads the file's beginning, which may take a while on a network: never on the window's thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli

from engine.diffusion.whole_file import check_whole
from engine.enums import StrEnum

VIDEO_SUFFIXES = frozenset([
    ".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".flv",
    ".ogv", ".gif",
])  # fmt: skip
IMAGE_SUFFIXES = frozenset([".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"])
SET_FIELDS = frozenset(["banks", "cues"])  # that no preset has
DENOISER = "model.diffusion_model."  # in every whole checkpoint, in no LoRA


class FileKind(StrEnum):
    """What can be done with a file; UNKNOWN is nothing that Reverie plays."""

    VIDEO = "video"
    IMAGE = "image"
    PRESET = "preset"
    SET = "set"
    LORA = "lora"
    MODEL = "model"  # a checkpoint, or a folder of the diffusers layout
    UNKNOWN = "unknown"


def kind_of_file(path: Path) -> FileKind:
    """Errors: ModelLoadError for weights that are damaged or not all there."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return FileKind.VIDEO
    if suffix in IMAGE_SUFFIXES:
        return FileKind.IMAGE
    if suffix == ".toml":
        return FileKind.SET if SET_FIELDS & _fields_of(path) else FileKind.PRESET
    if suffix == ".safetensors":
        return _kind_of_weights(path)
    return FileKind.MODEL if (path / "model_index.json").is_file() else FileKind.UNKNOWN


def _kind_of_weights(path: Path) -> FileKind:
    is_checkpoint = any(name.startswith(DENOISER) for name in check_whole(path))
    return FileKind.MODEL if is_checkpoint else FileKind.LORA


def _fields_of(path: Path) -> frozenset[str]:
    """Of a file that can't be read none: whoever loads it says what is wrong with it."""
    try:
        content: dict[str, Any] = tomli.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return frozenset()
    return frozenset(content)
