"""A renderer that paints nothing: the pipeline with the model taken out, for bring-up and bench."""

from __future__ import annotations

from collections.abc import Sequence

from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderNews, RenderSpec

IDENTITY_MODEL = "identity"


class IdentityRenderer:
    """Gives every frame back untouched, at once."""

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        on_progress(Progress(1.0, "Nothing to load: pictures pass unpainted"))
        return RenderInfo(
            model_name=IDENTITY_MODEL,
            family=IDENTITY_MODEL,
            accelerator="none",
            device="cpu",
            width_px=spec.width_px,
            height_px=spec.height_px,
            warm_up_s=0.0,
            defaults={},
        )

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        return frame

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        return frame

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        return True

    @property
    def in_flight(self) -> int:
        return 0

    def news(self) -> RenderNews | None:
        return None

    def flush(self) -> list[Frame]:
        return []

    def close(self) -> None:
        pass
