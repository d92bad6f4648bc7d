"""Models from the Hugging Face hub: found in its cache, or downloaded with progress and resume.

What is in the cache is used without asking the network: a venue may have none, or a slow one.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from engine.diffusion.weights_files import HALF, PICKLES
from engine.errors import EngineError, ModelLoadError
from engine.renderer import OnProgress, Progress

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
COMPONENTS = ("unet", "vae", "text_encoder", "text_encoder_2")
SETTINGS = {".json", ".txt"}
SETTINGS_FOLDERS = {"", "scheduler", "tokenizer", "tokenizer_2", *COMPONENTS}


def is_hub_id(name: str) -> bool:
    """Whether a name has the form owner/model."""
    return HUB_ID.fullmatch(name) is not None


def wanted_files(names: Iterable[str]) -> list[str]:
    """Of all files in a model's repository those that Reverie reads: safetensors, halves first.

    A single-component repository (an autoencoder, a LoRA) has its weights at the top.
    """
    paths = [PurePosixPath(name) for name in names]
    settings = [
        path for path in paths if path.suffix in SETTINGS and _folder(path) in SETTINGS_FOLDERS
    ]
    is_pipeline = any(_folder(path) in COMPONENTS for path in paths)
    weights: list[PurePosixPath] = []
    for folder in COMPONENTS if is_pipeline else ("",):
        here = [p for p in paths if _folder(p) == folder and p.suffix == ".safetensors"]
        halves = [path for path in here if f".{HALF}" in path.name]
        weights += halves or [path for path in here if path.name.count(".") == 1]
    return [str(path) for path in [*settings, *weights]]


def _folder(path: PurePosixPath) -> str:
    return str(path.parent) if len(path.parts) > 1 else ""


def _hub() -> Any:
    """The hub's library; imported only when a model needs it."""
    return importlib.import_module("huggingface_hub")


def find_cached(hub_id: str) -> Path | None:
    """The snapshot of a model in the hub's cache, or None when it isn't there whole."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        # no pattern: the library would miss the files that were never wanted
        folder = _hub().snapshot_download(hub_id, local_files_only=True, allow_patterns=[])
    except LocalEntryNotFoundError:
        return None
    return Path(folder) if _is_whole(Path(folder)) else None


def _is_whole(folder: Path) -> bool:
    """Whether every component that came has its weights; an interrupted download has gaps."""
    if not (folder / "model_index.json").is_file():
        return any(folder.glob("*.safetensors"))
    present = [folder / name for name in COMPONENTS if (folder / name / "config.json").is_file()]
    return len(present) >= 3 and all(any(part.glob("*.safetensors")) for part in present)


def fetch(hub_id: str, on_progress: OnProgress) -> Path:
    """A model's folder, from the cache or the network. An interrupted download is continued.

    Errors: ModelLoadError in one sentence; PreparationCancelled from `on_progress`.
    """
    from huggingface_hub import constants

    cached = find_cached(hub_id)
    if cached is not None:
        return cached
    if constants.HF_HUB_OFFLINE:
        raise ModelLoadError(
            f"{hub_id} is not in {constants.HF_HUB_CACHE}, and HF_HUB_OFFLINE forbids to download "
            "it; unset HF_HUB_OFFLINE once, or copy the model's folder here and choose that."
        )
    on_progress(Progress(0.0, f"Asking the hub for {hub_id}"))
    try:
        names: list[str] = _hub().HfApi().list_repo_files(hub_id)
        files = wanted_files(names)
        _refuse_without_safetensors(hub_id, names, files)
        folder = _hub().snapshot_download(
            hub_id, allow_patterns=files, tqdm_class=_progress_bar(hub_id, on_progress)
        )
    except EngineError:
        raise
    except Exception as error:  # the hub's library lets those of several others through
        raise ModelLoadError(_explain(hub_id, error)) from error
    return Path(folder)


def _refuse_without_safetensors(hub_id: str, names: list[str], files: list[str]) -> None:
    if any(name.endswith(".safetensors") for name in files):
        return
    pickles = [name for name in names if PurePosixPath(name).suffix in PICKLES]
    reason = (
        f"holds its weights only as pickles ({pickles[0]}), which can run any program when opened"
        if pickles
        else "holds no weights that Reverie can read"
    )
    raise ModelLoadError(f"{hub_id} {reason}; choose a model with .safetensors files.")


def _explain(hub_id: str, error: Exception) -> str:
    from huggingface_hub import constants, errors

    if isinstance(error, errors.GatedRepoError):
        return (
            f"{hub_id} asks for an account: accept its licence on huggingface.co/{hub_id}, then "
            "log in once with the command: hf auth login"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"The hub has no model {hub_id}; check the spelling, or log in if it is private."
    if isinstance(error, OSError) and error.errno == 28:
        return f"The disk of {constants.HF_HUB_CACHE} is full; free some space and load again."
    return (
        f"{hub_id} is not in {constants.HF_HUB_CACHE}, and the hub can't be reached "
        f"({type(error).__name__}); connect to the internet once, or copy the model's folder here "
        "and choose that."
    )


def _progress_bar(hub_id: str, on_progress: OnProgress) -> Any:
    """A progress bar class, as the hub's library wants one, that reports bytes to us."""
    bar_class: Any = importlib.import_module("tqdm.auto").tqdm

    class Bar(bar_class):
        """Draws nothing. An exception from `on_progress` ends the download."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            bar_class.__init__(self, *args, **{**kwargs, "disable": False, "file": _Nowhere()})

        def update(self, n: float | None = 1) -> None:
            bar_class.update(self, n)
            total: float = self.total or 0
            if self.unit == "B" and total:
                done = f"{self.n / 1e6:.0f} of {total / 1e6:.0f} MB"
                message = f"Downloading {hub_id}: {done}"
                on_progress(Progress(min(1.0, self.n / total), message))

    return Bar


class _Nowhere:
    """A stream for a progress bar that nobody sees."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing to do."""
