from __future__ import annotations

import sys

import numpy as np
import pytest

from engine.errors import SourceError
from engine.frame import Frame
from engine.sinks import make_sink
from engine.sinks.null import NullSink
from engine.sinks.recorder import RecorderSink
from engine.sinks.show_recorder import ShowSink
from engine.sinks.virtual_camera import VirtualCameraSink
from engine.sources import make_source
from engine.sources.generator import GeneratedSource
from engine.sources.image import ImageSource
from engine.sources.screen import ScreenPlace, ScreenSource, parse_screen
from engine.sources.video_file import VideoFileSource
from engine.sources.webcam import WebcamSource


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("demo", GeneratedSource),
        ("pattern", GeneratedSource),
        ("webcam", WebcamSource),
        ("webcam:1", WebcamSource),
        ("webcam:Logitech", WebcamSource),
        ("file:clip.mp4", VideoFileSource),
        ("file:C:\\clips\\a.mp4", VideoFileSource),
        ("image:photo.png", ImageSource),
        ("screen", ScreenSource),
        ("screen:2", ScreenSource),
        ("screen:1:0,0,640,480", ScreenSource),
    ],
)
def test_every_form_of_source_is_made(uri, kind):
    assert type(make_source(uri)) is kind


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "camera",
        "demo:1",
        "file:",
        "image:",
        "show:",
        "screen:x",
        "screen:1:2,3",
        "screen:1:0,0,0,9",
    ],
)
def test_a_wrong_source_names_the_known_forms(uri):
    with pytest.raises(ValueError, match=r"write one of: demo, pattern, webcam, .*file:PATH"):
        make_source(uri)


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("record:show.mp4", RecorderSink),
        ("record:C:\\shows\\SHOW.MP4", RecorderSink),
        ("show:friday.reverie", ShowSink),
        ("vcam", VirtualCameraSink),
        ("vcam:/dev/video20", VirtualCameraSink),
        ("vcam:OBS Virtual Camera", VirtualCameraSink),
        ("null", NullSink),
    ],
)
def test_every_form_of_sink_is_made(uri, kind):
    assert type(make_sink(uri)) is kind


@pytest.mark.parametrize("uri", ["", "record:", "record:show.avi", "show:", "null:1", "ndi"])
def test_a_wrong_sink_names_the_known_forms(uri):
    with pytest.raises(
        ValueError, match=r"write one of: record:PATH\.mp4, show:FOLDER, vcam, vcam:DEVICE, null"
    ):
        make_sink(uri)


def test_generated_pictures_take_the_asked_size():
    assert make_source("pattern", 320, 200).open().width_px == 320


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ScreenPlace()),
        ("0", ScreenPlace(0)),
        ("2:10,20,300,400", ScreenPlace(2, (10, 20, 300, 400))),
        ("2:10,20,-3,4", None),
        (":1,2,3,4", None),
    ],
)
def test_screen_places_are_read(text, place):
    assert parse_screen(text) == place


def test_the_null_sink_counts_frames_and_changes():
    sink = NullSink()
    sink.open(8, 8, 30)
    for sequence in (0, 0, 1, 1, 1, 5):
        sink.write(Frame(np.zeros((8, 8, 3), np.uint8), sequence, 0.0), 0.0)
    assert (sink.written, sink.unique) == (6, 3)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a screen without DISPLAY")
def test_a_machine_without_a_display_says_so(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(
        SourceError, match=r"screen can't be captured: start Reverie from a desktop"
    ):
        make_source("screen").open()
