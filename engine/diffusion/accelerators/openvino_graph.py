"""PyTorch modules as OpenVINO graphs, made once and kept on disk.

The conversion goes through OpenVINO's frontend itself: `openvino.convert_model` would do the same
and send usage statistics to its makers.
"""

from __future__ import annotations

import importlib
import logging
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from openvino import opset13
from torch import Tensor, nn

from engine.diffusion.accelerators.cache import Shelf

log = logging.getLogger(__name__)

GRAPH_FILE = "graph.xml"  # with its weights in "graph.bin"
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
    """Write every GroupNormalization as sums over each channel, then one scale and shift.

    OpenVINO 2026.4 dies with a segmentation fault when it compiles the operation itself for fixed
    shapes on a processor. As MVN over groups it works, but in channels-first order: between
    convolutions, which want channels last, every picture was reordered twice. These parts work in
    either order: the house model's denoiser takes 0.90 of the time.
    """
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "GroupNormalization":
            node.output(0).replace(_group_normalization_in_parts(node).output(0))


def _group_normalization_in_parts(node: Any) -> Any:
    """(x - mean) / sqrt(variance + epsilon) · scale + bias, mean and variance of each group.

    Each channel is centred by its own mean first: E[x²] - E[x]² would lose the variance of a group
    far from zero in bfloat16. What the channels' means differ by is added to the variance after.
    """
    picture, scale, bias = (node.input_value(index) for index in range(3))
    attributes = node.get_attributes()
    num_groups = attributes["num_groups"]
    channels, *sides = (int(side.get_length()) for side in list(picture.partial_shape)[1:])
    width = channels // num_groups
    axes = _integers(*range(2, 2 + len(sides)))

    def by_group(tensor: Any) -> Any:
        return ops.reshape(tensor, _integers(-1, num_groups, width), special_zero=False)

    def per_channel(tensor: Any) -> Any:
        return ops.reshape(tensor, _integers(-1, channels, *[1] * len(sides)), special_zero=False)

    channel_mean = ops.reduce_mean(picture, axes, keep_dims=True)
    centred = ops.subtract(picture, channel_mean)
    length = by_group(ops.reduce_l2(centred, axes, keep_dims=True))
    means = by_group(channel_mean)
    offset = ops.subtract(means, ops.reduce_mean(means, _integers(2), keep_dims=True))
    within = ops.multiply(ops.multiply(length, length), _number(1.0 / math.prod(sides)))
    total = ops.add(within, ops.multiply(offset, offset))
    variance = ops.reduce_mean(total, _integers(2), keep_dims=True)
    deviation = ops.sqrt(ops.add(variance, _number(attributes["epsilon"])))
    gain = ops.divide(by_group(scale), deviation)
    shift = ops.add(by_group(bias), ops.multiply(gain, offset))
    return ops.add(ops.multiply(centred, per_channel(gain)), per_channel(shift))


def _number(value: float) -> Any:
    return ops.constant(np.array(value, dtype=np.float32))


def _integers(*values: int) -> Any:
    return ops.constant(np.array(values, dtype=np.int64))


def kept_graph(core: Any, shelf: Shelf, name: str, make: Callable[[], Graph]) -> Graph:
    """Read one graph, or make and keep it. Errors: RuntimeError, as all of OpenVINO's.

    A new one is read back, so that the first start computes what every other one does.
    """
    made: list[Graph] = []

    def write(folder: Path) -> None:
        made.append(make())
        ov.save_model(made[0], folder / GRAPH_FILE, compress_to_fp16=False)

    try:
        return core.read_model(shelf.find_or_put(name, write) / GRAPH_FILE)
    except (OSError, RuntimeError) as error:  # a full disk costs the cache, not the show
        if not made:
            raise
        log.warning("The converted model can't be kept in %s: %s", shelf.folder, error)
        return made[0]
