from __future__ import annotations

import sys
from pathlib import Path

import pytest

from boot import environment as module
from boot.environment import (
    BUILDERS_LOCK,
    LOCK,
    Environment,
    State,
    add_engine_builders,
    ensure,
    lock_hash,
    machine_line,
)
from boot.machine import Machine, NvidiaGpu
from boot.pip import InstallFailed

MACHINE = Machine("linux", "x86_64", (3, 11))
WITH_GPU = Machine("linux", "x86_64", (3, 11), NvidiaGpu(13000, (8, 9)))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==2.4.6\nnumpy==2.2.6 ; x\n    --hash=a\ntorchless==1\n", "utf-8")
    monkeypatch.setattr(module, "LOCK", lock)
    monkeypatch.setattr(
        module, "Environment", lambda: Environment(tmp_path / ".venv"), raising=True
    )
    return tmp_path


def make_whole(root: Path, machine: Machine = MACHINE) -> Environment:
    environment = Environment(root / ".venv")
    environment.python.parent.mkdir(parents=True)
    environment.python.write_text("", "utf-8")
    environment.stamp.write_text(f"{machine_line(machine)}\n{lock_hash()}", "utf-8")
    return environment


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each installation was a fresh one; nothing is installed."""
    made: list[bool] = []

    def install(environment, machine, say, is_fresh):
        made.append(is_fresh)
        environment.python.parent.mkdir(parents=True, exist_ok=True)
        environment.python.write_text("", "utf-8")

    monkeypatch.setattr(module, "_install", install)
    return made


def test_a_stamped_environment_is_ready(root: Path):
    assert make_whole(root).state(MACHINE) is State.READY


def test_a_half_made_environment_is_absent(root: Path):
    environment = make_whole(root)
    environment.stamp.unlink()
    assert environment.state(MACHINE) is State.ABSENT


def test_a_stamp_without_its_python_is_absent(root: Path):
    environment = make_whole(root)
    environment.python.unlink()
    assert environment.state(MACHINE) is State.ABSENT


def test_a_new_lock_file_makes_it_outdated(root: Path):
    environment = make_whole(root)
    (root / "requirements.lock").write_text("numpy==2.5\n", "utf-8")
    assert environment.state(MACHINE) is State.OUTDATED


def test_a_new_gpu_makes_it_absent_because_torch_is_another(root: Path):
    assert make_whole(root).state(WITH_GPU) is State.ABSENT


def test_packages_are_counted_once_over_all_systems(root: Path):
    assert module.locked_count() == 2


def test_a_ready_environment_is_left_alone(root: Path, installs: list[bool]):
    make_whole(root)
    ensure(MACHINE, lambda line: None)
    assert installs == []


def test_an_absent_one_is_made_fresh_and_is_ready_then(root: Path, installs: list[bool]):
    environment = ensure(MACHINE, lambda line: None)
    assert installs == [True]
    assert environment.state(MACHINE) is State.READY


def test_an_outdated_one_is_updated_in_place(root: Path, installs: list[bool]):
    make_whole(root)
    (root / "requirements.lock").write_text("numpy==2.5\n", "utf-8")
    ensure(MACHINE, lambda line: None)
    assert installs == [False]


def test_a_fresh_one_is_made_when_asked_for(root: Path, installs: list[bool]):
    make_whole(root)
    ensure(MACHINE, lambda line: None, is_fresh=True)
    assert installs == [True]


def fail(*_: object, **__: object) -> None:
    raise InstallFailed("no network")


def test_a_failed_first_installation_leaves_no_stamp(root: Path, monkeypatch):
    monkeypatch.setattr(module, "_install", fail)
    with pytest.raises(InstallFailed):
        ensure(MACHINE, lambda line: None)
    assert Environment(root / ".venv").state(MACHINE) is State.ABSENT


def test_a_failed_update_keeps_the_environment_for_the_older_version(root: Path, monkeypatch):
    environment = make_whole(root)
    old_lock = (root / "requirements.lock").read_bytes()
    (root / "requirements.lock").write_text("numpy==2.5\n", "utf-8")
    monkeypatch.setattr(module, "_install", fail)
    with pytest.raises(InstallFailed):
        ensure(MACHINE, lambda line: None)
    (root / "requirements.lock").write_bytes(old_lock)
    assert environment.state(MACHINE) is State.READY


def test_an_interrupted_update_leaves_no_stamp(root: Path, monkeypatch):
    environment = make_whole(root)
    (root / "requirements.lock").write_text("numpy==2.5\n", "utf-8")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_install", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ensure(MACHINE, lambda line: None)
    assert environment.state(MACHINE) is State.ABSENT


def test_an_environment_that_does_not_start_says_how_to_mend_it(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(module, "SMOKE_TEST", "raise RuntimeError('half a wheel')")
    monkeypatch.setattr(Environment, "python", Path(sys.executable))
    with pytest.raises(InstallFailed, match=r"half a wheel.*--reinstall"):
        module._check(Environment(tmp_path))


@pytest.mark.parametrize(
    ("machine", "num_installed"),
    [
        (MACHINE, 1),
        (Machine("linux", "arm64", (3, 11)), 0),
        (Machine("darwin", "arm64", (3, 11)), 0),
    ],
)
def test_what_builds_engines_is_added_where_it_exists(monkeypatch, machine, num_installed):
    installed: list[list[str]] = []
    said: list[str] = []
    monkeypatch.setattr(module, "pip_install", lambda python, words, say: installed.append(words))
    add_engine_builders(Environment(), machine, said.append)
    assert len(installed) + len(said) == 1  # one or the other
    assert [words[-1] for words in installed] == [str(BUILDERS_LOCK)] * num_installed
    assert all("--require-hashes" in words for words in installed)


def test_both_lock_files_want_the_same_versions_of_what_both_name() -> None:
    """Else each installation would take back what the other one did."""
    theirs, ours = (_pins(path) for path in (BUILDERS_LOCK, LOCK))
    shared = theirs.keys() & ours.keys()
    assert "numpy" in shared
    assert {name: theirs[name] for name in shared} == {name: ours[name] for name in shared}


def _pins(lock: Path) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for line in lock.read_text("utf-8").splitlines():
        if line[:1].isalnum():
            name, _, version = line.removesuffix("\\").strip().partition("==")
            pins.setdefault(name, set()).add(version)
    return pins
