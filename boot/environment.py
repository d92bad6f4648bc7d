"""The project's own Python environment, `.venv`: made, brought up to date, repaired.

A stamp, written last, says what is in it. Without the stamp an installation was interrupted and
the environment is made anew, from pip's cache.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from boot.machine import Machine
from boot.pip import PIP, InstallFailed, pip_install
from boot.torch_build import TORCH, answers_quickly, choose_torch_build, wanted_flavour

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
BUILDERS_LOCK = ROOT / "requirements-tensorrt.lock"
HAVE_TENSORRT_RTX = (("linux", "x86_64"), ("windows", "x86_64"))
# Whatever is most likely to be half there: compiled parts of the largest packages.
SMOKE_TEST = "import av, cv2, numpy, pydantic_core, safetensors, shiboken6, tokenizers, torch"

Say = Callable[[str], None]
Step = Callable[[Say], None]


class State(Enum):
    """What has to be done before Reverie can start."""

    READY = "ready"
    OUTDATED = "outdated"  # whole, but made from another lock file: updated in place
    ABSENT = "absent"  # never made, interrupted, or made for another Python or GPU


@dataclass(frozen=True)
class Environment:
    """The `.venv` in a folder."""

    folder: Path = ROOT / ".venv"

    @property
    def python(self) -> Path:
        parts = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
        return self.folder.joinpath(*parts)

    @property
    def stamp(self) -> Path:
        return self.folder / "reverie-stamp.txt"

    def state(self, machine: Machine) -> State:
        """Compare the stamp with what should be there: a few milliseconds."""
        if not (self.python.exists() and self.stamp.exists()):
            return State.ABSENT
        made_for, _, made_from = self.stamp.read_text("utf-8").partition("\n")
        if made_for != machine_line(machine):
            return State.ABSENT
        return State.READY if made_from == lock_hash() else State.OUTDATED


def machine_line(machine: Machine) -> str:
    """All of the machine that the environment depends on, as the stamp's first line."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"Python {version} in {sys.base_prefix}, {TORCH} {wanted_flavour(machine)}"


def lock_hash() -> str:
    """The stamp's second line."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def ensure(machine: Machine, say: Say, is_fresh: bool = False) -> Environment:
    """The environment, installed or brought up to date if need be.

    is_fresh: make it anew in any case.
    Errors: InstallFailed; an environment that was whole before is left as it was.
    """
    environment = Environment()
    state = State.ABSENT if is_fresh else environment.state(machine)
    if state is State.READY:
        return environment
    old_stamp = environment.stamp.read_bytes() if state is State.OUTDATED else None
    environment.stamp.unlink(missing_ok=True)
    try:
        _install(environment, machine, say, is_fresh=state is State.ABSENT)
    except InstallFailed:
        # pip itself puts back what it replaced, so an update that failed changed nothing.
        if old_stamp is not None:
            environment.stamp.write_bytes(old_stamp)
        raise
    environment.stamp.write_text(f"{machine_line(machine)}\n{lock_hash()}", "utf-8")
    return environment


def add_engine_builders(environment: Environment, machine: Machine, say: Say) -> None:
    """TensorRT-RTX, to build engines for NVIDIA cards and, on one, to play by them.

    Errors: InstallFailed.
    """
    if (machine.system, machine.architecture) not in HAVE_TENSORRT_RTX:
        say("TensorRT-RTX is made for x86-64 Windows and Linux only; Reverie goes on without it.")
        return
    hashed = ("--no-deps", "--require-hashes", "--quiet")
    pip_install(environment.python, [*hashed, "-r", str(BUILDERS_LOCK)], say)


def _install(environment: Environment, machine: Machine, say: Say, is_fresh: bool) -> None:
    start_s = time.monotonic()

    def say_with_time(line: str) -> None:
        say(f"[{time.monotonic() - start_s:4.0f} s] {line}")

    steps = _steps(environment, machine, is_fresh)
    for number, (title, step) in enumerate(steps, start=1):
        say_with_time(f"step {number} of {len(steps)}: {title}")
        step(say_with_time)
    say_with_time("installed.")


def _steps(environment: Environment, machine: Machine, is_fresh: bool) -> list[tuple[str, Step]]:
    torch_build = choose_torch_build(machine, answers_quickly)
    # Compiling ten thousand modules ahead takes a minute; most are never imported.
    common = ("--progress-bar", "raw", "--no-compile")
    # Nothing in the locked set may bring a torch of its own choice, hence --no-deps; torch comes
    # after it, so that of its dependencies only the CUDA libraries are left to find. It alone has
    # no hashes: which file it is depends on the machine.
    locked = ("--no-deps", "--require-hashes", *common, "-r", str(LOCK))
    return [
        ("a Python environment in .venv", lambda _: _make(environment) if is_fresh else None),
        ("pip", partial(pip_install, environment.python, [PIP])),
        (
            f"about {locked_count()} packages",
            partial(pip_install, environment.python, [*locked]),
        ),
        (
            f"PyTorch: {torch_build.reason}",
            partial(pip_install, environment.python, [*common, *torch_build.pip_arguments()]),
        ),
        ("a first look at all of it", lambda _: _check(environment)),
    ]


def locked_count() -> int:
    """How many packages the lock file names, over all systems and Pythons."""
    pins = (line for line in LOCK.read_text("utf-8").splitlines() if line[:1].isalnum())
    return len({pin.partition("==")[0] for pin in pins})


def _make(environment: Environment) -> None:
    try:
        # symlinks: as `python -m venv` does, so that the environment finds its standard library
        builder = venv.EnvBuilder(clear=True, with_pip=True, symlinks=sys.platform != "win32")
        builder.create(environment.folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallFailed(
            f"{environment.folder} can't be made ({error}). On Debian and Ubuntu install "
            "python3-venv; if a program still uses the folder, close it."
        ) from error


def _check(environment: Environment) -> None:
    command = [str(environment.python), "-c", SMOKE_TEST]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        last_line = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise InstallFailed(
            f"What was installed does not start: {last_line}. Start again with --reinstall."
        )
