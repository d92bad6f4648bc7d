"""Every fault by its name: what the performer sees, and how the show recovers.

`python -m tests.faults.catalogue` writes the table of README.md.
"""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).with_name("README.md")
HELD = "The last picture stays"
RETRIED = "It is tried again after 0.5, 1, 2, 4, 5, 5 … s"

MODEL_FILES = (
    "model_index.json",
    "reverie.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/tokenizer.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
)

# name: (what the performer sees, how it recovers)
FAULTS: dict[str, tuple[str, str]] = {
    "camera unplugged": (
        f"{HELD}; *lost*, with the camera's name",
        f"{RETRIED}; plays as soon as it is back",
    ),
    "camera missing at the start": ("A calm picture; *lost*, told once", RETRIED),
    "camera frozen": (f"{HELD}; *frozen*", "It is opened anew"),
    "camera driver hangs": (f"{HELD}; *frozen*", "Plays on with the next picture"),
    "camera driver crashes": (f"{HELD}; *lost*", RETRIED),
    "memory short while capturing": (f"{HELD}; *lost*", RETRIED),
    "chosen source missing": ("The old source plays on; a notice", "Choose it again"),
    "clip cut short": ("Its readable part plays, again and again", "Nothing to do"),
    "clip damaged in the middle": ("It jumps over what is damaged", "Nothing to do"),
    "clip is no video": ("The old source plays on; a notice", "Choose another file"),
    "gate fails": (f"{HELD} for a moment; a notice", "The next picture is painted"),
    "renderer crashes": (f"{HELD}; *paints no more*", "The same model is made anew, same look"),
    "renderer raises a bug": (f"{HELD}; *paints no more*", "The same model is made anew"),
    "memory runs out while painting": (f"{HELD}; a notice", "The same model is made anew"),
    "memory short while painting": (f"{HELD}; a notice", "The same model is made anew"),
    "memory runs out again": (f"{HELD}; a smaller size is offered", "Take the smaller size"),
    "memory runs out again, unattended": (
        f"{HELD}; a notice",
        "With `--auto-degrade` a smaller size is taken by itself",
    ),
    "graphics device lost": (f"{HELD}; a notice", "The model is made anew on the device"),
    "renderer hangs": (
        f"{HELD}; after `bypass_after_s` it fades to the input",
        "Fades back with the next painted picture",
    ),
    "renderer can't be made anew": (f"{HELD}, then the input", f"{RETRIED}, told once"),
    "model missing": ("The old look plays on; a notice", "Choose another model"),
    "model raises a bug while loading": ("The old look plays on; a notice", "Choose another"),
    "memory short while loading": ("The old look plays on; a notice", "Load it again"),
    "accelerator fails to build": ("The old look plays on; a notice", "Choose another"),
    "chosen by itself, an accelerator fails to build": (
        "The old look plays on; then the model plays, slower",
        "The next accelerator is taken; the report says why",
    ),
    "decoded picture holds NaN": (f"{HELD} for that tick; a notice", "The next one is shown"),
    "prompt can't be encoded": ("The words before play on; a notice", "Other words"),
    "presenter fails": ("The picture is sent again; a notice", "Goes on with the next tick"),
    "sink not installed": ("The other sinks play on; a notice", "Add it again"),
    "sink fails": ("The other sinks play on; a notice", f"{RETRIED}; told when it is back"),
    "sink raises a bug": ("The other sinks play on; a notice", RETRIED),
    "sink stalls": ("The other sinks play on; it is *slow*", "Plays on when it answers"),
    "memory short while writing": ("The other sinks play on; a notice", RETRIED),
    "virtual camera removed": ("The other sinks play on; a notice", RETRIED),
    "disk full while recording": (
        "The other sinks play on; a notice; what was recorded is kept",
        f"{RETRIED}; make room and it records on, in a new file",
    ),
    "recording into a missing folder": ("The other sinks play on; a notice", "Record elsewhere"),
    "disk full while autosaving": ("A notice, once", "It is written when there is room"),
    "disk full while saving a set": ("A notice", "The saved set is untouched; make room"),
    "disk full while saving a look": ("A notice", "The saved look is untouched; make room"),
    "session folder can't be written": ("A notice", "Save the set by hand"),
    "preset damaged in any field": ("The field is named", "The other fields are read"),
    "preset beyond reading": ("The file and the reason are named", "The look of before stays"),
    "set damaged in any field": ("The part is named", "The other parts are read"),
    "set beyond reading": ("A notice", "The copy kept of the one before is opened"),
    **{
        f"model file cut short: {file}": (
            "The old look plays on; the file is named",
            "Copy the model's folder there again",
        )
        for file in MODEL_FILES
    },
    "download breaks off": ("The old look plays on; a notice", "Load it again: it is continued"),
    "download lies about its size": (
        "The old look plays on; the file is named",
        "The file is deleted; load it again",
    ),
    "download lies about its checksum": (
        "The old look plays on; the file is named",
        "The file is deleted; load it again",
    ),
    "disk full while downloading": ("The old look plays on; a notice", "Make room, load it again"),
    "no network": ("The old look plays on; a notice", "Connect once, or copy the folder"),
    "audio device lost": ("What sound moves comes to rest; a notice", RETRIED),
    "audio device missing": ("What sound moves stays at rest; a notice", RETRIED),
    "MIDI device lost": ("The controller is *away*", "Plug it in; its mappings are kept"),
    "no MIDI on this machine": ("A notice, once", "Keys and OSC play without it"),
    "gamepad lost": ("What was held on it is let go; it is *away*", "Plug it in, or another one"),
    "no gamepads on this machine": ("A notice, once", "Keys, MIDI and OSC play without it"),
    "OSC port taken": ("A notice with the port", "Choose another port"),
    "clock jumps ahead": (f"{HELD} as long as the machine sleeps", "Steady at once, no burst"),
    "program told to end (SIGTERM)": ("The show ends", "The recording is whole"),
    "program killed (SIGKILL)": ("The show ends", "The recording plays up to its last second"),
    "worker killed (SIGKILL)": (f"{HELD}; a notice", "Another worker is started, same look"),
    "worker stopped (SIGSTOP)": (f"{HELD}; a notice", "It is killed, another one is started"),
    "worker crashes (SIGSEGV)": (f"{HELD}; a notice", "Another worker is started, same look"),
    "window closed while loading": ("The window closes", "Loading is given up, the show ends"),
}


def table() -> str:
    """The faults as a Markdown table."""
    rows = [f"| {name} | {seen} | {recovers} |" for name, (seen, recovers) in FAULTS.items()]
    head = ["| fault | what the performer sees | how it recovers |", "|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def page() -> str:
    """README.md, whole."""
    return f"""# Faults

Every row is a test in this folder that injects the fault at the outermost edge of a whole show and
asserts, through `harness.py`: the output keeps its cadence (no gap above two periods), the
performer is told in a sentence, the state is held or comes back, what was saved before is the same
bit for bit, and no thread, process, file handle or shared memory is left.

{table()}
This page is generated: `python -m tests.faults.catalogue`.
"""


if __name__ == "__main__":
    README.write_text(page(), encoding="utf-8")
