"""The shop of ``two_weeks.py``: three terminals, their host, two clocks, staff and rules."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
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
    Signature,
    Terminal,
    TerminalID,
    dialect,
)
from posrefund.crypto import Key, Purpose
from posrefund.dialects.redact import redactor
from posrefund.emulators.host import EmulatedHost, Fault, HostProfile, HostTime, TerminalRecord
from posrefund.engine import Document
from posrefund.engine.calendar import Arrival, BusinessCalendar
from posrefund.engine.policy import load_rules
from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.framing import Envelope, LengthPrefixFramer
from posrefund.journal import SQLiteFleet
from posrefund.office.notices import FileChannel, Relay, Writer
from posrefund.office.slips import SlipOptions, as_text, slip_content
from posrefund.testing import ManualClock, MemoryLink
from posrefund.wirelog import JSONLinesFile, WireLog

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from posrefund.engine import Original

__all__ = ["FIRST", "NAMES", "SECOND_PERSON_FROM", "Store", "Till", "refund", "sell"]

ZONE = timezone(timedelta(hours=8))
FIRST = date(2026, 3, 2)  # a Monday
NAMES = [TerminalID(f"1000000{number}") for number in (1, 2, 3)]
MERCHANT = MerchantID("123456789012345")
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")  # published, and the key files say so
CARDS = ["6200000000000005", "6200000000000047", "6205500000000000004"]
SECOND_PERSON_FROM = 30_000
MANAGER, MANAGER_PIN = "09", "846201"
CLERK_PIN = "604728"
RULES = load_rules(
    """
name = "Corner shop"
window_business_days = 7
order_required = true
default_role = "cashier"
[[documents]]
any_of = ["receipt"]
from = { 156 = 10000 }
[roles.cashier]
alone_max = { 156 = 29999 }
[roles.manager]
may_approve = true
[contacts.acquirer]
zh = "收单机构客服"
en = "acquirer's service"
phone = "400-000-0000"
"""
)
FAULTS = {"answer lost": "drop_reply", "request lost": "drop_request", "bad MAC": "bad_mac"}
ENDS = {
    **dict.fromkeys(FAULTS, "InDoubt"),
    "outage": "NotSent",
    "other card": "account_mismatch",
    "too much": "over_remaining",
    "too early": "not_before",
    "too late": "window_expired",
}
"""How they end at first; all others are accepted."""


@dataclass
class Till:
    """One terminal, its line, and what takes its notices out."""

    terminal: Terminal
    link: MemoryLink
    relay: Relay


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
        self.log = WireLog([JSONLinesFile(folder / "line.jsonl")], self.clock)
        self.tills = [self._open(name, stack) for name in NAMES]
        self.refunds: dict[str, RefundRequest] = {}
        self.sold: set[str] = set()
        self.touched: set[str] = set()
        self.happened: Counter[str] = Counter()
        (folder / "slips").mkdir()

    def _open(self, name: TerminalID, stack: ExitStack) -> Till:
        known = dialect("unionpay")
        redact = redactor(known, Envelope(known.tpdu, known.header))
        watch = self.log.watch("iso8583", LengthPrefixFramer, redact)
        path = self.folder / f"{name}.json"
        keys = FileKeyStore.create(path, b"only here", tmk=TMK, test_keys=True)
        self.journal_key = self.journal_key or keys.journal_key  # they refund each other's sales
        link = MemoryLink(self.host.respond)
        journal = self.fleet.journal(name, key=self.journal_key)
        terminal = stack.enter_context(
            Terminal(
                name,
                MERCHANT,
                dialect=known,
                keystore=keys,
                journal=journal,
                link=link,
                clock=self.clock,
                tap=lambda way, message: watch.passed(way, LengthPrefixFramer().frame(message)),
                rules=RULES,
                checks=SelfCheckPolicy(valid_s=16 * 3600),
            )
        )
        _hire(terminal)
        arrival = Arrival(1, 3)
        writer = Writer(
            "Corner shop",
            "010-5555-0100",
            expected_by=lambda each: arrival.expected(each.host_day).latest,
        )
        channel = FileChannel(self.folder / "notices.jsonl")
        return Till(terminal, link, Relay(journal, [channel], writer, clock=self.clock))

    # --- time --------------------------------------------------------------------------------

    def at(self, day: int, when: time) -> None:
        """Move every clock."""
        moment = datetime.combine(FIRST + timedelta(days=day), when, ZONE)
        self.host_time.set(moment)
        self.clock.set(moment.astimezone(UTC))

    def open(self) -> None:
        """Open in the morning: sign in, and see that every terminal is fit to refund."""
        for till in self.tills:
            till.terminal.sign_in()
            self.happened[f"self-check: {till.terminal.selfcheck().verdict}"] += 1

    def close(self) -> None:
        """Close in the evening: both sides count the same, and customers are told what is new."""
        for till in self.tills:
            closed = till.terminal.close_batch()
            self.happened[f"batch {closed.verdict}"] += 1
            till.terminal.sign_in()
            self.tell(till)

    def tell(self, till: Till) -> None:
        """Deliver what customers are to hear."""
        while done := till.relay.deliver().delivered:
            self.happened["notices delivered"] += done

    # --- which sale --------------------------------------------------------------------------

    def till_of(self, sale: Original) -> Till:
        """The till that made *sale*; a void has to be made there."""
        return self.tills[NAMES.index(TerminalID(sale.terminal))]

    def sale_for(self, kind: str) -> Original:
        """Some sale that nothing was given back of yet, of the age and size that *kind* needs."""
        left = sorted(self.sold - self.touched)
        self.chance.shuffle(left)
        for name in left:
            (sale,) = self.tills[0].terminal.journal.originals(name)
            if self._fits(sale, kind):
                self.touched.add(name)
                return sale
        raise AssertionError(f"no sale for {kind}")

    def _fits(self, sale: Original, kind: str) -> bool:
        view = self.till_of(sale).terminal.view()
        today = view.host_day(self.clock())
        if (sale.amount.minor >= SECOND_PERSON_FROM) != (kind == "second person"):
            return False
        if kind in ("void", "too early"):
            return sale.settlement_date == today and sale.batch == view.batch
        age = BusinessCalendar().count(sale.settlement_date, today)
        return age > 7 if kind == "too late" else sale.settlement_date < today and age <= 3


def _hire(terminal: Terminal) -> None:
    """A manager and three cashiers, each with a PIN of their own choice."""
    staff = terminal.staff
    staff.add_first(MANAGER, "Wang", MANAGER_PIN)
    for number in ("01", "02", "03"):
        staff.add(number, f"cashier {number}", "cashier", "973154", by=MANAGER, pin=MANAGER_PIN)
        staff.set_pin(number, CLERK_PIN, by=number, pin="973154")


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
    store.sold.add(request.request_id)


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
        order_ref=sale.order_ref,
        documents=(Document("receipt", sale.order_ref),),
        contact=f"+86138000000{number:02d}",
    )
    if kind in FAULTS:
        store.host.faults.add(Fault(FAULTS[kind], mti="0220"))
    store.refunds[request.request_id] = request
    how = ask(store, request)
    assert how == ENDS.get(kind, "Approved"), (request, kind, how)
    store.happened[f"{kind}: {how}"] += 1


def ask(store: Store, request: RefundRequest) -> str:
    """Ask for a refund, with a second person's yes where it needs one; return how it stands, or why it was refused."""
    sale = store.tills[0].terminal.journal.originals(str(request.original))[0]
    terminal = store.till_of(sale).terminal
    try:
        outcome = terminal.refund(request)
    except RefusedError as refusal:
        if refusal.code != "operator_pin_needed":  # who asks for a second person proves who he is
            return refusal.code
        waiting = terminal.ask(request, pin=CLERK_PIN)
        assert waiting is not None
        terminal.approve(
            request.request_id, checker=MANAGER, digest=waiting.digest, pin=MANAGER_PIN
        )
        store.happened["approved by a second person"] += 1
        outcome = terminal.refund(request)
    if isinstance(outcome, Approved):
        terminal.sign(request.request_id, Signature("paper"))
        content = slip_content(outcome, terminal.dialect, sale, SlipOptions("zh", "customer"))
        path = store.folder / "slips" / f"{request.request_id}.txt"
        path.write_text(as_text(content, 48), encoding="utf-8")
    return type(outcome).__name__
