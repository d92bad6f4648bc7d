"""Strength and steps over their whole ranges, and the rows of constants on the forward path."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.backbone import Conditioning, PredictionType
from engine.diffusion.fake import FakeBackbone
from engine.diffusion.schedule import choose_timesteps, make_schedule, resolve_sampler
from engine.diffusion.slots import Ticket
from engine.enums import GuidanceMode
from engine.params import Sampler
from tests.streams import alone, frame, relative_error, ticket
from tests.support.denoise import denoise

samplers = st.sampled_from(list(Sampler))
prediction_types = st.sampled_from(list(PredictionType))
steps = st.integers(1, 8)
strengths = st.floats(0, 1)
# as the house model's: noise never outweighs the signal, down to almost none
SMALL_BETAS = np.cumprod(1.0 - np.linspace(1e-7, 3.4e-4, 1000))


@given(prediction_types, samplers, steps, strengths)
def test_timesteps_fall_strictly_and_stay_in_range(
    prediction_type: PredictionType, sampler: Sampler, num_steps: int, strength: float
) -> None:
    info = FakeBackbone(prediction_type).info

    timesteps = choose_timesteps(info, sampler, num_steps, strength)

    assert 1 <= len(timesteps) <= num_steps
    assert all(earlier > later for earlier, later in pairwise(timesteps))
    assert timesteps[-1] >= 0
    assert timesteps[0] <= 999
    make_schedule(info, sampler, timesteps)


@given(prediction_types, samplers, steps, strengths, strengths)
def test_more_strength_never_starts_lower(
    prediction_type: PredictionType, sampler: Sampler, num_steps: int, one: float, other: float
) -> None:
    info = FakeBackbone(prediction_type).info
    low, high = (
        choose_timesteps(info, sampler, num_steps, strength) for strength in sorted([one, other])
    )

    assert len(low) <= len(high)
    assert low[0] <= high[0]


@given(steps, strengths)
def test_a_sample_predicting_model_starts_at_the_very_timestep_that_strength_names(
    num_steps: int, strength: float
) -> None:
    info = FakeBackbone(PredictionType.SAMPLE).info

    assert choose_timesteps(info, Sampler.AUTO, num_steps, strength)[0] == round(strength * 999)


@given(steps, st.floats(0.01, 1))
def test_a_distilled_lcm_stays_on_its_grid_within_half_a_cell(
    num_steps: int, strength: float
) -> None:
    timesteps = choose_timesteps(FakeBackbone().info, Sampler.LCM, num_steps, strength)

    assert all((t + 1) % 20 == 0 or t == 0 for t in timesteps)
    assert abs(timesteps[0] - strength * 999) <= 20 / 2 + 1


@settings(deadline=None, max_examples=40)
@given(
    prediction_types,
    samplers,
    steps,
    st.sampled_from(list(GuidanceMode)),
    st.floats(0, 8),
    st.floats(0, 2),
)
def test_strength_zero_gives_back_the_picture_bit_for_bit(
    prediction_type: PredictionType,
    sampler: Sampler,
    num_steps: int,
    mode: GuidanceMode,
    scale: float,
    delta: float,
) -> None:
    backbone = FakeBackbone(prediction_type)
    its_ticket = ticket(
        backbone, num_steps, mode, strength=0.0, scale=scale, delta=delta, sampler=sampler
    )

    assert torch.equal(alone(backbone, frame(0), its_ticket), frame(0))


@settings(deadline=None, max_examples=60)
@given(
    samplers,
    st.lists(st.integers(0, 999), min_size=1, max_size=4, unique=True),
    st.sampled_from(list(GuidanceMode)),
    st.floats(0, 4),
    st.floats(0, 2),
)
def test_a_sample_predicting_model_of_small_noise_is_exact_in_float32_down_to_timestep_zero(
    sampler: Sampler, timesteps: list[int], mode: GuidanceMode, scale: float, delta: float
) -> None:
    """Against the same rows in float64, where the eps form would divide by b down to 3e-4."""
    backbone = FakeBackbone(PredictionType.SAMPLE, alpha_bar=SMALL_BETAS)
    its_ticket = ticket(
        backbone,
        mode=mode,
        scale=scale,
        delta=delta,
        sampler=sampler,
        timesteps=sorted(timesteps, reverse=True),
    )

    ours = alone(backbone, frame(0), its_ticket)

    exact = _in_float64(backbone, its_ticket, mode, scale, delta)
    largest = max(1.0, float(exact.abs().max()))
    assert float((ours - exact).abs().max()) / largest <= 1e-5


def _in_float64(
    backbone: FakeBackbone, its_ticket: Ticket, mode: GuidanceMode, g: float, delta: float
) -> torch.Tensor:
    """The textbook loop on eps, everything but the model in float64."""
    rows, noise = its_ticket.schedule, its_ticket.noise.double()
    z = frame(0).double()
    x = rows[0].a * z + rows[0].b * noise[0]
    for i, row in enumerate(rows):

        def predict(
            prompt: Conditioning, x: torch.Tensor = x, t: int = row.timestep
        ) -> torch.Tensor:
            return denoise(backbone, x.float(), torch.tensor([float(t)]), prompt).double()

        x0 = predict(its_ticket.conditioning)
        if row.b == 0:
            x0 = x
        elif mode is not GuidanceMode.NONE:
            eps = (x - row.a * x0) / row.b
            if mode is GuidanceMode.FULL or (mode is GuidanceMode.ONETIME_NEGATIVE and i == 0):
                z = predict(its_ticket.negative)
                opposite = (x - row.a * z) / row.b
            else:
                opposite = delta * (x - row.a * z) / row.b
            x0 = (x - row.b * (opposite + g * (eps - opposite))) / row.a
        denoised = row.c_out * x0 + row.c_skip * x
        z = denoised if mode is GuidanceMode.STEP_NEGATIVE else z
        eps = (x - row.a * x0) / row.b if row.b else torch.zeros_like(x)
        fresh = row.step_noise * noise[i + 1] if i + 1 < len(rows) else 0.0
        x = row.step_x0 * denoised + row.step_eps * eps + fresh
    return x


@given(prediction_types, st.integers(1, 999))
def test_the_true_output_of_a_noised_latent_gives_the_latent_back(
    prediction_type: PredictionType, timestep: int
) -> None:
    info = FakeBackbone(prediction_type).info
    (row,) = make_schedule(info, Sampler.DDIM, [timestep])
    z, noise = 0.7, -1.3
    x_t = row.a * z + row.b * noise
    output = {
        PredictionType.EPSILON: noise,
        PredictionType.V: row.a * noise - row.b * z,
        PredictionType.SAMPLE: z,
        PredictionType.FLOW: noise - z,
        PredictionType.RECTIFIED_FLOW: z - noise,
        PredictionType.WINDOW_EPSILON: _noise_of_window(info.alpha_bar, timestep, z, noise),
    }[prediction_type]

    assert row.x0_from_x * x_t + row.x0_from_output * output == pytest.approx(z, abs=1e-9)


def _noise_of_window(alpha_bar: np.ndarray, timestep: int, z: float, noise: float) -> float:
    """w of x_noisy = γ·x_clean + √(1 - γ²)·w in one of four windows."""
    clean = timestep // 250 * 250
    bars = alpha_bar[clean + 249], alpha_bar[max(clean - 1, 0)]
    x_noisy, x_clean = (math.sqrt(bar) * z + math.sqrt(1 - bar) * noise for bar in bars)
    gamma = math.sqrt(bars[0] / bars[1])
    return (x_noisy - gamma * x_clean) / math.sqrt(1 - gamma**2)


@given(st.integers(1, 8), steps, strengths)
def test_no_step_jumps_over_the_end_of_a_window_of_time(
    num_windows: int, num_steps: int, strength: float
) -> None:
    info = replace(FakeBackbone().info, time_windows=num_windows)
    times = [t + 1 for t in choose_timesteps(info, Sampler.AUTO, num_steps, strength)]
    ends = {1000 * window // num_windows for window in range(num_windows + 1)}

    assert ends & set(range(1, times[0] + 1)) <= set(times)
    assert (
        times[0]
        == min(round(strength * 999), 1000 * min(num_steps, num_windows) // num_windows - 1) + 1
    )
    assert len(times) == min(num_steps, times[0])


@given(prediction_types, samplers, st.booleans(), st.integers(2, 998), st.integers(0, 997))
def test_every_step_lands_on_the_forward_path_of_the_next_timestep(
    prediction_type: PredictionType, sampler: Sampler, add_noise: bool, t: int, gap: int
) -> None:
    """A true x0 and eps give signal a' and, with independent noise, variance b'²."""
    info = FakeBackbone(prediction_type).info
    t_next = max(0, t - 1 - gap)
    here, there = make_schedule(info, sampler, [t, t_next], add_noise)
    is_noiseless_lcm = resolve_sampler(info, sampler) is Sampler.LCM and not add_noise

    assert here.step_x0 == pytest.approx(there.a)
    variance = here.step_eps**2 + here.step_noise**2
    assert variance == pytest.approx(0.0 if is_noiseless_lcm else there.b**2)
    assert here.step_eps <= here.b
    assert (there.step_x0, there.step_eps, there.step_noise) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("prediction_type", [PredictionType.V, PredictionType.EPSILON])
@pytest.mark.parametrize("mode", list(GuidanceMode))
def test_a_zero_terminal_snr_schedule_stays_finite(
    prediction_type: PredictionType, mode: GuidanceMode
) -> None:
    alpha_bar = FakeBackbone().info.alpha_bar.copy()
    alpha_bar[-1] = 0.0
    backbone = FakeBackbone(prediction_type, alpha_bar=alpha_bar)

    latent = alone(backbone, frame(0), ticket(backbone, 4, mode, strength=1.0))

    assert bool(torch.isfinite(latent).all())


def test_auto_takes_what_the_model_was_made_for() -> None:
    auto = [
        FakeBackbone(prediction_type, sampler=Sampler.AUTO).info
        for prediction_type in (PredictionType.FLOW, PredictionType.SAMPLE)
    ]

    assert resolve_sampler(FakeBackbone(sampler=Sampler.TURBO).info, Sampler.AUTO) is Sampler.TURBO
    assert [resolve_sampler(info, Sampler.AUTO) for info in auto] == [
        Sampler.FLOW_EULER,
        Sampler.LCM,
    ]
    assert resolve_sampler(auto[0], Sampler.TCD) is Sampler.TCD


@pytest.mark.parametrize(
    ("timesteps", "sentence"),
    [
        ([], "needs at least one timestep"),
        ([100, 100], "must fall from slot to slot"),
        ([100, 200], "must fall from slot to slot"),
        ([1000], "lie from 0 to 999"),
        ([5, -1], "lie from 0 to 999"),
    ],
)
def test_impossible_timesteps_are_refused_in_words(timesteps: list[int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make_schedule(FakeBackbone().info, Sampler.LCM, timesteps)


@pytest.mark.parametrize(("num_steps", "strength"), [(0, 0.5), (9, 0.5), (1, -0.1), (1, 1.1)])
def test_steps_and_strength_out_of_range_are_refused(num_steps: int, strength: float) -> None:
    with pytest.raises(ValueError, match=r"steps are 1 to 8|strength is 0 to 1"):
        choose_timesteps(FakeBackbone().info, Sampler.LCM, num_steps, strength)


@given(st.integers(1, 999))
def test_the_consistency_boundary_is_the_identity_at_zero_and_inert_above(t: int) -> None:
    high, clean = make_schedule(FakeBackbone().info, Sampler.LCM, [t, 0])

    assert (clean.c_skip, clean.c_out) == (1.0, 0.0)
    assert high.c_skip == pytest.approx(0.25 / ((10 * t) ** 2 + 0.25))
    assert high.c_out == pytest.approx(math.sqrt(1 - high.c_skip))


def test_every_prediction_type_of_one_model_paints_the_same_picture() -> None:
    pictures = [
        alone(backbone, frame(0), ticket(backbone, 2, strength=0.6, sampler=Sampler.TURBO))
        for backbone in (
            FakeBackbone(kind)
            for kind in (PredictionType.EPSILON, PredictionType.V, PredictionType.SAMPLE)
        )
    ]

    assert all(relative_error(picture, pictures[0]) <= 1e-5 for picture in pictures)
