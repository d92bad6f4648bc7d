"""A whole download, over HTTP and by the hub's own library, from a mirror that misbehaves.

In a process of its own: the library reads HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE when imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.diffusion.transfer import CHUNK_BYTES

HUB_ID, COMMIT = "somebody/codec", "c0ffee" + 34 * "0"
WEIGHTS = "diffusion_pytorch_model.safetensors"
FILES = {"config.json": b"{}", WEIGHTS: bytes(range(256)) * 98_304}
BREAKS_AT = 21_000_000
WHOLE_CHUNKS = BREAKS_AT // CHUNK_BYTES * CHUNK_BYTES  # what is on the disk by then
FETCH = """
import sys
from engine.diffusion import hub
from engine.errors import ModelLoadError
try:
    print(hub.fetch(sys.argv[1], lambda step: print(f"{step.fraction:.2f} {step.message}")))
except ModelLoadError as error:
    print(error)
"""


def sha256_of(name: str) -> str:
    return hashlib.sha256(FILES[name]).hexdigest()


def entry(name: str) -> dict[str, object]:
    """The hub's record of a file, whatever is served: as in a model's list and as in a tree."""
    size, oid = len(FILES[name]), hashlib.sha1(FILES[name]).hexdigest()
    lfs = {"sha256": sha256_of(name), "oid": sha256_of(name), "size": size, "pointerSize": 130}
    names = {"type": "file", "rfilename": name, "path": name}
    return {**names, "size": size, "blobId": oid, "oid": oid, "lfs": lfs}


class Mirror(ThreadingHTTPServer):
    """Serves one repository.

    breaks_at: where the first transfer of the weights ends, in bytes; afterwards they may be lost.
    """

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = dict(FILES)
        self.breaks_at: int | None = None
        self.is_lost_after_break = False
        self.ranges: list[str] = []
        self.asked: list[str] = []


class Answer(BaseHTTPRequestHandler):
    """What the hub answers to the calls that its library makes."""

    server: Mirror
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(path)
        if path.startswith(f"/api/models/{HUB_ID}/tree/"):
            self._send_json([entry(name) for name in FILES])
        elif path.startswith(f"/api/models/{HUB_ID}"):
            siblings = [entry(name) for name in FILES]
            self._send_json({"id": HUB_ID, "sha": COMMIT, "siblings": siblings, "private": False})
        elif path.startswith(f"/{HUB_ID}/resolve/{COMMIT}/"):
            self._send_file(path.rsplit("/", 1)[1])
        else:
            self.send_error(404)

    def _send_json(self, answer: object) -> None:
        self._send(json.dumps(answer).encode())

    def _send_file(self, name: str) -> None:
        if name == WEIGHTS and self.server.is_lost_after_break and self.server.breaks_at is None:
            self.send_error(404)
            return
        content = self.server.content[name]
        headers = {"ETag": f'"{sha256_of(name)}"', "X-Repo-Commit": COMMIT}
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        if asked:
            self.server.ranges.append(asked)
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        end = None
        if self.command == "GET" and name == WEIGHTS and not asked:
            end, self.server.breaks_at = self.server.breaks_at, None
        self._send(content[start:], headers, end, 206 if asked else 200)

    def _send(
        self,
        body: bytes,
        headers: dict[str, str] | None = None,
        end: int | None = None,
        status: int = 200,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:end])
        if end is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="mirror")
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(mirror: Mirror, home: Path, **environment: str) -> list[str]:
    """What the process said, line by line."""
    settings = {
        "HF_ENDPOINT": f"http://127.0.0.1:{mirror.server_port}",
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-c", FETCH, HUB_ID],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    return done.stdout.splitlines()


def test_a_transfer_that_breaks_off_goes_on_where_it_was(mirror: Mirror, tmp_path: Path) -> None:
    mirror.breaks_at = BREAKS_AT
    *progress, last = fetch(mirror, tmp_path)
    folder = Path(last)
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    assert tmp_path in folder.parents
    assert mirror.ranges == [f"bytes={WHOLE_CHUNKS}-"]
    assert "1.00 Downloading somebody/codec: 25 of 25 MB" in progress

    mirror.asked.clear()
    assert fetch(mirror, tmp_path, HF_HUB_OFFLINE="1") == [last]
    assert mirror.asked == []


def test_what_came_before_a_start_is_not_fetched_again(mirror: Mirror, tmp_path: Path) -> None:
    mirror.breaks_at, mirror.is_lost_after_break = BREAKS_AT, True
    assert "the hub can't be reached" in fetch(mirror, tmp_path)[-1]
    mirror.is_lost_after_break = False
    folder = Path(fetch(mirror, tmp_path)[-1])
    assert (folder / WEIGHTS).read_bytes() == FILES[WEIGHTS]
    assert mirror.ranges[-1] == f"bytes={WHOLE_CHUNKS}-"


def test_other_bytes_than_the_hub_has_on_record_are_refused(mirror: Mirror, tmp_path: Path) -> None:
    mirror.content[WEIGHTS] = FILES[WEIGHTS][::-1]
    assert f"{WEIGHTS} of {HUB_ID} did not arrive as the hub has it" in fetch(mirror, tmp_path)[-1]
    assert not list(tmp_path.rglob(WEIGHTS))
