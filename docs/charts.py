"""Plots as SVG text, for pages that are light or dark: lines, bars and spans of time.

Pure: values in, text out, the same text for the same values. No series is told by colour alone:
lines have markers and dashes of their own, bars their names beside them, spans their numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, MARGIN, TITLE_HEIGHT = 820, 16, 44
PLOT_LEFT, PLOT_RIGHT, PLOT_HEIGHT, AXIS_HEIGHT = 64, 560, 280, 52
NAMES_WIDTH, VALUES_WIDTH, ROW_HEIGHT, BAR_HEIGHT = 210, 90, 22, 14
SPAN_HEIGHT, NUMBER_WIDTH, LEGEND_COLUMN = 26, 14, 262
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 4", "12 4")
MARKERS = (
    "M-4-4h8v8h-8z",
    "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5z",
    "M0-6L6 5H-6z",
    "M0-6L6 0L0 6L-6 0z",
    "M0 6L6-5H-6z",
    "M-5-2h3v-3h4v3h3v4h-3v3h-4v-3h-3z",
)
# Okabe and Ito's colours, which the colour-blind tell apart; darker ones on light pages.
LIGHT = ("#0072b2", "#b34e00", "#00795a", "#a3457f", "#6b6b6b", "#8a6d00")
DARK = ("#56b4e9", "#f0954a", "#35c79a", "#e69ac3", "#b5b5b5", "#e6cf4a")


@dataclass(frozen=True)
class Series:
    """One line. points: (x, y), in the order of x."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Span:
    """One piece of a row, from start to end."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Scale:
    """From values to pixels; `is_log`: by their logarithm."""

    low: float
    high: float
    low_px: float
    high_px: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (self._bent(v) for v in (self.low, self.high, value))
        share = (value - low) / (high - low)
        return self.low_px + share * (self.high_px - self.low_px)

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def line_chart(
    title: str, x_label: str, y_label: str, series: Sequence[Series], is_log: bool = False
) -> str:
    """y over x, from zero on, or on a logarithmic scale. Every x that occurs gets a tick."""
    points = [point for each in series for point in each.points]
    xs, top = sorted({x for x, _ in points}), max(y for _, y in points)
    bottom = min(y for _, y in points)
    ticks = log_ticks(bottom, top) if is_log else linear_ticks(top)
    floor_px = TITLE_HEIGHT + PLOT_HEIGHT
    across = Scale(xs[0], xs[-1], PLOT_LEFT + 16, PLOT_RIGHT - 16)
    up = Scale(ticks[0], ticks[-1], floor_px, TITLE_HEIGHT, is_log)
    body = [
        *(_grid_line(up(tick), number(tick)) for tick in ticks),
        *(_text(across(x), floor_px + 20, number(x), "soft", "middle") for x in xs),
        _text((PLOT_LEFT + PLOT_RIGHT) / 2, floor_px + 42, x_label, "", "middle"),
        _upright(18, TITLE_HEIGHT + PLOT_HEIGHT / 2, y_label),
    ]
    for index, each in enumerate(series):
        body += _line(index, [(across(x), up(y)) for x, y in each.points])
        body += _line_key(index, each.name)
    return _svg(title, floor_px + AXIS_HEIGHT, body)


def bar_chart(
    title: str, x_label: str, groups: Mapping[str, Mapping[str, float]], unit: str
) -> str:
    """Horizontal bars with their values, in groups under headings."""
    top = max(value for rows in groups.values() for value in rows.values())
    along = Scale(0.0, top, NAMES_WIDTH, WIDTH - MARGIN - VALUES_WIDTH)
    names = list(dict.fromkeys(name for rows in groups.values() for name in rows))
    body: list[str] = []
    y_px = TITLE_HEIGHT + 4.0
    for heading, rows in groups.items():
        body.append(_text(MARGIN, y_px + 14, heading, "strong"))
        y_px += ROW_HEIGHT
        for name, value in rows.items():
            body += _bar(names.index(name), name, y_px, along(value), f"{number(value)} {unit}")
            y_px += ROW_HEIGHT
        y_px += 8
    body.append(_text(NAMES_WIDTH, y_px + 14, x_label, "soft"))
    return _svg(title, y_px + 28, body)


def span_chart(title: str, x_label: str, rows: Mapping[str, Sequence[Span]]) -> str:
    """Pieces of time one after the other, numbered; the numbers are explained below."""
    top = max(span.end for spans in rows.values() for span in spans)
    ticks = linear_ticks(top)
    along = Scale(0.0, ticks[-1], NAMES_WIDTH, WIDTH - MARGIN - 24)
    floor_px = TITLE_HEIGHT + len(rows) * (SPAN_HEIGHT + 10) + 4
    names = list(dict.fromkeys(span.name for spans in rows.values() for span in spans))
    body = [_tick(along(tick), floor_px, number(tick)) for tick in ticks]
    body.append(_text(NAMES_WIDTH, floor_px + 38, x_label, "soft"))
    for index, (row, spans) in enumerate(rows.items()):
        y_px = TITLE_HEIGHT + index * (SPAN_HEIGHT + 10)
        body.append(_text(MARGIN, y_px + 17, row, "strong"))
        for span in spans:
            body += _span(names.index(span.name), y_px, along(span.start), along(span.end))
    body += [_span_key(index, name, floor_px + 52) for index, name in enumerate(names)]
    return _svg(title, floor_px + 58 + 22 * math.ceil(len(names) / 3), body)


def linear_ticks(top: float) -> list[float]:
    """From 0 to at least `top`, in four to eight round steps."""
    step = 10.0 ** math.floor(math.log10(top / 4)) if top > 0 else 1.0
    step = next(step * factor for factor in (1, 2, 5, 10) if step * factor * 8 >= top)
    return [step * index for index in range(math.ceil(top / step - 1e-9) + 1)]


def log_ticks(bottom: float, top: float) -> list[float]:
    """1, 2, 5 and their tenfolds, from at most `bottom` to at least `top`."""
    exponents = range(math.floor(math.log10(bottom)) - 1, math.ceil(math.log10(top)) + 1)
    steps = [factor * 10.0**exponent for exponent in exponents for factor in (1, 2, 5)]
    first = max(index for index, step in enumerate(steps) if step <= bottom)
    last = min(index for index, step in enumerate(steps) if step >= top)
    return steps[first : max(last, first + 1) + 1]


def number(value: float) -> str:
    """To three digits, without needless zeros."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


# ---- pieces


def _line(index: int, places: Sequence[tuple[float, float]]) -> list[str]:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    kind = index % len(LIGHT)
    stroke = f'<path class="line c{kind}" d="M{path}" stroke-dasharray="{DASHES[kind]}"/>'
    return [stroke, *(_marker(kind, x, y) for x, y in places)]


def _marker(index: int, x_px: float, y_px: float) -> str:
    place = f"translate({x_px:.1f} {y_px:.1f})"
    return f'<path class="fill c{index}" transform="{place}" d="{MARKERS[index]}"/>'


def _line_key(index: int, name: str) -> list[str]:
    y_px = TITLE_HEIGHT + 16.0 + index * ROW_HEIGHT
    left_px = PLOT_RIGHT + 24.0
    line = _line(index, [(left_px, y_px), (left_px + 36, y_px)])
    return [
        line[0],
        _marker(index % len(LIGHT), left_px + 18, y_px),
        _text(left_px + 46, y_px + 4, name),
    ]


def _bar(index: int, name: str, y_px: float, end_px: float, value: str) -> list[str]:
    width_px = max(1.0, end_px - NAMES_WIDTH)
    return [
        _text(NAMES_WIDTH - 10, y_px + 12, name, "", "end"),
        f'<rect class="fill c{index % len(LIGHT)}" x="{NAMES_WIDTH}" y="{y_px:.1f}"'
        f' width="{width_px:.1f}" height="{BAR_HEIGHT}"/>',
        _text(NAMES_WIDTH + width_px + 8, y_px + 12, value),
    ]


def _span(index: int, y_px: float, start_px: float, end_px: float) -> list[str]:
    width_px = max(0.5, end_px - start_px)
    piece = (
        f'<rect class="fill edge c{index % len(LIGHT)}" x="{start_px:.1f}" y="{y_px:.1f}"'
        f' width="{width_px:.1f}" height="{SPAN_HEIGHT}"/>'
    )
    if width_px < NUMBER_WIDTH:
        return [piece]
    return [piece, _text(start_px + width_px / 2, y_px + 17, str(index + 1), "inside", "middle")]


def _span_key(index: int, name: str, top_px: float) -> str:
    row, column = divmod(index, 3)
    x_px, y_px = MARGIN + column * LEGEND_COLUMN, top_px + row * 22
    box = f'<rect class="fill c{index % len(LIGHT)}" x="{x_px}" y="{y_px}" width="18" height="16"/>'
    return (
        box
        + _text(x_px + 9, y_px + 12.5, str(index + 1), "inside", "middle")
        + _text(x_px + 26, y_px + 12.5, name)
    )


def _grid_line(y_px: float, label: str) -> str:
    line = f'<path class="grid" d="M{PLOT_LEFT} {y_px:.1f}H{PLOT_RIGHT}"/>'
    return line + _text(PLOT_LEFT - 8, y_px + 4, label, "soft", "end")


def _tick(x_px: float, floor_px: float, label: str) -> str:
    line = f'<path class="grid" d="M{x_px:.1f} {TITLE_HEIGHT - 4}V{floor_px}"/>'
    return line + _text(x_px, floor_px + 18, label, "soft", "middle")


def _upright(x_px: float, y_px: float, text: str) -> str:
    place = f"translate({x_px} {y_px:.1f}) rotate(-90)"
    return f'<text text-anchor="middle" dy="8" transform="{place}">{escape(text)}</text>'


def _text(x_px: float, y_px: float, text: str, kind: str = "", anchor: str = "start") -> str:
    about = (f' class="{kind}"' if kind else "") + (
        f' text-anchor="{anchor}"' if anchor != "start" else ""
    )
    return f'<text x="{x_px:.1f}" y="{y_px:.1f}"{about}>{escape(text)}</text>'


def _svg(title: str, height_px: float, body: Sequence[str]) -> str:
    """The whole picture on a ground of its own, so that it can be read on any page."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height_px:.0f}"'
        ' font-family="Inter, Segoe UI, Helvetica, Arial, sans-serif" font-size="13">'
    )
    ground = f'<rect class="ground" width="{WIDTH}" height="{height_px:.0f}" rx="10"/>'
    named = f"<title>{escape(title)}</title>{_text(MARGIN, 27, title, 'title')}"
    return "\n".join([head, f"<style>{_style()}</style>", ground, named, *body, "</svg>", ""])


def _style() -> str:
    light = _colours("#ffffff", "#1b1f23", "#57606a", "#d8dee4", "#ffffff", LIGHT)
    dark = _colours("#0d1117", "#e6edf3", "#9aa4ad", "#2b323a", "#0d1117", DARK)
    fixed = ".title{font-size:16px;font-weight:600}.strong,.inside{font-weight:600}"
    fixed += ".line{fill:none;stroke-width:2.2}.grid{fill:none}.edge{stroke-width:1}"
    return f"{light}{fixed}@media(prefers-color-scheme:dark){{{dark}}}"


def _colours(
    ground: str, ink: str, soft: str, grid: str, inside: str, accents: Sequence[str]
) -> str:
    rules = [
        f".ground{{fill:{ground}}}text{{fill:{ink}}}.soft{{fill:{soft}}}.grid{{stroke:{grid}}}",
        f".inside{{fill:{inside}}}.edge{{stroke:{ground}}}",
        *(f".fill.c{i}{{fill:{c}}}.line.c{i}{{stroke:{c}}}" for i, c in enumerate(accents)),
    ]
    return "".join(rules)
