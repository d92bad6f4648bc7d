from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from engine.errors import SourceError
from engine.sources.image import ImageSource

COLOURS = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp"])
def test_a_picture_is_read_as_rgb(tmp_path, suffix):
    path = tmp_path / f"höhe.{suffix}"
    PillowImage.fromarray(COLOURS).save(path, lossless=True)
    source = ImageSource(path)
    info = source.open()
    assert (info.width_px, info.height_px) == (30, 20)
    np.testing.assert_array_equal(source.read().image, COLOURS)


def test_a_photo_taken_sideways_is_upright(tmp_path):
    smooth = cv2.resize(COLOURS[:4, :6], (96, 64), interpolation=cv2.INTER_LINEAR)
    photo = PillowImage.fromarray(smooth)
    exif = photo.getexif()
    exif[0x0112] = 6  # turn by 90° clockwise to show
    photo.save(tmp_path / "a.jpg", quality=98, exif=exif)
    source = ImageSource(tmp_path / "a.jpg")
    source.open()
    shown = source.read().image
    assert shown.shape == (96, 64, 3)
    assert np.abs(shown.astype(int) - np.rot90(smooth, -1)).mean() < 6


def test_transparency_lies_on_black(tmp_path):
    alpha = np.full((20, 30), 128, np.uint8)
    PillowImage.fromarray(np.dstack([COLOURS, alpha])).save(tmp_path / "a.png")
    source = ImageSource(tmp_path / "a.png")
    source.open()
    assert np.abs(source.read().image - COLOURS * (128 / 255)).max() <= 0.51


def test_grey_and_sixteen_bit_pictures_become_eight_bit_rgb(tmp_path):
    deep = np.full((8, 8), 40_000, np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), deep)
    source = ImageSource(tmp_path / "a.png")
    source.open()
    assert np.all(np.abs(source.read().image.astype(int) - 40_000 / 257) <= 1)


def test_a_still_goes_on_for_ever_at_thirty_a_second(tmp_path):
    PillowImage.fromarray(COLOURS).save(tmp_path / "a.png")
    source = ImageSource(tmp_path / "a.png")
    source.open()
    captures = [source.read() for _ in range(3)]
    assert [capture.time_s for capture in captures] == [0, 1 / 30, 2 / 30]
    assert not captures[0].image.flags.writeable


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_damaged_picture_says_so(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(SourceError, match="damaged or not a picture; use a PNG"):
        ImageSource(tmp_path / "a.png").open()


def test_a_missing_picture_says_so(tmp_path):
    with pytest.raises(SourceError, match=r"Can't read the picture .*nope\.png"):
        ImageSource(tmp_path / "nope.png").open()


def shown(path) -> np.ndarray:
    source = ImageSource(path)
    source.open()
    return source.read().image


def test_a_picture_in_the_printers_colours_becomes_rgb(tmp_path):
    ink = PillowImage.new("CMYK", (16, 16), (0, 200, 255, 20))
    ink.save(tmp_path / "a.jpg", quality=100)
    expected = np.array(ink.convert("RGB"))
    assert np.abs(shown(tmp_path / "a.jpg").astype(int) - expected).max() <= 2


def test_sixteen_bits_of_colour_with_transparency_lie_on_black(tmp_path):
    deep = np.full((8, 8, 4), 50_000, np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), deep)
    expected = 50_000**2 / 65_535 / 257
    assert np.abs(shown(tmp_path / "a.png").astype(int) - expected).max() <= 1


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_shows_its_first_picture(tmp_path, suffix):
    first, second = (PillowImage.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=[second], lossless=True)
    np.testing.assert_array_equal(shown(path)[4, 4], [255, 0, 0])


def test_a_large_picture_is_made_smaller_once(tmp_path):
    wide = np.full((100, 8192, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), wide)
    assert shown(tmp_path / "a.png").shape == (50, 4096, 3)


@pytest.mark.parametrize("side_px", [20_000, 30_000, 100_000])
def test_a_picture_that_claims_to_be_huge_is_refused_before_it_takes_memory(tmp_path, side_px):
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(SourceError, match="too large: at most 268 million pixels"):
        ImageSource(tmp_path / "a.png").open()


def test_a_photo_that_is_cut_off_is_damaged_or_shows_what_there_is(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.random.default_rng(0).integers(0, 255, (64, 64, 3)))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="damaged or not a picture"):
        ImageSource(tmp_path / "a.png").open()
