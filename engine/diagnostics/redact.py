"""Takes the names of the user's files out of a text, so that a report can be sent to strangers.

Two nets. Names that are known (the home folder, the user, every source, sink and model in use) are
blotted out wherever they stand as a word. A line that still looks as if it named a file, in an
older log for instance, is left out whole: where a name with spaces ends can't be known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

BLOT = "▮▮▮"  # no word, so it can't be the name of anything
LEFT_OUT = "[a line that named a file was left out]"
PREFIX = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ [A-Z]+ +\S+ [\w.]+: ")  # engine.diagnostics.log.LINE
SUFFIXES = (
    "mp4", "m4v", "mov", "mkv", "avi", "webm", "mpe?g", "ts", "gif", "png", "jpe?g", "webp", "bmp",
    "tiff?", "exr", "wav", "mp3", "flac", "ogg", "aiff?", "m4a", "safetensors", "ckpt", "pth?",
    "bin", "onnx", "toml", "json", "ya?ml", "txt", "md", "csv", "log", "zip", "py",
)  # fmt: skip
NAMES_A_FILE = re.compile(
    rf"[/\\]\S|\S[/\\]|\b(?:file|image|record):(?!{BLOT})\S|\.(?:{'|'.join(SUFFIXES)})\b",
    re.IGNORECASE,
)
# What holds a slash without being a path.
HARMLESS = re.compile(
    r"(?<![\w/\\.~:-])(?:Input/output|dry/wet|and/or|I/O|in/out|\d+/\d+)(?![\w/\\.-])",
    re.IGNORECASE,
)
MARK = "\ue000{}\ue001"  # stands for a root while the names are blotted out
MARKED = re.compile(r"\ue000\d+\ue001[\w./\\@+-]*")


def redact(text: str, private: Iterable[str], roots: Mapping[str, str] | None = None) -> str:
    """`text` without the names in `private` and without lines that name any other file. Pure.

    private: paths or words; of a path, every component and the stem of its last one go. roots:
    folder → name; what lies in one of these (Reverie's own) is shown under that name.
    """
    text = unicodedata.normalize("NFC", text).replace("\ue000", "").replace("\ue001", "")
    ordered = sorted((roots or {}).items(), key=lambda root: -len(root[0]))
    for number, (folder, _) in enumerate(ordered):
        text = _folder_pattern(folder).sub(MARK.format(number), text)
    words = _words(private)
    if words:
        text = _any_of(words).sub(BLOT, text)
    lines = [line if _is_safe(line) else _cut(line) for line in text.split("\n")]
    text = "\n".join(lines)
    for number, (_, name) in enumerate(ordered):
        text = text.replace(MARK.format(number), name)
    return text


def redact_values(value: Any, private: Collection[str], roots: Mapping[str, str]) -> Any:
    """The same for every string in plain JSON values; keys stay, they are Reverie's own."""
    if isinstance(value, str):
        return redact(value, private, roots)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        return {key: redact_values(each, private, roots) for key, each in items.items()}
    if isinstance(value, list):
        return [redact_values(each, private, roots) for each in cast("list[Any]", value)]
    return value


def _words(private: Iterable[str]) -> list[str]:
    """Every name to blot out, longest first: whole, in parts, and without its suffix."""
    found: set[str] = set()
    for name in private:
        name = unicodedata.normalize("NFC", name).strip()
        parts = [part for part in re.split(r"[/\\]", name) if part]
        stems = [part.rpartition(".")[0] for part in parts]
        found.update((name, *parts, *stems))
    return sorted((word for word in found if re.search(r"\w", word)), key=len, reverse=True)


def _any_of(words: list[str]) -> re.Pattern[str]:
    """As whole words: a folder named "a" must not take the letter out of every other word."""
    return re.compile("|".join(map(_whole_word, words)), re.IGNORECASE)


def _whole_word(word: str) -> str:
    before = r"(?<!\w)" if re.match(r"\w", word) else ""
    after = r"(?!\w)" if re.search(r"\w$", word) else ""
    return f"{before}{re.escape(word)}{after}"


def _folder_pattern(folder: str) -> re.Pattern[str]:
    r"""Also as it stands in a `repr`, where a backslash is written twice."""
    parts = [re.escape(part) for part in re.split(r"[/\\]", folder.rstrip("/\\"))]
    return re.compile(r"[/\\]{1,2}".join(parts) + r"(?![\w-])", re.IGNORECASE)


def _is_safe(line: str) -> bool:
    rest = HARMLESS.sub("", MARKED.sub("", PREFIX.sub("", line, count=1)))
    return NAMES_A_FILE.search(rest) is None


def _cut(line: str) -> str:
    prefix = PREFIX.match(line)
    return (prefix.group() if prefix else "") + LEFT_OUT
