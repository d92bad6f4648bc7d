"""Which weights files a model has, and whether they are whole and safe to open.

Only safetensors are opened: a pickle (.bin, .ckpt, .pt) can run any program while it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.diffusion.model_info import read_json
from engine.diffusion.whole_file import check_whole
from engine.errors import ModelLoadError

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"})
STEMS = ("diffusion_pytorch_model", "model")
HALF = "fp16"


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of one component. variant: "fp16" or None, as `from_pretrained` takes it."""

    files: tuple[Path, ...]
    variant: str | None


def find_weights(folder: Path, prefers_half: bool) -> Weights:
    """The safetensors of one component's folder, checked to be whole.

    Errors: ModelLoadError naming the folder: nothing there, pickles only, or a damaged file.
    """
    variants = (HALF, None) if prefers_half else (None, HALF)
    for variant in variants:
        files = _files_of(folder, variant)
        if files:
            for file in files:
                check_whole(file)
            return Weights(files, variant)
    refuse_pickles(folder)
    raise ModelLoadError(
        f"{STEMS[0]}.safetensors is missing from {folder}; copy or download the model again."
    )


def _files_of(folder: Path, variant: str | None) -> tuple[Path, ...]:
    suffix = f".{variant}" if variant else ""
    for stem in STEMS:
        whole = folder / f"{stem}{suffix}.safetensors"
        if whole.is_file():
            return (whole,)
        index = folder / f"{stem}.safetensors.index{suffix}.json"
        if index.is_file():
            return tuple(folder / name for name in _shards(index))
    return ()


def _shards(index: Path) -> list[str]:
    """Files beside the index; it comes from strangers. Errors: ModelLoadError."""
    table = read_json(index).get("weight_map", {})
    names: list[Any] = list(table.values()) if isinstance(table, dict) else [table]  # pyright: ignore
    for name in names:
        is_text = isinstance(name, str) and name.endswith(".safetensors")
        if not (is_text and Path(name).name == name and not set("\\\0") & set(name)):
            raise ModelLoadError(
                f"{index} names {name!r}, which is no .safetensors file beside it; download the "
                "model again."
            )
    return sorted(set(names))


def refuse_pickles(place: Path) -> None:
    """Errors: ModelLoadError when `place` is a pickle or a folder whose only weights are."""
    files = [place] if place.is_file() else sorted(place.glob("*"))
    pickles = [file for file in files if file.suffix.lower() in PICKLES]
    if pickles:
        raise ModelLoadError(
            f"{pickles[0]} is a pickle, which can run any program when it is opened, so Reverie "
            "doesn't; get the model as .safetensors, or convert it on a machine you can lose."
        )
