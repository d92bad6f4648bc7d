"""Where pictures come from: cameras, clips, stills, screens, generators.

`make_source` turns a URI into a source; the libraries that a source needs are imported only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
    "screen",
    "screen:N",
    "screen:N:X,Y,WIDTH,HEIGHT",
)


def make_source(uri: str, width_px: int = 1280, height_px: int = 720) -> Source:
    """The source that `uri` names, not opened yet.

    width_px, height_px: the size of generated pictures, and what a camera is asked for.
    Errors: ValueError naming the known forms.
    """
    kind, _, rest = uri.strip().partition(":")
    maker = _MAKERS.get(kind)
    if maker is None:
        raise unknown_form(uri)
    return maker(rest, width_px, height_px)


def unknown_form(uri: str) -> ValueError:
    """The error for a URI that names no source."""
    return ValueError(f'"{uri}" is not a source; write one of: {", ".join(SOURCE_FORMS)}.')


def _demo(rest: str, width_px: int, height_px: int) -> Source:
    from engine.sources.demo import DemoSource

    if rest:
        raise unknown_form(f"demo:{rest}")
    return DemoSource(width_px, height_px)


def _pattern(rest: str, width_px: int, height_px: int) -> Source:
    from engine.sources.pattern import PatternSource

    if rest:
        raise unknown_form(f"pattern:{rest}")
    return PatternSource(width_px, height_px)


def _webcam(rest: str, width_px: int, height_px: int) -> Source:
    from engine.sources.webcam import WebcamSource

    return WebcamSource(rest, width_px, height_px)


def _file(rest: str, _width_px: int, _height_px: int) -> Source:
    from engine.sources.video_file import VideoFileSource

    if not rest:
        raise unknown_form("file:")
    return VideoFileSource(rest)


def _image(rest: str, _width_px: int, _height_px: int) -> Source:
    from engine.sources.image import ImageSource

    if not rest:
        raise unknown_form("image:")
    return ImageSource(rest)


def _screen(rest: str, _width_px: int, _height_px: int) -> Source:
    from engine.sources.screen import ScreenSource, parse_screen

    try:
        return ScreenSource(*parse_screen(rest))
    except ValueError as error:
        raise unknown_form(f"screen:{rest}") from error


_MAKERS: Mapping[str, Callable[[str, int, int], Source]] = {
    "demo": _demo,
    "pattern": _pattern,
    "webcam": _webcam,
    "file": _file,
    "image": _image,
    "screen": _screen,
}
