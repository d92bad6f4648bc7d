"""Menu, source, model and accelerator; then the lock, what the audience gets, and the figures."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from app.engine_names import RenderInfo, ShowSpec
from app.hud import Hud
from app.live_lamp import LiveLamp
from app.model_menu import AcceleratorMenu, ModelMenu, model_label
from app.shortcuts import key_of
from app.source_menu import SourceMenu, source_label
from app.theme import THEME, beside_icon, icon, text_font

BAR_PX = 52


class TopBar(QFrame):
    """One line over everything; the buttons open menus."""

    def __init__(
        self,
        main_menu: QMenu,
        source_menu: SourceMenu,
        model_menu: ModelMenu,
        accelerator_menu: AcceleratorMenu,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setFixedHeight(BAR_PX)
        self.menu = _menu_button("menu", main_menu, "Reverie", "main_menu")
        self.menu.setText(beside_icon("Reverie"))
        self.menu.setFont(text_font(THEME.text_px + 2, is_bold=True))
        self.source = _menu_button("video-input-component", source_menu, "Source", "source")
        self.model = _menu_button("brain", model_menu, "Model and size", "model")
        self.accelerator = _menu_button(
            "lightning-bolt-outline", accelerator_menu, "Accelerator", "accelerator"
        )
        self.lamp = LiveLamp()
        self.hud = Hud()
        self.help = QToolButton()
        self.help.setIcon(icon("keyboard-outline", "dim"))
        self.help.setIconSize(QSize(20, 20))
        self.help.setProperty("role", "quiet")
        self.help.setAccessibleName("Keyboard")
        self.help.setToolTip(f"All keys ({key_of('help')})")
        self.lock = QToolButton()
        self.lock.setCheckable(True)
        self.lock.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.lock.setIconSize(QSize(18, 18))
        self.lock.setAccessibleName("Performance mode")
        self.lock.setToolTip(
            "Performance mode: pads, faders and panic play on, all else is locked   "
            f"({key_of('performance')})"
        )
        self.show_locked(False)
        self._lay_out()

    @Slot(bool)
    def show_locked(self, is_locked: bool) -> None:
        self.lock.setChecked(is_locked)
        self.lock.setIcon(icon("lock" if is_locked else "lock-open-outline", "dim", "accent"))
        self.lock.setText(beside_icon("Locked" if is_locked else "Lock"))

    @Slot(object)
    def show_show(self, show: ShowSpec) -> None:
        self.source.setText(beside_icon(_short(source_label(show.source))))
        self.model.setText(
            beside_icon(
                f"{_short(model_label(show.render.model))}  "
                f"{show.render.width_px}×{show.render.height_px}"
            )
        )

    @Slot(object)
    def show_info(self, info: RenderInfo) -> None:
        """What really runs, which "auto" and a failed wish don't tell."""
        self.accelerator.setText(beside_icon(f"{info.accelerator} ✓"))
        notes = "\n".join((f"{info.model_name} on {info.device}", *info.accelerator_notes))
        self.accelerator.setToolTip(f"{notes}   ({key_of('accelerator')})")

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(6)
        for button in (self.menu, self.source, self.model, self.accelerator):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.lock)
        row.addSpacing(8)
        row.addWidget(self.lamp)
        row.addSpacing(8)
        row.addWidget(self.hud)
        row.addSpacing(6)
        row.addWidget(self.help)


def _menu_button(icon_name: str, menu: QMenu, name: str, action: str) -> QToolButton:
    button = QToolButton()
    button.setText(beside_icon(f"{name} …"))
    button.setIcon(icon(icon_name, "dim"))
    button.setIconSize(QSize(18, 18))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(menu)
    button.setAccessibleName(name)
    button.setToolTip(f"{name}   ({key_of(action)})")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _short(text: str, most: int = 18) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
