"""One deck of the strip: its letter, its look, whether it is on air, and its picture."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import THEME, scaled, text_font

SIDE_PX = 60
GAP_PX = 8
ALONE = 0.995  # beyond, the other deck's share rounds to nothing
ON_AIR = "● ON AIR"
PREVIEW, STILL, UNSEEN = "○ preview", "○ last picture", "○ not on air yet"
PREVIEW_HELP = (
    "On air: the output. Off air: what this deck makes of the present input, painted anew every\n"
    "few seconds (preview); without previews, which Reverie's menu turns on and off, the last\n"
    "picture of when it was on air alone."
)


class DeckFace(QWidget):
    """Deck B stands mirrored, so that the crossfader lies between the names."""

    def __init__(self, letter: str, *, is_mirrored: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.letter = letter
        self.name = ""
        self.share = 0.0
        self.picture = QPixmap()
        self.is_preview = False
        self._scaled = QPixmap()  # as large as it is painted
        self._is_mirrored = is_mirrored
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(SIDE_PX + 60)
        self.setToolTip(PREVIEW_HELP)

    @property
    def status(self) -> str:
        """On air, how far, or what the picture is."""
        if self.share >= ALONE:
            return ON_AIR
        if self.share > 1.0 - ALONE:
            return f"◐ {100 * self.share:.0f} %"
        if self.picture.isNull():
            return UNSEEN
        return PREVIEW if self.is_preview else STILL

    def show_deck(self, name: str, share: float) -> None:
        """share: of what the audience sees, 0-1."""
        share = round(share, 2)  # what can be seen of it
        if (name, share) != (self.name, self.share):
            self.name, self.share = name, share
            self._tell()

    def show_picture(self, picture: QPixmap, *, is_preview: bool) -> None:
        self.picture, self.is_preview = picture, is_preview
        self._scaled = QPixmap()
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(200, scaled(SIDE_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side_px = scaled(SIDE_PX)
        square = QRect(0, 0, side_px, side_px)
        words = self.rect().adjusted(side_px + GAP_PX, 0, 0, 0)
        if self._is_mirrored:
            square.moveRight(self.width() - 1)
            words = self.rect().adjusted(0, 0, -side_px - GAP_PX, 0)
        self._paint_picture(painter, square)
        self._paint_words(painter, words)

    def _paint_picture(self, painter: QPainter, square: QRect) -> None:
        is_on_air = self.share >= ALONE
        outline = QPainterPath()
        outline.addRoundedRect(square.adjusted(1, 1, -1, -1), THEME.radius_px, THEME.radius_px)
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(square, THEME.color("stage"))
        if not self.picture.isNull():
            painter.drawPixmap(square, self._picture_at(square.size()))
            if not (is_on_air or self.is_preview):  # a memory
                painter.fillRect(square, QColor(0, 0, 0, 110))
        painter.restore()
        painter.setPen(QPen(THEME.color("accent" if is_on_air else "line"), 3 if is_on_air else 1))
        painter.drawPath(outline)
        self._paint_letter(painter, square)

    def _picture_at(self, size: QSize) -> QPixmap:
        """Its largest square, scaled once and not at every step of the crossfader."""
        ratio = self.devicePixelRatioF()
        if self._scaled.size() != size * ratio:
            part = self.picture.copy(_centre_of(self.picture))
            self._scaled = part.scaled(
                size * ratio,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._scaled.setDevicePixelRatio(ratio)
        return self._scaled

    def _paint_letter(self, painter: QPainter, square: QRect) -> None:
        box = QRect(square.left() + 5, square.top() + 5, scaled(20), scaled(20))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(THEME.color("text"))
        painter.setFont(text_font(THEME.text_px, is_bold=True))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.letter)

    def _paint_words(self, painter: QPainter, place: QRect) -> None:
        side = Qt.AlignmentFlag.AlignRight if self._is_mirrored else Qt.AlignmentFlag.AlignLeft
        half = place.height() // 2
        painter.setPen(THEME.color("text"))
        painter.setFont(text_font(THEME.text_px + 2, is_bold=True))
        self._write(painter, place.adjusted(0, 6, 0, -half), side, self.name)
        painter.setPen(THEME.color("accent" if self.share > 1.0 - ALONE else "dim"))
        painter.setFont(text_font(THEME.small_px, is_bold=self.share >= ALONE))
        self._write(painter, place.adjusted(0, half, 0, -6), side, self.status)

    def _write(self, painter: QPainter, place: QRect, side: Qt.AlignmentFlag, words: str) -> None:
        elided = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, elided)

    def _tell(self) -> None:
        self.setAccessibleName(f"Deck {self.letter}: {self.name}, {self.status[2:].lower()}")
        self.update()


def _centre_of(picture: QPixmap) -> QRect:
    """The largest square in the middle."""
    side = min(picture.width(), picture.height())
    part = QRect(0, 0, side, side)
    part.moveCenter(picture.rect().center())
    return part
