"""One file from the hub, continued where an earlier start left off.

The hub's own library goes on where a transfer broke off as long as its process lives, and deletes
what came of a file before. A model is gigabytes, and a venue's network is what it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import EngineError

CHUNK_BYTES = 1 << 20
OnBytes = Callable[[int], None]  # how many are there by now


def bring(url: str, part: Path, size_bytes: int, on_bytes: OnBytes) -> None:
    """Complete `part`, which may hold what came before; what comes is not checked here.

    Two at the same file do no harm: both write the same bytes in the same places.
    Errors: those of the hub's library; OSError of the disk; whatever `on_bytes` raises, which ends
    the transfer.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    come = part.stat().st_size
    on_bytes(come)
    while come != size_bytes:
        try:
            return _go_on(url, part, come if come < size_bytes else 0, on_bytes)
        except EngineError:
            raise
        except Exception:  # of whatever library; while something comes another try is worth it
            if part.stat().st_size <= come:
                raise
            come = part.stat().st_size
    return None


def _go_on(url: str, part: Path, start: int, on_bytes: OnBytes) -> None:
    """Write what the hub sends from byte `start` on."""
    hub: Any = importlib.import_module("huggingface_hub")
    headers = {**hub.utils.build_hf_headers(), "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    timeout_s = hub.constants.HF_HUB_DOWNLOAD_TIMEOUT
    with hub.get_session().stream(
        "GET", url, headers=headers, timeout=timeout_s, follow_redirects=True
    ) as response:
        hub.utils.hf_raise_for_status(response)
        is_continued = response.status_code == 206
        with part.open("r+b") as file:
            file.seek(start if is_continued else 0)
            for chunk in response.iter_bytes(CHUNK_BYTES):
                file.write(chunk)
                on_bytes(file.tell())
            file.truncate()
