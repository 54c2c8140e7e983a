"""A terminal for the host's tests: packs and unpacks by hand, signs with the plain oracle.

No codec of ours and no pyiso8583: a few lines per encoding, from the fact sheet. Keys, card numbers
and ids are public test values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING

import plain_des
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostTime,
    Ledger,
    TerminalRecord,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CARD",
    "CARD_19",
    "MERCHANT",
    "OTHER_CARD",
    "PREFIX",
    "TERMINAL",
    "TMK",
    "Fields",
    "Peer",
    "at",
    "make_host",
    "numbered",
    "pack",
    "unpack",
]

Fields = dict[int, str]

PREFIX = bytes.fromhex("6000030000603100311003")
TERMINAL, MERCHANT = "12345678", "123456789012345"
TMK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CARD, CARD_19, OTHER_CARD = "6200000000000005", "6205500000000000004", "6200000000000047"

_BCD_FIXED = {3: 6, 4: 12, 11: 6, 12: 6, 13: 4, 14: 4, 15: 4, 25: 2, 26: 2, 53: 16}
_BCD_VAR = {2: 1, 32: 1, 35: 1, 36: 2, 48: 2, 60: 2, 61: 2}
_TEXT_FIXED = {37: 12, 38: 6, 39: 2, 41: 8, 42: 15, 49: 3}
_TEXT_VAR = {6: 1, 44: 1, 63: 2}
_RAW_FIXED = {9: 8, 52: 8, 64: 8}
_RAW_VAR = {55: 2, 59: 2, 62: 2}


def _even(digits: str) -> bytes:
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def _length(value: int, width_bytes: int) -> bytes:
    return bytes.fromhex(f"{value:0{2 * width_bytes}d}")


def _pack_field(number: int, value: str) -> bytes:
    if number == 22:
        return bytes.fromhex(value + "0")
    if number == 23:
        return bytes.fromhex("0" + value)
    if number in _BCD_FIXED:
        return bytes.fromhex(value)
    if number in _BCD_VAR:
        return _length(len(value), _BCD_VAR[number]) + _even(value)
    if number in _TEXT_FIXED:
        return value.encode("ascii")
    if number in _TEXT_VAR:
        return _length(len(value), _TEXT_VAR[number]) + value.encode("ascii")
    raw = bytes.fromhex(value)
    return (_length(len(raw), _RAW_VAR[number]) if number in _RAW_VAR else b"") + raw


def pack(mti: str, fields: Fields) -> bytes:
    """Return a body from the MTI on."""
    bits = sum(1 << (64 - number) for number in fields)
    parts = [_pack_field(number, fields[number]) for number in sorted(fields)]
    return bytes.fromhex(mti) + bits.to_bytes(8, "big") + b"".join(parts)


def unpack(body: bytes) -> tuple[str, Fields]:
    """Return MTI and fields of a body; every byte must be used."""
    bits = int.from_bytes(body[2:10], "big")
    place, fields = 10, {}
    for number in (n for n in range(1, 65) if bits >> (64 - n) & 1):
        value, place = _unpack_field(number, body, place)
        fields[number] = value
    assert place == len(body), "bytes left over"
    return body[:2].hex(), fields


def _unpack_field(number: int, body: bytes, place: int) -> tuple[str, int]:
    if number == 23:
        return body[place : place + 2].hex()[1:], place + 2
    if number in _BCD_FIXED:
        end = place + _BCD_FIXED[number] // 2
        return body[place:end].hex(), end
    if number in _TEXT_FIXED:
        end = place + _TEXT_FIXED[number]
        return body[place:end].decode("ascii"), end
    if number in _RAW_FIXED:
        end = place + 8
        return body[place:end].hex().upper(), end
    width = (_BCD_VAR | _TEXT_VAR | _RAW_VAR)[number]
    size = int(body[place : place + width].hex())
    start = place + width
    if number in _BCD_VAR:
        end = start + (size + 1) // 2
        return body[start:end].hex()[:size].upper(), end
    end = start + size
    data = body[start:end]
    return (data.decode("ascii") if number in _TEXT_VAR else data.hex().upper()), end


def at(text: str) -> datetime:
    """Return *text* (ISO, without zone) as time in China."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(hours=8)))


def counting_bytes() -> Callable[[int], bytes]:
    """Return a source of bytes that never repeats and always starts the same."""
    numbers = count(0x1122334455667788, 0x0102030405060708)

    def take(size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += (next(numbers) % 2**64).to_bytes(8, "big")
        return data[:size]

    return take


def make_host(
    profile: HostProfile | None = None,
    *,
    start: str = "2026-03-09T10:00:00",
    ledger: Ledger | None = None,
) -> tuple[EmulatedHost, HostTime]:
    """Return a host with two terminals of one merchant, and its clock."""
    clock = HostTime(at(start))
    records = [
        TerminalRecord(terminal, MERCHANT, Key(TMK, Purpose.KEK))
        for terminal in (TERMINAL, "87654321")
    ]
    host = EmulatedHost(
        profile or HostProfile(),
        records,
        clock=clock,
        random_bytes=counting_bytes(),
        ledger=ledger,
    )
    return host, clock


@dataclass
class Peer:
    """One terminal in front of a host."""

    host: EmulatedHost
    terminal: str = TERMINAL
    batch: str = "000001"
    pik: bytes = b""
    mak: bytes = b""
    tdk: bytes = b""
    stan: int = 0
    last_sent: bytes = field(default=b"", repr=False)

    def next_stan(self) -> str:
        """Return the next STAN."""
        self.stan += 1
        return f"{self.stan:06d}"

    def sealed(self, mti: str, fields: Fields) -> bytes:
        """Return a whole message with its MAC."""
        return self.under_mac(pack(mti, {**fields, 64: "00" * 8})[:-8])

    def under_mac(self, body: bytes) -> bytes:
        """Return a whole message of *body*, which ends before its MAC."""
        return PREFIX + body + plain_des.unionpay_mac(self.mak, body)

    def send(self, message: bytes) -> Fields:
        """Send *message* and return the answer's fields, 0 holding the MTI."""
        self.last_sent = message
        reply = self.host.answer(message)
        assert reply is not None, "no answer"
        return self.open(reply)

    def open(self, reply: bytes) -> Fields:
        """Return an answer's fields after checking its envelope and, if there is one, its MAC."""
        assert reply[:11].hex() == "6000000003603100311003"
        mti, fields = unpack(reply[11:])
        if 64 in fields:
            tag = plain_des.unionpay_mac(self.mak, reply[11:-8])
            assert reply[-8:] == tag, "wrong MAC in the answer"
        return {0: mti, **fields}

    def ask(self, mti: str, fields: Fields) -> Fields:
        """Send a sealed message."""
        return self.send(self.sealed(mti, fields))

    def sign_in(self, network_code: str = "003") -> Fields:
        """Sign in and take the keys over."""
        de60 = f"00{self.batch}{network_code}"
        fields = {11: self.next_stan(), 41: self.terminal, 42: MERCHANT, 60: de60, 63: "001"}
        reply = self.send(PREFIX + pack("0800", fields))
        if reply[39] == "00":
            self.batch = reply[60][2:8]
            self.take_keys(bytes.fromhex(reply[62]))
        return reply

    def take_keys(self, block: bytes) -> None:
        """Open a key block with the oracle; every KCV must fit."""
        width = 8 if len(block) == 24 else 16
        parts = [block[i : i + width + 4] for i in range(0, len(block), width + 4)]
        keys = []
        for part in parts:
            wrapped = part[:8] if part[8:16] == bytes(8) else part[:-4]
            key = plain_des.decrypt(TMK, wrapped)
            assert plain_des.encrypt(key, bytes(8))[:4] == part[-4:], "wrong KCV"
            keys.append(key)
        self.pik, self.mak = keys[:2]
        self.tdk = keys[2] if len(keys) == 3 else b""

    def money_fields(self, kind: str, amount: int, card: str) -> Fields:
        """Return the fields that sale, void and refund share; contactless, no PIN."""
        return {
            2: card,
            3: "000000" if kind == "22" else "200000",
            4: f"{amount:012d}",
            11: self.next_stan(),
            14: "3012",
            22: "072",
            25: "00",
            41: self.terminal,
            42: MERCHANT,
            49: "156",
            60: f"{kind}{self.batch}000600",
        }

    def sale(self, amount: int = 10_000, card: str = CARD, **more: str) -> Fields:
        """Buy something."""
        return self.ask("0200", {**self.money_fields("22", amount, card), **numbered(more)})

    def refund_fields(self, sale: Fields, amount: int, card: str = CARD) -> Fields:
        """Return the fields of a refund of *sale* (its answer)."""
        return {
            **self.money_fields("25", amount, card),
            37: sale[37],
            61: "000000000000" + sale[13],
            63: "000",
        }

    def refund(self, sale: Fields, amount: int, card: str = CARD, **more: str) -> Fields:
        """Give money back."""
        return self.ask("0220", {**self.refund_fields(sale, amount, card), **numbered(more)})

    def void(
        self, sale: Fields, amount: int | None = None, card: str = CARD, **more: str
    ) -> Fields:
        """Undo *sale* (its answer)."""
        due = int(sale[4]) if amount is None else amount
        fields = {
            **self.money_fields("23", due, card),
            37: sale[37],
            61: self.batch + sale[11],
        }
        return self.ask("0200", {**fields, **numbered(more)})

    def reverse(self, reply: Fields, *, reason: str = "98", **more: str) -> Fields:
        """Reverse a sale or void by its answer (or by the fields it had)."""
        kind = "22" if reply[3] == "000000" else "23"
        fields = {
            **self.money_fields(kind, int(reply[4]), CARD),
            11: reply[11],
            39: reason,
        }
        self.stan -= 1
        if kind == "23":
            fields[61] = self.batch + reply[11]
        return self.ask("0400", {**fields, **numbered(more)})


def numbered(more: dict[str, str]) -> Fields:
    """Turn ``de38="…"`` into ``{38: "…"}``."""
    return {int(name[2:]): value for name, value in more.items()}
