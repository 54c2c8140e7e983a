"""An answer that comes late, on another line or by another way, finds its attempt and only that one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from posrefund.dialects.capture import open_capture
from posrefund.emulators.host import HostProfile
from posrefund.engine import Approved, Declined, InDoubt, Original, State
from posrefund.errors import JournalError, LinkTimeoutError
from posrefund.seal import seal
from posrefund.terminal.loop import run
from posrefund.values import Amount
from shop import MERCHANT, TERMINAL, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.terminal.line import Steps

AT = 11
"""TPDU and header stand before the message."""


def held(shop: Shop) -> list[bytes]:
    """Hold every reply back from now on; what is in the list was never handed over."""
    replies: list[bytes] = []

    def hold(reply: bytes) -> bytes:
        replies.append(reply)
        raise LinkTimeoutError("no answer in time")

    shop.link.on_reply = hold
    return replies


def state(shop: Shop, name: str = "R-1/1") -> State:
    return shop.terminal.journal.attempt(name).state


def notes(shop: Shop) -> list[dict[str, str]]:
    return shop.terminal.journal.notes("inbound")


@pytest.fixture
def signing(tmp_path: Path) -> Iterator[Shop]:
    """A host that signs its declines, too; S-1 was sold yesterday."""
    made = Shop(tmp_path, profile=HostProfile(mac_on_declines=True))
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    yield made
    made.terminal.close()


def test_a_late_yes_closes_the_doubt(next_day: Shop) -> None:
    [reply] = late_refund(next_day)
    outcome = next_day.terminal.receive_late(reply)

    assert isinstance(outcome, Approved)
    assert state(next_day) is State.ACCEPTED
    assert next_day.terminal.journal.attempt("R-1/1").facts["late"] == "yes"


def late_refund(shop: Shop, minor: int = 2_800) -> list[bytes]:
    replies = held(shop)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", minor)), InDoubt)
    shop.link.on_reply = None
    return replies


@pytest.mark.parametrize("ask", ["sign_in", "echo", "close_batch"])
def test_a_late_yes_that_comes_while_something_else_is_asked_closes_its_doubt(
    next_day: Shop, ask: str
) -> None:
    [late] = late_refund(next_day)
    insert(next_day, late)
    getattr(next_day.terminal, ask)()

    assert state(next_day) is State.ACCEPTED
    assert next_day.booked("refund") == [2_800]
    next_day.terminal.journal.verify()


def test_a_late_yes_that_comes_while_another_is_asked_closes_its_own_doubt(next_day: Shop) -> None:
    [late] = late_refund(next_day)
    insert(next_day, late)
    outcome = next_day.terminal.sale(sale("S-2", 500))

    assert isinstance(outcome, Approved)
    assert state(next_day) is State.ACCEPTED
    assert state(next_day, "S-2/1") is State.ACCEPTED
    assert [note.get("differs") for note in notes(next_day)[-2:]] == [None, None]


def insert(shop: Shop, late: bytes) -> None:
    """Let *late* come before the next reply."""

    def first_the_late_one(reply: bytes) -> bytes:
        shop.link.on_reply = None
        shop.link._waiting.appendleft(reply)
        return late

    shop.link.on_reply = first_the_late_one


def test_a_late_yes_is_judged_by_the_keys_of_its_own_message(next_day: Shop) -> None:
    [late] = late_refund(next_day)
    next_day.terminal.sign_in()
    insert(next_day, late)
    next_day.terminal.sale(sale("S-2", 500))

    assert state(next_day) is State.ACCEPTED


def test_a_late_yes_whose_keys_are_gone_is_kept_and_proves_nothing(next_day: Shop) -> None:
    [late] = late_refund(next_day)
    next_day.terminal.sign_in()
    next_day.terminal._procedures.keyring.forget([])
    next_day.terminal.receive_late(late)

    assert state(next_day) is State.IN_DOUBT
    assert notes(next_day)[-1]["mac"] == "no_key"


def test_a_late_yes_to_a_sale_makes_it_known(shop: Shop) -> None:
    replies = held(shop)
    shop.terminal.sale(sale("S-1", 500))
    shop.link.on_reply = None
    shop.to(1, 9)
    outcome = shop.terminal.receive_late(replies[0])

    assert isinstance(outcome, Approved)
    [known] = shop.terminal.journal.originals("S-1")
    assert f"{known.transaction_date} {known.settlement_date}" == "2026-03-09 2026-03-09"
    shop.terminal.resolve_doubts()
    assert shop.link.sent == []  # nothing left to reverse


def test_a_late_yes_to_a_sale_that_is_being_undone_is_kept_and_the_undoing_goes_on(
    shop: Shop,
) -> None:
    replies = held(shop)
    shop.terminal.sale(sale("S-1", 500))
    power_fails_in_a_reversal(shop)
    shop.terminal.receive_late(replies[0])

    assert state(shop, "S-1/1") is State.REVERSING
    assert notes(shop)[-1]["mac"] == "valid"
    shop.terminal.resolve_doubts()
    assert state(shop, "S-1/1") is State.REVERSED


def test_a_late_yes_to_a_sale_that_was_undone_is_a_case(shop: Shop) -> None:
    replies = held(shop)
    shop.terminal.sale(sale("S-1", 500))
    shop.link.on_reply = None
    shop.terminal.resolve_doubts()
    assert state(shop, "S-1/1") is State.REVERSED
    shop.terminal.receive_late(replies[0])

    assert state(shop, "S-1/1") is State.MISMATCHED


def late_reversal(shop: Shop) -> bytes:
    """Return the first answer to the reversal of S-1, which is REVERSING when it comes."""
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    return power_fails_in_a_reversal(shop)[0]


def power_fails_in_a_reversal(shop: Shop) -> list[bytes]:
    """Leave S-1 REVERSING; return what the host has answered to its reversal."""
    replies: list[bytes] = []

    def die(reply: bytes) -> bytes:
        replies.append(reply)
        raise JournalError("the power failed")

    shop.link.on_reply = die
    with pytest.raises(JournalError):
        shop.terminal.resolve_doubts()
    shop.link.on_reply = None
    assert state(shop, "S-1/1") is State.REVERSING
    return replies


def test_a_late_answer_to_a_reversal_undoes(shop: Shop) -> None:
    reply = late_reversal(shop)
    shop.terminal.receive_late(reply)

    assert state(shop, "S-1/1") is State.REVERSED


def test_a_doubt_that_is_solved_while_another_is_undone_is_not_undone(shop: Shop) -> None:
    """The list of doubts was made before: it once went on with what had become a sale."""
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    held_back: list[bytes] = []
    exchange = shop.terminal._procedures.exchange
    real = exchange.resolve_doubts

    def nothing_to_do() -> Steps[bool]:
        yield from ()
        return False

    exchange.resolve_doubts = nothing_to_do  # type: ignore[method-assign]

    def hold(reply: bytes) -> bytes:
        held_back.append(reply)
        raise LinkTimeoutError("no answer in time")

    shop.link.on_reply = hold
    shop.terminal.sale(sale("S-2", 700))
    shop.link.on_reply = None
    insert(shop, held_back[0])
    run(real(), shop.link)

    assert state(shop, "S-1/1") is State.REVERSED
    assert state(shop, "S-2/1") is State.ACCEPTED
    assert shop.booked("sale") == [700]


def test_a_late_answer_to_a_reversal_without_its_mac_undoes_nothing(shop: Shop) -> None:
    reply = late_reversal(shop)
    fields = open_capture(reply, UNIONPAY).fields
    for code in ("00", "25", "12"):
        bare = {name: value for name, value in fields.items() if name != "64"} | {"39": code}
        shop.terminal.receive_late(reply[:AT] + UNIONPAY.codec.encode(bare))
        assert state(shop, "S-1/1") is State.REVERSING


def test_a_late_answer_to_a_reversal_of_what_was_accepted_is_a_case(shop: Shop) -> None:
    replies = held(shop)
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.resolve_doubts()  # three silent reversals: with people
    shop.link.on_reply = None
    shop.host.ledger.entries()[0].state = "booked"  # the file will show it
    shop.host.ledger._entries[1:] = []
    shop.settle(0)
    assert state(shop, "S-1/1") is State.CONFIRMED
    undone = next(r for r in replies if open_capture(r, UNIONPAY).fields["t"] == "0410")
    shop.terminal.receive_late(undone)

    assert state(shop, "S-1/1") is State.MISMATCHED


def test_an_unsigned_no_that_is_late_closes_nothing(next_day: Shop) -> None:
    next_day.fault("code", code="61")
    [reply] = late_refund(next_day)
    outcome = next_day.terminal.receive_late(reply)

    assert isinstance(outcome, InDoubt)
    assert state(next_day) is State.IN_DOUBT
    insert(next_day, reply)
    next_day.terminal.sale(sale("S-2", 500))
    assert state(next_day) is State.IN_DOUBT


def test_a_signed_no_that_is_late_closes_the_doubt_of_a_single_copy(signing: Shop) -> None:
    signing.fault("code", code="61")
    [reply] = late_refund(signing)
    outcome = signing.terminal.receive_late(reply)

    assert isinstance(outcome, Declined)
    assert outcome.authenticated


def test_a_signed_no_to_what_was_accepted_is_a_case(signing: Shop) -> None:
    signing.fault("code", code="61")
    [no] = late_refund(signing)
    fields = open_capture(no, UNIONPAY).fields
    yes = {**fields, "39": "00"}
    keys = signing.terminal._procedures.keyring.present
    signing.terminal.receive_late(no[:AT] + seal(yes, UNIONPAY, keys))
    assert state(signing) is State.ACCEPTED
    signing.terminal.receive_late(no)

    assert state(signing) is State.MISMATCHED


def test_a_late_yes_takes_back_what_an_absence_had_proven(next_day: Shop) -> None:
    """Two people could otherwise release what the host has said it took."""
    next_day.fault("code", code="00")  # says yes and books nothing: the files will not show it
    [reply] = late_refund(next_day)
    for day in (0, 1, 2):
        next_day.to(day + 2, 10)
        next_day.settle(day)
    assert state(next_day) is State.MANUAL
    assert next_day.terminal.journal.attempt("R-1/1").facts["absent"] == "three files"
    next_day.terminal.receive_late(reply)
    attempt = next_day.terminal.journal.attempt("R-1/1")

    assert (attempt.state, attempt.facts["absent"]) == (State.MANUAL, "")


def test_every_bit_of_a_late_answer_counts(next_day: Shop) -> None:
    [reply] = late_refund(next_day)
    for place in range(AT, len(reply)):
        for bit in (1, 16):
            bent = reply[:place] + bytes([reply[place] ^ bit]) + reply[place + 1 :]
            outcome = next_day.terminal.receive_late(bent)
            assert outcome is None or isinstance(outcome, InDoubt)
            assert state(next_day) is State.IN_DOUBT
    assert isinstance(next_day.terminal.receive_late(reply), Approved)
    assert len(notes(next_day)) == 2 * (len(reply) - AT) + 2  # with the sale's: every one is kept


@pytest.mark.parametrize("garbage", [b"", b"\x60", bytes(11), bytes(200), b"\xff" * 5_000])
def test_garbage_is_kept_as_such_and_raises_nothing(next_day: Shop, garbage: bytes) -> None:
    before = len(notes(next_day))

    assert next_day.terminal.receive_late(garbage) is None
    assert len(notes(next_day)) == before + 1


def test_the_same_late_answer_twice_is_one(next_day: Shop) -> None:
    [reply] = late_refund(next_day)
    first = next_day.terminal.receive_late(reply)
    again = next_day.terminal.receive_late(reply)

    assert isinstance(first, Approved)
    assert isinstance(again, Approved)
    assert next_day.terminal.journal.verify() > 0


def released(shop: Shop) -> None:
    """Let three empty files and two people release R-1."""
    shop.host.ledger._entries[:] = [e for e in shop.host.ledger.entries() if e.kind == "sale"]
    for day in (0, 1, 2):
        shop.to(day + 2, 10)
        shop.settle(day)
    shop.terminal.release("R-1", people=("ann", "bo"), evidence="three complete files")
    assert state(shop) is State.RELEASED


def test_a_number_that_comes_round_is_told_apart_by_its_batch(next_day: Shop) -> None:
    """The same STAN, card and amount in another batch: each answer finds its own attempt."""
    next_day.terminal.sale(sale("S-2", 12_800))
    [first] = late_refund(next_day, 100)
    number = next_day.terminal.journal.attempt("R-1/1").stan
    next_day.host.close_batch(TERMINAL)
    next_day.to(2, 10)
    released(next_day)  # an open attempt keeps its number
    next_day.terminal.journal.remember(
        next_day.clock(), "stan_taken", stan=f"{int(number) - 1:06d}"
    )
    replies = held(next_day)
    next_day.terminal.refund(refund("R-2", "S-2", 100))
    next_day.link.on_reply = None
    again = next_day.terminal.journal.attempt("R-2/1")
    assert (again.stan == number, again.batch) == (True, "000008")

    next_day.terminal.receive_late(replies[0])
    assert (state(next_day, "R-1/1"), state(next_day, "R-2/1")) == (State.RELEASED, State.ACCEPTED)
    next_day.terminal.receive_late(first)
    assert state(next_day, "R-1/1") is State.MISMATCHED  # released, and the host had said yes


def test_a_late_yes_to_a_sale_that_a_feed_knows_under_another_name_is_kept(shop: Shop) -> None:
    replies = held(shop)
    shop.terminal.sale(sale("S-1", 500))
    shop.link.on_reply = None
    attempt = shop.terminal.journal.attempt("S-1/1")
    fed = Original(
        original_id="FEED-1",
        terminal=TERMINAL,
        merchant=MERCHANT,
        batch=attempt.batch,
        stan=attempt.stan,
        rrn=open_capture(replies[0], UNIONPAY).fields["37"],
        transaction_date=date(2026, 3, 9),
        settlement_date=date(2026, 3, 9),
        amount=Amount(500),
        auth_code=None,
        card_fingerprint=attempt.card_fingerprint,
    )
    shop.terminal.record_sale(fed)
    shop.terminal.receive_late(replies[0])

    assert state(shop, "S-1/1") is State.IN_DOUBT
    assert notes(shop)[-1]["mac"] == "valid"
