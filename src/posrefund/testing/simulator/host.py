"""The emulated host with bad habits: it books and dies, says odd codes, rolls back. Floor 10.

Its books are its own: the emulator writes them without a line of the terminal's code, and nothing here
changes them but ``roll_back``, which a real host does too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import EmulatedHost, Fault, HostProfile, TerminalRecord
from posrefund.emulators.host.faults import Delivery
from posrefund.emulators.host.ledger import Entry, Ledger
from posrefund.emulators.host.settlement_file import row

if TYPE_CHECKING:
    from datetime import date
    from random import Random

    from posrefund.testing.simulator.swarm import Swarm
    from posrefund.testing.simulator.tale import Tale
    from posrefund.testing.simulator.virtual import VirtualTime
    from posrefund.values import PAN

Repeat = Literal["none", "same_mti", "next_mti"]

__all__ = ["ELSEWHERE", "MERCHANT", "TERMINAL", "TMK", "SimulatedHost", "mti_of"]

TERMINAL, MERCHANT = "12345678", "123456789012345"
ELSEWHERE = "87654321"
TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
_BATCH = "000007"
_MTI_AT = 11
_MAC_BYTES = 8
_MONEY = ("0200", "0220", "0221")
_REPEATS: tuple[Repeat, ...] = ("none", *("same_mti", "next_mti") * 2)
_REVERSAL = "0400"
_SIGN_IN = "0800"
_UNCLEAR = (*("94",) * 8, *("10",) * 6, *("68",) * 3, "06", "90", "91", "96", "98", "ZZ")
"""Say nothing about money, whether it moved or not; those that are most often misread come most often."""
_HONEST_NO = ("05", "55", "61", "77", "A0")
"""Said only where nothing was booked; a host that says one of them after booking lies, and is no host."""
_ANY_MONEY = (
    *(
        "say_code",
        "decline",
        "book_and_say_code",
        "bad_mac",
        "no_mac",
        "flip_mac_byte",
        "wrong_stan",
    ),
    *("wrong_amount", "wrong_terminal", "unknown_field", "garbage", "die_after_booking"),
)
_SETTLEMENT, _UPLOAD, _INQUIRY = "0500", "0320", "0600"
_AT_SETTLEMENT = (
    *("wrong_totals", "half_totals", "unbalanced", "say_code", "wrong_stan", "wrong_terminal"),
    *("unknown_field", "garbage", "die_after_booking"),
)
_AT_UPLOAD = (
    *("say_code", "book_and_say_code", "wrong_stan", "wrong_terminal", "unknown_field"),
    *("garbage", "die_after_booking"),
)
_AT_INQUIRY = (
    *("forge_result", "wrong_original", "say_code", "bad_mac", "no_mac", "flip_mac_byte"),
    *("wrong_stan", "wrong_amount", "wrong_terminal", "unknown_field", "garbage"),
)
_RESULTS = ("00", "00", "61", "05", "68")
"""What a forger says of a message."""
_AT_SIGN_IN = ("wrong_kcv", "half_key_set", "garbage", "die_after_booking", "say_code")
_KINDS = {
    "say_code": "code",
    "decline": "code",
    "book_and_say_code": "booked_code",
    "forge_result": "wrong_result",
    "die_after_booking": "drop_reply",
}


_IN_PROGRESS_S = 20
"""A host that can be asked says so much longer that a refund is under way."""


class _TrustingLedger(Ledger):
    """Of a host that looks up no STAN before it books."""

    def was_used(self, key: tuple[str, str, str]) -> bool:
        return False


class SimulatedHost:
    """One host of one world.

    Args:
        random: The seed's; draws the host's habits, too.
        time: The world's.
        swarm: What goes wrong.
        tale: Told what was answered.

    Attributes:
        emulated: The emulator, its ledger inside.
        is_trusting: It books a repeated message a second time.
        repeat: How its terminals may repeat a refund: not at all, unless it stores its answers.
        takes_inquiries: Whether it can be asked about refunds.
        rolled_back: What it had booked and took back without a word.
        down_until: It refuses connections until then.
    """

    def __init__(
        self,
        random: Random,
        time: VirtualTime,
        swarm: Swarm,
        tale: Tale,
        *,
        takes_inquiries: bool = False,
    ) -> None:
        self.takes_inquiries = takes_inquiries
        self._random, self._time, self._swarm, self._tale = random, time, swarm, tale
        self.is_trusting = random.random() < 0.25
        stores = not self.is_trusting and random.random() < 0.5
        self.repeat = random.choice(_REPEATS) if stores else "none"
        self.profile = HostProfile(
            mac_on_declines=random.random() < 0.5,
            repeat="stored_answer" if stores else "none",
            takes_inquiries=takes_inquiries,
            in_progress_s=_IN_PROGRESS_S if takes_inquiries else 0,
        )
        record = TerminalRecord(TERMINAL, MERCHANT, Key(TMK, Purpose.KEK), batch=_BATCH)
        self.emulated = EmulatedHost(
            self.profile,
            [record],
            clock=time.host,
            random_bytes=random.randbytes,
            ledger=_TrustingLedger() if self.is_trusting else Ledger(),
        )
        self.rolled_back: list[Entry] = []
        self._seen: set[bytes] = set()
        self.down_until = time.now
        if self.is_trusting:  # a copy would be booked twice, a late one after its own reversal
            for name in ("duplicate_request", "delay_request"):
                swarm.rates.pop(name, None)

    @property
    def ledger(self) -> Ledger:
        """The host's books."""
        return self.emulated.ledger

    def respond(self, message: bytes) -> Delivery:
        """Return what goes out for *message*, with at most one fault of the host in it."""
        mti = mti_of(message)
        kind = self._swarm.one_of(*self._choices(mti))
        if kind:
            self._queue(kind, mti, self._codes(kind, message))
        self._seen.add(_content(message))
        delivery = self.emulated.respond(message)
        self.emulated.faults.clear()
        self._tale.tell(f"host: {self.emulated.log[-1]}{f' ({kind})' if kind else ''}")
        if kind == "forge_result":  # somebody on the line says it, and has no key
            forged = (reply[:-1] + bytes([reply[-1] ^ 1]) for reply in delivery.replies)
            return Delivery(tuple(forged))
        if kind == "die_after_booking":
            self.down_until = self._time.now + timedelta(seconds=self._random.randint(30, 600))
            return Delivery(close=True)
        return delivery

    def say_yes_without_booking(self, message: bytes) -> Delivery:
        """Return an approval of a message that nobody booked: what a forger would send, its MAC still right."""
        self._queue("code", mti_of(message), ("00",))
        delivery = self.emulated.respond(message)
        self.emulated.faults.clear()
        return delivery

    def roll_back(self) -> None:
        """Take back one refund of today, as if it had never been."""
        today = self.day
        booked = [
            entry
            for entry in self.ledger.entries()
            if (entry.kind, entry.state, entry.settlement_day) == ("refund", "booked", today)
        ]
        if booked:
            entry = self._random.choice(booked)
            entry.state = "reversed"
            self.rolled_back.append(entry)
            self._tale.tell(f"host: rolled back {entry.stan}")

    def sell_elsewhere(self, card: PAN) -> Entry:
        """Book a sale of another terminal of the merchant: this one will never hear of it."""
        number = self.ledger.next_sequence()
        entry = Entry(
            kind="sale",
            settlement_day=self.day,
            host_time=self._time.now.astimezone(self.profile.zone),
            terminal=ELSEWHERE,
            merchant=MERCHANT,
            batch="000001",
            stan=f"{number:06d}",
            rrn=f"77{number:010d}",
            auth=f"{number:06d}",
            pan=card,
            entry_mode="051",
            processing_code="000000",
            amount_minor=self._random.randint(100, 5_000),
            currency="156",
        )
        self.ledger.book(entry)
        self._tale.tell(f"host: sale {entry.rrn} at another terminal")
        return entry

    def close_batch(self) -> None:
        """Open the next batch; the terminal hears of it when it is refused."""
        self._tale.tell(f"host: batch {self.emulated.close_batch(TERMINAL)} is open")

    @property
    def day(self) -> date:
        """The host's settlement day now."""
        here = self._time.now.astimezone(self.profile.zone)
        return here.date() + timedelta(days=here.time() >= self.profile.cut_off)

    def file_rows(self, day: date) -> list[str]:
        """Return the rows of the settlement file of *day*."""
        return [
            row(entry, self.profile)
            for entry in self.ledger.entries()
            if entry.settlement_day == day and entry not in self.rolled_back
        ]

    def _choices(self, mti: str) -> tuple[str, ...]:
        if mti in (_SIGN_IN, _INQUIRY):
            return _AT_SIGN_IN if mti == _SIGN_IN else _AT_INQUIRY
        if mti in (_SETTLEMENT, _UPLOAD):
            return _AT_SETTLEMENT if mti == _SETTLEMENT else _AT_UPLOAD
        return _ANY_MONEY if mti in (*_MONEY, _REVERSAL) else ()

    def _codes(self, kind: str, message: bytes) -> tuple[str, ...]:
        """What may be said instead: what a plain no to a copy says is said of the first one, too."""
        if kind == "forge_result":
            return _RESULTS
        is_copy = _content(message) in self._seen
        return _HONEST_NO if kind == "decline" and not is_copy else _UNCLEAR

    def _queue(self, kind: str, mti: str, codes: tuple[str, ...]) -> None:
        self.emulated.faults.add(
            Fault(
                _KINDS.get(kind, kind),
                mti=mti,
                code=self._random.choice(codes),
                index=self._random.randrange(8),
            )
        )


def _content(message: bytes) -> bytes:
    """What a repeat has in common with what it repeats: all but its MTI and its MAC."""
    return message[_MTI_AT + 2 : -_MAC_BYTES]


def mti_of(message: bytes) -> str:
    """Return the MTI behind an eleven-byte envelope, or nothing where none can stand.

    Example:
        >>> from posrefund.testing.simulator.host import mti_of
        >>> mti_of(bytes(11) + bytes.fromhex("0220"))
        '0220'
    """
    return message[_MTI_AT : _MTI_AT + 2].hex()
