"""Where pictures come from: cameras, clips, stills, screens, generators.

`make_source` turns a URI into a source; the libraries that a source needs are imported only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.sources.base import Capture, Source, SourceInfo

__all__ = ["SOURCE_FORMS", "Capture", "Source", "SourceInfo", "make_source"]

SOURCE_FORMS = (
    "demo",
    "pattern",
    "webcam",
    "webcam:N",
    "webcam:NAME",
    "file:PATH",
    "image:PATH",
    "show:FOLDER",
    "screen",
    "screen:N",
    "screen:N:X,Y,WIDTH,HEIGHT",
)


@dataclass(frozen=True, slots=True)
class _Options:
    width_px: int
    height_px: int
    loops: bool


def make_source(
    uri: str, width_px: int = 1280, height_px: int = 720, *, loops: bool = True
) -> Source:
    """The source that `uri` names, not opened yet.

    width_px, height_px: the size of generated pictures, and what a camera is asked for.
    loops: whether a video file begins again at its end.
    Errors: ValueError naming the known forms.
    """
    kind, _, rest = uri.strip().partition(":")
    maker = _MAKERS.get(kind)
    source = None if maker is None else maker(rest, _Options(width_px, height_px, loops))
    if source is None:
        raise ValueError(f'"{uri}" is not a source; write one of: {", ".join(SOURCE_FORMS)}.')
    return source


def _demo(rest: str, options: _Options) -> Source | None:
    from engine.sources.demo import demo_source

    return None if rest else demo_source(options.width_px, options.height_px)


def _pattern(rest: str, options: _Options) -> Source | None:
    from engine.sources.pattern import pattern_source

    return None if rest else pattern_source(options.width_px, options.height_px)


def _webcam(rest: str, options: _Options) -> Source | None:
    from engine.sources.webcam import WebcamSource

    return WebcamSource(rest, options.width_px, options.height_px)


def _file(rest: str, options: _Options) -> Source | None:
    from engine.sources.video_file import VideoFileSource

    return VideoFileSource(rest, options.loops) if rest else None


def _image(rest: str, _options: _Options) -> Source | None:
    from engine.sources.image import ImageSource

    return ImageSource(rest) if rest else None


def _show(rest: str, options: _Options) -> Source | None:
    from engine.sources.recorded_show import RecordedShowSource

    return RecordedShowSource(rest, options.loops) if rest else None


def _screen(rest: str, _options: _Options) -> Source | None:
    from engine.sources.screen import ScreenSource, parse_screen

    place = parse_screen(rest)
    return None if place is None else ScreenSource(place)


# A maker returns None when what follows the colon makes no sense for its kind.
_MAKERS: Mapping[str, Callable[[str, _Options], Source | None]] = {
    "demo": _demo,
    "pattern": _pattern,
    "webcam": _webcam,
    "file": _file,
    "image": _image,
    "show": _show,
    "screen": _screen,
}
