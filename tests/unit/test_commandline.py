"""The command line says exactly what it will do, or in one sentence why it can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commandline import Listing, UsageError, parse
from engine.enums import FitMode
from engine.errors import PresetError, RecordingError
from engine.osc_spec import OscSpec
from engine.params import StreamParams
from engine.presets import Preset, PresetLora, save_preset
from engine.renderer import LoraSpec, RenderSpec
from engine.show import ShowSpec


def show_of(line: str) -> ShowSpec:
    return parse(line.split(), "1.2.3").show


def test_without_options_the_demo_plays_through_the_house_model() -> None:
    command = parse([], "1.2.3")
    assert command.is_bare
    assert not command.is_headless
    assert (command.show.source, command.show.sinks) == ("demo", ())
    assert command.show.render == RenderSpec("house", 256, 256)
    assert command.show.params == StreamParams()


def test_every_option_reaches_the_show() -> None:
    show = show_of(
        "--headless --source webcam:1 --sink record:a.mp4 --sink null --model sd-turbo "
        "--size 640x360 --accelerator eager --lora ink.safetensors:0.5 --vae own --fit stretch "
        "--output-fps 50 --frames 9 --seconds 2.5 --no-realtime --set strength=0.25 --seed 77"
    )
    assert show == ShowSpec(
        source="webcam:1",
        sinks=("record:a.mp4", "null"),
        render=RenderSpec(
            "sd-turbo", 640, 360, "eager", (LoraSpec("ink.safetensors", 0.5),), vae="own"
        ),
        params=StreamParams(strength=0.25, seed=77),
        explicit=frozenset({"strength", "seed"}),
        fit=FitMode.STRETCH,
        output_fps_hz=50.0,
        is_realtime=False,
        waits_for_model=True,
        max_frames=9,
        max_seconds_s=2.5,
    )


@pytest.mark.parametrize(("line", "target_fps_hz"), [("", 0.0), ("--target-fps 24", 24.0)])
def test_a_rate_is_held_only_where_that_is_asked_for(line: str, target_fps_hz: float) -> None:
    assert show_of(line).target_fps_hz == target_fps_hz


@pytest.mark.parametrize("line", ["--source demo", "--seed 3", "--no-realtime", "--frames 3"])
def test_any_wish_for_the_show_makes_the_line_more_than_bare(line: str) -> None:
    assert not parse(line.split(), "1").is_bare


def test_a_model_is_painted_at_its_own_size() -> None:
    assert show_of("--model sd-turbo").render.width_px == 512
    assert show_of("--model someone/unknown").render.height_px == 512


@pytest.mark.parametrize(
    ("line", "in_worker"),
    [
        ("", True),
        ("--headless", False),
        ("--headless --worker", True),
        ("--no-worker", False),
    ],
)
def test_the_model_paints_in_a_worker_with_the_window_or_when_asked(
    line: str, in_worker: bool
) -> None:
    command = parse(line.split(), "1")
    assert command.show.in_worker is in_worker
    assert command.is_bare  # how it runs is no wish of what to show


def test_a_prompt_may_hold_spaces_and_equals_signs() -> None:
    show = parse(["--set", "prompt=ink = wash::0.5 | neon::0.5"], "1").show
    assert show.params.prompt == "ink = wash::0.5 | neon::0.5"


@pytest.mark.parametrize(
    ("text", "lora"),
    [
        ("ink.safetensors", LoraSpec("ink.safetensors")),
        ("ink.safetensors:0.25", LoraSpec("ink.safetensors", 0.25)),
        (r"C:\loras\ink.safetensors", LoraSpec(r"C:\loras\ink.safetensors")),
        (r"C:\loras\ink.safetensors:2", LoraSpec(r"C:\loras\ink.safetensors", 2.0)),
    ],
)
def test_a_lora_may_carry_its_scale(text: str, lora: LoraSpec) -> None:
    assert parse(["--lora", text], "1").show.render.loras == (lora,)


def test_a_preset_sets_the_look_and_options_win_over_it(tmp_path: Path) -> None:
    path = tmp_path / "ink.toml"
    preset = Preset(
        name="Ink",
        prompt="ink wash",
        negative="photo",
        params={"strength": 0.8, "seed": 5},
        model="sd-turbo",
        loras=(PresetLora(path="ink.safetensors", scale=0.5),),
    )
    save_preset(path, preset)
    show = parse(["--preset", str(path), "--set", "strength=0.3"], "1").show
    assert show.params == StreamParams("ink wash", "photo", strength=0.3, seed=5)
    assert show.explicit == {"prompt", "negative_prompt", "strength", "seed"}
    assert show.render == RenderSpec(
        "sd-turbo", 512, 512, loras=(LoraSpec("ink.safetensors", 0.5),)
    )
    assert parse(["--preset", str(path), "--model", "house"], "1").show.render == RenderSpec(
        "house"
    )


def test_what_is_wrong_in_a_preset_is_noted_and_the_rest_counts(tmp_path: Path) -> None:
    path = tmp_path / "ink.toml"
    path.write_text('version = 1\nname = "Ink"\nprompt = "ink"\nspeed = 3\n', encoding="utf-8")
    command = parse(["--preset", str(path)], "1")
    assert command.show.params.prompt == "ink"
    assert len(command.notes) == 1
    assert "speed" in command.notes[0]


def test_a_preset_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="nowhere"):
        parse(["--preset", str(tmp_path / "nowhere.toml")], "1")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--set strength=2", "Strength is a number from 0 to 1, not '2'."),
        ("--set strength", "'strength' is not of the form name=value"),
        ("--set speed=2", "there is no parameter 'speed'; there are prompt"),
        ("--seed -1", "Seed is a whole number from 0 to 4.29497e+09, not '-1'."),
        ("--size 512", "'512' is not a size such as 512x512"),
        ("--size 510x512", "multiples of 8 from 64 to 4096"),
        ("--fit squeeze", "'squeeze' is none of crop, fit, stretch"),
        ("--list colours", "'colours' is none of cameras, models, accelerators, parameters"),
        ("--osc 70000", "An OSC port is from 0 to 65535, not 70000."),
        ("--osc nine", "'nine' is not of the form [HOST:]PORT"),
        ("--osc studio:9000", "OSC needs a numeric address such as 127.0.0.1, not 'studio'."),
        ("--osc 0.0.0.0:9000", "needs a token: set REVERIE_OSC_TOKEN"),
        ("--osc-feedback 9001", "--osc-feedback needs --osc [HOST:]PORT beside it."),
        ("--frames many", "--frames: invalid int value: 'many'"),
        ("--frames 0", "A show has at least 1 frame, not 0."),
        ("--seconds 0", "A show lasts longer than 0 s, not 0."),
        ("--output-fps 0", "The output rate is from 1 to 240 Hz, not 0."),
        ("--target-fps 500", "The rate to hold is from 1 to 240 Hz, or 0 for none, not 500."),
        ("--target-fps nan", "The rate to hold is from 1 to 240 Hz, or 0 for none, not nan."),
        ("--target-fps 30 --no-realtime", "A rate can only be held in real time."),
        ("--sauce demo", "Unrecognized arguments: --sauce demo"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_there_is(line: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(line.split(), "1")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--version"], "1.2.3")
    assert ended.value.code == 0
    assert capsys.readouterr().out == "Reverie 1.2.3\n"


def test_help_names_every_form_of_source_and_sink(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"], "1")
    text = "".join(capsys.readouterr().out.split())
    for form in ("webcam:NAME", "record:PATH.mp4", "--no-realtime", "waitsuntilthemodelisready"):
        assert form in text


def test_a_listing_is_recognised() -> None:
    assert parse(["--list", "parameters"], "1").listing is Listing.PARAMETERS


def test_osc_midi_and_gamepads_reach_the_show(monkeypatch: pytest.MonkeyPatch) -> None:
    show = show_of("--osc 9000 --osc-feedback 192.168.0.7:9001 --midi nano --midi launchpad")
    assert show.osc == OscSpec(9000, feedback=("192.168.0.7", 9001))
    assert show.midi == ("nano", "launchpad")
    assert show_of("--gamepad xbox --gamepad 8bit").gamepads == ("xbox", "8bit")
    monkeypatch.setenv("REVERIE_OSC_TOKEN", "open sesame")
    assert show_of("--osc [::]:9000").osc == OscSpec(9000, "::", "open sesame")


def test_what_is_listened_to_and_what_moves_the_look_reach_the_show(tmp_path: Path) -> None:
    look = tmp_path / "moving.toml"
    look.write_text(
        '[[modulation]]\nparameter = "strength"\nsignal = { kind = "level" }\n', "utf-8"
    )
    show = show_of(f"--audio file:song.wav --preset {look}")
    assert show.audio == "file:song.wav"
    assert [route.parameter for route in show.modulation] == ["strength"]
    assert not parse(["--audio", "default"], "1").is_bare


def test_a_token_that_is_easily_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 8 characters"):
        OscSpec(9000, "0.0.0.0", "1234")


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "9" * 5000, "1e999"])
def test_a_number_of_hundreds_of_digits_is_told_in_a_sentence(number: str) -> None:
    with pytest.raises(UsageError, match=r"[Ss]eed is a whole number from .* not .{0,90}$"):
        parse(["--set", f"seed={number}"], "1")


def test_a_show_does_not_last_nan_seconds() -> None:
    with pytest.raises(UsageError, match="lasts longer than 0 s, not nan"):
        parse(["--seconds", "nan"], "1")


@pytest.mark.parametrize("scale", ["nan", "inf", "-inf"])
def test_a_lora_has_a_finite_scale(scale: str) -> None:
    with pytest.raises(UsageError, match="no finite number"):
        parse(["--lora", f"ink.safetensors:{scale}"], "1")


# ---- recorded shows


def test_a_show_is_recorded_beside_the_other_sinks() -> None:
    assert show_of("--sink null --record-show friday").sinks == ("null", "show:friday")
    assert not parse(["--record-show", "friday"], "1").is_bare


def test_steps_are_a_short_form() -> None:
    show = show_of("--steps 4 --set num_inference_steps=2")
    assert show.params.num_inference_steps == 4
    with pytest.raises(UsageError, match="um_inference_steps is a whole number from 1 to 8"):
        show_of("--steps 90")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--replay gone", "gone is not a recorded show; name a folder NAME.reverie."),
        ("--replay gone --source demo", "--source can't be said with --replay: "),
        ("--replay gone --record-show b", "--record-show can't be said with --replay: "),
        ("--out a.mp4", "--out goes with --replay SHOW."),
        ("--fps 25", "--fps goes with --replay SHOW."),
        ("--replay gone --out a.avi", "--out: 'a.avi' is not the name of an .mp4 file"),
    ],
)
def test_what_makes_no_sense_with_a_replay_is_told(line: str, sentence: str) -> None:
    with pytest.raises((UsageError, RecordingError)) as error:
        parse(line.split(), "1")
    assert sentence in str(error.value)
