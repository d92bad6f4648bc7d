from __future__ import annotations

import sys
from collections import deque
from pathlib import Path

import pytest

from boot.pip import (
    InstallFailed,
    at_most_every,
    package_name,
    pip_install,
    progress_lines,
    remember,
)

OUTPUT = """\
Looking in links: somewhere
Collecting numpy==2.4.6 (from -r requirements.lock (line 7))
  Downloading numpy-2.4.6-cp311-cp311-linux.whl (16.0 MB)
Progress 0 of 16000000
Progress 8000000 of 16000000
Collecting PySide6_Essentials==6.12.0
  Using cached pyside6_essentials-6.12.0-cp310-abi3.whl (98 MB)
Installing collected packages: numpy, pyside6-essentials
""".splitlines()


def test_pip_output_becomes_plain_lines():
    assert list(progress_lines(OUTPUT)) == [
        "1 numpy",
        "1 numpy",
        "1 numpy: 0 of 16 MB",
        "1 numpy: 8 of 16 MB",
        "2 pyside6-essentials",
        "2 pyside6-essentials",
        "writing the files",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("numpy==2.4.6", "numpy"),
        ("opencv_python_headless-5.0.0.93-cp37-abi3-linux.whl", "opencv-python-headless"),
        ("ml-dtypes", "ml-dtypes"),
    ],
)
def test_a_package_has_one_name_in_all_its_spellings(text, name):
    assert package_name(text) == name


def test_lines_are_thinned_out_to_a_readable_pace():
    times_s = iter([0.0, 0.0, 1.0, 2.5, 2.5])
    assert list(at_most_every(2.0, ["a", "b", "c"], lambda: next(times_s))) == ["a", "c"]


def test_last_words_hold_no_progress():
    last_words: deque[str] = deque(maxlen=2)
    lines = ["one\n", "two\n", "Progress 1 of 2\n", "\n"]
    assert list(remember(lines, last_words)) == lines
    assert list(last_words) == ["one", "two"]


def test_a_failed_installation_ends_with_pips_reason():
    said: list[str] = []
    with pytest.raises(InstallFailed, match=r"nowhere(.|\n)*start the same command again"):
        pip_install(Path(sys.executable), ["-r", "/nowhere/at/all.txt"], said.append)
