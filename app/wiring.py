"""Which signal reaches which part. Only bound methods, only on the main thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.main_window import MainWindow


def connect_parts(window: MainWindow) -> None:
    """Join the parts of the window to the engine and to each other."""
    _connect_engine_to_window(window)
    _connect_panels_to_engine(window)
    _connect_looks(window)
    _connect_set(window)
    _connect_outputs(window)
    _connect_instrument(window)
    _connect_comfort(window)
    _connect_decks(window)


def _connect_engine_to_window(window: MainWindow) -> None:
    link, top_bar, panic_row = window.link, window.top_bar, window.panic_row
    link.output_arrived.connect(window.stage.output.show_frame)
    link.input_arrived.connect(window.input_panel.picture.show_frame)
    link.stats_arrived.connect(top_bar.hud.show_stats)
    link.stats_arrived.connect(top_bar.lamp.show_stats)
    link.stats_arrived.connect(window.input_panel.show_stats)
    link.stats_arrived.connect(window.stage.loading.show_stats)
    link.params_changed.connect(window.look_panel.show_params)
    link.info_changed.connect(window.look_panel.show_info)
    link.info_changed.connect(top_bar.show_info)
    link.show_changed.connect(top_bar.show_show)
    link.show_changed.connect(window.input_panel.show_show)
    link.show_changed.connect(window.hold_menu.show_show)
    link.show_changed.connect(top_bar.hud.show_show)
    link.show_changed.connect(window.save_soon)
    link.output_changed.connect(panic_row.show_state)
    link.output_changed.connect(top_bar.lamp.show_state)
    link.running_changed.connect(window.actions_by_name.show_running)
    link.event_happened.connect(window.actions_by_name.tell)
    link.refused.connect(window.stage.notices.warn)
    window.deck_link.refused.connect(window.stage.notices.warn)
    window.deck_link.noticed.connect(window.stage.notices.inform)


def _connect_panels_to_engine(window: MainWindow) -> None:
    link = window.link
    window.source_menu.source_chosen.connect(link.set_source)
    window.model_menu.spec_chosen.connect(link.load)
    window.accelerator_menu.spec_chosen.connect(link.load)
    window.hold_menu.rate_chosen.connect(link.hold_fps)
    window.top_bar.hud.hold_lamp.pressed.connect(window.actions_by_name.open_hold_menu)
    window.input_panel.fit_chosen.connect(link.set_fit)
    window.look_panel.value_edited.connect(link.set_value)
    window.look_panel.refused.connect(window.stage.notices.warn)
    window.panic_row.state_chosen.connect(link.set_output)
    window.panic_row.run_pressed.connect(link.toggle)
    window.stage.loading.cancelled.connect(link.cancel_load)
    window.top_bar.help.clicked.connect(window.sheet.toggle)


def _connect_looks(window: MainWindow) -> None:
    looks = window.looks
    looks.pads_changed.connect(window.pads.show_pads)
    looks.pads_changed.connect(window.look_pictures.show_pads)
    looks.banks_changed.connect(window.bank_bar.show_banks)
    looks.playing_changed.connect(window.pads.show_playing)
    looks.waiting_changed.connect(window.pads.show_waiting)
    looks.playing_changed.connect(window.actions_by_name.show_look)
    looks.playing_changed.connect(window.save_soon)
    looks.changed_from_preset.connect(window.look_panel.show_changed)
    window.pads.menu_wanted.connect(window.pad_menu.open_for)
    window.pads.pad_pressed.connect(looks.fire)
    window.pads.pad_pressed_otherwise.connect(looks.fire_otherwise)
    window.pads.pads_swapped.connect(window.look_edits.swap)
    window.look_panel.stored_wanted.connect(looks.reset)


def _connect_set(window: MainWindow) -> None:
    decks, bar, edits = window.deck_link, window.bank_bar, window.look_edits
    decks.file_changed.connect(window.actions_by_name.show_file)
    decks.file_changed.connect(window.save_soon)
    decks.opened.connect(window.controls.pull)
    decks.left_behind.connect(window.actions_by_name.offer_way_back)
    decks.quantise_changed.connect(bar.show_quantise)
    decks.quantise_changed.connect(window.save_soon)
    bar.quantise_chosen.connect(decks.set_quantise)
    bar.bank_chosen.connect(decks.load_bank)
    bar.bank_added.connect(edits.add_bank)
    bar.bank_renamed.connect(edits.rename_bank)
    bar.bank_removed.connect(edits.remove_bank)
    bar.show_quantise(decks.quantise)


def _connect_outputs(window: MainWindow) -> None:
    outputs, panic_row = window.outputs, window.panic_row
    outputs.recording_changed.connect(panic_row.show_recording)
    outputs.recording_timed.connect(panic_row.show_recording_time)
    outputs.virtual_camera_changed.connect(panic_row.show_virtual_camera)
    outputs.changed.connect(window.save_soon)
    outputs.noticed.connect(window.stage.notices.inform)
    outputs.refused.connect(window.stage.notices.warn)
    window.replayer.noticed.connect(window.stage.notices.inform)
    window.replayer.refused.connect(window.stage.notices.warn)
    window.stage.notices.report_wanted.connect(window.report_saver.save)
    window.report_saver.noticed.connect(window.stage.notices.inform)
    window.report_saver.refused.connect(window.stage.notices.warn)
    panic_row.virtual_camera_pressed.connect(outputs.toggle_virtual_camera)
    panic_row.record_pressed.connect(outputs.toggle_recording)
    feed = window.feed
    panic_row.screen_pressed.connect(feed.toggle)
    panic_row.screen_menu_wanted.connect(window.actions_by_name.open_screen_menu)
    feed.shown_changed.connect(panic_row.output_screen.setChecked)
    feed.changed.connect(window.save_soon)
    feed.noticed.connect(window.stage.notices.inform)
    feed.refused.connect(window.stage.notices.warn)
    feed.outdated.connect(window.stage.notices.retract)


def _connect_comfort(window: MainWindow) -> None:
    notices = window.stage.notices
    window.dropping.noticed.connect(notices.inform)
    window.dropping.refused.connect(notices.warn)
    performance, top_bar = window.performance, window.top_bar
    performance.changed.connect(top_bar.show_locked)
    performance.changed.connect(window.show_lock.set_locked)
    performance.noticed.connect(notices.inform)
    top_bar.lock.clicked.connect(performance.toggle)
    window.link.stats_arrived.connect(window.source_menu.remember)
    window.text_scale.changed.connect(window.welcome.place)
    window.welcome.closed.connect(window.save_soon)
    window.text_scale.changed.connect(window.save_soon)
    window.side_panels.changed.connect(window.text_scale.keep_room)
    window.text_scale.refused.connect(notices.inform)


def _connect_instrument(window: MainWindow) -> None:
    instrument, panic_row = window.instrument, window.panic_row
    panic_row.last_good_pressed.connect(instrument.go_back)
    panic_row.stop_modulation_pressed.connect(instrument.toggle_modulation)
    panic_row.reset_pressed.connect(instrument.begin_anew)
    instrument.heard.connect(window.sound_panel.show_heard)
    window.link.show_changed.connect(window.sound_panel.show_show)
    window.sound_panel.tapped.connect(instrument.tap)
    window.sound_menu.input_chosen.connect(window.link.listen_to)
    window.sound_menu.leader_chosen.connect(instrument.follow)
    instrument.moved.connect(window.look_panel.show_moved)
    window.link.show_changed.connect(window.actions_by_name.show_modulation)
    window.look_panel.modulation_wanted.connect(window.modulation_editor.open_for)
    window.modulation_editor.matrix_edited.connect(window.link.set_modulation)
    panel, controls = window.controls_panel, window.controls
    panel.shown_changed.connect(controls.look)
    panel.learning_changed.connect(window.learn_click.set_on)
    window.learn_click.chosen.connect(panel.choose)
    panel.target.activated.connect(window.key_play.leave_text)
    window.learn_click.chosen.connect(window.key_play.leave_text)
    window.key_play.refused.connect(window.stage.notices.inform)
    window.link.show_changed.connect(panel.show_show)
    controls.pulled.connect(panel.show_desk)
    controls.mappings_changed.connect(panel.show_mappings)
    controls.mappings_changed.connect(window.save_soon)
    controls.learned.connect(panel.show_learned)
    window.link.running_changed.connect(panel.end_learning)
    instrument.held_changed.connect(panic_row.show_held)


def _connect_decks(window: MainWindow) -> None:
    decks, strip = window.deck_link, window.deck_strip
    decks.decks_changed.connect(strip.show_state)
    decks.decks_changed.connect(window.look_pictures.show_state)
    decks.set_changed.connect(strip.show_set)
    pictures, previews = window.look_pictures, window.previews
    pictures.deck_pictured.connect(strip.show_picture)
    pictures.pad_pictured.connect(window.pads.show_thumbnail)
    previews.changed.connect(pictures.show_previewing)
    previews.changed.connect(window.main_menu.show_previewing)
    previews.changed.connect(window.save_soon)
    window.link.running_changed.connect(strip.show_running)
    strip.crossfade_moved.connect(decks.set_crossfade)
    strip.swing_wanted.connect(decks.swing)
    strip.set_edited.connect(decks.edit)
    window.instrument.held_changed.connect(window.cue_panel.show_held)
