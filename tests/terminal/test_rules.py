"""A terminal with rules: they speak before the line, and what they refuse sends and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.engine import Approved, Declined, Document, NotSent, State
from posrefund.engine.policy import (
    Bounds,
    Contact,
    DocumentRule,
    Limit,
    Role,
    Rules,
    load_rules,
)
from posrefund.errors import InvalidRequestError, RefusedError, RequestConflictError
from posrefund.terminal import Preview
from posrefund.values import PAN, CardRead
from shop import CHIP, OTHER_CHIP, PAN_16, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.terminal import Terminal
    from shop import Shop

CONTACTS = (Contact("acquirer", "95534", en="UMS"), Contact("merchant", "010-1234", zh="客服"))


class DeadLink:
    """A link that fails the test when anybody touches it."""

    def open(self, timeout_s: float) -> None:
        pytest.fail("the line was opened")

    def send(self, message: bytes) -> None:
        pytest.fail("something was sent")

    def receive(self, timeout_s: float) -> bytes:
        pytest.fail("something was waited for")

    def close(self) -> None:
        """Nothing to close."""


def reopen(
    shop: Shop, rules: Rules, role_of: Callable[[str], str | None] | None = None, link: Any = None
) -> Terminal:
    """Open the shop's terminal again, with rules."""
    shop.rules, shop.role_of, shop.other_link = rules, role_of, link
    shop.restart()
    return shop.terminal


def refusal(terminal: Terminal, request: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        terminal.refund(request)
    return caught.value


def codes(error: RefusedError) -> list[str]:
    return [error.code, *(other.code for other in error.others)]


def test_revoked_merchant_is_refused_before_the_line_is_touched_or_a_row_written(
    next_day: Shop,
) -> None:
    rules = Rules(merchant_status="revoked", contacts=CONTACTS)
    terminal = reopen(next_day, rules, link=DeadLink())
    before = terminal.journal.rows()

    known = refusal(terminal, refund("R-1", "S-1", 100))
    unknown = refusal(terminal, refund("R-1", "S-404", 100))

    assert (known.code, known.contact) == ("merchant_not_permitted", "UMS, 95534")
    assert codes(unknown) == ["merchant_not_permitted", "original_unknown"]
    assert terminal.journal.rows() == before


def test_every_fault_is_told_at_once_with_whom_to_call(next_day: Shop) -> None:
    rules = Rules(
        order_required=True,
        documents=(DocumentRule(("fapiao",)),),
        terminal_max=Limit((("156", 5_000),)),
        contacts=CONTACTS,
    )
    error = refusal(reopen(next_day, rules), refund("R-1", "S-1", 12_801, OTHER_CHIP))

    assert codes(error) == [
        "account_mismatch",
        "over_remaining",
        "over_terminal_cap",
        "order_ref_required",
        "documents_required",
    ]
    assert {each.contact for each in (error, *error.others)} == {"客服, 010-1234"}
    assert next_day.link.sent == []


def test_refund_with_the_documents_that_the_rules_want_goes(next_day: Shop) -> None:
    terminal = reopen(next_day, Rules(documents=(DocumentRule(("fapiao",)),)))
    request = replace(refund("R-1", "S-1", 100), documents=(Document("fapiao", "044001900111"),))

    assert isinstance(terminal.refund(request), Approved)
    assert terminal.journal.attempt("R-1/1").facts["documents"] == "fapiao 044001900111"


def test_gap_and_count_are_read_from_the_journal(next_day: Shop) -> None:
    terminal = reopen(next_day, Rules(gap_s=60, refunds_max=2))
    assert isinstance(terminal.refund(refund("R-1", "S-1", 100)), Approved)

    assert codes(refusal(terminal, refund("R-2", "S-1", 100))) == ["too_soon"]
    next_day.clock.advance(timedelta(seconds=60))
    assert isinstance(terminal.refund(refund("R-2", "S-1", 100)), Approved)
    assert codes(refusal(terminal, refund("R-3", "S-1", 100))) == ["too_many_refunds", "too_soon"]
    # A request that is over tells its outcome for ever, whatever the rules say now.
    assert isinstance(terminal.refund(refund("R-2", "S-1", 100)), Approved)


def test_a_refund_that_never_left_may_be_made_again_at_once(next_day: Shop) -> None:
    terminal = reopen(next_day, Rules(gap_s=60))
    next_day.link.is_down = True
    assert isinstance(terminal.refund(refund("R-1", "S-1", 100)), NotSent)
    next_day.link.is_down = False

    assert isinstance(terminal.refund(refund("R-1", "S-1", 100)), Approved)


def test_a_host_that_wants_a_sign_in_first_is_told_by_the_preview_too(next_day: Shop) -> None:
    terminal = reopen(next_day, Rules(contacts=CONTACTS))
    next_day.fault("code", code="77")
    assert isinstance(terminal.refund(refund("R-1", "S-1", 100)), Declined)

    (fault,) = terminal.check_refund(refund("R-1", "S-1", 100)).faults
    assert (fault.code, fault.contact) == ("sign_in_first", "客服, 010-1234")


def test_a_days_limit_is_the_operators_at_this_merchant_and_ends_with_the_hosts_day(
    next_day: Shop,
) -> None:
    next_day.terminal.sale(sale("S-2", 5_000))
    clerk = Role("clerk", day_max=Limit((("156", 1_000),)), day_count_max=3)
    terminal = reopen(next_day, Rules(roles=(clerk,), default_role="clerk"))
    terminal.refund(refund("R-1", "S-1", 600))

    error = refusal(terminal, refund("R-2", "S-1", 401))
    assert codes(error) == ["over_day_limit"]
    assert "¥10.00 (today so far ¥6.00)" in error.hint_en
    assert isinstance(terminal.refund(refund("R-2", "S-1", 400)), Approved)
    another = replace(refund("R-3", "S-1", 400), operator="02")
    assert isinstance(terminal.refund(another), Approved)
    next_day.to(1, 23, 5)
    assert isinstance(terminal.refund(refund("R-4", "S-1", 1_000)), Approved)


ROLES = {"01": "clerk", "07": "manager"}
PEOPLE = Rules(
    roles=(Role("clerk", alone_max=Limit((("156", 500),))), Role("manager", may_approve=True)),
    contacts=CONTACTS,
)


def test_what_a_role_may_not_do_alone_waits_for_one_whose_role_may_approve(next_day: Shop) -> None:
    terminal = reopen(next_day, PEOPLE, ROLES.get)
    assert isinstance(terminal.refund(refund("R-1", "S-1", 500)), Approved)

    error = refusal(terminal, refund("R-2", "S-1", 501))
    assert codes(error) == ["approval_needed", "review_amount"]
    (waiting,) = terminal.pending_approvals()
    for checker, code in (("01", "role_may_not_approve"), ("09", "role_unknown")):
        with pytest.raises(RefusedError) as caught:
            terminal.approve("R-2", checker=checker, digest=waiting.digest)
        assert (caught.value.code, caught.value.contact) == (code, "客服, 010-1234")
    terminal.approve("R-2", checker="07", digest=waiting.digest)

    assert isinstance(terminal.refund(refund("R-2", "S-1", 501)), Approved)
    assert terminal.journal.attempt("R-2/1").facts["approved_by"] == "07"


def test_reissued_card_goes_with_a_document_and_two_people_and_never_otherwise(
    next_day: Shop,
) -> None:
    terminal = reopen(next_day, Rules(other_card="two_people"))
    bare = refund("R-1", "S-1", 100, OTHER_CHIP)
    proven = replace(bare, documents=(Document("photo", "letter of the bank"),))

    assert codes(refusal(terminal, bare)) == ["other_card_document"]
    assert codes(refusal(terminal, proven)) == ["approval_needed", "review_other_card"]
    (waiting,) = terminal.pending_approvals()
    terminal.approve("R-1", checker="02", digest=waiting.digest)
    outcome = terminal.refund(proven)

    assert isinstance(
        outcome, Approved | Declined
    )  # the host knows the card, too, and has its own mind
    assert outcome.attempt.card_masked == "620000******0047"


def test_typed_card_is_never_sold_to_and_refunded_only_by_who_may_type(next_day: Shop) -> None:
    typed = CardRead("012", PAN(PAN_16), expiry="3012")
    with pytest.raises(RefusedError, match="keyed_card"):
        next_day.terminal.sale(sale("S-2", 100, typed))
    assert codes(refusal(next_day.terminal, refund("R-1", "S-1", 100, typed))) == ["keyed_card"]
    assert next_day.link.sent == []

    rules = Rules(roles=(Role("lead", may_key=True),), default_role="lead", contacts=CONTACTS)
    terminal = reopen(next_day, rules)
    outcome = terminal.refund(refund("R-2", "S-1", 100, typed))
    assert isinstance(outcome, Declined)  # the emulated UnionPay host takes no typed number
    assert terminal.contact_for(outcome) == contact_of(outcome.code)


def contact_of(code: str) -> str:
    return "UMS, 95534" if code in ("03", "12", "40", "57", "58", "97") else ""


def test_held_sale_is_refused_until_somebody_lifts_it_and_both_are_chained(next_day: Shop) -> None:
    terminal = next_day.terminal
    terminal.hold("S-1", "dispute", by="07", why="chargeback 4711")
    terminal.hold("S-1", "dispute", by="07", why="chargeback 4711")

    assert codes(refusal(terminal, refund("R-1", "S-1", 100))) == ["dispute_hold"]
    assert next_day.link.sent == []
    next_day.restart()
    terminal = next_day.terminal
    assert codes(refusal(terminal, refund("R-1", "S-1", 100))) == ["dispute_hold"]
    terminal.lift_hold("S-1", "dispute", by="07", why="chargeback 4711 is won")
    terminal.lift_hold("S-1", "legal", by="07", why="never was")
    assert isinstance(terminal.refund(refund("R-1", "S-1", 100)), Approved)

    kinds = [row.kind for row in terminal.journal.rows() if row.kind.startswith("hold_")]
    assert kinds == ["hold_set", "hold_lifted"]
    assert terminal.journal.verify() > 0
    with pytest.raises(RefusedError, match="original_unknown"):
        terminal.hold("S-404", "legal", by="07", why="order 1")
    with pytest.raises(InvalidRequestError, match="kind"):
        terminal.hold("S-1", "forever", by="07", why="order 1")  # type: ignore[arg-type]


def test_correction_is_a_refund_of_its_own_that_names_the_one_it_puts_right(next_day: Shop) -> None:
    terminal = next_day.terminal
    assert isinstance(terminal.refund(refund("R-1", "S-1", 100)), Approved)  # it was to be 1 000
    right = replace(refund("R-2", "S-1", 900), corrects="R-1")
    assert isinstance(terminal.refund(right), Approved)
    next_day.restart()
    terminal = next_day.terminal

    assert terminal.journal.attempt("R-2/1").facts["corrects"] == "R-1"
    assert not terminal.journal.attempt("R-1/1").facts.get("corrects")
    assert terminal.refund(right) == terminal.status("R-2")
    with pytest.raises(RequestConflictError):
        terminal.refund(replace(right, corrects="R-0"))
    assert next_day.booked("refund") == [100, 900]
    assert terminal.journal.verify() > 0


def test_preview_says_what_would_happen_and_sends_and_writes_nothing(next_day: Shop) -> None:
    rules = replace(PEOPLE, terminal_max=Limit((("156", 10_000),)))
    terminal = reopen(next_day, rules, ROLES.get, DeadLink())
    before = terminal.journal.rows()

    good = terminal.check_refund(refund("R-1", "S-1", 400))
    large = terminal.check_refund(refund("R-1", "S-1", 501))
    bad = terminal.check_refund(refund("R-1", "S-1", 12_801, OTHER_CHIP))
    lost = terminal.check_refund(refund("R-1", "S-404", 400))

    assert (good.route, good.needs_approval, good.faults) == ("refund", False, ())
    assert good.bounds == Bounds(1, 10_000, 500, "156")
    assert (large.route, large.needs_approval) == ("refund", True)
    assert [each.code for each in large.reviews] == ["review_amount"]
    assert [each.code for each in bad.faults] == [
        "account_mismatch",
        "over_remaining",
        "over_terminal_cap",
    ]
    assert bad.route is None
    assert ([each.code for each in lost.faults], lost.bounds) == (["original_unknown"], None)
    assert terminal.journal.rows() == before
    assert terminal.pending_approvals() == []


def test_preview_of_the_sales_own_day_is_a_void_and_of_what_is_over_its_outcome(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 12_800))

    assert shop.terminal.check_refund(refund("R-1", "S-1")).route == "void"
    (fault,) = shop.terminal.check_refund(refund("R-1", "S-1", 100)).faults
    assert fault.code == "not_before"
    shop.terminal.refund(refund("R-1", "S-1"))
    found = shop.terminal.check_refund(refund("R-1", "S-1"))
    assert isinstance(found, Preview)
    assert isinstance(found.outcome, Approved)
    assert found.outcome.attempt.state is State.ACCEPTED


def test_preview_of_what_was_approved_waits_no_longer(next_day: Shop) -> None:
    terminal = reopen(next_day, PEOPLE, ROLES.get)
    refusal(terminal, refund("R-1", "S-1", 501))
    (waiting,) = terminal.pending_approvals()
    assert terminal.check_refund(refund("R-1", "S-1", 501)).needs_approval
    terminal.approve("R-1", checker="07", digest=waiting.digest)

    assert not terminal.check_refund(refund("R-1", "S-1", 501)).needs_approval


def test_bounds_follow_what_was_given_back(next_day: Shop) -> None:
    terminal = reopen(next_day, Rules())
    assert terminal.amount_bounds("S-1") == Bounds(1, 12_800, 12_800, "156")
    terminal.refund(refund("R-1", "S-1", 2_800))

    assert terminal.amount_bounds("S-1") == Bounds(1, 10_000, 10_000, "156")
    with pytest.raises(RefusedError, match="original_unknown"):
        terminal.amount_bounds("S-404")


def test_hosts_code_that_only_the_acquirer_can_mend_names_it(next_day: Shop) -> None:
    terminal = reopen(next_day, Rules(contacts=CONTACTS))
    next_day.fault("code", code="58")
    outcome = terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, Declined)
    assert outcome.code == "58"
    assert terminal.contact_for(outcome) == "UMS, 95534"


def test_rules_from_a_file_and_none_at_all_do_the_same_where_they_say_the_same(
    next_day: Shop,
) -> None:
    terminal = reopen(next_day, load_rules(""))

    assert isinstance(terminal.refund(refund("R-1", "S-1", 100, CHIP)), Approved)
