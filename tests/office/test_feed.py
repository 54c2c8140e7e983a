"""Feeds of sales: every form, every kind of wrong row, read again without a second row, and no card number kept."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from journal.builders import dump
from posrefund.engine import Approved, Original, SaleQuery
from posrefund.errors import (
    DecodeError,
    InvalidRequestError,
    JournalWriteError,
    RefusedError,
    RequestConflictError,
)
from posrefund.office import import_sales
from posrefund.office.feed_rows import read_rows
from posrefund.office.sale_rows import COLUMNS
from posrefund.values import PAN, STAN, Amount, BackToPayer, CodeRead, PayerCode, Voucher
from shop import MERCHANT, PAN_16, PAN_19, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
ROW = {
    "id": "T-1",
    "terminal": "87654321",
    "batch": "000007",
    "stan": "000042",
    "rrn": "606710000042",
    "date": "2026-03-09",
    "time": "14:05:30",
    "amount": "128.00",
    "auth_code": "654321",
    "card": PAN_16,
    "order_ref": "A-17",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.to(1, 10)
    yield made
    made.terminal.close()


def csv_of(*rows: dict[str, Any]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    return "\r\n".join(",".join(line) for line in lines).encode()


def taken(shop: Shop, data: bytes, **options: Any) -> tuple[int, int, list[str]]:
    found = import_sales(shop.terminal, data, now=NOW, **options)
    return found.new, found.known, [one.why for one in found.refused]


def expected(shop: Shop) -> Original:
    return Original(
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
        card_fingerprint=shop.terminal.journal.fingerprint(PAN(PAN_16)),
        card_last4="0005",
        order_ref="A-17",
        made_at=datetime(2026, 3, 9, 6, 5, 30, tzinfo=UTC),
    )


# --- forms -----------------------------------------------------------------------------------------

_CHINESE = {COLUMNS[name]: value for name, value in ROW.items()}


@pytest.mark.parametrize(
    ("data", "options"),
    [
        pytest.param(csv_of(ROW), {}, id="CSV"),
        pytest.param(b"\xef\xbb\xbf" + csv_of(ROW), {}, id="CSV with a mark"),
        pytest.param(csv_of(ROW).replace(b"\r\n", b"\n") + b"\n\n", {}, id="CSV of Unix"),
        pytest.param(b"\r\n" + csv_of(ROW), {}, id="CSV after an empty line"),
        pytest.param(csv_of({k: f'" {v}"' for k, v in ROW.items()}), {}, id="CSV in quotes"),
        pytest.param(csv_of(_CHINESE), {}, id="CSV in Chinese"),
        pytest.param(
            csv_of(_CHINESE).decode().encode("gbk"), {"encoding": "gbk"}, id="CSV in GBK"
        ),
        pytest.param(json.dumps([ROW], indent=1).encode(), {}, id="JSON"),
        pytest.param(json.dumps(ROW).encode() + b"\n\n", {}, id="JSON lines"),
        pytest.param(json.dumps({**ROW, "organisation": None}).encode(), {}, id="JSON with null"),
        pytest.param(
            csv_of({**ROW, "date": "20260309", "time": "140530"}), {}, id="dates without hyphens"
        ),
        pytest.param(csv_of({**ROW, "time": "2026-03-09 14:05:30"}), {}, id="time with its day"),
        pytest.param(csv_of({**ROW, "time": "2026-03-09T06:05:30Z"}), {}, id="time with its zone"),
        pytest.param(csv_of({**ROW, "amount": "128"}), {}, id="amount without fen"),
        pytest.param(csv_of({**ROW, "merchant": MERCHANT, "currency": "156"}), {}, id="all said"),
        pytest.param(
            csv_of({**{k: v for k, v in ROW.items() if k != "amount"}, "amount_minor": 12800}),
            {},
            id="amount in fen",
        ),
        pytest.param(
            csv_of({"till": ROW["terminal"], "remark": "-"} | {k: v for k, v in ROW.items() if k != "terminal"}),
            {"columns": {"till": "terminal", "remark": ""}},
            id="other names",
        ),
    ],
)  # fmt: skip
def test_every_form_gives_the_same_sale(shop: Shop, data: bytes, options: dict[str, Any]) -> None:
    assert taken(shop, data, **options) == (1, 0, [])

    assert shop.terminal.journal.all_originals() == [expected(shop)]
    assert shop.terminal.journal.verify()


def test_amount_in_fen_of_a_json_feed_is_a_whole_number(shop: Shop) -> None:
    row = {name: value for name, value in ROW.items() if name != "amount"}

    assert taken(shop, json.dumps({**row, "amount_minor": 12800}).encode()) == (1, 0, [])
    assert shop.terminal.journal.all_originals() == [expected(shop)]


def test_sale_without_an_id_is_called_by_its_slips_code(shop: Shop) -> None:
    row = {name: value for name, value in ROW.items() if name != "id"}

    assert taken(shop, csv_of(row)) == (1, 0, [])
    (sale,) = shop.terminal.journal.all_originals()
    assert sale.original_id == "R2C0WNMH5JRWQNQZA9AW"  # 87654321, 000007, 000042, 2026-03-09
    assert taken(shop, csv_of(row)) == (0, 1, [])
    assert taken(shop, csv_of(ROW)) == (0, 0, ["other_id"])


def test_settlement_day_follows_from_the_time_and_ends_at_eleven_at_night(shop: Shop) -> None:
    rows = [
        {**ROW, "time": "22:59:59"},
        {**ROW, "id": "T-2", "stan": "000043", "time": "23:00:00"},
        {**ROW, "id": "T-3", "stan": "000044", "time": "", "settlement_date": "2026-03-12"},
    ]
    taken(shop, csv_of(*({"settlement_date": "", **row} for row in rows)))

    sales = shop.terminal.journal.all_originals()
    assert [sale.settlement_date.day for sale in sales] == [9, 10, 12]
    assert sales[2].made_at is None


@pytest.mark.parametrize("shown", ["0005", "620000******0005", "620000xxxxxx0005", "****0005"])
def test_card_that_is_only_shown_in_part_leaves_its_last_digits(shop: Shop, shown: str) -> None:
    taken(shop, csv_of({**ROW, "card": shown}))

    (sale,) = shop.terminal.journal.all_originals()
    assert (sale.card_fingerprint, sale.card_last4) == ("", "0005")


# --- wrong files -----------------------------------------------------------------------------------


def refused(shop: Shop, data: bytes, **options: Any) -> InvalidRequestError | DecodeError:
    """Import what is wrong, and see that nothing of it is there."""
    before = dump(shop.folder / "journal.db")
    with pytest.raises((InvalidRequestError, DecodeError)) as caught:
        import_sales(shop.terminal, data, now=NOW, **options)
    assert dump(shop.folder / "journal.db") == before
    error = caught.value
    assert isinstance(error, InvalidRequestError | DecodeError)
    return error


@pytest.mark.parametrize(
    ("changes", "where", "wanted"),
    [
        ({"terminal": "8765432"}, "terminal", "8 printable ASCII characters"),
        ({"terminal": ""}, "terminal", "a value"),
        ({"batch": "7"}, "batch", "6 digits"),
        ({"stan": "000000"}, "stan", "6 digits, not 000000"),
        ({"rrn": "6067"}, "rrn", "12 letters, digits or spaces"),
        ({"id": "no id"}, "id", "1 to 64 of A-Z a-z 0-9 . _ : - with no run of 13 digits"),
        ({"merchant": "999999999999999"}, "merchant", "this merchant's number"),
        ({"merchant": "9"}, "merchant", "15 printable ASCII characters"),
        ({"date": "0309"}, "date", "YYYY-MM-DD"),
        ({"date": "2026-02-30"}, "date", "YYYY-MM-DD"),
        ({"date": "2026-0309"}, "date", "YYYY-MM-DD"),
        ({"date": "２０２６-03-09"}, "date", "YYYY-MM-DD"),
        ({"date": "2026-03-13"}, "date", "a day that has come, from 2000 on"),
        ({"date": "9999-12-31", "time": "23:30:00"}, "date", "a day that has come, from 2000 on"),
        ({"date": "0001-01-01", "time": "00:00:00"}, "date", "a day that has come, from 2000 on"),
        ({"date": "1999-12-31", "id": ""}, "date", "a day that has come, from 2000 on"),
        ({"": "red"}, "a column", f"one of {', '.join(COLUMNS)}"),
        ({"time": "25:00"}, "time", "hh:mm:ss, or a date and time"),
        ({"time": "2 o'clock"}, "time", "hh:mm:ss, or a date and time"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "time", "hh:mm:ss, or a date and time"),
        ({"time": "2026-03-12 14:05"}, "time", "a time near the date"),
        ({"settlement_date": "2026-03-20"}, "settlement_date", "a day near that of the sale"),
        ({"settlement_date": "x"}, "settlement_date", "YYYY-MM-DD"),
        ({"time": ""}, "settlement_date", "a date; or a time, from which it follows"),
        ({"amount": "12.345"}, "amount", "digits, at most 2 of them after a point"),
        ({"amount": "12.30", "currency": "392"}, "amount", "digits, at most 0 of them after a point"),
        ({"amount": "-1"}, "amount", "digits, at most 2 of them after a point"),
        ({"amount": "1.2e3"}, "amount", "digits, at most 2 of them after a point"),
        ({"amount": "1."}, "amount", "digits, at most 2 of them after a point"),
        ({"amount": "١٢"}, "amount", "digits, at most 2 of them after a point"),
        ({"amount": "0.00"}, "amount", "a whole number of minor units, 1 to 999999999999"),
        ({"amount": ""}, "amount", "a value"),
        ({"amount_minor": "12800"}, "amount_minor", "amount or amount_minor, not both"),
        ({"amount": "", "amount_minor": "1.5"}, "amount", "a whole number of minor units, 1 to 999999999999"),
        ({"currency": "CNY"}, "currency", "three digits, ISO 4217 numeric"),
        ({"auth_code": "12345"}, "auth_code", "6 letters, digits or spaces"),
        ({"organisation": "UNIONPAY"}, "organisation", "3 letters or digits"),
        ({"order_ref": "6200000000000005"}, "order_ref", "at most 64 printable characters, no card number"),
        ({"order_ref": "A" * 65}, "order_ref", "at most 64 printable characters, no card number"),
        ({"card": ""}, "card", "a card, or the wallet of whoever paid by a code"),
        ({"card": "6200000000000006"}, "card", "a card number that passes the Luhn check, or its last 4 digits"),
        ({"card": "62000000****00000005"}, "card", "a card number that passes the Luhn check, or its last 4 digits"),
        ({"colour": "red"}, "colour", f"one of {', '.join(COLUMNS)}"),
        ({"6200000000000005": "red"}, "a column", f"one of {', '.join(COLUMNS)}"),
        ({"终端号": "87654321"}, "terminal", "given once"),
    ],
)  # fmt: skip
def test_wrong_cell_is_named_by_line_and_column_and_nothing_is_taken_in(
    shop: Shop, changes: dict[str, str], where: str, wanted: str
) -> None:
    error = refused(shop, csv_of(ROW, {**ROW, "id": "T-2", "stan": "000043", **changes}))

    assert isinstance(error, InvalidRequestError)
    assert error.faults == ((f"line 3, {where}", wanted),)


def test_all_faults_of_a_file_are_listed_at_once(shop: Shop) -> None:
    error = refused(shop, csv_of({**ROW, "stan": "1", "card": "1"}, ROW, {**ROW, "date": "x"}))

    assert isinstance(error, InvalidRequestError)
    assert [path for path, _ in error.faults] == ["line 2, stan", "line 2, card", "line 4, date"]


def test_faults_end_at_fifty(shop: Shop) -> None:
    error = refused(shop, csv_of(*[{**ROW, "stan": "1"}] * 60))

    assert isinstance(error, InvalidRequestError)
    assert len(error.faults) == 50


@pytest.mark.parametrize(
    ("data", "path", "wanted", "column"),
    [
        (b"id,stan\nT-1", "line 2", "2 cells, found 1", 0),
        (b"id,stan,id\nT-1,1,2", "line 1", "each column once", 0),
        (b'id,stan\n"T-1,1', "line 2", "cells as RFC 4180 quotes them", 0),
        (b'id,stan\nT-0,1\n"T"-1,1', "line 3", "cells as RFC 4180 quotes them", 0),
        (b"id,stan\n\xff,1", "line 2", "text in utf-8", 0),
        (b"id,stan\nT-1,\xd6\xd0", "line 2", "text in utf-8", 4),
        (b"[{]", "line 1", "JSON, each name of an object once", 2),
        (b"[{},\n 7]", "line 2", "an object", 0),
        (b"[{}\n{}]", "line 2", "a comma or the end of the array", 0),
        (b"[{},\n]", "line 2", "JSON, each name of an object once", 0),
        (b"[{}", "line 1", "a comma or the end of the array", 0),
        (b"[]\n[]", "line 2", "nothing after the array", 0),
        (b"{}\n{} {}", "line 2", "one object", 2),
        (b"{}\n{'a': 1}", "line 2", "JSON, each name of an object once", 1),
        (b'{"stan": "1", "stan": "2"}', "line 1", "JSON, each name of an object once", 0),
        (b'{"stan": "1", " stan": "2"}', "line 1", "JSON, each name of an object once", 0),
        (b"[" + b"[" * 100_000, "line 1", "JSON, each name of an object once", 0),
        (b'{"a": ' + b"9" * 5_000 + b"}", "line 1", "JSON, each name of an object once", 0),
        (b'{"amount": 12.30}', "line 1, amount", "text or a whole number", 0),
        (b'{"amount": true}', "line 1, amount", "text or a whole number", 0),
        (b'{"card": ["6200000000000005"]}', "line 1, card", "text or a whole number", 0),
        (b'{"6200000000000005": []}', "line 1, a column", "text or a whole number", 0),
    ],
)
def test_file_that_is_none_is_refused_with_its_line(
    shop: Shop, data: bytes, path: str, wanted: str, column: int
) -> None:
    error = refused(shop, data)

    assert isinstance(error, DecodeError)
    assert (error.path, error.expected, error.offset_bytes) == (path, wanted, column)


def test_number_of_json_is_no_text_with_its_zeros(shop: Shop) -> None:
    error = refused(shop, json.dumps({**ROW, "stan": 42}).encode())

    assert isinstance(error, InvalidRequestError)
    assert error.faults == (("line 1, stan", "text, its zeros with it"),)


def test_encoding_that_is_none_is_refused(shop: Shop) -> None:
    error = refused(shop, csv_of(ROW), encoding="latin-1")

    assert str(error) == "line 1 at byte 0: expected an encoding of utf-8, gbk"


@pytest.mark.parametrize("size", [0, -1, 100_001])
def test_commit_of_no_size_is_refused(shop: Shop, size: int) -> None:
    refused(shop, csv_of(ROW), per_commit=size)


def test_file_without_sales_takes_nothing_in(shop: Shop) -> None:
    assert taken(shop, b"") == taken(shop, b"id,stan\n") == taken(shop, b"[]") == (0, 0, [])


@PROPERTY
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_rows_or_an_error_of_ours(data: bytes) -> None:
    for encoding in ("utf-8", "gbk"):
        with suppress(DecodeError):
            for row in read_rows(data, encoding=encoding):
                assert row.line >= 1


cells = st.one_of(
    st.sampled_from(
        ["", "000042", "87654321", "2026-03-09", PAN_16, "12.30", "14:05", "\x00", "A"]
    ),
    st.text(max_size=20),
)


@settings(PROPERTY, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from([*COLUMNS, "x"]), cells), min_size=1, max_size=3))
def test_any_cells_are_sales_or_faults_that_quote_no_card(
    shop: Shop, rows: list[dict[str, str]]
) -> None:
    data = json.dumps(rows).encode()
    said = ""
    try:
        import_sales(shop.terminal, data, now=NOW, dry_run=True)
    except InvalidRequestError as error:
        said = str(error)
    assert PAN_16 not in said


# --- again, and in part ----------------------------------------------------------------------------


def many(count: int) -> list[dict[str, str]]:
    return [
        {**ROW, "id": f"T-{n}", "stan": f"{n:06d}", "rrn": f"{n:012d}"} for n in range(1, count + 1)
    ]


def test_feed_that_is_read_again_changes_nothing(shop: Shop) -> None:
    data = csv_of(*many(25))
    assert taken(shop, data, per_commit=10) == (25, 0, [])
    before = dump(shop.folder / "journal.db")

    assert taken(shop, data, per_commit=7) == (0, 25, [])
    assert dump(shop.folder / "journal.db") == before


def test_feed_that_was_cut_off_between_two_commits_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the third commit: the first twenty are there, and none of the third's ten."""
    journal, real, calls = shop.terminal.journal, shop.terminal.journal.take_in, [0]

    def fails(*given: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == 3:
            raise JournalWriteError("disk full")
        return real(*given, **options)

    monkeypatch.setattr(
        type(journal), "take_in", lambda _, *given, **options: fails(*given, **options)
    )
    with pytest.raises(JournalWriteError):
        taken(shop, csv_of(*many(25)), per_commit=10)
    monkeypatch.undo()

    assert len(shop.terminal.journal.all_originals()) == 20
    assert taken(shop, csv_of(*many(25)), per_commit=10) == (5, 20, [])


def test_what_contradicts_is_named_by_its_line_and_keeps_nothing_out(shop: Shop) -> None:
    taken(shop, csv_of(*many(3)))
    rows = many(4)
    rows[1] = {**rows[1], "amount": "1.00"}

    found = import_sales(shop.terminal, csv_of(*rows), now=NOW)
    assert (found.new, found.known, found.total) == (1, 2, 4)
    assert [(one.line, one.original_id, one.why) for one in found.refused] == [
        (3, "T-2", "other_content")
    ]


def test_dry_run_says_what_would_become_of_it(shop: Shop) -> None:
    taken(shop, csv_of(*many(2)))
    before = dump(shop.folder / "journal.db")

    assert taken(shop, csv_of(*many(5)), dry_run=True) == (3, 2, [])
    assert dump(shop.folder / "journal.db") == before


def test_progress_is_told_after_each_commit(shop: Shop) -> None:
    told: list[tuple[int, int]] = []
    taken(shop, csv_of(*many(25)), per_commit=10, progress=lambda *one: told.append(one))

    assert told == [(10, 25), (20, 25), (25, 25)]


# --- what is kept, and what is refunded ------------------------------------------------------------


def test_no_card_number_of_a_feed_is_anywhere(shop: Shop) -> None:
    taken(shop, csv_of(*many(3)))
    shop.terminal.close()
    for file in shop.folder.iterdir():
        assert PAN_16.encode() not in file.read_bytes()
    shop.terminal = shop.open()


def test_sale_of_a_feed_is_found_and_refunded_to_its_card(shop: Shop) -> None:
    """The emulated host does not know another terminal's sale: its no comes from the line, not from a rule here."""
    taken(shop, csv_of(ROW))
    sale = shop.terminal.find_sales(SaleQuery(order_ref="A-17")).only

    assert sale == expected(shop)
    outcome = shop.terminal.refund(refund("R-1", "T-1", 1_000))
    assert type(outcome).__name__ in {"Approved", "Declined"}
    assert len(shop.link.sent) == 1


# --- what a code paid --------------------------------------------------------------------------------

VOUCHER = "58210526789789570802"
BY_CODE = {name: cell for name, cell in ROW.items() if name != "card"} | {"wallet": "wechat"}


@pytest.mark.parametrize(
    ("cells", "wallet"),
    [
        ({"wallet": "unionpay"}, "unionpay"),
        ({"wallet": "alipay"}, "alipay"),
        ({"wallet": "", "钱包": "微信"}, "wechat"),
        ({"wallet": "", "钱包": "云闪付"}, "unionpay"),
        ({"wallet": "", "钱包": "支付宝"}, "alipay"),
    ],
)
def test_sale_that_a_code_paid_has_its_wallet_and_its_voucher(
    shop: Shop, cells: dict[str, str], wallet: str
) -> None:
    row = {name: cell for name, cell in {**BY_CODE, **cells}.items() if cell}
    assert taken(shop, csv_of(row | {"付款凭证码": VOUCHER})) == (1, 0, [])

    (found,) = shop.terminal.journal.originals("T-1")
    unpaid = replace(expected(shop), card_fingerprint="", card_last4="")
    assert found == replace(unpaid, wallet=wallet, voucher=VOUCHER)
    assert VOUCHER not in repr(found)


@pytest.mark.parametrize(
    ("changes", "where", "wanted"),
    [
        ({"wallet": ""}, "card", "a card, or the wallet of whoever paid by a code"),
        ({"card": PAN_16}, "card", "a card, or the wallet of whoever paid by a code"),
        (
            {"wallet": "", "card": PAN_16, "voucher": VOUCHER},
            "voucher",
            "nothing where a card paid",
        ),
        ({"wallet": "paypal"}, "wallet", "one of unionpay, wechat, alipay"),
        ({"wallet": PAN_16}, "wallet", "one of unionpay, wechat, alipay"),
        ({"voucher": "1234567"}, "voucher", "8 to 30 letters, digits, - or _"),
        ({"voucher": PAN_16}, "voucher", "a voucher, no card number"),
        ({"voucher": PAN_19}, "voucher", "a voucher, no card number"),
    ],
)
def test_wrong_word_about_a_code_is_named_and_not_repeated(
    shop: Shop, changes: dict[str, str], where: str, wanted: str
) -> None:
    error = refused(shop, csv_of(ROW | {"id": "T-2", "stan": "000043"}, {**BY_CODE, **changes}))

    assert isinstance(error, InvalidRequestError)
    assert error.faults == ((f"line 3, {where}", wanted),)
    assert shop.terminal.journal.all_originals() == []


def test_sale_of_a_feed_is_paid_back_to_whoever_paid_by_the_voucher_of_the_feed(
    tmp_path: Path,
) -> None:
    """Sold by a till whose journal is elsewhere, at the same host; this one knows it by the feed alone."""
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    there = Shop(tmp_path / "there")
    there.terminal.sale(sale("S-1", 12_800, CodeRead(PayerCode("6201234567890123451"))))
    (sold,) = there.terminal.journal.originals("S-1")
    there.terminal.close()
    here = Shop(tmp_path / "here")
    here.host, here.link, here.host_time = there.host, there.link, there.host_time
    here.restart()
    here.to(1, 10)
    row = {
        "id": "T-1", "terminal": sold.terminal, "batch": sold.batch, "stan": sold.stan, "rrn": sold.rrn,
        "date": f"{sold.transaction_date}", "time": "14:05", "amount": "128.00", "wallet": sold.wallet,
    }  # fmt: skip
    assert taken(here, csv_of(row | {"voucher": sold.voucher})) == (1, 0, [])

    outcome = here.terminal.refund(refund("R-1", "T-1", 2_800, BackToPayer()))
    assert isinstance(outcome, Approved)
    assert here.booked("refund") == [2_800]
    assert here.host.ledger.entries()[-1].voucher == sold.voucher
    assert f"A4020{sold.voucher}".encode("ascii") in here.link.sent[-1]
    with pytest.raises(RefusedError) as card:
        here.terminal.refund(refund("R-2", "T-1", 100))
    assert card.value.code == "other_method"
    here.terminal.journal.verify()
    here.terminal.close()


def test_feed_without_the_voucher_wants_it_from_the_slip_and_a_second_person(shop: Shop) -> None:
    taken(shop, csv_of(BY_CODE))
    for payer, code in (
        (BackToPayer(), "voucher_needed"),
        (BackToPayer(Voucher(PAN_16)), "voucher_needed"),
        (BackToPayer(Voucher(VOUCHER)), "approval_needed"),
    ):
        with pytest.raises(RefusedError) as caught:
            shop.terminal.refund(refund("R-1", "T-1", 1_000, payer))
        assert caught.value.code == code
    assert shop.link.sent == []
    shop.terminal.close()
    for file in shop.folder.iterdir():
        assert PAN_16.encode() not in file.read_bytes()
    shop.terminal = shop.open()


def test_one_payment_is_one_sale_whatever_ids_it_comes_under(shop: Shop) -> None:
    row = {**BY_CODE, "voucher": VOUCHER}
    twice = csv_of(row, row | {"id": "T-2", "stan": "000043"})
    taken_in, known, refusals = taken(shop, twice)
    assert (taken_in, known) == (1, 0)
    assert refusals == ["other_id"]
    assert [sale.original_id for sale in shop.terminal.journal.all_originals()] == ["T-1"]
    assert taken(shop, csv_of(BY_CODE | {"id": "T-3", "stan": "000044"}))[0] == 1

    with pytest.raises(RefusedError) as caught:  # typed, and another sale's
        shop.terminal.refund(refund("R-1", "T-3", 1_000, BackToPayer(Voucher(VOUCHER))))
    assert caught.value.code == "other_voucher"
    assert shop.link.sent == []


def test_one_sale_at_a_time_keeps_wallet_and_voucher(shop: Shop) -> None:
    taken(shop, csv_of(BY_CODE | {"voucher": VOUCHER}))
    (model,) = shop.terminal.journal.originals("T-1")
    other = replace(model, original_id="T-9", stan=STAN("000099"), voucher="58210526789789570899")

    for _ in range(2):
        shop.terminal.record_sale(other)
    assert shop.terminal.journal.originals("T-9") == [other]
    with pytest.raises(RequestConflictError):
        shop.terminal.record_sale(replace(other, original_id="T-10", stan=STAN("000100")))


@pytest.mark.parametrize(
    ("said", "path"), [({"wallet": PAN_16}, "wallet"), ({"voucher": PAN_16}, "voucher")]
)
def test_card_number_is_no_wallet_and_no_voucher_of_a_sale(
    shop: Shop, said: dict[str, Any], path: str
) -> None:
    taken(shop, csv_of(BY_CODE))
    (model,) = shop.terminal.journal.originals("T-1")
    other = replace(model, original_id="T-9", stan=STAN("000099"), **said)

    for record in (shop.terminal.record_sale, lambda sale: shop.terminal.record_sales([sale])):
        with pytest.raises(InvalidRequestError) as caught:
            record(other)
        assert [name for name, _ in caught.value.faults] == [path]
    assert shop.terminal.journal.originals("T-9") == []


def test_times_that_differ_in_their_zone_are_one_moment(shop: Shop) -> None:
    taken(shop, csv_of({**ROW, "time": "2026-03-09T09:05:30+03:00"}))
    (sale,) = shop.terminal.journal.all_originals()

    assert sale.made_at == expected(shop).made_at
    assert replace(sale, made_at=None) == replace(expected(shop), made_at=None)
    assert sale.made_at is not None
    assert sale.made_at.utcoffset() == timedelta(0)
