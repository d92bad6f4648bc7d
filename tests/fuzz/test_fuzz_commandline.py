"""Command lines and URIs: a command, or one sentence."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.commandline import Command, UsageError, parse
from engine.errors import EngineError
from engine.params import PARAMETERS
from engine.sinks import make_sink
from engine.sources import make_source
from tests.fuzz.harness import check_sentence, fuzzed

OPTIONS = [
    "--list", "--headless", "--source", "--sink", "--fit", "--output-fps", "--preset", "--set",
    "--seed", "--model", "--size", "--accelerator", "--lora", "--vae", "--frames", "--seconds",
    "--realtime", "--no-realtime", "--report", "--profile", "--save-report", "--verbose",
    "--worker", "--no-worker", "--auto-degrade", "--osc", "--osc-feedback", "--midi",
    "--gamepad", "--steps", "--record-show", "--replay", "--out", "--fps", "--target-fps",
]  # fmt: skip
SCHEMES = ["demo", "pattern", "webcam", "file", "image", "screen", "show", "record", "vcam",
           "null"]  # fmt: skip
ODD = ["-", "--", "=", "nan", "inf", "-1", "1e999", "9" * 400, "9" * 5000]
TEXTS = st.text(max_size=12) | st.sampled_from(ODD)
URIS = st.builds("{}:{}".format, st.sampled_from(SCHEMES) | TEXTS, TEXTS)
SIZES = st.builds("{}x{}".format, st.integers(-8, 9999), TEXTS | st.integers(-8, 9999))
ASSIGNMENTS = st.builds("{}={}".format, st.sampled_from(list(PARAMETERS)) | TEXTS, TEXTS)
NUMBERS = st.integers().map(str) | st.floats().map(str)
# --help and --version end the program, as they should
WORDS = (TEXTS | URIS | SIZES | ASSIGNMENTS | NUMBERS).filter(
    lambda word: not word.startswith(("-h", "--h", "--v"))
)


def check_command_line(arguments: list[str]) -> None:
    try:
        command = parse(arguments, "1")
    except (UsageError, EngineError) as error:
        check_sentence(error)
    else:
        assert isinstance(command, Command)


@fuzzed
@given(arguments=st.lists(st.sampled_from(OPTIONS) | WORDS, max_size=8))
def test_any_command_line(arguments: list[str]) -> None:
    check_command_line(arguments)


@fuzzed
@given(option=st.sampled_from(OPTIONS), word=WORDS)
def test_any_value_of_any_option(option: str, word: str) -> None:
    check_command_line([option, word])


@fuzzed
@given(uri=URIS | TEXTS)
def test_any_uri(uri: str) -> None:
    """Making a source or sink only reads the name; nothing is opened."""
    for make in (make_source, make_sink):
        try:
            made = make(uri)
        except ValueError as error:
            check_sentence(error)
        else:
            made.close()
    assert not list(Path.cwd().iterdir())
