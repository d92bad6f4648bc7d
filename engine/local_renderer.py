"""Which renderer paints a model, in whichever process this is called."""

from __future__ import annotations

from engine.identity_renderer import IDENTITY_MODEL, IdentityRenderer
from engine.renderer import Renderer, RenderSpec


def local_renderer(spec: RenderSpec) -> Renderer:
    """The renderer of a model; torch is imported here, on the calling thread."""
    if spec.model == IDENTITY_MODEL:
        return IdentityRenderer()
    from engine.diffusion.in_process import StreamRenderer

    return StreamRenderer()
