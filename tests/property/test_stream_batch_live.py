"""Live changes of everything, at any tick: steps up and down, frames overtaken, sizes, flushing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.fake import LATENT_CHANNELS, FakeBackbone
from engine.diffusion.noise import make_noise
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import GuidanceMode
from engine.params import Sampler
from tests.streams import (
    ENCODER,
    MODES,
    TOLERANCE,
    RecordingBackbone,
    alone,
    flush,
    frame,
    is_finite,
    relative_error,
    run,
    ticket,
)

BACKBONE = FakeBackbone()
knobs = st.fixed_dictionaries(
    {
        "num_steps": st.integers(1, 8),
        "mode": st.sampled_from(MODES),
        "strength": st.floats(0, 1),
        "scale": st.floats(0, 4),
        "delta": st.floats(0, 2),
        "rescale": st.floats(0, 1),
        "sampler": st.sampled_from(list(Sampler)),
        "add_noise": st.booleans(),
        "seed": st.integers(0, 2**32 - 1),
        "prompt": st.text(max_size=5),
    }
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(knobs, st.integers(1, 3)), min_size=1, max_size=8))
def test_whatever_is_turned_each_frame_comes_out_in_order_as_if_alone_or_was_overtaken(
    changes: list[tuple[dict[str, object], int]],
) -> None:
    tickets = [ticket(BACKBONE, **kwargs) for kwargs, times in changes for _ in range(times)]
    batch = StreamBatch(BACKBONE)
    finish_ticks = [k + its.num_slots for k, its in enumerate(tickets)]

    ticks = run(batch, [(frame(k), its) for k, its in enumerate(tickets)])
    finished = [one for tick in ticks for one in tick] + flush(batch)

    tags = [int(str(one.tag)) for one in finished]
    not_overtaken = [
        k
        for k, mine in enumerate(finish_ticks)
        if all(mine <= newer for newer in finish_ticks[k + 1 :])
    ]
    assert tags == not_overtaken
    for tag, one in zip(tags, finished, strict=True):
        assert is_finite(one.latent)
        assert relative_error(one.latent, alone(BACKBONE, frame(tag), tickets[tag])) <= TOLERANCE


def test_more_steps_hold_the_output_while_the_batch_fills() -> None:
    admissions = [(frame(k), ticket(BACKBONE, 2 if k < 4 else 4)) for k in range(10)]

    ticks = run(StreamBatch(BACKBONE), admissions)

    assert [[one.tag for one in tick] for tick in ticks] == [
        [], [0], [1], [2], [3], [], [], [4], [5], [6],
    ]  # fmt: skip


def test_with_fewer_steps_the_newest_finished_frame_wins_and_the_overtaken_are_gone() -> None:
    admissions = [(frame(k), ticket(BACKBONE, 4 if k < 5 else 1)) for k in range(8)]
    batch = StreamBatch(BACKBONE)

    ticks = run(batch, admissions)

    # at tick 5 frame 2 is due and frame 5 takes one step; 3 and 4 never show
    assert [[one.tag for one in tick] for tick in ticks] == [
        [], [], [], [0], [1], [2, 5], [6], [7],
    ]  # fmt: skip
    assert batch.in_flight == 0


def test_dropped_frames_cost_no_further_rows() -> None:
    backbone = FakeBackbone()
    run(
        StreamBatch(backbone),
        [(frame(k), ticket(backbone, 4 if k < 5 else 1)) for k in range(8)],
    )

    assert backbone.calls == [1, 2, 3, 4, 4, 4, 1, 1]


def test_an_empty_batch_ticks_without_asking_the_model() -> None:
    backbone = FakeBackbone()

    assert StreamBatch(backbone).tick() == []
    assert backbone.calls == []


def test_flushing_brings_out_every_frame_in_flight() -> None:
    batch = StreamBatch(BACKBONE)
    run(batch, [(frame(k), ticket(BACKBONE, 4)) for k in range(5)])

    assert batch.in_flight == 3
    assert [one.tag for one in flush(batch)] == [2, 3, 4]
    assert batch.in_flight == 0


def test_clearing_forgets_the_frames_in_flight_and_the_next_ones_are_untouched() -> None:
    batch, its_ticket = StreamBatch(BACKBONE), ticket(BACKBONE, 3, GuidanceMode.SELF_NEGATIVE)
    run(batch, [(frame(k), its_ticket) for k in range(2)])
    batch.clear()
    batch.admit(frame(7), its_ticket, tag=7)

    (finished,) = flush(batch)

    assert finished.tag == 7
    assert torch.equal(finished.latent, alone(BACKBONE, frame(7), its_ticket))


def test_a_latent_of_another_shape_than_its_noise_is_refused() -> None:
    with pytest.raises(ValueError, match=r"latent of shape \(1, 12, 8, 4\) doesn't fit noise"):
        StreamBatch(BACKBONE).admit(frame(0)[..., :4], ticket(BACKBONE))


def test_another_size_is_refused_with_frames_in_flight_and_taken_after_a_flush() -> None:
    batch, small = StreamBatch(BACKBONE), ticket(BACKBONE, 2)
    large = Ticket(small.schedule, small.conditioning, make_noise(2, 2, (LATENT_CHANNELS, 16, 8)))
    batch.admit(frame(0), small)

    with pytest.raises(ValueError, match="flush them first"):
        batch.admit(torch.zeros(1, LATENT_CHANNELS, 16, 8), large)
    flush(batch)
    batch.admit(torch.zeros(1, LATENT_CHANNELS, 16, 8), large)

    assert flush(batch)[0].latent.shape == (1, LATENT_CHANNELS, 16, 8)


def test_half_precision_latents_are_carried_in_float32() -> None:
    batch = StreamBatch(BACKBONE)
    batch.admit(frame(0).half(), ticket(BACKBONE, 1))

    assert batch.tick()[0].latent.dtype is torch.float32


def test_ticks_inside_and_outside_of_inference_mode_mix() -> None:
    batch, its_ticket = StreamBatch(BACKBONE), ticket(BACKBONE, 2, GuidanceMode.ONETIME_NEGATIVE)
    with torch.inference_mode():
        run(batch, [(frame(k), its_ticket) for k in range(4)])

    ticks = run(batch, [(frame(k), its_ticket) for k in range(4, 8)], first_tag=4)

    assert [one.tag for tick in ticks for one in tick] == [3, 4, 5, 6]


def test_every_row_is_asked_at_its_own_timestep_and_the_negatives_repeat_theirs() -> None:
    backbone = RecordingBackbone()
    full = ticket(backbone, mode=GuidanceMode.FULL, timesteps=[599, 299])
    onetime = ticket(backbone, mode=GuidanceMode.ONETIME_NEGATIVE, timesteps=[799, 399])
    plain = ticket(backbone, timesteps=[499])
    batch = StreamBatch(backbone)
    for its_ticket in (full, onetime, plain):
        batch.admit(frame(0), its_ticket)
    batch.tick()

    x_t, timesteps = backbone.asked[0]

    assert timesteps == [599, 799, 499, 599, 799]
    assert torch.equal(x_t[:2], x_t[3:])


def test_a_ticket_says_what_it_misses() -> None:
    good = ticket(BACKBONE, 2, GuidanceMode.FULL)
    with pytest.raises(ValueError, match="at least one slot"):
        Ticket((), good.conditioning, good.noise)
    with pytest.raises(ValueError, match="2 slots need as much noise, not 1"):
        Ticket(good.schedule, good.conditioning, good.noise[:1])
    with pytest.raises(ValueError, match="full guidance needs the negative prompt encoded"):
        Ticket(good.schedule, good.conditioning, good.noise, good.guidance)
    Ticket(good.schedule, ENCODER.encode(""), good.noise)
