"""Each category of the closed set comes out of a story of its own, with its state, its case and its money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, get_args

import pytest

from engine.builders import NOW, TODAY
from journal.builders import dump, know, open_journal, sums
from office.books import OTHERS, THREE, TOMORROW, YESTERDAY, found_in, put, read, state_of
from office.files.samples import ALIPAY, WECHAT, ZM_LINE
from office.lines import REFUND_LINE, line
from posrefund.engine.exceptions import CATEGORIES, EXCEPTIONS, Category, needs_somebody
from posrefund.errors import DecodeError
from posrefund.office import Reconciliation, cases, keep_file_fault, reconcile
from posrefund.office.files import FeeRule, layout, load_layout
from posrefund.values import PAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from posrefund.engine import Action
    from posrefund.journal import SQLiteJournal

RRN = {"rrn": "606810000123"}
"""What the answer to the refund of ``REFUND_LINE`` named."""
SALE = "000003"
"""The number of S-1, which REFUND_LINE names."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SQLiteJournal]:
    with open_journal(path) as opened:
        opened.commit([know("S-1"), know("S-2")])
        yield opened


def read_zm(journal: SQLiteJournal, raw: bytes, fee: FeeRule | None = None) -> Reconciliation:
    known = replace(layout("unionpay-zm"), fee=fee)
    return reconcile(journal, raw, file_day=TODAY, now=NOW, layout=known)


# --- the stories -----------------------------------------------------------------------------


def match(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED", facts=RRN)
    return read(journal, REFUND_LINE)


def late_match(journal: SQLiteJournal) -> Reconciliation:
    """Sent right before the cut-over and booked two days later: only the reference number still tells."""
    put(journal, "ACCEPTED", facts=RRN)
    return read(journal, REFUND_LINE, day=date(2026, 3, 11), whole=False)


def resolved_yes(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "IN_DOUBT")
    return read(journal, REFUND_LINE)


def resolved_no(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "IN_DOUBT")
    for day in (YESTERDAY, TODAY):
        read(journal, OTHERS, day=day)
    return read(journal, OTHERS, day=TOMORROW)


def journal_only(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED", facts=RRN)
    for day in (YESTERDAY, TODAY):
        read(journal, OTHERS, day=day)
    return read(journal, OTHERS, day=TOMORROW)


def host_only(journal: SQLiteJournal) -> Reconciliation:
    return read(journal, REFUND_LINE)


def declined_but_booked(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "DECLINED")
    return read(journal, REFUND_LINE)


def amount(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED", facts=RRN)
    return read(journal, line(amount="000000001001"))


def currency(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED")
    return reconcile(journal, ALIPAY.encode(), file_day=TODAY, now=NOW, layout=layout("alipay"))


def sign(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED")
    return read_zm(journal, ZM_LINE.replace("D000000000994", "C000000000994").encode())


def duplicate_host(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "CONFIRMED", facts=RRN)
    return read(journal, REFUND_LINE, REFUND_LINE)


def duplicate_journal(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED", facts=RRN)
    put(journal, "ACCEPTED", "R-2", "000008", facts=RRN)
    return read(journal, REFUND_LINE)


def orig_mismatch(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED", facts=RRN)
    return read(journal, line(original_stan="000004"))


def over_refund(journal: SQLiteJournal) -> Reconciliation:
    """Of S-1, 100.00, ours gave back 10.00; 90.01 came from elsewhere."""
    journal.commit([know("S-3", 10_000, stan="000033", rrn="606710000044")])
    put(journal, "CONFIRMED", "R-3", "000009")
    return read(journal, line(amount="000000009001", original_stan="000033", stan="000055"))


def bounced(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "CONFIRMED")
    raw = WECHAT.replace("PROCESSING", "CHANGE").encode()
    return reconcile(journal, raw, file_day=TODAY, now=NOW, layout=layout("wechat"))


def fee(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED")
    return read_zm(journal, ZM_LINE.encode(), FeeRule(6_000, 0))  # 0.06 came back


def wrong_fee(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "ACCEPTED")
    return read_zm(
        journal, ZM_LINE.replace("C000000000006", "C000000000000").encode(), FeeRule(6_000, 0)
    )


def open_case(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "MISMATCHED")
    return read(journal, REFUND_LINE)


def pending(journal: SQLiteJournal) -> Reconciliation:
    put(journal, "SENT")
    return read(journal, REFUND_LINE)


Story = tuple[Category, "Callable[[SQLiteJournal], Reconciliation]", str, str]
STORIES: list[Story] = [
    ("MATCH", match, "R-1", "CONFIRMED"),
    ("LATE_MATCH", late_match, "R-1", "CONFIRMED"),
    ("RESOLVED_YES", resolved_yes, "R-1", "CONFIRMED"),
    ("RESOLVED_NO", resolved_no, "R-1", "MANUAL"),
    ("JOURNAL_ONLY", journal_only, "R-1", "MISMATCHED"),
    ("HOST_ONLY", host_only, "", ""),
    ("DECLINED_BUT_BOOKED", declined_but_booked, "R-1", "MISMATCHED"),
    ("AMOUNT", amount, "R-1", "MISMATCHED"),
    ("CURRENCY", currency, "R-1", "MISMATCHED"),
    ("SIGN", sign, "R-1", "MISMATCHED"),
    ("DUPLICATE_HOST", duplicate_host, "R-1", "MISMATCHED"),
    ("DUPLICATE_JOURNAL", duplicate_journal, "R-2", "MISMATCHED"),
    ("ORIG_MISMATCH", orig_mismatch, "R-1", "MISMATCHED"),
    ("OVER_REFUND", over_refund, "", ""),
    ("BOUNCED", bounced, "R-1", "BOUNCED"),
    ("FEE", wrong_fee, "R-1", "CONFIRMED"),
    ("OPEN_CASE", open_case, "R-1", "MISMATCHED"),
    ("PENDING", pending, "R-1", "SENT"),
]


def test_every_category_has_a_story() -> None:
    assert {name for name, *_ in STORIES} | {"FILE_FAULT"} == set(CATEGORIES)


@pytest.mark.parametrize(
    ("category", "story", "request_", "state"), STORIES, ids=[name for name, *_ in STORIES]
)
def test_story_ends_in_its_category_with_a_case_where_one_is_needed(
    journal: SQLiteJournal,
    path: Path,
    category: Category,
    story: Callable[[SQLiteJournal], Reconciliation],
    request_: str,
    state: str,
) -> None:
    found = story(journal)

    assert category in [each.category for each in found.findings]
    if request_:
        assert state_of(journal, request_) == state
    about = [case for case in cases(journal) if case.category == category]
    assert len(about) == needs_somebody(category)
    assert all(case.attempt_id == (f"{request_}/1" if request_ else "") for case in about)
    assert (found.unaccounted.count, found.unaccounted.sum_minor) == (0, 0)
    journal.verify()
    for file in path.parent.iterdir():
        assert b"6200000000000005" not in file.read_bytes()


@pytest.mark.parametrize(
    ("category", "story", "request_", "state"), STORIES, ids=[name for name, *_ in STORIES]
)
def test_a_file_read_again_writes_nothing(
    journal: SQLiteJournal,
    path: Path,
    category: Category,
    story: Callable[[SQLiteJournal], Reconciliation],
    request_: str,
    state: str,
) -> None:
    once = story(journal)
    raw, known = _FILES[story.__name__]
    chain = dump(path)
    again = reconcile(
        journal, raw, file_day=once.file_day, now=NOW, layout=known, line_count=_count(once)
    )

    assert dump(path) == chain
    assert again.file == once.file
    assert len(cases(journal)) == len({case.case_id for case in cases(journal)})


def _count(found: Reconciliation) -> int | None:
    return found.file.count if found.is_whole else None


ZM, WX, ALI = (layout(name) for name in ("unionpay-zm", "wechat", "alipay"))
ACOM = f"{REFUND_LINE}\n".encode()
TOMORROWS = f"{OTHERS.replace('0309100000', '0310100000')}\n".encode()
_FILES = {
    **dict.fromkeys(
        [
            *("match", "late_match", "resolved_yes", "host_only", "declined_but_booked"),
            *("duplicate_journal", "open_case", "pending"),
        ],
        (ACOM, None),
    ),
    "resolved_no": (TOMORROWS, None),
    "journal_only": (TOMORROWS, None),
    "duplicate_host": (ACOM * 2, None),
    "amount": (f"{line(amount='000000001001')}\n".encode(), None),
    "orig_mismatch": (f"{line(original_stan='000004')}\n".encode(), None),
    "over_refund": (
        f"{line(amount='000000009001', original_stan='000033', stan='000055')}\n".encode(),
        None,
    ),
    "currency": (ALIPAY.encode(), ALI),
    "sign": (ZM_LINE.replace("D000000000994", "C000000000994").encode(), ZM),
    "bounced": (WECHAT.replace("PROCESSING", "CHANGE").encode(), WX),
    "wrong_fee": (
        ZM_LINE.replace("C000000000006", "C000000000000").encode(),
        replace(ZM, fee=FeeRule(6_000, 0)),
    ),
}


# --- the fine print --------------------------------------------------------------------------


def test_right_fee_is_a_match(journal: SQLiteJournal) -> None:
    assert found_in(fee(journal)) == [("MATCH", "R-1/1", 1)]
    assert cases(journal) == []


def test_amount_counts_even_where_reference_date_and_time_agree(journal: SQLiteJournal) -> None:
    """dbop.c of chinaljp/posp updates by reference, date and time alone: a wrong amount is a match there."""
    put(journal, "ACCEPTED", facts=RRN)
    found = read(journal, line(stan="000070", amount="000000001100"))

    assert found_in(found) == [("HOST_ONLY", None, 1)]
    assert state_of(journal) == "ACCEPTED"


def test_reference_number_finds_a_booking_under_another_trace_number(
    journal: SQLiteJournal,
) -> None:
    put(journal, "ACCEPTED", facts=RRN)

    assert found_in(read(journal, line(stan="000070"))) == [("MATCH", "R-1/1", 1)]
    assert state_of(journal) == "CONFIRMED"


@pytest.mark.parametrize(
    ("day", "category"),
    [(8, "MATCH"), (9, "MATCH"), (10, "LATE_MATCH"), (11, "LATE_MATCH"), (12, "HOST_ONLY")],
)
def test_a_booking_may_stand_in_the_files_of_four_days(
    journal: SQLiteJournal, day: int, category: str
) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    row = line(transmitted=f"03{day:02d}100000")
    found = read(journal, row, day=date(2026, 3, day), whole=False)

    assert [each.category for each in found.findings] == [category]


def test_new_year_lies_between_a_sale_and_its_refund(tmp_path: Path) -> None:
    with open_journal(tmp_path / "new.db") as journal:
        journal.commit([know("S-1", transaction_date=date(2025, 12, 31))])
        put(journal, "ACCEPTED", host_day=date(2026, 1, 2))
        row = line(transmitted="0102100000", original_transmitted="1231233000")
        found = read(journal, row, day=date(2026, 1, 2))

        assert found_in(found) == [("MATCH", "R-1/1", 1)]


@pytest.mark.parametrize(
    ("stan", "when", "category"),
    [
        (SALE, "0308233000", "MATCH"),
        (SALE, "0309000100", "MATCH"),  # two sides of midnight
        (SALE, "0301233000", "ORIG_MISMATCH"),
        (SALE, "0000000000", "MATCH"),
        ("000000", "0301233000", "MATCH"),
        ("      ", "          ", "MATCH"),
        ("000004", "0308233000", "ORIG_MISMATCH"),
    ],
)
def test_row_that_names_another_sale_is_a_case_and_one_that_names_none_is_not(
    journal: SQLiteJournal, stan: str, when: str, category: str
) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    found = read(journal, line(original_stan=stan, original_transmitted=when))

    assert [each.category for each in found.findings] == [category]


def test_card_and_time_suggest_and_decide_nothing(journal: SQLiteJournal, path: Path) -> None:
    put(journal, "IN_DOUBT", card_fingerprint=journal.fingerprint(_pan()))
    found = read(journal, line(stan="000070", rrn="606810000777"))

    assert [(each.category, each.suggests) for each in found.findings] == [("HOST_ONLY", "R-1/1")]
    assert state_of(journal) == "IN_DOUBT"
    (case,) = cases(journal)
    assert case.facts["suggests"] == "R-1/1"
    assert b"6200000000000005" not in path.read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "000000001001"},
        {"transmitted": "0309103000"},
        {"transmitted": "0308100000"},
        {"terminal": "87654321"},
        {"mti": "0200"},
    ],
)
def test_row_that_is_not_near_suggests_nothing(
    journal: SQLiteJournal, changes: dict[str, str]
) -> None:
    put(journal, "IN_DOUBT", card_fingerprint=journal.fingerprint(_pan()))
    found = read(journal, line(**{"stan": "000070", "rrn": "606810000777"} | changes))

    assert [each.suggests for each in found.findings if each.row] == [""] * len(found.findings)


def test_over_refund_counts_every_row_that_names_the_sale(journal: SQLiteJournal) -> None:
    """Two of 50.01 are each less than the sale and together more: no order of the rows may hide it."""
    journal.commit([know("S-4", 10_000, stan="000044", rrn="606710000045")])
    named = [
        line(amount="000000005001", stan=stan, rrn=f"6068{stan}99", original_stan="000044")
        for stan in ("000055", "000056")
    ]

    for order in (named, named[::-1]):
        found = read(journal, *order)
        assert [each.category for each in found.findings] == ["OVER_REFUND", "OVER_REFUND"]
    assert read(journal, named[0]).count("OVER_REFUND") == 0


def test_refund_that_came_back_frees_what_it_held(journal: SQLiteJournal) -> None:
    put(journal, "ACCEPTED")
    assert sums(journal) == (0, 1_000)
    raw = WECHAT.replace("PROCESSING", "CHANGE").encode()
    reconcile(journal, raw, file_day=TODAY, now=NOW, layout=WX)

    assert (state_of(journal), sums(journal)) == ("BOUNCED", (0, 0))


@pytest.mark.parametrize(
    ("before", "category", "after"),
    [
        ("ACCEPTED", "BOUNCED", "BOUNCED"),
        ("CONFIRMED", "BOUNCED", "BOUNCED"),
        ("BOUNCED", "BOUNCED", "BOUNCED"),
        ("IN_DOUBT", "OPEN_CASE", "IN_DOUBT"),
        ("SENT", "PENDING", "SENT"),
        ("DECLINED", "DECLINED_BUT_BOOKED", "MISMATCHED"),
    ],
)
def test_return_bounces_what_was_booked_and_nothing_else(
    journal: SQLiteJournal, before: str, category: str, after: str
) -> None:
    put(journal, before)
    raw = WECHAT.replace("PROCESSING", "CHANGE").encode()
    found = reconcile(journal, raw, file_day=TODAY, now=NOW, layout=WX)

    assert category in [each.category for each in found.findings]
    assert state_of(journal) == after


RETURNS = load_layout("""
name = "returns"
form = "csv"
columns = [
    { name = "tid", role = "terminal" },
    { name = "trace", type = "digits", role = "stan" },
    { name = "auth", type = "word", role = "auth_code" },
    { name = "of", type = "word", role = "original_stan" },
    { name = "when", type = "word", role = "original_time" },
    { name = "what", type = "word" },
    { name = "cents", type = "minor", role = "amount" },
    { name = "at", type = "time", role = "time", form = "MMDDhhmmss" },
]
kind = [ { is = "return", when = { what = "B" } }, { is = "refund", when = { what = "R" } } ]
""")
HEAD = "tid,trace,auth,of,when,what,cents,at\n"


@pytest.mark.parametrize(
    ("row", "category"),
    [
        ("12345678,000900,,000007,0309100000,B,1000,0325100000", "BOUNCED"),
        ("12345678,000900,,000007,0310000100,B,1000,0325100000", "BOUNCED"),
        ("12345678,000900,,000007,0309100000,B,999,0325100000", "AMOUNT"),
        ("12345678,000900,,000007,0301100000,B,1000,0325100000", "HOST_ONLY"),
        ("12345678,000900,,000008,0309100000,B,1000,0325100000", "HOST_ONLY"),
        ("12345678,000900,,000007,,B,1000,0325100000", "HOST_ONLY"),
    ],
)
def test_return_weeks_later_is_known_by_number_and_day_of_its_refund(
    journal: SQLiteJournal, row: str, category: str
) -> None:
    put(journal, "CONFIRMED")
    source = f"{HEAD}{row}\n".encode()
    found = reconcile(journal, source, file_day=date(2026, 3, 25), now=NOW, layout=RETURNS)

    assert [each.category for each in found.findings] == [category]
    assert state_of(journal) == ("BOUNCED" if category == "BOUNCED" else "CONFIRMED")


@pytest.mark.parametrize(("auth", "suggests"), [("654321", "R-1/1"), ("999999", ""), ("", "")])
def test_authorisation_suggests_where_there_is_no_card(
    journal: SQLiteJournal, auth: str, suggests: str
) -> None:
    put(journal, "ACCEPTED", facts={"auth_code": "654321"})
    source = f"{HEAD}12345678,000900,{auth},,,R,1000,0309100500\n".encode()
    found = reconcile(journal, source, file_day=TODAY, now=NOW, layout=RETURNS)

    assert [(each.category, each.suggests) for each in found.findings] == [("HOST_ONLY", suggests)]
    assert state_of(journal) == "ACCEPTED"


def test_corrected_file_names_the_one_it_supersedes_and_what_it_dropped_is_a_case(
    journal: SQLiteJournal,
) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    first = read(journal, REFUND_LINE, OTHERS)
    second = read(journal, OTHERS)

    assert second.supersedes == first.sha256
    assert found_in(second) == [("JOURNAL_ONLY", "R-1/1", None)]
    assert [note.get("supersedes", "") for note in journal.notes("file")] == ["", first.sha256]
    assert state_of(journal) == "CONFIRMED"
    (case,) = cases(journal)
    assert (case.category, case.attempt_id) == ("JOURNAL_ONLY", "R-1/1")


def test_files_of_two_kinds_prove_no_absence_together(journal: SQLiteJournal) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    for day in (YESTERDAY, TODAY):
        read(journal, OTHERS, day=day)
    empty = f"{ALIPAY.splitlines()[0]}\n<END>\n".encode()
    found = reconcile(journal, empty, file_day=TOMORROW, now=NOW, layout=ALI)

    assert (found.is_whole, found.findings) == (True, ())
    assert [note.get("layout") for note in journal.notes("file")] == [None, None, "alipay"]
    assert found_in(read(journal, OTHERS, day=TOMORROW)) == [("JOURNAL_ONLY", "R-1/1", None)]


def test_piece_of_a_whole_file_supersedes_nothing(journal: SQLiteJournal) -> None:
    read(journal, REFUND_LINE, OTHERS)

    assert read(journal, OTHERS, whole=False).supersedes == ""


@pytest.mark.parametrize("day", THREE)
def test_file_that_is_refused_applies_nothing_and_is_a_case_until_a_whole_one_came(
    journal: SQLiteJournal, path: Path, day: date
) -> None:
    put(journal, "ACCEPTED", facts=RRN)
    before = dump(path)
    with pytest.raises(DecodeError) as caught:
        reconcile(journal, f"{REFUND_LINE}\n", file_day=day, now=NOW, line_count=2)
    assert dump(path) == before

    case = keep_file_fault(journal, caught.value, file_day=day, now=NOW)
    assert keep_file_fault(journal, caught.value, file_day=day, now=NOW) == case
    assert (case.category, case.subject) == ("FILE_FAULT", f"file:{day}")
    read(journal, OTHERS, day=day, whole=False)
    assert [each.category for each in cases(journal)] == ["FILE_FAULT"]
    read(journal, OTHERS, day=day)
    assert cases(journal) == []


def test_a_file_is_one_commit(journal: SQLiteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(11, 14):
        journal.commit([know(f"S-{number}0", stan=f"{number:06d}", rrn=f"60671000{number:04d}")])
        put(journal, "ACCEPTED", f"R-{number}0", f"{number:06d}")
    commits: list[list[Action]] = []
    real = journal.commit

    def commit(actions: Iterable[Action]) -> None:
        commits.append(list(actions))
        real(commits[-1])

    monkeypatch.setattr(journal, "commit", commit)
    read(journal, *(line(stan=f"{n:06d}", original_stan=f"{n:06d}") for n in (11, 12, 13)))

    assert len(commits) == 1
    assert {state_of(journal, f"R-{n}0") for n in (11, 12, 13)} == {"CONFIRMED"}


def test_reference_that_may_be_a_card_number_is_not_kept(
    journal: SQLiteJournal, path: Path
) -> None:
    raw = WECHAT.replace("`R-1,", "`6200000000000005,").encode()
    found = reconcile(journal, raw, file_day=TODAY, now=NOW, layout=WX)

    assert found.count("HOST_ONLY") == 2
    assert [case.facts.get("reference") for case in cases(journal)] == ["S-9", None]
    assert "6200000000000005" not in repr(found.as_data())
    for file in path.parent.iterdir():
        assert b"6200000000000005" not in file.read_bytes()


# --- the data --------------------------------------------------------------------------------


def test_every_category_says_who_what_and_how_bad_in_two_languages() -> None:
    assert set(EXCEPTIONS) == set(get_args(Category))
    for rule in EXCEPTIONS.values():
        assert all((rule.meaning_zh, rule.meaning_en, rule.next_zh, rule.next_en))
        assert (rule.owner == "nobody") == (rule.severity == "none")
        assert not rule.meaning_zh.isascii()
        assert not rule.next_zh.isascii()
        assert rule.meaning_en.isascii()
        assert rule.next_en.isascii()


def test_nothing_that_needs_nobody_costs_anybody() -> None:
    quiet = [name for name in CATEGORIES if not needs_somebody(name)]

    assert quiet == ["MATCH", "LATE_MATCH", "RESOLVED_YES", "PENDING"]
    assert {EXCEPTIONS[name].loser for name in quiet} == {"nobody"}


def _pan() -> PAN:
    return PAN("6200000000000005")
