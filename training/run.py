"""Repeat the whole training: ``python -m training.run --work DIR``.

Every stage keeps what is finished and resumes from its last checkpoint, so the command may be
interrupted and given again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from .card import write_card
from .codec import load_codec, train_codec
from .denoiser import load_painter
from .eight_bits import write_eight_bits
from .evaluate import Judge
from .export import export
from .fetch import fetch
from .latents import encode_pool
from .pool import build
from .sheets import write_sheets
from .silence import silence, trial_pictures
from .train import Plan, train_denoiser

PARTS = {"main": 0.88, "demo": 0.12}
CODEC_STEPS = 6400
ENCODED = {"main": 1600, "demo": 240}
# Small crops show more pictures in the same time; only larger ones have an inside, far from any
# border, where a texture's grid must be kept too.
PLANS = (
    Plan(total=19250, decay=0, size=24, batch=16, name="small"),
    Plan(total=38850, decay=1800, size=40, batch=6, name="denoiser", start_from="small"),
)


def main() -> None:
    """Fetch, paint the pool, train codec and denoiser, export, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for data, checkpoints")
    parser.add_argument("--out", type=Path, default=Path("assets/models/house"))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    work: Path = arguments.work
    torch.set_num_threads(arguments.threads)
    fetch(work)
    build(work)
    train_codec(work, CODEC_STEPS)
    encode_pool(work, ENCODED)
    for plan in PLANS:
        train_denoiser(work, plan, PARTS)
    ship(work, arguments.out, PLANS[-1].name)


def ship(work: Path, out: Path, checkpoint: str) -> None:
    """Export a checkpoint, draw its contact sheets and write its figures."""
    codec = load_codec(work)
    silence(codec, trial_pictures(work))
    export(load_painter(work, checkpoint), codec, out, work)
    write_eight_bits(work, out)
    judge = Judge(out, work / "photos" / "judge")
    write_sheets(judge.model, work / "photos" / "judge", out / "sheets")
    figures = judge.all_figures(work / "photos" / "judge" / "Kleiber_by_Lukas_Baubkus.png")
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    write_card(out)


if __name__ == "__main__":
    main()
