"""Models from the hub: what is wanted, what is at hand, and what is said when neither helps."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants, errors

from engine.diffusion import hub, hub_cache
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.find_model import load_model
from engine.diffusion.known_models import CATALOGUE, REVISIONS, TAESD
from engine.diffusion.transfer import OnBytes
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


COMMIT = "c0ffee" + 34 * "0"


class FakeHub:
    """The hub's library, and the transfer of its files, with one answer for everything."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.failure: Exception | None = None
        self.downloads: list[str] = []
        self.contents: dict[str, bytes] = {}  # what comes
        self.records: dict[str, bytes] = {}  # where the hub's record differs from what comes
        self.revisions: list[str | None] = []
        self.odd_names: dict[str, str] = {}

    def HfApi(self) -> Any:
        return SimpleNamespace(model_info=self._info)

    def _info(self, hub_id: str, revision: str | None, files_metadata: bool) -> Any:
        if self.failure:
            raise self.failure
        self.revisions.append(revision)
        return SimpleNamespace(sha=COMMIT, siblings=[self._entry(name) for name in self.names])

    def _entry(self, name: str) -> Any:
        content = self.records.get(name, self.content(name))
        lfs = SimpleNamespace(sha256=hashlib.sha256(content).hexdigest())
        blob_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        blob_id = self.odd_names.get(name, blob_id)
        is_large = name.endswith(".safetensors")
        return SimpleNamespace(
            rfilename=name, size=len(content), blob_id=blob_id, lfs=lfs if is_large else None
        )

    def content(self, name: str) -> bytes:
        return self.contents.get(name, name.encode())

    def hf_hub_url(self, hub_id: str, name: str, revision: str) -> str:
        self.revisions.append(revision)
        return name

    def bring(self, url: str, part: Path, size_bytes: int, on_bytes: OnBytes) -> None:
        self.downloads.append(url)
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(self.content(url))
        on_bytes(len(self.content(url)))


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeHub:
    fake = FakeHub(SD_TURBO)
    monkeypatch.setattr(hub, "_hub", lambda: fake)
    monkeypatch.setattr(hub, "bring", fake.bring)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return fake


def cached(hub_id: str = "a/b", commit: str = "older") -> Path:
    """Where a snapshot of some program's download lies."""
    return hub_cache.snapshot(hub_id, commit)


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


def test_a_cached_model_is_used_without_the_network(library: FakeHub) -> None:
    tiny_models.write(cached(), "sd-turbo")
    library.failure = AssertionError("the network was asked")
    assert hub.fetch("a/b", quiet) == cached()


def test_what_was_downloaded_once_is_found_again_and_offline_too(
    library: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = hub.fetch("a/b", quiet)
    library.failure = AssertionError("the network was asked")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert hub.fetch("a/b", quiet) == fetched == cached(commit=COMMIT)
    wanted = hub.wanted_files(SD_TURBO)
    assert {name: (fetched / name).read_bytes() for name in wanted} == {
        name: name.encode() for name in wanted
    }


def test_of_several_snapshots_the_catalogues_commit_is_taken_else_the_newest(
    library: FakeHub,
) -> None:
    turbo = "stabilityai/sd-turbo"
    for age, (hub_id, commit) in enumerate(
        [("a/b", "1"), ("a/b", "2"), (turbo, REVISIONS[turbo]), (turbo, "newer")]
    ):
        tiny_models.write(cached(hub_id, commit), "sd-turbo")
        os.utime(cached(hub_id, commit), (age, age))
    assert hub.find_cached("a/b") == cached(commit="2")
    assert hub.find_cached(turbo) == cached(turbo, REVISIONS[turbo])


def test_an_interrupted_download_is_continued(library: FakeHub) -> None:
    tiny_models.write(cached(), "sd-turbo")
    (cached() / "unet/diffusion_pytorch_model.safetensors").unlink()
    assert hub.fetch("a/b", quiet) == cached(commit=COMMIT)
    assert sorted(library.downloads) == sorted(hub.wanted_files(SD_TURBO))


def test_files_that_came_whole_are_not_fetched_again(library: FakeHub) -> None:
    library.records[WEIGHTS] = b"never comes"
    with pytest.raises(ModelLoadError):
        hub.fetch("a/b", quiet)
    assert not cached(commit=COMMIT).exists()  # a snapshot is whole or isn't there
    library.records.clear()
    library.downloads.clear()
    hub.fetch("a/b", quiet)
    assert library.downloads == [WEIGHTS]


def test_where_links_want_rights_the_file_itself_lies_in_the_snapshot(
    library: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: str) -> None:
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    fetched = hub.fetch("a/b", quiet)
    assert (fetched / WEIGHTS).read_bytes() == WEIGHTS.encode()
    assert hub.fetch("a/b", quiet) == fetched
    assert not list((hub_cache.repository("a/b") / "blobs").iterdir())


def test_a_download_reports_bytes_and_can_be_cancelled(library: FakeHub) -> None:
    library.names = ["config.json", "model.safetensors"]
    library.contents = {"config.json": bytes(1_000_000), "model.safetensors": bytes(3_000_000)}
    seen: list[Progress] = []
    hub.fetch("a/b", seen.append)
    assert [progress.fraction for progress in seen] == [0.0, 0.25, 0.25, 1.0, 1.0]
    assert seen[1].message == "Downloading a/b: 1 of 4 MB"

    def cancel(progress: Progress) -> None:
        if progress.fraction > 0:
            raise PreparationCancelled("cancelled")

    with pytest.raises(PreparationCancelled):
        hub.fetch("a/c", cancel)


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
    assert not library.downloads


def test_what_came_before_an_interruption_counts_as_there(
    library: FakeHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda place: SimpleNamespace(free=10))
    (tmp_path / "models--a--b" / "blobs").mkdir(parents=True)
    (tmp_path / "models--a--b" / "blobs" / "part.incomplete").write_bytes(bytes(10_000))
    assert hub.fetch("a/b", quiet) == cached(commit=COMMIT)


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
    blobs = hub_cache.repository("a/b") / "blobs"
    assert not [blob for blob in blobs.iterdir() if blob.read_bytes() == name.encode()]


@pytest.mark.parametrize("name", ["../../../.bashrc", "", "C0FFEE" + 34 * "0"])
def test_a_record_that_names_files_elsewhere_is_refused(library: FakeHub, name: str) -> None:
    library.odd_names["unet/config.json"] = name
    with pytest.raises(ModelLoadError, match="which is no name of a file"):
        hub.fetch("a/b", quiet)
    assert not library.downloads


def test_what_is_listed_and_what_is_downloaded_are_one_commit(library: FakeHub) -> None:
    hub.fetch("a/b", quiet)
    assert library.revisions[0] is None
    assert set(library.revisions[1:]) == {COMMIT}


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
    assert not library.downloads


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
    fetched = hub.fetch_file(f"owner/model/{file}", quiet)
    assert fetched == cached("owner/model", COMMIT) / file
    assert library.downloads == [file]


def test_a_cached_file_is_used_without_the_network(library: FakeHub) -> None:
    cached().mkdir(parents=True)
    (cached() / "one-lora.safetensors").touch()
    library.failure = AssertionError("the network was asked")
    assert hub.fetch_file("a/b/one-lora.safetensors", quiet) == cached() / "one-lora.safetensors"


def test_a_file_that_its_repository_has_not_is_named(library: FakeHub) -> None:
    library.names = LORAS
    with pytest.raises(ModelLoadError, match=r"a/b has no gone\.safetensors; it has one-lora"):
        hub.fetch_file("a/b/gone.safetensors", quiet)
    assert not library.downloads


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
