"""What is heard and where the beat is: meters, bpm and how sure it is, and a button to tap."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.engine_names import AudioState, Beat, BeatLeader, ShowSpec, Sound
from app.shortcuts import key_of
from app.sound_menu import SoundMenu, input_label
from app.sound_meter import SoundMeter
from app.theme import THEME, set_state, text_font

LEADER_WORDS = {
    BeatLeader.FREE: "steady",
    BeatLeader.TAP: "tapped",
    BeatLeader.MIDI: "MIDI clock",
    BeatLeader.LINK: "Link",
}
FLASH_BEATS = 0.18  # how long the lamp is lit


class SoundPanel(QWidget):
    """Signal: tapped, at the press, not when the finger goes up."""

    tapped = Signal()

    def __init__(self, menu: SoundMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.input = QToolButton()
        self.input.setMenu(menu)
        self.input.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.input.setProperty("role", "quiet")
        self.input.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.input.setAccessibleName("Sound input")
        self.input.setToolTip(f"What is listened to, and who tells the beat ({key_of('sound')})")
        self.meter = SoundMeter()
        self.state = QLabel(wordWrap=True)
        self.state.setProperty("role", "caption")
        self.lamp = BeatLamp()
        self.bpm = QLabel("–")
        self.bpm.setFont(text_font(18, is_bold=True))
        self.trust = QLabel()
        self.trust.setProperty("role", "caption")
        self.tap = QPushButton("TAP")
        self.tap.setProperty("role", "output")
        self.tap.setToolTip(f"One beat, now ({key_of('tap')}); four set the tempo")
        self.tap.pressed.connect(self.tapped)
        self._lay_out()
        self.show_heard(Sound(), Beat())

    @Slot(object)
    def show_show(self, show: ShowSpec) -> None:
        label = self.input.fontMetrics().elidedText(
            input_label(show.audio), Qt.TextElideMode.ElideMiddle, 118
        )
        self.input.setText(f"{label} ▾")

    @Slot(object, object)
    def show_heard(self, sound: Sound, beat: Beat) -> None:
        self.meter.show_sound(sound)
        self.lamp.show_beat(beat)
        _say(self.bpm, f"{beat.bpm:.1f}")
        _say(self.trust, trust_line(sound, beat))
        _say(self.state, sound_line(sound))
        self.state.setVisible(bool(self.state.text()))
        set_state(self.state, "warning" if sound.message or sound.is_clipped else "")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        heading = QLabel("Sound")
        heading.setProperty("role", "heading")
        head.addWidget(heading)
        head.addStretch(1)
        head.addWidget(self.input)
        beat = QHBoxLayout()
        beat.setSpacing(6)
        beat.addWidget(self.lamp)
        figures = QVBoxLayout()
        figures.setSpacing(0)
        figures.addWidget(self.bpm)
        figures.addWidget(self.trust)
        beat.addLayout(figures, 1)
        self.tap.setFixedSize(QSize(64, THEME.touch_px))
        beat.addWidget(self.tap)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.meter)
        column.addWidget(self.state)
        column.addLayout(beat)


class BeatLamp(QWidget):
    """A ring that fills on the beat; larger on the one of the bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(22, 22))
        self.is_lit = self.is_first = False

    def show_beat(self, beat: Beat) -> None:
        is_lit, is_first = beat.phase < FLASH_BEATS, beat.bar_phase < 0.25
        if (is_lit, is_first) != (self.is_lit, self.is_first):
            self.is_lit, self.is_first = is_lit, is_first
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(THEME.color("accent" if self.is_lit else "dim"), 1.6))
        if self.is_lit:
            painter.setBrush(THEME.color("accent"))
        inset = 2 if self.is_first else 5
        painter.drawEllipse(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset))


def trust_line(sound: Sound, beat: Beat) -> str:
    """Who says where the beat is; of the ears, how sure they are."""
    if beat.source is BeatLeader.SOUND:
        return f"bpm · {sound.confidence:.0%} sure"
    return f"bpm · {LEADER_WORDS.get(beat.source, str(beat.source))}"


def sound_line(sound: Sound) -> str:
    """How listening is going, where that needs words."""
    if sound.message:
        return f"▲ {sound.message}"
    if sound.is_clipped:
        return "▲ too loud: turn the input down"
    return "" if sound.state is AudioState.LISTENING else "○ silent: choose an input"


def _say(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)
