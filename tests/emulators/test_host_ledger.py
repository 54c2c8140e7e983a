"""The books: totals, plain data, the file they are kept in, and the settlement file."""

from __future__ import annotations

import json
import os
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from emulators.host_peer import CARD, TERMINAL, Peer, make_host
from posrefund.emulators.host import EmulatedHost, HostProfile, Ledger, Totals
from posrefund.emulators.host.settlement_file import WIDTHS, file_name, text, write


def busy_day(ledger: Ledger | None = None) -> EmulatedHost:
    """Return a host with two days: four sales, a void, a reversal, a refund, a refusal."""
    host, clock = make_host(ledger=ledger)
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale(10_000)
    peer.void(peer.sale(500))
    peer.reverse(peer.sale(300))
    clock.advance(timedelta(days=1))
    peer.refund(sale, 2_500)
    peer.refund(sale, 9_999)
    return host


def test_totals_count_a_void_as_credit_and_a_reversed_sale_not_at_all() -> None:
    assert busy_day().ledger.totals(TERMINAL, "000001") == Totals(2, 10_500, 2, 3_000)


def test_books_as_data_are_masked_json() -> None:
    host = busy_day()
    data = json.loads(json.dumps(host.ledger.as_data()))
    assert [row["kind"] for row in data] == ["sale", "sale", "void", "sale", "reversal", "refund"]
    assert data[-1] == {
        "kind": "refund",
        "settlement_day": "2026-03-10",
        "host_time": "2026-03-10T10:00:00+08:00",
        "terminal": "12345678",
        "merchant": "123456789012345",
        "batch": "000001",
        "stan": "000006",
        "rrn": "606910000007",
        "auth": "",
        "pan": "620000******0005",
        "entry_mode": "072",
        "processing_code": "200000",
        "amount_minor": 2500,
        "currency": "156",
        "original_rrn": "606810000002",
        "original_stan": "000002",
        "original_time": "0309100000",
        "state": "booked",
    }
    assert CARD not in json.dumps(data)


def test_books_come_back_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "books.json"
    first = busy_day(Ledger(path))
    first.close_batch(TERMINAL)
    again = Ledger.load(path)
    assert again.as_data() == first.ledger.as_data()
    assert again.refusals == first.ledger.refusals
    assert [p.name for p in tmp_path.iterdir()] == ["books.json"]
    host, clock = make_host(ledger=again)
    assert host.terminals[TERMINAL].batch == "000002"
    clock.advance(timedelta(days=1))
    peer = Peer(host)
    peer.sign_in()
    assert peer.refund({13: "0309", 37: "606810000002"}, 7_501)[39] == "61"
    assert peer.refund({13: "0309", 37: "606810000002"}, 7_500)[37] == "606910000011"


def test_used_stan_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "books.json"
    busy_day(Ledger(path))
    host, clock = make_host(ledger=Ledger.load(path))
    clock.advance(timedelta(days=1))
    peer = Peer(host)
    peer.sign_in()
    peer.stan = 6  # 000007 was the refused refund
    assert peer.refund({13: "0309", 37: "606810000002"}, 1)[39] == "94"


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_file_of_the_books_is_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "books.json"
    busy_day(Ledger(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"entries": [{}]}', '{"entries": 1}'])
def test_file_that_holds_no_books_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "books.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="no host ledger"):
        Ledger.load(path)


def test_settlement_row_is_the_literal_one() -> None:
    host = busy_day()
    assert text(host.ledger, date(2026, 3, 10), host.profile) == (
        "48021000    48021000    000006 0310100000 6200000000000005    000000002500 000000000000 "
        "000000000000 0220 200000 5411 12345678 123456789012345 606910000007 00        "
        "01020000    000002 00 072 000000000000 000000000000 C00000000000           "
        "0309100000 01020000                                       \n"
    )


def test_settlement_file_lists_what_was_undone_and_what_undid_it() -> None:
    host = busy_day()
    lines = text(host.ledger, date(2026, 3, 9), host.profile).splitlines()
    cells = [_cut(line) for line in lines]
    assert [(c[8], c[9], c[2], c[17], c[27], c[5]) for c in cells] == [
        ("0200", "000000", "000002", "000000", "0000000000", "000000010000"),
        ("0200", "000000", "000003", "000000", "0000000000", "000000000500"),
        ("0200", "200000", "000004", "000003", "0309100000", "000000000500"),
        ("0200", "000000", "000005", "000000", "0000000000", "000000000300"),
        ("0420", "000000", "000005", "000005", "0309100000", "000000000300"),
    ]
    assert {len(line) for line in lines} == {299}


def _cut(line: str) -> list[str]:
    cells, place = [], 0
    for width in WIDTHS:
        cells.append(line[place : place + width])
        assert line[place + width : place + width + 1] in (" ", "")
        place += width + 1
    return cells


def test_settlement_file_goes_by_settlement_day(tmp_path: Path) -> None:
    host, _ = make_host(HostProfile(), start="2025-12-31T23:00:00")
    peer = Peer(host)
    peer.sign_in()
    peer.sale()
    path = tmp_path / file_name(date(2026, 1, 1))
    write(path, host.ledger, date(2026, 1, 1), host.profile)
    assert path.name == "IND26010101ACOM"
    assert path.read_bytes().count(b"\n") == 1
    assert text(host.ledger, date(2025, 12, 31), host.profile) == ""
