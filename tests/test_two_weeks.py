"""The two-week story: it ends with both books equal, every exception closed, and no card data in anything that it wrote."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
CARDS = (b"6200000000000005", b"6200000000000047", b"6205500000000000004")

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The store after the story, and the folder of all that it wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        import two_weeks  # type: ignore[import-not-found]

        yield two_weeks.play(tmp_path_factory.mktemp("story"))
        for name in ("two_weeks", "two_weeks_shop"):
            del sys.modules[name]


def test_every_refund_ends_as_it_must_and_the_books_are_equal(played: Any) -> None:
    """``play`` itself asserts the end: nothing undecided, no case open, no notice waiting, difference 0."""
    happened = dict(played.happened)
    assert len(played.refunds) == 60
    assert happened["full: Approved"] + happened["partial: Approved"] == 30
    assert happened["second person: Approved"] == happened["approved by a second person"] == 6
    assert happened["answer lost: InDoubt"] + happened["bad MAC: InDoubt"] == 5
    assert happened["file: RESOLVED_YES"] == 5
    assert happened["case: RESOLVED_NO"] == happened["request lost: InDoubt"] == 2
    assert happened["outage: NotSent"] == 3
    assert happened["made again: Approved"] == 5
    assert happened["case: AMOUNT"] == 1
    assert happened["too late: window_expired"] == 1
    assert sum(count for what, count in happened.items() if what.startswith("self-check")) == 54


def test_each_change_that_a_customer_can_see_is_told_once(played: Any) -> None:
    lines = (played.folder / "notices.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert len({each["id"] for each in told}) == len(told) == played.happened["notices delivered"]
    by_request: dict[str, list[str]] = {}
    for each in told:
        by_request.setdefault(each["request_id"], []).append(each["kind"])
    assert by_request["R-01"] == ["accepted", "confirmed"]
    assert ["checking", "accepted", "confirmed"] in by_request.values()  # an answer that was lost
    assert ["checking", "not_refunded", "accepted", "confirmed"] in by_request.values()
    assert all(kinds[-1] == "confirmed" for kinds in by_request.values())


def test_a_scanner_of_its_own_finds_no_card_in_anything_that_was_written(played: Any) -> None:
    files = {path: path.read_bytes() for path in played.folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(played.folder / "bundle.zip") as bundle:
        files |= {Path(name): bundle.read(name) for name in bundle.namelist()}
    assert {
        "journal.db",
        "notices.jsonl",
        "report.zh.html",
        "R-01.txt",
        "line.jsonl",
        "journal.jsonl",
    } <= {path.name for path in files}
    for path, data in files.items():
        digits = re.sub(rb"(?<=[0-9])[ .-](?=[0-9])", b"", data)
        for card in CARDS:
            assert card not in data, path
            assert card not in digits, path
            assert bytes.fromhex(card.decode().ljust(20, "F")[: 2 * (len(card) // 2)]) not in data


def test_slips_say_accepted_and_show_four_digits_of_the_card(played: Any) -> None:
    slips = [path.read_text("utf-8") for path in (played.folder / "slips").iterdir()]
    assert len(slips) > 40
    for text in slips:
        assert "已受理" in text
        assert "到账" not in text
        assert re.search(r"\*{8,}[0-9]{4} I", text)


def test_report_balances_and_fetches_nothing(played: Any) -> None:
    sold = sum(each.amount_minor for each in played.host.ledger.entries() if each.kind == "sale")
    for language in ("zh", "en"):
        page = (played.folder / f"report.{language}.html").read_text("utf-8")
        assert f"¥{sold / 100:,.2f}" in page  # the host's own books
        assert not re.search(r"(?:src|href)=[\"']?https?:", page)
        assert "到账" not in page
