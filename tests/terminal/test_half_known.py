"""A sale of which a feed knew the last digits of the card at most: only with a second person, only to such a card."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from posrefund.engine import Original
from posrefund.errors import RefusedError
from posrefund.values import PAN, Amount, CardRead
from shop import CHIP, MERCHANT, OTHER_CHIP, Shop, refund

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.values import CardRead as Card

SOLD = Original(
    original_id="T-1",
    terminal="87654321",
    merchant=MERCHANT,
    batch="000007",
    stan="000042",
    rrn="606710000042",
    transaction_date=date(2026, 3, 9),
    settlement_date=date(2026, 3, 9),
    amount=Amount(12_800),
    auth_code="654321",
    card_fingerprint="",
    card_last4="0005",
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.to(1, 10)
    yield made
    made.terminal.close()


def refused(shop: Shop, request_id: str, card: Card = CHIP) -> str:
    with pytest.raises(RefusedError) as caught:
        shop.terminal.refund(refund(request_id, "T-1", 1_000, card))
    assert shop.link.sent == []
    return caught.value.code


def test_second_person_has_to_say_yes_and_then_it_goes(shop: Shop) -> None:
    shop.terminal.record_sale(SOLD)
    assert refused(shop, "R-1") == "approval_needed"

    (waiting,) = shop.terminal.pending_approvals()
    shop.terminal.approve("R-1", checker="02", digest=waiting.digest)
    shop.terminal.refund(refund("R-1", "T-1", 1_000))
    assert len(shop.link.sent) == 1


def test_card_with_other_last_digits_is_another_card(shop: Shop) -> None:
    shop.terminal.record_sale(SOLD)

    assert refused(shop, "R-1", OTHER_CHIP) == "account_mismatch"
    assert shop.terminal.pending_approvals() == []


def test_sale_of_which_nothing_of_the_card_is_known_is_given_back_to_none(shop: Shop) -> None:
    shop.terminal.record_sale(replace(SOLD, card_last4=""))

    assert refused(shop, "R-1") == "account_mismatch"


def test_last_digits_count_for_nothing_where_the_whole_number_is_known(shop: Shop) -> None:
    known = shop.terminal.journal.fingerprint(PAN("6200000000000047"))
    shop.terminal.record_sale(replace(SOLD, card_fingerprint=known))

    assert refused(shop, "R-1", CardRead("051", PAN("6200000000000005"), expiry="3012")) == (
        "account_mismatch"
    )
