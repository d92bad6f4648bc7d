"""The one screen: its parts, where they stand, and what is kept when it closes."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from app.actions import WindowActions
from app.bank_bar import BankBar
from app.clean_feed import CleanFeed
from app.control_link import ControlLink
from app.controls_panel import ControlsPanel
from app.cue_panel import CuePanel
from app.deck_link import DeckLink
from app.deck_strip import DeckStrip
from app.dropping import Dropping
from app.engine_link import EngineLink
from app.engine_names import Quantise
from app.hold_menu import HoldMenu
from app.input_panel import InputPanel
from app.instrument import Instrument
from app.key_play import KeyPlay
from app.learn_click import LearnClick
from app.look_edits import LookEdits
from app.look_panel import LookPanel
from app.look_pictures import LookPictures
from app.looks import Looks
from app.main_menu import MainMenu
from app.model_menu import AcceleratorMenu, ModelMenu
from app.modulation_editor import ModulationEditor
from app.output_menu import OutputMenu
from app.outputs import Outputs
from app.pad_grid import PadGrid
from app.pad_menu import PadMenu
from app.panic_row import PanicRow
from app.performance_mode import PerformanceMode
from app.previews import Previews
from app.replay_menu import ReplayMenu
from app.replayer import Replayer
from app.report_saver import ReportSaver
from app.scaling import Scaling
from app.screen_menu import ScreenMenu
from app.set_menu import SetMenu
from app.settings import Settings, save_settings
from app.shortcuts import ShortcutMap
from app.shortcuts_sheet import ShortcutsSheet
from app.show_lock import ShowLock
from app.side_panels import SidePanels
from app.sound_menu import SoundMenu
from app.sound_panel import SoundPanel
from app.source_menu import SourceMenu
from app.stage import Stage
from app.text_scale import TextScale, usual_percent
from app.top_bar import TopBar
from app.welcome import Welcome
from app.wiring import connect_parts

SMALLEST_PX = (1260, 680)
FIRST_PX = (1440, 860)
GAP_PX = 8
AUTOSAVE_MS = 1000
log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """Thread: main. Closing saves the settings and joins every thread, also while loading."""

    def __init__(self, link: EngineLink, settings: Settings, settings_path: Path) -> None:
        super().__init__()
        self.setWindowTitle("Reverie")
        self.setMinimumSize(*SMALLEST_PX)
        self.link = link
        self._settings = settings
        self._settings_path = settings_path
        self._saving = QTimer(self, singleShot=True, interval=AUTOSAVE_MS)
        self._saving.timeout.connect(self.save)
        self._build_parts()
        self._lay_out()
        self.dropping = Dropping(self.link, self.deck_link, self)
        self.text_scale = TextScale(self)
        self.show_lock = ShowLock(self)
        self.actions_by_name = WindowActions(self)
        connect_parts(self)
        actions = self.performance.guarded(self.actions_by_name.table())
        self.main_menu.fill(actions)
        self.main_menu.show_previewing(self.previews.is_on)
        self.shortcuts = ShortcutMap(self, actions)
        self._restore()

    def begin(self) -> None:
        """Start the show."""
        if handle := self.windowHandle():
            handle.screenChanged.connect(self.text_scale.fit_to_screen)
        self.link.announce()
        self.link.start()
        self.stage.setFocus()
        self.feed.restore(self._settings.output_display, self._settings.has_output_screen)

    @Slot()
    def save_soon(self) -> None:
        """Autosave once things have been quiet for a second."""
        self._saving.start()

    @Slot()
    def save(self) -> None:
        """Keep the show and the window as they are now."""
        try:
            save_settings(self._present_settings(), self._settings_path)
        except OSError as error:
            log.warning("The settings could not be saved to %s: %s", self._settings_path, error)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.performance.may_quit():
            event.ignore()
            return
        self._saving.stop()
        self.instrument.stop()
        self.deck_link.stop()
        self.controls.stop()
        self.save()
        self.feed.stop()
        self.screen_menu.identify.hide()
        self.replayer.stop()
        self.hide()  # joining may take a moment: nobody should watch a frozen window
        self.link.engine.end_session()
        self.link.shut_down()
        super().closeEvent(event)

    def _build_parts(self) -> None:
        self._build_playing()
        self._build_menus()
        self._build_panels()

    def _build_playing(self) -> None:
        """What follows the engine, and what leads out of the window."""
        link = self.link
        self.instrument = Instrument(link, self)
        self.deck_link = DeckLink(link, self)
        if self._settings.quantise in list(Quantise):
            self.deck_link.set_quantise(Quantise(self._settings.quantise))
        self.controls = ControlLink(link, self.deck_link, self._settings.mappings)
        self.performance = PerformanceMode(self)
        self.outputs = Outputs(
            link,
            Path(self._settings.recordings_folder),
            self._settings.virtual_camera_device,
            self,
        )
        self.feed = CleanFeed(link, self)
        self.replayer = Replayer(self)
        self.report_saver = ReportSaver(link, self._settings_path, self)
        self.looks = Looks(link, self.deck_link, self)
        self.look_edits = LookEdits(link, self.deck_link, self.looks, self)

    def _build_menus(self) -> None:
        link = self.link
        self.source_menu = SourceMenu(link, self)
        self.model_menu = ModelMenu(link, self)
        self.hold_menu = HoldMenu(self)
        self.accelerator_menu = AcceleratorMenu(link, self.hold_menu, self)
        self.main_menu = MainMenu(self)
        self.screen_menu = ScreenMenu(self.feed, self)
        self.replay_menu = ReplayMenu(self.replayer, self.outputs, self)
        self.output_menu = OutputMenu(self.outputs, self.screen_menu, self.replay_menu, self)
        self.sound_menu = SoundMenu(link, self)
        self.set_menu = SetMenu(self.deck_link, self._settings.recent_sets, self)
        self.pad_menu = PadMenu(self.looks, self.look_edits, self)

    def _build_panels(self) -> None:
        link = self.link
        self.controls_panel = ControlsPanel(self.controls)
        looked_for = (self.source_menu, self.model_menu, self.accelerator_menu)
        self.top_bar = TopBar(self.main_menu, *looked_for)
        self.sound_panel = SoundPanel(self.sound_menu)
        self.input_panel = InputPanel(self.source_menu, self.output_menu, self.sound_panel)
        self.stage = Stage()
        self.cue_panel = CuePanel(self.deck_link)
        self.deck_strip = DeckStrip()
        self.bank_bar = BankBar(self.set_menu)
        self.pads = PadGrid()
        self.look_panel = LookPanel()
        self.modulation_editor = ModulationEditor(self)
        self.panic_row = PanicRow()
        self.learn_click = LearnClick(self._addresses(), self)
        self.key_play = KeyPlay(self.controls, self, rest=self.stage)
        self.look_pictures = LookPictures(link, self.looks, self)
        has_previews = self._settings.has_previews
        self.previews = Previews(link, self.deck_link, self.looks, self.pads, is_on=has_previews)
        self.panels: dict[str, QWidget] = {
            "input_panel": self.input_panel,
            "pads_panel": self.pads,
            "look_panel": self.look_panel,
            "controls_panel": self.controls_panel,
            "cue_panel": self.cue_panel,
        }
        self.side_panels = SidePanels((self.controls_panel, self.cue_panel), self)

    def _lay_out(self) -> None:
        root = QWidget()
        root.setObjectName("root")
        whole = _column()
        whole.addWidget(self.top_bar)
        middle = _row()
        middle.addLayout(self._left_side(), 1)
        middle.addWidget(self.cue_panel)
        middle.addWidget(self.controls_panel)
        middle.addWidget(self.look_panel)
        whole.addLayout(middle, 1)
        whole.addWidget(self.panic_row)
        root.setLayout(whole)
        self.setCentralWidget(root)
        self.sheet = ShortcutsSheet(root)
        self.welcome = Welcome(self.link, self.outputs, root)

    def _left_side(self) -> QVBoxLayout:
        pictures = _row(GAP_PX)
        pictures.addWidget(self.input_panel)
        pictures.addWidget(self.stage, 1)
        side = _column(GAP_PX)
        side.setContentsMargins(GAP_PX, GAP_PX, GAP_PX, GAP_PX)
        side.addLayout(pictures, 4)
        side.addWidget(self.deck_strip)
        side.addWidget(self.bank_bar)
        side.addWidget(self.pads, 1)
        return side

    def _addresses(self) -> dict[QWidget, str]:
        """What a click chooses while a control is being learned."""
        row = self.panic_row
        panic: dict[QWidget, str] = {
            button: f"panic/{state}" for state, button in row.panic.items()
        }
        panic |= {
            row.last_good: "panic/last_good",
            row.stop_modulation: "panic/stop_modulation",
            row.reset: "panic/reset",
            self.sound_panel.tap: "tempo/tap",
            self.deck_strip.crossfader: "crossfade",
            self.cue_panel.go: "cue/next",
            self.cue_panel.back: "cue/previous",
        }
        pads = {pad: f"pad/{pad.index + 1}" for pad in self.pads.pads}
        return {row: name for name, row in self.look_panel.rows.items()} | pads | panic

    def _restore(self) -> None:
        self.resize(QSize(*FIRST_PX).boundedTo(self.screen().availableGeometry().size()))
        self.restoreGeometry(QByteArray.fromBase64(self._settings.geometry.encode()))
        self.source_menu.recent = list(self._settings.recent_sources)
        for name, panel in self.panels.items():
            panel.setVisible(name not in self._settings.hidden_panels)
        self.side_panels.make_room()
        self.text_scale.set_percent(self._settings.text_percent or usual_percent(self.screen()))
        scaling = self._settings.output_scaling
        if scaling in [each.value for each in Scaling]:
            self.feed.set_scaling(Scaling(scaling), self._settings.is_output_smooth)
        self.look_panel.open_sections(self._settings.open_sections)

    def _present_settings(self) -> Settings:
        show = self.link.show
        return Settings(
            source=show.source,
            audio=show.audio,
            has_midi=bool(show.midi),
            has_gamepads=bool(show.gamepads),
            osc_port=show.osc.port if show.osc else 0,
            mappings=list(self.controls.saved()),
            fit=str(show.fit),
            model=show.render.model,
            width_px=show.render.width_px,
            height_px=show.render.height_px,
            accelerator=show.render.accelerator,
            target_fps_hz=show.target_fps_hz,
            params=dict(show.params.as_dict()),
            set_file=str(self.deck_link.path or ""),
            recent_sets=self.set_menu.recent,
            quantise=self.deck_link.quantise.value,
            is_welcomed=self._settings.is_welcomed or self.welcome.was_opened,
            recent_sources=self.source_menu.recent,
            has_previews=self.previews.is_on,
            text_percent=self.text_scale.wanted_percent,
            has_output_screen=self.feed.is_wanted,
            output_display=self.feed.wanted_key,
            output_scaling=self.feed.scaling.value,
            is_output_smooth=self.feed.is_smooth,
            has_virtual_camera=bool(self.outputs.virtual_camera_uri),
            virtual_camera_device=self.outputs.virtual_camera_device,
            recordings_folder=str(self.outputs.recordings_folder),
            geometry=bytes(self.saveGeometry().toBase64().data()).decode(),
            hidden_panels=[name for name, panel in self.panels.items() if panel.isHidden()],
            open_sections=self.look_panel.opened_sections(),
        )


def _row(spacing_px: int = 0) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(spacing_px)
    return row


def _column(spacing_px: int = 0) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing_px)
    return column
