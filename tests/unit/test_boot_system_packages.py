from __future__ import annotations

import pytest

from boot import system_packages
from boot.machine import Machine
from boot.system_packages import (
    LIBRARIES,
    explain,
    install_command,
    may_install,
    missing_libraries,
    package_manager,
)

LINUX = Machine("linux", "x86_64", (3, 11))
PORTAUDIO = LIBRARIES[-1]
EGL = LIBRARIES[0]


def test_what_does_not_load_is_missing():
    missing = missing_libraries(LINUX, lambda soname: "portaudio" not in soname)
    assert [library.soname for library in missing] == ["libportaudio.so.2"]


@pytest.mark.parametrize("system", ["windows", "darwin"])
def test_elsewhere_nothing_is_ever_missing(system):
    assert missing_libraries(Machine(system, "arm64", (3, 11)), lambda soname: False) == ()


@pytest.mark.parametrize(
    ("manager", "packages"),
    [
        ("apt", ["libegl1", "libportaudio2"]),
        ("dnf", ["libglvnd-egl", "portaudio"]),
        ("pacman", ["libglvnd", "portaudio"]),
    ],
)
def test_each_family_has_its_own_package_names(manager, packages):
    assert install_command((EGL, PORTAUDIO), manager)[-2:] == packages


def test_a_package_that_holds_two_libraries_is_named_once():
    assert install_command(LIBRARIES[:2], "pacman").count("libglvnd") == 1


def test_the_advice_is_a_command_to_copy():
    assert explain((PORTAUDIO,), "apt") == (
        "For sound input your system lacks libportaudio.so.2: "
        "sudo apt-get install -y --no-install-recommends libportaudio2"
    )


def test_an_unknown_distribution_gets_the_names_of_the_libraries():
    assert "lacks libEGL.so.1: install the packages" in explain((EGL,), None)


@pytest.mark.parametrize(
    ("manager", "is_asked", "is_root", "expected"),
    [
        ("apt", False, False, False),
        ("apt", True, False, True),
        ("apt", False, True, True),
        ("dnf", False, True, False),
        ("dnf", True, True, True),
        (None, True, True, False),
    ],
)
def test_nothing_is_installed_unasked_but_by_root_on_debian(manager, is_asked, is_root, expected):
    assert may_install(manager, is_asked, is_root) is expected


def test_the_first_known_package_manager_is_taken():
    assert package_manager(lambda program: program == "dnf") == "dnf"
    assert package_manager(lambda program: False) is None


def test_apt_learns_its_lists_before_it_installs(monkeypatch):
    commands = []

    class Done:
        returncode = 0

    def run(command, **options):
        commands.append(command)
        return Done

    monkeypatch.setattr(system_packages.subprocess, "run", run)
    assert system_packages.install((PORTAUDIO,), "apt", is_root=False)
    assert commands[0] == ["sudo", "apt-get", "update", "-q"]
    assert commands[1][0] == "sudo"
    assert commands[1][-1] == "libportaudio2"
