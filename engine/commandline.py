"""The command line as a `Command`. Every mistake is one sentence; nothing is started here."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.catalogue import native_size_px, with_model
from engine.command_options import OSC_TOKEN, Listing, UsageError, as_sentence, make_parser
from engine.osc_spec import OscSpec
from engine.params import StreamParams
from engine.presets import Bank, Preset, load_preset, resolve_preset
from engine.renderer import RenderSpec
from engine.replay import Wishes, replay_show
from engine.set_files import load_set
from engine.sets import Set, SetRender
from engine.show import ShowSpec

NOT_OF_A_REPLAY = ("source", "sink", "set_file", "preset", "fit", "output_fps", "target_fps",
                   "record_show", "osc", "osc_feedback", "midi", "gamepad", "audio")  # fmt: skip


@dataclass(frozen=True)
class Command:
    """What was asked for.

    show: None when the window opens without any wish of how. is_replay: it paints a recorded one
    again. notes: what was left out of a preset, a set or a recording.
    """

    show: ShowSpec
    set_file: Path | None = None
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
    options = make_parser(version).parse_args(arguments)
    is_replay = options.replay is not None
    try:
        show, notes = _replay(options) if is_replay else _show(options)
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(as_sentence(str(error))) from error
    return Command(
        show=show,
        set_file=options.set_file,
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


# ---- what the options mean together


def _is_bare(options: argparse.Namespace) -> bool:
    unwished: tuple[object, ...] = (None, [], "", "auto", True)
    wishes = ("source", "sink", "set_file", "preset", "set", "seed", "steps", "model", "size",
              "accelerator", "precision", "lora", "vae", "fit", "output_fps", "target_fps",
              "frames", "seconds", "realtime", "osc", "osc_feedback", "midi", "gamepad", "audio",
              "record_show")  # fmt: skip
    is_plain = all(getattr(options, name) in unwished for name in wishes)
    is_special = options.auto_degrade or options.fp16_accumulation or options.ticks_in_flight > 1
    return is_plain and not is_special


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
        target_fps_hz=options.target_fps or 0.0,
        is_realtime=options.realtime,
        waits_for_model=options.headless,
        auto_degrade=options.auto_degrade,
        in_worker=not options.headless if options.worker is None else options.worker,
        osc=_osc(options),
        midi=tuple(options.midi),
        gamepads=tuple(options.gamepad),
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
    spec = RenderSpec() if kept is None else kept.on(RenderSpec())
    if preset is not None:
        spec = preset.apply_to_spec(spec, folder)
    spec = with_model(spec, options.model or spec.model)
    said = {"accelerator": options.accelerator, "vae": options.vae}
    spec = replace(spec, **{name: value for name, value in said.items() if value != "auto"})
    spec = replace(
        spec,
        fp16_accumulation=options.fp16_accumulation,
        precision=options.precision,
        ticks_in_flight=options.ticks_in_flight,
    )
    is_kept = kept is not None and spec.model == kept.model
    own_px = (spec.width_px, spec.height_px) if is_kept else native_size_px(spec.model)
    width_px, height_px = options.size or own_px
    loras = tuple(options.lora) or spec.loras
    return replace(spec, width_px=width_px, height_px=height_px, loras=loras)
