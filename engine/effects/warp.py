"""Moves the pixels of pictures to where a placement says. Thread: the render thread."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from engine.effect_params import EffectParams
from engine.effects.chain import Step
from engine.effects.geometry import (
    PlaceMap,
    Placement,
    folded,
    input_placement,
    is_in_place,
)
from engine.enums import Mirror
from engine.frame import Image

# Beyond its edges a picture goes on as its mirror image: no corner is ever black.
EDGE = cv2.BORDER_REFLECT


def warp(image: Image, place: Placement, out: Image) -> Image:
    """Fill `out`, RGB uint8 HWC of the same size, with the picture as placed; it is returned."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size_px = (image.shape[1], image.shape[0])
    return cast("Image", cv2.warpAffine(image, place, size_px, out, flags, EDGE))


# What `cv2.flip` calls them; it is thirty times as fast as a placement that comes to the same.
FLIPS = {Mirror.HORIZONTAL: 1, Mirror.VERTICAL: 0}


class View:
    """What the model sees of the input: mirrored, turned, zoomed, moved, folded."""

    def __init__(self) -> None:
        self._fold: PlaceMap | None = None
        self._map: PlaceMap | None = None
        self._of: tuple[float, ...] = ()  # the placement that the map was made for

    def steps(self, params: EffectParams, size_px: tuple[int, int]) -> list[Step]:
        """What is to be done; none where every pixel stays."""
        if params.mirror in FLIPS and is_in_place(params):
            return [lambda image, out: cv2.flip(image, FLIPS[params.mirror], out)]
        place = input_placement(params, size_px)
        if place is None:
            return []
        if params.mirror is not Mirror.KALEIDOSCOPE:
            return [lambda image, out: warp(image, place, out)]
        return [lambda image, out: self._look_through_folds(image, place, out)]

    def _look_through_folds(self, image: Image, place: Placement, out: Image) -> None:
        places = self._folded(place, (image.shape[1], image.shape[0]))
        cv2.remap(image, places, None, cv2.INTER_LINEAR, out, EDGE)  # pyright: ignore[reportCallIssue, reportArgumentType]

    def _folded(self, place: Placement, size_px: tuple[int, int]) -> PlaceMap:
        """The placement seen through the folds; made when either changes."""
        if self._fold is None or self._map is None or self._fold.shape[1::-1] != size_px:
            self._fold = folded(size_px)
            self._map = np.empty_like(self._fold)
            self._of = ()
        if self._of != tuple(place.flat):
            self._of = tuple(place.flat)
            cv2.transform(self._fold, place, self._map)
        return self._map
