"""The way of a picture into the model and out of it again, as the render thread goes it."""

from __future__ import annotations

import cv2
import numpy as np

from engine.effect_params import EffectParams
from engine.effects.chain import Chain, Step, new_like
from engine.effects.finish import Finish
from engine.effects.geometry import feedback_placement
from engine.effects.key import Key
from engine.effects.warp import View, warp
from engine.frame import Frame, Image
from engine.params import StreamParams

NUM_INPUTS_KEPT = 64


class Effects:
    """Input transform, key and feedback before the model; dry/wet, smoothing and grade behind it.

    A mean with weights that sum to at most 1 can't grow, so no feedback runs away. Where all
    parameters are neutral every picture passes as the object it is. Thread: the render thread.
    """

    def __init__(self) -> None:
        self._chain = Chain()
        self._view = View()
        self._key = Key()
        self._finish = Finish()
        self._moved: Image = np.zeros((0, 0, 3), np.uint8)  # the last picture within the next
        self._inputs: dict[int, Frame] = {}
        self._previous: Frame | None = None  # the last picture that came out
        self._painted: tuple[Frame, Frame | None] | None = None  # it before `Finish`, and its dry

    def restart(self) -> None:
        """Forget every picture: what comes next has nothing before it."""
        self._finish.restart()
        self._inputs.clear()
        self._previous = self._painted = None

    @property
    def is_settled(self) -> bool:
        """Whether smoothing has arrived at what was painted last."""
        return self._finish.is_settled

    # ---- before the model

    def seen(self, frame: Frame, params: EffectParams) -> Frame:
        """What the model is to see of an input of its size."""
        before = self._previous.image if self._previous is not None else None
        if before is not None and before.shape != frame.image.shape:
            before = None
        steps = [
            *self._view.steps(params, (frame.width_px, frame.height_px)),
            *self._key.steps(params, before),
            *self._feedback(params, before),
        ]
        image = self._chain.run(frame.image, steps)
        return frame if image is frame.image else frame.with_image(image)

    def admit(self, frame: Frame) -> None:
        """The model gets `frame`, which is the dry part of what comes of it."""
        self._inputs[frame.sequence] = frame
        if len(self._inputs) > NUM_INPUTS_KEPT:  # invalid ones never come out
            del self._inputs[next(iter(self._inputs))]

    def _feedback(self, params: EffectParams, before: Image | None) -> list[Step]:
        if params.feedback == 0.0 or before is None:
            return []
        return [lambda image, out: self._fed_back(image, params, before, out)]

    def _fed_back(self, image: Image, params: EffectParams, before: Image, out: Image) -> None:
        """The last picture, moved and faded, over the input."""
        place = feedback_placement(params, (image.shape[1], image.shape[0]))
        if place is not None:
            if self._moved.shape != image.shape:
                self._moved = new_like(image)
            before = warp(before, place, self._moved)
        lit = params.feedback * (1.0 - params.feedback_fade)
        cv2.addWeighted(image, 1.0 - params.feedback, before, lit, 0.0, out)

    # ---- behind the model

    def finish(self, painted: Frame, params: StreamParams) -> Frame:
        """What is handed out for a painted picture: with the sequence and time it has."""
        dry = self._inputs.get(painted.sequence)
        for sequence in [s for s in self._inputs if s < painted.sequence]:
            del self._inputs[sequence]
        self._painted = (painted, dry)
        return self._finished(painted, dry, params)

    def settle(self, moment: Frame, params: StreamParams) -> Frame | None:
        """While the model rests: one more picture on the way to what was painted last.

        moment: the input that was skipped; it lends its sequence and time. None once smoothing has
        arrived.
        """
        if self._finish.is_settled or self._painted is None:
            return None
        painted, dry = self._painted
        finished = self._finished(painted, dry, params)
        return moment.with_image(finished.image)

    def _finished(self, painted: Frame, dry: Frame | None, params: StreamParams) -> Frame:
        image = self._finish.apply(painted.image, dry.image if dry else None, params)
        self._previous = painted if image is painted.image else painted.with_image(image)
        return self._previous
