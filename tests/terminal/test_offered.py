"""What a till shows before anything is asked for: whether a refund is offered, a card's sales, the digest of a preview."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.dialects import Policy
from posrefund.engine.approval import digest_of
from posrefund.engine.policy import Role, Rules
from shop import CHIP, OTHER_CHIP, TAP, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

CASHIER, LOOKER = Role("cashier"), Role("looker", may_refund=False)


@pytest.mark.parametrize(
    ("rules", "offered"),
    [
        ({}, True),
        ({"merchant_status": "revoked"}, False),
        ({"merchant_status": "suspended"}, False),
        ({"merchant_may_refund": False}, False),
        ({"roles": (CASHIER,), "default_role": "cashier"}, True),
        ({"roles": (CASHIER, LOOKER), "default_role": "looker"}, False),
        ({"roles": (CASHIER,)}, False),
    ],
)
def test_refund_is_offered_to_whom_the_rules_let_ask(
    tmp_path: Path, rules: dict[str, Any], offered: bool
) -> None:
    shop = Shop(tmp_path, rules=Rules(**rules))

    assert shop.terminal.may_refund("01") is offered
    shop.terminal.sale(sale("S-1", 100))
    shop.to(1, 10)
    refusal = shop.terminal.check_refund(refund("R-1", "S-1")).refusal
    assert (refusal is None) is offered


def test_refund_is_not_offered_while_the_batch_is_being_closed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.terminal.sale(sale("S-1", 100))
    shop.fault("drop_reply", mti="0500")
    with pytest.raises(Exception, match="no answer"):
        shop.terminal.close_batch()

    assert not shop.terminal.may_refund("01")


def test_sales_of_a_card_are_its_own_newest_first(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for number, card in enumerate((CHIP, OTHER_CHIP, CHIP, TAP, CHIP), start=1):
        shop.terminal.sale(sale(f"S-{number}", 100 * number, card))
        shop.to(0, 15, number)
    journal, merchant = shop.terminal.journal, shop.terminal.view().merchant
    mine = journal.fingerprint(CHIP.pan)

    assert [one.original_id for one in journal.sales_of_card(merchant, mine)] == [
        "S-5",
        "S-3",
        "S-1",
    ]
    assert [one.original_id for one in journal.sales_of_card(merchant, mine, most=1)] == ["S-5"]
    assert journal.sales_of_card("999999999999999", mine) == []


def test_sale_of_which_all_went_back_is_no_more_among_a_card_s(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for number in (1, 2, 3, 4):
        shop.terminal.sale(sale(f"S-{number}", 100))
    shop.terminal.refund(refund("V-1", "S-1"))  # a void: the same day, all of it
    shop.to(1, 10)
    shop.terminal.refund(refund("R-2", "S-2"))
    shop.terminal.refund(refund("R-3", "S-3", 99))
    shop.fault("drop_reply")
    shop.terminal.refund(refund("R-4", "S-4"))
    journal, mine = shop.terminal.journal, shop.terminal.journal.fingerprint(CHIP.pan)

    left = journal.sales_of_card(shop.terminal.view().merchant, mine)
    assert [one.original_id for one in left] == ["S-4", "S-3"]


def test_digest_of_a_preview_is_the_one_that_is_agreed_to_and_journalled(tmp_path: Path) -> None:
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1))
    shop = Shop(tmp_path, dialect=dialect)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    wish = refund("R-1", "S-1", 100)
    shown = shop.terminal.check_refund(wish).digest
    asked = shop.terminal.ask(wish)
    assert asked is not None
    assert asked.digest == shown
    shop.terminal.approve("R-1", checker="02", digest=shown)
    shop.terminal.refund(wish)

    journal = shop.terminal.journal
    content, attempt = journal.content("R-1"), journal.last_attempt("R-1")
    assert content is not None
    assert attempt is not None
    assert digest_of(content, attempt) == shown


def test_preview_of_what_is_refused_has_no_digest(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)

    assert shop.terminal.check_refund(refund("R-1", "S-1", 12_801)).digest == ""
    whole = shop.terminal.check_refund(refund("R-1", "S-1"))
    part = shop.terminal.check_refund(replace(refund("R-1", "S-1"), note="word"))
    assert len(whole.digest) == 64
    assert whole.digest != part.digest
