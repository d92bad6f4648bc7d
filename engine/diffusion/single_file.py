"""Reads a single-file checkpoint (.safetensors) without asking the network for anything.

diffusers converts the tensors; the configurations that it would fetch from the hub are worked out
from the file itself, and CLIP's vocabulary is shipped with Reverie. Thread: the one that prepares.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path
from typing import Any

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.backbone import Family, PredictionType
from engine.diffusion.ldm_layout import (
    Layout,
    layout_of,
    text_configs,
    unet_config,
    vae_config,
)
from engine.diffusion.loader import Components, first_line, quiet, vae_place
from engine.diffusion.model_info import read_json
from engine.diffusion.whole_file import check_whole
from engine.errors import ModelLoadError
from engine.renderer import OnProgress, Progress

VOCABULARY = (
    Path(__file__).resolve().parents[2]
    / "assets"
    / "tokenizers"
    / "clip"
    / "bpe_simple_vocab_16e6.txt.gz"
)
NUM_MERGES = 48_894  # of the file's lines CLIP uses so many
PREDICTION_KEY = "modelspec.prediction_type"  # the ModelSpec standard's metadata
V_MARKER, ZERO_SNR_MARKER = "v_pred", "ztsnr"  # empty tensors, by custom of SDXL's fine-tuners
PREDICTIONS = {
    "epsilon": PredictionType.EPSILON,
    "v": PredictionType.V,
    "v_prediction": PredictionType.V,
}


def read_single_file(path: Path, place: Placement, on_progress: OnProgress) -> Components:
    """Read a checkpoint of SD 1.x, SD 2.x or SDXL.

    A JSON file of the same name beside it may hold a scheduler's configuration (prediction_type
    above all); `NAME.reverie.json` may hold what reverie.json does.
    Errors: ModelLoadError for a damaged file, another kind of model, an unknown prediction type.
    """
    header = check_whole(path)
    shapes = {
        name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"
    }
    layout = layout_of(shapes, str(path))
    scheduler = _scheduler_config(path, header, layout)
    on_progress(Progress(0.1, f"Reading {path.name}"))
    with tempfile.TemporaryDirectory(prefix="reverie-") as folder:
        _write_configs(Path(folder), shapes, layout, scheduler)
        pipeline = _convert(path, Path(folder), layout, place)
        is_xl = layout is Layout.SDXL
        return Components(
            family=Family.SDXL if is_xl else Family.SD,
            unet=_settled(pipeline.unet, place),
            vae=_settled(pipeline.vae, vae_place(is_xl, place)),
            tokenizers=(pipeline.tokenizer, *([pipeline.tokenizer_2] if is_xl else [])),
            text_models=tuple(
                _settled(model, place)
                for model in (pipeline.text_encoder, *([pipeline.text_encoder_2] if is_xl else []))
            ),
            scheduler_config=scheduler,
            card_path=path.with_suffix(".reverie.json"),
            is_empty_negative_zero=is_xl,
        )


def _scheduler_config(path: Path, header: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """The trained noise schedule, with what the file or its neighbour says of the prediction."""
    config: dict[str, Any] = {
        "_class_name": "DDIMScheduler",
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "clip_sample": False,
        "steps_offset": 1,
        "rescale_betas_zero_snr": ZERO_SNR_MARKER in header,
    }
    neighbour = path.with_suffix(".json")
    if neighbour.is_file():
        config |= read_json(neighbour)
    if "prediction_type" not in config:
        config["prediction_type"] = _stated_prediction(path, header, layout)
    return config


def _stated_prediction(path: Path, header: dict[str, Any], layout: Layout) -> PredictionType:
    """What the file itself says of its prediction type; SD 2 exists in two kinds, so it must."""
    stated = str(header.get("__metadata__", {}).get(PREDICTION_KEY, "")).lower()
    if stated in PREDICTIONS:
        return PREDICTIONS[stated]
    if V_MARKER in header:
        return PredictionType.V
    if layout is Layout.SD2:
        raise ModelLoadError(
            f"{path} doesn't say what it predicts, and SD 2.x exists in two kinds; write "
            f'{{"prediction_type": "v_prediction"}} (the 768 px models) or "epsilon" (the 512 px '
            f"ones and SD-Turbo) into {path.with_suffix('.json')}."
        )
    return PredictionType.EPSILON


def _write_configs(
    folder: Path, shapes: dict[str, tuple[int, ...]], layout: Layout, scheduler: dict[str, Any]
) -> None:
    """A diffusers folder without weights, as `from_single_file` wants one."""
    texts = text_configs(shapes, layout)
    parts = {
        "unet": ("diffusers", unet_config(shapes, layout)),
        "vae": ("diffusers", vae_config(shapes, layout)),
        "text_encoder": ("transformers", texts[0]),
    }
    if layout is Layout.SDXL:
        parts["text_encoder_2"] = ("transformers", texts[1])
    index: dict[str, Any] = {"_class_name": pipeline_name(layout)}
    for name, (library, config) in parts.items():
        index[name] = [library, config.get("_class_name") or config["architectures"][0]]
        _write_json(folder / name / "config.json", config)
    index["scheduler"] = ["diffusers", scheduler["_class_name"]]
    _write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    for number, config in enumerate(texts):
        name = "tokenizer" if number == 0 else "tokenizer_2"
        index[name] = ["transformers", "CLIPTokenizer"]
        # SDXL's second tokenizer pads with "!", number 0, as OpenCLIP does
        pad = "!" if number == 1 else "<|endoftext|>"
        length = config["max_position_embeddings"]
        make_tokenizer(length, pad).save_pretrained(folder / name)
    _write_json(folder / "model_index.json", index)


def pipeline_name(layout: Layout) -> str:
    """The diffusers pipeline that knows how to take such a checkpoint apart."""
    return "StableDiffusionXLPipeline" if layout is Layout.SDXL else "StableDiffusionPipeline"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def make_tokenizer(length: int, pad_token: str) -> Any:
    """CLIP's tokenizer from the shipped vocabulary.

    Source: Radford et al. 2021, arXiv:2103.00020; the file's order is that of the published code.
    """
    import transformers

    if not VOCABULARY.is_file():
        raise ModelLoadError(
            f"CLIP's vocabulary is missing from {VOCABULARY}; fetch Reverie again, with its assets."
        )
    lines = gzip.decompress(VOCABULARY.read_bytes()).decode("utf-8").splitlines()
    merges = [line.split() for line in lines[1 : NUM_MERGES + 1]]
    letters = _byte_letters()
    pieces = [*letters, *(f"{letter}</w>" for letter in letters)]
    pieces += ["".join(merge) for merge in merges]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer_class: Any = transformers.CLIPTokenizer
    return tokenizer_class(
        vocab={piece: number for number, piece in enumerate(pieces)},
        merges=[tuple(merge) for merge in merges],
        pad_token=pad_token,
        model_max_length=length,
    )


def _byte_letters() -> list[str]:
    """A visible letter for every byte, in the order of CLIP's (GPT-2's) vocabulary."""
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = 256 - len(visible)
    return [chr(code) for code in visible] + [chr(256 + number) for number in range(hidden)]


def _convert(path: Path, configs: Path, layout: Layout, place: Placement) -> Any:
    """Let diffusers rename and read the tensors. Errors: ModelLoadError where they don't fit."""
    import diffusers

    try:
        with quiet():
            return getattr(diffusers, pipeline_name(layout)).from_single_file(
                str(path),
                config=str(configs),
                local_files_only=True,
                torch_dtype=place.dtype,
                **({} if layout is Layout.SDXL else {"safety_checker": None}),
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, IndexError) as error:
        raise ModelLoadError(
            f"{path} looks like {layout}, but can't be read as such ({first_line(error)}); get "
            "the file again, or its diffusers folder."
        ) from error


def _settled(model: Any, place: Placement) -> Any:
    """On its device; in float32 where that is wanted of a half.

    Errors: ModelLoadError when tensors were missing, which leaves them without values.
    """
    absent = [name for name, tensor in model.named_parameters() if tensor.is_meta]
    if absent:
        raise ModelLoadError(
            f"The checkpoint lacks {len(absent)} tensors ({absent[0]} is the first); get it again."
        )
    placed = model.eval().requires_grad_(False).to(place.device)
    return placed if place.dtype == placed.dtype else placed.float()
