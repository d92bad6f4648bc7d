"""How long engines take to make for TensorRT-RTX, without a card, and how large they are.

Random weights of the true sizes, in float16, 512×512, one to eight rows. Needs the extra
tensorrt-rtx, some 10 GB of memory and of the temporary folder's disk.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench._common import print_result, say
from bench._networks import make_network
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.onnx_export import Part, export_onnx, parts_of
from engine.diffusion.accelerators.tensorrt_build import build_engine
from engine.diffusion.accelerators.tensorrt_library import TENSORRT_RTX
from engine.diffusion.sd_backbone import SDBackbone
from engine.memory import peak_memory_mib
from engine.renderer import RenderSpec

SIZE_PX = (512, 512)
CPU = Placement(torch.device("cpu"), torch.float16)


def timed(work: Callable[[], object]) -> dict[str, float]:
    """What a piece of work takes: by the clock, and of the processor, which others may use too."""
    clock_s, processor_s = time.perf_counter(), time.process_time()
    work()
    return {
        "clock_s": round(time.perf_counter() - clock_s, 1),
        "processor_s": round(time.process_time() - processor_s, 1),
    }


def measure_part(name: str, part: Part, folder: Path) -> dict[str, object]:
    """Export and build one module."""
    onnx_file, engine_file = folder / f"{name}.onnx", folder / f"{name}.engine"
    export = timed(lambda: export_onnx(part, onnx_file))
    build = timed(
        lambda: build_engine(TENSORRT_RTX, onnx_file, engine_file, 1, None, lambda fraction: None)
    )
    engine_mb = round(engine_file.stat().st_size / 1e6, 1)
    say(f"  {name}: export {export}, build {build}, {engine_mb} MB")
    return {"export": export, "build": build, "engine_mb": engine_mb}


def measure(name: str) -> dict[str, object]:
    """All parts of one network, one after the other, as in a show."""
    say(name)
    network = make_network(name, CPU)
    backbone = SDBackbone(network.info, network.unet, network.vae, CPU.device, CPU.dtype, SIZE_PX)
    parts = parts_of(backbone, RenderSpec(name, *SIZE_PX), network.text.encode("neon"))
    figures: dict[str, object] = {}
    for part_name, part in parts.items():
        with TemporaryDirectory() as folder:
            figures[part_name] = measure_part(part_name, part, Path(folder))
    return {**figures, "peak_memory_mib": round(peak_memory_mib())}


def main(arguments: Sequence[str] | None = None) -> None:
    """The networks named, or Stable Diffusion 1.5."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["sd1.5"])
    networks = parser.parse_args(arguments).networks
    figures: dict[str, object] = {name: measure(name) for name in networks}
    print_result("tensorrt-build", {"library": f"tensorrt-rtx {TENSORRT_RTX.version}", **figures})


if __name__ == "__main__":
    main()
