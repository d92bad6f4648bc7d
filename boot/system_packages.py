"""The system libraries that Linux must supply, and the packages that hold them.

Everywhere else the Python packages bring all that they need.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boot.machine import Machine


@dataclass(frozen=True)
class Library:
    """A shared library and its package in each family of distributions.

    is_required: without it the window can't open; else only `purpose` is missing.
    """

    soname: str
    apt: str
    dnf: str
    pacman: str
    purpose: str = "the window"
    is_required: bool = True


LIBRARIES = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Library(
        "libxcb-render-util.so.0",
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
    ),
    Library("libxcb-util.so.1", "libxcb-util1", "xcb-util", "xcb-util"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
    Library("libportaudio.so.2", "libportaudio2", "portaudio", "portaudio", "sound input", False),
)
INSTALL_COMMANDS = {  # package manager → command, tried in this order
    "apt": ("apt-get", "install", "-y", "--no-install-recommends"),
    "dnf": ("dnf", "install", "-y"),
    "pacman": ("pacman", "-S", "--needed", "--noconfirm"),
}


def missing_libraries(machine: Machine, loads: Callable[[str], bool]) -> tuple[Library, ...]:
    """Those that this machine lacks; none on Windows and macOS."""
    if machine.system != "linux":
        return ()
    return tuple(library for library in LIBRARIES if not loads(library.soname))


def can_load(soname: str) -> bool:
    """Whether the dynamic loader finds the library."""
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def package_manager(has_program: Callable[[str], object] = shutil.which) -> str | None:
    """Whichever of "apt", "dnf" and "pacman" this system has."""
    return next(
        (name for name, command in INSTALL_COMMANDS.items() if has_program(command[0])), None
    )


def install_command(missing: Iterable[Library], manager: str) -> list[str]:
    """The exact command that installs what is missing, without sudo."""
    packages = {getattr(library, manager): None for library in missing}
    return [*INSTALL_COMMANDS[manager], *packages]


def explain(missing: Iterable[Library], manager: str | None) -> str:
    """What is missing and the command that brings it, in one sentence."""
    missing = tuple(missing)
    names = ", ".join(library.soname for library in missing)
    purposes = " and ".join(dict.fromkeys(library.purpose for library in missing))
    if manager is None:
        return f"For {purposes} your system lacks {names}: install the packages that hold them."
    command = " ".join(install_command(missing, manager))
    return f"For {purposes} your system lacks {names}: sudo {command}"


def may_install(manager: str | None, is_asked: bool, is_root: bool) -> bool:
    """By itself only when asked to, or as root on a Debian system (a container, say)."""
    return manager is not None and (is_asked or (is_root and manager == "apt"))


def install(missing: Iterable[Library], manager: str, is_root: bool) -> bool:
    """Run the package manager, with sudo where it must; whether all went well."""
    sudo = [] if is_root else ["sudo"]
    commands = [[*sudo, *install_command(missing, manager)]]
    if manager == "apt":
        commands.insert(0, [*sudo, "apt-get", "update", "-q"])
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return all(
        subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr
        ).returncode
        == 0
        for command in commands
    )
