"""How a picture of one size lies in a view of another: a pure function of both."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize


class Scaling(Enum):
    """What becomes of a picture whose shape isn't the view's."""

    FIT = "fit"  # all of it, with bars
    FILL = "fill"  # no bars; the edges are cut
    STRETCH = "stretch"  # all of it without bars, out of proportion
    ACTUAL = "actual"  # one of its pixels is one of the screen's


class Placement(NamedTuple):
    """part: of the picture, in its px. place: where that lies in the view, in the view's px."""

    part: QRect
    place: QRect


def placement(picture: QSize, view: QSize, scaling: Scaling = Scaling.FIT) -> Placement:
    """Both centred. An empty view shows nothing, which is an empty place."""
    if scaling is Scaling.STRETCH:
        return Placement(_whole(picture), _whole(view))
    across, down = view.width() / picture.width(), view.height() / picture.height()
    scale = {
        Scaling.FIT: min(across, down),
        Scaling.FILL: max(across, down),
        Scaling.ACTUAL: 1.0,
    }[scaling]
    place = _centred(_scaled(picture, scale).boundedTo(view), view)
    seen = _scaled(place.size(), 1 / scale if scale else 0.0).boundedTo(picture)
    return Placement(_centred(seen.expandedTo(QSize(1, 1)), picture), place)


def _whole(size: QSize) -> QRect:
    return QRect(0, 0, size.width(), size.height())


def _scaled(size: QSize, scale: float) -> QSize:
    return QSize(round(size.width() * scale), round(size.height() * scale))


def _centred(size: QSize, within: QSize) -> QRect:
    left, top = (within.width() - size.width()) // 2, (within.height() - size.height()) // 2
    return QRect(left, top, size.width(), size.height())
