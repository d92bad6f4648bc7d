"""Effects against closed forms and plain NumPy."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from engine.effects import Effects
from engine.effects.colour import LUMA, colour_matrix, hue_matrix
from engine.effects.finish import falloff
from engine.enums import KeyBackground, Mirror
from engine.frame import Frame, Image
from engine.params import StreamParams

SIZE_PX = 32
# OpenCV multiplies 8-bit colours by whole 1024ths, and rounds once.
FIXED_POINT = 0.5 + 3 * 255 / 2048
GREEN, RED, GREY = (30, 220, 40), (210, 40, 30), (128, 128, 128)


def noise(seed: int = 0, height_px: int = SIZE_PX, width_px: int = SIZE_PX) -> Image:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


def plain(*colour: int) -> Image:
    return np.full((SIZE_PX, SIZE_PX, 3), colour, np.uint8)


def seen(image: Image, **values: object) -> Image:
    return Effects().seen(Frame(image, 0, 0.0), StreamParams(**values)).image


def finished(image: Image, **values: object) -> Image:
    return Effects().finish(Frame(image, 0, 0.0), StreamParams(**values)).image


def off_by(image: Image, expected: object) -> float:
    return float(np.abs(image.astype(float) - np.asarray(expected, dtype=float)).max())


# ---- neutral


def test_neutral_parameters_hand_on_the_very_frame() -> None:
    effects, frame = Effects(), Frame(noise(), 0, 0.0)
    entered = effects.seen(frame, StreamParams())
    effects.admit(entered)
    assert entered is frame
    assert effects.finish(frame, StreamParams()).image is frame.image
    assert effects.settle(frame, StreamParams()) is None


# ---- input


@pytest.mark.parametrize("turns", [1, 2, -1])
def test_quarter_turns_are_those_of_numpy(turns: int) -> None:
    image = noise()
    assert np.array_equal(seen(image, rotate_deg=90.0 * turns), np.rot90(image, turns))


def test_mirrors_are_flips() -> None:
    image = noise(height_px=24, width_px=40)
    assert np.array_equal(seen(image, mirror=Mirror.HORIZONTAL), image[:, ::-1])
    assert np.array_equal(seen(image, mirror=Mirror.VERTICAL), image[::-1])


def test_mirror_comes_before_rotation() -> None:
    image = noise()
    both = seen(image, mirror=Mirror.HORIZONTAL, rotate_deg=90.0)
    assert np.array_equal(both, np.rot90(image[:, ::-1]))


def test_pan_moves_by_shares_of_the_picture() -> None:
    image = noise()
    moved = seen(image, pan_x=0.25, pan_y=-0.125)
    assert np.array_equal(moved[:-4, 8:], image[4:, :-8])


def test_beyond_its_edge_a_picture_goes_on_as_its_mirror_image() -> None:
    image = noise()
    assert np.array_equal(seen(image, pan_x=0.25)[:, :8], image[:, 7::-1])


def test_zoom_shows_the_middle_larger_and_pan_chooses_the_crop() -> None:
    x = np.arange(SIZE_PX) * 4
    ramp = np.broadcast_to(x[None, :, None], (SIZE_PX, SIZE_PX, 3)).astype(np.uint8)
    middle = (SIZE_PX - 1) / 2
    expected = (middle + (np.arange(SIZE_PX) - middle) / 2) * 4
    assert off_by(seen(ramp, zoom=2.0)[0, :, 0], expected) <= 1.0
    shifted = (middle + (np.arange(SIZE_PX) - middle + 8) / 2) * 4
    assert off_by(seen(ramp, zoom=2.0, pan_x=-0.25)[0, :, 0], shifted) <= 1.0


def test_a_kaleidoscope_looks_the_same_after_a_sixth_of_a_turn() -> None:
    x, y = np.meshgrid(*[np.linspace(-1.0, 1.0, 129)] * 2)
    smooth = np.stack([120 + 100 * np.sin(3 * x + c) * np.cos(2 * y) for c in range(3)], -1)
    image = np.rint(smooth).astype(np.uint8)
    folded = seen(image, mirror=Mirror.KALEIDOSCOPE)
    turned = Effects().seen(Frame(folded, 0, 0.0), StreamParams(rotate_deg=60.0)).image
    inside = np.hypot(x, y) < 0.95
    assert off_by(turned[inside], folded[inside]) <= 6.0
    assert off_by(folded[:, ::-1], folded) <= 2.0
    assert np.array_equal(folded[10, 64], image[10, 64])  # straight up it is the picture itself


def test_a_kaleidoscope_follows_the_rotation_under_it() -> None:
    effects, image = Effects(), noise()
    params = StreamParams(mirror=Mirror.KALEIDOSCOPE)
    still = effects.seen(Frame(image, 0, 0.0), params).image
    turned = effects.seen(Frame(image, 1, 0.0), params.with_changes({"rotate_deg": 90.0})).image
    assert not np.array_equal(still, turned)
    assert np.array_equal(
        turned, seen(np.ascontiguousarray(np.rot90(image)), mirror="kaleidoscope")
    )
    assert np.array_equal(effects.seen(Frame(image, 2, 0.0), params).image, still)


# ---- key


def test_the_key_takes_its_hue_out_and_leaves_the_rest_bit_for_bit() -> None:
    image = plain(*GREEN)
    image[:, 8:16], image[:, 16:24], image[:, 24:] = RED, GREY, (250, 250, 245)
    keyed = seen(image, key_background=KeyBackground.BLACK)
    assert not keyed[:, :8].any()
    assert np.array_equal(keyed[:, 8:], image[:, 8:])


def test_the_key_may_show_the_last_picture_instead() -> None:
    effects = Effects()
    params = StreamParams(key_background=KeyBackground.PREVIOUS)
    assert not effects.seen(Frame(plain(*GREEN), 0, 0.0), params).image.any()
    effects.finish(Frame(plain(1, 2, 3), 0, 0.0), params)
    assert off_by(effects.seen(Frame(plain(*GREEN), 1, 0.0), params).image, (1, 2, 3)) == 0.0


def test_softness_makes_a_monotone_edge_beyond_the_tolerance() -> None:
    shares = [
        seen(
            plain(*GREEN),
            key_background="black",
            key_hue_deg=hue_deg,
            key_tolerance_deg=20,
            key_softness_deg=30,
        )[0, 0, 1]
        / GREEN[1]
        for hue_deg in (123, 145, 155, 165, 174, 200)
    ]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert 0.0 < shares[2] < 1.0


def test_the_key_goes_around_the_circle() -> None:
    assert not seen(plain(220, 20, 40), key_background="black", key_hue_deg=5).any()


# ---- feedback


def with_last(last: Image, image: Image, **values: object) -> Image:
    effects, params = Effects(), StreamParams(**values)
    effects.finish(Frame(last, 0, 0.0), params)
    return effects.seen(Frame(image, 1, 0.0), params).image


def test_feedback_is_a_share_of_the_last_picture() -> None:
    last, image = noise(1), noise(2)
    mixed = with_last(last, image, feedback=0.25)
    assert off_by(mixed, 0.75 * image.astype(float) + 0.25 * last) <= 0.5


def test_feedback_turns_moves_and_fades_the_last_picture() -> None:
    last, image = noise(1), noise(2)
    mixed = with_last(last, image, feedback=1.0, feedback_shift_x=0.25, feedback_fade=0.5)
    assert off_by(mixed[:, 8:], 0.5 * last[:, :-8].astype(float)) <= 0.5
    turned = with_last(last, image, feedback=1.0, feedback_rotate_deg=45.0)
    assert np.array_equal(turned, seen(last, rotate_deg=45.0))


def test_feedback_without_a_last_picture_of_this_size_is_the_input_itself() -> None:
    frame, params = Frame(noise(), 1, 0.0), StreamParams(feedback=0.5)
    effects = Effects()
    assert effects.seen(frame, params) is frame
    effects.finish(Frame(noise(0, 16, 16), 0, 0.0), params)
    assert effects.seen(frame, params) is frame
    effects.finish(Frame(noise(1), 1, 0.0), params)
    assert effects.seen(frame, params) is not frame
    effects.restart()
    assert effects.seen(frame, params) is frame


def test_a_loop_of_feedback_never_leaves_what_went_in() -> None:
    effects = Effects()
    params = StreamParams(feedback=0.9, feedback_zoom=1.1, feedback_rotate_deg=7.0)
    image = np.clip(noise(), 60, 180)
    for sequence in range(60):
        entered = effects.seen(Frame(image, sequence, 0.0), params)
        out = effects.finish(entered, params).image
    assert out.min() >= 59
    assert out.max() <= 181


# ---- behind the model


def test_dry_wet_mixes_with_what_the_model_saw() -> None:
    effects, dry, wet = Effects(), noise(1), noise(2)
    for sequence, (share, expected) in enumerate(
        [(1.0, wet), (0.0, dry), (0.25, 0.25 * wet.astype(float) + 0.75 * dry)]
    ):
        effects.admit(Frame(dry, sequence, 0.0))
        out = effects.finish(Frame(wet, sequence, 0.0), StreamParams(dry_wet=share)).image
        assert off_by(out, expected) <= 0.5


def test_a_full_turn_of_hue_changes_nothing_and_a_third_moves_the_channels_on() -> None:
    assert np.allclose(hue_matrix(360.0), np.eye(3))
    image = noise()
    assert off_by(finished(image, hue_deg=120.0), np.roll(image, 1, axis=-1)) == 0.0
    there = finished(image, hue_deg=-120.0)
    assert off_by(finished(there, hue_deg=120.0), image) <= 1.0


def test_hue_turns_leave_greys_alone() -> None:
    assert off_by(finished(plain(*GREY), hue_deg=77.0), GREY) <= FIXED_POINT


def test_without_saturation_every_pixel_is_its_luma() -> None:
    image = noise()
    assert off_by(finished(image, saturation=0.0), (image @ LUMA)[..., None]) <= FIXED_POINT


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"brightness": 0.25}, lambda v: v + 63.75),
        ({"brightness": -1.0}, lambda v: v * 0.0),
        ({"contrast": 0.0}, lambda v: v * 0.0 + 127.5),
        ({"contrast": 2.0}, lambda v: (v - 127.5) * 2.0 + 127.5),
    ],
)
def test_brightness_and_contrast_are_straight_lines(values, expected) -> None:
    levels = np.broadcast_to(np.arange(256, dtype=np.uint8)[:, None, None], (256, 4, 3)).copy()
    wanted = np.clip(expected(levels.astype(float)), 0.0, 255.0)
    assert off_by(finished(levels, **values), wanted) <= FIXED_POINT


def test_the_neutral_colour_matrix_is_the_identity() -> None:
    assert np.array_equal(colour_matrix(StreamParams()), np.eye(3, 4))


def test_sharpen_leaves_plains_alone_and_steepens_edges() -> None:
    edge = plain(*GREY)
    edge[:, 16:] = 160
    sharp = finished(edge, sharpen=1.0)
    assert np.array_equal(sharp[:, :14], edge[:, :14])
    assert sharp[0, 15, 0] < 128
    assert sharp[0, 16, 0] > 160


def test_a_vignette_is_untouched_in_the_middle_and_darkens_outwards() -> None:
    white = np.full((65, 65, 3), 255, np.uint8)
    dimmed = finished(white, vignette=0.8)[..., 0].astype(int)
    out = np.diagonal(dimmed)[32:]
    assert out[0] == 255
    assert out[-1] == round(255 * 0.2)
    assert (np.diff(out) <= 0).all()
    assert np.array_equal(dimmed, dimmed.T)
    assert np.array_equal(dimmed, dimmed[::-1, ::-1])


def test_a_falloff_depends_on_the_distance_alone() -> None:
    field = falloff(64, 64)
    assert np.allclose(field, np.rot90(field), atol=1e-6)
    assert field.min() == 0.0
    assert field.max() == pytest.approx(1.0)


def test_a_moved_vignette_is_made_anew_for_each_amount_and_size() -> None:
    effects = Effects()
    for sequence, (amount, side_px) in enumerate([(0.5, 33), (0.9, 33), (0.9, 17), (0.5, 33)]):
        frame = Frame(np.full((side_px, side_px, 3), 200, np.uint8), sequence, 0.0)
        corner = effects.finish(frame, StreamParams(vignette=amount)).image[0, 0, 0]
        assert abs(corner - 200 * (1.0 - amount)) <= 1.0


# ---- smoothing


def test_smoothing_is_the_exponential_mean() -> None:
    effects, params = Effects(), StreamParams(smoothing=0.75)
    mean = noise(0).astype(float)
    for sequence in range(8):
        image = noise(sequence)
        out = effects.finish(Frame(image, sequence, 0.0), params).image
        mean = 0.75 * mean + 0.25 * image
        assert off_by(out, mean) <= 0.51


def test_smoothing_goes_on_to_its_end_while_the_model_rests() -> None:
    effects, params = Effects(), StreamParams(smoothing=0.9)
    effects.finish(Frame(plain(0, 0, 0), 0, 0.0), params)
    assert effects.is_settled
    effects.finish(Frame(plain(200, 100, 50), 1, 0.0), params)
    pictures = []
    while (picture := effects.settle(Frame(plain(9, 9, 9), 2, 0.5), params)) is not None:
        pictures.append(picture.image[0, 0, 0])
    assert pictures == sorted(pictures)
    assert pictures[-1] == 200
    assert 20 < len(pictures) < 100
    assert effects.is_settled


def test_grading_acts_in_full_on_the_next_picture_of_a_smoothed_stream() -> None:
    effects = Effects()
    effects.finish(Frame(plain(*GREY), 0, 0.0), StreamParams(smoothing=0.9))
    dark = effects.finish(Frame(plain(*GREY), 1, 0.0), StreamParams(smoothing=0.9, brightness=-1))
    assert not dark.image.any()


def test_what_is_handed_out_is_never_touched_again() -> None:
    effects = Effects()
    params = StreamParams(
        sharpen=1.0, vignette=0.5, smoothing=0.5, hue_deg=40.0, feedback=0.5, feedback_zoom=1.1
    )
    outs = []
    for sequence in range(6):
        entered = effects.seen(Frame(noise(sequence), sequence, 0.0), params)
        effects.admit(entered)
        outs.append((entered.image, effects.finish(entered, params).image))
    copies = [(a.copy(), b.copy()) for a, b in outs]
    effects.seen(Frame(noise(9), 9, 0.0), params)
    effects.finish(Frame(noise(9), 9, 0.0), params)
    for (a, b), (c, d) in zip(outs, copies, strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)
    assert len({image.ctypes.data for pair in outs for image in pair}) == 12


def test_in_steady_state_there_is_one_new_picture_before_and_one_behind_the_model() -> None:
    effects, side_px = Effects(), 256
    params = StreamParams(
        mirror="kaleidoscope", key_background="black", feedback=0.5, feedback_zoom=1.1,
        sharpen=1.0, vignette=0.5, smoothing=0.5, hue_deg=40.0,
    )  # fmt: skip
    frames = [Frame(noise(k, side_px, side_px), k, 0.0) for k in range(4)]
    for frame in frames[:3]:
        effects.finish(effects.seen(frame, params), params)
    tracemalloc.start()
    entered = effects.seen(frames[3], params)
    before, most = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    effects.finish(entered, params)
    after, most_behind = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    picture = entered.image.nbytes
    assert max(before, most, after - before, most_behind - before) < 1.2 * picture
