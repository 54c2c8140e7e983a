"""Two weeks of a shop with three terminals, in virtual time: 500 sales, 60 refunds and everything that goes wrong.

Run it: ``python examples/two_weeks.py [FOLDER]``. Full and partial refunds, voids, refusals, second persons, lost answers, a host
that is gone for hours, sales behind the cut-over at 23:00, settlement files that come late, cut short and wrong. It ends with
both books equal to the last fen, every exception a case that people closed, and what it made in FOLDER.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from posrefund import (
    PAN,
    Amount,
    Approved,
    CardRead,
    FileKeyStore,
    MerchantID,
    Reason,
    RefundRequest,
    RefusedError,
    SaleRequest,
    Statement,
    Terminal,
    TerminalID,
    dialect,
)
from posrefund.crypto import Key, Purpose
from posrefund.dialects import Policy
from posrefund.emulators.host import EmulatedHost, Fault, HostProfile, HostTime, TerminalRecord
from posrefund.emulators.host import settlement_file as host_file
from posrefund.engine import State
from posrefund.errors import DecodeError
from posrefund.journal import SQLiteFleet
from posrefund.office import reconcile
from posrefund.office.cases import cases, close_case, keep_file_fault, watch
from posrefund.testing import ManualClock, MemoryLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.engine import Original

ZONE = timezone(timedelta(hours=8))
FIRST = date(2026, 3, 2)  # a Monday
DAYS, FILES_UNTIL = 14, 18
SALES = 500
NAMES = [TerminalID(f"1000000{number}") for number in (1, 2, 3)]
MERCHANT = MerchantID("123456789012345")
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")  # published, and the key files say so
CARDS = ["6200000000000005", "6200000000000047", "6205500000000000004"]
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
    "too much": 3,
    "too early": 2,
}
"""What the sixty refunds are."""
SECOND_PERSON_FROM = 30_000
FAULTS = {"answer lost": "drop_reply", "request lost": "drop_request", "bad MAC": "bad_mac"}
ENDS = {
    **dict.fromkeys(FAULTS, "InDoubt"),
    "outage": "NotSent",
    "other card": "account_mismatch",
    "too much": "over_remaining",
    "too early": "not_before",
}
"""How they end at first; all others are accepted."""


@dataclass
class Till:
    """One terminal and its line."""

    terminal: Terminal
    link: MemoryLink


class Store:
    """The shop, its host and their clocks."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.chance = random.Random(20260302)
        self.host_time = HostTime(datetime.combine(FIRST, time(9), ZONE))
        self.clock = ManualClock(self.host_time().astimezone(UTC))
        self.profile = HostProfile()
        records = [TerminalRecord(name, MERCHANT, Key(TMK, Purpose.KEK)) for name in NAMES]
        self.host = EmulatedHost(self.profile, records, clock=self.host_time)
        self.fleet = stack.enter_context(SQLiteFleet(folder / "journal.db"))
        self.journal_key = b""
        self.tills = [self._open(name, stack) for name in NAMES]
        self.refunds: dict[str, RefundRequest] = {}
        self.touched: set[str] = set()
        self.happened: Counter[str] = Counter()

    def _open(self, name: TerminalID, stack: ExitStack) -> Till:
        unionpay = dialect("unionpay")
        known = unionpay.derive("unionpay", policy=Policy(approval_from_minor=SECOND_PERSON_FROM))
        keys = FileKeyStore.create(
            self.folder / f"{name}.json", b"only here", tmk=TMK, test_keys=True
        )
        self.journal_key = self.journal_key or keys.journal_key  # they refund each other's sales
        link = MemoryLink(self.host.respond)
        terminal = Terminal(
            name,
            MERCHANT,
            dialect=known,
            keystore=keys,
            journal=self.fleet.journal(name, key=self.journal_key),
            link=link,
            clock=self.clock,
        )
        return Till(stack.enter_context(terminal), link)

    def at(self, day: int, when: time) -> None:
        """Move every clock."""
        moment = datetime.combine(FIRST + timedelta(days=day), when, ZONE)
        self.host_time.set(moment)
        self.clock.set(moment.astimezone(UTC))

    def sign_in(self) -> None:
        """Sign every terminal in."""
        for till in self.tills:
            till.terminal.sign_in()

    def close_batches(self) -> None:
        """Close every batch: both sides count the same."""
        for till in self.tills:
            closed = till.terminal.close_batch()
            self.happened[f"batch {closed.verdict}"] += 1

    def till_of(self, sale: Original) -> Till:
        """The till that made *sale*; a void has to be made there."""
        return self.tills[NAMES.index(TerminalID(sale.terminal))]

    def sale_for(self, kind: str) -> Original:
        """Some sale that nothing was given back of yet, of the age and size that *kind* needs."""
        view = self.tills[0].terminal.view()
        today = view.host_day(self.clock())
        batches = {till.terminal.view().batch for till in self.tills}
        is_of_today = kind in ("void", "too early")
        fitting = [
            sale
            for sale in self.tills[0].terminal.journal.all_originals()
            if sale.original_id not in self.touched
            and (sale.settlement_date == today and sale.batch in batches) == is_of_today
            and (sale.settlement_date < today) != is_of_today
            and (sale.amount.minor >= SECOND_PERSON_FROM) == (kind == "second person")
        ]
        found = self.chance.choice(fitting)
        self.touched.add(found.original_id)
        return found

    def tally(self, kind: str, how: str) -> None:
        """Keep what happened; a refund of *kind* ends in no other way than it must."""
        assert how == ENDS.get(kind, "Approved"), (kind, how)
        self.happened[f"{kind}: {how}"] += 1


# --- the sales and refunds of a day --------------------------------------------------------------


def card(number: str) -> CardRead:
    """Return a chip card as a reader reads it."""
    return CardRead("051", PAN(number), expiry="3012", sequence_number="001")


def sell(store: Store, number: int) -> None:
    """Sell something at one of the tills."""
    minor = 100 * store.chance.randint(10, 480)
    request = SaleRequest(
        f"S-{number:03d}", Amount(minor), card(CARDS[number % 3]), order_ref=f"O-{number:03d}"
    )
    assert isinstance(store.tills[number % 3].terminal.sale(request), Approved)


def refund(store: Store, number: int, kind: str) -> None:
    """Ask for one refund as its *kind* says, and see that it goes as it must."""
    sale = store.sale_for(kind)
    minor = {"partial": sale.amount.minor // 4, "too early": 1, "too much": sale.amount.minor + 1}
    request = RefundRequest(
        f"R-{number:02d}",
        original=sale.original_id,
        card=card(CARDS[(int(sale.original_id[2:]) + (kind == "other card")) % 3]),
        reason=store.chance.choice(list(Reason)),
        amount=Amount(minor[kind]) if kind in minor else None,
        operator=f"0{1 + number % 3}",
    )
    if kind in FAULTS:
        store.host.faults.add(Fault(FAULTS[kind], mti="0220"))
    store.refunds[request.request_id] = request
    store.tally(kind, ask(store, request, store.till_of(sale)))


def ask(store: Store, request: RefundRequest, till: Till) -> str:
    """Ask for a refund, with a second person's yes where it needs one; return how it stands, or why it was refused."""
    for _ in range(2):
        try:
            return type(till.terminal.refund(request)).__name__
        except RefusedError as refusal:
            if refusal.code != "approval_needed":
                return refusal.code
        waiting = till.terminal.pending_approvals()[-1]
        till.terminal.approve(request.request_id, checker="09", digest=waiting.digest)
        store.happened["approved by a second person"] += 1
    raise AssertionError("one yes is enough")


# --- days ----------------------------------------------------------------------------------------

Event = tuple[int, time, "Callable[[], None]"]


def plan(store: Store) -> list[Event]:
    """Return what happens when: opening, sales, refunds, an outage, closing and the files of the days before."""
    events: list[Event] = []
    for day in range(FILES_UNTIL):
        events += [
            (day, time(9), store.sign_in),
            (day, time(10), lambda day=day: morning(store, day)),
        ]
    events.append((CUT_FILE + 1, time(15), lambda: read_file(store, CUT_FILE)))
    for day in range(DAYS):
        events.append((day, time(22, 30), store.close_batches))
        events.append((day, time(22, 40), store.sign_in))
    for number in range(SALES):
        day = number * DAYS // SALES
        is_late = day in LATE_DAYS and number % 9 == 0
        when = time(23, store.chance.randint(5, 50)) if is_late else a_time(store, before_h=21)
        events.append((day, when, lambda number=number: sell(store, number)))
    kinds = [kind for kind, count in KINDS.items() for _ in range(count) if kind != "outage"]
    store.chance.shuffle(kinds)
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
    request = store.refunds[request_id]
    till = next(
        till for till in store.tills if till.terminal.journal.originals(str(request.original))
    )
    store.happened[
        f"made again: {ask(store, request, store.till_of(_sale_of(till, request)))}"
    ] += 1


def _sale_of(till: Till, request: RefundRequest) -> Original:
    return till.terminal.journal.originals(str(request.original))[0]


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
        check(store)
    return store


def check(store: Store) -> None:
    """See that it ended as it must."""
    for till in store.tills:
        journal = till.terminal.journal
        assert journal.verify()
        undecided = [each for each in journal.attempts() if each.state not in ENDED]
        assert not undecided, undecided
        assert not cases(journal), cases(journal)
    assert difference(store) == 0


ENDED = {State.CONFIRMED, State.DECLINED, State.NOT_SENT, State.RELEASED}


def main() -> None:
    """Play it, and say what happened."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        store = play(folder)
        for what, count in sorted(store.happened.items()):
            print(f"{count:4}  {what}")
        print("difference of the books: 0")


if __name__ == "__main__":
    main()
