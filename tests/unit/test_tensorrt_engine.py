"""Running engines: fixed memory, copies only of what is new, kernels kept. The card is a fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.cache import BuildCache, Shelf
from engine.diffusion.accelerators.onnx_export import MAX_ROWS
from engine.diffusion.accelerators.tensorrt import TensorRtBackbone, target_of
from engine.diffusion.accelerators.tensorrt_engine import KERNELS, Engine, EngineRoom
from engine.diffusion.accelerators.tensorrt_library import Library
from engine.diffusion.faults import explain
from engine.errors import AcceleratorError, RendererLost
from engine.renderer import RenderSpec
from tests.support import fake_tensorrt as fake

RTX = Library("fake-rtx", "Fake-RTX", "tests.support.fake_tensorrt", compiles_at_runtime=True)
FULL = Library("fake", "Fake", "tests.support.fake_tensorrt", compiles_at_runtime=False)
CPU = torch.device("cpu")


class Stream:
    """Where everything happens at once, order needs no keeping."""

    cuda_stream = 7

    def __init__(self, *_: object) -> None: ...

    def wait_stream(self, other: object) -> None: ...


@pytest.fixture(autouse=True)
def _no_card(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("torch.cuda.Stream", Stream)
    monkeypatch.setattr("torch.cuda.current_stream", Stream)
    yield
    fake.contexts.clear()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return BuildCache("fake", tmp_path).shelf("key")


def engine_of(library: Library, shelf: Shelf) -> tuple[EngineRoom, Engine]:
    file = shelf.folder / "denoiser.engine"
    file.write_bytes(b"engine")
    room = EngineRoom(library, CPU, shelf)
    return room, room.load(file, {})


def inputs(count: int, seed: int = 0) -> tuple[torch.Tensor, tuple[torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    x_t = torch.randn(count, fake.WIDTH, generator=generator)
    return x_t, (torch.randn(count, fake.WIDTH, generator=generator).half(),)


def test_a_constant_input_is_set_once_and_is_none_of_a_calls_inputs(shelf: Shelf) -> None:
    file = shelf.folder / "denoiser.engine"
    file.write_bytes(b"engine")
    constant = torch.arange(float(fake.WIDTH)).expand(MAX_ROWS, -1)
    room = EngineRoom(RTX, CPU, shelf)
    engine = room.load(file, {"rows": constant, "of another engine": torch.zeros(1)})
    (context,) = fake.contexts
    context.set_input_shape("rows", (2, fake.WIDTH))  # in this fake alone it has open rows
    x_t, _ = inputs(2)
    assert torch.equal(engine(x_t), x_t + constant[:2])


@pytest.mark.parametrize("library", [RTX, FULL])
def test_an_engine_computes_from_its_inputs_for_every_number_of_rows(
    library: Library, shelf: Shelf
) -> None:
    _, engine = engine_of(library, shelf)
    for seed, count in enumerate((1, 3, 3, MAX_ROWS, 2)):
        x_t, rows = inputs(count, seed)
        assert torch.equal(engine(x_t, rows), x_t + rows[0])


def test_its_memory_stays_where_it_is_and_shapes_are_set_only_when_they_change(
    shelf: Shelf,
) -> None:
    _, engine = engine_of(RTX, shelf)
    (context,) = fake.contexts
    before = dict(context.addresses)
    for _ in range(3):
        engine(*inputs(2))
    assert context.addresses == before
    assert context.num_reshapes == 2  # x_t and rows, once
    assert context.config is not None
    assert vars(context.config)["cuda_graph_strategy"] == "whole"


def test_rows_are_copied_only_when_they_are_others(shelf: Shelf) -> None:
    _, engine = engine_of(RTX, shelf)
    x_t, rows = inputs(2)
    first = engine(x_t, rows).clone()
    rows[0].zero_()  # nobody does: `Backbone` promises it, and that is what saves the copy
    assert torch.equal(engine(x_t, rows), first)
    others = (rows[0].clone(),)
    assert torch.equal(engine(x_t, others), x_t)


def test_more_rows_than_an_engine_takes_go_through_it_in_turns(shelf: Shelf) -> None:
    _, engine = engine_of(RTX, shelf)
    unused = SimpleNamespace()
    backbone = TensorRtBackbone(
        unused,  # type: ignore[arg-type]
        Placement(CPU, torch.float16),
        unused,  # type: ignore[arg-type]
        (engine, engine, engine),
        lambda: None,
    )
    x_t, rows = inputs(2 * MAX_ROWS + 3)
    assert torch.equal(backbone.denoise(x_t, rows), x_t + rows[0])


def test_compiled_kernels_are_there_at_the_next_start(shelf: Shelf) -> None:
    room, engine = engine_of(RTX, shelf)
    engine(*inputs(1))
    room.keep_kernels()
    engine_of(RTX, shelf)
    config = fake.contexts[-1].config
    assert config is not None
    assert config.cache is not None
    assert config.cache.content == fake.compiled


@pytest.mark.parametrize("damage", ["file", "driver"])
def test_kernels_that_are_damaged_or_of_another_driver_are_made_again(
    shelf: Shelf, damage: str
) -> None:
    room, engine = engine_of(RTX, shelf)
    engine(*inputs(1))
    room.keep_kernels()
    if damage == "file":
        (shelf.folder / KERNELS / KERNELS).write_bytes(fake.compiled + b"more")
    else:
        shelf.renew(KERNELS, lambda folder: (folder / KERNELS).write_bytes(b"older"))
    room, engine = engine_of(RTX, shelf)
    config = fake.contexts[-1].config
    assert config is not None
    assert config.cache is not None
    assert config.cache.content == b""
    engine(*inputs(1))
    room.keep_kernels()
    kept = shelf.find(KERNELS)
    assert kept is not None
    assert (kept / KERNELS).read_bytes() == fake.compiled


def test_a_library_that_compiles_ahead_keeps_no_kernels(shelf: Shelf) -> None:
    room, engine = engine_of(FULL, shelf)
    engine(*inputs(1))
    room.keep_kernels()
    assert shelf.find(KERNELS) is None


def test_an_engine_that_the_card_refuses_is_a_sentence(shelf: Shelf) -> None:
    file = shelf.folder / "decoder.engine"
    file.write_bytes(b"of another version")
    room = EngineRoom(RTX, CPU, shelf)
    with pytest.raises(
        AcceleratorError, match=r"^Fake-RTX can't run decoder \(wrong magic number\)\.$"
    ):
        room.load(file, {})


def test_a_run_that_fails_is_a_lost_device(shelf: Shelf) -> None:
    _, engine = engine_of(RTX, shelf)
    fake.contexts[-1].is_broken = True
    with pytest.raises(RuntimeError, match="Fake-RTX") as caught:
        engine(*inputs(1))
    assert isinstance(explain(caught.value, RenderSpec()), RendererLost)


def test_a_kind_of_card_has_the_librarys_name_for_it() -> None:
    assert target_of(RTX, (8, 6)) == "SM86"
    assert target_of(FULL, (9, 0)) is None
    with pytest.raises(AcceleratorError, match=r"capability 9\.0"):
        target_of(RTX, (9, 0))


def test_a_package_that_cannot_be_loaded_is_a_sentence() -> None:
    absent = Library("tensorrt", "TensorRT", "no_such_package", compiles_at_runtime=False)
    with pytest.raises(AcceleratorError, match="install the package tensorrt again"):
        absent.load()
