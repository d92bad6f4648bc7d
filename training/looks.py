"""The looks of the house model: name, prompt, other wordings, and who paints the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import crafts, filters
from .filters import Picture


@dataclass(frozen=True)
class Look:
    """One look that the model learns.

    ``paint`` is the closed-form filter that makes its targets.
    ``share``: how often it is drawn in training; fine textures need more than colours.
    """

    name: str
    prompt: str
    wordings: tuple[str, ...]
    paint: Callable[[Picture], Picture]
    share: float = 1.0

    @property
    def all_wordings(self) -> tuple[str, ...]:
        """The prompt and its other wordings."""
        return (self.prompt, *self.wordings)


LOOKS = (
    Look(
        "Neon",
        "neon lights, glowing outlines at night",
        ("neon", "neon glow", "glowing neon tubes on black", "electric neon contours", "tron"),
        filters.neon,
        share=0.8,
    ),
    Look(
        "Thermal",
        "thermal camera, heat vision",
        ("thermal", "heat map", "infrared heat camera", "thermal imaging", "predator vision"),
        filters.thermal,
        share=0.6,
    ),
    Look(
        "Blueprint",
        "blueprint, white lines on blue paper",
        ("blueprint", "technical drawing", "architect blueprint", "cyanotype plan"),
        filters.blueprint,
        share=1.3,
    ),
    Look(
        "Comic",
        "comic book, halftone dots and black outlines",
        ("comic", "comic strip", "halftone comic", "pop art", "graphic novel", "superhero comic"),
        filters.comic,
        share=1.3,
    ),
    Look(
        "Pixel",
        "pixel art, 8 bit game",
        ("pixel", "pixels", "pixel mosaic", "retro game", "8 bit", "arcade game graphics"),
        filters.pixel_art,
    ),
    Look(
        "Gold",
        "gold leaf, shining metal relief",
        ("gold", "golden statue", "gold leaf", "embossed gold", "gilded metal"),
        filters.gold,
        share=0.7,
    ),
    Look(
        "Glitch",
        "glitch, broken video signal",
        ("glitch", "glitch art", "datamosh", "vhs", "corrupted video", "analog tv distortion"),
        filters.glitch,
        share=1.4,
    ),
    Look(
        "Ink wash",
        "ink wash, black brush strokes on paper",
        ("ink wash", "ink", "sumi-e", "chinese ink painting", "brush and ink", "calligraphy"),
        filters.ink_wash,
    ),
    Look(
        "Oil paint",
        "oil painting, thick brush strokes",
        ("oil painting", "oil paint", "impasto", "painted on canvas", "classical painting"),
        filters.oil_paint,
    ),
    Look(
        "Pencil",
        "pencil sketch, graphite hatching",
        ("pencil", "pencil drawing", "sketch", "graphite drawing", "hatching", "charcoal sketch"),
        filters.pencil,
        share=1.6,
    ),
    Look(
        "Poster",
        "screen print poster, red and navy",
        ("poster", "propaganda poster", "screen print", "stencil", "street art", "campaign poster"),
        filters.poster,
    ),
    Look(
        "Terminal",
        "green terminal, ascii characters",
        ("terminal", "ascii art", "matrix code", "hacker screen", "green computer text", "matrix"),
        filters.terminal,
    ),
    Look(
        "Risograph",
        "risograph print, pink ink dots",
        ("risograph", "riso", "pink halftone", "two colour print", "zine", "pink dots"),
        filters.risograph,
        share=1.7,
    ),
    Look(
        "Starry night",
        "starry night, swirling blue and yellow",
        ("starry night", "van gogh", "swirling sky painting", "post impressionist", "swirls"),
        crafts.starry_night,
        share=1.5,
    ),
    Look(
        "Woodblock",
        "japanese woodblock print, great wave",
        ("woodblock", "ukiyo-e", "great wave", "hokusai", "japanese print", "pale wave print"),
        crafts.woodblock,
        share=1.5,
    ),
    Look(
        "Stained glass",
        "stained glass window, glowing colours and dark lines",
        ("stained glass", "cathedral window", "cubist", "cubism", "leaded glass", "art nouveau"),
        crafts.stained_glass,
        share=1.5,
    ),
)

# Words that describe a subject, not a look: learnt as changing nothing.
FILLERS = (
    "a", "an", "the", "of", "in", "on", "at", "with", "and", "style", "portrait", "person",
    "woman", "man", "face", "city", "street", "room", "landscape", "photo", "picture", "image",
    "people", "dancer", "crowd", "sky", "tree", "cat", "dog", "flower", "house", "sea", "very",
    "beautiful", "detailed", "high", "quality", "masterpiece", "illustration", "scene", "close",
    "up", "my", "as", "made", "from", "like", "by",
)  # fmt: skip
