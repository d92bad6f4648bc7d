"""The performer's own looks: files beside the shipped ones, which stay as they are.

A stored look has the file name of the shipped one that it stands for; taking it away brings the
shipped one back.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from app.engine_names import (
    PARAMETERS,
    Bank,
    Matrix,
    Preset,
    StreamParams,
    find_presets,
    save_preset,
)

# How the machine rests is no part of a look; the words have fields of their own.
NOT_IN_PARAMS = frozenset([
    "prompt", "negative_prompt", "similarity_filter", "similarity_threshold", "max_skips",
    "bypass_after_s", "blackout_fade_s",
])  # fmt: skip
FREE_COLOUR = "#8a94a6"


def user_folder(bank: Bank) -> Path:
    """Where this performer's looks of a bank live."""
    return Path(platformdirs.user_data_dir("Reverie", appauthor=False)) / "presets" / bank.value


def look_files(bank: Bank) -> list[Path]:
    """Shipped and own files in pad order; an own one stands in for a shipped one of its name."""
    files = {path.name: path for path in find_presets(bank)}
    files |= {path.name: path for path in find_presets(user_folder(bank))}
    return [files[name] for name in sorted(files)]


def make_look(params: StreamParams, modulation: Matrix, name: str, like: Preset | None) -> Preset:
    """The present parameters and what moves them as a look; the rest as the one it replaces."""
    values = params.as_dict()
    base = like or Preset(name=name, colour=FREE_COLOUR, key="")
    return base.model_copy(update={
        "name": name,
        "prompt": params.prompt,
        "negative": params.negative_prompt,
        "modulation": modulation,
        "params": {key: values[key] for key in PARAMETERS if key not in NOT_IN_PARAMS},
    })  # fmt: skip


def store_look(bank: Bank, file_name: str, preset: Preset) -> None:
    """Errors: PresetError or OSError when the folder can't be written."""
    folder = user_folder(bank)
    folder.mkdir(parents=True, exist_ok=True)
    save_preset(folder / file_name, preset)


def forget_look(bank: Bank, file_name: str) -> None:
    """Back to the shipped look; harmless when there is no own one."""
    (user_folder(bank) / file_name).unlink(missing_ok=True)
