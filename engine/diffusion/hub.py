"""Models from the Hugging Face hub: found in its cache, or downloaded with progress and resume.

What is in the cache is used without asking the network: a venue may have none, or a slow one.
"""

from __future__ import annotations

import importlib
import logging
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from engine.diffusion import hub_cache
from engine.diffusion.known_models import REVISIONS
from engine.diffusion.transfer import bring
from engine.diffusion.weights_files import HALF, PICKLES
from engine.errors import EngineError, ModelLoadError
from engine.renderer import OnProgress, Progress

log = logging.getLogger(__name__)

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
HUB_FILE = re.compile(rf"({HUB_ID.pattern})/((?:[\w-][\w. -]*/)*[\w-][\w. -]*\.safetensors)")
HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
COMPONENTS = ("unet", "vae", "text_encoder", "text_encoder_2")
SETTINGS = {".json", ".txt"}
SETTINGS_FOLDERS = {"", "scheduler", "tokenizer", "tokenizer_2", *COMPONENTS}


def is_hub_id(name: str) -> bool:
    """Whether a name has the form owner/model."""
    return HUB_ID.fullmatch(name) is not None


def is_hub_file(name: str) -> bool:
    """Whether a name has the form owner/model/file.safetensors; the file may lie in folders."""
    return HUB_FILE.fullmatch(name) is not None


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


def find_cached(hub_id: str, is_whole: Callable[[Path], bool] | None = None) -> Path | None:
    """The snapshot of a model in the hub's cache, or None when it isn't there whole.

    The commit in the catalogue, else the newest that was downloaded by whatever program.
    is_whole: asked of a snapshot's folder; left out: whether it is a whole model.
    """
    present = hub_cache.snapshots(hub_id, REVISIONS.get(hub_id))
    return next((folder for folder in present if (is_whole or _is_whole)(folder)), None)


def _is_whole(folder: Path) -> bool:
    """Whether every component that came has its weights; an interrupted download has gaps."""
    if not (folder / "model_index.json").is_file():
        return any(folder.glob("*.safetensors"))
    present = [folder / name for name in COMPONENTS if (folder / name / "config.json").is_file()]
    return len(present) >= 3 and all(any(part.glob("*.safetensors")) for part in present)


def fetch(hub_id: str, on_progress: OnProgress) -> Path:
    """A model's folder, from the cache or the network. An interrupted download is continued.

    What is downloaded is one commit, the catalogue's where it has one, and each file's size and
    SHA-256 are those that the hub has on record for it.
    Errors: ModelLoadError in one sentence; PreparationCancelled from `on_progress`.
    """
    if not is_hub_id(hub_id):
        raise ModelLoadError(f"{hub_id} is no hub id; write owner/model, or choose a folder.")
    return find_cached(hub_id) or _download(hub_id, wanted_files, on_progress)


def fetch_file(name: str, on_progress: OnProgress) -> Path:
    """One file, owner/model/file.safetensors, and nothing else of that repository.

    Errors: as `fetch`.
    """
    parts = HUB_FILE.fullmatch(name)
    if parts is None:
        raise ModelLoadError(f"{name} is no file on the hub; write owner/model/file.safetensors.")
    hub_id, file = parts.groups()

    def choose(names: list[str]) -> list[str]:
        if file not in names:
            others = ", ".join(name for name in names if name.endswith(".safetensors"))
            raise ModelLoadError(f"{hub_id} has no {file}; it has {others or 'no safetensors'}.")
        return [file]

    folder = find_cached(hub_id, lambda folder: (folder / file).is_file())
    return (folder or _download(hub_id, choose, on_progress)) / file


def _download(
    hub_id: str, choose: Callable[[list[str]], list[str]], on_progress: OnProgress
) -> Path:
    """choose: of the names of all files in the repository those to fetch. Errors: as `fetch`."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise ModelLoadError(
            f"{hub_id} is not in {constants.HF_HUB_CACHE}, and HF_HUB_OFFLINE forbids to download "
            "it; unset HF_HUB_OFFLINE once, or copy the model's folder here and choose that."
        )
    on_progress(Progress(0.0, f"Asking the hub for {hub_id}"))
    try:
        commit = (
            _hub().HfApi().model_info(hub_id, revision=REVISIONS.get(hub_id), files_metadata=True)
        )
        names = [entry.rfilename for entry in commit.siblings]
        files = choose(names)
        _refuse_without_safetensors(hub_id, names, files)
        wanted = [entry for entry in commit.siblings if entry.rfilename in files]
        _refuse_odd_names(hub_id, commit.sha, wanted)
        _check_space(hub_id, wanted)
        _bring_all(hub_id, commit.sha, wanted, on_progress)
    except EngineError:
        raise
    except Exception as error:  # the hub's library lets those of several others through
        log.warning("%s could not be downloaded", hub_id, exc_info=error)
        raise ModelLoadError(_explain(hub_id, error)) from error
    return hub_cache.snapshot(hub_id, commit.sha)


def _check_space(hub_id: str, entries: list[Any]) -> None:
    """Ask before, not after gigabytes have come; what came already counts as there.

    Errors: ModelLoadError with both sizes.
    """
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    disk = next(folder for folder in (cache, *cache.absolute().parents) if folder.is_dir())
    come = hub_cache.repository(hub_id) / "blobs"
    present_bytes = sum(file.stat().st_size for file in come.glob("*"))
    wanted_bytes = sum(entry.size or 0 for entry in entries) - present_bytes
    free_bytes = shutil.disk_usage(disk).free
    if wanted_bytes > free_bytes:
        raise ModelLoadError(
            f"{hub_id} needs {wanted_bytes / 1e9:.1f} GB more, and the disk of {cache} has "
            f"{free_bytes / 1e9:.1f} GB free; free some space and load again."
        )


def _refuse_odd_names(hub_id: str, commit: str, entries: list[Any]) -> None:
    """They become names of files here, and come from strangers. Errors: ModelLoadError."""
    contents = [entry.lfs.sha256 if entry.lfs else entry.blob_id for entry in entries]
    odd = [name for name in (commit, *contents) if HASH.fullmatch(str(name)) is None]
    odd += [entry.rfilename for entry in entries if set("\\:\0") & set(entry.rfilename)]
    if odd:
        raise ModelLoadError(
            f"The hub's record of {hub_id} names {odd[0]!r}, which is no name of a file; don't use "
            "this network."
        )


def _bring_all(hub_id: str, commit: str, entries: list[Any], on_progress: OnProgress) -> None:
    """Every file into its place; what came before, whole or in part, isn't fetched again.

    A snapshot appears when all of it is there.
    entries: of the hub's library, with rfilename, size, blob_id and, for large files, lfs.sha256.
    Errors: ModelLoadError for a file that isn't what the hub has on record; those of `bring`.
    """
    total_bytes = sum(entry.size for entry in entries)
    come_bytes = 0
    for entry in entries:

        def report(bytes_of_file: int, come_bytes: int = come_bytes) -> None:
            done = come_bytes + bytes_of_file
            amount = f"{done / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
            on_progress(Progress(done / total_bytes, f"Downloading {hub_id}: {amount}"))

        _bring_one(hub_id, commit, entry, report)
        come_bytes += entry.size
        report(0, come_bytes)
    for entry in entries:
        file, blob = hub_cache.place(hub_id, commit, entry)
        if blob.is_file():
            hub_cache.link(file, blob)


def _bring_one(hub_id: str, commit: str, entry: Any, report: Callable[[int], None]) -> None:
    if any(kept.is_file() for kept in hub_cache.place(hub_id, commit, entry)):
        return
    _, blob = hub_cache.place(hub_id, commit, entry)
    part = blob.with_name(f"{blob.name}.incomplete")
    url = _hub().hf_hub_url(hub_id, entry.rfilename, revision=commit)
    bring(url, part, entry.size, report)
    _check(hub_id, part, entry)
    part.replace(blob)


def _check(hub_id: str, part: Path, entry: Any) -> None:
    """Errors: ModelLoadError for other content than the hub has on record; it is deleted."""
    if not hub_cache.is_as_recorded(part, entry):
        part.unlink(missing_ok=True)
        raise ModelLoadError(
            f"{entry.rfilename} of {hub_id} did not arrive as the hub has it on record, and "
            "was deleted; load the model again. If it happens again, don't use this network."
        )


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
        f"{hub_id} is not in {constants.HF_HUB_CACHE}, and the hub can't be reached; connect to "
        "the internet once, or copy the model's folder here and choose that."
    )
