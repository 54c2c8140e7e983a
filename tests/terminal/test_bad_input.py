"""Everything a host, a line or a disk can do wrong to one refund, and what has to come of it.

The rule of every test here: whatever the terminal says, the shop asks again with the same request id,
then the settlement files arrive, and at the end the host has booked at most one refund and both books
agree about it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from posrefund.cli.books import compare, difference
from posrefund.engine import Approved, Declined, Event, InDoubt, Note, Outcome
from posrefund.engine.interpret import Conclusion, interpret
from posrefund.errors import (
    InvalidKeyError,
    JournalWriteError,
    LinkTimeoutError,
    RefusedError,
    RemoteProtocolError,
)
from posrefund.seal import unseal
from shop import UNIONPAY, Shop, refund

MESSAGE_AT = 11  # TPDU and header stand before it, outside the MAC


def agree(shop: Shop) -> None:
    """Both books say the same about everything."""
    lines = compare(shop.terminal.journal.attempts(), shop.host.ledger.as_data())
    assert difference(lines) == 0, lines


# kind, more, outcome, its reason or code, what the host booked, the outcome after the files
FAULTS: list[tuple[str, dict[str, Any], type, str, list[int], type]] = [
    ("drop_request", {}, InDoubt, "no_reply", [], InDoubt),
    ("drop_reply", {}, InDoubt, "no_reply", [100], Approved),
    ("close_before_reply", {}, InDoubt, "closed", [100], Approved),
    ("bad_mac", {}, InDoubt, "bad_mac", [100], Approved),
    ("no_mac", {}, InDoubt, "mismatch", [100], Approved),
    *[("flip_mac_byte", {"index": i}, InDoubt, "bad_mac", [100], Approved) for i in range(8)],
    ("wrong_stan", {}, InDoubt, "no_reply", [100], Approved),
    ("wrong_terminal", {}, InDoubt, "no_reply", [100], Approved),
    ("wrong_amount", {}, InDoubt, "mismatch", [100], Approved),
    ("unknown_field", {}, InDoubt, "unreadable", [100], Approved),
    ("truncate", {}, InDoubt, "unreadable", [100], Approved),
    ("garbage", {}, InDoubt, "unreadable", [100], Approved),
    ("duplicate_reply", {}, Approved, "", [100], Approved),
    ("code", {"code": "51"}, Declined, "51", [], Declined),
    ("code", {"code": "96"}, InDoubt, "code_96", [], InDoubt),
    ("code", {"code": "94"}, InDoubt, "code_94", [], InDoubt),
    ("code", {"code": "68"}, InDoubt, "code_68", [], InDoubt),
    ("code", {"code": "10"}, InDoubt, "code_10", [], InDoubt),
    ("code", {"code": "ZZ"}, InDoubt, "code_ZZ", [], InDoubt),
    ("booked_code", {"code": "96"}, InDoubt, "code_96", [100], Approved),
    ("booked_code", {"code": "68"}, InDoubt, "code_68", [100], Approved),
]


def word(outcome: Outcome) -> str:
    match outcome:
        case InDoubt():
            return outcome.reason
        case Declined():
            return outcome.code
        case _:
            return ""


@pytest.mark.parametrize(
    ("kind", "more", "expected", "why", "booked", "after"),
    FAULTS,
    ids=[f"{fault[0]}{''.join(str(v) for v in fault[1].values())}" for fault in FAULTS],
)
def test_each_fault_of_a_host_ends_where_it_has_to(
    next_day: Shop,
    kind: str,
    more: dict[str, Any],
    expected: type,
    why: str,
    booked: list[int],
    after: type,
) -> None:
    next_day.fault(kind, **more)
    next_day.link.sent.clear()

    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert (type(outcome), word(outcome)) == (expected, why)
    next_day.restart()
    assert next_day.terminal.refund(refund("R-1", "S-1", 100)) == outcome
    assert len(next_day.link.sent) == 1
    assert next_day.booked("refund") == booked
    for day in range(3):
        next_day.settle(day)
    final = next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert type(final) is after
    assert len(next_day.link.sent) == 1
    assert next_day.booked("refund") == booked
    agree(next_day)
    next_day.terminal.journal.verify()


def test_a_no_for_something_that_was_booked_becomes_a_case_and_blocks_the_sale(
    next_day: Shop,
) -> None:
    next_day.fault("booked_code", code="61")
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), Declined)

    found = next_day.settle(1)

    assert [f.category for f in found.findings] == ["DECLINED_BUT_BOOKED"]
    assert isinstance(next_day.terminal.status("R-1"), InDoubt)
    with pytest.raises(RefusedError) as refused:
        next_day.terminal.refund(refund("R-2", "S-1", 100))
    assert refused.value.code == "original_has_case"


def test_a_yes_that_was_never_booked_becomes_a_case(next_day: Shop) -> None:
    next_day.fault("code", code="00")
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), Approved)

    next_day.settle(0)
    next_day.settle(1)
    assert isinstance(next_day.terminal.status("R-1"), Approved)
    found = next_day.settle(2)

    assert "JOURNAL_ONLY" in [f.category for f in found.findings]
    assert isinstance(next_day.terminal.status("R-1"), InDoubt)


def test_a_doubt_whose_absence_is_proven_is_released_by_two_people_and_may_be_made_again(
    next_day: Shop,
) -> None:
    next_day.fault("drop_request")
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    for day in range(3):
        next_day.settle(day)

    next_day.terminal.release("R-1", people=("Li", "Wang"), evidence="files of days 0 to 2")

    again = next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert isinstance(again, Approved)
    assert again.attempt.number == 2
    assert next_day.booked("refund") == [100]
    agree(next_day)


def test_no_byte_of_an_approval_can_be_changed_into_another_approval(next_day: Shop) -> None:
    """Each byte from the MTI to the MAC, on the line: never approved, and one refund booked."""
    at = MESSAGE_AT
    lengths = {0}
    while at < max(lengths) or at == MESSAGE_AT:

        def flip(reply: bytes, at: int = at) -> bytes:
            lengths.add(len(reply))
            return reply[:at] + bytes([reply[at] ^ (0x01, 0x80, 0xFF)[at % 3]]) + reply[at + 1 :]

        next_day.link.on_reply = flip
        outcome = next_day.terminal.refund(refund(f"R-{at}", "S-1", 1))
        assert isinstance(outcome, InDoubt), at
        next_day.link.on_reply = None
        next_day.settle(1)
        assert isinstance(next_day.terminal.status(f"R-{at}"), Approved)
        at += 1
    assert next_day.booked("refund") == [1] * (at - MESSAGE_AT)
    agree(next_day)


def test_no_value_of_any_byte_turns_an_approval_into_another_approval(next_day: Shop) -> None:
    """The same without the line: each byte, each of its 255 other values."""
    replies: list[bytes] = []

    def keep(reply: bytes) -> bytes:
        replies.append(reply)
        return reply

    next_day.link.on_reply = keep
    next_day.terminal.refund(refund("R-1", "S-1", 1))
    terminal = next_day.terminal
    attempt = terminal.journal.attempt("R-1/1")
    body = replies[0][MESSAGE_AT:]
    table = UNIONPAY.messages["refund"]

    def concluded(changed: bytes) -> object:
        verdict = interpret(
            attempt,
            table,
            unseal(changed, UNIONPAY, terminal._procedures.keyring.present),
            UNIONPAY,
        )
        return verdict.event if isinstance(verdict, Conclusion) else None

    assert concluded(body) is Event.ACCEPT
    for at in range(len(body)):
        for change in range(1, 256):
            changed = body[:at] + bytes([body[at] ^ change]) + body[at + 1 :]
            assert concluded(changed) is not Event.ACCEPT, (at, change)


def test_an_answer_cut_anywhere_is_in_doubt(next_day: Shop) -> None:
    for length_bytes in range(150):
        next_day.link.on_reply = lambda reply, end=length_bytes: reply[:end]
        outcome = next_day.terminal.refund(refund(f"R-{length_bytes}", "S-1", 1))
        if isinstance(outcome, Approved):
            break
        assert isinstance(outcome, InDoubt), length_bytes
        assert outcome.reason == "unreadable"
        next_day.link.on_reply = None
        next_day.settle(1)
    else:
        pytest.fail("no answer was ever whole")
    agree(next_day)


# --- sign-in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wrong_kcv", "half_key_set"])
def test_one_wrong_key_refuses_the_whole_set_and_the_old_one_stays(
    next_day: Shop, kind: str
) -> None:
    before = next_day.terminal.view()
    next_day.fault(kind, "0800")

    with pytest.raises(InvalidKeyError):
        next_day.terminal.sign_in()

    after = next_day.terminal.view()
    assert (after.key_set_id, after.batch) == (before.key_set_id, before.batch)
    next_day.restart()
    assert next_day.terminal.view().key_set_id == before.key_set_id


def test_a_wrong_tmk_opens_no_key(shop: Shop) -> None:
    from posrefund.crypto import Key, Purpose

    record = shop.host.terminals["12345678"]
    record.tmk = Key(bytes(range(16)), Purpose.KEK)

    with pytest.raises(InvalidKeyError, match="check value"):
        shop.terminal.sign_in()


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("drop_reply", {}, LinkTimeoutError),
        ("wrong_stan", {}, LinkTimeoutError),
        ("truncate", {}, RemoteProtocolError),
        ("garbage", {}, RemoteProtocolError),
        ("code", {"code": "97"}, RefusedError),
        ("code", {"code": "96"}, RefusedError),
    ],
)
def test_a_sign_in_that_goes_wrong_changes_nothing(
    shop: Shop, kind: str, more: dict[str, Any], expected: type[Exception]
) -> None:
    before = shop.terminal.view()
    shop.fault(kind, "0800", **more)

    with pytest.raises(expected) as failed:
        shop.terminal.sign_in()

    assert failed.value.effect == "nothing_sent"  # type: ignore[attr-defined]
    after = shop.terminal.view()
    assert (after.key_set_id, after.batch, after.host_clock) == (
        before.key_set_id,
        before.batch,
        before.host_clock,
    )


# --- the disk --------------------------------------------------------------------------------------


def fill_disk(shop: Shop) -> None:
    """Let the journal's file grow no further, and use up the room it has."""
    journal = shop.terminal.journal
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    for size in (400, 20):
        with suppress(JournalWriteError):
            for _ in range(10_000):
                journal.commit([Note("filler", shop.clock(), {"x": "x" * size})])


def test_a_full_disk_stops_a_refund_before_anything_is_sent(next_day: Shop) -> None:
    fill_disk(next_day)
    next_day.link.sent.clear()

    with pytest.raises(JournalWriteError) as failed:
        next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert failed.value.effect == "nothing_sent"
    assert next_day.link.sent == []
    next_day.restart()  # and with room on the disk again
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), Approved)
    assert next_day.booked("refund") == [100]
    agree(next_day)


def test_a_disk_that_fills_while_the_answer_is_on_its_way_leaves_a_doubt_not_a_lie(
    next_day: Shop,
) -> None:
    def fill(reply: bytes) -> bytes:
        next_day.terminal.journal._db.execute(
            "PRAGMA max_page_count = 1"
        )  # cannot shrink: current size
        next_day.terminal.journal._db.execute("PRAGMA query_only = ON")
        return reply

    next_day.link.on_reply = fill
    with pytest.raises(JournalWriteError) as failed:
        next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert failed.value.effect == "in_doubt"

    next_day.link.on_reply = None
    next_day.restart()
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), InDoubt)
    next_day.settle(1)
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), Approved)
    assert next_day.booked("refund") == [100]
    agree(next_day)
