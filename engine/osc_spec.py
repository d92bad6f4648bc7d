"""Where OSC is heard and answered, as on the command line."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
MIN_TOKEN = 8  # characters


@dataclass(frozen=True, slots=True)
class OscSpec:
    """host: a numeric address or localhost; port: 0 takes any that is free.

    token: what a sender must say first, at /reverie/auth; a must where other machines can reach
    the port. feedback: (host, port) to which changed values are sent.
    Errors: ValueError naming what is wrong.
    """

    port: int
    host: str = LOOPBACK
    token: str = ""
    feedback: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        for host, port in ((self.host, self.port), self.feedback or (LOOPBACK, 0)):
            if not is_address(host):
                raise ValueError(f"OSC needs a numeric address such as {LOOPBACK}, not {host!r}")
            if not 0 <= port <= 65535:
                raise ValueError(f"an OSC port is from 0 to 65535, not {port}")
        if self.token and len(self.token) < MIN_TOKEN:
            raise ValueError(f"an OSC token has at least {MIN_TOKEN} characters")
        if not self.is_loopback and not self.token:
            raise ValueError(
                f"OSC at {self.host} can be reached by other machines and needs a token: set "
                "REVERIE_OSC_TOKEN to one that the senders say first, at /reverie/auth"
            )

    @property
    def is_loopback(self) -> bool:
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback


def parse_endpoint(text: str) -> tuple[str, int]:
    """Read [HOST:]PORT; the host is this machine where none is given.

    Errors: ValueError.
    """
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal()):
        raise ValueError(f"{text!r} is not of the form [HOST:]PORT, 9000 or 0.0.0.0:9000 say")
    return host.strip("[]") or LOOPBACK, int(port)


def is_address(host: str) -> bool:
    """Numeric, so that no look-up of a name can hold up the show."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
