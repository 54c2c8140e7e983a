"""A shop's refunds from counter to settlement file: what its customers and its back office hear of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import shop as shops
from canary import leaks_in
from journal.builders import dump
from office.notices.told import FakeChannel
from posrefund.office.notices import Relay, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PHONE = "+8613800138000"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[shops.Shop]:
    made = shops.Shop(tmp_path)
    yield made
    made.terminal.close()


def refund(shop: shops.Shop, name: str, minor: int | None = None, **changes: Any) -> None:
    request = replace(shops.refund(name, f"S{name[1:]}", minor), contact=PHONE, **changes)
    shop.terminal.refund(request)


def told(shop: shops.Shop, channel: FakeChannel) -> list[str]:
    """Deliver what is due and return it."""
    before = len(channel.sent)
    writer = Writer("面馆")
    Relay(shop.terminal.journal, [channel], writer, clock=shop.clock).deliver()
    return [f"{m.notice.notice_id} {m.notice.kind}" for m in channel.sent[before:]]


def test_a_week_of_refunds_is_told_step_by_step(shop: shops.Shop, tmp_path: Path) -> None:
    sms = FakeChannel()
    for number in range(1, 5):
        shop.terminal.sale(shops.sale(f"S-{number}", 10_000))
    assert told(shop, sms) == []  # a sale is not told of
    refund(shop, "R-4")  # the same day: a void
    assert told(shop, sms) == ["R-4:1 accepted"]

    shop.to(1, 10)
    refund(shop, "R-1", 4_000)
    refund(shop, "R-1", 4_000)  # asked again: nothing new
    shop.fault("drop_reply")
    refund(shop, "R-2")
    assert told(shop, sms) == ["R-1:1 accepted", "R-2:1 checking"]
    shop.restart()
    assert told(shop, sms) == []

    shop.to(2, 10)
    shop.settle(0)
    assert told(shop, sms) == ["R-4:2 confirmed"]
    shop.settle(1)
    assert sorted(told(shop, sms)) == ["R-1:2 confirmed", "R-2:2 accepted", "R-2:3 confirmed"]
    shop.settle(1)  # once more: nothing new
    assert told(shop, sms) == []

    journal = shop.terminal.journal
    journal.verify()
    assert journal.waiting_notices() == 0
    assert {message.contact for message in sms.sent} == {PHONE}
    first = sms.sent[1]
    assert first.short == "【面馆】您的退款RMB 40.00已受理，退回尾号0005的卡。单号R-1"
    assert json.loads(first.json)["rrn"] == journal.attempt("R-1/1").facts["rrn"]
    kept = "\n".join(dump(tmp_path / "journal.db")) + repr(sms.sent)
    rows = " ".join(row.body for row in journal.rows())
    for text in (kept, rows, *(f"{m.body}{m.short}{m.json!r}" for m in sms.sent)):
        assert leaks_in(text) == set()
        assert PHONE[3:] not in text
