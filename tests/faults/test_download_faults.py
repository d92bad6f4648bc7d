"""A download that breaks off or lies: the old look plays on, and loading again fetches it whole."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants

from engine.api import EventKind, RenderSpec
from engine.diffusion import hub
from engine.diffusion.transfer import OnBytes
from engine.renderer import OnProgress, RenderInfo
from tests.faults.harness import Show, fault, paints_again, wait_for
from tests.support.fakes import FakeRenderer
from tests.support.rig import Rig

HUB_ID = "somebody/model"
WEIGHTS = "model.safetensors"
CONTENT = bytes(range(256)) * 8
Transfer = Callable[[Path], None]


def whole(file: Path) -> None:
    file.write_bytes(CONTENT)


def breaks_off(file: Path) -> None:
    file.write_bytes(CONTENT[:700])
    raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


def too_short(file: Path) -> None:
    file.write_bytes(CONTENT[:-1])


def other_bytes(file: Path) -> None:
    file.write_bytes(CONTENT[::-1])


def no_room(file: Path) -> None:
    file.write_bytes(CONTENT[:700])
    raise OSError(errno.ENOSPC, "No space left on device")


def no_network(file: Path) -> None:
    raise TimeoutError("timed out")


class Hub:
    """The hub's library with one model of one file, and a transfer in the test's hand."""

    def __init__(self) -> None:
        self.transfer: Transfer = whole

    def HfApi(self) -> Any:
        return SimpleNamespace(model_info=self._info)

    def _info(self, hub_id: str, **_: object) -> Any:
        lfs = SimpleNamespace(sha256=hashlib.sha256(CONTENT).hexdigest())
        entry = SimpleNamespace(rfilename=WEIGHTS, size=len(CONTENT), blob_id=40 * "0", lfs=lfs)
        return SimpleNamespace(sha="c0ffee" + 34 * "0", siblings=[entry])

    def hf_hub_url(self, hub_id: str, name: str, revision: str) -> str:
        return name

    def bring(self, url: str, part: Path, size_bytes: int, on_bytes: OnBytes) -> None:
        part.parent.mkdir(parents=True, exist_ok=True)
        self.transfer(part)


class Downloaded(FakeRenderer):
    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        hub.fetch(spec.model, on_progress)
        return super().prepare(spec, on_progress)


@pytest.mark.parametrize(
    ("transfer", "reason"),
    [
        fault("download breaks off", breaks_off, "connect to the internet"),
        fault("download lies about its size", too_short, "did not arrive as the hub has it"),
        fault("download lies about its checksum", other_bytes, "did not arrive as the hub has it"),
        fault("disk full while downloading", no_room, "free some space"),
        fault("no network", no_network, "connect to the internet"),
    ],
)
def test_a_download_that_fails_is_told_and_can_be_had_again(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transfer: Transfer, reason: str
) -> None:
    library = Hub()
    monkeypatch.setattr(hub, "_hub", lambda: library)
    monkeypatch.setattr(hub, "bring", library.bring)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    library.transfer = transfer
    rig = Rig()
    rig.renderers[HUB_ID] = Downloaded()
    with show.struck(rig, EventKind.MODEL_FAILED) as engine:
        engine.load(RenderSpec(HUB_ID, 16, 16))
        wait_for(rig, EventKind.MODEL_FAILED)
        paints_again(rig)
        library.transfer = whole
        engine.load(RenderSpec(HUB_ID, 16, 16))
        rig.clock.run_until(
            lambda: engine.render_info is not None and engine.render_info.model_name == HUB_ID
        )
    assert reason in rig.messages(EventKind.MODEL_FAILED)[0]
