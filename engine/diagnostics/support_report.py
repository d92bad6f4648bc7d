"""The report that a performer sends in: one zip with logs, crash dumps and what runs where.

No pictures, and no names of files outside Reverie: see `engine.diagnostics.redact`.
"""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.diagnostics.log import log_folder
from engine.diagnostics.redact import redact, redact_values
from engine.errors import ReportError

DOCTOR_S = 180.0  # torch alone may take a minute on a busy machine
ROOT = Path(__file__).resolve().parents[2]
LOG_PATTERNS = ("*.log", "*.log.1", "*-crash.txt")
NUM_LOG_BYTES = 300_000  # of each file the end: some hours
FILE_SCHEMES = ("file", "image", "record")
ABOUT = """\
This is what Reverie knows about a fault. Please look through it before you send it.

versions.json  Reverie, Python, libraries, system
doctor.txt     what works on this machine
settings.json  what the window remembers; your prompts are in it
show.json      the last show: figures and events
log/           the ends of the logs and crash dumps of Reverie and its worker process

Pictures are not in it. Names of your files and folders were taken out: ▮▮▮ stands for a name.
"""


@dataclass(frozen=True)
class Findings:
    """Plain JSON values and the doctor's table; empty where there is nothing to tell.

    settings: the window's. show: `Engine.report()`.
    """

    versions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    doctor: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    show: Mapping[str, Any] = field(default_factory=dict[str, Any])


def save_report(path: Path, findings: Findings, logs: Path | None = None) -> None:
    """Write the zip; a file of that name is replaced whole or not at all. Any thread; a second.

    Errors: ReportError when it can't be written.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in pages(findings, logs or log_folder()):
                archive.writestr(name, text)
        os.replace(beside, path)
    except OSError as error:
        reason = error.strerror or error
        raise ReportError(
            f"The report could not be saved to {path} ({reason}): choose a folder that you may "
            "write to."
        ) from error


def doctor_table() -> str:
    """In a process of its own: a driver that hangs or crashes when asked must not do it here."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    try:
        return subprocess.run(
            [sys.executable, "-m", "boot.doctor"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=DOCTOR_S,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"The doctor did not answer: {error}."


def pages(findings: Findings, logs: Path) -> Iterator[tuple[str, str]]:
    """Name and text of everything in the zip, redacted."""
    private, roots = private_names(findings), own_folders()
    yield "ABOUT.txt", ABOUT
    for name in ("versions", "settings", "show"):
        values = redact_values(dict(getattr(findings, name)), private, roots)
        yield f"{name}.json", json.dumps(values, indent=2, ensure_ascii=False)
    yield "doctor.txt", redact(findings.doctor, private, roots)
    for file in sorted(file for pattern in LOG_PATTERNS for file in logs.glob(pattern)):
        yield f"log/{file.name}", redact(_end_of(file), private, roots)


def private_names(findings: Findings) -> list[str]:
    """What must not be in the report: the user's name, home, and files in use now."""
    show = findings.show.get("show", {})
    uris = [findings.settings.get("source", ""), show.get("source", "")]
    uris += [sink.get("uri", "") for sink in show.get("sinks", ())]
    paths = [_path_of(uri) for uri in uris]
    model = str(findings.settings.get("model", ""))
    paths += [str(findings.settings.get("recordings_folder", ""))]
    paths += [model] if _is_path(model) else []
    return [name for name in (*paths, str(Path.home()), _user()) if name]


def own_folders() -> dict[str, str]:
    """Folders whose insides may be named, unless the user's files may be among them."""
    folders = {sys.base_prefix: "<python>", sys.prefix: "<packages>", str(ROOT): "<reverie>"}
    return {f: name for f, name in folders.items() if not Path.home().is_relative_to(f)}


def _path_of(uri: str) -> str:
    scheme, _, rest = uri.partition(":")
    return rest if scheme in FILE_SCHEMES else ""


def _is_path(model: str) -> bool:
    return os.path.isabs(model) or "\\" in model or model.startswith("~") or Path(model).exists()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # none: a container without a user database
        return ""


def _end_of(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - NUM_LOG_BYTES))
        return stream.read().decode("utf-8", "replace")
