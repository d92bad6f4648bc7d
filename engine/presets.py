"""Presets: one look per small TOML file. Loads what it can and names what it can't.

Any thread; nothing is cached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import tomli
import tomli_w
from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from engine.atomic_file import write_atomically
from engine.enums import StrEnum
from engine.errors import PresetError
from engine.file_names import FROM_FILE, check_inside, find_inside
from engine.file_version import only_version
from engine.modulation import Matrix
from engine.parameter import Value
from engine.params import PARAMETERS, StreamParams
from engine.renderer import LoraSpec, RenderSpec

VERSION = 1
PRESETS_FOLDER = Path(__file__).resolve().parent.parent / "presets"
# These have fields of their own: the look's words stand first in the file, not in a table.
PROMPT_NAMES = ("prompt", "negative_prompt")
# Fields whose entries are good or broken one by one, and what an entry is called.
LISTS = {"loras": "LoRA", "modulation": "modulation"}


class Bank(StrEnum):
    """The shipped folders of presets, by the class of model that they were written for."""

    HOUSE = "house"
    TURBO = "turbo"  # SD-Turbo and others that understand language

    @staticmethod
    def of(model: str) -> Bank:
        """The bank that suits `RenderSpec.model`."""
        return Bank.HOUSE if model == "house" else Bank.TURBO


class PresetLora(BaseModel):
    """A LoRA that belongs to the look. path: a .safetensors file or hub id."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    path: str = Field(min_length=1)
    scale: float = 1.0


class Preset(BaseModel):
    """One look: its words, the parameters that make it, and how its pad appears.

    colour: "#rrggbb". key: as on the keyboard, e.g. "1" or "Shift+1"; empty for none.
    prompt, negative: as `StreamParams` takes them. params: any other parameter by name, checked
    against `PARAMETERS`; those not named stay as they are when the preset is applied.
    model, loras: what to load with it, by a known name, a hub id or a file in the preset's folder;
    None and () leave the model that is loaded.
    modulation: what moves its parameters by itself; a look without any stands still.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, only_version(VERSION)] = VERSION
    name: str = Field(default="Untitled", min_length=1, max_length=40)
    colour: str = Field(default="#8a94a6", pattern=r"^#[0-9a-fA-F]{6}$")
    key: str = Field(default="", max_length=16)
    prompt: str = ""
    negative: str = ""
    model: str | None = None
    loras: tuple[PresetLora, ...] = ()
    params: dict[str, Value] = Field(default_factory=dict[str, Value])
    modulation: Matrix = ()

    @field_validator("prompt")
    @classmethod
    def _readable_prompt(cls, prompt: str) -> str:
        PARAMETERS["prompt"].parse(prompt)
        return prompt

    @field_validator("params", mode="before")
    @classmethod
    def _known_params(cls, params: Any) -> dict[str, Value]:
        if not isinstance(params, dict):
            raise ValueError("params is a table of parameters")
        return {name: check_param(name, value) for name, value in params.items()}  # type: ignore[misc]

    def apply(self, params: StreamParams) -> StreamParams:
        """The given parameters with this look's values in place."""
        words = {"prompt": self.prompt, "negative_prompt": self.negative}
        return params.with_changes({**words, **self.params})

    @field_validator("model")
    @classmethod
    def _model_stays_inside(cls, model: str | None, info: ValidationInfo) -> str | None:
        return check_inside(model) if model and info.context else model

    @field_validator("loras")
    @classmethod
    def _loras_stay_inside(
        cls, loras: tuple[PresetLora, ...], info: ValidationInfo
    ) -> tuple[PresetLora, ...]:
        for lora in loras if info.context else ():
            check_inside(lora.path)
        return loras

    def apply_to_spec(self, spec: RenderSpec, folder: Path) -> RenderSpec:
        """What must be loaded for this look; equal to `spec` when nothing must.

        folder: where the preset lies. Errors: ValueError for a link that leads out of it.
        """
        model = _located(folder, self.model) if self.model else spec.model
        loras = tuple(LoraSpec(_located(folder, lora.path), lora.scale) for lora in self.loras)
        return replace(spec, model=model, loras=loras or spec.loras)


def _located(folder: Path, name: str) -> str:
    """A file beside the preset, else the name itself: of the catalogue or the hub."""
    return str(find_inside(folder, name) or name)


def load_preset(path: Path) -> tuple[Preset, list[str]]:
    """Read one preset, leaving out what is unknown or broken.

    Returns: the preset and one sentence per field that was left out.
    Errors: PresetError when the file can't be read or isn't TOML.
    """
    good: dict[str, Any] = {"name": path.stem, "params": {}, "loras": [], "modulation": []}
    problems: list[str] = []
    for label, piece in _pieces(_read_toml(path)):
        try:
            Preset.model_validate(piece, context=FROM_FILE)
        except ValidationError as error:
            reason = reason_of(error.errors()[0], "presets")
            problems.append(f"{path.name}: {label} was left out: {reason.rstrip('.')}.")
        else:
            _merge(good, piece)
    return Preset.model_validate(good), problems


def save_preset(path: Path, preset: Preset) -> None:
    """Write so that a crash leaves the old file or the new one, never half of either.

    Errors: PresetError when the folder can't be written.
    """
    content = preset.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    content = {"version": VERSION, "name": preset.name, **content}
    try:
        write_atomically(path, tomli_w.dumps(content).encode())
    except OSError as error:
        raise PresetError(
            f"The preset could not be saved to {path} ({error.strerror}): choose a folder that "
            "you may write to."
        ) from error


def find_presets(where: Bank | Path) -> list[Path]:
    """The preset files of a shipped bank or of a folder, in pad order (by file name)."""
    folder = PRESETS_FOLDER / where.value if isinstance(where, Bank) else where
    return sorted(folder.glob("*.toml"))


def own_presets_folder(bank: Bank) -> Path:
    """Where the looks lie that this performer stored before pads were kept in sets."""
    return user_data_path("Reverie", appauthor=False) / "presets" / bank.value


def resolve_preset(name_or_path: str, bank: Bank) -> Path:
    """The file that `--preset NAME|PATH` means; names match without case.

    Errors: PresetError that lists the names there are.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    named = {load_preset(file)[0].name: file for file in find_presets(bank)}
    for name, file in named.items():
        if name.casefold() == name_or_path.casefold():
            return file
    raise PresetError(
        f"There is no preset {name_or_path!r} for this model; there are {', '.join(named)}."
    )


def check_param(name: str, value: object) -> Value:
    """A parameter of a look, as a plain value. Errors: ValueError naming it and what is allowed."""
    if name in PROMPT_NAMES:
        raise ValueError(f"{name} stands at the top of a preset, as prompt or negative")
    if name not in PARAMETERS:
        raise ValueError(f"there is no parameter {name}")
    parsed = PARAMETERS[name].parse(value)
    return str(parsed) if isinstance(parsed, str) else parsed


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PresetError(f"The preset {path} can't be opened ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad TOML, nested without end
        raise PresetError(f"The preset {path} is not a readable TOML file: {error}.") from error


def _pieces(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The smallest parts that can be good or broken by themselves, with a name for people."""
    for name, value in content.items():
        if name == "params" and isinstance(value, dict):
            for key, entry in value.items():  # type: ignore[misc]
                yield str(key), {"params": {key: entry}}  # type: ignore[misc]
        elif name in LISTS and isinstance(value, list):
            for number, entry in enumerate(value, start=1):  # type: ignore[misc]
                yield f"{LISTS[name]} {number}", {name: [entry]}
        else:
            yield name, {name: value}


def _merge(good: dict[str, Any], piece: dict[str, Any]) -> None:
    for name, value in piece.items():
        if name == "params":
            good["params"].update(value)
        elif name in LISTS:
            good[name].extend(value)
        else:
            good[name] = value


def reason_of(detail: Mapping[str, Any], files: str) -> str:
    """One of pydantic's errors in words. files: what kind of file it is about, in the plural."""
    if detail["type"] == "extra_forbidden":
        return f"{files} have no such field"
    return str(detail["msg"]).removeprefix("Value error, ")
