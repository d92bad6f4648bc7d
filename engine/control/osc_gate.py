"""Who may play by OSC: everybody on this machine; others after they have said the token."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from typing import TypeVar

from engine.control.osc_address import AUTH
from engine.enums import StrEnum

K = TypeVar("K")
V = TypeVar("V")
NUM_SENDERS = 256  # remembered; beyond, the one longest silent must say the token again
RETRY_S = 1.0  # of one host after a wrong token


class Entry(StrEnum):
    """What becomes of a datagram's sender."""

    ADMITTED = "admitted"
    ASKS = "asks"  # it may be saying the token; `offer` decides
    REFUSED = "refused"


class Gate:
    """Remembers who has said the token. One thread.

    UDP carries the token in the clear, and a sender's address can be forged on the same network:
    this keeps accidents and passers-by out, not an eavesdropper.
    """

    def __init__(self, token: str) -> None:
        """token: empty admits everybody, for a port that only this machine reaches."""
        self._token = token
        self._admitted: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._failed_s: OrderedDict[str, float] = OrderedDict()

    def look_at(self, sender: tuple[str, int], datagram: bytes) -> Entry:
        """Cheap, before anything of a stranger's datagram is parsed."""
        if not self._token:
            return Entry.ADMITTED
        if datagram.startswith(AUTH.encode() + b"\0"):
            return Entry.ASKS
        if sender not in self._admitted:
            return Entry.REFUSED
        self._admitted.move_to_end(sender)
        return Entry.ADMITTED

    def offer(self, sender: tuple[str, int], token: object, now_s: float) -> bool:
        """Whether the sender is admitted by this token; a host has one try a second."""
        if not self._token:
            return True
        host = sender[0]
        if now_s - self._failed_s.get(host, -RETRY_S) < RETRY_S:
            return False
        if hmac.compare_digest(str(token).encode(), self._token.encode()):
            _remember(self._admitted, sender, None)
            return True
        _remember(self._failed_s, host, now_s)
        return False


def _remember(table: OrderedDict[K, V], key: K, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    while len(table) > NUM_SENDERS:
        table.popitem(last=False)
