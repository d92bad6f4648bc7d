"""The set: a whole show as one immutable value. Pads, cues, mappings, where it was left.

Editing gives a new set; nothing here touches a file (engine/set_files.py does) or runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from engine.enums import FitMode
from engine.errors import PresetError
from engine.file_names import check_local
from engine.file_version import only_version
from engine.presets import (
    Bank,
    Preset,
    PresetLora,
    find_presets,
    load_preset,
    own_presets_folder,
)
from engine.renderer import LoraSpec, RenderSpec
from engine.transition import TimeUnit, Transition

T = TypeVar("T")
VERSION = 1
NUM_PADS = 16
MAX_MAPPING_DEPTH = 8


def _local_name(name: str, info: ValidationInfo) -> str:
    return check_local(name) if info.context else name


def _local_uri(uri: str, info: ValidationInfo) -> str:
    _local_name(uri.partition(":")[2], info)
    return uri


LocalName = Annotated[str, AfterValidator(_local_name)]
LocalUri = Annotated[str, AfterValidator(_local_uri)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Pad(_Part):
    """One pad. number: 1-16; transition: None takes the set's own."""

    number: int = Field(ge=1, le=NUM_PADS)
    look: Preset
    transition: Transition | None = None


class PadBank(_Part):
    """Up to sixteen pads, by their numbers."""

    name: str = Field(default="Untitled", min_length=1, max_length=40)
    pads: tuple[Pad, ...] = ()

    @field_validator("pads")
    @classmethod
    def _one_look_each(cls, pads: tuple[Pad, ...]) -> tuple[Pad, ...]:
        """In order; of two with one number the later stands."""
        return tuple(pad for _, pad in sorted({pad.number: pad for pad in pads}.items()))

    def pad(self, number: int) -> Pad | None:
        return next((pad for pad in self.pads if pad.number == number), None)

    def with_pad(self, pad: Pad) -> PadBank:
        """The pad in place of the one with its number."""
        return PadBank(name=self.name, pads=(*self.pads, pad))

    def without_pad(self, number: int) -> PadBank:
        pads = tuple(pad for pad in self.pads if pad.number != number)
        return PadBank(name=self.name, pads=pads)

    def with_pads_swapped(self, number: int, other: int) -> PadBank:
        """Two pads in each other's place, as by dragging; either may be empty."""
        places = {number: other, other: number}
        pads = [
            pad.model_copy(update={"number": places.get(pad.number, pad.number)})
            for pad in self.pads
        ]
        return PadBank(name=self.name, pads=tuple(pads))


class Cue(_Part):
    """One place in the running order. It keeps its own copy of a look: moving pads can't break it.

    follow: the next cue goes by itself so long after this one; None waits for a hand.
    """

    look: Preset
    transition: Transition = Transition()
    follow: float | None = Field(default=None, ge=0.0, le=86_400.0)
    follow_unit: TimeUnit = TimeUnit.SECONDS


class SetRender(_Part):
    """The model that a set was made for; the fields are those of `RenderSpec`."""

    model: LocalName = Field(default="house", min_length=1)
    width_px: int = Field(default=256, ge=8, le=4096, multiple_of=8)
    height_px: int = Field(default=256, ge=8, le=4096, multiple_of=8)
    accelerator: str = "auto"
    loras: tuple[PresetLora, ...] = ()
    vae: LocalName = "auto"

    @field_validator("loras")
    @classmethod
    def _loras_are_local(
        cls, loras: tuple[PresetLora, ...], info: ValidationInfo
    ) -> tuple[PresetLora, ...]:
        for lora in loras if info.context else ():
            check_local(lora.path)
        return loras

    @staticmethod
    def of(spec: RenderSpec) -> SetRender:
        loras = tuple(PresetLora(path=lora.path, scale=lora.scale) for lora in spec.loras)
        return SetRender.model_construct(  # it is in use: nothing to check
            model=spec.model, width_px=spec.width_px, height_px=spec.height_px,
            accelerator=spec.accelerator, loras=loras, vae=spec.vae,
        )  # fmt: skip

    @property
    def spec(self) -> RenderSpec:
        loras = tuple(LoraSpec(lora.path, lora.scale) for lora in self.loras)
        return RenderSpec(
            self.model, self.width_px, self.height_px, self.accelerator, loras, self.vae
        )

    def on(self, present: RenderSpec) -> RenderSpec:
        """The same by the present accelerator, which is the machine's choice and not the set's."""
        return replace(
            self.spec,
            accelerator=present.accelerator,
            fp16_accumulation=present.fp16_accumulation,
            precision=present.precision,
            ticks_in_flight=present.ticks_in_flight,
        )


class Place(_Part):
    """Where a set was left. a, b: the looks on the decks; bank, cue: numbers, cue 0 for none."""

    a: Preset = Preset()
    b: Preset = Preset()
    crossfade: float = Field(default=0.0, ge=0.0, le=1.0)
    bank: int = Field(default=1, ge=1)
    cue: int = Field(default=0, ge=0)


class Set(_Part):
    """A show as it is kept in a file.

    transition: of pads without one. mappings: tables that the control mapping reads. source, sinks:
    URIs as on the command line; an empty source leaves the present one. place: None for a set that
    has not been played.
    """

    version: Annotated[int, only_version(VERSION)] = VERSION
    name: str = Field(default="Untitled", min_length=1, max_length=80)
    source: LocalUri = ""
    sinks: tuple[LocalUri, ...] = ()
    fit: FitMode = FitMode.CROP
    render: SetRender | None = None
    transition: Transition = Transition()
    place: Place | None = None
    banks: tuple[PadBank, ...] = ()
    cues: tuple[Cue, ...] = ()
    mappings: tuple[dict[str, Any], ...] = ()

    @field_validator("mappings")
    @classmethod
    def _writable(cls, mappings: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for mapping in mappings:
            _check_plain(mapping, MAX_MAPPING_DEPTH)
        return mappings

    def bank(self, number: int) -> PadBank:
        """Errors: ValueError that says how many there are."""
        if not 1 <= number <= len(self.banks):
            raise ValueError(f"there is no bank {number}; there are {len(self.banks)}")
        return self.banks[number - 1]

    def with_bank(self, number: int, bank: PadBank) -> Set:
        """The bank at its place; the number after the last one adds it."""
        return self._with(banks=_placed(self.banks, number, bank))

    def without_bank(self, number: int) -> Set:
        return self._with(banks=_removed(self.banks, number))

    def with_cue(self, number: int, cue: Cue) -> Set:
        """The cue in place of the one with that number; the number after the last one adds it."""
        return self._with(cues=_placed(self.cues, number, cue))

    def without_cue(self, number: int) -> Set:
        return self._with(cues=_removed(self.cues, number))

    def with_cue_moved(self, number: int, to: int) -> Set:
        """The cue taken out and put back so that it has the number `to`."""
        rest = _removed(self.cues, number)
        at = min(len(rest), max(0, to - 1))
        return self._with(cues=(*rest[:at], self.cues[number - 1], *rest[at:]))

    def _with(self, **changes: object) -> Set:
        return self.model_copy(update=changes)


@lru_cache
def shipped_set(model: str) -> Set:
    """The shipped looks for a model, in banks of sixteen. Files that can't be read are left out."""
    return _set_of(find_presets(Bank.of(model)))


@lru_cache
def first_set(model: str) -> Set:
    """What the pads have without a set: the shipped looks, and those kept beside them earlier.

    One of the performer's own stands in for the shipped one with its file name.
    """
    bank = Bank.of(model)
    files = {path.name: path for path in find_presets(bank)}
    files |= {path.name: path for path in find_presets(own_presets_folder(bank))}
    return _set_of([files[name] for name in sorted(files)])


def _set_of(paths: Sequence[Path]) -> Set:
    looks: list[Preset] = []
    for path in paths:
        try:
            looks.append(load_preset(path)[0])
        except PresetError:
            continue  # the tests of the presets name it; a show plays on with the others
    chunks = [looks[start : start + NUM_PADS] for start in range(0, len(looks), NUM_PADS)]
    banks = [_bank_of(f"Looks {number}", chunk) for number, chunk in enumerate(chunks, start=1)]
    return Set(name="Shipped looks", banks=tuple(banks))


def _bank_of(name: str, looks: list[Preset]) -> PadBank:
    pads = tuple(Pad(number=number, look=look) for number, look in enumerate(looks, start=1))
    return PadBank(name=name, pads=pads)


def _placed(items: Sequence[T], number: int, item: T) -> tuple[T, ...]:
    if not 1 <= number <= len(items) + 1:
        raise ValueError(f"there is no place {number}; places are from 1 to {len(items) + 1}")
    return (*items[: number - 1], item, *items[number:])


def _removed(items: Sequence[T], number: int) -> tuple[T, ...]:
    if not 1 <= number <= len(items):
        raise ValueError(f"there is no number {number}; there are {len(items)}")
    return (*items[: number - 1], *items[number:])


def _check_plain(value: Any, depth: int) -> None:
    """Only what every file format can hold. Errors: ValueError."""
    if depth == 0:
        raise ValueError("a mapping is not nested so deeply")
    if isinstance(value, dict):
        for key, entry in value.items():  # type: ignore[misc]
            _check_plain(str(key), depth - 1)  # type: ignore[misc]
            _check_plain(entry, depth - 1)
    elif isinstance(value, list):
        for entry in value:  # type: ignore[misc]
            _check_plain(entry, depth - 1)
    elif not isinstance(value, (str, bool, int, float)):
        raise ValueError(f"a mapping holds texts, numbers and switches, not {value!r}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a mapping holds finite numbers, not {value}")
