"""Beyond this machine, only who has said the token may play."""

from __future__ import annotations

from engine.control.osc_gate import NUM_SENDERS, RETRY_S, Entry, Gate

SENDER = ("10.0.0.7", 5000)
TOKEN = "open sesame"
VALUE = b"/reverie/strength\0\0\0,f\0\0\0\0\0\0"


def test_without_a_token_everybody_is_admitted() -> None:
    gate = Gate("")
    assert gate.look_at(SENDER, VALUE) is Entry.ADMITTED
    assert gate.offer(SENDER, "anything", 0.0)


def test_a_sender_is_refused_until_it_has_said_the_token() -> None:
    gate = Gate(TOKEN)
    assert gate.look_at(SENDER, VALUE) is Entry.REFUSED
    assert gate.look_at(SENDER, b"/reverie/auth\0\0\0,s\0\0") is Entry.ASKS
    assert gate.offer(SENDER, TOKEN, 0.0)
    assert gate.look_at(SENDER, VALUE) is Entry.ADMITTED
    assert gate.look_at(("10.0.0.7", 5001), VALUE) is Entry.REFUSED


def test_a_wrong_token_bars_its_machine_for_a_while_and_no_other() -> None:
    gate = Gate(TOKEN)
    assert not gate.offer(SENDER, "guess", 0.0)
    assert not gate.offer(("10.0.0.7", 5001), TOKEN, RETRY_S / 2)
    assert gate.offer(("10.0.0.8", 5000), TOKEN, RETRY_S / 2)
    assert gate.offer(SENDER, TOKEN, RETRY_S)


def test_the_sender_that_is_silent_longest_is_forgotten_first() -> None:
    gate = Gate(TOKEN)
    for port in range(NUM_SENDERS + 1):
        assert gate.offer(("10.0.0.7", port), TOKEN, 0.0)
        gate.look_at(("10.0.0.7", 0), VALUE)
    assert gate.look_at(("10.0.0.7", 0), VALUE) is Entry.ADMITTED
    assert gate.look_at(("10.0.0.7", 1), VALUE) is Entry.REFUSED
