"""The golden properties of the stream batch, P2-P23, in every guidance mode and for 1-4 steps.

P1 and P5 are in tests/parity, P9-P11 with the gate, P22 in test_stream_batch_allocations.py.
There is no frame buffer: where the original denoises f frames in one call (P7), f frames are
admitted before one tick, and the batch holds f rows for each slot, exactly the same rows.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.diffusion.fake import FakeBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import GuidanceMode
from engine.params import Sampler
from tests.streams import (
    MODES,
    TOLERANCE,
    alone,
    flush,
    frame,
    is_finite,
    relative_error,
    run,
    ticket,
)

every_mode = pytest.mark.parametrize("mode", MODES)
every_length = pytest.mark.parametrize("n", [1, 2, 3, 4])
STREAM_LENGTH = 12


def outputs(
    frames: list[Tensor], its_ticket: Ticket, backbone: FakeBackbone
) -> dict[object, Tensor]:
    """Every finished latent of a stream, by its frame's index."""
    ticks = run(StreamBatch(backbone), [(latent, its_ticket) for latent in frames])
    return {finished.tag: finished.latent for tick in ticks for finished in tick}


@every_mode
@every_length
def test_p2_one_changed_frame_changes_exactly_its_own_output(mode: GuidanceMode, n: int) -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, n, mode)
    frames = [frame(k) for k in range(STREAM_LENGTH)]
    changed = [*frames[:5], frames[5] + 1.0, *frames[6:]]

    before, after = (outputs(f, its_ticket, backbone) for f in (frames, changed))

    assert [k for k in before if not torch.equal(before[k], after[k])] == [5]


@every_mode
@every_length
def test_p3_a_scale_of_one_is_exactly_no_guidance(mode: GuidanceMode, n: int) -> None:
    backbone = FakeBackbone()
    frames = [frame(k) for k in range(STREAM_LENGTH)]
    plain = outputs(frames, ticket(backbone, n), backbone)
    calls_plain = list(backbone.calls)
    backbone.calls.clear()

    unit = outputs(frames, ticket(backbone, n, mode, scale=1.0, rescale=0.7), backbone)

    assert all(torch.equal(plain[k], unit[k]) for k in plain)
    assert backbone.calls == calls_plain  # nor does it cost a row


@every_mode
@pytest.mark.parametrize("scale", [0.0, 0.5, 0.999, 8.0])
def test_scales_below_and_far_above_one_give_finite_pictures(
    mode: GuidanceMode, scale: float
) -> None:
    backbone = FakeBackbone()

    latent = alone(backbone, frame(0), ticket(backbone, 4, mode, scale=scale, delta=1.0))

    assert bool(torch.isfinite(latent).all())


@pytest.mark.parametrize("delta", [0.0, 0.7, 0.9, 1.0, 1.3])
def test_p4_onetime_equals_full_guidance_at_the_first_slot(delta: float) -> None:
    backbone = FakeBackbone()
    full, onetime = (
        alone(backbone, frame(0), ticket(backbone, 1, mode, delta=delta))
        for mode in (GuidanceMode.FULL, GuidanceMode.ONETIME_NEGATIVE)
    )

    assert torch.equal(full, onetime)


@pytest.mark.parametrize("delta", [0.0, 0.7, 1.0])
def test_at_one_step_step_negative_is_self_negative(delta: float) -> None:
    backbone = FakeBackbone()
    by_input, by_step = (
        alone(backbone, frame(0), ticket(backbone, 1, mode, delta=delta, rescale=0.5))
        for mode in (GuidanceMode.SELF_NEGATIVE, GuidanceMode.STEP_NEGATIVE)
    )

    assert torch.equal(by_input, by_step)


@every_mode
@every_length
def test_p6_a_frame_by_itself_is_repeatable_and_equals_the_batched_one(
    mode: GuidanceMode, n: int
) -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, n, mode)
    batched = outputs([frame(k) for k in range(STREAM_LENGTH)], its_ticket, backbone)

    once, again = (alone(backbone, frame(6), its_ticket) for _ in range(2))

    assert torch.equal(once, again)
    assert relative_error(once, batched[6]) <= TOLERANCE


@every_mode
@every_length
@pytest.mark.parametrize("f", [2, 3])
def test_p7_several_frames_per_tick_equal_as_many_separate_streams(
    mode: GuidanceMode, n: int, f: int
) -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, n, mode)
    batch = StreamBatch(backbone)
    for k in range(n + 2):
        for i in range(f):
            batch.admit(frame(f * k + i), its_ticket, tag=f * k + i)
        finished = batch.tick()
        oldest = f * (k - n + 1)
        assert [one.tag for one in finished] == (
            list(range(oldest, oldest + f)) if k >= n - 1 else []
        )
        for i, one in enumerate(finished):
            expected = alone(backbone, frame(oldest + i), its_ticket)
            assert relative_error(one.latent, expected) <= TOLERANCE


@every_mode
@every_length
def test_p8_a_new_prompt_is_a_fresh_stream_from_the_nth_tick_on(mode: GuidanceMode, n: int) -> None:
    backbone = FakeBackbone()
    before = ticket(backbone, n, mode, prompt="neon city")
    after = ticket(backbone, n, mode, prompt="blueprint", negative_prompt="rain")
    frames = [frame(k) for k in range(STREAM_LENGTH)]
    batch = StreamBatch(backbone)
    run(batch, [(latent, before) for latent in frames[:6]])

    live = run(batch, [(latent, after) for latent in frames[6:]], first_tag=6)
    fresh = run(StreamBatch(backbone), [(latent, after) for latent in frames[6:]], first_tag=6)

    for tick_live, tick_fresh in zip(live[n - 1 :], fresh[n - 1 :], strict=True):
        assert tick_live[0].tag == tick_fresh[0].tag
        assert relative_error(tick_live[0].latent, tick_fresh[0].latent) <= TOLERANCE


@every_mode
@every_length
def test_p13_a_still_input_gives_one_and_the_same_output(mode: GuidanceMode, n: int) -> None:
    backbone = FakeBackbone()
    stream = outputs([frame(3)] * STREAM_LENGTH, ticket(backbone, n, mode), backbone)

    settled = [stream[k] for k in range(n, len(stream))]

    assert all(torch.equal(settled[0], latent) for latent in settled)


@every_mode
@every_length
def test_p14_a_filling_batch_gives_nothing_and_its_first_output_is_valid(
    mode: GuidanceMode, n: int
) -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, n, mode)
    ticks = run(StreamBatch(backbone), [(frame(k), its_ticket) for k in range(n)])

    assert [len(tick) for tick in ticks] == [0] * (n - 1) + [1]
    expected = alone(backbone, frame(0), its_ticket)
    assert relative_error(ticks[-1][0].latent, expected) <= TOLERANCE


@every_mode
def test_p16_the_same_seed_repeats_bit_for_bit_whatever_the_global_generator(
    mode: GuidanceMode,
) -> None:
    """At full strength the picture is made from the seed's noise almost alone."""
    backbone = FakeBackbone()

    def paint(seed: int, global_seed: int) -> Tensor:
        torch.manual_seed(global_seed)
        return alone(backbone, frame(0), ticket(backbone, 4, mode, strength=1.0, seed=seed))

    assert torch.equal(paint(7, 0), paint(7, 1))
    assert not torch.equal(paint(7, 0), paint(8, 0))


def test_p16_painting_leaves_the_global_generator_alone() -> None:
    backbone = FakeBackbone()
    state = torch.get_rng_state()

    alone(backbone, frame(0), ticket(backbone, 4, GuidanceMode.FULL))

    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("timestep", [99, 359, 699, 999])
def test_p18_turbo_is_the_generic_one_step_path(timestep: int) -> None:
    backbone = FakeBackbone()

    turbo, generic = (
        alone(backbone, frame(0), ticket(backbone, sampler=sampler, timesteps=[timestep]))
        for sampler in (Sampler.TURBO, Sampler.LCM)
    )

    assert relative_error(turbo, generic) <= TOLERANCE


@every_mode
@every_length
@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_p19_a_nan_spoils_its_own_frame_only(mode: GuidanceMode, n: int, poison: float) -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, n, mode, rescale=0.5)
    frames = [frame(k) for k in range(STREAM_LENGTH)]
    clean = outputs(frames, its_ticket, backbone)
    frames[5] = frames[5].clone()
    frames[5][0, 0, 3, 3] = poison
    batch = StreamBatch(backbone)

    ticks = run(batch, [(latent, its_ticket) for latent in frames])

    finished = [one for tick in ticks for one in tick]
    assert [one.tag for one in finished if not is_finite(one.latent)] == [5]
    assert all(torch.equal(one.latent, clean[one.tag]) for one in finished if one.tag != 5)
    assert all(is_finite(one.latent) for tick in ticks[5 + n :] for one in tick)


@every_mode
@every_length
def test_p20_frames_in_flight_finish_on_their_own_schedule(mode: GuidanceMode, n: int) -> None:
    backbone = FakeBackbone()
    before = ticket(backbone, n, mode, strength=0.7)
    after = ticket(backbone, n, mode, strength=0.45, scale=2.0, delta=1.1)
    tickets = [before] * 6 + [after] * 6

    ticks = run(StreamBatch(backbone), [(frame(k), its) for k, its in enumerate(tickets)])

    finished = [one for tick in ticks for one in tick]
    assert [one.tag for one in finished] == list(range(STREAM_LENGTH - n + 1))
    for one in finished:
        expected = alone(backbone, frame(int(str(one.tag))), tickets[int(str(one.tag))])
        assert relative_error(one.latent, expected) <= TOLERANCE


@every_mode
@every_length
def test_p21_later_calls_leave_finished_latents_alone(mode: GuidanceMode, n: int) -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, n, mode)
    batch = StreamBatch(backbone)
    ticks = run(batch, [(frame(k), its_ticket) for k in range(STREAM_LENGTH)])
    kept = [(one.latent, one.latent.clone()) for tick in ticks for one in tick]

    run(batch, [(frame(k), its_ticket) for k in range(STREAM_LENGTH)])
    flush(batch)

    assert all(torch.equal(latent, copy) for latent, copy in kept)
    assert len({latent.untyped_storage().data_ptr() for latent, _ in kept}) == len(kept)


def test_p21_the_callers_latent_may_be_written_to_after_it_was_admitted() -> None:
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, 4, GuidanceMode.SELF_NEGATIVE)
    batch, reused = StreamBatch(backbone), frame(0)
    batch.admit(reused, its_ticket)
    reused.zero_()

    (finished,) = flush(batch)

    assert torch.equal(finished.latent, alone(backbone, frame(0), its_ticket))


@every_length
def test_p23_prompt_guidance_seed_and_sampler_stay_with_their_frame(n: int) -> None:
    backbone = FakeBackbone()
    samplers = [Sampler.LCM, Sampler.TCD, Sampler.DDIM, Sampler.TURBO]
    tickets = [
        ticket(
            backbone,
            n,
            MODES[k % len(MODES)],
            prompt=f"prompt {k}",
            negative_prompt=f"negative {k}",
            seed=k,
            scale=1.0 + k / 10,
            delta=0.8 + k / 20,
            rescale=k % 3 / 3,
            sampler=samplers[k % 3],
            strength=0.4 + k / 40,
        )
        for k in range(STREAM_LENGTH)
    ]
    batch = StreamBatch(backbone)
    ticks = run(batch, [(frame(k), its) for k, its in enumerate(tickets)])

    finished = [one for tick in ticks for one in tick] + flush(batch)

    assert [one.tag for one in finished] == list(range(STREAM_LENGTH))
    for k, one in enumerate(finished):
        assert relative_error(one.latent, alone(backbone, frame(k), tickets[k])) <= TOLERANCE


@every_mode
@every_length
def test_the_denoiser_sees_one_row_a_slot_and_one_more_where_the_negative_is_asked(
    mode: GuidanceMode, n: int
) -> None:
    backbone = FakeBackbone()
    run(StreamBatch(backbone), [(frame(k), ticket(backbone, n, mode)) for k in range(n + 2)])

    extra = {GuidanceMode.FULL: n, GuidanceMode.ONETIME_NEGATIVE: 1}.get(mode, 0)

    assert backbone.calls[-1] == n + extra
