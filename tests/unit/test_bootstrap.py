from __future__ import annotations

import subprocess
import sys

import pytest

import bootstrap
from boot.environment import ROOT, Environment, State
from boot.machine import Machine
from boot.pip import InstallFailed

LINUX = Machine("linux", "x86_64", (3, 11))


@pytest.fixture(autouse=True)
def nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """No look at this machine, no installation, no program started."""
    monkeypatch.setattr(bootstrap, "this_machine", lambda: LINUX)
    monkeypatch.setattr(bootstrap, "ensure", lambda *_: Environment(tmp_path))
    monkeypatch.setattr(bootstrap, "add_engine_builders", lambda *_: None)
    monkeypatch.setattr(bootstrap.system_packages, "can_load", lambda soname: True)
    monkeypatch.setattr(bootstrap, "start", lambda command: started.append(command) or 0)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    started: list[list[str]] = []
    return started


def test_what_follows_the_dashes_reaches_the_program(nothing_happens, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert bootstrap.main(["run", "--", "--source", "webcam", "--", "x"]) == 0
    assert nothing_happens[0][1:] == [str(ROOT / "main.py"), "--source", "webcam", "--", "x"]


def test_without_a_word_it_runs(nothing_happens, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    bootstrap.main([])
    assert nothing_happens[0][1:] == [str(ROOT / "main.py")]


def test_without_a_display_the_demo_is_recorded(nothing_happens, capsys):
    bootstrap.main(["run", "--", "--seed", "5"])
    assert nothing_happens[0][2:] == [
        *("--headless", "--source", "demo", "--sink", "record:reverie-demo.mp4"),
        *("--seconds", "10", "--seed", "5"),
    ]
    assert "no display" in capsys.readouterr().err


def test_who_asks_for_headless_gets_just_that(nothing_happens):
    bootstrap.main(["run", "--", "--headless", "--source", "pattern"])
    assert nothing_happens[0][2:] == ["--headless", "--source", "pattern"]


def test_a_failed_installation_is_a_sentence_and_exit_code_1(monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise InstallFailed("Check the network.")

    monkeypatch.setattr(bootstrap, "ensure", fail)
    assert bootstrap.main(["run"]) == 1
    assert capsys.readouterr().err.endswith("Check the network.\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["test"], 1), (["run"], 0), (["bench"], 0), (["run", "--tensorrt"], 1), (["--tensorrt"], 1)],
)
def test_who_tests_or_asks_for_it_gets_what_builds_engines(monkeypatch, words, expected):
    added: list[Machine] = []
    monkeypatch.setattr(
        bootstrap, "add_engine_builders", lambda _, machine, say: added.append(machine)
    )
    monkeypatch.setattr(bootstrap, "run_checks", lambda python, say: 0)
    monkeypatch.setattr(bootstrap, "run_benches", lambda python, say: ({}, []))
    assert bootstrap.main(words) == 0
    assert added == [LINUX] * expected


def test_an_unsupported_machine_installs_nothing(nothing_happens, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "this_machine", lambda: Machine("linux", "x86_64", (3, 9)))
    assert bootstrap.main(["run"]) == 1
    assert nothing_happens == []
    assert "Python 3.10 to 3.13" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "is_root", "expected"),
    [([], False, False), ([], True, True), (["--system-packages"], False, True)],
)
def test_system_packages_are_installed_only_where_that_is_allowed(
    monkeypatch, capsys, arguments, is_root, expected
):
    installed: list[str] = []

    def install(missing, manager, is_root):
        installed.extend(library.apt for library in missing)
        return True

    monkeypatch.setattr(
        bootstrap.system_packages, "can_load", lambda soname: "portaudio" not in soname
    )
    monkeypatch.setattr(bootstrap.system_packages, "package_manager", lambda: "apt")
    monkeypatch.setattr(bootstrap.system_packages, "install", install)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0 if is_root else 1000, raising=False)
    assert bootstrap.main(["run", *arguments]) == 0
    assert installed == (["libportaudio2"] if expected else [])
    assert "libportaudio2" in capsys.readouterr().err


def test_the_doctor_installs_nothing_and_uses_the_python_there_is(monkeypatch):
    commands: list[list[str]] = []

    def run(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    monkeypatch.setattr(bootstrap, "ensure", None)
    monkeypatch.setattr(Environment, "state", lambda self, machine: State.ABSENT)
    assert bootstrap.main(["doctor"]) == 3
    assert commands == [[sys.executable, "-m", "boot.doctor"]]


def test_an_unknown_word_is_refused():
    with pytest.raises(SystemExit):
        bootstrap.main(["fly"])


def test_bench_fails_when_a_benchmark_fails_but_prints_the_others(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "run_benches", lambda *_: ({"a": {"fps": 1}}, ["b"]))
    assert bootstrap.main(["bench"]) == 1
    assert '"fps": 1' in capsys.readouterr().out


def test_it_needs_nothing_but_the_standard_library():
    code = (
        "import sys; sys.path.insert(0, '.'); import bootstrap, boot.doctor, boot.facts; "
        "print([n for n in ('numpy', 'torch', 'engine', 'pydantic') if n in sys.modules])"
    )
    # -S leaves out every installed package
    result = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.strip() == "[]", result.stderr
