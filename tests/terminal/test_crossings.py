"""Where two parts of the terminal meet: what the one changes while the other is under way."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.dialects import Policy
from posrefund.dialects.file import load_dialect
from posrefund.emulators.host import HostProfile
from posrefund.engine import Approved, InDoubt, State, Statement
from posrefund.errors import InvalidRequestError, LinkTimeoutError, PosRefundError, RefusedError
from posrefund.office import batch_slip
from posrefund.office.paper import Language
from shop import UNIONPAY, Shop, refund, sale
from terminal.test_anchor import copy_of, put_back
from terminal.test_late import held, insert, late_refund

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        call()
    return caught.value.code


def mtis(shop: Shop) -> list[str]:
    return [message[11:13].hex() for message in shop.link.sent]


@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Shop]:
    """A shop where every refund needs a second person; S-1 of 128.00 was sold the day before."""
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1))
    made = Shop(tmp_path, dialect=dialect)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    yield made
    made.terminal.close()


# --- a second person's yes, and a journal that lost rows -------------------------------------------


@pytest.mark.parametrize("is_approved", [False, True])
def test_yes_that_lost_rows_may_have_used_is_worth_nothing(
    careful: Shop, *, is_approved: bool
) -> None:
    wanted = refund("R-1", "S-1", 5_000)
    assert refused(lambda: careful.terminal.refund(wanted)) == "approval_needed"
    (waiting,) = careful.terminal.pending_approvals()
    if is_approved:
        careful.terminal.approve("R-1", checker="02", digest=waiting.digest)
    copy = copy_of(careful)
    if not is_approved:
        careful.terminal.approve("R-1", checker="02", digest=waiting.digest)
    assert isinstance(careful.terminal.refund(wanted), Approved)
    put_back(careful, copy)

    assert careful.terminal.pending_approvals() == []
    code = refused(lambda: careful.terminal.approve("R-1", checker="02", digest=waiting.digest))
    assert code == "approval_unknown"
    (ended,) = careful.terminal.journal.approvals()
    assert ended.state is State.EXPIRED
    careful.terminal.journal.verify()


# --- closing a batch, and a journal that lost rows -------------------------------------------------


def test_closing_that_lost_rows_may_have_ended_waits_for_a_sign_in(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.fault("unbalanced", "0500")
    next_day.fault("drop_request", "0320")
    with pytest.raises(LinkTimeoutError):
        next_day.terminal.close_batch()
    copy = copy_of(next_day)
    next_day.terminal.close_batch()
    put_back(next_day, copy)
    next_day.link.sent.clear()

    assert refused(next_day.terminal.close_batch) == "not_signed_in"
    assert mtis(next_day) == []
    next_day.terminal.sign_in()
    closed = next_day.terminal.last_batch()
    assert closed is not None
    assert (closed.batch, closed.ended_by) == ("000007", "host")


# --- closing a batch, and repeats ------------------------------------------------------------------


def test_nothing_is_repeated_while_a_batch_is_being_closed(tmp_path: Path) -> None:
    text = 'name = "house"\nbase = "unionpay"\nmessages.refund.repeat = "same_mti"\n'
    shop = Shop(tmp_path, dialect=load_dialect(text), profile=HostProfile(repeat="stored_answer"))
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    shop.fault("drop_request")
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), InDoubt)
    shop.fault("drop_reply", "0320")
    with pytest.raises(LinkTimeoutError):  # the host has ended the batch
        shop.terminal.close_batch()
    for clock in (shop.clock, shop.host_time):
        clock.set(clock() + timedelta(seconds=600))
    shop.link.sent.clear()
    shop.terminal.resolve_doubts()

    assert mtis(shop) == []
    shop.terminal.close()


# --- closing a batch, and late answers -------------------------------------------------------------


def test_yes_that_came_after_the_totals_is_named_on_the_slip(next_day: Shop) -> None:
    [late] = late_refund(next_day)
    next_day.fault("drop_request", "0320")
    with pytest.raises(LinkTimeoutError):
        next_day.terminal.close_batch()
    assert isinstance(next_day.terminal.receive_late(late), Approved)
    closed = next_day.terminal.close_batch()

    attempt = next_day.terminal.journal.attempt("R-1/1")
    assert closed.late == (attempt,)
    assert (closed.ours.whole.credit_count, closed.doubts) == (0, ())
    assert closed.suggestion.explanations == (("R-1/1",),)
    for language, heading in LATE.items():
        slip = batch_slip(closed, next_day.terminal.view(), language=language).splitlines()
        at = slip.index(heading)
        assert slip[at + 1].startswith(attempt.stan)
        assert slip[-1].endswith(attempt.stan)  # it explains the difference
    next_day.restart()
    assert next_day.terminal.last_batch() == closed


LATE: dict[Language, str] = {
    "zh": "合计发出后才获受理，未计入合计：",
    "en": "Accepted later, in no total:",
}


# --- asking again, and late answers ----------------------------------------------------------------


def test_sale_that_a_late_yes_made_a_case_meanwhile_is_not_made_again(shop: Shop) -> None:
    replies = held(shop)

    def only_the_reversal(reply: bytes) -> bytes:
        if reply[11:13] != b"\x04\x10":
            replies.append(reply)
            raise LinkTimeoutError("no answer in time")
        return reply

    shop.link.on_reply = only_the_reversal
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.resolve_doubts()
    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED
    shop.terminal.sale(sale("S-2", 700))
    late = replies[0]
    insert(shop, late)  # while S-2 is undone
    shop.terminal.sale(sale("S-1", 500))

    assert shop.terminal.journal.attempt("S-1/1").state is State.MISMATCHED
    last = shop.terminal.journal.last_attempt("S-1")
    assert last is not None
    assert last.number == 1


# --- names and operators from outside --------------------------------------------------------------


@pytest.mark.parametrize("name", ["\ud800", "\ud800/1", "", "/", "R-1/x", "R-1/99999999999", "\0"])
def test_whatever_name_people_give_only_errors_of_ours_come(next_day: Shop, name: str) -> None:
    terminal, said = next_day.terminal, Statement("not_booked", ("Wang", "Li"), "letter 4711")
    for call in (
        lambda: terminal.approve(name, checker="02", digest=name),
        lambda: terminal.withdraw(name, by="02"),
        lambda: terminal.close_case(name, said),
        lambda: terminal.release(name, people=("Wang", "Li"), evidence="letter 4711"),
    ):
        with pytest.raises(PosRefundError):
            call()
    with suppress(PosRefundError):
        assert terminal.status(name) is None


@pytest.mark.parametrize("number", [None, 2, b"02", ("02",)])
def test_operator_that_is_no_text_is_refused(careful: Shop, number: Any) -> None:
    refused(lambda: careful.terminal.refund(refund("R-1", "S-1", 5_000)))
    (waiting,) = careful.terminal.pending_approvals()
    with pytest.raises(InvalidRequestError):
        careful.terminal.approve("R-1", checker=number, digest=waiting.digest)
    with pytest.raises(InvalidRequestError):
        careful.terminal.withdraw("R-1", by=number)
