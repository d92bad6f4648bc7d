"""Writes the table of docs/models.md from the catalogue: `python -m docs.generate_models`."""

from __future__ import annotations

import re
from pathlib import Path

from engine.diffusion.catalogue import HOUSE, ModelEntry
from engine.diffusion.known_models import CATALOGUE

PAGE = Path(__file__).with_name("models.md")
TABLE = re.compile(r"(?<=<!-- models -->\n).*?(?=<!-- end of models -->)", re.DOTALL)
HEADER = """\
| name | what it is | size | download | graphics memory | licence |
|---|---|---|---|---|---|
"""


def models_table() -> str:
    """All models known by name, as Markdown."""
    return HEADER + "".join(f"{row(entry)}\n" for entry in CATALOGUE.values())


def row(entry: ModelEntry) -> str:
    """One line of the table."""
    is_shipped = entry.name == HOUSE
    cells = (
        f"`{entry.name}`",
        f"{entry.label}: {entry.note}",
        f"{entry.width_px}²",
        "none" if is_shipped else amount(entry.download_gb),
        "none needed" if is_shipped else amount(entry.vram_gb),
        entry.licence,
    )
    return f"| {' | '.join(cells)} |"


def amount(size_gb: float | None) -> str:
    """Gigabytes, or that nobody has said."""
    return "not known" if size_gb is None else f"{size_gb:g} GB"


def page(text: str) -> str:
    """`text` with the table as it should be."""
    return TABLE.sub(lambda match: models_table(), text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
