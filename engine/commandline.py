"""The command line as a `Command`. Every mistake is one sentence; nothing is started here."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from engine.catalogue import native_size_px
from engine.enums import FitMode, StrEnum
from engine.osc_spec import OscSpec, parse_endpoint
from engine.params import PARAMETERS, StreamParams
from engine.presets import Bank, Preset, load_preset, resolve_preset
from engine.renderer import LoraSpec, RenderSpec
from engine.replay import Wishes, replay_show
from engine.set_files import load_set
from engine.sets import Set, SetRender
from engine.show import ShowSpec
from engine.sinks import SINK_FORMS
from engine.sources import SOURCE_FORMS

NOT_OF_A_REPLAY = ("source", "sink", "set_file", "preset", "fit", "output_fps", "record_show",
                   "osc", "osc_feedback", "midi", "audio")  # fmt: skip
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


@dataclass(frozen=True)
class Command:
    """What was asked for.

    show: None when the window opens without any wish of how. is_replay: it paints a recorded one
    again. notes: what was left out of a preset, a set or a recording.
    """

    show: ShowSpec
    is_headless: bool = False
    is_replay: bool = False
    is_bare: bool = False  # no option that describes the show was given
    is_verbose: bool = False
    report: Path | None = None
    profile: Path | None = None
    save_report: Path | None = None
    listing: Listing | None = None
    notes: tuple[str, ...] = ()


def parse(arguments: Sequence[str], version: str) -> Command:
    """Read the arguments after the program's name.

    Errors: UsageError with one sentence; PresetError, SetError or RecordingError for a file that
    can't be read. `--help` and `--version` end the program, as argparse does.
    """
    options = _parser(version).parse_args(arguments)
    is_replay = options.replay is not None
    try:
        show, notes = _replay(options) if is_replay else _show(options)
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(_sentence(str(error))) from error
    return Command(
        show=show,
        is_headless=options.headless or is_replay,
        is_replay=is_replay,
        is_bare=_is_bare(options),
        is_verbose=options.verbose,
        report=options.report,
        profile=options.profile,
        save_report=options.save_report,
        listing=options.list,
        notes=notes,
    )


# ---- the options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(_sentence(f"{message}; --help shows what there is"))


DESCRIPTION = "Live video, every frame repainted to a prompt. Without options the window opens."
EPILOG = (
    "A headless run waits until the model is ready before it takes the first picture; --frames and "
    "--seconds count from then on. Ctrl-C ends a run and finishes its recording."
)


def _parser(version: str) -> argparse.ArgumentParser:
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


# ---- what they mean together


def _is_bare(options: argparse.Namespace) -> bool:
    unwished: tuple[object, ...] = (None, [], "", "auto", True)
    wishes = ("source", "sink", "set_file", "preset", "set", "seed", "steps", "model", "size",
              "accelerator", "lora", "vae", "fit", "output_fps", "frames", "seconds", "realtime",
              "osc", "osc_feedback", "midi", "audio", "record_show")  # fmt: skip
    is_plain = all(getattr(options, name) in unwished for name in wishes)
    return is_plain and not options.auto_degrade


def _show(options: argparse.Namespace) -> tuple[ShowSpec, tuple[str, ...]]:
    preset, folder, notes = _preset(options)
    live_set, left_out = load_set(options.set_file) if options.set_file else (None, [])
    kept = live_set or Set()
    spec = _render_spec(options, preset, folder, kept.render)
    chosen = _chosen(options)
    _refuse(options, ("out", "fps"), "goes with --replay SHOW")
    params = preset.apply(StreamParams()) if preset else StreamParams()
    explicit = set(chosen)
    if preset is not None:
        explicit |= {"prompt", "negative_prompt", *preset.params}
    limits: dict[str, Any] = {"max_frames": options.frames, "max_seconds_s": options.seconds}
    show = ShowSpec(
        source=options.source or kept.source or "demo",
        sinks=(tuple(options.sink) or kept.sinks) + _show_sinks(options),
        render=spec,
        params=params.with_changes(chosen),
        explicit=frozenset(explicit),
        fit=options.fit or kept.fit,
        output_fps_hz=60.0 if options.output_fps is None else options.output_fps,
        is_realtime=options.realtime,
        waits_for_model=options.headless,
        auto_degrade=options.auto_degrade,
        in_worker=not options.headless if options.worker is None else options.worker,
        osc=_osc(options),
        midi=tuple(options.midi),
        audio=options.audio,
        modulation=preset.modulation if preset else (),
        live_set=live_set,
        **limits,
    )
    return show, (*notes, *left_out)


def _replay(options: argparse.Namespace) -> tuple[ShowSpec, tuple[str, ...]]:
    _refuse(options, NOT_OF_A_REPLAY, "can't be said with --replay: the recorded show says it")
    wishes = Wishes(
        model=options.model,
        size_px=options.size,
        accelerator=None if options.accelerator == "auto" else options.accelerator,
        vae=None if options.vae == "auto" else options.vae,
        loras=tuple(options.lora),
        params=_chosen(options),
        out=options.out,
        fps_hz=options.fps,
        max_frames=options.frames,
        max_seconds_s=options.seconds,
        in_worker=bool(options.worker),
    )
    show, notes = replay_show(options.replay, wishes)
    return show, tuple(notes)


def _refuse(options: argparse.Namespace, names: tuple[str, ...], reason: str) -> None:
    """Errors: UsageError naming the first of these options that was given."""
    for name in names:
        if getattr(options, name) not in (None, [], ""):
            raise UsageError(f"--{name.replace('_', '-')} {reason}.")


def _chosen(options: argparse.Namespace) -> dict[str, object]:
    """The parameters that were said one by one; a short form counts more."""
    chosen: dict[str, object] = dict(options.set)
    short = {"seed": options.seed, "num_inference_steps": options.steps}
    return chosen | {name: value for name, value in short.items() if value is not None}


def _show_sinks(options: argparse.Namespace) -> tuple[str, ...]:
    return () if options.record_show is None else (f"show:{options.record_show}",)


def _osc(options: argparse.Namespace) -> OscSpec | None:
    if options.osc is None:
        if options.osc_feedback is not None:
            raise UsageError("--osc-feedback needs --osc [HOST:]PORT beside it.")
        return None
    host, port = options.osc
    return OscSpec(port, host, os.environ.get(OSC_TOKEN, ""), options.osc_feedback)


def _preset(options: argparse.Namespace) -> tuple[Preset | None, Path, tuple[str, ...]]:
    """The preset, its folder, and what was left out of it."""
    if options.preset is None:
        return None, Path(), ()
    path = resolve_preset(options.preset, Bank.of(options.model or "house"))
    preset, problems = load_preset(path)
    return preset, path.parent, tuple(problems)


def _render_spec(
    options: argparse.Namespace, preset: Preset | None, folder: Path, kept: SetRender | None
) -> RenderSpec:
    """kept: what the set was made for; all that is said here counts more."""
    spec = RenderSpec() if kept is None else kept.spec
    said = {"accelerator": options.accelerator, "vae": options.vae}
    spec = replace(spec, **{name: value for name, value in said.items() if value != "auto"})
    if preset is not None:
        spec = preset.apply_to_spec(spec, folder)
    model = options.model or spec.model
    is_kept = kept is not None and model == kept.model
    own_px = (spec.width_px, spec.height_px) if is_kept else native_size_px(model)
    width_px, height_px = options.size or own_px
    loras = tuple(options.lora) or spec.loras
    return replace(spec, model=model, width_px=width_px, height_px=height_px, loras=loras)


def _sentence(text: str) -> str:
    text = text.removeprefix("argument ")
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
