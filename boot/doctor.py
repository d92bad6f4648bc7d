"""The doctor: what works on this machine, what is missing, and the command that mends it.

Rows are pure functions of facts; `examine` looks the facts up. Runs before anything is installed
too, and then says just that. Start with `python bootstrap.py doctor`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from boot import facts
from boot.environment import ROOT, Environment, State
from boot.machine import Machine, has_display, this_machine, unsupported_reason
from boot.system_packages import Library, can_load, explain, missing_libraries, package_manager
from boot.torch_build import wanted_flavour

INSTALL = "python bootstrap.py run"
REINSTALL = "python bootstrap.py run --reinstall"
BRING_TENSORRT = "python bootstrap.py run --tensorrt"
ENOUGH_DISK_GB = 8.0  # a CUDA build of torch and one large model


class Health(Enum):
    """How a row stands. MISSING stops the main job, OPTIONAL only a part of it."""

    OK = "OK"
    OPTIONAL = "--"
    MISSING = "MISSING"


@dataclass(frozen=True)
class DoctorRow:
    """One line of the table. fix: a command or a step, empty when there is nothing to mend."""

    subject: str
    health: Health
    finding: str
    fix: str = ""


def python_row(machine: Machine) -> DoctorRow:
    reason = unsupported_reason(machine)
    version = ".".join(map(str, sys.version_info[:3]))
    if reason:
        return DoctorRow("Python", Health.MISSING, reason, "install Python 3.13")
    return DoctorRow("Python", Health.OK, f"{version} on {machine.system} {machine.architecture}")


def environment_row(state: State) -> DoctorRow:
    if state is State.READY:
        return DoctorRow("Packages", Health.OK, "installed as locked")
    if state is State.OUTDATED:
        finding = "installed, but not of this version of Reverie"
        return DoctorRow("Packages", Health.OPTIONAL, finding, INSTALL)
    return DoctorRow("Packages", Health.MISSING, "not installed, or not completely", INSTALL)


def libraries_row(missing: Sequence[Library], manager: str | None) -> DoctorRow:
    if not missing:
        return DoctorRow("System libraries", Health.OK, "all there")
    sentence, _, command = explain(missing, manager).partition(": ")
    # The headless main job runs without any of them.
    return DoctorRow("System libraries", Health.OPTIONAL, sentence, command)


def torch_row(torch: facts.Torch | str, machine: Machine) -> DoctorRow:
    if isinstance(torch, str):
        return DoctorRow("torch", Health.MISSING, torch, INSTALL)
    if machine.gpu and not torch.cuda:
        finding = f"{torch.version} has no CUDA, though there is an NVIDIA GPU"
        return DoctorRow("torch", Health.OPTIONAL, finding, REINSTALL)
    return DoctorRow("torch", Health.OK, f"{torch.version}, {torch.cuda or 'CPU only'}")


def gpu_row(machine: Machine, gpus: Sequence[str] | str) -> DoctorRow:
    if machine.gpu is None:
        return DoctorRow("GPU", Health.OPTIONAL, "no NVIDIA GPU; the house model runs on the CPU")
    if isinstance(gpus, str):
        return DoctorRow("GPU", Health.OPTIONAL, gpus, INSTALL)
    if wanted_flavour(machine) == "cu126":
        fix = "where the GPU is an RTX 20 or later, install NVIDIA's newest driver"
        return DoctorRow("GPU", Health.OK, f"{', '.join(gpus)} (CUDA 12.6 build)", fix)
    return DoctorRow("GPU", Health.OK, ", ".join(gpus))


def tensorrt_row(tensorrt: facts.TensorRt | str) -> DoctorRow:
    if isinstance(tensorrt, str):
        return DoctorRow("TensorRT-RTX", Health.OPTIONAL, tensorrt, BRING_TENSORRT)
    finding = f"{tensorrt.version}, for shows in which it is faster"
    return DoctorRow("TensorRT-RTX", Health.OK, finding)


def openvino_row(devices: Sequence[str] | str) -> DoctorRow:
    if isinstance(devices, str):
        return DoctorRow("OpenVINO", Health.OPTIONAL, devices, INSTALL)
    return DoctorRow("OpenVINO", Health.OK, ", ".join(devices))


def cameras_row(advice: tuple[bool, str, str] | str) -> DoctorRow:
    if isinstance(advice, str):
        return DoctorRow("Cameras", Health.OPTIONAL, advice, INSTALL)
    is_there, finding, fix = advice
    return DoctorRow("Cameras", Health.OK if is_there else Health.OPTIONAL, finding, fix)


def virtual_camera_row(advice: tuple[bool, str, str] | str) -> DoctorRow:
    if isinstance(advice, str):
        return DoctorRow("Virtual camera", Health.OPTIONAL, advice, INSTALL)
    is_ready, sentence, fix = advice
    finding = sentence.removesuffix(f": {fix}.")  # it has a line of its own here
    return DoctorRow("Virtual camera", Health.OK if is_ready else Health.OPTIONAL, finding, fix)


def sound_row(inputs: Sequence[str] | str) -> DoctorRow:
    if isinstance(inputs, str):
        return DoctorRow("Sound", Health.OPTIONAL, inputs, "see System libraries and Packages")
    if not inputs:
        return DoctorRow("Sound", Health.OPTIONAL, "no sound input", "plug in a microphone")
    return DoctorRow("Sound", Health.OK, ", ".join(inputs))


def midi_row(ports: Sequence[str] | str) -> DoctorRow:
    if isinstance(ports, str):
        return DoctorRow("MIDI", Health.OPTIONAL, ports)
    if not ports:
        return DoctorRow("MIDI", Health.OPTIONAL, "no MIDI input", "plug in a controller")
    return DoctorRow("MIDI", Health.OK, ", ".join(ports))


def gamepads_row(names: Sequence[str] | str) -> DoctorRow:
    if isinstance(names, str):
        return DoctorRow("Gamepads", Health.OPTIONAL, names)
    if not names:
        return DoctorRow("Gamepads", Health.OPTIONAL, "none", "plug one in, to play by it")
    return DoctorRow("Gamepads", Health.OK, ", ".join(names))


def display_row(is_there: bool) -> DoctorRow:
    if is_there:
        return DoctorRow("Display", Health.OK, "a window can open")
    finding = "none: Reverie runs headless, into files"
    return DoctorRow("Display", Health.OPTIONAL, finding, "log in at a desktop, or set DISPLAY")


def house_model_row(is_there: bool) -> DoctorRow:
    if is_there:
        return DoctorRow("House model", Health.OK, "in assets/models/house")
    finding = "not in assets/models/house"
    return DoctorRow("House model", Health.MISSING, finding, "git checkout -- assets/models")


def model_cache_row(folder: str, num_models: int) -> DoctorRow:
    count = f"{num_models} downloaded model{'' if num_models == 1 else 's'}"
    return DoctorRow("Model cache", Health.OK, f"{count} in {folder}")


def disk_row(free_gb: float) -> DoctorRow:
    is_enough = free_gb >= ENOUGH_DISK_GB
    fix = "" if is_enough else f"free {ENOUGH_DISK_GB:g} GB before downloading large models"
    health = Health.OK if is_enough else Health.OPTIONAL
    return DoctorRow("Disk", health, f"{free_gb:.0f} GB free", fix)


def examine() -> list[DoctorRow]:
    """Look at everything. Opens and closes the virtual camera; takes a few seconds."""
    machine = this_machine()
    missing = missing_libraries(machine, can_load)
    is_model_there = (ROOT / "assets/models/house/model_index.json").exists()
    return [
        python_row(machine),
        environment_row(Environment().state(machine)),
        libraries_row(missing, package_manager()),
        torch_row(found(facts.torch_facts), machine),
        gpu_row(machine, found(facts.gpu_names)),
        *([tensorrt_row(found(facts.tensorrt))] if machine.gpu else []),
        openvino_row(found(facts.openvino_devices)),
        cameras_row(found(facts.cameras)),
        virtual_camera_row(found(facts.virtual_camera)),
        sound_row(found(facts.sound_inputs)),
        midi_row(found(facts.midi_inputs)),
        gamepads_row(found(facts.gamepads)),
        display_row(has_display(machine, os.environ)),
        house_model_row(is_model_there),
        model_cache_row(*facts.model_cache()),
        disk_row(shutil.disk_usage(ROOT).free / 1e9),
    ]


def found(look: Callable[[], facts.T]) -> facts.T | str:
    """The fact, or a sentence on why it can't be had."""
    try:
        return look()
    except ImportError as error:
        return f"{error.name or error} is not installed"
    except facts.Unavailable as error:
        return str(error)


def table(rows: Sequence[DoctorRow]) -> str:
    """Plain text: subject, health, finding, and the fix on a line of its own."""
    lines: list[str] = []
    for row in rows:
        lines.append(f"{row.subject:17}{row.health.value:9}{row.finding}")
        if row.fix:
            lines.append(f"{'':26}→ {row.fix}")
    return "\n".join(lines)


def verdict(rows: Sequence[DoctorRow]) -> str:
    """The closing line."""
    missing = [row.subject for row in rows if row.health is Health.MISSING]
    if missing:
        return f"Reverie can't run yet: {', '.join(missing)}."
    return "Reverie can run here."


def main() -> int:
    """Print the table; 1 when the main job can't run."""
    rows = examine()
    sys.stdout.write(f"{table(rows)}\n\n{verdict(rows)}\n")
    return int(any(row.health is Health.MISSING for row in rows))


if __name__ == "__main__":
    sys.exit(main())
