"""One shop in virtual time: the real terminal, journal and key store, a line, a host, a disk, a fuse. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import TYPE_CHECKING, Any

from posrefund.crypto import UNIONPAY_ECB
from posrefund.dialects import Inquiry, MessageTable, Policy, dialect
from posrefund.errors import JournalError, PosRefundError, RequestConflictError
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from posrefund.testing.simulator.checker import Checker, ViolationError
from posrefund.testing.simulator.disk import Disk, WatchedConnection
from posrefund.testing.simulator.evidence import Demands, Evidence
from posrefund.testing.simulator.host import MERCHANT, TERMINAL, TMK, SimulatedHost
from posrefund.testing.simulator.network import LossyLink
from posrefund.testing.simulator.power import Fuse, PowerCutError
from posrefund.testing.simulator.swarm import OF_INQUIRIES, Swarm
from posrefund.testing.simulator.tale import Tale
from posrefund.testing.simulator.virtual import VirtualTime
from posrefund.testing.simulator.witness import Witness
from posrefund.values import (
    PAN,
    CardRead,
    CodeRead,
    MerchantID,
    PayerCode,
    TerminalID,
    Track2,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from posrefund.crypto import KeySet, MACRule
    from posrefund.dialects import Dialect
    from posrefund.keystore import Anchor

__all__ = ["CARDS", "OTHER_CARD", "World", "payer_code"]

_ZONE = timezone(timedelta(hours=8))
_PASSPHRASE = b"nothing to guess"
_STARTS = ((2026, 3, 9), (2025, 12, 29), (2026, 12, 30), (2028, 2, 27), (2026, 2, 26), (2026, 7, 1))
"""An ordinary week, two New Years, the end of February with a 29th and without."""
_CHIP, _TAP, _OTHER = "6200000000000005", "6205500000000000004", "6200000000000047"
_TRACK = f"{_CHIP}D30122010000"
CARDS = (
    CardRead("051", PAN(_CHIP), expiry="3012", sequence_number="001"),
    CardRead("071", PAN(_TAP), expiry="3012", sequence_number="001"),
    CardRead("021", PAN(_CHIP), expiry="3012", track2=Track2(_TRACK)),
)
OTHER_CARD = CardRead("051", PAN(_OTHER), expiry="3012", sequence_number="001")
_ASKS = 0.5
"""How many worlds have a host that can be asked about refunds."""
_QUESTION = MessageTable(
    "inquiry",
    "查询",
    "INQUIRY",
    "0600",
    "3 4 11 41 42 49 60 61 64",
    "3 4C 11 12C 13C 15C 37C 39 41 42 44C 49C 60 61 64A",
    {
        **{name: f"{{sent.{name}}}" for name in ("3", "4", "49", "60")},
        "11": "{stan}",
        "41": "{terminal}",
        "42": "{merchant}",
        "61": "{original_batch}{original_stan}{original_mmdd}",
        "64": "{mac}",
    },
)
_INQUIRY = Inquiry(
    told_codes=frozenset({"00"}),
    pending_codes=frozenset({"09"}),
    absent_codes=frozenset({"25"}),
    result="44[0:2]",
    repeats=("60", "61"),
    transit_s=3_600,
)
_CODE_MARK = "4800120957"
"""In every payer's code of a world, and nowhere else."""
_SECRETS = (_CHIP, _TAP, _OTHER, _CODE_MARK)


def payer_code(number: int, payer: int) -> CodeRead:
    """Return the code number *number* that a customer shows: of *payer* 0 to 2, or of nobody."""
    return CodeRead(PayerCode(f"62{_CODE_MARK}{number:06d}{payer}"))


class _KeyStore(FileKeyStore):
    """The real one; the power may fail before and after it is written."""

    fuse: Fuse

    def keep_sign_in(
        self,
        block: bytes,
        rule: MACRule = UNIONPAY_ECB,
        *,
        still_needed: Collection[str] = (),
    ) -> KeySet:
        """Keep it, unless the power fails."""
        self.fuse.hook("before keeping the keys")
        keys = super().keep_sign_in(block, rule, still_needed=still_needed)
        self.fuse.hook("after keeping the keys")
        return keys

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep it, unless the power fails."""
        self.fuse.hook("before anchoring")
        super().keep_anchor(anchor)
        self.fuse.hook("after anchoring")


class World:
    """Everything that one seed plays with.

    Args:
        seed: All that is random hangs on it.
        folder: For the journal and the key file.
        rates: Fault → probability; the seed draws its own if None.
        is_told: Whether the tale is kept.

    Attributes:
        random: The seed's.
        codes: The seed's, too, for payments by code alone: with or without them, the rest of a world stays what it was.
        dialect: The shop's; what it leaves to people, the seed draws.
        terminal: The real one, as it is open now.
        checker: Checked after every step.
    """

    def __init__(
        self, seed: int, folder: Path, *, rates: dict[str, float] | None, is_told: bool
    ) -> None:
        self.random = random = Random(seed)
        self.codes = Random(seed ^ 0xC0DE)
        self.folder = folder
        start = datetime(*random.choice(_STARTS), 9, tzinfo=_ZONE)
        self.time = VirtualTime(start)
        self.time.skew = timedelta(seconds=random.randint(-600, 600))
        self.tale = Tale(self.time, is_told=is_told)
        self.swarm = Swarm(random, rates)
        self.fuse = Fuse()
        policy = _policy(random)
        may_ask = Random(f"{seed} inquiries").random() < _ASKS
        self.host = SimulatedHost(
            random,
            self.time,
            self.swarm,
            self.tale,
            takes_inquiries=may_ask or not self.swarm.rates.keys().isdisjoint(OF_INQUIRIES),
        )
        self.dialect = _dialect(self.host, policy)
        self.link = LossyLink(random, self.time, self.swarm, self.host, self.fuse, self.tale)
        self.disk = Disk(self.fuse, self._committed)
        FileKeyStore.create(folder / "keys.json", _PASSPHRASE, tmk=TMK, test_keys=True)
        self.terminal = self.open()
        key = self.keys().journal_key
        evidence = Evidence(
            Witness(folder / "journal.db", key),
            self.host.ledger,
            self.host.profile,
            self.link.wire,
            _demands(self.dialect.policy),
        )
        self.checker = Checker(evidence, _SECRETS)
        self.link.on_left = self.checker.step
        self._is_checked = True

    _is_checked = False

    def keys(self) -> _KeyStore:
        """Open the key store."""
        store = _KeyStore(self.folder / "keys.json", _PASSPHRASE)
        store.fuse = self.fuse
        return store

    def open(self) -> Terminal:
        """Open the terminal as a start does; the power may fail in it.

        Raises:
            PowerCutError: It did.
        """
        keystore = self.keys()
        journal = SQLiteJournal(
            self.folder / "journal.db", key=keystore.journal_key, terminal=TerminalID(TERMINAL)
        )
        watched: Any = WatchedConnection(journal._db, self.disk)
        journal._db = watched
        try:
            return Terminal(
                TerminalID(TERMINAL),
                MerchantID(MERCHANT),
                dialect=self.dialect,
                keystore=keystore,
                journal=journal,
                link=self.link,
                clock=self.time.terminal,
            )
        except BaseException:
            journal._has_mark = False
            journal.close()
            raise

    def restart(self) -> None:
        """Switch off and on, again and again until a start succeeds; then once more, for I12."""
        self.tale.tell("terminal: restart")
        self.disk.mend()
        self.let_go()
        rows = self.start()
        self.fuse.set(0)  # the second start is looked at, and not disturbed
        self.terminal.close()
        self.terminal = self.open()
        self.checker.start(rows)

    def start(self) -> int:
        """Switch on, again and again until a start succeeds; return how many rows there are then."""
        rows = -1
        while rows < 0:
            try:
                self.terminal = self.open()
                rows = self._rows()
            except PowerCutError:
                self.tale.tell(f"power: cut {self.fuse.blew_at}, in a start")
                self.fuse.set(0)
        return rows

    def act(self, name: str, action: Callable[[], object], *documented: type[Exception]) -> bool:
        """Let the terminal do something; say whether it came back with a result.

        Raises:
            ViolationError: I15 for an error that no page announces, else what the checker found.
        """
        self.tale.steps += 1
        came, kept = self.link.wire.came, self.checker.evidence.witness.inbound_count
        result: object = "nothing"
        try:
            result = action()
        except PowerCutError:
            self.tale.tell(f"power: cut {self.fuse.blew_at}, in {name}")
            self.swarm.struck["kill"] += 1
        except documented as refusal:
            result = refusal
        except ViolationError:
            raise
        except Exception as error:
            raise ViolationError("I15", f"{name} raised {type(error).__name__}: {error}") from error
        self._judge(name, result, came, kept)
        return not isinstance(result, Exception) and not self.fuse.is_blown

    def close(self) -> None:
        """Put everything away."""
        self.checker.evidence.witness.close()
        self.let_go()

    def let_go(self) -> None:
        """Let files and keys go as a machine does that went dark: nothing ends in order."""
        self.terminal.journal._has_mark = False
        self.terminal.close()

    def files(self) -> bytes:
        """Return the bytes of the journal and its logs."""
        paths = sorted(self.folder.glob("journal.db*"))
        return b"".join(path.read_bytes() for path in paths)

    def _judge(self, name: str, result: object, came: int, kept: int) -> None:
        """Check after an action; what came in an undisturbed one has to stand in the journal."""
        self.checker.step()
        self.tale.tell(f"{name}: {_said(result)}")
        is_disturbed = self.fuse.is_blown or self.disk.has_failed
        is_guard = isinstance(result, JournalError) and not isinstance(result, RequestConflictError)
        if is_guard and not is_disturbed:  # a constraint of the database had to stop the engine
            raise ViolationError("I15", f"{name} raised {type(result).__name__}: {result}")
        came = self.link.wire.came - came
        kept = self.checker.evidence.witness.inbound_count - kept
        if name in ("sale", "refund", "undo", "inquire") and came != kept and not is_disturbed:
            raise ViolationError("I13", f"{came} answers came in a {name}, {kept} were kept")

    def _rows(self) -> int:
        self.checker.step()
        return self.checker.evidence.witness.rows

    def _committed(self) -> None:
        self.tale.steps += 1
        if self._is_checked:
            self.checker.step()


def _dialect(host: SimulatedHost, policy: Policy) -> Dialect:
    """UnionPay as the acquirer of this world speaks it: what its host repeats and can be asked, it says in writing."""
    known = dialect("unionpay")
    refund = replace(known.messages["refund"], repeat=host.repeat)
    messages = {**known.messages, "refund": refund}
    if not host.takes_inquiries:
        return known.derive("simulated", messages=messages, policy=policy)
    messages["inquiry"] = _QUESTION
    return known.derive("simulated", messages=messages, policy=policy, inquiry=_INQUIRY)


def _said(result: object) -> str:
    if isinstance(result, PosRefundError):
        return f"{type(result).__name__}: {result}"
    return repr(result)


def _policy(random: Random) -> Policy:
    return Policy(
        ceiling="host_only" if random.random() < 0.5 else "journal",
        approval_from_minor=random.choice((0, 1, 1, 2_500)),
        approval_hours=random.choice((1, 24)),
        case_people=random.choice((1, 2)),
    )


def _demands(policy: Policy) -> Demands:
    return Demands(policy.ceiling, policy.approval_from_minor, policy.case_people)
