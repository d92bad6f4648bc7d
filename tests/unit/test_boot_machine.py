from __future__ import annotations

import pytest

from boot.machine import Machine, has_display, unsupported_reason


@pytest.mark.parametrize("python", [(3, 10), (3, 13)])
def test_the_supported_pythons_are_fine(python):
    assert unsupported_reason(Machine("linux", "x86_64", python)) is None


@pytest.mark.parametrize("python", [(3, 9), (3, 14)])
def test_another_python_is_refused_with_what_to_install(python):
    reason = unsupported_reason(Machine("linux", "x86_64", python))
    assert reason is not None
    assert f"this is {python[0]}.{python[1]}: install Python 3.13" in reason


def test_an_intel_mac_is_told_why_it_cannot():
    assert "Intel" in (unsupported_reason(Machine("darwin", "x86_64", (3, 12))) or "")


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ""}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, True),
        ("windows", {}, True),
        ("darwin", {}, True),
    ],
)
def test_a_display_is_a_matter_of_linux_variables(system, environment, expected):
    assert has_display(Machine(system, "x86_64", (3, 11)), environment) is expected
