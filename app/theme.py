"""The look of the window: every colour, size and font, in one place.

Stage use: near-black neutral surfaces, so that the picture is the brightest thing on the screen;
one accent for what is on, one warning colour for what needs a hand. A state is never told by
colour alone: each has a shape or a word as well.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from string import Template

import qtawesome
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QMenu, QWidget

ASSETS = Path(__file__).resolve().parent.parent / "assets"
FONT_FAMILY = "Inter"
TEXT_SCALE = "text_scale"  # a property of the application
LENGTH = re.compile(r"\b([4-9]|\d\d+)px")  # of a stylesheet; thinner lines stay as they are


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb, lengths in px. Text on `surface`: at least 4.5:1, but for `faint`."""

    stage: str = "#050506"  # behind the pictures
    background: str = "#0c0c0e"
    surface: str = "#141417"
    raised: str = "#1e1e22"
    hover: str = "#28282d"
    line: str = "#2b2b31"
    text: str = "#e9e9ec"
    dim: str = "#a2a2ab"
    faint: str = "#71717a"  # only for what has no effect just now
    accent: str = "#62e0bd"
    accent_deep: str = "#17493c"
    on_accent: str = "#04150f"
    warning: str = "#ff9457"
    warning_deep: str = "#4d2813"
    on_warning: str = "#1b0a00"
    text_px: int = 14
    small_px: int = 12
    radius_px: int = 6
    control_px: int = 30
    touch_px: int = 48  # pads and panic buttons: found in the dark, by hand

    def color(self, token: str) -> QColor:
        """The QColor of a token."""
        return QColor(getattr(self, token))


THEME = Theme()


def apply_theme(app: QApplication, theme: Theme = THEME) -> None:
    """Dress the whole application: fonts, palette, stylesheet."""
    for path in sorted((ASSETS / "fonts").glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setFont(text_font(theme.text_px))
    app.setStyleSheet(stylesheet(theme))
    app.setWindowIcon(QIcon(str(ASSETS / "icons" / "reverie.svg")))


def stylesheet(theme: Theme = THEME) -> str:
    """assets/theme/stage.qss with the theme's tokens filled in."""
    template = Template((ASSETS / "theme" / "stage.qss").read_text(encoding="utf-8"))
    tokens = asdict(theme) | {"font": FONT_FAMILY, "icons": (ASSETS / "icons").as_posix()}
    return template.substitute(tokens)


def apply_text_scale(app: QApplication, scale: float) -> None:
    """Dress the application in larger or smaller text: 1.0 is what the theme says."""
    app.setProperty(TEXT_SCALE, scale)
    app.setFont(text_font(THEME.text_px))
    app.setStyleSheet(LENGTH.sub(partial(_scaled_length, scale), stylesheet()))


def text_scale() -> float:
    """What `apply_text_scale` set last."""
    app = QApplication.instance()
    return (app.property(TEXT_SCALE) if app else None) or 1.0


def scaled(length_px: float) -> int:
    """A length that grows with the text, for what is painted by hand."""
    return round(length_px * text_scale())


def _scaled_length(scale: float, length: re.Match[str]) -> str:
    return f"{round(int(length[1]) * scale)}px"


def text_font(size_px: int, *, is_bold: bool = False) -> QFont:
    """The interface font; figures are of one width, so that running numbers stand still."""
    font = QFont(FONT_FAMILY)
    font.setPixelSize(round(size_px * text_scale()))
    font.setWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
    if hasattr(font, "setFeature"):  # Qt 6.7 and newer
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


@lru_cache(maxsize=64)
def icon(name: str, token: str = "text", token_checked: str = "", name_checked: str = "") -> QIcon:
    """A Material Design icon in a theme colour; while checked in another colour and shape."""
    on = getattr(THEME, token_checked or token)
    return qtawesome.icon(
        f"mdi6.{name}", on=f"mdi6.{name_checked or name}", color=getattr(THEME, token),
        color_on=on, color_disabled=THEME.faint,
    )  # fmt: skip


def add_caption(menu: QMenu, text: str) -> None:
    """Head a part of a menu; `QMenu.addSection` loses its words under a stylesheet."""
    if menu.actions():
        menu.addSeparator()
    action = menu.addAction(text)
    action.setEnabled(False)
    action.setFont(text_font(THEME.small_px, is_bold=True))


def set_state(widget: QWidget, state: str) -> None:
    """Give a widget one of the stylesheet's states: warning, accent, info, inert or none."""
    if widget.property("state") != state:
        widget.setProperty("state", state)
        widget.style().polish(widget)


def beside_icon(text: str) -> str:
    """Text with air between it and its button's icon, which stylesheets can't give."""
    return f"\u2002{text}"


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for roles, token in (
        ((role.Window, role.Base, role.AlternateBase), "background"),
        ((role.Button, role.ToolTipBase), "raised"),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), "text"),
        ((role.PlaceholderText,), "faint"),
        ((role.Highlight,), "accent_deep"),
        ((role.HighlightedText,), "text"),
    ):
        for each in roles:
            palette.setColor(each, theme.color(token))
    return palette
