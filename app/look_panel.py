"""The look: words on top, then every parameter of the table in groups, some of them folded."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.cost_badge import CostBadge
from app.engine_names import PARAMETERS, Cost, Matrix, RenderInfo, Section, StreamParams
from app.folding_section import FoldingSection
from app.parameter_row import ParameterRow
from app.parameter_rows import make_row
from app.prompt_editor import PromptEditor
from app.scroll_column import ScrollColumn
from app.shortcuts import key_of
from app.theme import scaled

PANEL_PX = 380
EDITORS = {"prompt": 2, "negative_prompt": 1}  # how many lines
GROUPS = (
    (
        "Painting",
        ("strength", "num_inference_steps", "dry_wet", "bypass_after_s", "blackout_fade_s"),
    ),
    ("Guidance", ("guidance_mode", "guidance_scale", "delta", "guidance_rescale")),
    ("Noise", ("seed", "seed_target", "seed_blend")),
    ("Stillness", ("similarity_filter", "similarity_threshold", "max_skips")),
    ("Sampling", ("sampler", "add_noise", "prompt_blend")),
    ("Speed", ("token_merging", "feature_reuse")),
)
FOLDED = tuple(section for section in Section if section is not Section.LOOK)


class LookPanel(QFrame):
    """Signals: value_edited(name, value) on every change by a person; refused(sentence);
    stored_wanted when the look is to be as it was stored; modulation_wanted(name, place).
    """

    value_edited = Signal(str, object)
    stored_wanted = Signal()
    modulation_wanted = Signal(str, QPoint)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("lookPanel")
        self.setMaximumWidth(PANEL_PX)
        self.title = QLabel("Look")
        self.title.setProperty("role", "title")
        self.changed = QToolButton()
        self.changed.setText("changed ↺")
        self.changed.setProperty("role", "quiet")
        self.changed.setToolTip(
            f"Sliders have moved since: the look as it was stored ({key_of('stored_look')})"
        )
        self.changed.setAccessibleName("Back to the stored look")
        self.changed.clicked.connect(self.stored_wanted)
        self.changed.hide()
        self.editors = {
            name: PromptEditor(PARAMETERS[name], lines) for name, lines in EDITORS.items()
        }
        self.rows: dict[str, ParameterRow] = {}
        self.sections: dict[Section, FoldingSection] = {}
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Its full width; where a side panel needs the room, as little as its rows can do with."""
        return QSize(scaled(PANEL_PX), super().sizeHint().height())

    @Slot(object)
    def show_params(self, params: StreamParams) -> None:
        controls = (self.editors, self.rows, self.sections)
        for control in (each for kind in controls for each in kind.values()):
            control.show_params(params)

    @Slot(object, object)
    def show_moved(self, params: StreamParams, matrix: Matrix) -> None:
        """What the last tick painted with; a mark for everything that moves by itself."""
        moving = {route.parameter for route in matrix if route.is_on}
        for name, row in self.rows.items():
            row.show_moved(getattr(params, name) if name in moving else None)

    @Slot(object)
    def show_info(self, info: RenderInfo) -> None:
        for editor in self.editors.values():
            editor.show_known_words(info.known_words)
        for name, row in self.rows.items():
            row.show_unused(info.inert.get(name))

    def show_name(self, name: str) -> None:
        """The name of the look that plays; empty when it is nobody's."""
        self.title.setText(name or "Look")
        self.changed.hide()

    @Slot(bool)
    def show_changed(self, is_changed: bool) -> None:
        """Whether the look differs from what is stored."""
        self.changed.setVisible(is_changed)

    def opened_sections(self) -> list[str]:
        """The names of those that aren't folded."""
        return [name.value for name, made in self.sections.items() if made.head.isChecked()]

    def open_sections(self, names: Sequence[object]) -> None:
        """Open these and fold the others; names of no section are passed over."""
        for name, made in self.sections.items():
            made.head.setChecked(name.value in names)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 6, 8)
        column.setSpacing(8)
        column.addLayout(self._head())
        for editor in self.editors.values():
            editor.applied.connect(self.value_edited)
            column.addWidget(editor)
            editor.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self._scroll_area(), 1)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 8, 0)
        head.setSpacing(10)
        head.addWidget(self.title)
        head.addWidget(self.changed)
        head.addStretch(1)
        for cost in Cost:
            badge = CostBadge(cost, is_word_shown=True)
            head.addWidget(badge)
        return head

    def _scroll_area(self) -> ScrollColumn:
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 4, 0)
        rows.setSpacing(0)
        for heading, names in all_groups():
            rows.addWidget(_heading(heading))
            for name in names:
                rows.addWidget(self._make_row(name))
        rows.addSpacing(8)
        for section in FOLDED:
            rows.addWidget(self._make_section(section))
        rows.addStretch(1)
        return ScrollColumn(inside)

    def _make_section(self, section: Section) -> FoldingSection:
        names = [name for name, p in PARAMETERS.items() if p.section is section]
        made = FoldingSection(section.capitalize(), [(n, self._make_row(n)) for n in names])
        self.sections[section] = made
        return made

    def _make_row(self, name: str) -> ParameterRow:
        row = make_row(PARAMETERS[name])
        row.value_edited.connect(self.value_edited)
        row.refused.connect(self.refused)
        row.modulation_wanted.connect(self.modulation_wanted)
        self.rows[name] = row
        return row


def all_groups() -> Sequence[tuple[str, tuple[str, ...]]]:
    """The groups, and one more for parameters of the look that none of them names."""
    named = {name for _, names in GROUPS for name in names} | set(EDITORS)
    looks = (name for name, p in PARAMETERS.items() if p.section is Section.LOOK)
    others = tuple(name for name in looks if name not in named)
    return (*GROUPS, ("More", others)) if others else GROUPS


def _heading(text: str) -> QLabel:
    heading = QLabel(text)
    heading.setProperty("role", "heading")
    heading.setContentsMargins(0, 7, 0, 1)
    return heading
