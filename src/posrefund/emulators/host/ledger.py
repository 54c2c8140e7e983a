"""The host's books: what it booked, in the order it booked it, and what it refused.

Written apart from the terminal's journal, so that the two can disagree. Card numbers stand in the
books, because the settlement file of a real host shows them, but ``as_data`` masks them. ``save``
keeps them clear, in a file for its owner only: test numbers, never live ones. Floor 9.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from posrefund.values import PAN

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Entry", "EntryKind", "Ledger", "Refusal", "State", "Totals"]

EntryKind = Literal["sale", "void", "refund", "reversal"]
State = Literal["booked", "voided", "reversed"]
StanKey = tuple[str, str, str]
"""Terminal, batch, STAN."""


@dataclass(slots=True, eq=False)
class Entry:
    """One booked transaction.

    Attributes:
        kind: What was booked.
        settlement_day: The host's day it belongs to.
        host_time: When, in the host's zone.
        rrn: The RRN the host gave it.
        auth: Authorisation code of a sale, else empty.
        pan: The card; kept out of every print.
        entry_mode: Three digits, as DE22 of ISO 8583:1987.
        original_rrn: RRN of the sale or void it refers to, else empty.
        original_stan: That one's STAN, else empty.
        original_time: That one's MMDDhhmmss, else empty.
        voucher: What a payment by code is called; empty of a card's.
        sent_at: The time its request carried, where a reversal names it by that, else empty.
        state: ``booked``, or what a later entry made of it.
    """

    kind: EntryKind
    settlement_day: date
    host_time: datetime
    terminal: str
    merchant: str
    batch: str
    stan: str
    rrn: str
    auth: str
    pan: PAN
    entry_mode: str
    processing_code: str
    amount_minor: int
    currency: str
    original_rrn: str = ""
    original_stan: str = ""
    original_time: str = ""
    sent_at: str = ""
    voucher: str = ""
    state: State = "booked"

    @property
    def stan_key(self) -> StanKey:
        """What makes it findable by its terminal."""
        return self.terminal, self.batch, self.stan

    @property
    def mmddhhmmss(self) -> str:
        """Its time as settlement files write it."""
        return f"{self.host_time:%m%d%H%M%S}"

    def as_data(self) -> dict[str, str | int]:
        """Return it as plain data with the card number masked; ``sent_at`` and ``voucher`` only if it has them."""
        rare = ("sent_at", "voucher")
        names = [f.name for f in fields(self) if f.name not in rare or getattr(self, f.name)]
        data = {name: getattr(self, name) for name in names}
        data |= {
            "pan": str(self.pan),
            "settlement_day": self.settlement_day.isoformat(),
            "host_time": self.host_time.isoformat(),
        }
        return data


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered and not booked; ``is_authentic`` if its MAC was right."""

    host_time: str
    mti: str
    terminal: str
    batch: str
    stan: str
    rrn: str
    code: str
    amount_minor: int
    is_authentic: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a batch as a settlement message counts them: a void is a credit, its sale stays."""

    debit_count: int
    debit_minor: int
    credit_count: int
    credit_minor: int


@dataclass(slots=True)
class _Index:
    """Ways into the list of entries; rebuilt from it, never stored."""

    by_stan: dict[StanKey, Entry] = field(default_factory=dict)
    by_rrn: dict[tuple[str, str], Entry] = field(default_factory=dict)
    children: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)


class Ledger:
    """The books of one host.

    Args:
        path: Where to keep them; they are written after each change. None keeps them in memory.

    Raises:
        OSError: The file cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.refusals: list[Refusal] = []
        self.batches: dict[str, str] = {}
        self._entries: list[Entry] = []
        self._used: set[StanKey] = set()
        self._codes: set[str] = set()
        self._sequence = 0
        self._index = _Index()

    def entries(self) -> tuple[Entry, ...]:
        """Return everything booked, oldest first."""
        return tuple(self._entries)

    def as_data(self) -> list[dict[str, str | int]]:
        """Return everything booked as JSON-able data, card numbers masked."""
        return [entry.as_data() for entry in self._entries]

    def next_sequence(self) -> int:
        """Return the next number of the host's own count, 1 to 999999."""
        self._sequence = self._sequence % 999_999 + 1
        return self._sequence

    def was_used(self, key: StanKey) -> bool:
        """Say whether a request with this STAN was seen in its batch."""
        return key in self._used

    def mark_used(self, key: StanKey) -> None:
        """Refuse this STAN from now on in its batch."""
        self._used.add(key)

    def take_code(self, code: str) -> bool:
        """Take a payer's code, which is good once; say whether it was."""
        is_new = code not in self._codes
        self._codes.add(code)
        return is_new

    def book(self, entry: Entry) -> None:
        """Add *entry*; a void or reversal changes the state of what it refers to."""
        original = self.original_of(entry)
        if original is not None and entry.kind == "void":
            original.state = "voided"
        if original is not None and entry.kind == "reversal":
            original.state = "reversed"
            sale = self.original_of(original)
            if original.kind == "void" and sale is not None:
                sale.state = "booked"
        self._add(entry)

    def original_of(self, entry: Entry) -> Entry | None:
        """Return what a void, refund or reversal refers to."""
        return self._index.by_rrn.get((entry.merchant, entry.original_rrn))

    def find_stan(self, key: StanKey) -> Entry | None:
        """Return the sale, void or refund that a terminal booked under this STAN."""
        return self._index.by_stan.get(key)

    def find_rrn(self, merchant: str, rrn: str) -> Entry | None:
        """Return the entry with this RRN at *merchant*."""
        return self._index.by_rrn.get((merchant, rrn))

    def refunded_minor(self, sale: Entry) -> int:
        """Return the sum of the booked refunds of *sale*."""
        children = self._index.children.get((sale.merchant, sale.rrn), [])
        return sum(e.amount_minor for e in children if e.kind == "refund" and e.state == "booked")

    def remaining_minor(self, sale: Entry) -> int:
        """Return what can still be refunded of *sale*."""
        return sale.amount_minor - self.refunded_minor(sale) if sale.state == "booked" else 0

    def totals(self, terminal: str, batch: str) -> Totals:
        """Return the sums of one batch; reversed entries count nowhere."""
        live = [
            e
            for e in self._entries
            if (e.terminal, e.batch) == (terminal, batch) and e.state != "reversed"
        ]
        debit = [e.amount_minor for e in live if e.kind == "sale"]
        credit = [e.amount_minor for e in live if e.kind in ("refund", "void")]
        return Totals(len(debit), sum(debit), len(credit), sum(credit))

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._index.by_rrn[entry.merchant, entry.rrn] = entry
        if entry.kind != "reversal":
            self._index.by_stan[entry.stan_key] = entry
        if entry.original_rrn:
            key = (entry.merchant, entry.original_rrn)
            self._index.children.setdefault(key, []).append(entry)

    def keep(self) -> None:
        """Write the books to their file, if they have one."""
        if self.path is not None:
            self.save(self.path)

    def save(self, path: Path) -> None:
        """Write the books to *path*, whole or not at all, readable by the owner only."""
        data = {
            "entries": [_to_json(entry) for entry in self._entries],
            "refusals": [asdict(refusal) for refusal in self.refusals],
            "used": sorted(self._used),
            "codes": sorted(self._codes),
            "batches": self.batches,
            "sequence": self._sequence,
        }
        draft = path.with_name(path.name + ".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data, stream)
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Ledger:
        """Read books that ``save`` wrote, and keep them in *path* from now on.

        Raises:
            OSError: There is no such file.
            ValueError: It holds no books.
        """
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            ledger = cls(path)
            for row in data["entries"]:
                ledger._add(_from_json(row))
            ledger.refusals = [Refusal(**row) for row in data["refusals"]]
            ledger._used = {(str(a), str(b), str(c)) for a, b, c in data["used"]}
            ledger._codes = set(data.get("codes", ()))
            ledger.batches = dict(data["batches"])
            ledger._sequence = int(data["sequence"])
        except (KeyError, TypeError, ValueError):
            message = "the file holds no host ledger"
            raise ValueError(message) from None
        return ledger


def _to_json(entry: Entry) -> dict[str, str | int]:
    return {**entry.as_data(), "pan": entry.pan.reveal()}


def _from_json(row: dict[str, Any]) -> Entry:
    return Entry(
        **{
            **row,
            "pan": PAN(row["pan"]),
            "settlement_day": date.fromisoformat(row["settlement_day"]),
            "host_time": datetime.fromisoformat(row["host_time"]),
        }
    )
