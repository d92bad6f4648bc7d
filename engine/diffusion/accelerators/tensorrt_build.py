"""An ONNX file becomes an engine: parsed, optimised for one range of shapes, written down.

Thread: the main one of a process of its own (`tensorrt_child`); the library reports from its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.diffusion.accelerators.onnx_export import MAX_ROWS
from engine.diffusion.accelerators.tensorrt_library import Library, logger_of
from engine.errors import AcceleratorError

OnFraction = Callable[[float], None]
NUM_REPORTS = 100  # of one build at most


class PhaseTree:
    """How far a build is whose phases consist of steps, and some steps of phases. Any thread."""

    def __init__(self, on_fraction: OnFraction) -> None:
        self._on_fraction = on_fraction
        self._lock = threading.Lock()
        self._phases: dict[str, list[int]] = {}  # steps done and in all, the outermost first
        self._told = 0

    def start(self, name: str, num_steps: int) -> None:
        with self._lock:
            self._phases[name] = [0, max(num_steps, 1)]

    def complete_step(self, name: str, step: int) -> None:
        with self._lock:
            if name in self._phases:
                self._phases[name][0] = step + 1
            told = int(self._fraction() * NUM_REPORTS)
            is_news, self._told = told > self._told, max(told, self._told)
        if is_news:
            self._on_fraction(told / NUM_REPORTS)

    def finish(self, name: str) -> None:
        with self._lock:
            self._phases.pop(name, None)

    def _fraction(self) -> float:
        fraction = 0.0
        for done, num_steps in reversed(self._phases.values()):
            fraction = min((done + fraction) / num_steps, 1.0)
        return fraction


def build_engine(
    library: Library,
    onnx_file: Path,
    engine_file: Path,
    usual_rows: int,
    target: str | None,
    on_fraction: OnFraction,
) -> None:
    """usual_rows: what the kernels are chosen for, where the number of rows is open.

    target: the kind of card, e.g. "SM86", for a library that compiles at runtime; None: any of
    Ampere or later. The others build for the card that is here.
    Errors: AcceleratorError with the library's reason; OSError.
    """
    trt = library.load()
    logger, complaints = logger_of(library)
    builder = trt.Builder(logger)
    is_strongly_typed = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    network = builder.create_network(is_strongly_typed)
    parser = trt.OnnxParser(network, logger)  # owns the weights: must outlive the build
    if not parser.parse_from_file(str(onnx_file)):
        raise AcceleratorError(f"{library.label} can't read the model ({complaints.take()}).")
    config = builder.create_builder_config()
    _allow_rows(builder, network, config, usual_rows)
    if library.compiles_at_runtime and target:
        config.num_compute_capabilities = 1
        config.set_compute_capability(getattr(trt.ComputeCapability, target), 0)
    config.progress_monitor = monitor = _monitor(trt, PhaseTree(on_fraction))
    engine = builder.build_serialized_network(network, config)
    del monitor  # the library keeps no reference
    if engine is None:
        raise AcceleratorError(f"{library.label} can't build the model ({complaints.take()}).")
    engine_file.write_bytes(engine)


def _allow_rows(builder: Any, network: Any, config: Any, usual_rows: int) -> None:
    """The range of shapes, where some side of an input is open."""
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    open_inputs = [tensor for tensor in inputs if -1 in tuple(tensor.shape)]
    if not open_inputs:
        return
    profile = builder.create_optimization_profile()
    for tensor in open_inputs:
        sides = tuple(tensor.shape)[1:]
        profile.set_shape(
            tensor.name, *((rows, *sides) for rows in (1, min(usual_rows, MAX_ROWS), MAX_ROWS))
        )
    config.add_optimization_profile(profile)


def _monitor(trt: Any, tree: PhaseTree) -> Any:
    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            tree.start(phase_name, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            tree.complete_step(phase_name, step)
            return True  # who cancels ends the whole process

        def phase_finish(self, phase_name: str) -> None:
            tree.finish(phase_name)

    return Monitor()
