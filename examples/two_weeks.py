"""Two weeks of a shop with three terminals, in virtual time: 500 sales, 60 refunds and everything that goes wrong.

Run it: ``python examples/two_weeks.py [FOLDER]``. Full and partial refunds, voids, refusals by rules, second persons with
PINs, lost answers, a host that is gone for hours, sales behind the cut-over at 23:00, settlement files that come late,
cut short and wrong. It ends with both books equal to the last fen, every exception a case that was closed, no card
number anywhere beyond its mask, and in FOLDER slips, notices, a support bundle and a report of the month as one page.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from two_weeks_shop import FIRST, Store, Till, ask, refund, sell

from posrefund import Statement
from posrefund.emulators.host import settlement_file as host_file
from posrefund.engine import State
from posrefund.engine.calendar import Arrival
from posrefund.errors import DecodeError
from posrefund.journal import Moment
from posrefund.office import (
    cases,
    close_case,
    find_card_data,
    find_in_database,
    follow_up,
    keep_file_fault,
    reconcile,
    support_bundle,
    unpack,
    watch,
)
from posrefund.office.report import Period, as_html, make_report
from posrefund.wirelog import read_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAYS, FILES_UNTIL = 14, 18
SALES = 500
LATE_DAYS = {4, 11}
"""On these days there are sales after 23:00: they belong to the host's next day."""
OUTAGE = (6, time(14), time(18))
LATE_FILE, CUT_FILE, WRONG_FILE = 5, 3, 9
"""A file that comes two days late, one that comes cut short at first, and one with a row that is wrong."""

KINDS = {
    "full": 14,
    "partial": 16,
    "void": 6,
    "second person": 6,
    "answer lost": 4,
    "request lost": 2,
    "bad MAC": 1,
    "outage": 3,
    "other card": 3,
    "too much": 2,
    "too early": 2,
    "too late": 1,
}
"""What the sixty refunds are."""
ENDED = {State.CONFIRMED, State.DECLINED, State.NOT_SENT, State.RELEASED}


# --- days ----------------------------------------------------------------------------------------

Event = tuple[int, time, "Callable[[], None]"]


def plan(store: Store) -> list[Event]:
    """Return what happens when: opening, sales, refunds, an outage, closing and the files of the days before."""
    events: list[Event] = []
    for day in range(FILES_UNTIL):
        events += [
            (day, time(9), store.open),
            (day, time(10), lambda day=day: morning(store, day)),
        ]
    events.append((CUT_FILE + 1, time(15), lambda: read_file(store, CUT_FILE)))
    for day in range(DAYS):
        events.append((day, time(22, 30), store.close))
    for number in range(SALES):
        day = number * DAYS // SALES
        is_late = day in LATE_DAYS and number % 9 == 0
        when = time(23, store.chance.randint(5, 50)) if is_late else a_time(store, before_h=21)
        events.append((day, when, lambda number=number: sell(store, number)))
    own_days = ("outage", "too late")
    kinds = [kind for kind, count in KINDS.items() for _ in range(count) if kind not in own_days]
    store.chance.shuffle(kinds)
    late = len(kinds) + KINDS["outage"]
    events.append((12, time(19, 30), lambda: refund(store, late, "too late")))
    for number, kind in enumerate(kinds):
        day = 1 + number * (DAYS - 1) // len(kinds)
        when = a_time(store, from_h=19, before_h=22)
        events.append((day, when, lambda number=number, kind=kind: refund(store, number, kind)))
    return sorted([*events, *outage(store, len(kinds))], key=lambda event: event[:2])


def outage(store: Store, first: int) -> Iterator[Event]:
    """The host is gone for an afternoon; what was asked for meanwhile is made in the evening."""
    day, begin, end = OUTAGE
    yield day, begin, lambda: hang_up(store, is_down=True)
    numbers = range(first, first + KINDS["outage"])
    for number in numbers:
        yield day, time(15, number % 60), lambda number=number: refund(store, number, "outage")
    yield day, end, lambda: hang_up(store, is_down=False)
    for number in numbers:
        yield day, time(18, 30), lambda number=number: make_again(store, f"R-{number:02d}")


def hang_up(store: Store, *, is_down: bool) -> None:
    """Take the host away, or bring it back."""
    for till in store.tills:
        till.link.is_down = is_down


def make_again(store: Store, request_id: str) -> None:
    """Make a refund that is known not to have moved money once more, under its own id."""
    store.happened[f"made again: {ask(store, store.refunds[request_id])}"] += 1


def a_time(store: Store, *, from_h: int = 10, before_h: int) -> time:
    """Some minute, never of the outage."""
    while True:
        minute = store.chance.randint(60 * from_h + 10, 60 * before_h)
        when = time(minute // 60, minute % 60)
        if not OUTAGE[1] <= when <= OUTAGE[2]:
            return when


# --- files, and what people make of them ---------------------------------------------------------


def morning(store: Store, day: int) -> None:
    """Read the files that came, and let people work on what they showed."""
    for file_day in range(day):
        arrives = file_day + (3 if file_day == LATE_FILE else 1)
        if arrives == day:
            read_file(store, file_day, is_cut=file_day == CUT_FILE)
    today = FIRST + timedelta(days=day)
    for till in store.tills:
        for case in watch(till.terminal.journal, today=today, now=store.clock()):
            work_on(store, till, case.case_id)
        store.tell(till)


def read_file(store: Store, file_day: int, *, is_cut: bool = False) -> None:
    """Hold the host's file of a day against every terminal's journal."""
    day = FIRST + timedelta(days=file_day)
    text = host_file.text(store.host.ledger, day, store.profile)
    lines = len(text.splitlines())
    if file_day == WRONG_FILE:
        text = a_fen_too_much(text)
    if is_cut:
        text = text[: len(text) // 2]
    for till in store.tills:
        journal, now = till.terminal.journal, store.clock()
        try:
            found = reconcile(journal, text, file_day=day, now=now, line_count=lines)
        except DecodeError as error:
            keep_file_fault(journal, error, file_day=day, now=now)
            continue
        for sums in found.sums():
            store.happened[f"file: {sums.category}"] += max(sums.journal.count, sums.file.count)


def a_fen_too_much(text: str) -> str:
    """The acquirer's mistake: the first refund of the file with one fen more."""
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if " 0220 20" in line)
    line = lines[place]
    lines[place] = f"{line[:62]}{int(line[62:74]) + 1:012d}{line[74:]}"
    return "".join(f"{line}\n" for line in lines)


def work_on(store: Store, till: Till, case_id: str) -> None:
    """Do what a case says is to be done next."""
    journal = till.terminal.journal
    case = next(each for each in cases(journal) if each.case_id == case_id)
    people = ("07", "08")
    if case.category == "RESOLVED_NO":
        till.terminal.release(
            case.attempt_id.partition("/")[0], people=people, evidence="three files"
        )
        make_again(store, case.attempt_id.partition("/")[0])
    elif case.category == "AMOUNT":
        letter = Statement("booked", people, "letter 2026-117 of the acquirer")
        till.terminal.close_case(case.attempt_id, letter)
    else:
        return
    store.happened[f"case: {case.category}"] += 1
    if any(each.case_id == case_id for each in cases(journal)):
        close_case(journal, case_id, by="07", how="done as it says", now=store.clock())


# --- the end -------------------------------------------------------------------------------------


def difference(store: Store) -> int:
    """By how much the books differ, every transaction counted for itself: 0 only if all agree."""
    booked = {
        (entry.terminal, entry.batch, entry.stan): entry.amount_minor
        for entry in store.host.ledger.entries()
        if entry.kind != "reversal" and entry.state != "reversed"
    }
    ours = {
        (each.terminal, each.batch, each.stan): each.amount.minor
        for till in store.tills
        for each in till.terminal.journal.attempts(states=[State.ACCEPTED, State.CONFIRMED])
    }
    return sum(abs(booked.get(key, 0) - ours.get(key, 0)) for key in {*booked, *ours})


def play(folder: Path) -> Store:
    """Play the two weeks and the days until the last file; return the store as it stands then, closed."""
    with ExitStack() as stack:
        store = Store(folder, stack)
        for day, when, happen in plan(store):
            store.at(day, when)
            happen()
        keep(store)
        check(store)
    return store


def keep(store: Store) -> None:
    """Write the report of the month, in both languages, and a support bundle."""
    report = make_report(
        Moment(store.folder / "journal.db"), Period.month(FIRST, now=store.clock())
    )
    for language in ("zh", "en"):
        path = store.folder / f"report.{language}.html"
        path.write_text(as_html(report, language), encoding="utf-8")
    terminal = store.tills[0].terminal
    bundle = support_bundle(
        terminal.journal,
        terminal.dialect,
        now=store.clock(),
        selfcheck=terminal.selfcheck(),
        wire_log=list(read_log((store.folder / "line.jsonl").read_bytes())),
        request_id=terminal.journal.attempts(states=[State.CONFIRMED])[-1].request_id,
    )
    (store.folder / "bundle.zip").write_bytes(bundle.data)


def check(store: Store) -> None:
    """See that it ended as it must."""
    for till in store.tills:
        journal = till.terminal.journal
        assert journal.verify()
        undecided = [each for each in journal.attempts() if each.state not in ENDED]
        assert not undecided, undecided
        assert not cases(journal), cases(journal)
        left = follow_up(journal, now=store.clock(), today=FIRST, arrival=Arrival())
        assert not left.overdue
        assert not left.undecided
        assert not journal.waiting_notices()
    assert difference(store) == 0
    assert not card_data(store.folder)


def card_data(folder: Path) -> list[object]:
    """Whatever looks like a card number, a track or a PIN block in anything that was written."""
    found: list[object] = list(find_in_database(folder / "journal.db"))
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files |= unpack(files.pop("bundle.zip")).files
    for name, data in files.items():
        if not name.startswith("journal.db"):
            found += [(name, each) for each in find_card_data(data)]
    return found


def main() -> None:
    """Play it, and say what happened."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        store = play(folder)
        for what, count in sorted(store.happened.items()):
            print(f"{count:4}  {what}")
        print("difference of the books: 0; card data found: none")


if __name__ == "__main__":
    main()
