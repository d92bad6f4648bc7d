"""The output picture, with the bars that may lie over its upper edge in this window only."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.loading_bar import LoadingBar
from app.notice_bar import NoticeBar
from app.picture_view import PictureView

EDGE_PX = 10
WIDEST_BAR_PX = 760


class Stage(QWidget):
    """Bars lie over the picture, so that nothing else on the screen moves when one comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.output = PictureView("Output", "The output appears here.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.output)
        self.notices = NoticeBar(self)
        self.loading = LoadingBar(self)
        self.notices.changed.connect(self.layout_bars)
        self.loading.appeared.connect(self.layout_bars)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.layout_bars()

    @Slot()
    def layout_bars(self) -> None:
        """Stack the visible bars at the top, centred."""
        width = min(WIDEST_BAR_PX, self.width() - 2 * EDGE_PX)
        top = EDGE_PX
        for bar in (self.loading, self.notices):
            if not bar.isHidden():
                height = height_of(bar, width)
                bar.setGeometry((self.width() - width) // 2, top, width, height)
                bar.raise_()
                top += height + EDGE_PX


def height_of(bar: QWidget, width_px: int) -> int:
    """What a bar needs at a width; wrapped text makes that depend on it."""
    layout = bar.layout()
    if layout is None or not layout.hasHeightForWidth():
        return bar.sizeHint().height()
    return layout.totalHeightForWidth(width_px)
