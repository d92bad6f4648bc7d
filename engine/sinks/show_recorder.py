"""The show recorder: the output, and beside it all that is needed to paint it again."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

from engine.errors import SinkError
from engine.frame import Frame
from engine.recording.show_folder import (
    ABOUT_NAME,
    INPUT_NAME,
    OUTPUT_NAME,
    TIMELINE_NAME,
    claim_unused_folder,
    with_suffix,
    write_about,
)
from engine.recording.tap import Painting, Tap
from engine.recording.timeline import VERSION, Header, Tick
from engine.recording.timeline_writer import TimelineWriter, rising
from engine.sets import SetRender
from engine.sinks.recorder import LOSSLESS, RecorderSink, reason_of
from engine.versions import versions


class ShowSink:
    """Writes one folder for every model that plays. Owned by one sink thread; `tap`: see there.

    An existing folder is never written to: "show.reverie" becomes "show-2.reverie", and so it does
    when another model or size takes over, since a folder has one of each. It never holds up the
    model: what was too much to write is missing, and the timeline says where.
    """

    rate_hz: float | None = None
    wants_standby = False

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._wanted = with_suffix(folder)
        self.tap = Tap()
        self._folder: Path | None = None
        self._form = (0, 0, 0.0)
        self._output: RecorderSink | None = None
        self._output_starts_s: float | None = None
        self._take: Take | None = None

    @property
    def name(self) -> str:
        folder = self._folder or self._wanted
        if folder == self._wanted:
            return f"recording the show {folder.name}"
        return f"recording the show {folder.name} ({self._wanted.name} was there already)"

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        self._form = (width_px, height_px, fps_hz)
        self._begin_folder()
        self.tap.open()

    def write(self, frame: Frame, presented_s: float) -> None:
        try:
            for painting in self.tap.fetch():
                self._record(painting, presented_s)
            self._write_output(frame, presented_s)
        except SinkError:
            self._abandon()
            raise

    def close(self) -> None:
        """Finish every file; what holds no picture is removed."""
        rest = self.tap.close()
        try:
            if self._output_starts_s is not None:
                for painting in rest:
                    self._record(painting, self._output_starts_s)
        finally:
            self._end_folder()

    def _record(self, painting: Painting, presented_s: float) -> None:
        if self._take is not None and painting.spec != self._take.spec:
            self._end_folder()
            self._begin_folder()
        if self._take is None:
            if self._output_starts_s is None:
                self._output_starts_s = presented_s
            self._take = Take(self._claimed(), painting, self._form[2], self._output_starts_s)
        self._take.add(painting)

    def _write_output(self, frame: Frame, presented_s: float) -> None:
        if self._output is None:
            raise SinkError(f"Can't record the show to {self._wanted}: it is not open.")
        if self._output_starts_s is None:
            self._output_starts_s = presented_s
        self._output.write(frame, presented_s)

    def _begin_folder(self) -> None:
        try:
            self._folder = claim_unused_folder(self._wanted)
        except OSError as error:
            raise SinkError(
                f"Can't record the show to {self._wanted}: {reason_of(error)}."
            ) from error
        self._output = RecorderSink(self._folder / OUTPUT_NAME)
        self._output.open(*self._form)

    def _end_folder(self) -> None:
        """Every part is closed, even if another one can't be."""
        take, self._take = self._take, None
        output, self._output = self._output, None
        self._output_starts_s = None
        with ExitStack() as stack:
            stack.callback(self._tidy)
            if output is not None:
                stack.callback(output.close)
            if take is not None:
                stack.callback(take.close)

    def _abandon(self) -> None:
        """After a failure, which is the one to tell; what there is stays."""
        self.tap.close()
        with suppress(SinkError):
            self._end_folder()

    def _tidy(self) -> None:
        """A full disk is tried again and again, and must not fill up with empty folders."""
        if self._folder is None or (self._folder / OUTPUT_NAME).exists():
            return
        if not (self._folder / INPUT_NAME).exists():
            for name in (TIMELINE_NAME, ABOUT_NAME):
                (self._folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # somebody has put something there
                self._folder.rmdir()

    def _claimed(self) -> Path:
        return self._folder or self._wanted


class Take:
    """The input and the timeline of one model. Owned by one thread. Errors: SinkError."""

    def __init__(
        self, folder: Path, first: Painting, output_fps_hz: float, output_starts_s: float
    ) -> None:
        """first: gives the model and its size. output_starts_s: on the paintings' clock."""
        self.spec = first.spec
        self._folder = folder
        self._first_s = first.time_s
        self._last_s: float | None = None
        self._sequence: int | None = None
        self._num_pictures = self._num_ticks = self._num_lost = 0
        self._recorded_at = datetime.now().astimezone().isoformat(timespec="seconds")
        header = Header(
            version=VERSION,
            render=SetRender.of(first.spec),
            params=first.params.as_dict(),
            output_fps_hz=output_fps_hz,
            output_starts_s=round(output_starts_s - first.time_s, 6),
            model_name=first.info.model_name,
            accelerator=first.info.accelerator,
            device=first.info.device,
            recorded_at=self._recorded_at,
            versions=versions(),
        )
        self._input = RecorderSink(folder / INPUT_NAME, LOSSLESS)
        self._input.open(first.frame.width_px, first.frame.height_px, output_fps_hz)
        try:
            self._timeline = TimelineWriter(folder / TIMELINE_NAME, header)
            self._write_about(has_ended=False)
        except OSError as error:
            self._input.close()
            raise self._failure(error) from error

    def add(self, painting: Painting) -> None:
        """The picture, unless it is the last one again or was skipped, and then its line."""
        is_new = painting.frame.sequence != self._sequence and not painting.is_skipped
        if is_new or self._num_pictures == 0:
            self._sequence = painting.frame.sequence
            self._num_pictures += 1
            self._input.write(painting.frame, painting.time_s)
        self._last_s = rising(painting.time_s - self._first_s, self._last_s)
        tick = Tick(
            time_s=self._last_s,
            sequence=painting.frame.sequence,
            picture=self._num_pictures - 1,
            params=painting.params,
            is_skipped=painting.is_skipped,
            is_anew=painting.is_anew,
            lost=painting.lost,
            output=painting.output,
            fade=painting.fade,
        )
        try:
            self._timeline.add(tick)
        except OSError as error:
            raise self._failure(error) from error
        self._num_ticks += 1
        self._num_lost += painting.lost

    def close(self) -> None:
        with ExitStack() as stack:
            stack.callback(self._timeline.close)
            stack.callback(self._input.close)
            try:
                self._write_about(has_ended=True)
            except OSError as error:
                raise self._failure(error) from error

    def _write_about(self, has_ended: bool) -> None:
        about = {
            "recorded_at": self._recorded_at,
            "model": self.spec.model,
            "width_px": self.spec.width_px,
            "height_px": self.spec.height_px,
            "has_ended": has_ended,
            "duration_s": self._last_s or 0.0,
            "paintings": self._num_ticks,
            "input_pictures": self._num_pictures,
            "paintings_lost": self._num_lost,
            "replay": f'python main.py --replay "{self._folder.name}" --steps 4',
        }
        write_about(self._folder, about)

    def _failure(self, error: OSError) -> SinkError:
        return SinkError(
            f"The recording of the show {self._folder} stopped: {reason_of(error)}; what was "
            "recorded until then is kept."
        )
