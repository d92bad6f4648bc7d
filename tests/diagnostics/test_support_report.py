"""What is in the report that a performer sends in, and what is not."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from engine.diagnostics.support_report import Findings, own_folders, save_report
from engine.errors import ReportError

CLIP = "/media/anna/secret wedding/first dance.mov"
FINDINGS = Findings(
    versions={"python": "3.11.4", "torch": "2.13.0"},
    doctor="Python   OK   3.11.4 on Linux\nCameras  OK   Anna's webcam",
    settings={
        "source": f"file:{CLIP}",
        "model": "/models/my own.safetensors",
        "recordings_folder": "/home/anna/Videos/Reverie",
        "params": {"strength": 0.5, "prompt": "starry night"},
    },
    show={
        "show": {"source": f"file:{CLIP}", "sinks": [{"uri": "record:/home/anna/new show.mp4"}]},
        "events": [{"kind": "started", "message": f"The show starts with file:{CLIP}."}],
    },
)
LOG = f"""\
2026-11-23 03:21:56,123 INFO    MainThread engine.events: The show starts with file:{CLIP}.
2026-11-23 03:21:57,123 INFO    MainThread engine.events: my own plays on CPU.
2026-11-22 03:21:57,123 INFO    MainThread engine.events: The clip of yesterday.mp4 has ended.
2026-11-23 03:22:00,000 ERROR   render engine.stage: render failed
"""


@pytest.fixture(autouse=True)
def _anna_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    monkeypatch.setattr("pathlib.Path.home", lambda: Path("/home/anna"))


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, str]:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "reverie.log").write_text(LOG, encoding="utf-8")
    (logs / "worker.log").write_bytes(b"x" * 400_000 + b"\xff\nthe end of it\n")
    (logs / "worker-crash.txt").write_text("Fatal Python error: Segmentation fault\n")
    (logs / "other.txt").write_text("not ours")
    save_report(tmp_path / "new folder" / "report.zip", FINDINGS, logs)
    with zipfile.ZipFile(tmp_path / "new folder" / "report.zip") as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_holds_logs_versions_doctor_settings_events_and_crashes(pages: dict[str, str]) -> None:
    assert set(pages) == {
        "ABOUT.txt", "versions.json", "doctor.txt", "settings.json", "show.json",
        "log/reverie.log", "log/worker.log", "log/worker-crash.txt",
    }  # fmt: skip
    assert json.loads(pages["versions.json"])["torch"] == "2.13.0"
    assert "render failed" in pages["log/reverie.log"]
    assert "Segmentation fault" in pages["log/worker-crash.txt"]
    assert json.loads(pages["show.json"])["events"][0]["kind"] == "started"
    assert json.loads(pages["settings.json"])["params"]["prompt"] == "starry night"


def test_no_name_of_the_users_files_is_in_it(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        for secret in ("anna", "secret", "wedding", "dance", "my own", "new show", "yesterday"):
            assert secret not in text.casefold(), f"{secret} in {name}"


def test_what_is_not_private_stays_readable(pages: dict[str, str]) -> None:
    assert "▮▮▮ plays on CPU." in pages["log/reverie.log"]
    assert "The show starts with file:▮▮▮." in pages["log/reverie.log"]
    (event,) = json.loads(pages["show.json"])["events"]
    assert event["message"] == "The show starts with file:▮▮▮."


def test_only_the_end_of_a_long_log_is_in_it(pages: dict[str, str]) -> None:
    assert len(pages["log/worker.log"]) < 310_000
    assert pages["log/worker.log"].endswith("the end of it\n")


def test_a_report_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportError, match="choose a folder that you may write to"):
        save_report(tmp_path / "file" / "report.zip", FINDINGS, tmp_path)


def test_without_logs_and_findings_there_is_still_a_report(tmp_path: Path) -> None:
    save_report(tmp_path / "report.zip", Findings(), tmp_path / "none")
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        assert archive.testzip() is None


def test_a_folder_around_the_home_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.base_prefix", "/home")
    assert "/home" not in own_folders()
