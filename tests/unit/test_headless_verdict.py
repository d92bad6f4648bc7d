"""Exit code 0 only when the run did what was asked."""

from __future__ import annotations

import pytest

from engine.events import Event, EventKind, Severity
from engine.headless import FAILED, INTERRUPTED, Verdict, judge
from engine.show import ShowSpec
from engine.stats import Stats

FULL = Stats(captured=10)
OPENED = Event(EventKind.SOURCE_OPENED, Severity.INFO, "Pictures come.", 1.0)
LOST = Event(EventKind.SOURCE_FAILED, Severity.ERROR, "The camera is gone.", 2.0)


def error(kind: EventKind, message: str, time_s: float = 3.0) -> Event:
    return Event(kind, Severity.ERROR, message, time_s)


def test_a_run_that_did_what_was_asked_is_good() -> None:
    assert judge(ShowSpec(max_frames=10), FULL, [OPENED], False) == Verdict()


@pytest.mark.parametrize(
    "kind", [EventKind.MODEL_FAILED, EventKind.SINK_FAILED, EventKind.STAGE_FAILED]
)
def test_a_fault_is_told_in_its_own_words(kind: EventKind) -> None:
    verdict = judge(ShowSpec(), FULL, [OPENED, error(kind, "It broke; mend it.")], False)
    assert verdict == Verdict(FAILED, "It broke; mend it.")


def test_of_several_faults_the_first_is_told() -> None:
    events = [error(EventKind.SINK_FAILED, "Later.", 5.0), LOST]
    assert judge(ShowSpec(), FULL, events, False).problem == "The camera is gone."


def test_a_source_that_came_back_is_no_fault() -> None:
    for kind in (EventKind.SOURCE_OPENED, EventKind.SOURCE_BACK):
        events = [OPENED, LOST, Event(kind, Severity.INFO, "Again.", 3.0)]
        assert judge(ShowSpec(), FULL, events, False).exit_code == 0


def test_a_source_that_stayed_frozen_is_a_fault() -> None:
    frozen = error(EventKind.SOURCE_FROZEN, "The camera has frozen.")
    assert judge(ShowSpec(), FULL, [OPENED, frozen], False).problem == "The camera has frozen."


def test_a_source_that_stayed_away_is_one() -> None:
    assert judge(ShowSpec(), FULL, [OPENED, LOST], False) == Verdict(FAILED, "The camera is gone.")


def test_a_sound_input_that_stayed_away_is_a_fault_and_one_that_came_is_none() -> None:
    deaf = Event(EventKind.AUDIO_FAILED, Severity.WARNING, "There is no sound input.", 2.0)
    heard = Event(EventKind.AUDIO_OPENED, Severity.INFO, "Sound comes.", 3.0)
    problem = judge(ShowSpec(), FULL, [OPENED, deaf], False).problem
    assert problem == "There is no sound input."
    assert judge(ShowSpec(), FULL, [OPENED, deaf, heard], False).exit_code == 0


def test_fewer_pictures_than_asked_for_is_a_failure() -> None:
    verdict = judge(ShowSpec(max_frames=12), FULL, [OPENED], False)
    assert verdict == Verdict(
        FAILED, "The source demo ended after 10 of 12 pictures; ask for fewer."
    )


def test_a_time_limit_may_end_a_run_before_its_frame_limit() -> None:
    assert judge(ShowSpec(max_frames=12, max_seconds_s=1.0), FULL, [OPENED], False) == Verdict()


def test_a_run_without_a_picture_is_a_failure() -> None:
    verdict = judge(ShowSpec(max_seconds_s=1.0), Stats(), [OPENED], False)
    assert verdict == Verdict(FAILED, "No picture came from demo; check that it plays.")


def test_an_interrupted_run_without_a_limit_did_what_was_asked() -> None:
    assert judge(ShowSpec(), FULL, [OPENED], True) == Verdict()


def test_an_interrupted_run_with_a_limit_did_not() -> None:
    verdict = judge(ShowSpec(max_frames=100), FULL, [OPENED], True)
    assert verdict.exit_code == INTERRUPTED
    assert "interrupted after 10 pictures" in verdict.problem


def sink_event(kind: EventKind, sink: str, time_s: float) -> Event:
    return Event(kind, Severity.ERROR, f"{kind} of {sink}.", time_s, f"sink-{sink}")


def test_a_sink_that_came_back_is_no_fault_and_one_that_did_not_is() -> None:
    failed, back = EventKind.SINK_FAILED, EventKind.SINK_BACK
    events = [OPENED, sink_event(failed, "vcam", 2.0), sink_event(failed, "record", 3.0)]
    events += [sink_event(back, "vcam", 4.0)]
    assert judge(ShowSpec(), FULL, events, False).problem == "sink_failed of record."
    events += [sink_event(back, "record", 5.0)]
    assert judge(ShowSpec(), FULL, events, False) == Verdict()


def test_a_renderer_that_came_back_is_no_fault_and_one_that_did_not_is() -> None:
    lost = error(EventKind.RENDERER_LOST, "It hung.")
    back = Event(EventKind.RENDERER_BACK, Severity.INFO, "It paints.", 4.0)
    assert judge(ShowSpec(), FULL, [OPENED, lost, back], False) == Verdict()
    assert judge(ShowSpec(), FULL, [OPENED, lost, back, lost], False).problem == "It hung."
