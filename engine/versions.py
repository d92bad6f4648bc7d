"""Which versions paint: of Reverie, Python and the libraries that make the picture."""

from __future__ import annotations

import platform
from importlib import metadata

LIBRARIES = ("numpy", "opencv-python-headless", "av", "torch", "diffusers", "openvino")


def versions() -> dict[str, str]:
    """By name; a library that isn't here is left out."""
    found = {"python": platform.python_version()}
    for name in ("reverie", *LIBRARIES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
