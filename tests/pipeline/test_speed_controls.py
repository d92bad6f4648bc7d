"""Token merging and feature reuse as live parameters: from the settings to the picture and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.diffusion.in_process import StreamRenderer
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderInfo, RenderSpec
from tests import tiny_models

SIDE = 32


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for kind in ("house", "sd1", "sdxl-turbo"):
        tiny_models.write(root / kind, kind)
    return root


def ready(folder: Path, accelerator: str = "eager") -> tuple[StreamRenderer, RenderInfo]:
    renderer = StreamRenderer()
    spec = RenderSpec(str(folder), SIDE, SIDE, accelerator)
    return renderer, renderer.prepare(spec, lambda progress: None)


def paint(renderer: StreamRenderer, share: float) -> np.ndarray:
    picture = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    params = StreamParams(prompt="a red fox", token_merging=share, strength=1.0)
    output = renderer.render(Frame(picture, 0, 0.0), params)
    assert output is not None
    return output.image


def test_it_acts_at_the_very_next_picture_and_leaves_nothing_behind(models: Path) -> None:
    renderer, info = ready(models / "sdxl-turbo")
    assert info.inert == {}
    whole = paint(renderer, 0.0)
    assert not np.array_equal(paint(renderer, 0.75), whole)
    assert np.array_equal(paint(renderer, 0.0), whole)
    renderer.close()


@pytest.mark.parametrize(
    ("kind", "accelerator", "reasons"),
    [
        ("house", "eager", {"token_merging": "hardly attends"}),
        ("sd1", "openvino", {"token_merging": "fixed graph"}),
    ],
)
def test_where_they_have_no_effect_the_reason_is_told(
    models: Path, kind: str, accelerator: str, reasons: dict[str, str]
) -> None:
    if accelerator == "openvino":
        pytest.importorskip("openvino")
    renderer, info = ready(models / kind, accelerator)
    assert set(info.inert) == set(reasons)
    assert all(words in info.inert[name] for name, words in reasons.items())
    assert np.array_equal(paint(renderer, 0.75), paint(renderer, 0.0))
    renderer.close()


@pytest.mark.parametrize("accelerator", ["eager", "openvino"])
def test_frames_reuse_features_until_it_is_off_again(models: Path, accelerator: str) -> None:
    if accelerator == "openvino":
        pytest.importorskip("openvino")
    renderer, _ = ready(models / "house", accelerator)
    live = StreamParams(prompt="a red fox", feature_reuse=1)

    def paint_two(params: StreamParams) -> list[np.ndarray]:
        pictures = [
            np.random.default_rng(k).integers(0, 256, (SIDE, SIDE, 3), np.uint8) for k in (1, 2)
        ]
        outputs = [renderer.render(Frame(each, 0, 0.0), params) for each in pictures]
        return [output.image for output in outputs if output is not None]

    plain = paint_two(live.with_changes({"feature_reuse": 0}))
    whole, fine = paint_two(live)
    assert np.array_equal(whole, plain[0])
    assert not np.array_equal(fine, plain[1])
    again = paint_two(live.with_changes({"feature_reuse": 0}))
    assert all(np.array_equal(a, b) for a, b in zip(again, plain, strict=True))
    renderer.close()
