"""Models from the hub: what is wanted, what is at hand, and what is said when neither helps."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants, errors

from engine.diffusion import hub
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.find_model import load_model
from engine.diffusion.known_models import CATALOGUE, REVISIONS, TAESD
from engine.errors import ModelLoadError, PreparationCancelled
from engine.renderer import Progress, RenderSpec
from tests import tiny_models

SD_TURBO = [
    ".gitattributes",
    "README.md",
    "model_index.json",
    "sd_turbo.safetensors",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.fp16.safetensors",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.bin",
    "safety_checker/model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.non_ema.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
]


class FakeHub:
    """The hub's library with one answer for everything."""

    def __init__(self, names: list[str], cached: Path | None = None) -> None:
        self.names, self.cached = names, cached
        self.failure: Exception | None = None
        self.downloads: list[list[str]] = []
        self.folder: Path | None = None  # where downloads come to lie; None: nothing to verify
        self.contents: dict[str, bytes] = {}
        self.records: dict[str, bytes] = {}  # where the hub's record differs from what comes
        self.revisions: list[str | None] = []

    def HfApi(self) -> Any:
        return SimpleNamespace(model_info=self._info)

    def _info(self, hub_id: str, revision: str | None, files_metadata: bool) -> Any:
        if self.failure:
            raise self.failure
        self.revisions.append(revision)
        return SimpleNamespace(sha="c0ffee", siblings=[self._entry(name) for name in self.names])

    def _entry(self, name: str) -> Any:
        content = self.records.get(name, self.contents.get(name, name.encode()))
        lfs = SimpleNamespace(sha256=hashlib.sha256(content).hexdigest())
        is_large = name.endswith(".safetensors")
        return SimpleNamespace(rfilename=name, size=len(content), lfs=lfs if is_large else None)

    def snapshot_download(
        self,
        hub_id: str,
        allow_patterns: list[str],
        revision: str | None = None,
        local_files_only: bool = False,
        tqdm_class: Any = None,
    ) -> str:
        if local_files_only:
            if self.cached is None or revision is not None:
                raise errors.LocalEntryNotFoundError("not here")
            return str(self.cached)
        self.downloads.append(allow_patterns)
        with tqdm_class(unit="B", total=0, name="huggingface_hub.snapshot_download") as bar:
            bar.total = 4_000_000
            bar.update(1_000_000)
            bar.update(3_000_000)
        self.revisions.append(revision)
        assert self.folder is not None
        for name in allow_patterns:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(self.contents.get(name, name.encode()))
        return str(self.folder)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeHub:
    fake = FakeHub(SD_TURBO)
    fake.folder = tmp_path / "downloaded"
    monkeypatch.setattr(hub, "_hub", lambda: fake)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return fake


def quiet(progress: Progress) -> None:
    """Nobody listens."""


class ConnectError(Exception):
    """An error of a library that the hub's library stands on, of no family we know."""


def refusal(kind: type[Exception]) -> Exception:
    """The hub's own errors want a whole HTTP response; only their kind matters."""
    return kind.__new__(kind)


def test_only_halves_settings_and_safetensors_are_wanted() -> None:
    assert hub.wanted_files(SD_TURBO) == [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "vae/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.fp16.safetensors",
    ]


def test_of_a_lone_component_the_top_folder_is_wanted() -> None:
    names = ["config.json", "diffusion_pytorch_model.safetensors", "taesd_decoder.pth"]
    assert hub.wanted_files(names) == names[:2]


@pytest.mark.parametrize("name", ["stabilityai/sd-turbo", "a/b.c_d-1"])
def test_owner_and_name_are_a_hub_id(name: str) -> None:
    assert hub.is_hub_id(name)


@pytest.mark.parametrize("name", ["house", "/models/x", "a/b/c", "./x/y", "C:\\x"])
def test_paths_and_plain_names_are_no_hub_ids(name: str) -> None:
    assert not hub.is_hub_id(name)


def test_a_cached_model_is_used_without_the_network(library: FakeHub, tmp_path: Path) -> None:
    library.cached = tiny_models.write(tmp_path / "model", "sd-turbo")
    library.failure = AssertionError("the network was asked")
    assert hub.fetch("a/b", quiet) == library.cached


def test_an_interrupted_download_is_continued(library: FakeHub, tmp_path: Path) -> None:
    library.cached = tiny_models.write(tmp_path / "model", "sd-turbo")
    (library.cached / "unet/diffusion_pytorch_model.safetensors").unlink()
    assert hub.fetch("a/b", quiet) == library.folder
    assert library.downloads == [hub.wanted_files(SD_TURBO)]


def test_a_download_reports_bytes_and_can_be_cancelled(library: FakeHub) -> None:
    seen: list[Progress] = []
    hub.fetch("a/b", seen.append)
    assert [progress.fraction for progress in seen[:3]] == [0.0, 0.25, 1.0]
    assert seen[3].message.startswith("Checking model_index.json of a/b")
    assert seen[1].message == "Downloading a/b: 1 of 4 MB"

    def cancel(progress: Progress) -> None:
        if progress.fraction > 0:
            raise PreparationCancelled("cancelled")

    with pytest.raises(PreparationCancelled):
        hub.fetch("a/b", cancel)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (ConnectionError("no route"), "the hub can't be reached;"),
        (ConnectError("no route"), "the hub can't be reached;"),
        (OSError(28, "No space left on device"), "is full; free some space"),
        (
            refusal(errors.RepositoryNotFoundError),
            "The hub has no model a/b; check the spelling",
        ),
        (
            refusal(errors.GatedRepoError),
            "accept its licence on huggingface.co/a/b",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failing_hub_is_explained(library: FakeHub, failure: Exception, sentence: str) -> None:
    library.failure = failure
    with pytest.raises(ModelLoadError, match=re.escape(sentence)):
        hub.fetch("a/b", quiet)


def test_offline_says_where_it_was_looked_for_and_what_to_do(
    library: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelLoadError) as caught:
        load_model(RenderSpec("sd-turbo"), Placement(*_cpu()), quiet)
    assert f"stabilityai/sd-turbo is not in {constants.HF_HUB_CACHE}" in str(caught.value)
    assert "unset HF_HUB_OFFLINE once" in str(caught.value)


def test_a_disk_that_is_too_small_is_told_before_the_download(
    library: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "not" / "made" / "yet"))
    asked: list[Path] = []

    def usage(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(free=10)

    monkeypatch.setattr(hub.shutil, "disk_usage", usage)
    with pytest.raises(ModelLoadError, match=r"a/b needs 0\.0 GB more, and the disk of .* has"):
        hub.fetch("a/b", quiet)
    assert asked == [tmp_path]
    assert library.downloads == []


def test_what_came_before_an_interruption_counts_as_there(
    library: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda place: SimpleNamespace(free=10))
    (tmp_path / "models--a--b" / "blobs").mkdir(parents=True)
    (tmp_path / "models--a--b" / "blobs" / "part.incomplete").write_bytes(bytes(10_000))
    assert hub.fetch("a/b", quiet) == library.folder


# The full names of their commits could not be looked up.
UNPINNED = {"hansyan/perflow-sd15-dreamshaper", "Lykon/dreamshaper-xl-1-0"}
WEIGHTS = "vae/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(
    ("name", "record"),
    [
        (WEIGHTS, bytes(len(WEIGHTS))),  # of the same size
        (WEIGHTS, b"longer than what came" * 9),
        ("unet/config.json", b"longer than what came"),
    ],
)
def test_a_file_that_is_not_as_recorded_is_refused_and_deleted(
    library: FakeHub, name: str, record: bytes
) -> None:
    library.records[name] = record
    with pytest.raises(ModelLoadError, match=f"{name} of a/b did not arrive as the hub has it"):
        hub.fetch("a/b", quiet)
    assert library.folder is not None
    assert not (library.folder / name).exists()


def test_what_is_listed_and_what_is_downloaded_are_one_commit(library: FakeHub) -> None:
    hub.fetch("a/b", quiet)
    assert library.revisions == [None, "c0ffee"]


def test_models_of_the_catalogue_are_pinned_to_a_commit(library: FakeHub) -> None:
    hub.fetch("stabilityai/sd-turbo", quiet)
    assert library.revisions[0] == REVISIONS["stabilityai/sd-turbo"]
    for hub_id, revision in REVISIONS.items():
        assert hub.is_hub_id(hub_id)
        assert re.fullmatch("[0-9a-f]{40}", revision)
    hub_ids = {entry.hub_id for entry in CATALOGUE.values() if entry.hub_id}
    assert hub_ids - set(REVISIONS) == UNPINNED


def test_a_name_that_is_no_hub_id_never_reaches_the_network(library: FakeHub) -> None:
    library.failure = AssertionError("the network was asked")
    with pytest.raises(ModelLoadError, match="is no hub id"):
        hub.fetch("../../etc", quiet)


def test_a_model_of_pickles_is_refused_before_the_download(library: FakeHub) -> None:
    library.names = ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.bin"]
    with pytest.raises(ModelLoadError, match=r"only as pickles \(unet/diffusion_pytorch_model"):
        hub.fetch("a/b", quiet)
    assert library.downloads == []


def test_a_known_model_takes_its_tiny_autoencoder_when_it_is_at_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tiny_models.write(tmp_path / "model", "sd-turbo")
    tiny_models.tiny_vae().save_pretrained(tmp_path / "taesd")
    places = {"stabilityai/sd-turbo": folder, TAESD: tmp_path / "taesd"}
    monkeypatch.setattr(hub, "fetch", lambda hub_id, on_progress: places[hub_id])
    model = load_model(RenderSpec("sd-turbo"), Placement(*_cpu()), quiet)
    assert type(model.vae).__name__ == "AutoencoderTiny"
    assert model.info.name == "sd-turbo"
    own = load_model(RenderSpec("sd-turbo", vae="own"), Placement(*_cpu()), quiet)
    assert type(own.vae).__name__ == "AutoencoderKL"


def test_without_its_tiny_autoencoder_a_known_model_uses_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tiny_models.write(tmp_path / "model", "sd-turbo")

    def fetch(hub_id: str, on_progress: object) -> Path:
        if hub_id == TAESD:
            raise ModelLoadError("no network")
        return folder

    monkeypatch.setattr(hub, "fetch", fetch)
    model = load_model(RenderSpec("sd-turbo"), Placement(*_cpu()), quiet)
    assert type(model.vae).__name__ == "AutoencoderKL"
    assert "slower autoencoder is used: no network" in caplog.text


def test_every_model_in_the_catalogue_is_complete() -> None:
    for name, entry in CATALOGUE.items():
        assert name == entry.name
        assert entry.label
        assert entry.licence
        assert entry.width_px % 8 == entry.height_px % 8 == 0
        assert entry.hub_id is None or hub.is_hub_id(entry.hub_id)


def _cpu() -> tuple[Any, Any]:
    import torch

    return torch.device("cpu"), torch.float32


LORAS = ["README.md", "one-lora.safetensors", "loras/two-lora.safetensors", "two-lora.bin"]


@pytest.mark.parametrize("file", ["one-lora.safetensors", "loras/two-lora.safetensors"])
def test_of_a_repository_with_many_files_only_the_named_one_is_fetched(
    library: FakeHub, file: str
) -> None:
    library.names = LORAS
    assert library.folder is not None
    assert hub.fetch_file(f"owner/model/{file}", quiet) == library.folder / file
    assert library.downloads == [[file]]


def test_a_cached_file_is_used_without_the_network(library: FakeHub, tmp_path: Path) -> None:
    library.cached = tmp_path
    (tmp_path / "one-lora.safetensors").touch()
    library.failure = AssertionError("the network was asked")
    assert hub.fetch_file("a/b/one-lora.safetensors", quiet) == tmp_path / "one-lora.safetensors"


def test_a_file_that_its_repository_has_not_is_named(library: FakeHub) -> None:
    library.names = LORAS
    with pytest.raises(ModelLoadError, match=r"a/b has no gone\.safetensors; it has one-lora"):
        hub.fetch_file("a/b/gone.safetensors", quiet)
    assert library.downloads == []


@pytest.mark.parametrize(
    "name", ["a/b", "a/b/c.bin", "a/b/../c.safetensors", "/a/b/c.safetensors", "a/b//c.safetensors"]
)
def test_what_is_no_file_of_the_hub_never_reaches_it(library: FakeHub, name: str) -> None:
    library.failure = AssertionError("the network was asked")
    assert not hub.is_hub_file(name)
    with pytest.raises(ModelLoadError, match="is no file on the hub"):
        hub.fetch_file(name, quiet)


def test_every_file_in_the_catalogue_is_one_of_a_pinned_repository() -> None:
    names = [entry.unet for entry in CATALOGUE.values() if entry.unet]
    names += [lora.path for entry in CATALOGUE.values() for lora in entry.loras]
    files = [name for name in names if hub.is_hub_file(name)]
    assert len(files) >= 6
    assert all(name.rsplit("/", 1)[0] in REVISIONS for name in files)
    assert all(hub.is_hub_id(name) for name in set(names) - set(files))
