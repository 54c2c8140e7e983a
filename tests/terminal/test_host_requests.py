"""What a host asks for in digit 6 of its headers: remembered once, obeyed when idle, and never in the way of money."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aio.tills import till
from posrefund.aio import AsyncTerminal
from posrefund.dialects.host_requests import HOST_REQUESTS
from posrefund.engine import Approved, Declined, InDoubt
from posrefund.errors import (
    InvalidRequestError,
    JournalWriteError,
    LocalProtocolError,
    RefusedError,
)
from posrefund.framing import Envelope
from shop import CHIP, TERMINAL, UNIONPAY, Shop, refund, sale
from terminal.awaited import Awaited
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from collections.abc import Callable

MTI_AT = 11  # behind TPDU and header


def ask(shop: Shop, digit: int) -> None:
    """Let the host ask for *digit* in every header from now on."""
    shop.host.terminals[TERMINAL].asks = digit


def sent(shop: Shop) -> list[str]:
    return [message[MTI_AT : MTI_AT + 2].hex() for message in shop.link.sent]


def waiting(shop: Shop) -> list[str]:
    return [each.name for each in shop.terminal.host_requests()]


def rows(shop: Shop, kind: str) -> int:
    return len(shop.terminal.journal.rows_of(kind))


# --- heard -----------------------------------------------------------------------------------------

TALKS: dict[str, Callable[[Shop], Any]] = {
    "sale": lambda shop: shop.terminal.sale(sale("S-9", 500)),
    "refund": lambda shop: shop.terminal.refund(refund("R-9", "S-1", 500)),
    "echo": lambda shop: shop.terminal.echo(),
    "sign_in": lambda shop: shop.terminal.sign_in(),
    "close_batch": lambda shop: shop.terminal.close_batch(),
    "selfcheck": lambda shop: shop.terminal.selfcheck(),
}


@pytest.mark.parametrize("talk", sorted(TALKS))
def test_a_request_is_heard_in_every_kind_of_answer(next_day: Shop, talk: str) -> None:
    ask(next_day, 6)
    TALKS[talk](next_day)
    ask(next_day, 0)
    next_day.restart()

    assert waiting(next_day) == ["software"]
    assert rows(next_day, "host_asked") == 1


def test_a_request_is_heard_in_the_answer_to_a_reversal(next_day: Shop) -> None:
    next_day.fault("drop_reply", "0200")
    next_day.terminal.sale(sale("S-9", 500))
    ask(next_day, 5)
    next_day.terminal.resolve_doubts()

    assert sent(next_day) == ["0200", "0400"]
    assert waiting(next_day) == ["chip_parameters"]


@pytest.mark.parametrize("digit", range(16))
def test_each_digit_has_its_word_and_its_line_in_the_self_check(shop: Shop, digit: int) -> None:
    ask(shop, digit)
    report = shop.terminal.selfcheck()
    check = report.check("host_asks")
    word = UNIONPAY.host_requests.get(f"{digit:X}", "unknown") if digit else ""

    assert word in ("", *HOST_REQUESTS)
    assert (check.verdict, check.reason) == (("warn", word) if digit else ("ok", ""))
    assert bool(check.remedy_zh) == bool(check.remedy_en) == bool(digit)
    assert [each.kind for each in shop.terminal.faults()] == ([check.code] if digit else [])


def test_several_requests_stand_side_by_side_and_the_weightiest_is_named_first(shop: Shop) -> None:
    for digit in (7, 6, 4):
        ask(shop, digit)
        shop.terminal.echo()

    assert waiting(shop) == ["software", "ca_keys", "blacklist"]
    assert shop.terminal.selfcheck().check("host_asks").detail == "software, ca_keys, blacklist"


def test_what_is_said_again_is_written_down_once_and_silence_takes_nothing_back(shop: Shop) -> None:
    ask(shop, 6)
    for _ in range(3):
        shop.terminal.echo()
    ask(shop, 0)
    shop.terminal.echo()

    assert rows(shop, "host_asked") == 1
    assert waiting(shop) == ["software"]


def test_a_decline_is_an_answer_like_any_other(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.fault("code", code="51")

    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Declined)
    assert waiting(next_day) == ["sign_in"]


def test_an_answer_that_is_another_messages_is_not_heard(next_day: Shop) -> None:
    """One asked for a sign-in and came late, after the terminal had signed in: it must not do so twice."""
    next_day.fault("drop_reply")
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), InDoubt)
    ask(next_day, 3)
    late = next_day.host.respond(next_day.link.sent[-1]).replies[0]
    ask(next_day, 0)
    answers = next_day.link._respond

    def late_first(message: bytes) -> Any:
        delivery = answers(message)
        return replace(delivery, replies=(late, *delivery.replies))  # type: ignore[type-var]  # reason: the host's own

    next_day.link._respond = late_first
    next_day.terminal.sale(sale("S-2", 700))
    next_day.terminal.receive_late(late)

    assert waiting(next_day) == []


def test_garbage_is_not_heard(next_day: Shop) -> None:
    next_day.link.on_reply = lambda reply: (
        Envelope.unwrap(reply)[0].reply(processing_request=3).wrap(b"\x02\x30garbage")
    )
    next_day.terminal.refund(refund("R-1", "S-1", 500))

    assert waiting(next_day) == []


# --- obeyed ----------------------------------------------------------------------------------------


def test_a_sign_in_that_is_asked_for_waits_until_the_terminal_is_idle(next_day: Shop) -> None:
    before = next_day.terminal.view().key_set_id
    ask(next_day, 3)
    next_day.terminal.refund(refund("R-1", "S-1", 500))
    assert sent(next_day) == ["0220"]
    next_day.restart()

    assert next_day.terminal.when_idle() is True
    assert next_day.terminal.when_idle() is False
    assert sent(next_day) == ["0220", "0800"]
    assert waiting(next_day) == []
    assert next_day.terminal.view().key_set_id != before
    assert next_day.host.terminals[TERMINAL].asks == 0


def test_whoever_is_never_idle_signs_in_before_the_next_transaction(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()

    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)
    assert isinstance(next_day.terminal.sale(sale("S-2", 500)), Approved)
    assert sent(next_day) == ["0820", "0800", "0220", "0200"]


def test_nothing_comes_between_a_pin_and_its_message(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    card = replace(CHIP, pin_block=bytes(8))
    next_day.terminal.sale(sale("S-2", 500, card))

    assert sent(next_day) == ["0820", "0200"]
    assert waiting(next_day) == ["sign_in"]


def test_a_stored_outcome_needs_no_line_and_no_sign_in(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 500))
    ask(next_day, 3)
    next_day.terminal.echo()
    next_day.link.sent.clear()

    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)
    assert sent(next_day) == []


def test_what_a_rule_refuses_sends_no_sign_in_either(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    next_day.link.sent.clear()
    with pytest.raises(RefusedError):
        next_day.terminal.refund(refund("R-1", "S-1", 99_900))

    assert sent(next_day) == []


def test_a_host_that_asks_for_ever_gets_a_sign_in_every_ten_minutes(next_day: Shop) -> None:
    next_day.link.on_reply = lambda reply: reply[:7] + bytes([0x03]) + reply[8:]
    for minute in range(21):
        next_day.terminal.echo()
        next_day.terminal.refund(refund(f"R-{minute}", "S-1", 100))
        next_day.clock.advance(timedelta(minutes=1))

    assert sent(next_day).count("0800") == 3
    assert sent(next_day).count("0220") == 21


def test_a_clock_that_was_set_back_does_not_put_the_sign_in_off_for_a_year(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    next_day.terminal.when_idle()
    ask(next_day, 3)
    next_day.terminal.echo()
    next_day.clock.advance(timedelta(days=-300))

    assert next_day.terminal.when_idle() is True


@pytest.mark.parametrize("fault", ["code", "down"])
def test_a_sign_in_that_fails_stops_no_money(next_day: Shop, fault: str) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    if fault == "code":
        next_day.fault("code", "0800")
    next_day.link.is_down = fault == "down"
    assert next_day.terminal.when_idle() is True
    next_day.link.is_down = False

    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)
    assert waiting(next_day) == ["sign_in"]
    next_day.clock.advance(timedelta(minutes=10))
    assert next_day.terminal.when_idle() is True
    assert waiting(next_day) == []


def test_a_sign_in_whose_answer_is_lost_is_made_once_more_for_the_host_has_new_keys(
    next_day: Shop,
) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    next_day.fault("drop_reply", "0800")

    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)
    assert sent(next_day) == ["0820", "0800", "0800", "0220"]


def test_keys_that_are_wrong_twice_are_left_to_people_and_nothing_is_booked(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    bend(next_day)
    outcome = next_day.terminal.refund(refund("R-1", "S-1", 500))

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.sign_in_first) == ("A0", True)
    assert sent(next_day) == ["0820", "0800", "0800", "0220"]
    next_day.link.on_reply = None
    next_day.clock.advance(timedelta(seconds=1))
    next_day.terminal.sign_in()
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)
    assert waiting(next_day) == []


def bend(shop: Shop) -> None:
    """Change the check value of the last key of every sign-in answer."""

    def bent(reply: bytes) -> bytes:
        is_sign_in = reply[MTI_AT : MTI_AT + 2] == b"\x08\x10"
        return reply[:-1] + bytes([reply[-1] ^ 1]) if is_sign_in else reply

    shop.link.on_reply = bent


def test_a_terminal_that_people_signed_off_stays_so(shop: Shop) -> None:
    ask(shop, 3)
    shop.terminal.close_batch()
    shop.link.sent.clear()

    assert shop.terminal.view().is_signed_off
    assert shop.terminal.when_idle() is False
    assert sent(shop) == []
    shop.terminal.sign_in()
    assert waiting(shop) == []


def test_no_sign_in_comes_into_the_closing_of_a_batch(next_day: Shop) -> None:
    next_day.fault("drop_reply", "0500")
    ask(next_day, 3)
    next_day.terminal.echo()
    with pytest.raises(Exception, match="no answer"):
        next_day.terminal.close_batch()

    assert next_day.terminal.view().is_closing
    assert next_day.terminal.when_idle() is False


def test_a_sign_in_by_hand_is_what_was_asked_for(shop: Shop) -> None:
    ask(shop, 3)
    shop.terminal.echo()
    shop.terminal.sign_in()
    shop.restart()

    assert waiting(shop) == []
    assert shop.terminal.when_idle() is False
    assert rows(shop, "signed_in") == 2


def test_an_event_loop_does_the_same(next_day: Shop) -> None:
    ask(next_day, 3)
    next_day.terminal.close()

    async def go() -> tuple[bool, list[str]]:
        terminal: AsyncTerminal = till(next_day, Awaited(next_day.link))
        async with terminal:
            await terminal.refund(refund("R-1", "S-1", 500))
            asked = await terminal.at_desk(lambda desk: desk.host_requests())
            assert [each.name for each in asked] == ["sign_in"]
            did = await terminal.when_idle()
            left = await terminal.at_desk(lambda desk: desk.host_requests())
            return did, [each.name for each in left]

    assert asyncio.run(go()) == (True, [])
    assert sent(next_day) == ["0220", "0800"]
    next_day.terminal = next_day.open()


# --- done ------------------------------------------------------------------------------------------


def test_what_people_have_done_is_written_down_and_leaves_the_self_check(shop: Shop) -> None:
    ask(shop, 6)
    shop.terminal.selfcheck()
    ask(shop, 0)
    shop.terminal.host_request_done("software", by="07")
    report = shop.terminal.selfcheck()

    assert report.check("host_asks").verdict == "ok"
    assert shop.terminal.faults() == []
    (row,) = shop.terminal.journal.rows_of("host_request_done")
    assert (row.facts["asks"], row.facts["by"]) == ("software", "07")


def test_what_was_done_and_is_asked_for_again_stands_there_again(shop: Shop) -> None:
    ask(shop, 6)
    shop.terminal.echo()
    shop.terminal.host_request_done("software", by="07")
    shop.terminal.echo()

    assert waiting(shop) == ["software"]


def test_nobody_can_say_done_to_what_was_not_asked_or_without_a_name(shop: Shop) -> None:
    ask(shop, 6)
    shop.terminal.echo()
    with pytest.raises(LocalProtocolError):
        shop.terminal.host_request_done("status", by="07")
    for nobody in ("", "x" * 33, "6200000000000005"):
        with pytest.raises(InvalidRequestError):
            shop.terminal.host_request_done("software", by=nobody)

    assert waiting(shop) == ["software"]


# --- in the way of nothing -------------------------------------------------------------------------


def test_a_journal_that_does_not_take_the_note_does_not_unsay_the_money(
    next_day: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = next_day.terminal.journal
    remember = journal.remember

    def full(*args: Any, **facts: str) -> None:
        if args[1] == "host_asked":
            raise JournalWriteError("full")
        remember(*args, **facts)

    monkeypatch.setattr(journal, "remember", full)
    ask(next_day, 6)
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)
    monkeypatch.undo()
    ask(next_day, 0)
    next_day.terminal.echo()
    next_day.restart()

    assert waiting(next_day) == ["software"]


@pytest.mark.parametrize("kind", ["host_obeyed", "stan_taken", "signed_in"])
def test_a_sign_in_that_cannot_be_written_down_is_an_error_and_no_money_was_sent(
    next_day: Shop, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    ask(next_day, 3)
    next_day.terminal.echo()
    journal = next_day.terminal.journal
    remember = journal.remember

    def full(*args: Any, **facts: str) -> None:
        if args[1] == kind:
            raise JournalWriteError("full")
        remember(*args, **facts)

    monkeypatch.setattr(journal, "remember", full)
    with pytest.raises(JournalWriteError) as caught:
        next_day.terminal.refund(refund("R-1", "S-1", 500))

    assert caught.value.effect == "nothing_sent"
    assert "0220" not in sent(next_day)
    monkeypatch.undo()
    next_day.clock.advance(timedelta(minutes=10))
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 500)), Approved)


@pytest.mark.slow
def test_power_may_fail_anywhere_between_hearing_and_obeying(tmp_path: Any) -> None:
    """The outcome of the money is the same at every cut, and the terminal signs in at last, once."""
    blow_at, has_blown = 0, True
    while has_blown:
        blow_at += 1
        folder = tmp_path / str(blow_at)
        folder.mkdir()
        shop = Shop(folder)
        shop.terminal.sale(sale("S-1", 12_800))
        shop.to(1, 10)
        ask(shop, 3)
        wire(shop, Fuse(blow_at))
        try:
            shop.terminal.refund(refund("R-1", "S-1", 500))
            shop.terminal.when_idle()
            has_blown = False
        except PowerCut:
            pass
        shop.terminal.close()
        shop.terminal = shop.open()
        shop.terminal.echo()
        shop.clock.advance(timedelta(minutes=10))
        shop.terminal.when_idle()

        assert waiting(shop) == []
        assert shop.host.terminals[TERMINAL].asks == 0
        assert len(shop.booked("refund")) <= 1
        shop.terminal.journal.verify()
        shop.terminal.close()
    assert blow_at > 15
