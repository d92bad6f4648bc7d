"""Models from the Hugging Face hub: found in its cache, or downloaded with progress and resume.

What is in the cache is used without asking the network: a venue may have none, or a slow one.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from engine.diffusion.known_models import REVISIONS
from engine.diffusion.weights_files import HALF, PICKLES
from engine.errors import EngineError, ModelLoadError
from engine.renderer import OnProgress, Progress

log = logging.getLogger(__name__)

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
HUB_FILE = re.compile(rf"({HUB_ID.pattern})/((?:[\w-][\w. -]*/)*[\w-][\w. -]*\.safetensors)")
READ_BYTES = 1 << 20
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
    from huggingface_hub.errors import LocalEntryNotFoundError

    for revision in dict.fromkeys((REVISIONS.get(hub_id), None)):
        try:
            folder = _hub().snapshot_download(
                hub_id,
                revision=revision,
                local_files_only=True,
                allow_patterns=[],  # the library would miss the files that were never wanted
            )
        except LocalEntryNotFoundError:
            continue
        if (is_whole or _is_whole)(Path(folder)):
            return Path(folder)
    return None


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
        _check_space(hub_id, wanted)
        folder = _hub().snapshot_download(
            hub_id,
            revision=commit.sha,
            allow_patterns=files,
            tqdm_class=_progress_bar(hub_id, on_progress),
        )
        _verify(hub_id, Path(folder), wanted, on_progress)
    except EngineError:
        raise
    except Exception as error:  # the hub's library lets those of several others through
        log.warning("%s could not be downloaded", hub_id, exc_info=error)
        raise ModelLoadError(_explain(hub_id, error)) from error
    return Path(folder)


def _check_space(hub_id: str, entries: list[Any]) -> None:
    """Ask before, not after gigabytes have come; what came already counts as there.

    Errors: ModelLoadError with both sizes.
    """
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    disk = next(folder for folder in (cache, *cache.absolute().parents) if folder.is_dir())
    come = cache / f"models--{hub_id.replace('/', '--')}" / "blobs"
    present_bytes = sum(file.stat().st_size for file in come.glob("*"))
    wanted_bytes = sum(entry.size or 0 for entry in entries) - present_bytes
    free_bytes = shutil.disk_usage(disk).free
    if wanted_bytes > free_bytes:
        raise ModelLoadError(
            f"{hub_id} needs {wanted_bytes / 1e9:.1f} GB more, and the disk of {cache} has "
            f"{free_bytes / 1e9:.1f} GB free; free some space and load again."
        )


def _verify(hub_id: str, folder: Path, entries: list[Any], on_progress: OnProgress) -> None:
    """Compare what came with the hub's record; what differs is deleted, to be fetched again.

    entries: of the hub's library, with rfilename, size and, for large files, lfs.sha256.
    Errors: ModelLoadError naming the file.
    """
    for number, entry in enumerate(entries):
        on_progress(Progress(number / len(entries), f"Checking {entry.rfilename} of {hub_id}"))
        file = folder / entry.rfilename
        if not _is_as_recorded(file, entry):
            file.resolve().unlink(missing_ok=True)  # the cache's own copy, behind the link
            file.unlink(missing_ok=True)
            raise ModelLoadError(
                f"{entry.rfilename} of {hub_id} did not arrive as the hub has it on record, and "
                "was deleted; load the model again. If it happens again, don't use this network."
            )


def _is_as_recorded(file: Path, entry: Any) -> bool:
    if not file.is_file() or entry.size not in (None, file.stat().st_size):
        return False
    return entry.lfs is None or sha256_of(file) == entry.lfs.sha256


def sha256_of(file: Path) -> str:
    """In hexadecimal. Errors: OSError."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


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
