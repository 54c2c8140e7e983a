"""The scanner finds a card number in every notation we know, and none in what this library writes itself."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.dialects import dialect
from posrefund.dialects.redact import redactor
from posrefund.errors import ConfigError
from posrefund.office import CardData, find_card_data, find_in_database
from posrefund.values.card import mask_pan, passes_luhn
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

P16, P19, P13 = "6200000000000005", "6205500000000000004", "4012345678909"
AMEX = "37" + "8282246310005"  # 4-6-5: American Express's published test number
UNIONPAY = dialect("unionpay")


def kinds(data: str | bytes) -> list[str]:
    return [found.kind for found in find_card_data(data)]


@pytest.mark.parametrize(
    "text",
    [
        P16,
        P19,
        P13,
        AMEX,
        "4111111111111111",
        "5413330002001015",
        f"card={P16};",
        f"card{P16}",
        f"{P16}F",
        "6200 0000 0000 0005",
        "6200-0000-0000-0005",
        "6200.0000.0000.0005",
        "6200/0000/0000/0005",
        "6205 5000 0000 0000 004",
        "620550 0000000000004",
        f"{AMEX[:4]} {AMEX[4:10]} {AMEX[10:]}",
        "62 00 00 00 00 00 00 05",
        "6 2 0 0 0 0 0 0 0 0 0 0 0 0 0 5",
        P16.translate({48 + digit: 0xFF10 + digit for digit in range(10)}),  # full width
        "6200\u00a00000\u00a00000\u00a00005",
        f'{{"pan":{P16}}}',
        f"{P16}2026-03-09",
        "12 6200 0000 0000 0005 07",  # other groups beside it
        P16.encode().hex() + "0a0d0a0d",  # its text in hexadecimal
        f"{P16}0a0dff00",  # packed, with something behind it
        "0200" + "7024058020c08000" + "16" + P16 + "000000",  # a message in hexadecimal
        "0200" + "7024058020c08000" + "19" + P19 + "0" + "000000",
        "0200" + "7024058020c08000" + "19" + "0" + P19 + "000000",
        "6000000000602200000000" + "0200" + "7024058020c08000" + "16" + P16 + "000000",
        "0200" + "f024058020c08000" + "0000000000000001" + "16" + P16 + "000000",
    ],
)
def test_a_card_number_is_found_however_it_is_written(text: str) -> None:
    assert kinds(text) == ["pan"]
    assert kinds(text.encode()) == ["pan"]


@pytest.mark.parametrize(
    "text",
    [
        f"{P16}D30122010000",
        f"{P16}=30122010000",
        f";{P16}=30122010000000?",
        f"%B{P16}^DOE/J^3012201",
        f"35{P16}d3012201" + "0000012",
    ],
)
def test_a_track_is_found(text: str) -> None:
    assert "track" in kinds(text)
    assert "track" in kinds(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '"52":"5D93E81A7C40B62F"',
        "DE52 = 5D93E81A7C40B62F",
        "pin_block: 5d93e81a7c40b62f",
        "PIN block 5D93E81A7C40B62F",
        "field 52 5D93E81A7C40B62F",
    ],
)
def test_a_pin_block_beside_its_name_is_found(text: str) -> None:
    assert kinds(text) == ["pin_block"]


def test_bytes_are_looked_at_as_text_as_utf_16_and_packed() -> None:
    packed = bytes.fromhex("0200" + "7024058020c08000" + "16" + P16 + "000000")

    assert find_card_data(b"\xff\x00" + P16.encode()) == [CardData(2, 16, "pan")]
    assert kinds(P16.encode("utf-16-le")) == ["pan"]
    assert kinds(P16.encode("utf-16-be")) == ["pan"]
    assert find_card_data(b"\xff" + packed) == [CardData(12, 8, "pan")]
    assert kinds(bytes.fromhex(f"{P16}D3012201000000")) == ["track"]
    assert find_card_data("卡号 ".encode() + P16.encode()) == [CardData(7, 16, "pan")]
    assert find_card_data("卡号 " + P16) == [CardData(3, 16, "pan")]


def test_a_finding_never_says_what_it_found() -> None:
    assert P16[:6] not in repr(find_card_data(P16))


@pytest.mark.parametrize(
    "text",
    [
        mask_pan(P16),
        "*" * 12 + "0005",
        "6200000000000006",  # not by its check digit
        "0000000000000000",
        "123456789012345",  # a merchant's number
        "89831004" + "8161234",
        "606806000001 000002",  # RRN and STAN
        "000007/000002 606806000001",
        "2026-03-09 14:05:42",
        "20260309140542",
        "2026-03-09T06:05:42.123456+00:00",
        "1773036342000",  # milliseconds since 1970
        '"60":"22000007000600","61":"' + "000007" + '0000010309"',
        "00001250 00012800",
        "606814000006" + "2026-03-09",  # an RRN and a date, side by side in a page of a database
        hashlib.sha256(b"posrefund").hexdigest(),
        "123e4567-e89b-12d3-a456-426614174000",
        f"9{P16}",  # within a longer number
        f"{P16}00000000",
    ],
)
def test_what_is_no_card_number_is_not_taken_for_one(text: str) -> None:
    assert kinds(text) == []
    assert kinds(text.encode()) == []


# --- properties ------------------------------------------------------------------------------------


def with_check_digit(digits: str) -> str:
    return next(f"{digits}{last}" for last in range(10) if passes_luhn(f"{digits}{last}"))


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


numbers = st.one_of(
    *(digits(width - 3).map(lambda rest: with_check_digit(f"62{rest}")) for width in range(16, 20)),
    digits(14).map(lambda rest: with_check_digit(f"4{rest}")),
    digits(13).map(lambda rest: with_check_digit(f"53{rest}")),
    digits(12).map(lambda rest: with_check_digit(f"37{rest}")),
)
around = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=20).filter(
    lambda text: not text or text.isascii() is False or not set("0123456789") & set(text)
)
fours = st.sampled_from([" ", "-", ".", "/"])


@given(numbers, around, around, fours)
def test_property_a_number_is_found_anywhere_in_any_text(
    number: str, before: str, after: str, mark: str
) -> None:
    before = before.rstrip("abcdefABCDEF ./-\x00\u00a0") + ":"
    after = ":" + after
    grouped = mark.join(number[at : at + 4] for at in range(0, len(number), 4))
    for written in (number, grouped):
        found = find_card_data(f"{before}{written}{after}")
        assert CardData(len(before), len(written), "pan") in found
        assert find_card_data(f"{before}{written}{after}".encode())


six = digits(6)


@given(
    rrn=digits(12),
    stan=six,
    batch=six,
    amount=st.integers(0, 999_999_999_999),
    merchant=st.sampled_from(["123456789012345", "89831004" + "8161234", "103290053110234"]),
    at=st.datetimes(datetime(2024, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001
    told=st.binary(min_size=1, max_size=16),
)
def test_property_our_own_identifiers_are_no_card_numbers(
    rrn: str, stan: str, batch: str, amount: int, merchant: str, at: datetime, told: bytes
) -> None:
    moment = at.replace(tzinfo=UTC)
    lines = [
        f'{{"rrn":"{rrn}","stan":"{stan}","batch":"{batch}","amount_minor":{amount}}}',
        f'"4":"{amount:012d}","11":"{stan}","37":"{rrn}","42":"{merchant}"',
        f"{batch}/{stan} {rrn}",
        f"{rrn} {stan}",
        f"RRN {rrn} {moment:%m%d} {moment:%H%M%S}",
        f"{moment.isoformat()} {moment:%Y%m%d%H%M%S} {moment:%Y-%m-%d %H:%M:%S}",
        f"{hashlib.sha256(told).hexdigest()} {hashlib.md5(told).hexdigest()[:6].upper()}",
        mask_pan(P16),
    ]
    for line in lines:
        assert kinds(line) == [], line


@given(st.binary(max_size=300))
def test_property_any_bytes_are_looked_at_and_places_lie_within(data: bytes) -> None:
    for found in find_card_data(data):
        assert 0 <= found.offset < found.offset + found.length <= len(data)


# --- what the library writes -----------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.terminal.close()


@pytest.fixture
def told(shop: Shop) -> Shop:
    """Sales, refunds, a void, doubts and two settlement files."""
    terminal = shop.terminal
    for name, minor in (("S-1", 12_800), ("S-2", 500), ("S-4", 100)):
        terminal.sale(sale(name, minor))
    terminal.refund(refund("V-1", "S-2"))
    shop.fault("drop_reply", mti="0200")
    terminal.sale(sale("S-3", 100))
    shop.to(1, 10)
    shop.terminal.refund(refund("R-1", "S-1", 100))
    shop.fault("drop_reply")
    shop.terminal.refund(refund("R-2", "S-4", 50))
    shop.settle(0)
    shop.settle(1)
    return shop


def test_journal_of_a_shop_has_no_finding(told: Shop) -> None:
    told.terminal.close()

    assert find_in_database(told.folder / "journal.db") == []
    for name in ("keys.json", "keys.json.anchor"):
        assert find_card_data((told.folder / name).read_bytes()) == []


def test_messages_on_the_line_have_it_and_redacted_ones_do_not(shop: Shop) -> None:
    shop.link.sent.clear()
    shop.terminal.sale(sale("S-1", 12_800))
    (message,) = shop.link.sent

    assert "pan" in kinds(message)
    assert "pan" in kinds(message.hex())
    clean = redactor(UNIONPAY)(message)
    assert kinds(clean) == []
    assert kinds(clean.hex()) == []


def test_a_number_put_into_a_database_is_found(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (a TEXT)")
        db.execute("INSERT INTO t VALUES (?)", (f"pan:{P16}:",))
    db.close()

    assert kinds(path.read_bytes()) == ["pan"]
    assert find_in_database(path) == [("t.a, row 1", CardData(4, 16, "pan"))]


def test_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database at all, and longer than a page's head is")
    with pytest.raises(ConfigError, match="no database"):
        find_in_database(tmp_path / "text")


def test_twenty_thousand_digests_are_none() -> None:
    text = io.StringIO()
    for number in range(20_000):
        text.write(f'"link": "{hashlib.sha256(number.to_bytes(4, "big")).hexdigest()}"\n')

    assert find_card_data(text.getvalue()) == []
    assert find_card_data(text.getvalue().encode()) == []
