"""An answer that is nobody's says so: the key expected, the key seen, the field that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from posrefund.dialects.capture import open_capture
from posrefund.errors import LinkTimeoutError
from posrefund.office import explain
from shop import PAN_16, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    yield made
    made.terminal.close()


def held_answer(shop: Shop) -> bytes:
    """Return the answer to R-1, which is in doubt without it."""
    replies: list[bytes] = []

    def hold(reply: bytes) -> bytes:
        replies.append(reply)
        raise LinkTimeoutError("no answer in time")

    shop.link.on_reply = hold
    shop.terminal.refund(refund("R-1", "S-1", 2_800))
    shop.link.on_reply = None
    return replies[0]


def bent(reply: bytes, **fields: str) -> bytes:
    said = open_capture(reply, UNIONPAY).fields
    said |= {name.removeprefix("de"): value for name, value in fields.items()}
    return reply[:11] + UNIONPAY.codec.encode(said)


def test_nothing_is_explained_where_everything_fitted(shop: Shop) -> None:
    assert explain(shop.terminal.journal, UNIONPAY) == []


DIFFERENT = {
    "MTI": {"t": "0210"},
    "DE41": {"de41": "87654321"},
    "DE13": {"de13": "0101"},
    "DE3": {"de3": "000000"},
    "DE4": {"de4": "000000002801"},
    "DE25": {"de25": "06"},
    "DE42": {"de42": "999999999999990"},
    "DE49": {"de49": "344"},
    "DE60": {"de60": "25000008000600"},
    "DE2": {"de2": "6200000000000047"},
}


@pytest.mark.parametrize("path", DIFFERENT)
def test_every_field_of_the_key_is_named_when_it_differs(shop: Shop, path: str) -> None:
    reply = held_answer(shop)
    shop.terminal.receive_late(bent(reply, **DIFFERENT[path]))
    [found] = explain(shop.terminal.journal, UNIONPAY)
    [value] = DIFFERENT[path].values()

    assert (found.field, found.nearest, found.asked) == (path, "R-1/1", "")
    assert found.seen in (value, value[:8], "***", "620000******0047")
    assert found.expected != found.seen
    assert found.key_expected["DE11"] == found.key_seen["DE11"] == "000004"
    assert path in found.text_en
    assert path in found.text_zh


def test_another_number_is_held_against_what_was_listened_for(shop: Shop) -> None:
    shop.fault("wrong_stan")
    shop.terminal.refund(refund("R-1", "S-1", 100))
    [found] = explain(shop.terminal.journal, UNIONPAY)

    assert (found.field, found.asked, found.nearest) == ("DE11", "R-1/1", "R-1/1")
    assert found.key_expected["DE11"] == "000004"
    assert found.key_seen["DE11"] != "000004"


def test_only_what_has_to_do_with_a_request_is_asked_for(shop: Shop) -> None:
    reply = held_answer(shop)
    shop.terminal.receive_late(bent(reply, de4="000000002801"))
    shop.terminal.receive_late(b"garbage")

    assert [each.field for each in explain(shop.terminal.journal, UNIONPAY)] == ["DE4", "DE11"]
    assert [each.field for each in explain(shop.terminal.journal, UNIONPAY, "R-1")] == ["DE4"]
    assert explain(shop.terminal.journal, UNIONPAY, "R-2") == []


def test_no_card_number_is_in_what_is_explained(shop: Shop) -> None:
    reply = held_answer(shop)
    for fields in DIFFERENT.values():
        shop.terminal.receive_late(bent(reply, **fields))
    said = repr(explain(shop.terminal.journal, UNIONPAY))

    assert "6200000000000047" not in said
    assert PAN_16 not in said
    assert "999999999999990" not in said
