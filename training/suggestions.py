"""Prompts worth a pad: every look at its best, then blends and gentle versions."""

from __future__ import annotations

from typing import NamedTuple

from .looks import LOOKS


class Suggestion(NamedTuple):
    """A pad: its name, prompt, strength 0-1 and guidance scale."""

    name: str
    prompt: str
    strength: float = 1.0
    guidance_scale: float = 1.5


SUGGESTIONS = (
    *(Suggestion(look.name, look.prompt) for look in LOOKS),
    Suggestion("Neon overdrive", "neon lights, glowing outlines at night", 1.0, 2.2),
    Suggestion("Gold dust", "gold leaf, shining metal relief", 0.6, 1.5),
    Suggestion("Faint sketch", "pencil sketch, graphite hatching", 0.6, 1.5),
    Suggestion("Hot signal", "thermal camera, heat vision, glitch", 1.0, 1.5),
    Suggestion("Neon print", "risograph print, neon glow", 1.0, 1.5),
    Suggestion("Starry oil", "starry night, oil painting", 1.0, 1.5),
    Suggestion("Inked comic", "comic book, ink wash", 1.0, 1.5),
    Suggestion("Half dream", "starry night, swirling blue and yellow", 0.5, 1.5),
)
