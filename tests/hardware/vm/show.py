"""The whole application inside the virtual machine: camera → gate → renderer → virtual camera.

The virtual camera is read back here, by a second program. Then the camera's driver is taken away
and given back while the show runs, and so is the virtual camera's. Run by guest.sh, as root; what
was measured is printed as one line of JSON, and any failed check ends it with a traceback.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.cameras import list_webcams
from engine.sources.device_users import programs_using
from engine.sources.pattern import BARS, read_pattern
from engine.v4l2 import is_streaming

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 900.0  # an emulated processor needs minutes to import what a real one does in a second
LOOPBACK = ("v4l2loopback", "video_nr=20", "card_label=Reverie", "exclusive_caps=1")
VIVID = Path("/sys/bus/platform/drivers/vivid")
OUTPUT = 20  # the N of the virtual camera's /dev/videoN
SQUARE = slice(280, 1000)  # the columns of a square picture in 1280×720
# The camera's own picture, 75 % colour bars; those that a centred square leaves whole.
VIVID_BARS = {440: (0, 191, 191), 600: (0, 191, 0), 760: (191, 0, 191), 920: (191, 0, 0)}
TOLERANCE = 24  # of 255: twice through chroma subsampling
RATE_TOLERANCE = 0.15  # the show's own rate is a mean over its whole run
Pixels = NDArray[np.uint8]


class Show:
    """main.py without a window, and what it says."""

    def __init__(self, *arguments: str) -> None:
        self.report_path = Path("/tmp/reverie-vm-report.json")
        self.report_path.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "tests.hardware.vm.patient_main",
            "--headless",
            "--model",
            "identity",
        ]
        command += ["--size", "256x256", "--report", str(self.report_path), *arguments]
        self._said: list[str] = []
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._listener = threading.Thread(target=self._listen)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Show:
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.wait(PATIENCE_S)
        self._listener.join()

    def wait_for(self, words: str) -> None:
        """Until it has said so."""
        with self._changed:
            is_said = self._changed.wait_for(
                lambda: any(words in line for line in self._said) or self._has_ended, PATIENCE_S
            )
            if not is_said or not any(words in line for line in self._said):
                raise AssertionError(f"never said: {words}")

    def end(self) -> dict[str, object]:
        """Ctrl-C; the report."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(PATIENCE_S)
        if code != 0:
            raise AssertionError(f"the show ended with {code}")
        return json.loads(self.report_path.read_text())

    @property
    def _has_ended(self) -> bool:
        return self._process.poll() is not None

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            say(f"  show: {line.rstrip()}")
            with self._changed:
                self._said.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


class Viewer:
    """The second program: reads the virtual camera as a conference program does."""

    def __init__(self) -> None:
        self._capture = cv2.VideoCapture(OUTPUT, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise AssertionError("the virtual camera can't be opened by a second program")

    def read(self) -> Pixels:
        is_read, bgr = self._capture.read()
        if not is_read or bgr.shape != (720, 1280, 3):
            raise AssertionError(f"read back {is_read}, {getattr(bgr, 'shape', None)}")
        return bgr[..., ::-1]

    def read_many(self, count: int) -> tuple[list[Pixels], float]:
        """So many pictures, and how many came a second."""
        start_s = time.perf_counter()
        pictures = [self.read() for _ in range(count)]
        return pictures, count / (time.perf_counter() - start_s)

    def read_until(self, is_reached: Callable[[Pixels], bool]) -> None:
        until_s = time.perf_counter() + PATIENCE_S
        while not is_reached(self.read()):
            if time.perf_counter() > until_s:
                raise AssertionError("the awaited picture never came")

    def close(self) -> None:
        self._capture.release()


def check_pattern() -> dict[str, object]:
    """Frame numbers, colours and size, exactly."""
    load(*LOOPBACK)
    with Show("--source", "pattern", "--sink", f"vcam:/dev/video{OUTPUT}") as show:
        show.wait_for("Pictures go to virtual camera")
        viewer = Viewer()
        viewer.read_until(lambda picture: read_pattern(picture) is not None)
        pictures, rate_hz = viewer.read_many(60)
        viewer.close()
        report = show.end()
    readings = [read_pattern(picture) for picture in pictures]
    numbers = [reading.sequence for reading in readings if reading is not None]
    check(len(numbers) == len(pictures), "every picture carries a frame number that can be read")
    check(numbers == sorted(numbers) and len(set(numbers)) > 5, f"numbers rise: {numbers}")
    seen_hz = (numbers[-1] - numbers[0]) * rate_hz / (len(numbers) - 1)
    shown_hz = report["fps"]["capture"]  # type: ignore[index]
    is_same_rate = abs(seen_hz / shown_hz - 1.0) <= RATE_TOLERANCE
    check(is_same_rate, f"the frame counter goes at {seen_hz:.1f} Hz, the show at {shown_hz:.1f}")
    off = max(colour_error(pictures[-1], column, colour, 60) for column, colour in own_bars())
    check(off <= TOLERANCE, f"the bars' colours are off by {off}")
    bars = max(int(pictures[-1][:, :276].max()), int(pictures[-1][:, 1004:].max()))
    check(bars <= 8, f"left and right of the square is black, not {bars}")
    return {
        "read_back_hz": round(rate_hz, 2),
        "frame_numbers": [numbers[0], numbers[-1], len(set(numbers))],
        "colour_error": off,
        **figures(report),
    }


def check_camera() -> dict[str, object]:
    """The camera's picture comes through; camera and virtual camera go and come back."""
    load(*LOOPBACK)
    load("vivid", "node_types=0x1")
    sinks = ("--sink", f"vcam:/dev/video{OUTPUT}", "--sink", "null")
    with Show("--source", "webcam:vivid", *sinks) as show:
        show.wait_for("Pictures come from webcam vivid")
        show.wait_for("Pictures go to virtual camera")
        viewer = Viewer()
        viewer.read_until(lambda picture: picture.mean() > 40)
        pictures, rate_hz = viewer.read_many(30)
        off = max(colour_error(pictures[-1], x, rgb, 430) for x, rgb in VIVID_BARS.items())
        check(off <= TOLERANCE, f"the camera's colours are off by {off}")
        check_that_the_camera_is_taken(show.pid)
        check(not unload(), "the virtual camera's driver can't be removed while it is in use")
        (VIVID / "unbind").write_text("vivid.0")
        held, _ = viewer.read_many(20)
        check(min(picture.mean() for picture in held) > 40, "the last picture is held")
        (VIVID / "bind").write_text("vivid.0")
        show.wait_for("is back after")
        viewer.read_many(5)
        viewer.close()
        replace_loopback()
        show.wait_for("Pictures go to virtual camera /dev/video20 again")
        viewer = Viewer()
        viewer.read_until(lambda picture: picture.mean() > 40)
        viewer.close()
        report = show.end()
    kinds = {event["kind"] for event in report["events"]}  # type: ignore[attr-defined]
    for kind in ("source_failed", "source_back", "sink_failed", "sink_back"):
        check(kind in kinds, f"the report tells {kind}")
    return {"read_back_hz": round(rate_hz, 2), "colour_error": off, **figures(report)}


def check_that_the_camera_is_taken(pid: int) -> None:
    camera = next(camera for camera in list_webcams() if "vivid" in camera.name)
    check(is_streaming(camera.index), "a second program sees that the camera is taken")
    users = [user.pid for user in programs_using(Path(f"/dev/video{camera.index}"))]
    check(pid in users, f"and by whom: {users}")


def own_bars() -> list[tuple[int, tuple[int, int, int]]]:
    """Where in the picture that is read back the middle of each bar of the pattern lies."""
    width = (SQUARE.stop - SQUARE.start) / len(BARS)
    return [(round(SQUARE.start + (n + 0.5) * width), colour) for n, colour in enumerate(BARS)]


def colour_error(picture: Pixels, column: int, colour: tuple[int, int, int], row: int) -> int:
    """The largest difference of a spot from a colour, of 255."""
    spot = picture[row - 5 : row + 5, column - 5 : column + 5].reshape(-1, 3)
    return int(np.abs(np.median(spot, axis=0) - colour).max())


def figures(report: dict[str, object]) -> dict[str, object]:
    """What is worth keeping of a report."""
    names = ("frames", "fps", "longest_output_gap_ms", "output_gap_ms")
    kept = {name: report[name] for name in names if name in report}
    events = report["events"]
    assert isinstance(events, list)
    return {**kept, "events": [f"{event['time_s']} {event['kind']}" for event in events]}


def load(*module: str) -> None:
    subprocess.run(["modprobe", *module], check=True)


def replace_loopback() -> None:
    """Take the virtual camera away and put another one in its place.

    The kernel keeps a driver that is in use, so its device file goes first; then the show lets go.
    """
    Path(f"/dev/video{OUTPUT}").unlink()
    until_s = time.perf_counter() + PATIENCE_S
    while not unload():
        if time.perf_counter() > until_s:
            raise AssertionError("the show never let go of the virtual camera")
        threading.Event().wait(1.0)
    load(*LOOPBACK)


def unload() -> bool:
    return subprocess.run(["rmmod", LOOPBACK[0]], check=False).returncode == 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def check(is_so: bool, what: str) -> None:
    say(f"{'ok' if is_so else 'NOT SO'}: {what}")
    if not is_so:
        raise AssertionError(what)


CHECKS = {"pattern": check_pattern, "camera": check_camera}


def main() -> None:
    os.chdir(ROOT)
    for name in sys.argv[1:] or CHECKS:
        say("RESULT " + json.dumps({name: CHECKS[name]()}))


if __name__ == "__main__":
    main()
