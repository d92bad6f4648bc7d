"""Convolutions of an OpenVINO graph in 8 bits: inputs by tensor, weights by output channel.

Fake quantization says where a tensor is rounded to 256 steps and what they span; OpenVINO's
compiler makes integer convolutions of it, in whatever instructions the processor has for them.
Source: Jacob et al. 2018, arXiv:1712.05877. Thread: the one that prepares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import opset13

from engine.diffusion.accelerators.openvino_graph import Graph
from engine.diffusion.eight_bits import Layer

ROOT = "__module.vae."  # what the trace calls the autoencoder
ops: Any = opset13


def compute_in_eight_bits(graph: Graph, layers: Mapping[str, Layer]) -> Graph:
    """Let these convolutions compute in 8 bits; the graph is changed in place. Sizes stay open.

    layers: by their names in the autoencoder.
    """
    for node in graph.get_ordered_ops():
        if node.get_type_name() == "Convolution":
            layer = layers.get(_layer_name(node))
            if layer is not None:
                _round_input(node, layer)
                _round_weights(node)
                _shift_output(node, layer)
    graph.validate_nodes_and_infer_types()
    return graph


def _layer_name(node: Any) -> str:
    return str(node.get_friendly_name()).partition("/")[0].removeprefix(ROOT)


def _round_input(node: Any, layer: Layer) -> None:
    """What reads the same tensor beside the convolution, as a skip does, reads it as it is."""
    reader = node.input(0)
    above = node.input_value(0).get_node()
    if above.get_type_name() == "Interpolate":  # it only repeats values: rounded before it
        reader = above.input(0)
    lowest = -layer.highest * 128.0 / 127.0 if layer.is_signed else 0.0
    bounds = np.array(lowest, np.float32), np.array(layer.highest, np.float32)
    reader.replace_source_output(_rounded(reader.get_source_output(), *bounds, 256).output(0))


def _round_weights(node: Any) -> None:
    weights = node.input_value(1)
    values = weights.get_node().get_data()
    bound = np.maximum(np.abs(values).max((1, 2, 3), keepdims=True), 1e-8).astype(np.float32)
    node.input(1).replace_source_output(_rounded(weights, -bound, bound, 255).output(0))


def _shift_output(node: Any, layer: Layer) -> None:
    shift = np.array(layer.shift, np.float32).reshape(1, -1, 1, 1)
    readers = list(node.output(0).get_target_inputs())
    shifted = ops.add(node, ops.constant(shift))
    for reader in readers:
        reader.replace_source_output(shifted.output(0))


def _rounded(
    tensor: Any, lowest: NDArray[np.float32], highest: NDArray[np.float32], levels: int
) -> Any:
    bounds = ops.constant(lowest), ops.constant(highest)
    return ops.fake_quantize(tensor, *bounds, *bounds, levels)
