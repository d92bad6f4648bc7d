"""A recorded show as an offline show that paints it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.catalogue import with_model
from engine.errors import RecordingError
from engine.recording.script import Script
from engine.recording.show_folder import INPUT_NAME, load_timeline
from engine.recording.timeline import Tick, Timeline
from engine.renderer import LoraSpec, RenderSpec
from engine.show import ShowSpec
from engine.sources.recorded_show import num_pictures

REPLAY_NAME = "replay.mp4"


@dataclass(frozen=True)
class Wishes:
    """What is to be otherwise than it was; what is left out stays as recorded.

    params: names and values that hold from beginning to end. out: the file; None puts it beside the
    recording. fps_hz: None gives every painted picture its own time.
    """

    model: str | None = None
    size_px: tuple[int, int] | None = None
    accelerator: str | None = None
    vae: str | None = None
    loras: tuple[LoraSpec, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    out: Path | None = None
    fps_hz: float | None = None
    max_frames: int | None = None
    max_seconds_s: float | None = None
    in_worker: bool = False


def replay_show(folder: Path, wishes: Wishes) -> tuple[ShowSpec, list[str]]:
    """The show that paints a recorded one again: every tick, in order, from the same picture.

    Returns: the show, and a sentence for each thing that can't be as it was.
    Errors: RecordingError that names what is missing; ValueError for a parameter out of range.
    """
    found, timeline, notes = load_timeline(folder)
    ticks = _with_input(timeline, num_pictures(found / INPUT_NAME), notes)
    _note_losses(timeline, notes)
    script = Script(ticks, wishes.params)
    limit = len(ticks) if wishes.max_frames is None else min(wishes.max_frames, len(ticks))
    show = ShowSpec(
        source=f"show:{found}",
        sinks=(f"record:{wishes.out or found / REPLAY_NAME}",),
        render=_render_spec(timeline.header.render.spec, wishes),
        params=script.params_of(ticks[0]),
        output_fps_hz=wishes.fps_hz or timeline.header.output_fps_hz,
        is_steady=wishes.fps_hz is not None,
        is_realtime=False,
        waits_for_model=True,
        in_worker=wishes.in_worker,
        script=script,
        is_one_by_one=script.has_other_steps,
        max_frames=limit,
        max_seconds_s=wishes.max_seconds_s,
    )
    return show, notes


def _with_input(timeline: Timeline, num_recorded: int, notes: list[str]) -> tuple[Tick, ...]:
    """The ticks whose picture there is."""
    ticks = tuple(tick for tick in timeline.ticks if tick.picture < num_recorded)
    if not ticks:
        raise RecordingError(
            f"{INPUT_NAME} holds no picture: the recording ended too soon to be painted again."
        )
    num_missing = len(timeline.ticks) - len(ticks)
    if num_missing:
        notes.append(
            f"{INPUT_NAME} ends before the timeline, as after a crash: the last {num_missing} "
            "ticks are left out."
        )
    return ticks


def _note_losses(timeline: Timeline, notes: list[str]) -> None:
    if timeline.num_lost:
        first = next(tick for tick in timeline.ticks if tick.lost)
        notes.append(
            f"The recorder was too slow for {timeline.num_lost} ticks, the first before "
            f"{first.time_s:.1f} s: they are missing here, and feedback goes on without them."
        )


def _render_spec(recorded: RenderSpec, wishes: Wishes) -> RenderSpec:
    spec = with_model(recorded, wishes.model or recorded.model)
    if wishes.size_px is not None:
        spec = replace(spec, width_px=wishes.size_px[0], height_px=wishes.size_px[1])
    return replace(
        spec,
        accelerator=wishes.accelerator or spec.accelerator,
        vae=wishes.vae or spec.vae,
        loras=wishes.loras or spec.loras,
    )
