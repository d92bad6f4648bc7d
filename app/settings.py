"""What the window remembers between two runs: one small JSON file, written atomically.

A broken or newer file is set aside, never fatal: Reverie then starts as if for the first time.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import platformdirs

VERSION = 1


@dataclass
class Settings:
    """Plain values only, so that the file stays readable and repairable by hand."""

    source: str = "demo"
    audio: str = ""  # what is listened to
    has_midi: bool = False
    has_gamepads: bool = False
    osc_port: int = 0  # 0: OSC is off
    mappings: list[object] = field(default_factory=list)  # as the engine dumps them
    fit: str = "crop"
    model: str = "house"
    width_px: int = 256
    height_px: int = 256
    accelerator: str = "auto"
    target_fps_hz: float = 0.0  # 0: no rate is held
    params: dict[str, object] = field(default_factory=dict)
    set_file: str = ""  # of the set that was open
    recent_sets: list[str] = field(default_factory=list)
    quantise: str = "now"  # when pads act
    is_welcomed: bool = False
    recent_sources: list[str] = field(default_factory=list)
    has_previews: bool = True  # of looks that are off air
    text_percent: int = 0  # 0: as large as the screen is used to
    has_output_screen: bool = False
    output_display: str = ""  # as app/displays.py names it
    output_scaling: str = "fit"
    is_output_smooth: bool = True
    has_virtual_camera: bool = False
    virtual_camera_device: str = ""
    recordings_folder: str = field(default_factory=lambda: str(_recordings_folder()))
    geometry: str = ""  # Qt's own, base64
    hidden_panels: list[str] = field(default_factory=lambda: ["controls_panel", "cue_panel"])
    open_sections: list[str] = field(default_factory=list)  # of the look panel


def settings_path() -> Path:
    """Where the settings live on this system."""
    return Path(platformdirs.user_config_dir("Reverie", appauthor=False)) / "window.json"


def load_settings(path: Path) -> Settings:
    """The settings at `path`; first-run values for whatever is absent or of the wrong kind."""
    stored = stored_settings(path)
    return Settings(**_usable(stored)) if stored.get("version") == VERSION else Settings()


def stored_settings(path: Path | None = None) -> dict[str, Any]:
    """What is in the file, valid or not, for a report; empty where it can't be read."""
    try:
        stored = json.loads((path or settings_path()).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return stored if isinstance(stored, dict) else {}


def save_settings(settings: Settings, path: Path) -> None:
    """Write beside, then replace: a crash leaves the old file or the new one, never half.

    Errors: OSError when the folder can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    text = json.dumps({"version": VERSION} | asdict(settings), indent=2, ensure_ascii=False)
    beside.write_text(text + "\n", encoding="utf-8")
    os.replace(beside, path)


def _usable(stored: dict[str, Any]) -> dict[str, Any]:
    first_run = Settings()
    return {
        f.name: stored[f.name]
        for f in fields(Settings)
        if f.name in stored and type(stored[f.name]) is type(getattr(first_run, f.name))
    }


def _recordings_folder() -> Path:
    return Path(platformdirs.user_videos_dir()) / "Reverie"
