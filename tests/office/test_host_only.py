"""A refund that only the file knows blocks its sale, with and without a journal that was put back."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from office.lines import line
from posrefund.dialects import Policy
from posrefund.engine import Approved, DescribedSale, Reason, RefundRequest
from posrefund.errors import RefusedError
from posrefund.office import reconcile
from posrefund.values import RRN, Amount, RequestID
from shop import CHIP, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.office import Reconciliation


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Two sales of day 0, of 100.00 each, on day 2 at 10:00."""
    made = Shop(tmp_path)
    for name in ("S-1", "S-2"):
        made.terminal.sale(sale(name, 10_000))
    made.to(2, 10)
    yield made
    made.terminal.close()


def stan_of(shop: Shop, name: str) -> str:
    return shop.terminal.journal.originals(name)[0].stan


def read(shop: Shop, *lines: str) -> Reconciliation:
    return reconcile(
        shop.terminal.journal,
        "".join(f"{row}\n" for row in lines),
        file_day=date(2026, 3, 10),
        now=shop.clock(),
        line_count=len(lines),
    )


def strange(shop: Shop, name: str = "S-1", **more: str) -> str:
    """A refund of *name* on day 1 that this journal has never heard of."""
    said = {
        "stan": "000777",
        "transmitted": "0310090000",
        "original_stan": stan_of(shop, name),
        "original_transmitted": "0309140500",
    }
    return line(**{**said, **more})


def refused(shop: Shop, name: str) -> str:
    with pytest.raises(RefusedError) as error:
        shop.terminal.refund(refund(f"R-{name}", name, 100))
    return error.value.code


def test_its_sale_is_refused_and_the_other_one_is_not(shop: Shop) -> None:
    assert read(shop, strange(shop)).count("HOST_ONLY") == 1
    assert refused(shop, "S-1") == "original_has_case"
    assert isinstance(shop.terminal.refund(refund("R-2", "S-2", 100)), Approved)
    shop.restart()
    assert refused(shop, "S-1") == "original_has_case"
    shop.terminal.journal.verify()


def test_file_read_twice_writes_it_down_once(shop: Shop) -> None:
    for _ in range(3):
        read(shop, strange(shop))
    assert len(shop.terminal.journal.notes("host_only")) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"original_transmitted": "0220140500"},  # another day's sale of that number
        {"original_stan": "000555"},
        {"original_stan": "000000"},
        {"terminal": "87654321"},  # not ours to judge
        {"code": "05"},  # the host did not book it
    ],
)
def test_row_that_is_about_no_sale_of_ours_blocks_none(shop: Shop, more: dict[str, str]) -> None:
    read(shop, strange(shop, **more))
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 100)), Approved)


def test_refund_of_ours_in_the_file_blocks_nothing(shop: Shop) -> None:
    shop.terminal.refund(refund("R-1", "S-1", 100))
    assert shop.settle(2).count("MATCH") == 1
    assert shop.terminal.journal.notes("host_only") == []
    assert isinstance(shop.terminal.refund(refund("R-2", "S-1", 100)), Approved)


def test_no_card_number_of_the_row_reaches_the_journal(shop: Shop) -> None:
    read(shop, strange(shop))
    assert all("6200000000000005" not in row.body for row in shop.terminal.journal.rows())


# --- a sale that is only described -------------------------------------------------------------------

HOST_ONLY = UNIONPAY.derive("house", policy=Policy(ceiling="host_only"))


@pytest.mark.parametrize(
    ("stan", "day", "is_blocked"),
    [
        ("000333", 9, True),
        ("000000", 9, True),  # its slip does not say: it may be that one
        ("000334", 9, False),
        ("000333", 6, False),
    ],
)
def test_described_sale_that_a_lost_refund_took_from_is_refused(
    tmp_path: Path, stan: str, day: int, is_blocked: bool
) -> None:
    shop = Shop(tmp_path, dialect=HOST_ONLY)
    shop.to(2, 10)
    read(shop, strange_of("000333"))
    slip = DescribedSale(RRN("606799999999"), day=date(2026, 3, day), stan=stan)
    wish = RefundRequest(
        RequestID("R-1"), original=slip, card=CHIP, reason=Reason.CUSTOMER, amount=Amount(100)
    )
    with pytest.raises(RefusedError) as error:
        shop.terminal.refund(wish)

    assert error.value.code == ("original_has_case" if is_blocked else "approval_needed")
    assert shop.link.sent == []
    shop.terminal.close()


def strange_of(stan: str) -> str:
    return line(
        stan="000777",
        transmitted="0310090000",
        original_stan=stan,
        original_transmitted="0309140500",
    )
