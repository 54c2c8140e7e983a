"""A process that stands still between its commit and the line, while another one takes over: it sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from posrefund.engine import Approved, Event, Move, NotSent, State
from posrefund.errors import JournalWriteError
from posrefund.terminal import line
from posrefund.terminal.exchange import SEND_WITHIN_S
from shop import refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable

    from shop import Shop


def pause_after_commit(shop: Shop, meanwhile: Callable[[], None]) -> None:
    """Let *meanwhile* happen once the intent lasts, before the line is even open."""
    real = shop.link.open

    def open_late(timeout_s: float) -> None:
        meanwhile()
        real(timeout_s)

    shop.link.open = open_late  # type: ignore[method-assign]


def recover_elsewhere(shop: Shop) -> None:
    """What another process does that took the terminal over: its own journal says IN_DOUBT now."""
    facts = {"reason": "restart", "at": shop.clock().isoformat()}
    shop.terminal.journal.commit([Move("R-1/1", Event.DOUBT, shop.clock(), facts)])


def test_process_that_was_taken_over_between_commit_and_write_sends_nothing(next_day: Shop) -> None:
    pause_after_commit(next_day, lambda: recover_elsewhere(next_day))

    with pytest.raises(JournalWriteError, match="moved by somebody else") as caught:
        next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert caught.value.effect == "in_doubt"
    assert not caught.value.retry_is_safe
    assert next_day.link.sent == []
    assert next_day.booked("refund") == []
    assert next_day.terminal.journal.attempt("R-1/1").state is State.IN_DOUBT


def test_reversal_of_what_was_moved_meanwhile_is_not_sent(next_day: Shop) -> None:
    next_day.fault("drop_reply", "0200")
    next_day.terminal.sale(sale("S-2", 500))
    next_day.link.sent.clear()
    journal: Any = next_day.terminal.journal
    real = journal.commit

    def commit(actions: Any) -> None:
        actions = list(actions)
        real(actions)
        if any(getattr(action, "kind", "") == "reversal_sent" for action in actions):
            real([Move("S-2/1", Event.GIVE_UP, next_day.clock())])

    journal.commit = commit
    with pytest.raises(JournalWriteError, match="moved by somebody else"):
        next_day.terminal.resolve_doubts()

    assert next_day.link.sent == []
    assert next_day.terminal.journal.attempt("S-2/1").state is State.MANUAL


@pytest.mark.parametrize(
    ("within_s", "slept_s", "expected"),
    [
        (SEND_WITHIN_S, SEND_WITHIN_S, Approved),
        (SEND_WITHIN_S, SEND_WITHIN_S + 1, NotSent),
        (3, 3, Approved),  # a journal whose lease is a short one
        (3, 4, NotSent),
        (600, SEND_WITHIN_S + 1, NotSent),
    ],
)
def test_process_that_slept_after_its_last_look_sends_nothing(
    next_day: Shop,
    monkeypatch: pytest.MonkeyPatch,
    within_s: float,
    slept_s: float,
    expected: type,
) -> None:
    now = 1000.0

    class Seconds:
        @staticmethod
        def monotonic() -> float:
            return now

    monkeypatch.setattr(line, "time", Seconds)
    journal: Any = next_day.terminal.journal
    journal.send_within_s = within_s
    real = journal.hold

    def hold(attempt: Any) -> None:
        nonlocal now
        real(attempt)
        now += slept_s

    journal.hold = hold

    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, expected)
    assert len(next_day.link.sent) == (expected is Approved)
    assert next_day.booked("refund") == ([100] if expected is Approved else [])
