from __future__ import annotations

import pytest

from boot.window_smoke import complaints


def test_a_clean_launch_has_nothing_to_complain_about():
    assert complaints(0, "warm-up 2.1 s\n", is_picture_there=True) == []


@pytest.mark.parametrize(
    ("exit_code", "stderr", "is_picture_there", "mentions"),
    [
        (1, "", True, "exit code 1"),
        (0, "Traceback (most recent call last)", True, "Traceback"),
        (0, "QThread: Destroyed while thread is still running", True, "QThread"),
        (0, "", False, "no picture"),
    ],
)
def test_each_kind_of_bad_end_is_seen(exit_code, stderr, is_picture_there, mentions):
    (complaint,) = complaints(exit_code, stderr, is_picture_there)
    assert mentions in complaint
