"""What accelerators build, kept on disk: whole and proven by checksums, or not there at all.

    <user's cache>/Reverie/<kind>/<key>/<name>/   the files of one build, and `seal.json`

The key is a hash of everything that a build depends on, so nothing under it can be stale; the seal
names every file with its checksum, so what is damaged is noticed and built again. The models used
longest ago are forgotten. Threads and processes: any; whoever comes second finds the first one's.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs
import torch
from pydantic import TypeAdapter, ValidationError

from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import RenderSpec

log = logging.getLogger(__name__)

MODELS_KEPT = 8  # of each kind; each as large as its weights
SEAL = "seal.json"
ABANDONED_S = 24 * 3600.0  # an unfinished build so old is a killed process's


@dataclass(frozen=True, slots=True)
class FileSeal:
    """What a file was like when it was finished. blake2b: hexadecimal."""

    num_bytes: int
    blake2b: str


SEALS = TypeAdapter(dict[str, FileSeal])  # by the path within the build, with "/"


class BuildCache:
    """The builds of one kind, a shelf for each key."""

    def __init__(self, kind: str, folder: Path | None = None) -> None:
        """kind: the accelerator's name. folder: the user's cache folder when None."""
        self.folder = (folder or platformdirs.user_cache_path("Reverie")) / kind

    def shelf(self, key: str) -> Shelf:
        """Where everything of one key is kept; made now, marked as just used. Errors: OSError."""
        folder = self.folder / key
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        self._forget_oldest(folder)
        _remove_abandoned(folder)
        return Shelf(folder)

    def _forget_oldest(self, in_use: Path) -> None:
        others = [folder for folder in self.folder.iterdir() if folder != in_use]
        others.sort(key=_modified_s, reverse=True)
        for folder in others[MODELS_KEPT - 1 :]:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The builds under one key, by name."""

    folder: Path

    def find(self, name: str) -> Path | None:
        """The folder of a build whose every file is as it was left; None when there is none.

        What is damaged is removed.
        """
        folder = self.folder / name
        if not folder.is_dir():
            return None
        try:
            seals = SEALS.validate_json((folder / SEAL).read_bytes())
            is_whole = seals == _seals_of(folder)
        except (OSError, ValidationError):
            is_whole = False
        if is_whole:
            return folder
        log.warning("The kept build %s is damaged and is made again.", folder)
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def put(self, name: str, write: Callable[[Path], object]) -> Path:
        """Keep what `write` puts into the folder that it is given: unseen until it is whole.

        Returns: the folder of the build, proven by reading it back.
        Errors: OSError when it can't be kept; whatever `write` raises. Then nothing is left.
        """
        unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.folder))
        try:
            write(unfinished)
            (unfinished / SEAL).write_bytes(SEALS.dump_json(_seals_of(unfinished)))
            return self._settle(unfinished, name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)  # gone when all went well

    def find_or_put(self, name: str, write: Callable[[Path], object]) -> Path:
        """The kept build, or a new one. Errors: as `put`."""
        return self.find(name) or self.put(name, write)

    def renew(self, name: str, write: Callable[[Path], object]) -> Path:
        """Keep another build in the place of what is there. Errors: as `put`."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return self.put(name, write)

    def _settle(self, unfinished: Path, name: str) -> Path:
        """Give a finished build its name, unless another process was faster."""
        kept = self.find(name)
        if kept is None:
            unfinished.replace(self.folder / name)
            kept = self.find(name)
        if kept is None:
            raise OSError(f"{self.folder / name} reads back other than it was written")
        return kept


def build_key(
    backbone: SDBackbone, spec: RenderSpec, packages: Sequence[str], *facts: object
) -> str:
    """A hash of everything that a build depends on; the same on every start.

    Weights (with the LoRAs fused into them), configurations, sizes, precision, this machine's
    system, processor or graphics card, and versions. packages: whose versions count besides torch
    and diffusers. facts: what else does, with a `repr` that stays the same.
    """
    digest = hashlib.blake2b(digest_size=16)
    described = (
        machine_facts(backbone.device),
        {name: version(name) for name in ("torch", "diffusers", *packages)},
        (spec.width_px, spec.height_px, str(backbone.dtype)),
        facts,
    )
    digest.update(repr(described).encode())
    for module in (backbone.encoder, backbone.denoiser, backbone.decoder):
        _add_module(digest, module)
    return digest.hexdigest()


def machine_facts(device: torch.device) -> dict[str, object]:
    """What compiled code depends on: the system, and the processor's or the card's abilities."""
    facts: dict[str, object] = {"system": platform.system(), "machine": platform.machine()}
    if device.type == "cuda":
        facts["gpu"] = torch.cuda.get_device_name(device)
        facts["capability"] = torch.cuda.get_device_capability(device)
        facts["cuda"] = torch.version.cuda
    else:
        abilities = torch.cpu.get_capabilities()
        facts["processor"] = sorted(name for name, value in abilities.items() if value is True)
    return facts


def _add_module(digest: Any, module: Any) -> None:
    model = module.unet if hasattr(module, "unet") else module.vae
    digest.update(repr(sorted(model.config.items())).encode())
    for name, tensor in module.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        # Bytes, because numpy knows no bfloat16.
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())


def _seals_of(folder: Path) -> dict[str, FileSeal]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.relative_to(folder).as_posix(): _seal_of(path)
        for path in files
        if path.relative_to(folder).as_posix() != SEAL
    }


def _seal_of(path: Path) -> FileSeal:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return FileSeal(path.stat().st_size, digest.hexdigest())


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(".*"):
        if time.time() - _modified_s(path) > ABANDONED_S:
            shutil.rmtree(path, ignore_errors=True)


def _modified_s(path: Path) -> float:
    """0 for what another process has removed just now."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
