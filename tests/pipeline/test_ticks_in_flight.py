"""Two ticks in flight: the same pictures, each a tick later, and none of them lost.

The streams of a card are for `tests/hardware`; here its order of things is played on a processor.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.copies import downlink_from, uplink_to
from engine.diffusion.find_model import load_model
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.painter import Painted, Painter
from engine.diffusion.prompt import PromptBook
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.tickets import TicketOffice
from engine.errors import InvalidFrame
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderSpec
from tests import tiny_models

SIDE = 32
CPU = torch.device("cpu")
PLACE = Placement(CPU, torch.float32)


class Stream:
    """One painter that is fed one picture after the other."""

    def __init__(self, model: Path, ticks_in_flight: int) -> None:
        loaded = load_model(RenderSpec(str(model), SIDE, SIDE), PLACE, lambda progress: None)
        self.backbone = SDBackbone(
            loaded.info, loaded.unet, loaded.vae, CPU, torch.float32, (SIDE, SIDE)
        )
        self.painter = Painter(self.backbone, SIDE, SIDE, ticks_in_flight=ticks_in_flight)
        self.prompts = PromptBook(loaded.text_encoder, CPU)
        side = SIDE // loaded.info.vae_scale_factor
        shape = (loaded.info.latent_channels, side, side)
        self.office = TicketOffice(loaded.info, self.prompts, shape, CPU)
        self.count = 0

    def paint(self, num_steps: int = 1) -> Painted | None:
        ticket = self.office.ticket_for(StreamParams(num_inference_steps=num_steps))
        self.count += 1
        return self.painter.paint(picture(self.count), ticket, tag=self.count)

    def all_of(self, steps: list[int]) -> list[tuple[object, bytes]]:
        """Every picture that comes out, in order, with what it entered with."""
        painted = [self.paint(num_steps) for num_steps in steps]
        painted += self.painter.flush()
        assert self.painter.in_flight == 0
        return [(each.tag, each.image.tobytes()) for each in painted if each is not None]

    def close(self) -> None:
        self.prompts.close()


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("models") / "sd1-lcm", "sd1-lcm")


@pytest.fixture
def streams(model: Path):
    pair = Stream(model, 1), Stream(model, 2)
    yield pair
    for stream in pair:
        stream.close()


def test_each_picture_comes_out_with_the_tick_after_its_own(streams: tuple[Stream, Stream]):
    _, ahead = streams
    assert ahead.paint() is None
    tags = [painted.tag for painted in (ahead.paint(), ahead.paint()) if painted]
    assert (tags, ahead.painter.in_flight) == ([1, 2], 1)


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.integers(1, 3), min_size=1, max_size=8))
def test_the_same_pictures_come_out_whatever_the_steps_do(model: Path, steps: list[int]) -> None:
    one, two = Stream(model, 1), Stream(model, 2)
    assert one.all_of(steps) == two.all_of(steps)
    for stream in (one, two):
        stream.close()


def test_a_tick_that_finishes_nothing_hands_out_the_picture_before(
    streams: tuple[Stream, Stream],
):
    _, ahead = streams
    ahead.paint(1)
    painted = ahead.paint(3)  # two more ticks until its own is there
    assert painted is not None
    assert painted.tag == 1


def test_a_picture_with_nan_takes_none_of_the_others_along(
    streams: tuple[Stream, Stream], monkeypatch: pytest.MonkeyPatch
):
    _, ahead = streams
    decode = ahead.backbone.decode
    ahead.paint()
    with monkeypatch.context() as patch:
        patch.setattr(ahead.backbone, "decode", lambda latent: decode(latent) * torch.nan)
        assert (painted := ahead.paint()) is not None
        assert painted.tag == 1
    with pytest.raises(InvalidFrame):
        ahead.paint()
    assert [painted.tag for painted in ahead.painter.flush()] == [3]


def test_a_whole_picture_is_there_at_once(streams: tuple[Stream, Stream]):
    one, ahead = streams
    painted = [
        stream.painter.paint_whole(
            picture(1), stream.office.ticket_for(StreamParams(num_inference_steps=steps))
        )
        for stream in (one, ahead)
        for steps in (1, 3)
    ]
    images = [each.image.tobytes() for each in painted]
    assert images[:2] == images[2:]


def test_a_processor_holds_no_picture_back(model: Path) -> None:
    """Its ticks end when they return: a picture held would only be late."""
    renderer = StreamRenderer()
    spec = RenderSpec(str(model), SIDE, SIDE, "eager", ticks_in_flight=2)
    renderer.prepare(spec, lambda progress: None)
    params = StreamParams(num_inference_steps=1)
    assert renderer.render(Frame(picture(0), 0, 0.0), params) is not None
    assert renderer.in_flight == 0
    renderer.close()


def test_what_was_fetched_stays_whatever_is_written_after() -> None:
    source = torch.zeros(3, dtype=torch.uint8)
    arrival = downlink_from(CPU, (3,)).fetch(source)
    source.fill_(7)
    assert arrival().tolist() == [0, 0, 0]


def test_what_is_sent_lands_in_the_same_memory_every_time() -> None:
    uplink = uplink_to(CPU, (2,))
    landed = uplink.landed
    for value in (3, 9):
        uplink.send(np.full(2, value, dtype=np.uint8))
        assert (uplink.landed is landed, landed.tolist()) == (True, [value, value])
