"""Where pictures go: recordings, virtual cameras, nowhere.

`make_sink` turns a URI into a sink; the library that a sink needs is imported only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.sinks.base import Sink

__all__ = ["SINK_FORMS", "Sink", "make_sink"]

SINK_FORMS = ("record:PATH.mp4", "show:FOLDER", "vcam", "vcam:DEVICE", "null")


def make_sink(uri: str) -> Sink:
    """The sink that `uri` names, not opened yet. Errors: ValueError naming the known forms."""
    kind, _, rest = uri.strip().partition(":")
    maker = _MAKERS.get(kind)
    sink = None if maker is None else maker(rest)
    if sink is None:
        raise ValueError(f'"{uri}" is not a sink; write one of: {", ".join(SINK_FORMS)}.')
    return sink


def _recorder(rest: str) -> Sink | None:
    from engine.sinks.recorder import RecorderSink

    return RecorderSink(rest) if Path(rest).suffix.lower() == ".mp4" else None


def _show_recorder(rest: str) -> Sink | None:
    from engine.sinks.show_recorder import ShowSink

    return ShowSink(rest) if Path(rest).name else None


def _virtual_camera(rest: str) -> Sink | None:
    from engine.sinks.virtual_camera import VirtualCameraSink

    return VirtualCameraSink(rest or None)


def _null(rest: str) -> Sink | None:
    from engine.sinks.null import NullSink

    return None if rest else NullSink()


# A maker returns None when what follows the colon makes no sense for its kind.
_MAKERS: Mapping[str, Callable[[str], Sink | None]] = {
    "record": _recorder,
    "show": _show_recorder,
    "vcam": _virtual_camera,
    "null": _null,
}
