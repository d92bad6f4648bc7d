"""PyTorch modules as OpenVINO graphs, made once and kept on disk.

The conversion goes through OpenVINO's frontend itself: `openvino.convert_model` would do the same
and send usage statistics to its makers.
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import platformdirs
import torch
from openvino import opset13
from torch import Tensor, nn

log = logging.getLogger(__name__)

MODELS_KEPT = 8  # each as large as its weights in float32
Graph = Any  # openvino.Model
ov: Any = openvino  # its stubs leave most types open
ops: Any = opset13
jit: Any = torch.jit


def to_graph(module: nn.Module, inputs: tuple[Tensor, ...]) -> Graph:
    """Trace and convert a module. The number of rows stays open.

    inputs: examples of at least two rows: with one, the trace would bake the one in.
    """
    from openvino import frontend

    ts_decoder: Any = importlib.import_module("openvino.frontend.pytorch.ts_decoder")
    decoder_class = ts_decoder.TorchScriptPythonDecoder
    manager: Any = frontend.FrontEndManager()
    with torch.no_grad(), warnings.catch_warnings():
        # Size checks become constants; the graph is only ever used at these sizes.
        warnings.simplefilter("ignore", jit.TracerWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = jit.trace(module, inputs, check_trace=False)
    converter = manager.load_by_framework("pytorch")
    decoder = decoder_class(traced, example_input=inputs)  # must outlive the conversion
    graph = converter.convert(converter.load(decoder))
    for index, example in enumerate(inputs):
        parameter = graph.inputs[index].get_node()
        parameter.set_element_type(ov.Type.f32)
        parameter.set_partial_shape(ov.PartialShape([-1, *example.shape[1:]]))
    graph.validate_nodes_and_infer_types()
    split_group_normalizations(graph)
    return graph


def split_group_normalizations(graph: Graph) -> None:
    """Write every GroupNormalization as reshape, MVN, scale and shift.

    OpenVINO 2026.4 dies with a segmentation fault when it compiles the operation itself for fixed
    shapes on a processor; the parts are fused again and run as fast.
    """
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "GroupNormalization":
            node.output(0).replace(_group_normalization_in_parts(node).output(0))


def _group_normalization_in_parts(node: Any) -> Any:
    picture, scale, bias = (node.input_value(index) for index in range(3))
    attributes = node.get_attributes()
    groups = ops.reshape(
        picture, _integers(0, attributes["num_groups"], -1), special_zero=True
    )  # (B, groups, rest)
    normal = ops.mvn(groups, _integers(2), True, attributes["epsilon"], "inside_sqrt")
    num_sides = picture.partial_shape.rank.get_length() - 2
    per_channel = _integers(1, -1, *[1] * num_sides)
    scaled = ops.multiply(
        ops.reshape(normal, ops.shape_of(picture), special_zero=False),
        ops.reshape(scale, per_channel, special_zero=False),
    )
    return ops.add(scaled, ops.reshape(bias, per_channel, special_zero=False))


def _integers(*values: int) -> Any:
    return ops.constant(np.array(values, dtype=np.int64))


class GraphCache:
    """Converted graphs and compiled executables on disk, a folder for each model.

    The folder's name is a hash of all that the graph depends on, so nothing in it can be stale;
    what is damaged is made again. The models used longest ago are removed.
    """

    def __init__(self, core: openvino.Core, folder: Path | None = None) -> None:
        """folder: the user's cache folder when None."""
        self._core: Any = core
        self._folder = folder or platformdirs.user_cache_path("Reverie") / "openvino"

    def model_folder(self, key: str) -> Path:
        """Where everything of one model is kept; made now, marked as just used."""
        folder = self._folder / key
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        self._forget_oldest()
        return folder

    def graph(self, folder: Path, name: str, make: Callable[[], Graph]) -> Graph:
        """Read one graph, or make and keep it.

        A new one is read back, so that the first start computes what every other one does.
        """
        path = folder / f"{name}.xml"
        kept = self._read(path)
        if kept is None:
            made = make()
            self._keep(made, path)
            kept = self._read(path) or made
        return kept

    def _read(self, path: Path) -> Graph | None:
        if not path.is_file():
            return None
        try:
            return self._core.read_model(path)
        except RuntimeError as error:
            log.warning("The kept graph %s is damaged and is made again: %s", path, error)
            return None

    def _keep(self, graph: Graph, path: Path) -> None:
        """Under another name first, so that a killed process leaves no half graph."""
        unfinished = path.with_name(f"{path.stem}-{os.getpid()}.xml")
        try:
            ov.save_model(graph, unfinished, compress_to_fp16=False)
            unfinished.with_suffix(".bin").replace(path.with_suffix(".bin"))
            unfinished.replace(path)
        except (OSError, RuntimeError) as error:  # a full disk costs the cache, not the show
            log.warning("The converted model can't be kept in %s: %s", path.parent, error)

    def _forget_oldest(self) -> None:
        folders = sorted(self._folder.iterdir(), key=lambda folder: folder.stat().st_mtime)
        for folder in folders[:-MODELS_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)
