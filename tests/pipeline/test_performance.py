"""Pads, cues, crossfader and panic row in a running show."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.api import PanicName, Performance, Quantise, StreamParams
from engine.presets import Bank, Preset, find_presets, save_preset
from engine.set_files import load_set
from engine.sets import Cue, Pad, PadBank, Set, first_set
from engine.show import OutputState
from engine.transition import Ease, Transition, TransitionKind
from tests.support.fakes import FakeRenderer, FakeSource, LiveSource
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
NEON = Preset(name="Neon", prompt="neon", params={"strength": 1.0})
INK = Preset(name="Ink", prompt="ink", params={"strength": 0.2})
SLOWLY = Transition(duration=2.0, ease=Ease.LINEAR)
FIRST = PadBank(name="First", pads=(Pad(number=1, look=NEON), Pad(number=2, look=INK)))
SHOW = Set(
    name="Friday",
    banks=(FIRST, PadBank(name="Second", pads=(Pad(number=1, look=INK, transition=SLOWLY),))),
    cues=(Cue(look=NEON, follow=0.5), Cue(look=INK)),
)


def painted_with(rig: Rig) -> StreamParams:
    return rig.renderer.params[-1]


def test_a_pad_plays_on_the_next_frame() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: len(rig.renderer.params) > 2)
        engine.performance.trigger_pad(2)
        assert (engine.params.prompt, engine.params.strength) == ("ink", 0.2)
        rig.clock.run_until(lambda: painted_with(rig).prompt == "ink")
        assert engine.performance.state().on_air == (1, 2)


def test_a_transition_moves_from_frame_to_frame() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: len(rig.renderer.params) > 2)
        engine.performance.trigger_pad(1)
        engine.performance.load_bank("Second")
        engine.performance.trigger_pad(1)
        rig.clock.run_until(lambda: painted_with(rig).prompt == "ink")
        strengths = [params.strength for params in rig.renderer.params if params.prompt != ""]
        assert strengths == sorted(strengths, reverse=True)
        assert len({s for s in strengths if 0.2 < s < 1.0}) > 3


def test_a_quantised_pad_plays_on_the_bar() -> None:
    """120 bpm, counted from the clock's zero: a bar begins at every even second."""
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: rig.clock.now_s() > 100.3)
        engine.performance.trigger_pad(2, Quantise.BAR)
        assert engine.performance.state().waiting == (1, 2)
        rig.clock.run_until(lambda: engine.params.prompt == "ink")
        assert 102.0 <= rig.clock.now_s() < 102.1


def test_cues_follow_on_by_themselves() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: len(rig.renderer.params) > 2)
        engine.performance.go_cue(1)
        assert engine.params.prompt == "neon"
        rig.clock.run_until(lambda: painted_with(rig).prompt == "ink")
        assert engine.performance.state().cue == 2
        engine.performance.go_cue(-1)
        assert engine.params.prompt == "neon"


def test_offline_cues_run_on_the_timeline_of_the_clip() -> None:
    prompts = []
    for _ in range(2):
        rig = Rig()
        rig.renderer.may_prepare.clear()  # no picture passes before the cue is given
        cues = (Cue(look=NEON, follow=0.5), Cue(look=INK, transition=SLOWLY))
        place = {"a": NEON, "cue": 0}
        live_set = Set(banks=(FIRST,), cues=cues, place=place)  # type: ignore[arg-type]
        with rig.playing(
            is_realtime=False, max_frames=60, params=UNGATED, live_set=live_set
        ) as engine:
            engine.performance.go_cue(1)
            rig.renderer.may_prepare.set()
            assert engine.wait(20.0)
        prompts.append([params.prompt for params in rig.renderer.params])
    assert prompts[0] == prompts[1]
    assert prompts[0][0] == "neon"
    assert "ink" in prompts[0][-1]


def test_a_dissolve_leads_over_from_the_last_picture_of_the_old_look() -> None:
    dissolve = Transition(kind=TransitionKind.DISSOLVE, duration=1.0, ease=Ease.LINEAR)
    pad = Pad(number=1, look=Preset(prompt="ink", params={"dry_wet": 0.0}), transition=dissolve)
    rig = Rig(FakeSource(level=lambda index: 50))
    with rig.playing(params=UNGATED, live_set=Set(banks=(PadBank(pads=(pad,)),))) as engine:
        rig.clock.run_until(lambda: 150 in rig.sink.levels)
        count = len(rig.sink.levels)
        engine.performance.trigger_pad(1)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 50)
        led_over = rig.sink.levels[count:]
        assert led_over == sorted(led_over, reverse=True)
        assert len(set(led_over)) > 10
        assert painted_with(rig).prompt == "ink"


def test_offline_a_dissolve_lies_on_the_timeline_and_is_the_same_every_time() -> None:
    dissolve = Transition(kind=TransitionKind.DISSOLVE, duration=1.0, ease=Ease.LINEAR)
    cue = Cue(look=Preset(prompt="ink", params={"dry_wet": 0.0}), transition=dissolve)
    levels: list[list[int]] = []
    for _ in range(2):
        rig = Rig(FakeSource(level=lambda index: 50))
        rig.renderer.may_prepare.clear()  # no picture passes before the cue is given
        live_set = Set(banks=(FIRST,), cues=(Cue(look=NEON, follow=0.5), cue))
        with rig.playing(
            is_realtime=False, max_frames=60, params=UNGATED, live_set=live_set
        ) as engine:
            engine.performance.go_cue(1)
            rig.renderer.may_prepare.set()
            assert engine.wait(20.0)
        levels.append(rig.sink.levels)
    assert levels[0] == levels[1]
    assert levels[0][:15] == [150] * 15
    assert levels[0][30] == 100
    assert levels[0][-1] == 50


def test_what_the_show_does_not_have_is_refused_in_words() -> None:
    rig = Rig()
    with pytest.raises(ValueError, match="no show is running"):
        rig.engine.performance.go_cue(1)
    with rig.playing(live_set=SHOW) as engine:
        performance = engine.performance
        with pytest.raises(ValueError, match="pad 9 of bank 1 is empty"):
            performance.trigger_pad(9)
        with pytest.raises(ValueError, match="there is no bank 'Third'; there are First, Second"):
            performance.load_bank("Third")
        with pytest.raises(ValueError, match="there is no bank 7; there are 2"):
            performance.load_bank(7)
        with pytest.raises(ValueError, match="there is no cue 0"):
            performance.go_cue(0)
        with pytest.raises(ValueError, match="no other look has played"):
            engine.panic(PanicName.LAST_GOOD)


def test_without_a_set_the_pads_have_the_shipped_looks() -> None:
    rig = Rig()
    with rig.playing() as engine:
        assert engine.performance.live_set.bank(1).pad(1) is not None


def test_every_look_of_the_bank_is_made_ready_beforehand() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: {"neon", "ink"} <= {*rig.renderer.announced})
        lava = Preset(name="Lava", prompt="lava")
        bank = FIRST.with_pad(Pad(number=3, look=lava))
        engine.performance.edit(engine.performance.live_set.with_bank(1, bank))
        rig.clock.run_until(lambda: "lava" in rig.renderer.announced)


def test_edits_are_undone_and_redone_while_the_look_plays_on() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        performance = engine.performance
        performance.trigger_pad(1)
        performance.edit(SHOW.without_bank(2).without_cue(1))
        assert performance.undo() == SHOW
        with pytest.raises(ValueError, match="nothing to undo"):
            performance.undo()
        assert len(performance.redo().banks) == 1
        with pytest.raises(ValueError, match="nothing to redo"):
            performance.redo()
        assert engine.params.prompt == "neon"
        performance.go_cue(1)
        assert engine.params.prompt == "ink"  # the first cue was removed


def test_a_set_is_saved_with_the_place_it_stands_at_and_opened_there(tmp_path: Path) -> None:
    path = tmp_path / "friday.toml"
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        engine.performance.load_bank(2)
        engine.performance.go_cue(1)
        engine.update({"strength": 0.55})
        engine.save_set(path)
    saved, problems = load_set(path)
    assert problems == []
    again = Rig()
    with again.playing(params=UNGATED, live_set=saved) as engine:
        assert (engine.params.prompt, engine.params.strength) == ("neon", 0.55)
        state = engine.performance.state()
        assert (state.bank, state.cue) == (2, 1)


def test_what_is_said_for_the_show_counts_more_than_the_place_in_its_set(tmp_path: Path) -> None:
    place = {"a": INK}
    live_set = Set(banks=(FIRST,), place=place)  # type: ignore[arg-type]
    rig = Rig()
    with rig.playing(
        params=StreamParams(strength=0.9), explicit=frozenset({"strength"}), live_set=live_set
    ) as engine:
        assert (engine.params.prompt, engine.params.strength) == ("ink", 0.9)


def test_last_good_shows_the_picture_before_at_once_also_while_the_model_stands_still() -> None:
    camera = LiveSource()
    rig = Rig(source=camera, renderer=FakeRenderer(shift=100))
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: engine.render_info is not None)
        camera.shoot(5)
        rig.clock.run_until(lambda: 105 in rig.sink.levels)
        engine.performance.trigger_pad(1)
        camera.shoot(9)
        rig.clock.run_until(lambda: 109 in rig.sink.levels)
        rig.renderer.is_rendering.clear()
        rig.renderer.may_render.clear()
        camera.shoot(20)
        assert rig.renderer.is_rendering.wait(20.0)
        engine.panic(PanicName.LAST_GOOD)
        assert engine.params.prompt == ""
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 105)
        rig.renderer.may_render.set()
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 120)
        assert painted_with(rig).prompt == ""


def test_reset_lets_nothing_out_that_was_in_flight() -> None:
    camera = LiveSource()
    rig = Rig(source=camera, renderer=FakeRenderer(shift=100, num_steps=3))
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        rig.clock.run_until(lambda: engine.render_info is not None)
        for level in (1, 2):
            rig.renderer.is_rendering.clear()
            camera.shoot(level)
            assert rig.renderer.is_rendering.wait(20.0)
        rig.clock.run_until(lambda: len(rig.renderer.seen) >= 2)
        engine.panic(PanicName.RESET)
        rig.clock.run_until(lambda: 102 in rig.sink.levels)  # the last input, painted anew
        assert 101 not in rig.sink.levels


def test_panic_states_take_each_others_place_and_only_their_own_button_lets_go() -> None:
    rig = Rig()
    with rig.playing(live_set=SHOW) as engine:
        engine.panic(PanicName.FREEZE)
        engine.panic(PanicName.BLACKOUT)
        engine.panic(PanicName.FREEZE, False)
        assert engine.output is OutputState.BLACKOUT
        engine.panic(PanicName.BLACKOUT, False)
        assert engine.output is OutputState.LIVE


def test_a_blackout_begins_on_the_next_output_and_takes_its_time_also_without_the_model() -> None:
    rig = Rig(FakeSource(level=lambda index: 100))
    with rig.playing(params=UNGATED.with_changes({"blackout_fade_s": 1.0})) as engine:
        rig.clock.run_until(lambda: 200 in rig.sink.levels)
        rig.renderer.may_render.clear()
        engine.panic(PanicName.BLACKOUT)
        count = len(rig.sink.levels)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 0)
        going_dark = rig.sink.levels[count + 1 :]
        assert going_dark == sorted(going_dark, reverse=True)
        assert going_dark[0] > 150
        engine.panic(PanicName.BLACKOUT, False)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 200)


def test_stop_modulation_holds_what_moves_by_itself() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        engine.panic(PanicName.STOP_MODULATION)
        engine.performance.go_cue(1)
        later_s = rig.clock.now_s() + 1.0
        rig.clock.run_until(lambda: rig.clock.now_s() > later_s)
        assert engine.params.prompt == "neon"
        engine.panic(PanicName.STOP_MODULATION, False)
        rig.clock.run_until(lambda: engine.params.prompt == "ink")


def test_the_next_show_goes_on_where_the_last_one_ended() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        engine.performance.trigger_pad(1)
        engine.performance.trigger_pad(2)
        wished = engine.params.with_changes({"strength": 0.7})
    with rig.playing(params=wished, live_set=SHOW) as engine:
        state = engine.performance.state()
        assert (state.a, state.b, state.is_b_on_air, state.on_air) == ("Ink", "Neon", False, (1, 2))
        assert (engine.params.prompt, engine.params.strength) == ("ink", 0.7)


def test_the_pads_of_another_model_come_with_it_until_they_are_edited() -> None:
    performance = Performance(Set(name="Mine"))
    performance.follow_model("house")
    house = performance.live_set.banks
    performance.keep_mappings([{"target": "strength"}])
    performance.follow_model("stabilityai/sd-turbo")
    assert performance.live_set.banks == first_set("stabilityai/sd-turbo").banks != house
    assert performance.live_set.mappings == ({"target": "strength"},)
    edited = performance.live_set.with_bank(1, PadBank(name="My looks"))
    performance.edit(edited)
    performance.follow_model("house")
    assert performance.live_set == edited


def test_a_fresh_set_has_the_first_looks_and_keeps_what_the_hardware_plays() -> None:
    performance = Performance(SHOW.model_copy(update={"mappings": ({"target": "strength"},)}))
    performance.begin_afresh("house")
    assert not performance.can_undo
    assert performance.live_set.banks == first_set("house").banks
    assert performance.live_set.mappings == ({"target": "strength"},)
    assert performance.live_set.cues == ()


def test_a_set_without_mappings_leaves_the_hardware_as_it_is() -> None:
    performance = Performance(Set())
    performance.keep_mappings([{"target": "strength"}])
    performance.take_over(SHOW)
    assert performance.live_set.mappings == ({"target": "strength"},)
    performance.take_over(SHOW.model_copy(update={"mappings": ({"target": "seed"},)}))
    assert performance.live_set.mappings == ({"target": "seed"},)


def test_looks_stored_as_files_of_their_own_stand_in_for_the_shipped_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = first_set("house").bank(1)
    name = find_presets(Bank.HOUSE)[1].name
    save_preset(tmp_path / name, Preset(name="My second", prompt="mine"))
    save_preset(tmp_path / "99-own.toml", Preset(name="My last", prompt="mine too"))
    monkeypatch.setattr("engine.sets.own_presets_folder", lambda bank: tmp_path)
    first_set.cache_clear()
    own = first_set("house")
    first_set.cache_clear()
    assert own.bank(1).pad(1) == shipped.pad(1)
    assert own.bank(1).pad(2).look.name == "My second"  # type: ignore[union-attr]
    assert own.banks[-1].pads[-1].look.name == "My last"


def test_the_pad_on_air_is_followed_where_an_edit_puts_it() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        performance = engine.performance
        performance.trigger_pad(2)
        moved = performance.live_set.bank(1).with_pads_swapped(2, 9)
        performance.edit(performance.live_set.with_bank(1, moved))
        assert performance.state().on_air == (1, 9)
        renamed = moved.with_pad(Pad(number=9, look=INK.model_copy(update={"name": "Tusche"})))
        performance.edit(performance.live_set.with_bank(1, renamed))
        assert (performance.state().on_air, performance.state().b) == ((1, 9), "Tusche")
        performance.undo()
        performance.undo()
        assert (performance.state().on_air, performance.state().b) == ((1, 2), "Ink")
        cleared = performance.live_set.bank(1).without_pad(2)
        performance.edit(performance.live_set.with_bank(1, cleared))
        assert performance.state().on_air is None
        assert engine.params.prompt == "ink"


def test_a_look_stored_on_a_pad_plays_on_as_that_pad() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED, live_set=SHOW) as engine:
        engine.update({"prompt": "my words"})
        look = Preset(name="Mine", prompt="my words")
        engine.performance.store_on_air(Pad(number=7, look=look))
        state = engine.performance.state()
        assert (state.on_air, state.a) == ((1, 7), "Mine")
        assert engine.performance.live_set.bank(1).pad(7) == Pad(number=7, look=look)
        engine.performance.undo()
        assert engine.performance.state().on_air is None
