"""Every picture of the window in docs/performer.md: `python -m docs.make_screenshots`.

Plays the shipped looks on the demo scene with the real engine and the house model, to a drum loop
that it makes itself, and shoots the window and each panel into docs/screenshots. Needs a display; a
virtual one will do.
"""

from __future__ import annotations

import sys
import tempfile
import time
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QBuffer, QEventLoop, QRect, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QWidget
from pythonosc.udp_client import SimpleUDPClient

from app.application import open_window
from app.engine_names import (
    Cue,
    Engine,
    OutputState,
    Quantise,
    Route,
    ShowSpec,
    Transition,
    load_mappings,
)
from app.main_window import MainWindow
from app.settings import Settings, save_settings
from app.theme import apply_theme

FOLDER = Path(__file__).with_name("screenshots")
WINDOW_PX = (1280, 720)
MOST_BYTES = 150_000
NUM_COLOURS = (256, 192, 128, 96, 64, 32)
LONGEST_LOAD_S = 120.0
OSC_PORT = 9000
LOUD = 0.7  # of the meter
RATE_HZ, BPM, LOOP_S = 48_000, 120, 16
BAR_S = 4 * 60 / BPM
LOOKING_S = 6.0  # until the first-run screen has found cameras, models and virtual cameras
FADE = Transition(duration=4.0)
CUES = ((5, 2.0, 30.0), (3, 4.0, 30.0), (11, 4.0, None), (15, 8.0, None))  # pad, time, follow
ROUTE = {"parameter": "strength", "signal": {"kind": "lfo", "beats": 8.0}, "amount": 0.2}
MAPPINGS = [
    {"control": {"kind": "osc", "address": "/fader/1"}, "target": "strength"},
    {"control": {"kind": "osc", "address": "/fader/2"}, "target": "crossfade"},
    {"control": {"kind": "osc", "address": "/pedal"}, "target": "cue/next"},
]


def wait(seconds: float) -> None:
    """Let the window live."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def wait_for_model(engine: Engine) -> None:
    """Errors: TimeoutError."""
    deadline_s = time.perf_counter() + LONGEST_LOAD_S
    while engine.render_info is None:
        if time.perf_counter() > deadline_s:
            raise TimeoutError(f"the model was not ready within {LONGEST_LOAD_S:g} s")
        wait(0.1)


def write_drums(path: Path) -> None:
    """A kick on every beat and a hiss between: something to hear."""
    times_s = np.arange(LOOP_S * RATE_HZ) / RATE_HZ
    in_beat_s = times_s % (60 / BPM)
    kick = 0.7 * np.sin(2 * np.pi * 60 * in_beat_s) * np.exp(-18 * in_beat_s)
    noise = np.random.default_rng(0).normal(0, 0.15, len(times_s))
    hiss = noise * np.exp(-30 * ((in_beat_s + 30 / BPM) % (60 / BPM)))
    samples = (np.clip(kick + hiss, -1, 1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())


def play(window: MainWindow) -> None:
    """Two looks on the decks, and cues that follow."""
    decks = window.deck_link
    live_set = decks.live_set.model_copy(update={"transition": FADE})
    for number, (pad, duration, follow) in enumerate(CUES, start=1):
        look = next(each.look for each in live_set.bank(1).pads if each.number == pad)
        cue = Cue(look=look, transition=Transition(duration=duration), follow=follow)
        live_set = live_set.with_cue(number, cue)
    decks.edit(live_set)
    decks.go_cue(1)
    wait(4.0)
    decks.go_cue(1)
    wait(5.0)


def whole(window: MainWindow) -> QPixmap:
    """A look on air that moves by itself, another on the other deck."""
    window.deck_link.trigger_pad(14)
    wait(1.0)
    window.link.set_modulation((Route.model_validate(ROUTE),))
    wait(FADE.duration + 1.0)
    return window.grab()


def pads(window: MainWindow) -> QPixmap:
    """One on air, one that waits for the bar."""
    window.deck_link.trigger_pad(15, Quantise.BAR)
    bar, grid = window.bank_bar, window.pads
    return window.centralWidget().grab(_around(window, bar).united(_around(window, grid)))


def decks(window: MainWindow) -> QPixmap:
    """A transition on its way."""
    wait(BAR_S + FADE.duration + 1.0)  # until the look that waited is alone on air
    window.deck_link.trigger_pad(9)
    wait(1.6)
    return window.centralWidget().grab(_around(window, window.deck_strip))


def cues(window: MainWindow) -> QPixmap:
    """One went, the next one goes by itself."""
    window.cue_panel.show()
    window.deck_link.go_cue(0)
    window.cue_panel.list.setCurrentRow(1)
    wait(1.0)
    return window.cue_panel.grab()


def controls(window: MainWindow) -> QPixmap:
    """Faders that have been learned, and what they send."""
    window.controls.set_osc(OSC_PORT)
    window.controls_panel.show()
    wait(0.5)
    mappings = load_mappings(MAPPINGS)[0]
    window.link.engine.performance.change_mappings(lambda present: mappings)
    window.deck_link.pull()
    with SimpleUDPClient("127.0.0.1", OSC_PORT) as client:
        for value in (0.4, 0.5, 0.6):
            client.send_message("/fader/1", value)
        client.send_message("/reverie/guidance_scale", 1.4)
    wait(0.5)
    window.controls_panel.list.setCurrentRow(0)
    wait(0.2)
    return window.controls_panel.grab()


def sound(window: MainWindow) -> QPixmap:
    """In the middle of a beat."""
    deadline_s = time.perf_counter() + LOOP_S
    while window.link.engine.hearing.sound.value.level < LOUD and time.perf_counter() < deadline_s:
        wait(0.02)
    wait(0.06)  # until the meters have been told
    return window.sound_panel.grab()


def modulation(window: MainWindow) -> QPixmap:
    """Of a slider that moves by itself."""
    window.link.set_modulation((Route.model_validate(ROUTE),))
    row = window.look_panel.rows["strength"]
    place = row.mapToGlobal(row.rect().bottomLeft())
    editor = window.modulation_editor
    return _opened(editor, lambda: row.want_modulation(place), editor.hide)


def look(window: MainWindow) -> QPixmap:
    """All that the look on air consists of, as far as the window is high."""
    wait(FADE.duration)  # until it is one look's alone
    return window.look_panel.grab()


def source(window: MainWindow) -> QPixmap:
    """What goes in."""
    return window.input_panel.grab()


def panic(window: MainWindow) -> QPixmap:
    """The row that never moves, while a picture is held."""
    window.panic_row.panic[OutputState.FREEZE].click()
    wait(0.3)
    shot = window.panic_row.grab()
    window.panic_row.panic[OutputState.FREEZE].click()
    return shot


def pad(window: MainWindow) -> QPixmap:
    """What a right click on a pad edits."""
    editor, pads = window.pad_menu.editor, window.deck_link.live_set.bank(1).pads
    place = window.pads.mapToGlobal(window.pads.rect().topLeft())
    return _opened(editor, lambda: editor.open_for(pads[0], place), editor.hide)


def welcome(window: MainWindow) -> QPixmap:
    """The first-run screen, when it has looked around."""
    screen = window.welcome
    return _opened(screen, screen.open_screen, screen.close_screen, LOOKING_S)


def shortcuts(window: MainWindow) -> QPixmap:
    """The sheet, searched."""
    return _opened(window.sheet, window.sheet.toggle, window.sheet.toggle)


PANELS: dict[str, Callable[[MainWindow], QPixmap]] = {
    "window": whole, "pads": pads, "decks": decks, "cues": cues, "controls": controls,
    "sound": sound, "modulation": modulation, "look": look, "input": source, "panic": panic,
    "pad": pad, "welcome": welcome, "shortcuts": shortcuts,
}  # fmt: skip


def save_small(shot: QPixmap, path: Path) -> int:
    """As a PNG of as many colours as stay below MOST_BYTES. Returns: how many bytes it has."""
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    shot.save(buffer, "PNG")
    picture = Image.open(BytesIO(buffer.data().data())).convert("RGB")
    data = b""
    for num_colours in NUM_COLOURS:
        packed = BytesIO()
        few = picture.quantize(num_colours, dither=Image.Dither.NONE)
        few.save(packed, "PNG", optimize=True)
        data = packed.getvalue()
        if len(data) <= MOST_BYTES:
            break
    path.write_bytes(data)
    return len(data)


def main() -> None:
    """Open, play, shoot, close."""
    app = QApplication([])
    apply_theme(app)
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_drums(folder / "drums.wav")
        save_settings(Settings(is_welcomed=True, text_percent=100), folder / "window.json")
        engine, show = Engine(), ShowSpec(audio=f"file:{folder / 'drums.wav'}")
        window = open_window(engine, show, folder / "window.json", session_folder=folder)
        window.resize(*WINDOW_PX)
        wait_for_model(engine)
        play(window)
        for panel, shoot in PANELS.items():
            size = save_small(shoot(window), FOLDER / f"{panel}.png")
            print(f"{panel}.png: {size / 1e3:.0f} kB", file=sys.stderr)
        window.close()


def _opened(
    part: QWidget, show: Callable[[], object], hide: Callable[[], object], after_s: float = 0.3
) -> QPixmap:
    """What is there only while it is open."""
    show()
    wait(after_s)
    shot = part.grab()
    hide()
    return shot


def _around(window: MainWindow, widget: object) -> QRect:
    """Where a part of the window lies."""
    place = widget.mapTo(window.centralWidget(), widget.rect().topLeft())  # type: ignore[attr-defined]
    return QRect(place, widget.size())  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
