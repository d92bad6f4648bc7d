"""Few-step samplers as rows of constants: one row per slot, computed once, in float64.

On the forward path x_t = a·z + b·noise, every sampler that Reverie needs is linear:

- the model's output m gives the clean latent, x0 = x0_from_x·x_t + x0_from_output·m;
- eps = (x_t - a·x0) / b follows from it, whatever the model predicts;
- a consistency model mixes x_t in, denoised = c_out·x0 + c_skip·x_t;
- the next slot gets x' = A·denoised + E·eps + N·noise.

Timestep 0 is the clean end: there a = 1, b = 0 and the row is the identity, so that strength 0
gives back the picture (diffusers' `set_alpha_to_one` does the same for DDIM's last step). The
last row always goes there: A = 1, E = N = 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.diffusion.backbone import ModelInfo, PredictionType
from engine.diffusion.time_windows import noise_of_window, signal_and_noise, timesteps_through
from engine.params import MAX_STEPS, Sampler

FLOW_TIMESTEPS = 1000  # sigma = timestep / 1000
LCM_GRID = 20  # LCM is distilled on every 20th timestep: Luo et al. 2023, arXiv:2310.04378, 4.3
LCM_TIMESTEP_SCALING = 10.0  # as released with the LCM weights
LCM_SIGMA_DATA = 0.5  # Song et al. 2023, arXiv:2303.01469, appendix C
TCD_GAMMA = 0.3  # share of fresh noise: Zheng et al. 2024, arXiv:2402.19159, section 4.2
MIN_SIGNAL = 1e-3  # floor of a where it divides; only zero-terminal-SNR models come below


@dataclass(frozen=True, slots=True)
class SlotRow:
    """All constants of one slot, float64. a, b: signal and noise of x_t = a·z + b·noise.

    told_timestep: what the denoiser is told; another than `timestep` for models trained so.
    """

    timestep: int
    told_timestep: int
    a: float
    b: float
    x0_from_x: float
    x0_from_output: float
    c_skip: float
    c_out: float
    step_x0: float  # A
    step_eps: float  # E
    step_noise: float  # N


def resolve_sampler(info: ModelInfo, sampler: Sampler) -> Sampler:
    """What AUTO means for this model; any other choice is kept."""
    if sampler is not Sampler.AUTO:
        return sampler
    if info.sampler is not Sampler.AUTO:
        return info.sampler
    return Sampler.FLOW_EULER if info.prediction_type.is_flow else Sampler.LCM


def choose_timesteps(
    info: ModelInfo, sampler: Sampler, num_inference_steps: int, strength: float
) -> tuple[int, ...]:
    """The slots' timesteps, strictly falling, evenly spread from strength's to the clean end.

    strength: 0-1, of the training timesteps; 0 gives the one identity slot at timestep 0.
    Fewer slots than asked come back only where no more fit under the first one.
    At strength 1 they are diffusers' own: LCM's spacing on its grid, trailing spacing for the rest.
    Through windows of time see `time_windows.timesteps_through`.
    Errors: ValueError outside the ranges.
    """
    if not 1 <= num_inference_steps <= MAX_STEPS:
        raise ValueError(f"steps are 1 to {MAX_STEPS}, not {num_inference_steps}")
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"strength is 0 to 1, not {strength}")
    grid = _grid_of(info, resolve_sampler(info, sampler))
    num_timesteps = _num_train_timesteps(info)
    first = round(strength * (num_timesteps - 1))
    if info.time_windows and first > 0:
        return timesteps_through(num_timesteps, info.time_windows, first, num_inference_steps)
    # cells of the grid between the clean end and the first slot; a slot sits at its cell's top
    cells = (first + 1 + grid // 2) // grid
    num_slots = min(num_inference_steps, cells)
    if num_slots == 0:
        return (0,)
    return tuple(grid * (cells - i * cells // num_slots) - 1 for i in range(num_slots))


def _grid_of(info: ModelInfo, sampler: Sampler) -> int:
    """Models distilled by LCM know every 20th timestep only; all others any, or say their own.

    Distillation starts from a noise or velocity model; one that predicts the sample was trained
    as such, on all timesteps, so its strength is continuous.
    """
    if info.timestep_grid is not None:
        return info.timestep_grid
    is_distilled = info.prediction_type in (PredictionType.EPSILON, PredictionType.V)
    return LCM_GRID if sampler is Sampler.LCM and is_distilled else 1


def make_schedule(
    info: ModelInfo, sampler: Sampler, timesteps: Sequence[int], add_noise: bool = True
) -> tuple[SlotRow, ...]:
    """Rows of constants for slots at these timesteps, in the order a frame passes them.

    add_noise: fresh noise between steps, for the samplers that use any (LCM, TCD).
    Errors: ValueError for timesteps that don't fall or lie outside the model's.
    """
    _check(timesteps, _num_train_timesteps(info))
    sampler = resolve_sampler(info, sampler)
    rows: list[SlotRow] = []
    for t, t_next in zip(timesteps, [*timesteps[1:], None], strict=True):
        a, b = _signal_and_noise(info, t)
        c_skip, c_out = _boundary(t) if sampler is Sampler.LCM else (0.0, 1.0)
        x0 = _x0_constants(info, t, a, b)
        step = (1.0, 0.0, 0.0) if t_next is None else _step(info, sampler, t_next, add_noise)
        rows.append(SlotRow(t, _told(info, t), a, b, *x0, c_skip, c_out, *step))
    return tuple(rows)


def _told(info: ModelInfo, timestep: int) -> int:
    """What the denoiser is told of a timestep; models with windows count from 1."""
    return math.floor(timestep * info.timestep_share) + bool(info.time_windows)


def _num_train_timesteps(info: ModelInfo) -> int:
    return FLOW_TIMESTEPS if info.prediction_type.is_flow else len(info.alpha_bar)


def _check(timesteps: Sequence[int], num_train_timesteps: int) -> None:
    if not timesteps:
        raise ValueError("a schedule needs at least one timestep")
    if any(later >= earlier for earlier, later in pairwise(timesteps)):
        raise ValueError(f"timesteps must fall from slot to slot, not {list(timesteps)}")
    if timesteps[-1] < 0 or timesteps[0] >= num_train_timesteps:
        raise ValueError(
            f"timesteps lie from 0 to {num_train_timesteps - 1}, not {list(timesteps)}"
        )


def _signal_and_noise(info: ModelInfo, timestep: int) -> tuple[float, float]:
    """a and b of the forward path: Ho et al. 2020, arXiv:2006.11239, eq. 4; or straight (flow)."""
    if timestep == 0:
        return 1.0, 0.0
    if info.prediction_type.is_flow:
        sigma = timestep / FLOW_TIMESTEPS
        return 1.0 - sigma, sigma
    if info.time_windows:
        return signal_and_noise(info.alpha_bar, info.time_windows, timestep)
    alpha_bar = float(info.alpha_bar[timestep])
    return math.sqrt(alpha_bar), math.sqrt(1.0 - alpha_bar)


def _x0_constants(info: ModelInfo, timestep: int, a: float, b: float) -> tuple[float, float]:
    """(p, q) of x0 = p·x_t + q·output.

    Source: Salimans and Ho 2022, arXiv:2202.00512, appendix D; Lipman et al. 2022,
    arXiv:2210.02747 for flow; Liu et al. 2022, arXiv:2209.03003 for rectified flow;
    `time_windows` for the noise of a window.
    """
    if b == 0.0:
        return 1.0, 0.0  # x_t is the clean latent already, whatever the model says
    signal = max(a, MIN_SIGNAL)
    if info.prediction_type is PredictionType.WINDOW_EPSILON:
        gain = noise_of_window(info.alpha_bar, info.time_windows, timestep)
        return 1.0 / signal, -gain * b / signal
    return {
        PredictionType.EPSILON: (1.0 / signal, -b / signal),
        PredictionType.V: (a / (a * a + b * b), -b / (a * a + b * b)),  # straight: no unit circle
        PredictionType.SAMPLE: (0.0, 1.0),
        PredictionType.FLOW: (1.0, -b),
        PredictionType.RECTIFIED_FLOW: (1.0, b),
    }[info.prediction_type]


def _boundary(timestep: int) -> tuple[float, float]:
    """c_skip and c_out: Luo et al. 2023, arXiv:2310.04378, eq. 9."""
    tau = LCM_TIMESTEP_SCALING * timestep
    variance = tau**2 + LCM_SIGMA_DATA**2
    return LCM_SIGMA_DATA**2 / variance, tau / math.sqrt(variance)


def _step(
    info: ModelInfo, sampler: Sampler, t_next: int, add_noise: bool
) -> tuple[float, float, float]:
    """(A, E, N) of the step to t_next.

    LCM: arXiv:2310.04378, algorithm 3. DDIM: Song et al. 2020, arXiv:2010.02502, eq. 12 with
    eta 0. Turbo's Euler step in sigma and the flow's Euler step are the same line in x_t.
    TCD: arXiv:2402.19159, algorithm 1; it denoises below t_next and noises up again.
    """
    a, b = _signal_and_noise(info, t_next)
    if sampler is Sampler.LCM:
        return a, 0.0, b if add_noise else 0.0
    if sampler is Sampler.TCD and add_noise:
        a_s, b_s = _signal_and_noise(info, math.floor((1.0 - TCD_GAMMA) * t_next))
        step_eps = a * b_s / a_s
        return a, step_eps, math.sqrt(max(0.0, b**2 - step_eps**2))
    return a, b, 0.0
