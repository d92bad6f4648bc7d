"""Writes docs/osc.md from the targets of the controls: `python -m docs.generate_osc`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from docs.generate_controls import values
from engine.control.osc import MAX_DATAGRAM
from engine.control.osc_address import ROOT
from engine.control.target import NUM_PADS, TARGETS, Target
from engine.control.worker import TICK_S
from engine.osc_spec import MIN_TOKEN

PAGE = Path(__file__).with_name("osc.md")
INTRODUCTION = f"""\
# OSC

Every address that Reverie hears, made from the tables in `engine/params.py` and
`engine/control/target.py` by `python -m docs.generate_osc`.

```
python main.py --osc 9000                                 heard on this machine only
python main.py --osc 9000 --osc-feedback 192.168.0.7:9001 changed values are sent there
REVERIE_OSC_TOKEN=… python main.py --osc 0.0.0.0:9000     heard from other machines
```

- The first argument counts. A number out of range becomes the nearest one that is allowed; what
  can't be read changes nothing and is named in the monitor. Whole numbers may come as floats.
- Wildcards (`?`, `*`, `[a-z]`, `{{this,that}}`) reach every address that they match. Messages of a
  bundle act in the order of their times, at once.
- Values are applied {round(1 / TICK_S)} times a second, the newest of each address. A flood costs
  nothing else. Datagrams of more than {MAX_DATAGRAM} bytes are ignored.
- Feedback uses the same addresses: numbers in the parameter's own unit, switches as 1 or 0, choices
  as words, texts as texts; only what has changed, at most 25 times a second.
- Any other address can be learned and mapped, with the ends that its sender has.

## Other machines

Where other machines can reach the port, a sender is heard once it has sent `{ROOT}auth` with the
token, which has at least {MIN_TOKEN} characters, from the port that it plays from. A wrong token
bars its machine for a second. Everybody on the same network can read what is sent by UDP, the token
included, and can forge a sender's address: use a network of your own on stage.
"""


def osc_page() -> str:
    """The whole page as Markdown."""
    parameters = [target for target in TARGETS.values() if target.parameter is not None]
    others = [target for target in TARGETS.values() if target.parameter is None]
    pads = [target for target in others if target.address.startswith("pad/")]
    rest = [target for target in others if target not in pads]
    return "\n".join(
        [
            INTRODUCTION,
            *_table("Parameters", map(_row, parameters)),
            *_table("Playing", [_pads_row(pads), *map(_row, rest)]),
        ]
    )


def _table(title: str, rows: Iterable[str]) -> list[str]:
    return [f"## {title}", "", "| address | argument | |", "|---|---|---|", *rows, ""]


def _row(target: Target) -> str:
    help_text = target.help.replace("|", "\\|")
    return f"| `{ROOT}{target.address}` | {argument(target)} | {help_text} |"


def _pads_row(pads: list[Target]) -> str:
    return f"| `{ROOT}pad/1` … `{ROOT}pad/{NUM_PADS}` | {argument(pads[0])} | {pads[0].help} |"


def argument(target: Target) -> str:
    """What may be sent, in words."""
    if target.parameter is not None:
        text = values(target.parameter)
        return "1 or 0" if target.is_switch and target.parameter.kind is bool else text
    scale = target.number_scale
    if not target.lasts and target.is_switch:
        return "none, or 1; 0 is ignored"
    if target.is_switch:
        return "1 or 0"
    unit = f" {scale.unit}" if scale.unit else ""
    return f"{scale.minimum:g} to {scale.maximum:g}{unit}"


if __name__ == "__main__":
    PAGE.write_text(osc_page(), "utf-8", newline="\n")
