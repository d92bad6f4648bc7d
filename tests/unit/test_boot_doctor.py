from __future__ import annotations

import pytest

from boot import doctor, facts
from boot.doctor import DoctorRow, Health, found, table, verdict
from boot.environment import State
from boot.machine import Machine, NvidiaGpu
from boot.system_packages import LIBRARIES
from engine.sources.cameras import CameraInfo, camera_advice

PLAIN = Machine("linux", "x86_64", (3, 11))
RTX = Machine("linux", "x86_64", (3, 11), NvidiaGpu(13000, (8, 9)))
GTX = Machine("linux", "x86_64", (3, 11), NvidiaGpu(12080, (6, 1)))
CPU_TORCH = facts.Torch("2.13.0+cpu", None)
CUDA_TORCH = facts.Torch("2.13.0", "CUDA 13.0")


@pytest.mark.parametrize(
    ("row", "health", "mentions"),
    [
        (doctor.python_row(PLAIN), Health.OK, "linux x86_64"),
        (doctor.python_row(Machine("linux", "x86_64", (3, 9))), Health.MISSING, "3.9"),
        (doctor.environment_row(State.READY), Health.OK, "locked"),
        (doctor.environment_row(State.OUTDATED), Health.OPTIONAL, "bootstrap.py run"),
        (doctor.environment_row(State.ABSENT), Health.MISSING, "bootstrap.py run"),
        (doctor.libraries_row((), "apt"), Health.OK, "all there"),
        (doctor.libraries_row(LIBRARIES[-1:], "apt"), Health.OPTIONAL, "libportaudio2"),
        (doctor.torch_row("torch is not installed", PLAIN), Health.MISSING, "bootstrap.py run"),
        (doctor.torch_row(CPU_TORCH, PLAIN), Health.OK, "CPU only"),
        (doctor.torch_row(CPU_TORCH, RTX), Health.OPTIONAL, "--reinstall"),
        (doctor.torch_row(CUDA_TORCH, RTX), Health.OK, "CUDA 13.0"),
        (doctor.gpu_row(PLAIN, ()), Health.OPTIONAL, "runs on the CPU"),
        (doctor.gpu_row(RTX, "the driver does not answer"), Health.OPTIONAL, "does not answer"),
        (doctor.gpu_row(RTX, ["RTX 4090 (24 GB)", "driver 581"]), Health.OK, "RTX 4090"),
        (doctor.gpu_row(GTX, ["GTX 1080"]), Health.OK, "newest driver"),
        (doctor.tensorrt_row("tensorrt_rtx is not installed"), Health.OPTIONAL, "--tensorrt"),
        (doctor.tensorrt_row(facts.TensorRt("1.7.1")), Health.OK, "1.7.1"),
        (doctor.openvino_row("openvino is not installed"), Health.OPTIONAL, "not installed"),
        (doctor.openvino_row(["2026.4.1", "CPU: Xeon"]), Health.OK, "Xeon"),
        (doctor.cameras_row(camera_advice([])), Health.OPTIONAL, "plug one in"),
        (doctor.cameras_row(camera_advice([CameraInfo(0, "C920")])), Health.OK, "C920"),
        (doctor.virtual_camera_row((True, "ready", "")), Health.OK, "ready"),
        (doctor.virtual_camera_row((False, "no device", "modprobe")), Health.OPTIONAL, "modprobe"),
        (doctor.sound_row("PortAudio is missing"), Health.OPTIONAL, "PortAudio"),
        (doctor.sound_row([]), Health.OPTIONAL, "microphone"),
        (doctor.sound_row(["Line in"]), Health.OK, "Line in"),
        (doctor.midi_row("not part of this version"), Health.OPTIONAL, "not part"),
        (doctor.midi_row([]), Health.OPTIONAL, "controller"),
        (doctor.midi_row(["nanoKONTROL"]), Health.OK, "nanoKONTROL"),
        (doctor.gamepads_row("Gamepads aren't available here"), Health.OPTIONAL, "aren't"),
        (doctor.gamepads_row([]), Health.OPTIONAL, "plug one in"),
        (doctor.gamepads_row(["Xbox One"]), Health.OK, "Xbox One"),
        (doctor.display_row(True), Health.OK, "window"),
        (doctor.display_row(False), Health.OPTIONAL, "headless"),
        (doctor.house_model_row(True), Health.OK, "assets"),
        (doctor.house_model_row(False), Health.MISSING, "git checkout"),
        (doctor.model_cache_row("/cache", 1), Health.OK, "1 downloaded model in /cache"),
        (doctor.disk_row(100.0), Health.OK, "100 GB"),
        (doctor.disk_row(2.0), Health.OPTIONAL, "free 8 GB"),
    ],
)
def test_each_row_says_how_it_stands_and_what_mends_it(row, health, mentions):
    assert row.health is health
    assert mentions in f"{row.finding} {row.fix}"


@pytest.mark.parametrize(("machine", "expected"), [(PLAIN, 0), (RTX, 1)])
def test_only_who_has_an_nvidia_card_is_told_of_tensorrt(monkeypatch, machine, expected):
    monkeypatch.setattr(doctor, "this_machine", lambda: machine)
    monkeypatch.setattr(doctor, "found", lambda look: "not looked for")
    rows = [row for row in doctor.examine() if row.subject == "TensorRT-RTX"]
    assert len(rows) == expected


def test_a_fix_is_not_said_twice():
    row = doctor.virtual_camera_row((False, "No device: load it.", "load it"))
    assert (row.finding, row.fix) == ("No device", "load it")


def test_a_package_that_is_not_installed_is_a_finding():
    def look() -> str:
        raise ModuleNotFoundError("No module named 'av'", name="av")

    assert found(look) == "av is not installed"


def test_a_package_that_cannot_work_says_why():
    def look() -> str:
        raise facts.Unavailable("the driver does not answer")

    assert found(look) == "the driver does not answer"


ROWS = [
    DoctorRow("Python", Health.OK, "3.11"),
    DoctorRow("Cameras", Health.OPTIONAL, "none", "plug one in"),
]


def test_the_table_puts_each_fix_under_its_finding():
    assert table(ROWS).splitlines() == [
        "Python           OK       3.11",
        "Cameras          --       none",
        "                          → plug one in",
    ]


@pytest.mark.parametrize(
    ("health", "code", "closing"),
    [
        (Health.OPTIONAL, 0, "Reverie can run here."),
        (Health.MISSING, 1, "Reverie can't run yet: torch."),
    ],
)
def test_only_what_the_main_job_needs_makes_it_fail(monkeypatch, capsys, health, code, closing):
    rows = [*ROWS, DoctorRow("torch", health, "absent")]
    monkeypatch.setattr(doctor, "examine", lambda: rows)
    assert doctor.main() == code
    assert verdict(rows) == closing
    assert capsys.readouterr().out.endswith(closing + "\n")


def test_this_machine_can_be_examined():
    subjects = [row.subject for row in doctor.examine()]
    assert subjects[:4] == ["Python", "Packages", "System libraries", "torch"]
    assert len(subjects) == 15


def test_a_machine_whose_system_has_no_midi_says_so(monkeypatch):
    class Silent:
        def get_input_names(self) -> list[str]:
            raise OSError("error creating ALSA sequencer client object")

    monkeypatch.setattr(facts, "import_module", lambda name: Silent())
    assert found(facts.midi_inputs) == "the system offers no MIDI"
