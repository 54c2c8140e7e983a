"""What leaves the shop for support: everything that helps, nothing that may not leave, and every change shows."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canary import leaks_in
from posrefund.dialects import dialect
from posrefund.engine import Note
from posrefund.errors import DecodeError, InvalidRequestError, RefusedError
from posrefund.office import dossier, find_card_data, support_bundle, unpack
from posrefund.office.archive import pack
from posrefund.wirelog import Entry
from shop import PAN_16, TMK, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 10, 2, 0, 42, tzinfo=UTC)
SETTINGS = {
    "profile": {"dialect": "unionpay"},
    "host": {"address": "10.0.0.1", "port": 8583, "password": "hunter2"},
    "keys": {"file": "/shop/keys.json", "passphrase": "Meadowlark sings at 4"},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop after two days: a refund that was accepted and confirmed, one in doubt, a void."""
    made = Shop(tmp_path)
    for name, minor in (("S-1", 12_800), ("S-2", 500), ("S-4", 100)):
        made.terminal.sale(sale(name, minor))
    made.terminal.refund(refund("V-1", "S-2"))
    made.to(1, 10)
    made.terminal.refund(refund("R-1", "S-1", 100))
    made.terminal.refund(refund("R-3", "S-1", 200))
    made.fault("drop_reply")
    made.terminal.refund(refund("R-2", "S-4", 50))
    made.settle(0)
    yield made
    made.terminal.close()


def made_of(shop: Shop, request_id: str = "R-1") -> tuple[bytes, str]:
    terminal = shop.terminal
    made = support_bundle(
        terminal.journal,
        terminal.dialect,
        now=NOW,
        settings=SETTINGS,
        selfcheck=terminal.selfcheck(),
        wire_log=[Entry(NOW, "iso8583", 1, "frame", "sent", 3, b"\x00\x03abc")],
        request_id=request_id,
    )
    return made.data, made.head


# --- the bundle ------------------------------------------------------------------------------------


def test_bundle_has_what_support_asks_for(shop: Shop) -> None:
    shop.terminal.open_fault("printer", "no paper comes")
    data, head = made_of(shop)

    files = unpack(data, head).files

    assert list(files) == [
        "README.txt",
        "versions.json",
        "settings.json",
        "faults.jsonl",
        "journal.jsonl",
        "selfcheck.json",
        "line.jsonl",
        "dossier.zh.txt",
        "dossier.en.txt",
        "dossier.json",
    ]
    assert json.loads(files["versions.json"])["profile"]["name"] == "unionpay"
    assert json.loads(files["selfcheck.json"])["verdict"] in ("ok", "warn")
    kinds = [json.loads(line)["kind"] for line in files["faults.jsonl"].splitlines()]
    assert "printer" in kinds
    rows = [json.loads(line) for line in files["journal.jsonl"].splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert b"iso8583" in files["line.jsonl"]


def test_bundle_has_no_card_data_no_key_and_no_secret_setting(shop: Shop) -> None:
    data, _ = made_of(shop)

    for name, content in unpack(data).files.items():
        assert find_card_data(content) == [], name
        assert leaks_in(content) == set(), name
        assert TMK.hex().encode() not in content.lower()
        for secret in (b"hunter2", b"Meadowlark", b"/shop/keys.json", PAN_16.encode()):
            assert secret not in content, name
    settings = json.loads(unpack(data).files["settings.json"])
    assert settings == {
        "profile": {"dialect": "unionpay"},
        "host": {"address": "10.0.0.1", "port": 8583, "password": "(not shown)"},
        "keys": {"file": "(set)", "passphrase": "(not shown)"},
    }


def test_a_row_that_nobody_listed_is_shown_without_its_value(shop: Shop) -> None:
    shop.terminal.journal.commit(
        [Note("later_version", NOW, {"pin_hash": "scrypt$77", "by": "07"})]
    )
    data, _ = made_of(shop)

    rows = [json.loads(line) for line in unpack(data).files["journal.jsonl"].splitlines()]
    (row,) = [row for row in rows if row["kind"] == "later_version"]
    assert row["facts"] == {"pin_hash": "(not shown)", "by": "07"}
    opened = next(row for row in rows if row["kind"] == "open")
    assert opened["facts"]["attempt"]["card_fingerprint"] == "(not shown)"
    assert opened["facts"]["attempt"]["card_masked"] == "620000******0005"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"evidence": f"letter about {PAN_16}"}, "pan"),
        ({"evidence": "6200 0000 0000 0005"}, "pan"),
        ({"DE44": f"{PAN_16}D30122010000"}, "track"),
    ],
)
def test_no_bundle_is_made_of_a_journal_in_which_somebody_put_card_data(
    shop: Shop, facts: dict[str, str], kind: str
) -> None:
    shop.terminal.journal.commit([Note("planted", NOW, facts)])
    before = len(shop.terminal.journal.rows())

    with pytest.raises(InvalidRequestError) as caught:
        support_bundle(shop.terminal.journal, shop.terminal.dialect, now=NOW)

    assert {path.partition(" at byte ")[0] for path, _ in caught.value.faults} == {"journal.jsonl"}
    assert f"nothing that could be a {kind}" in [what for _, what in caught.value.faults]
    assert PAN_16 not in str(caught.value)
    assert "6200" not in str(caught.value)
    assert len(shop.terminal.journal.rows()) == before


def test_pieces_of_a_capture_stay_at_home(shop: Shop) -> None:
    piece = Entry(NOW, "iso8583", 1, "bytes", "sent", 16, PAN_16.encode())

    made = support_bundle(shop.terminal.journal, shop.terminal.dialect, now=NOW, wire_log=[piece])

    assert json.loads(unpack(made.data).files["line.jsonl"])["note"] == "not kept"


def test_the_head_stands_in_the_journal_and_the_same_content_gives_the_same_bytes(
    shop: Shop,
) -> None:
    journal, spoken = shop.terminal.journal, shop.terminal.dialect
    rows = len(journal.rows())
    first = support_bundle(journal, spoken, now=NOW, rows=3)
    assert journal.notes("bundle") == [{"head": first.head}]
    assert len(journal.rows()) == rows + 1
    lines = unpack(first.data).files["journal.jsonl"].splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [rows - 2, rows - 1, rows]

    files = unpack(first.data).files
    assert pack(files, NOW) == pack(files, NOW) == (first.data, first.head)


def test_a_request_that_nobody_knows_gives_no_bundle(shop: Shop) -> None:
    with pytest.raises(RefusedError, match="original_unknown"):
        made_of(shop, "R-99")


# --- every change shows ----------------------------------------------------------------------------


def repacked(data: bytes, change: dict[str, bytes | None]) -> bytes:
    """Return the zip with files changed, put in, or (None) left out; the manifest as it was."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        files = {name: old.read(name) for name in old.namelist()} | change
        for name, content in files.items():
            if content is not None:
                new.writestr(name, content)
    return made.getvalue()


FILES = {"a.txt": b"one\n", "b.txt": b"two\n", "c.txt": b""}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"a.txt": b"One\n"}, "a.txt"),
        ({"c.txt": b"x"}, "c.txt"),
        ({"b.txt": None}, "b.txt"),
        ({"d.txt": b"new"}, "d.txt"),
        ({"MANIFEST.json": b"{}"}, "MANIFEST.json"),
        ({"MANIFEST.json": None}, "MANIFEST.json"),
    ],
)
def test_the_file_that_was_changed_is_named(change: dict[str, bytes | None], named: str) -> None:
    data, head = pack(FILES, NOW)
    assert unpack(data, head).files == FILES

    with pytest.raises(DecodeError) as caught:
        unpack(repacked(data, change), head)

    assert caught.value.path == named


def test_a_bundle_made_anew_with_its_own_manifest_does_not_have_the_head_that_was_told() -> None:
    _, head = pack(FILES, NOW)
    other, _ = pack({**FILES, "a.txt": b"forged"}, NOW)

    assert unpack(other).files["a.txt"] == b"forged"  # without the head nobody can tell
    with pytest.raises(DecodeError, match="head"):
        unpack(other, head)


def test_order_and_time_belong_to_the_head() -> None:
    _, head = pack(FILES, NOW)

    assert pack(dict(reversed(FILES.items())), NOW)[1] != head
    assert pack(FILES, NOW.replace(second=43))[1] != head


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", bytes(100)])
def test_what_is_no_bundle_says_so(data: bytes) -> None:
    with pytest.raises(DecodeError):
        unpack(data)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_property_a_byte_changed_anywhere_shows_or_changes_nothing(place: int, flip: int) -> None:
    data, head = pack(FILES, NOW)
    changed = bytearray(data)
    changed[place % len(data)] ^= flip
    try:
        found = unpack(bytes(changed), head)
    except DecodeError:
        return
    assert (found.files, found.head) == (FILES, head)  # a byte of the zip that says nothing


# --- the dossier -----------------------------------------------------------------------------------


def test_dossier_of_a_refund_that_was_accepted(shop: Shop) -> None:
    found = dossier(shop.terminal.journal, shop.terminal.dialect, "R-1")

    text = found.text("en")
    rrn = found.attempts[-1].facts["rrn"]
    assert text.startswith("Request: R-1\nState: accepted by the host\nAmount: RMB 1.00\n")
    assert f"RRN: {rrn}\n" in text
    assert "Host's answer: 00 " in text
    assert "MAC of it: valid" in text
    assert "Sale S-1 of 2026-03-09" in text
    assert "R-3/1: RMB 2.00, accepted by the host" in text
    assert "2026-03-10 10:00:42" in text
    assert "*** REPRINT ***" in text
    zh = found.text("zh")
    assert "状态: 主机已受理" in zh
    assert "到账" not in zh
    for each in (text, zh, json.dumps(found.as_data())):
        assert find_card_data(each) == []


def test_dossier_has_the_whole_slice_of_the_journal_in_order_and_nothing_of_others(
    shop: Shop,
) -> None:
    found = dossier(shop.terminal.journal, shop.terminal.dialect, "R-1")

    expected = [
        row.seq for row in shop.terminal.journal.rows() if row.subject in ("R-1/1", "S-1", "S-1/1")
    ]
    assert [row.seq for row in found.rows] == expected
    assert [row["seq"] for row in found.as_data()["rows"]] == expected
    assert {row.subject for row in found.rows} == {"R-1/1", "S-1", "S-1/1"}


def test_dossier_of_a_doubt_has_no_slip_and_says_so(shop: Shop) -> None:
    found = dossier(shop.terminal.journal, shop.terminal.dialect, "R-2")

    assert found.slip == {}
    assert "State: in doubt: how it ended is not known" in found.text("en")
    assert "结果未知" in found.text("zh")


def test_dossier_of_a_sale_and_of_a_void(shop: Shop) -> None:
    journal, spoken = shop.terminal.journal, dialect("unionpay")

    assert dossier(journal, spoken, "S-1").original is None
    assert "sale of RMB 128.00 written down" in dossier(journal, spoken, "S-1").text("en")
    assert "登记撤销 RMB 5.00" in dossier(journal, spoken, "V-1").text("zh")


def test_dossier_of_a_request_that_waits_for_a_second_person(shop: Shop) -> None:
    with pytest.raises(RefusedError, match="original_unknown"):
        dossier(shop.terminal.journal, shop.terminal.dialect, "R-404")
