"""Power fails between any two steps of asking, approving, sending and closing; each person is asked again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from posrefund.dialects import Policy
from posrefund.engine import State, Statement
from posrefund.errors import LocalProtocolError, RefusedError
from shop import UNIONPAY, Shop, refund, sale
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from pathlib import Path


def open_shop(folder: Path) -> Shop:
    folder.mkdir()
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=1))
    shop = Shop(folder, dialect=dialect)
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    return shop


def morning(shop: Shop) -> None:
    """Two refunds that need a second person; the first one loses its answer and is closed by a document."""
    for name, minor in (("R-1", 2_800), ("R-2", 10_000)):
        with suppress(RefusedError):
            shop.terminal.refund(refund(name, "S-1", minor))
        for waiting in shop.terminal.pending_approvals():
            shop.terminal.approve(waiting.request_id, checker="02", digest=waiting.digest)
        with suppress(RefusedError):
            shop.terminal.refund(refund(name, "S-1", minor))
        is_booked = minor in shop.booked("refund")
        said = Statement("booked" if is_booked else "not_booked", ("Wang", "Li"), "letter 4711")
        with suppress(LocalProtocolError, RefusedError):
            shop.terminal.close_case(name, said)


def count_steps(folder: Path) -> int:
    shop = open_shop(folder)
    fuse = Fuse(blow_at=0)
    wire(shop, fuse)
    morning(shop)
    shop.terminal.close()
    return fuse.steps


@pytest.mark.parametrize("fault", [None, "drop_reply", "drop_request"])
def test_power_may_fail_at_any_step_of_what_people_decide(
    tmp_path: Path, fault: str | None
) -> None:
    steps = count_steps(tmp_path / "dry")
    assert steps > 20
    for blow_at in range(1, steps + 1):
        shop = open_shop(tmp_path / f"{blow_at}")
        if fault:
            shop.fault(fault)
        wire(shop, Fuse(blow_at))
        with suppress(PowerCut):
            morning(shop)
        shop.terminal.close()
        shop.terminal = shop.open()
        morning(shop)
        check(shop)
        shop.terminal.close()


def check(shop: Shop) -> None:
    """Each effect once, each approved by somebody else and used once, and the two books agree."""
    assert sorted(shop.booked("refund")) in ([], [2_800], [10_000], [2_800, 10_000])
    shop.settle(1)
    booked = {
        attempt.amount.minor
        for attempt in shop.terminal.journal.attempts(states=[State.CONFIRMED])
        if attempt.kind == "refund"
    }
    assert booked == set(shop.booked("refund"))
    used = [each for each in shop.terminal.journal.approvals() if each.state is State.INTENT]
    assert {(each.maker, each.checker) for each in used} == {("01", "02")}
    refunds = [each for each in shop.terminal.journal.attempts() if each.kind == "refund"]
    assert sorted((each.request_id, each.attempt) for each in used) == sorted(
        (each.request_id, each.number) for each in refunds
    )
    assert {each.facts["approval"] for each in refunds} == {each.digest for each in used}
    shop.terminal.journal.verify()
