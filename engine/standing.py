"""The set of a running show as it stands, for a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.pipeline import Pipeline
from engine.sets import Set, SetRender


def standing(live_set: Set, pipeline: Pipeline, mappings: Sequence[dict[str, Any]]) -> Set:
    """The set with everything around it that a performer expects to find again. Any thread."""
    return live_set.model_copy(
        update={
            "source": pipeline.source_state.value.uri,
            "sinks": tuple(state.uri for state in pipeline.sinks.states),
            "fit": pipeline.framing.value.fit,
            "render": SetRender.of(pipeline.wanted_render),
            "mappings": tuple(mappings),
        }
    )
