"""The options of the command line, each with its help and its own check."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from engine.enums import FitMode, Precision, StrEnum
from engine.osc_spec import parse_endpoint
from engine.params import PARAMETERS
from engine.renderer import LoraSpec
from engine.sinks import SINK_FORMS
from engine.sources import SOURCE_FORMS

OSC_TOKEN = "REVERIE_OSC_TOKEN"  # not an option: options are there for all users to see


class UsageError(ValueError):
    """The command line asks for what there isn't; the message says what there is."""


class Listing(StrEnum):
    """What `--list` can show."""

    CAMERAS = "cameras"
    MODELS = "models"
    ACCELERATORS = "accelerators"
    PARAMETERS = "parameters"
    CONTROLLERS = "controllers"
    SOUND = "sound"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(as_sentence(f"{message}; --help shows what there is"))


DESCRIPTION = "Live video, every frame repainted to a prompt. Without options the window opens."
EPILOG = (
    "A headless run waits until the model is ready before it takes the first picture; --frames and "
    "--seconds count from then on. Ctrl-C ends a run and finishes its recording."
)


def make_parser(version: str) -> argparse.ArgumentParser:
    """Errors, when it parses: UsageError. `--help` and `--version` end the program."""
    parser = _Parser("reverie", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False)
    add = parser.add_argument
    add("--version", action="version", version=f"Reverie {version}")
    add("--list", type=_choice(Listing), help=f"show {_words(Listing)} and end")
    add("--headless", action="store_true", help="run without a window")
    _add_ways(parser)
    _add_controls(parser)
    _add_look(parser)
    _add_run(parser)
    _add_recording(parser)
    add("--verbose", action="store_true", help="say more on stderr")
    text = "pack logs, crash dumps, versions and the doctor's table to send in, and end"
    add("--save-report", metavar="PATH.zip", type=Path, help=text)
    return parser


def _add_ways(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("in and out").add_argument
    forms = ", ".join(SOURCE_FORMS)
    add("--source", metavar="URI", help=f"where pictures come from: {forms}")
    forms = ", ".join(SINK_FORMS)
    _add_list(add, "--sink", "URI", str, f"where pictures go, repeatable: {forms}")
    add("--fit", type=_choice(FitMode), help=f"input of another aspect: {_words(FitMode)}")
    add("--output-fps", metavar="HZ", type=float, help="the output's steady rate (60)")


def _add_controls(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("controls").add_argument
    text = f"hear OSC here; beyond this machine it needs a token in {OSC_TOKEN}"
    add("--osc", metavar="[HOST:]PORT", type=_endpoint, help=text)
    text = "send values that have changed there by OSC"
    add("--osc-feedback", metavar="[HOST:]PORT", type=_endpoint, help=text)
    text = "play by controllers with this in their name, repeatable; all: by all"
    _add_list(add, "--midi", "PORT", str, text)
    _add_list(add, "--gamepad", "NAME", str, "the same of gamepads, repeatable; all: all of them")
    text = "listen to this input, or to a file instead: default, a part of its name, file:PATH"
    add("--audio", metavar="DEVICE|file:PATH", default="", help=text)


def _add_look(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("look").add_argument
    text = "a set: its pads, cues and looks, source and sinks; what else is said here counts more"
    add("--set-file", metavar="SHOW", type=Path, help=text)
    add("--preset", metavar="NAME|PATH", help="the look to begin with")
    text = "a parameter, repeatable; --list parameters shows them"
    _add_list(add, "--set", "NAME=VALUE", _assignment, text)
    add("--seed", metavar="N", help="the same as --set seed=N")
    add("--steps", metavar="N", help="the same as --set num_inference_steps=N")
    add("--model", metavar="NAME|PATH|HUB-ID", help="house (shipped), identity (paints nothing) …")
    add("--size", metavar="WxH", type=_size, help="of the painted picture; the model's own if left")
    add("--accelerator", metavar="NAME", default="auto", help="--list accelerators shows them")
    text = "NVIDIA in PyTorch: matrix products add up in float16, faster on GeForce, less exact"
    add("--fp16-accumulation", action="store_true", help=text)
    text = "8bit: the house model's decoder in integers on a processor, faster and less exact"
    add("--precision", type=_choice(Precision), default=Precision.AUTO, help=text)
    text = "on a card, 2: more pictures a second, each of them a tick later (1)"
    add("--ticks-in-flight", metavar="1|2", type=int, choices=(1, 2), default=1, help=text)
    _add_list(add, "--lora", "PATH[:SCALE]", _lora, "fused into the model, repeatable")
    vae = "autoencoder: auto takes the tiny one made for the model, own the model's; or a path"
    add("--vae", metavar="auto|own|PATH", default="auto", help=vae)


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("run").add_argument
    add("--frames", metavar="N", type=int, help="end after N captured pictures")
    add("--seconds", metavar="S", type=float, help="end after S seconds")
    add(
        "--realtime",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="--no-realtime feeds every frame and waits: the same pictures at every run",
    )
    add(
        "--worker",
        action=argparse.BooleanOptionalAction,
        help="paint in a process of its own, which may crash without ending the show "
        "(default: with the window)",
    )
    text = "hold a rate of new pictures: with fewer steps, then smaller, as far as it must be"
    add("--target-fps", metavar="HZ", type=float, help=text)
    text = "make a model smaller by itself that runs out of memory again and again"
    add("--auto-degrade", action="store_true", help=text)
    add("--report", metavar="PATH.json", type=Path, help="write what happened, as JSON")
    text = "write each stage's timing as a trace for ui.perfetto.dev"
    add("--profile", metavar="PATH.json", type=Path, help=text)


def _add_recording(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("recorded shows").add_argument
    text = "record the output, the input and every change of the parameters into a folder"
    add("--record-show", metavar="FOLDER", help=text)
    text = "paint a recorded show again, offline; --steps, --size, --model, --set … change how"
    add("--replay", metavar="SHOW", type=Path, help=text)
    add("--out", metavar="PATH.mp4", type=_mp4, help="where to (replay.mp4 beside the recording)")
    text = "a film of so many pictures a second, instead of each at its own time"
    add("--fps", metavar="HZ", type=float, help=text)


def _add_list(
    add: Callable[..., object],
    name: str,
    metavar: str,
    convert: Callable[[str], object],
    text: str,
) -> None:
    add(name, metavar=metavar, type=convert, action="append", default=[], help=text)


def _words(choices: type[StrEnum]) -> str:
    return ", ".join(choices)


def _choice(choices: type[StrEnum]) -> Callable[[str], StrEnum]:
    def convert(text: str) -> StrEnum:
        if text not in list(choices):
            raise argparse.ArgumentTypeError(f"{text!r} is none of {_words(choices)}")
        return choices(text)

    return convert


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value")
    if name not in PARAMETERS:
        raise argparse.ArgumentTypeError(
            f"there is no parameter {name!r}; there are {', '.join(PARAMETERS)}"
        )
    return name, value


def _endpoint(text: str) -> tuple[str, int]:
    try:
        return parse_endpoint(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _mp4(text: str) -> Path:
    if Path(text).suffix.lower() != ".mp4":
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of an .mp4 file")
    return Path(text)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512x512")
    size_px = (int(width), int(height))
    if any(side % 8 or not 64 <= side <= 4096 for side in size_px):
        raise argparse.ArgumentTypeError(
            f"{text} can't be painted: both sides are multiples of 8 from 64 to 4096"
        )
    return size_px


def _lora(text: str) -> LoraSpec:
    path, colon, scale_text = text.rpartition(":")
    try:
        scale = float(scale_text) if colon and path else None
    except ValueError:  # the colon belongs to the path, as in C:\loras\ink.safetensors
        scale = None
    if scale is None:
        return LoraSpec(text)
    if not math.isfinite(scale):
        raise argparse.ArgumentTypeError(f"{text!r} has a scale that is no finite number")
    return LoraSpec(path, scale)


def as_sentence(text: str) -> str:
    """What argparse or a check says, with a capital and a full stop."""
    text = text.removeprefix("argument ")
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
