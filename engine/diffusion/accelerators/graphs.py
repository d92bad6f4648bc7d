"""PyTorch as it is, in CUDA graphs: a whole tick is recorded once and replayed as one call.

On a fast card a frame's thousand kernels take less time than Python needs to call them one by one.
Threads: `accelerate` on the one that prepares; the graphs as their recorder.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from engine.diffusion.accelerators.eager import EagerAccelerator
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.recorder import GraphRecorder, ImmediateRecorder, Recorder, Work
from engine.diffusion.sd_backbone import SDBackbone
from engine.errors import AcceleratorError
from engine.renderer import OnProgress, RenderSpec


class CudaGraphs:
    """Records on one card; see `recorder.Graphs`.

    All graphs share one pool of memory: they run one after the other, and what one leaves for
    another lies outside. Source: PyTorch's notes on CUDA semantics, "CUDA graphs".
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # nothing may be recorded on the default one
        self._pool = torch.cuda.graph_pool_handle()

    def warm_up(self, work: Work) -> None:
        with self._aside():
            work()

    def capture(self, work: Work) -> Work:
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(self._stream.device)
        torch.cuda.empty_cache()  # the pool can't give back what others keep while it records
        with self._aside():
            # What other threads do on the card meanwhile, reading words above all, is no fault.
            graph.capture_begin(self._pool, capture_error_mode="thread_local")
            try:
                work()
            finally:
                graph.capture_end()
        return graph.replay

    @contextmanager
    def _aside(self) -> Generator[None]:
        """On the stream of its own, after all that was asked for before and before all after."""
        current = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(current)
        try:
            with torch.cuda.stream(self._stream):
                yield
        finally:
            current.wait_stream(self._stream)


def recorder_for(device: torch.device) -> Recorder:
    """What runs ticks of PyTorch's own code fastest there."""
    return GraphRecorder(CudaGraphs(device)) if device.type == "cuda" else ImmediateRecorder()


class GraphsAccelerator(EagerAccelerator):
    """As eager, with ticks replayed as CUDA graphs."""

    def __init__(self) -> None:
        """Errors: AcceleratorError where PyTorch can't use an NVIDIA card."""
        super().__init__()
        if self.placement.device.type != "cuda":
            raise AcceleratorError(
                "The accelerator graphs isn't available: PyTorch can't use an NVIDIA card here; "
                "python bootstrap.py doctor says why."
            )

    def accelerate(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> Backbone:
        super().accelerate(backbone, spec, example, on_progress)
        backbone.recorder = recorder_for(backbone.device)
        return backbone
