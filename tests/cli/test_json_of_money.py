"""The JSON of the commands about money: one form for every outcome, no card number, the same exit statuses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.test_follow_up_command import folder
from cli.test_shop_commands import CARD, Counter, careful, counter
from posrefund.emulators.host import Fault
from posrefund.errors import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["counter", "folder"]

KEYS = [
    "type",
    "request_id",
    "attempt_id",
    "kind",
    "state",
    "amount_minor",
    "currency",
    "card_masked",
    "wallet",
    "voucher",
    "original_id",
    "rrn",
    "batch",
    "stan",
    "host_day",
    "code",
    "reason",
    "confirmed",
    "authenticated",
    "may_retry",
    "sign_in_first",
    "needs_people",
    "text_zh",
    "text_en",
    "clerk_zh",
    "clerk_en",
    "contact",
    "expected_by",
    "is_overdue",
    "is_training",
    "addresses",
]
SALE = ("sale", "S-1", "--amount", "128.00", "--card", CARD)
REFUND = ("refund", "R-1", "--original", "S-1", "--card", CARD)


def said(counter: Counter, *words: str, exit_code: int = 0) -> dict[str, Any]:
    text = counter.posrefund(*words, "--json", exit_code=exit_code)
    assert CARD not in text
    found: dict[str, Any] = json.loads(text)
    return found


def some(data: dict[str, Any], names: str) -> list[Any]:
    assert list(data) == KEYS
    return [data[name] for name in names.split()]


def test_signing_in_selling_and_refunding(counter: Counter) -> None:
    signed = said(counter, "sign-in", "--accept-clock")
    assert (signed["batch"], signed["batch_changed"], signed["keys"]) == ("000001", False, "new")

    sold = said(counter, *SALE)
    assert some(sold, "type state kind amount_minor currency card_masked expected_by") == [
        "Approved",
        "ACCEPTED",
        "sale",
        12_800,
        "156",
        "620000******0005",
        None,
    ]
    counter.time.advance(timedelta(days=1))
    said(counter, "sign-in", "--accept-clock")
    refunded = said(counter, *REFUND, "--amount", "28")
    assert some(refunded, "type kind attempt_id original_id amount_minor confirmed text_zh") == [
        "Approved",
        "refund",
        "R-1/1",
        "S-1",
        2_800,
        False,
        "已受理",
    ]
    assert len(refunded["rrn"]) == 12
    assert date.fromisoformat(refunded["expected_by"]) > date.fromisoformat(refunded["host_day"])
    assert said(counter, "status", "R-1") == refunded
    assert said(counter, "journal", "verify") == {"rows": len(rows(counter))}


def rows(counter: Counter) -> list[Any]:
    found: list[Any] = json.loads(counter.posrefund("journal", "show", "--rows", "--json"))
    return found


def test_declined(counter: Counter) -> None:
    said(counter, "sign-in", "--accept-clock")
    counter.server.host.faults.add(Fault("code", mti="0200", code="51"))
    declined = said(counter, *SALE, exit_code=10)
    assert some(declined, "type code reason confirmed") == ["Declined", "51", None, None]
    assert declined["clerk_zh"]
    assert declined["clerk_en"]


def test_what_waits_for_a_second_person(counter: Counter) -> None:
    careful(counter, "approval_from_minor = 1")
    said(counter, "sign-in", "--accept-clock")
    said(counter, *SALE)
    with pytest.raises(RefusedError, match="approval_needed"):
        counter.posrefund(*REFUND, "--json")

    (waiting,) = json.loads(counter.posrefund("approvals", "--json"))
    assert (waiting["type"], waiting["state"]) == ("Approval", "AWAITING_APPROVAL")
    assert (waiting["amount_minor"], waiting["currency"]) == (12_800, "156")
    assert (waiting["card_masked"], waiting["maker"]) == ("620000******0005", "01")
    asked = said(counter, "status", "R-1", exit_code=12)
    assert asked == {name: waiting[name] for name in asked}
    yes = said(counter, "approve", "R-1", "--by", "02", "--digest", waiting["digest"])
    assert (yes["state"], yes["checker"]) == ("CLEARED", "02")
    assert said(counter, "withdraw", "R-1", "--by", "01")["state"] == "CANCELLED"
    assert counter.posrefund("approvals", "--json") == "[]\n"


def test_a_batch_and_a_hold_and_the_retention(counter: Counter) -> None:
    said(counter, "sign-in", "--accept-clock")
    said(counter, *SALE)
    hold = ("hold", "S-1", "--by", "07", "--why", "order 4711")
    assert said(counter, *hold, "--kind", "legal") == {"original_id": "S-1", "holds": ["legal"]}
    assert said(counter, *hold, "--kind", "legal", "--lift")["holds"] == []

    kept = said(counter, "retention")
    assert (kept["cards"], kept["contacts"], kept["records_until"]) == (0, 0, None)
    closed = said(counter, "close-batch")
    assert (closed["batch"], closed["next_batch"]) == ("000001", "000002")
    assert (closed["verdict"], closed["doubts"]) == ("balanced", [])
    assert said(counter, "close-batch", "--reprint") == closed


def test_contacts_days_of_the_settings(counter: Counter) -> None:
    path = counter.folder / "posrefund.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}\n[retention]\ncontacts_days = 0\n", encoding="utf-8")
    said(counter, "sign-in", "--accept-clock")
    said(counter, *SALE)
    said(counter, *REFUND, "--contact", "+8613800138000")
    assert said(counter, "retention")["contacts"] == 0  # its notice is not delivered yet
    assert "已销毁：封存卡号 0" in counter.posrefund("retention", "--lang", "zh")


def test_doubt_and_what_could_not_be_sent(folder: Path) -> None:
    gone: Any = None
    shop = Counter(folder, gone, gone)
    doubt = said(shop, "status", "R-2", exit_code=11)
    assert some(doubt, "type state reason needs_people code") == [
        "InDoubt",
        "IN_DOUBT",
        "no_reply",
        False,
        None,
    ]
    assert said(shop, "status", "R-1")["is_overdue"] is True

    unsent = said(shop, "sale", "S-9", "--amount", "1.00", "--card", CARD, exit_code=12)
    assert some(unsent, "type reason amount_minor") == ["NotSent", "unreachable", 100]
    assert len(unsent["addresses"]) == 1
    assert datetime.now(UTC).date() >= date.fromisoformat(unsent["host_day"]) - timedelta(days=1)
