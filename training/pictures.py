"""Where the training pictures come from, and which of them only judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Collection:
    """A package that holds freely licensed pictures.

    ``kind`` is "deb" or "pypi"; ``patterns`` are globs inside the unpacked package.
    """

    package: str
    kind: str
    patterns: tuple[str, ...]
    licence: str


COLLECTIONS = (
    Collection("gnome-backgrounds", "deb", ("usr/share/backgrounds/gnome/*.webp",), "CC-BY-SA-3.0"),
    Collection("mate-backgrounds", "deb", ("usr/share/backgrounds/mate/*/*",), "GPL-2+, CC-BY-SA"),
    Collection(
        "plasma-workspace-wallpapers",
        "deb",
        ("usr/share/wallpapers/*/contents/images*/*",),
        "CC-BY-SA-4.0, CC-BY-4.0, LGPL-3",
    ),
    Collection("ukui-wallpapers", "deb", ("usr/share/backgrounds/*",), "CC-BY-SA-4.0, GPL-2+"),
    Collection(
        "lomiri-wallpapers-16.04", "deb", ("usr/share/backgrounds/*.jpg",), "CC-BY-SA-3.0/4.0"
    ),
    Collection(
        "lomiri-wallpapers-20.04", "deb", ("usr/share/backgrounds/*.jpg",), "CC-BY-SA-4.0"
    ),
    Collection("scikit-image==0.25.2", "pypi", ("skimage/data/*.[pj][np]g",), "mixed"),
    Collection("scikit-learn==1.6.1", "pypi", ("sklearn/datasets/images/*.jpg",), "CC-BY-2.0"),
    Collection(
        "matplotlib==3.9.2", "pypi", ("matplotlib/mpl-data/sample_data/*.jpg",), "public domain"
    ),
    Collection(
        "face_recognition==1.3.0",
        "pypi",
        ("face_recognition-1.3.0/tests/test_images/obama.jpg",
         "face_recognition-1.3.0/tests/test_images/biden.jpg"),
        "public domain (United States government portraits)",
    ),
)  # fmt: skip

# Never used in training: faces, still life, landscapes, a large one to move over.
HELD_OUT = {
    "astronaut": "face",
    "biden": "face in a room",
    "chelsea": "face of a cat",
    "coffee": "still life",
    "china": "landscape",
    "FallenLeaf": "still life",
    "Garden": "landscape",
    "picosdeeuropa_by_Aitzol_Berasategi": "landscape",
    "Kleiber_by_Lukas_Baubkus": "moving camera",
}

# Near-duplicates, logos, test charts and pictures without a clear licence.
LEFT_OUT = (
    "vnc-", "logo", "Elephants_", "images_dark", "1080x1920", "720x1440", "1622x2880", "MATE-",
    "motorcycle", "chessboard", "phantom", "multipage", "horse", "page",
    "text", "ihc", "cell", "microaneurysms", "retina", "clock_motion", "color", "camera",
)  # fmt: skip


def held_out_role(name: str) -> str | None:
    """What a picture judges, or None where it may be trained on."""
    return next((role for stem, role in HELD_OUT.items() if stem in name), None)


def is_left_out(path: str) -> bool:
    """Whether a file is neither trained on nor judged with."""
    return any(part in path for part in LEFT_OUT)
