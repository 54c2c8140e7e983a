"""Weeks of a shop's trade, written into a journal file by the actions of the engine; the same each time for a seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from engine.builders import plan
from posrefund.engine import (
    Action,
    Approval,
    Ask,
    Decide,
    Event,
    Know,
    Move,
    Note,
    Open,
    Original,
    State,
)
from posrefund.engine.approval import digest_of
from posrefund.values import PAN, Amount, KeptCard, settlement_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.engine import Attempt
    from posrefund.engine.attempt import Kind
    from posrefund.journal import Journal

__all__ = ["CARDS", "HOST", "Trade"]

HOST = timezone(timedelta(hours=8))
CARDS = ("6200000000000005", "6200000000000047", "6205500000000000004")
_REASONS = ("customer",) * 5 + ("defect",) * 3 + ("price",) * 2 + ("duplicate", "not_delivered")
_DECLINES = ("51", "51", "55", "05", "57")
_HOURS = (9, 10, 10, 11, 11, 12, 12, 13, 14, 15, 15, 16, 17, 18, 18, 19, 19, 20, 20, 21, 22, 23)


@dataclass
class Trade:
    """A shop that trades into the journals of its terminals.

    Attributes:
        journals: Of each terminal.
        seed: Of all chance.
        first: The first settlement day.
        cards: How many customers.
    """

    journals: Mapping[str, Journal]
    seed: int = 7
    first: date = date(2026, 3, 1)
    cards: int = 500
    sales: list[tuple[Attempt, str]] = field(default_factory=list)
    refunded: Counter[str] = field(default_factory=Counter)
    days: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._stan: Counter[str] = Counter()
        self._count = 0

    def trade(self, days: int, *, sales: int = 24, refunds: int = 3, files: bool = True) -> None:
        """Trade for some days; *sales* and *refunds* are each terminal's on a day."""
        for _ in range(days):
            day = self.first + timedelta(days=self.days)
            self.days += 1
            for terminal in self.journals:
                self._day(terminal, day, sales, refunds)
            if files and day.day % 9 != 5:
                self._read_file(day - timedelta(days=1))

    # --- a day -------------------------------------------------------------------------------

    def _day(self, terminal: str, day: date, sales: int, refunds: int) -> None:
        moments = sorted(self._moment(day) for _ in range(sales + refunds))
        ways = ["sale"] * sales + ["refund"] * refunds
        self.random.shuffle(ways)
        for moment, way in zip(moments, ways, strict=True):
            if way == "sale":
                self._sell(terminal, moment)
            else:
                self._give_back(terminal, moment)
        self._resolve_some(terminal, datetime.combine(day, time(22, 30), HOST))
        closing = datetime.combine(day, time(22, 40), HOST).astimezone(UTC)
        self.journals[terminal].remember(closing, "batch_closed", {"verdict": "balanced"})

    def _moment(self, day: date) -> datetime:
        hour = self.random.choice(_HOURS)
        shift = timedelta(days=-1) if hour == 23 else timedelta()
        at = time(
            hour,
            self.random.randrange(60),
            self.random.randrange(60),
            self.random.randrange(1000) * 1000,
        )
        return datetime.combine(day + shift, at, HOST)

    def _operator(self, terminal: str) -> str:
        """Six people; 03 gives back more than the others."""
        return self.random.choice(
            ("01", "02", "04") if terminal.endswith("1") else ("03", "05", "06")
        )

    def _sell(self, terminal: str, moment: datetime) -> None:
        minor = max(100, int(self.random.lognormvariate(9.2, 0.9)))
        card = self.random.randrange(self.cards)
        attempt = self._attempt("sale", terminal, moment, minor, card, self._operator(terminal))
        state = self._send(attempt, moment)
        if state == "ACCEPTED":
            self.sales.append((attempt, terminal))
            known = Original(
                original_id=attempt.request_id,
                terminal=terminal,
                merchant=attempt.merchant,
                batch=attempt.batch,
                stan=attempt.stan,
                rrn=f"{self._count:012d}",
                transaction_date=moment.date(),
                settlement_date=attempt.host_day,
                amount=attempt.amount,
                auth_code="654321",
                card_fingerprint=attempt.card_fingerprint,
            )
            self.journals[terminal].commit([Know(known, moment.astimezone(UTC))])

    def _give_back(self, terminal: str, moment: datetime) -> None:
        open_now = self.journals[terminal].open_attempts()
        busy = {each.original_id for each in open_now} | {None}
        mine = [sale for sale, where in self.sales[-150:] if where == terminal and self._left(sale)]
        mine = [sale for sale in mine if sale.request_id not in busy]
        if not mine:
            return
        operator = self._operator(terminal)
        if operator != "03" and self.random.random() < 0.35:
            operator = "03" if terminal.endswith("2") else operator
        sale = mine[-1] if self.random.random() < 0.15 else self.random.choice(mine)
        left = self._left(sale)
        is_void = sale.host_day == settlement_day(moment, time(23)) and left == sale.amount.minor
        minor = left if is_void or self.random.random() < 0.6 else self.random.randint(1, left)
        card = int(sale.card_fingerprint, 16)
        kind: Kind = "void" if is_void else "refund"
        attempt = self._attempt(kind, terminal, moment, minor, card, operator, sale)
        state = self._send(attempt, moment, needs_approval=minor > 30_000)
        if state in ("ACCEPTED", "IN_DOUBT"):
            self.refunded[sale.request_id] += minor

    def _left(self, sale: Attempt) -> int:
        return sale.amount.minor - self.refunded[sale.request_id]

    # --- an attempt --------------------------------------------------------------------------

    def _attempt(
        self,
        kind: Kind,
        terminal: str,
        moment: datetime,
        minor: int,
        card: int,
        operator: str,
        sale: Attempt | None = None,
    ) -> Attempt:
        self._count += 1
        self._stan[terminal] += 1
        day = settlement_day(moment, time(23))
        facts = {"operator": operator, "entry": "051"}
        if sale is not None:
            facts["why"] = self.random.choice(_REASONS)
        return replace(
            plan("refund").attempt,
            request_id=f"{kind[0].upper()}-{self._count}",
            kind=kind,
            hold="reserved" if sale else "none",
            terminal=terminal,
            batch=f"{(day - self.first).days + 1:06d}",
            stan=f"{self._stan[terminal]:06d}",
            amount=Amount(minor),
            created_at=moment.astimezone(UTC),
            host_day=day,
            card_masked=str(PAN(CARDS[card % 3])),
            card_fingerprint=f"{card:032x}",
            original_id=sale.request_id if sale else None,
            facts=facts,
        )

    def _send(self, attempt: Attempt, moment: datetime, *, needs_approval: bool = False) -> str:
        journal, at = self.journals[attempt.terminal], moment.astimezone(UTC)
        content = f"content of {attempt.request_id}"
        approval = None
        if needs_approval:
            approval = self._approval(attempt, content, at)
            if approval is None:
                return "EXPIRED"
            attempt = replace(
                attempt,
                facts={
                    **attempt.facts,
                    "approved_by": approval.checker or "",
                    "approval": approval.digest,
                },
            )
        card = KeptCard(PAN(CARDS[0]))
        opening: list[Action] = [Open(attempt, content, b"m", card, approval)]
        journal.commit([*opening, Move(attempt.attempt_id, Event.SEND, at)])
        return self._answer(attempt, moment)

    def _answer(self, attempt: Attempt, moment: datetime) -> str:
        journal, name = self.journals[attempt.terminal], attempt.attempt_id
        is_bad_hour = moment.hour in (23, 22) or (moment.day == 12 and moment.hour in (15, 16))
        chance = self.random.random()
        wait = timedelta(seconds=min(55.0, self.random.lognormvariate(0.6, 0.6)))
        after = (moment + wait).astimezone(UTC)
        late = (moment + timedelta(seconds=60)).astimezone(UTC)
        if chance < (0.25 if is_bad_hour else 0.015):
            reason = self.random.choice(("no_reply", "no_reply", "no_reply", "bad_mac", "code_96"))
            journal.commit([Move(name, Event.DOUBT, late, {"reason": reason})])
            return "IN_DOUBT"
        if chance < 0.30 and is_bad_hour and self.random.random() < 0.2:
            journal.commit([Move(name, Event.FAIL, after, {"reason": "unreachable"})])
            return "NOT_SENT"
        if self.random.random() < 0.06:
            code = self.random.choice(_DECLINES)
            journal.commit([Move(name, Event.DECLINE, after, {"code": code, "mac": "valid"})])
            return "DECLINED"
        rrn = f"6068{self._count:08d}"
        journal.commit(
            [Move(name, Event.ACCEPT, after, {"code": "00", "mac": "valid", "rrn": rrn})]
        )
        return "ACCEPTED"

    def _approval(self, attempt: Attempt, content: str, at: datetime) -> Approval | None:
        journal = self.journals[attempt.terminal]
        asked = Approval(
            request_id=attempt.request_id,
            number=1,
            state=State.AWAITING_APPROVAL,
            terminal=attempt.terminal,
            digest=digest_of(content, attempt),
            maker=attempt.facts["operator"],
            asked_at=at - timedelta(minutes=4),
            expires_at=at + timedelta(hours=24),
            amount=attempt.amount,
            original_id=attempt.original_id or "",
            card_masked=attempt.card_masked,
            why=attempt.facts["why"],
        )
        journal.commit([Ask(asked)])
        if self.random.random() < 0.15:
            event, by = self.random.choice(((Event.EXPIRE, ""), (Event.CANCEL, "09")))
            journal.commit([Decide(asked, event, at, by)])
            return None
        checker = "09" if self.random.random() < 0.7 else "08"
        decide = Decide(asked, Event.CLEAR, at - timedelta(minutes=1), checker)
        journal.commit([decide])
        return asked.after(Event.CLEAR, checker)

    # --- afterwards --------------------------------------------------------------------------

    def _resolve_some(self, terminal: str, moment: datetime) -> None:
        """Doubtful sales are reversed in the evening; people get some of the rest."""
        journal, at = self.journals[terminal], moment.astimezone(UTC)
        for each in journal.attempts(states=[State.IN_DOUBT]):
            if each.created_at > at:
                continue
            if each.kind == "sale":
                moves = [
                    Move(each.attempt_id, Event.REVERSE, at),
                    Move(each.attempt_id, Event.UNDO, at),
                ]
                journal.commit(moves)
            elif at - each.created_at > timedelta(days=3):
                journal.commit(
                    [Move(each.attempt_id, Event.GIVE_UP, at, {"absent": "three files"})]
                )

    def _read_file(self, day: date) -> None:
        """The host's file of *day* comes the next morning."""
        at = datetime.combine(day + timedelta(days=1), time(8, 30), HOST).astimezone(UTC)
        for terminal, journal in self.journals.items():
            rows = 0
            for each in journal.attempts(states=[State.ACCEPTED, State.IN_DOUBT]):
                if each.host_day <= day and each.created_at < at:
                    rows += self._file_row(journal, each, day, at)
            facts = {
                "day": day.isoformat(),
                "rows": str(rows),
                "complete": "yes",
                "sha256": f"{day:%Y%m%d}",
            }
            journal.commit([Note("file", at, facts)])
            if day.day == 10 and terminal == next(iter(self.journals)):
                journal.commit([Note("host_only", at, self._unknown_row(day), "000042")])

    def _file_row(self, journal: Journal, each: Attempt, day: date, at: datetime) -> int:
        name, facts = each.attempt_id, {"file_day": day.isoformat()}
        chance = self.random.random()
        if each.state is State.ACCEPTED:
            event = Event.CONTRADICT if chance < 0.006 else Event.CONFIRM
            journal.commit([Move(name, event, at, facts)])
            return 1
        if chance < 0.6:
            evidence = {**facts, "evidence": "settlement file", "code": ""}
            journal.commit([Move(name, Event.ACCEPT, at, evidence), Move(name, Event.CONFIRM, at)])
            return 1
        return 0

    @staticmethod
    def _unknown_row(day: date) -> dict[str, str]:
        return {
            "kind": "refund",
            "stan": "777777",
            "rrn": "606899990000",
            "amount_minor": "12800",
            "transmitted": f"{day:%m%d}120000",
            "original_transmitted": f"{day:%m%d}100000",
            "day": day.isoformat(),
        }
