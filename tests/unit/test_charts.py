"""Plots are drawn to scale, can be read on any ground, and never speak by colour alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.charts import (
    Scale,
    Series,
    Span,
    bar_chart,
    line_chart,
    linear_ticks,
    log_ticks,
    number,
    span_chart,
)

SVG = "{http://www.w3.org/2000/svg}"
LINES = [Series("a & b", [(1, 10.0), (2, 5.0), (4, 1.0)]), Series("c", [(1, 20.0), (4, 2.0)])]


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@given(st.floats(1e-3, 1e6))
def test_linear_ticks_are_few_even_and_reach_the_top(top: float) -> None:
    ticks = linear_ticks(top)
    assert ticks[0] == 0.0
    assert ticks[-1] >= top * (1 - 1e-6)
    assert 3 <= len(ticks) <= 10
    assert ticks[1:] == pytest.approx([ticks[1] * index for index in range(1, len(ticks))])


@given(st.floats(1e-3, 1e5), st.floats(1.0, 1e3))
def test_logarithmic_ticks_enclose_what_is_drawn(bottom: float, ratio: float) -> None:
    ticks = log_ticks(bottom, bottom * ratio)
    assert ticks[0] <= bottom
    assert ticks[-1] >= bottom * ratio
    assert len(ticks) >= 2


def test_a_scale_is_even_in_value_or_in_ratio() -> None:
    assert Scale(0.0, 10.0, 100.0, 200.0)(5.0) == pytest.approx(150.0)
    assert Scale(1.0, 100.0, 100.0, 200.0, is_log=True)(10.0) == pytest.approx(150.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (2.0, "2"), (20.512, "20.5"), (123.4, "123"), (65536.0, "65536")],
)
def test_numbers_have_three_digits_at_least_as_many_as_they_need(value: float, text: str) -> None:
    assert number(value) == text


def test_a_line_chart_names_its_axes_and_every_line() -> None:
    svg = line_chart("Speed", "steps", "frames a second", LINES, is_log=True)
    words = texts(svg)
    assert {"Speed", "steps", "frames a second", "a & b", "c", "1", "2", "4"} <= set(words)


def test_lines_differ_in_marker_and_dash_as_well_as_in_colour() -> None:
    root = ElementTree.fromstring(line_chart("Speed", "steps", "fps", LINES))
    paths = list(root.iter(f"{SVG}path"))
    for kind, attribute in (("line", "stroke-dasharray"), ("fill", "d")):
        looks = [
            {path.get(attribute) for path in paths if path.get("class") == f"{kind} c{index}"}
            for index in range(2)
        ]
        assert looks[0].isdisjoint(looks[1])


def test_a_bar_is_as_long_as_its_value_and_says_it() -> None:
    svg = bar_chart("Speed", "ms", {"one": {"a": 10.0, "b": 40.0}, "two": {"a": 20.0}}, "ms")
    bars = [
        e for e in ElementTree.fromstring(svg).iter(f"{SVG}rect") if "fill" in e.get("class", "")
    ]
    widths = [float(bar.get("width", "0")) for bar in bars]
    assert widths == pytest.approx([widths[1] / 4, widths[1], widths[1] / 2], abs=0.1)
    assert {"one", "two", "10 ms", "40 ms", "20 ms"} <= set(texts(svg))


def test_spans_are_numbered_as_the_legend_below_explains_them() -> None:
    rows = {
        "first": [Span("read", 0.0, 2.0), Span("paint", 2.0, 10.0)],
        "again": [Span("paint", 0, 4)],
    }
    words = texts(span_chart("Start", "seconds", rows))
    assert words.count("2") >= 3  # two pieces and the legend
    assert {"read", "paint", "seconds", "first", "again"} <= set(words)


def test_more_lines_than_colours_begin_again() -> None:
    many = [Series(str(index), [(1, 1.0), (2, 2.0 + index)]) for index in range(8)]
    assert ElementTree.fromstring(line_chart("Many", "x", "y", many)) is not None


def test_a_plot_has_a_ground_of_its_own_light_or_dark() -> None:
    svg = bar_chart("Speed", "ms", {"one": {"a": 1.0}}, "ms")
    light, dark = svg.split("@media(prefers-color-scheme:dark)")
    grounds = [re.search(r"\.ground\{fill:(#\w+)\}", part) for part in (light, dark)]
    assert [match and match.group(1) for match in grounds] == ["#ffffff", "#0d1117"]
