"""A terminal asks its host what became of a refund, and believes only what is proven."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from inquiring import (
    INQUIRING,
    doubtful,
    inquiries,
    inquiring_shop,
    pass_time,
    policy,
    state,
)
from posrefund.aio import AsyncTerminal
from posrefund.dialects import dialect
from posrefund.emulators.host import HostProfile
from posrefund.engine import (
    Approved,
    Declined,
    InDoubt,
    InquiryAnswer,
    InquiryFacts,
    NotSent,
    State,
)
from posrefund.errors import (
    InvalidRequestError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
    RefusedError,
    RemoteProtocolError,
)
from posrefund.framing import Envelope
from shop import MERCHANT, TERMINAL, Shop, refund, sale
from terminal.forged import recording
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOURS = timedelta(hours=2)
"""Longer than a message can be on its way, by this acquirer's paper."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = inquiring_shop(tmp_path)
    yield made
    made.terminal.journal.verify()
    made.terminal.close()


def mtis(shop: Shop) -> list[str]:
    return [message[11:13].hex() for message in shop.link.sent]


# --- the straight path -------------------------------------------------------------------------------


def test_a_yes_closes_the_doubt_and_its_evidence_stands_in_the_journal(shop: Shop) -> None:
    doubtful(shop)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, Approved)
    assert outcome.rrn == shop.host.ledger.entries()[-1].rrn
    [row] = inquiries(shop)
    said = {"verdict": "processed", "code": "00", "authenticated": "yes", "source": "line"}
    assert said.items() <= row.items()
    assert row["seen_at"] == shop.clock().isoformat()
    last = shop.terminal.journal.rows()[-1]
    assert (last.kind, last.facts["facts"]["evidence"]) == ("move", "inquiry")
    assert shop.booked("refund") == [2_800]


def test_a_no_that_hosts_also_say_of_what_they_cannot_read_leaves_the_doubt(shop: Shop) -> None:
    """12: the sale was voided elsewhere, says this host; another says it of a message bent on its way."""
    shop.host.ledger.entries()[0].state = "voided"
    doubtful(shop)

    assert isinstance(shop.terminal.inquire("R-1"), InDoubt)
    said = inquiries(shop)[-1]
    assert (said["code"], said["because"]) == ("12", "unread_code")


def test_an_honest_no_declines(tmp_path: Path) -> None:
    shop = inquiring_shop(tmp_path, refund_window_days=0)
    doubtful(shop)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.authenticated) == ("22", True)
    assert shop.booked("refund") == []
    shop.terminal.close()


def test_an_inquiry_never_takes_the_number_of_the_refund(shop: Shop) -> None:
    attempt = doubtful(shop)
    before = shop.terminal.view().stan
    shop.terminal.inquire("R-1")
    [message] = shop.link.sent
    fields = INQUIRING.codec.decode(message[11:])

    assert attempt.stan not in (fields["11"], str(before))
    assert fields["11"] == before
    assert fields["61"][6:12] == attempt.stan
    assert int(shop.terminal.view().stan) == int(before) + 1
    assert isinstance(shop.terminal.refund(refund("R-2", "S-1", 100)), Approved)


@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"])
@pytest.mark.parametrize("is_booked", [True, False])
def test_the_iso_dialects_ask_and_are_answered(tmp_path: Path, name: str, is_booked: bool) -> None:
    shop = Shop(
        tmp_path,
        profile=HostProfile(dialect=name, refund_window_days=30 if is_booked else 0),
        dialect=dialect(name),
    )
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    doubtful(shop, mti=dialect(name).messages["refund"].mti)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, Approved if is_booked else Declined)
    assert shop.booked("refund") == ([2_800] if is_booked else [])
    shop.terminal.close()


# --- what proves nothing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "more"),
    [
        ("bad_mac", {}),
        ("no_mac", {}),
        ("flip_mac_byte", {"index": 3}),
        ("wrong_original", {}),
        ("wrong_amount", {}),
        ("unknown_field", {}),
        ("truncate", {}),
        ("code", {"code": "96"}),
        ("code", {"code": "77"}),
        ("code", {"code": "09"}),
        ("code", {"code": "25"}),
        ("wrong_result", {"code": "96"}),
        ("wrong_result", {"code": "A0"}),
        ("wrong_result", {"code": "94"}),
    ],
)
def test_an_answer_that_proves_nothing_moves_nothing_and_is_kept(
    shop: Shop, fault: str, more: dict[str, object]
) -> None:
    doubtful(shop)
    shop.fault(fault, "0600", **more)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, InDoubt)
    assert len(inquiries(shop)) == 1
    assert isinstance(shop.terminal.inquire("R-1"), Approved)


def test_every_byte_of_an_answer_that_is_bent_closes_nothing(tmp_path: Path) -> None:
    shop = inquiring_shop(tmp_path)
    doubtful(shop)
    answers = recording(shop)
    shop.fault("no_mac", "0600")
    shop.terminal.inquire("R-1")
    shop.link.on_reply = None
    shop.fault("bad_mac", "0600")  # so that the right one was never taken
    shop.terminal.inquire("R-1")

    width = len(answers[0]) + 8
    for place in range(11, width):
        for bit in (0x01, 0x80):
            shop.link.on_reply = _bending(place, bit)
            with suppress(LinkTimeoutError, RemoteProtocolError, LinkClosedError):
                shop.terminal.inquire("R-1")
            assert state(shop) is State.IN_DOUBT, (place, bit)
    shop.link.on_reply = None
    assert isinstance(shop.terminal.inquire("R-1"), Approved)
    shop.terminal.journal.verify()
    shop.terminal.close()


def _bending(place: int, bit: int) -> Callable[[bytes], bytes]:
    def bend(reply: bytes) -> bytes:
        assert place < len(reply)
        return reply[:place] + bytes([reply[place] ^ bit]) + reply[place + 1 :]

    return bend


@pytest.mark.parametrize("fault", ["drop_reply", "drop_request", "close_before_reply"])
def test_no_answer_is_an_error_and_leaves_the_doubt(shop: Shop, fault: str) -> None:
    doubtful(shop)
    shop.fault(fault, "0600")
    with pytest.raises((LinkTimeoutError, LinkClosedError)) as silence:
        shop.terminal.inquire("R-1")

    assert (silence.value.effect, silence.value.retry_is_safe) == ("nothing_sent", True)
    assert state(shop) is State.IN_DOUBT
    assert inquiries(shop) == []
    assert len(shop.terminal.journal.notes("inquiry_sent")) == 1


def test_a_late_answer_is_kept_and_moves_nothing(shop: Shop) -> None:
    doubtful(shop)
    late: list[bytes] = []

    def hold(reply: bytes) -> bytes:
        late.append(reply)
        raise LinkTimeoutError("no answer in time")

    shop.link.on_reply = hold
    with pytest.raises(LinkTimeoutError):
        shop.terminal.inquire("R-1")
    shop.link.on_reply = None
    before = len(shop.terminal.journal.notes("inbound"))

    assert shop.terminal.receive_late(late[0]) is None
    assert state(shop) is State.IN_DOUBT
    assert len(shop.terminal.journal.notes("inbound")) == before + 1


def test_an_earlier_answer_is_none_to_a_later_question(shop: Shop) -> None:
    """The host still had it in progress; somebody on the line says so again, or says the yes of another day."""
    doubtful(shop)
    earlier = recording(shop)
    shop.fault("code", "0600", code="09")
    shop.terminal.inquire("R-1")
    shop.link.on_reply = lambda _: earlier[0]
    with pytest.raises(LinkTimeoutError):
        shop.terminal.inquire("R-1")

    assert state(shop) is State.IN_DOUBT
    assert shop.terminal.journal.notes("inbound")[-1]["differs"] == "DE11"


def test_the_refunds_own_late_answer_that_comes_meanwhile_decides_it(shop: Shop) -> None:
    replies: list[bytes] = []

    def hold(reply: bytes) -> bytes:
        replies.append(reply)
        raise LinkTimeoutError("no answer in time")

    shop.link.on_reply = hold
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), InDoubt)
    shop.link.on_reply = None
    respond = shop.link._respond

    @dataclass
    class _Two:
        replies: tuple[bytes, ...]
        close: bool = False

    shop.link._respond = lambda message: _Two((replies[0], *respond(message).replies))
    assert isinstance(shop.terminal.inquire("R-1"), Approved)
    assert shop.terminal.journal.attempt("R-1/1").facts.get("late") == "yes"
    assert inquiries(shop)[-1]["verdict"] == "processed"


# --- not found ---------------------------------------------------------------------------------------


def test_not_found_is_noted_and_files_and_two_people_still_release(shop: Shop) -> None:
    doubtful(shop, "drop_request")
    shop.terminal.inquire("R-1")
    pass_time(shop, HOURS)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, InDoubt)
    assert [row["because"] for row in inquiries(shop)] == ["too_soon", "absence_noted"]
    for day in range(4):
        shop.settle(day)
    assert state(shop) is State.MANUAL
    released = shop.terminal.release("R-1", people=("ann", "bo"), evidence="three files")
    assert isinstance(released, Declined)


def test_not_found_ends_the_doubt_where_the_acquirer_gave_its_word(tmp_path: Path) -> None:
    shop = inquiring_shop(tmp_path, policy(absence="released"))
    doubtful(shop, "drop_request")
    assert isinstance(shop.terminal.inquire("R-1"), InDoubt)
    pass_time(shop, HOURS)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.may_retry, state(shop)) == ("released", True, State.RELEASED)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), Approved)
    assert shop.booked("refund") == [2_800]
    shop.terminal.journal.verify()
    shop.terminal.close()


def test_what_was_released_by_such_a_word_and_is_booked_is_a_case(tmp_path: Path) -> None:
    shop = inquiring_shop(tmp_path, policy(absence="released"))
    doubtful(shop)
    pass_time(shop, HOURS)
    shop.fault("code", "0600", code="25")
    assert isinstance(shop.terminal.inquire("R-1"), Declined)
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, InDoubt)
    assert (outcome.needs_people, state(shop)) == (True, State.MISMATCHED)
    shop.terminal.close()


def test_a_refund_under_way_stays_in_doubt_until_it_is_through(tmp_path: Path) -> None:
    shop = inquiring_shop(tmp_path, in_progress_s=300)
    doubtful(shop)
    assert isinstance(shop.terminal.inquire("R-1"), InDoubt)
    assert inquiries(shop)[-1]["verdict"] == "in_progress"
    pass_time(shop, timedelta(seconds=300))

    assert isinstance(shop.terminal.inquire("R-1"), Approved)
    shop.terminal.close()


# --- the opposite of what stands ---------------------------------------------------------------------


def test_a_no_about_what_was_accepted_opens_a_case(shop: Shop) -> None:
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), Approved)
    shop.fault("wrong_result", "0600", code="61")
    outcome = shop.terminal.inquire("R-1")

    assert isinstance(outcome, InDoubt)
    assert state(shop) is State.MISMATCHED


def test_a_yes_about_what_was_declined_opens_a_case(shop: Shop) -> None:
    shop.fault("booked_code", code="61")
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), Declined)
    shop.terminal.inquire("R-1")

    assert state(shop) is State.MISMATCHED
    with pytest.raises(RefusedError, match="original_has_case"):
        shop.terminal.refund(refund("R-2", "S-1", 100))


def test_a_yes_about_what_was_accepted_says_nothing_new(shop: Shop) -> None:
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), Approved)
    assert isinstance(shop.terminal.inquire("R-1"), Approved)
    assert state(shop) is State.ACCEPTED


# --- by itself ---------------------------------------------------------------------------------------


def test_what_is_due_is_asked_first_when_doubts_are_worked_on(shop: Shop) -> None:
    doubtful(shop)
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-2", 700))
    shop.link.sent.clear()
    shop.terminal.resolve_doubts()
    assert mtis(shop) == ["0400"]
    assert state(shop) is State.IN_DOUBT

    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-3", 800))
    pass_time(shop, timedelta(minutes=3))
    shop.link.sent.clear()
    shop.terminal.resolve_doubts()
    assert mtis(shop) == ["0600", "0400"]
    assert state(shop) is State.ACCEPTED


def test_a_money_message_waits_for_no_inquiry(shop: Shop) -> None:
    doubtful(shop)
    pass_time(shop, timedelta(minutes=30))
    shop.terminal.sale(sale("S-2", 700))

    assert mtis(shop) == ["0200"]


def test_a_host_that_answers_no_inquiry_is_asked_once_each_time_and_delays_nothing_else(
    shop: Shop,
) -> None:
    doubtful(shop)
    shop.fault("drop_reply")
    shop.terminal.sale(sale("S-9", 5_000))
    shop.to(2, 10)
    shop.fault("drop_reply")
    shop.terminal.refund(refund("R-9", "S-9", 100))
    pass_time(shop, timedelta(hours=3))
    shop.link.sent.clear()
    shop.fault("drop_reply", "0600", always=True)
    shop.terminal.resolve_doubts()

    assert mtis(shop) == ["0600"]


def test_without_a_line_an_inquiry_costs_nothing(shop: Shop) -> None:
    doubtful(shop)
    pass_time(shop, HOURS)
    shop.link.is_down = True
    before = len(shop.terminal.journal.rows())
    shop.terminal.resolve_doubts()
    with pytest.raises(LinkOpenError):
        shop.terminal.inquire("R-1")

    assert len(shop.terminal.journal.rows()) == before


# --- who may be asked --------------------------------------------------------------------------------


def test_a_standard_unionpay_host_cannot_be_asked(tmp_path: Path) -> None:
    """Its paper knows no message for it, so the terminal has none, and says so."""
    shop = Shop(tmp_path)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    doubtful(shop)
    with pytest.raises(RefusedError, match="no_inquiry"):
        shop.terminal.inquire("R-1")
    shop.terminal.resolve_doubts()

    assert shop.link.sent == []
    shop.terminal.close()


@pytest.mark.parametrize(
    ("request_id", "code"), [("R-99", "request_unknown"), ("S-1", "no_inquiry")]
)
def test_what_cannot_be_asked_about_is_refused(shop: Shop, request_id: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        shop.terminal.inquire(request_id)
    assert refused.value.code == code
    assert shop.link.sent == []


def test_what_never_left_may_be_asked_about(shop: Shop) -> None:
    shop.link.is_down = True
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), NotSent)
    shop.link.is_down = False
    assert isinstance(shop.terminal.inquire("R-1"), NotSent)
    assert inquiries(shop)[-1]["verdict"] == "not_found"


# --- by another way than the line --------------------------------------------------------------------


@dataclass
class Provider:
    """Somebody with an interface of his own, who knows the host's books."""

    shop: Shop
    is_proven: bool = True

    def ask(self, facts: InquiryFacts) -> InquiryAnswer:
        key = facts.terminal, facts.batch, facts.stan
        entry = self.shop.host.ledger.find_stan(key)
        now = self.shop.clock()
        if entry is None:
            return InquiryAnswer("not_found", authenticated=self.is_proven, seen_at=now)
        return InquiryAnswer(
            "processed",
            "00",
            authenticated=self.is_proven,
            seen_at=now,
            rrn=entry.rrn,
            source="api",
        )


def test_a_provider_may_be_asked_instead_even_of_a_host_that_cannot(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    doubtful(shop)
    facts = shop.terminal.inquiry_facts("R-1")
    doubt = shop.terminal.take_inquiry("R-1", Provider(shop, is_proven=False).ask(facts))
    assert isinstance(doubt, InDoubt)
    outcome = shop.terminal.take_inquiry("R-1", Provider(shop).ask(facts))

    assert isinstance(outcome, Approved)
    assert outcome.rrn == shop.host.ledger.entries()[-1].rrn
    assert [row["source"] for row in inquiries(shop)] == ["api", "api"]
    shop.restart()
    assert isinstance(shop.terminal.status("R-1"), Approved)
    shop.settle(1)
    assert state(shop) is State.CONFIRMED
    shop.terminal.journal.verify()
    shop.terminal.close()


def test_an_answer_of_before_the_message_is_refused(shop: Shop) -> None:
    early = shop.clock() - timedelta(seconds=1)
    doubtful(shop)
    answer = InquiryAnswer("processed", "00", authenticated=True, seen_at=early)
    with pytest.raises(InvalidRequestError, match="seen_at"):
        shop.terminal.take_inquiry("R-1", answer)
    assert inquiries(shop) == []


def test_a_decline_by_a_provider_is_authenticated(shop: Shop) -> None:
    doubtful(shop, "drop_request")
    answer = InquiryAnswer("processed", "61", authenticated=True, seen_at=shop.clock())
    outcome = shop.terminal.take_inquiry("R-1", answer)

    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.authenticated) == ("61", True)


def test_an_asynchronous_terminal_asks_the_same(tmp_path: Path) -> None:
    shop = inquiring_shop(tmp_path)
    doubtful(shop)
    pass_time(shop, HOURS)
    shop.terminal.close()
    keystore = shop.open_keys()
    journal = shop.open().journal  # the file and its lock
    journal.close()

    async def work() -> tuple[object, object]:
        from posrefund.journal import SQLiteJournal

        books = SQLiteJournal(tmp_path / "journal.db", key=keystore.journal_key, terminal=TERMINAL)
        async with AsyncTerminal(
            TERMINAL,
            MERCHANT,
            dialect=shop.dialect,
            keystore=keystore,
            journal=books,
            link=_Awaited(shop.link),
            clock=shop.clock,
        ) as terminal:
            shop.fault("bad_mac", "0600")
            first = await terminal.inquire("R-1")
            facts = await terminal.at_desk(lambda desk: desk.inquiry_facts("R-1"))
            return first, await terminal.take_inquiry("R-1", Provider(shop).ask(facts))

    first, second = asyncio.run(work())
    assert isinstance(first, InDoubt)
    assert isinstance(second, Approved)


class _Awaited:
    """The link of a thread, awaited."""

    def __init__(self, link: object) -> None:
        self._link = link

    async def open(self, timeout_s: float) -> None:
        self._link.open(timeout_s)  # type: ignore[attr-defined]

    async def send(self, message: bytes) -> None:
        self._link.send(message)  # type: ignore[attr-defined]

    async def receive(self, timeout_s: float) -> bytes:
        return bytes(self._link.receive(timeout_s))  # type: ignore[attr-defined]

    def close(self) -> None:
        self._link.close()  # type: ignore[attr-defined]


# --- power -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, "bad_mac", "drop_reply"])
@pytest.mark.parametrize("left", ["drop_reply", "drop_request"])
def test_power_may_fail_at_any_step_of_an_inquiry(
    tmp_path: Path, fault: str | None, left: str
) -> None:
    steps = 0
    for blow_at in range(200):
        folder = tmp_path / f"{blow_at}"
        folder.mkdir()
        shop = inquiring_shop(folder)
        doubtful(shop, left)
        pass_time(shop, HOURS)
        if fault:
            shop.fault(fault, "0600")
        fuse = Fuse(blow_at)
        wire(shop, fuse)
        with suppress(PowerCut, LinkTimeoutError):
            shop.terminal.resolve_doubts()
        shop.terminal.close()
        shop.terminal = shop.open()
        with suppress(LinkTimeoutError):
            shop.terminal.inquire("R-1")
        outcome = shop.terminal.inquire("R-1")

        assert isinstance(outcome, Approved if left == "drop_reply" else InDoubt)
        assert shop.booked("refund") == ([2_800] if left == "drop_reply" else [])
        shop.terminal.journal.verify()
        shop.terminal.close()
        if blow_at == 0:
            steps = fuse.steps
            assert steps > 8
        elif blow_at > steps:
            break
    else:
        raise AssertionError("it never came to its end")


def test_an_envelope_is_no_part_of_what_the_mac_covers_here() -> None:
    """Why the bytes before the message are left out above: TPDU and header are the line's, and name nobody."""
    assert INQUIRING.mac.covers_from == "mti"
    assert len(Envelope(INQUIRING.tpdu, INQUIRING.header).wrap(b"")) == 11
