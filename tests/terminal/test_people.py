"""A second person's yes, sales that only the host knows, and cases that people close: on a whole terminal."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.dialects import Policy
from posrefund.engine import (
    Approved,
    Declined,
    DescribedSale,
    InDoubt,
    NotSent,
    Reason,
    RefundRequest,
    State,
    Statement,
)
from posrefund.errors import (
    InvalidRequestError,
    LocalProtocolError,
    RefusedError,
    RequestConflictError,
)
from posrefund.values import RRN, Amount, RequestID
from shop import CHIP, OTHER_CHIP, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from posrefund.values import CardRead

TWO = ("Wang", "Li")


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        call()
    assert caught.value.hint_zh
    assert caught.value.hint_en
    return caught.value.code


def with_policy(folder: Path, **policy: Any) -> Shop:
    dialect = UNIONPAY.derive("unionpay", policy=Policy(**policy))
    made = Shop(folder, dialect=dialect)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    return made


# --- a second person's yes -----------------------------------------------------------------------


@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Shop]:
    """A shop where a refund from 100.00 on needs a second person; S-1 of 128.00 was sold the day before."""
    made = with_policy(tmp_path, approval_from_minor=10_000)
    yield made
    made.terminal.close()


def test_refund_below_the_amount_needs_nobody(careful: Shop) -> None:
    assert isinstance(careful.terminal.refund(refund("R-1", "S-1", 9_999)), Approved)
    assert careful.terminal.pending_approvals() == []


def test_refund_waits_for_a_second_person_and_is_sent_once_there_is_one(careful: Shop) -> None:
    terminal, wanted = careful.terminal, refund("R-1", "S-1", 10_000)
    assert refused(lambda: terminal.refund(wanted)) == "approval_needed"
    rows = len(terminal.journal.rows())
    assert refused(lambda: terminal.refund(wanted)) == "approval_needed"
    assert len(terminal.journal.rows()) == rows
    assert careful.link.sent == []

    (waiting,) = terminal.pending_approvals()
    assert (str(waiting.amount), waiting.original_id, waiting.maker) == ("¥100.00", "S-1", "01")
    terminal.approve("R-1", checker="02", digest=waiting.digest)
    outcome = terminal.refund(wanted)

    assert isinstance(outcome, Approved)
    assert outcome.attempt.facts["approved_by"] == "02"
    assert outcome.attempt.facts["approval"] == waiting.digest
    assert careful.booked("refund") == [10_000]
    assert isinstance(terminal.refund(wanted), Approved)
    assert careful.booked("refund") == [10_000]
    terminal.journal.verify()


@pytest.mark.parametrize("checker", ["01", "1", "001"])
def test_who_asked_cannot_approve(careful: Shop, checker: str) -> None:
    terminal = careful.terminal
    refused(lambda: terminal.refund(refund("R-1", "S-1")))
    (waiting,) = terminal.pending_approvals()

    code = refused(lambda: terminal.approve("R-1", checker=checker, digest=waiting.digest))
    assert code == "approval_same_person"
    assert refused(lambda: terminal.refund(refund("R-1", "S-1"))) == "approval_needed"


def test_changed_request_takes_its_yes_away(careful: Shop) -> None:
    terminal = careful.terminal
    refused(lambda: terminal.refund(refund("R-1", "S-1", 10_000)))
    (waiting,) = terminal.pending_approvals()
    terminal.approve("R-1", checker="02", digest=waiting.digest)

    assert refused(lambda: terminal.refund(refund("R-1", "S-1", 12_800))) == "approval_needed"
    (changed,) = terminal.pending_approvals()
    assert changed.digest != waiting.digest
    old = refused(lambda: terminal.approve("R-1", checker="02", digest=waiting.digest))
    assert old == "approval_changed"
    assert refused(lambda: terminal.refund(refund("R-1", "S-1", 10_000))) == "approval_needed"
    assert careful.link.sent == []


def test_all_that_is_left_is_approved_as_an_amount(careful: Shop) -> None:
    """What *all of it* means has changed when another refund came between."""
    terminal = careful.terminal
    refused(lambda: terminal.refund(refund("R-1", "S-1")))
    (waiting,) = terminal.pending_approvals()
    terminal.approve("R-1", checker="02", digest=waiting.digest)
    terminal.refund(refund("R-2", "S-1", 100))

    assert refused(lambda: terminal.refund(refund("R-1", "S-1"))) == "approval_needed"
    (changed,) = terminal.pending_approvals()
    assert changed.amount == Amount(12_700)


def test_yes_is_for_one_attempt(careful: Shop) -> None:
    terminal = careful.terminal
    wanted = refund("R-1", "S-1")
    refused(lambda: terminal.refund(wanted))
    terminal.approve("R-1", checker="02", digest=terminal.pending_approvals()[0].digest)
    careful.link.is_down = True
    assert isinstance(terminal.refund(wanted), NotSent)
    careful.link.is_down = False

    assert refused(lambda: terminal.refund(wanted)) == "approval_needed"
    other = refund("R-1", "S-1", 11_000)
    with pytest.raises(RequestConflictError):
        terminal.refund(other)  # something of it was written down as sent: its content is fixed


@pytest.mark.parametrize("is_approved", [False, True])
def test_yes_that_waited_too_long_is_worth_nothing(careful: Shop, is_approved: bool) -> None:
    terminal = careful.terminal
    wanted = refund("R-1", "S-1")
    refused(lambda: terminal.refund(wanted))
    (waiting,) = terminal.pending_approvals()
    if is_approved:
        terminal.approve("R-1", checker="02", digest=waiting.digest)
    careful.clock.set(waiting.expires_at)
    assert terminal.pending_approvals() == []
    if not is_approved:
        late = refused(lambda: terminal.approve("R-1", checker="02", digest=waiting.digest))
        assert late == "approval_expired"

    assert refused(lambda: terminal.refund(wanted)) == "approval_needed"
    states = [each.state for each in terminal.journal.approvals()]
    assert states == [State.EXPIRED, State.AWAITING_APPROVAL]


def test_what_was_withdrawn_has_to_be_asked_for_again(careful: Shop) -> None:
    terminal = careful.terminal
    wanted = refund("R-1", "S-1")
    refused(lambda: terminal.refund(wanted))
    (waiting,) = terminal.pending_approvals()
    terminal.approve("R-1", checker="02", digest=waiting.digest)
    terminal.withdraw("R-1", by="01")

    assert refused(lambda: terminal.withdraw("R-1", by="01")) == "approval_unknown"
    assert refused(lambda: terminal.refund(wanted)) == "approval_needed"
    assert careful.link.sent == []


def test_same_yes_twice_is_one_and_nothing_is_approved_that_does_not_wait(careful: Shop) -> None:
    terminal = careful.terminal
    assert refused(lambda: terminal.approve("R-9", checker="02", digest="")) == "approval_unknown"
    refused(lambda: terminal.refund(refund("R-1", "S-1")))
    (waiting,) = terminal.pending_approvals()
    first = terminal.approve("R-1", checker="02", digest=waiting.digest)
    rows = len(terminal.journal.rows())

    assert terminal.approve("R-1", checker="02", digest=waiting.digest) == first
    assert len(terminal.journal.rows()) == rows
    with pytest.raises(InvalidRequestError):
        terminal.approve("R-1", checker="somebody", digest=waiting.digest)


def test_yes_stands_after_a_restart(careful: Shop) -> None:
    refused(lambda: careful.terminal.refund(refund("R-1", "S-1")))
    (waiting,) = careful.terminal.pending_approvals()
    careful.restart()
    careful.terminal.approve("R-1", checker="02", digest=waiting.digest)
    careful.restart()

    assert isinstance(careful.terminal.refund(refund("R-1", "S-1")), Approved)


# --- a sale that only the host knows -------------------------------------------------------------


@pytest.fixture
def open_door(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose profile lets sales of other terminals be given back; the host knows one, of 50.00."""
    made = with_policy(tmp_path, ceiling="host_only")
    (mine,) = (entry for entry in made.host.ledger.entries() if entry.kind == "sale")
    made.host.ledger.book(
        replace(
            mine,
            terminal="87654321",
            stan="000099",
            rrn="606799999999",
            auth="777777",
            amount_minor=5_000,
        )
    )
    yield made
    made.terminal.close()


def described(
    name: str = "R-1", minor: int = 2_000, card: CardRead = CHIP, **changes: Any
) -> RefundRequest:
    told = {"rrn": RRN("606799999999"), "day": date(2026, 3, 9), "auth_code": "777777", **changes}
    return RefundRequest(
        RequestID(name),
        original=DescribedSale(**told),
        card=card,
        reason=Reason.CUSTOMER,
        amount=Amount(minor),
    )


def say_yes(shop: Shop, request: RefundRequest) -> object:
    assert refused(lambda: shop.terminal.refund(request)) == "approval_needed"
    for waiting in shop.terminal.pending_approvals():
        shop.terminal.approve(waiting.request_id, checker="02", digest=waiting.digest)
    return shop.terminal.refund(request)


def test_unknown_sale_is_refused_where_the_profile_does_not_open_the_door(next_day: Shop) -> None:
    assert refused(lambda: next_day.terminal.refund(described())) == "original_unknown"
    assert next_day.terminal.pending_approvals() == []


def test_described_sale_is_given_back_after_a_second_person_and_what_was_given_is_known(
    open_door: Shop,
) -> None:
    assert isinstance(say_yes(open_door, described()), Approved)
    assert open_door.booked("refund") == [2_000]
    (known,) = (
        each for each in open_door.terminal.journal.all_originals() if each.ceiling == "host_only"
    )
    assert (known.accepted_minor, known.rrn, known.stan) == (2_000, "606799999999", "000000")
    assert isinstance(say_yes(open_door, described("R-2", 3_000)), Approved)
    assert isinstance(say_yes(open_door, described("R-3", 1)), Declined)  # the host's own ceiling
    open_door.terminal.journal.verify()


def test_doubt_about_a_described_sale_blocks_the_next_refund_of_it(open_door: Shop) -> None:
    open_door.fault("drop_reply")
    assert isinstance(say_yes(open_door, described()), InDoubt)

    assert refused(lambda: open_door.terminal.refund(described("R-2"))) == "original_in_doubt"


def test_known_sale_keeps_its_ceiling_however_it_is_described(open_door: Shop) -> None:
    (mine,) = open_door.terminal.journal.originals("S-1")
    same: dict[str, Any] = {"rrn": RRN(mine.rrn), "day": mine.transaction_date, "auth_code": None}

    assert (
        refused(lambda: open_door.terminal.refund(described(minor=12_801, **same)))
        == "over_remaining"
    )
    assert isinstance(open_door.terminal.refund(described(minor=100, **same)), Approved)


def test_sale_is_described_in_one_way(open_door: Shop) -> None:
    refused(lambda: open_door.terminal.refund(described()))
    with pytest.raises(RequestConflictError):
        open_door.terminal.refund(described("R-2", stan="000098"))
    assert refused(lambda: open_door.terminal.refund(described("R-2", card=OTHER_CHIP))) == (
        "account_mismatch"
    )


@pytest.mark.parametrize("day", [date(2026, 3, 11), "0311"])
def test_slip_of_just_after_midnight_is_not_a_year_old_where_our_clock_is_behind(
    open_door: Shop, day: date | str
) -> None:
    """Found by the simulator, seed 9002368: the host's midnight was a minute and a half before ours."""
    open_door.clock.set(datetime(2026, 3, 10, 23, 58, 20, tzinfo=timezone(timedelta(hours=8))))

    assert refused(lambda: open_door.terminal.refund(described(day=day))) == "not_before"
    assert open_door.terminal.journal.all_originals()[-1].transaction_date < date(2026, 3, 11)


def test_slip_of_tomorrow_is_refused_as_none(open_door: Shop) -> None:
    open_door.clock.set(datetime(2026, 3, 10, 12, tzinfo=timezone(timedelta(hours=8))))

    with pytest.raises(InvalidRequestError, match=r"original\.day: expected a day in the last"):
        open_door.terminal.refund(described(day=date(2026, 3, 11)))


def test_described_sale_is_never_voided(open_door: Shop) -> None:
    today = described(day=date(2026, 3, 10))

    assert refused(lambda: open_door.terminal.refund(today)) == "not_before"


@pytest.mark.parametrize("day", [date(2025, 3, 9), date(2026, 3, 11), "0311", "0229"])
def test_year_that_the_host_could_read_otherwise_is_refused(
    open_door: Shop, day: date | str
) -> None:
    if day == "0311":  # of last year: the host reads it so, too
        assert refused(lambda: open_door.terminal.refund(described(day=day))) == "approval_needed"
        (waiting,) = open_door.terminal.pending_approvals()
        assert waiting.original_id.startswith("sale:20250311:")
        return
    with pytest.raises(InvalidRequestError):
        open_door.terminal.refund(described(day=day))


def test_sale_that_was_described_cannot_come_from_a_feed_with_a_fresh_ceiling(
    open_door: Shop,
) -> None:
    refused(lambda: open_door.terminal.refund(described()))
    (mine,) = open_door.terminal.journal.originals("S-1")
    fed = replace(
        mine,
        original_id="S-9",
        terminal="87654321",
        stan="000099",
        rrn="606799999999",
        amount=Amount(5_000),
    )
    with pytest.raises(RequestConflictError):
        open_door.terminal.record_sale(fed)


# --- cases that people close -----------------------------------------------------------------------


def booked(**changes: Any) -> Statement:
    return Statement(**{"verdict": "booked", "people": TWO, "evidence": "letter 4711", **changes})


def in_doubt(shop: Shop, request_id: str = "R-1", kind: str = "drop_reply") -> None:
    shop.fault(kind)
    assert isinstance(shop.terminal.refund(refund(request_id, "S-1", 1_000)), InDoubt)


def test_doubt_is_closed_as_booked_and_the_file_confirms_it(next_day: Shop) -> None:
    in_doubt(next_day)
    outcome = next_day.terminal.close_case("R-1", booked())

    assert isinstance(outcome, Approved)
    assert outcome.attempt.facts["closed_by"] == "Wang, Li"
    assert outcome.attempt.facts["document"] == "letter 4711"
    events = [row.facts["event"] for row in next_day.terminal.journal.rows() if row.kind == "move"]
    assert events[-2:] == ["give_up", "accept"]
    assert next_day.settle(1).count("MATCH") == 1
    assert isinstance(next_day.terminal.status("R-1"), Approved)
    next_day.terminal.journal.verify()


def test_wrong_no_is_found_by_the_file_and_can_be_put_right(next_day: Shop) -> None:
    in_doubt(next_day)
    outcome = next_day.terminal.close_case("R-1", booked(verdict="not_booked"))
    assert isinstance(outcome, Declined)
    assert (outcome.code, outcome.may_retry) == ("closed", False)
    (known,) = next_day.terminal.journal.originals("S-1")
    assert known.reserved_minor == 0
    assert next_day.terminal.refund(refund("R-1", "S-1", 1_000)) == outcome  # never made again

    assert next_day.settle(1).count("DECLINED_BUT_BOOKED") == 1
    assert isinstance(next_day.terminal.status("R-1"), InDoubt)
    again = next_day.terminal.close_case("R-1", booked())
    assert isinstance(again, Approved)
    assert again.confirmed
    (known,) = next_day.terminal.journal.originals("S-1")
    assert (known.accepted_minor, known.has_case) == (1_000, False)


def test_wrong_yes_is_found_when_three_files_lack_it(next_day: Shop) -> None:
    in_doubt(next_day, kind="drop_request")
    assert isinstance(next_day.terminal.close_case("R-1", booked()), Approved)
    found = []
    for day in (0, 1, 2):
        next_day.to(day + 1, 10)
        found.append(next_day.settle(day).count("JOURNAL_ONLY"))

    assert found == [0, 0, 1]
    with pytest.raises(InvalidRequestError):  # against three files one is not enough
        next_day.terminal.close_case("R-1", booked(people=("Wang",)))
    assert isinstance(next_day.terminal.close_case("R-1", booked(verdict="not_booked")), Declined)


def test_case_does_not_count_more_than_was_paid(next_day: Shop) -> None:
    in_doubt(next_day)
    next_day.terminal.close_case("R-1", booked(verdict="not_booked"))
    next_day.host.ledger.entries()[-1].state = "reversed"  # the host gives it free, too …
    assert isinstance(next_day.terminal.refund(refund("R-2", "S-1")), Approved)
    next_day.host.ledger.entries()[-2].state = "booked"  # … and changes its mind
    next_day.settle(1)

    assert refused(lambda: next_day.terminal.close_case("R-1", booked())) == "over_remaining"


def test_sale_closed_as_booked_is_known_when_the_document_says_enough(shop: Shop) -> None:
    for _ in range(3):
        shop.fault("drop_reply", mti="0400")
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-1", 12_800))
    shop.terminal.resolve_doubts()
    assert isinstance(shop.terminal.status("S-1"), InDoubt)
    rrn = shop.host.ledger.entries()[0].rrn
    day = date(2026, 3, 9)
    told = booked(rrn=rrn, transaction_date=day, settlement_date=day)
    with pytest.raises(InvalidRequestError):
        shop.terminal.close_case("S-1", replace(told, settlement_date=day + timedelta(days=2)))
    assert isinstance(shop.terminal.close_case("S-1", told), Approved)

    (known,) = shop.terminal.journal.originals("S-1")
    assert (known.rrn, known.transaction_date) == (rrn, day)


def test_sale_closed_as_booked_without_a_number_stays_unknown_and_says_so(shop: Shop) -> None:
    for _ in range(3):
        shop.fault("drop_request", mti="0400")
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-1", 12_800))
    shop.terminal.resolve_doubts()
    outcome = shop.terminal.close_case("S-1", booked())

    assert outcome.attempt.facts["original"] == "unknown"
    shop.to(1, 10)
    assert refused(lambda: shop.terminal.refund(refund("R-1", "S-1"))) == "original_unknown"
    assert shop.settle(0).count("MATCH") == 1
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1")), Approved)


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": ("Wang",)},
        {"people": ("Wang", "wang ")},
        {"people": ("01", "1")},
        {"people": ()},
        {"people": ("Wang", "Li", "Zhao")},
        {"people": ("Wang, Li", "Zhao")},
        {"evidence": " "},
        {"evidence": "card 6200000000000005"},
        {"verdict": "perhaps"},
        {"rrn": "1"},
    ],
)
def test_statement_without_people_or_evidence_closes_nothing(
    next_day: Shop, wrong: dict[str, object]
) -> None:
    in_doubt(next_day)
    with pytest.raises(InvalidRequestError):
        next_day.terminal.close_case("R-1", booked(**wrong))
    assert isinstance(next_day.terminal.status("R-1"), InDoubt)


def test_one_person_is_enough_where_the_profile_says_so(tmp_path: Path) -> None:
    made = with_policy(tmp_path, case_people=1)
    in_doubt(made)

    assert isinstance(made.terminal.close_case("R-1", booked(people=("Wang",))), Approved)
    made.terminal.close()


@pytest.mark.parametrize("name", ["R-9", "S-1"])
def test_nothing_is_closed_that_is_no_case(next_day: Shop, name: str) -> None:
    with pytest.raises((RefusedError, LocalProtocolError)):
        next_day.terminal.close_case(name, booked())


def test_sale_in_doubt_is_still_being_undone_and_not_for_people(shop: Shop) -> None:
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-1", 12_800))
    with pytest.raises(LocalProtocolError):
        shop.terminal.close_case("S-1", booked())


# --- at the same time --------------------------------------------------------------------------------


def test_threads_that_approve_withdraw_change_and_send_never_send_what_was_not_approved(
    careful: Shop,
) -> None:
    """Two clerks and two second persons on one terminal, each in a thread of its own."""
    terminal = careful.terminal
    shown: list[str] = []

    def try_(call: Callable[[], object]) -> None:
        with suppress(RefusedError, RequestConflictError):
            call()

    def approve() -> None:
        for waiting in terminal.pending_approvals():
            shown.append(waiting.digest)
            try_(partial(terminal.approve, "R-1", checker="02", digest=waiting.digest))

    work = (
        lambda: try_(lambda: terminal.refund(refund("R-1", "S-1", 10_000))),
        lambda: try_(lambda: terminal.refund(refund("R-1", "S-1", 11_000))),
        approve,
        lambda: try_(lambda: terminal.withdraw("R-1", by="01")),
    )
    threads = [
        threading.Thread(target=lambda job=job: [job() for _ in range(12)])
        for job in (*work, approve)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(2):  # whatever was left waiting is carried to its end
        try_(lambda: terminal.refund(refund("R-1", "S-1", 10_000)))
        approve()

    assert careful.booked("refund") in ([10_000], [11_000])
    (sent,) = (each for each in terminal.journal.attempts() if each.kind == "refund")
    assert sent.facts["approval"] in shown
    assert (sent.facts["operator"], sent.facts["approved_by"]) == ("01", "02")
    used = [each for each in terminal.journal.approvals() if each.state is State.INTENT]
    assert [each.digest for each in used] == [sent.facts["approval"]]
    terminal.journal.verify()
