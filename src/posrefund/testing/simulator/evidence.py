"""What an invariant may look at: the journal's rows, the host's ledger, and what left on the line. Floor 10."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.emulators.host.dialects import find_dialect
from posrefund.emulators.host.wire import read
from posrefund.testing.simulator.host import TERMINAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.emulators.host import HostProfile
    from posrefund.emulators.host.ledger import Entry, Ledger
    from posrefund.emulators.host.wire import Request
    from posrefund.testing.simulator.network import Wire
    from posrefund.testing.simulator.witness import Seen, Witness

__all__ = ["Demands", "Evidence"]

_MONEY = ("0200", "0220")
_MTI, _REPEAT = slice(11, 13), bytes.fromhex("0221")
_MAC_BYTES = 8
_KINDS = ("sale", "void", "refund")


@dataclass(frozen=True, slots=True)
class Demands:
    """What a shop wants of people; the strict side by default.

    Attributes:
        ceiling: ``journal``, or ``host_only`` where sales that are only described may be given back.
        approval_from_minor: From which amount on a second person has to say yes; 0: from none on.
        case_people: How many people close a case.
    """

    ceiling: str = "journal"
    approval_from_minor: int = 0
    case_people: int = 2


@dataclass(slots=True)
class Evidence:
    """The three books side by side.

    Args:
        witness: The journal's rows.
        ledger: The host's.
        profile: The host's rules, to read what left with the host's own reader.
        wire: What left.
        demands: What the shop wants of people.

    Attributes:
        copies: How many messages of each keyed digest have left.
        left: Messages that have left since the last look; a repeat under its own MTI counts as a copy of the
            message it repeats.
    """

    witness: Witness
    ledger: Ledger
    profile: HostProfile
    wire: Wire
    demands: Demands = field(default_factory=Demands)
    copies: Counter[str] = field(default_factory=Counter)
    left: list[tuple[Request, str]] = field(default_factory=list)
    _contents: defaultdict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    _heard: int = 0
    _counted: int = 0
    _entries: defaultdict[tuple[str, str, str], list[Entry]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def look(self) -> bool:
        """Take in what is new; say whether there was anything."""
        entries = self.ledger.entries()
        for entry in entries[self._counted :]:
            self._entries[entry.batch, entry.stan, entry.kind].append(entry)
        is_new = self.witness.read() or len(entries) > self._counted
        self._counted = len(entries)
        self.left = [self._listen(message) for message in self.wire.left[self._heard :]]
        self._heard = len(self.wire.left)
        return is_new or bool(self.left)

    def all_booked(self, seen: Seen) -> list[Entry]:
        """Return what the host has ever booked under the identity of *seen*."""
        return self._entries.get(seen.identity, [])

    def live(self, seen: Seen) -> list[Entry]:
        """Return what stands in the host's books under that identity and was not undone."""
        return [entry for entry in self.all_booked(seen) if entry.state != "reversed"]

    def unknown_entries(self) -> Iterable[Entry]:
        """Return the host's live entries that no attempt stands behind."""
        attempts = [*self.witness.attempts.values(), *self.lost]
        known = {seen.identity for seen in attempts}
        for identity, entries in self._entries.items():
            if identity[2] in _KINDS and identity not in known:
                yield from (entry for entry in entries if _is_ours(entry))

    def sale_at_host(self, rrn: str) -> Entry | None:
        """Return the sale that the host booked under *rrn*, of whichever terminal."""
        sales = (entry for entry in self.ledger.entries() if entry.kind == "sale")
        return next((entry for entry in sales if entry.rrn == rrn), None)

    @property
    def lost(self) -> list[Seen]:
        """Attempts that left, and whose rows were taken away with a copy that was put back."""
        return [seen for seen in self.witness.lost if self.copies[seen.digest]]

    def batch_of_host(self) -> str:
        """Return the batch that is open at the host; nothing before it has closed one."""
        return next(iter(self.ledger.batches.values()), "")

    def of_digest(self, digest: str) -> Seen | None:
        """Return the attempt whose message has this keyed digest."""
        attempts = reversed(self.witness.attempts.values())
        return next((seen for seen in attempts if seen.digest == digest), None)

    def _listen(self, message: bytes) -> tuple[Request, str]:
        request = read(message, find_dialect("unionpay"), self.profile)
        key = self.witness.derived("messages")
        digest = hmac.new(key, message, hashlib.sha256).hexdigest()
        if message[_MTI] == _REPEAT:
            digest = self._repeated(request) or digest
        if request.mti in _MONEY:
            self.copies[digest] += 1
            self._contents[digest].add(message[: _MTI.start] + message[_MTI.stop : -_MAC_BYTES])
        return request, digest

    def is_same(self, digest: str) -> bool:
        """Say whether all copies under *digest* were the same but for MTI and MAC."""
        return len(self._contents[digest]) <= 1

    def _repeated(self, request: Request) -> str | None:
        """The digest of the refund that is announced once more under the identity of *request*."""
        identity = request.batch, request.get("11"), "refund"
        announced = [
            seen
            for seen in self.witness.attempts.values()
            if seen.identity == identity and seen.state == "SENT" and seen.sends > 1
        ]
        return announced[0].digest if announced else None


def _is_ours(entry: Entry) -> bool:
    """Whether this terminal has to know of *entry*: it stands, and is no sale of another terminal."""
    return entry.state != "reversed" and entry.terminal == TERMINAL
