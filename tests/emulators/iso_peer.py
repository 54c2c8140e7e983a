"""A terminal for the host's ISO 8583 dialects: packs and unpacks by hand, from the paper.

No pyiso8583 and no table of the host: ``docs/reference/iso-dialects.md``, typed once more. MACs are
made and checked by ``posrefund.crypto``, which the published vectors and the plain oracle prove.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import plain_des
from emulators.host_peer import CARD, MERCHANT, TERMINAL, TMK, Fields, counting_bytes
from emulators.host_peer import make_host as make_unionpay_host
from posrefund.crypto import ISO9797_3, Key, Purpose, mac, verify
from posrefund.emulators.host import EmulatedHost, HostProfile

if TYPE_CHECKING:
    from posrefund.emulators.host import HostTime, Ledger

__all__ = ["CODES", "NAMES", "IsoPeer", "booked", "clock", "make_host", "says"]

NAMES = ("iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary")
TPDU, TPDU_BACK = bytes.fromhex("6000030000"), bytes.fromhex("6000000003")

_1987 = """2 n..19 3 n6 4 n12 7 n10 9 b64 11 n6 12 n6 13 n4 14 n4 15 n4 22 n3 23 n3 24 n3 25 n2
26 n2 32 n..11 35 z..37 37 an12 38 an6 39 an2 41 ans8 42 ans15 49 an3 52 b64 53 n16 55 b...255
60 ans...999 62 b...255 64 b64 70 n3 90 n42 128 b64"""
_1993 = """2 n..19 3 n6 4 n12 7 n10 9 b64 11 n6 12 n12 14 n4 15 n6 22 an12 23 n3 24 n3 25 n4 32 n..11
35 z..37 37 an12 38 an6 39 n3 41 ans8 42 ans15 49 n3 52 b64 55 b...255 56 n..35 60 ans...999
62 b...255 64 b64"""
"""Field 9 is the one that no terminal knows: a fault of the host sends it."""


def _kinds(text: str) -> dict[int, tuple[str, int, int]]:
    """Return number → (kind, digits of the length, count)."""
    words = text.split()
    out = {}
    for number, notation in zip(words[::2], words[1::2], strict=True):
        kind, dots, count = re.fullmatch(r"([a-z]+)(\.*)(\d+)", notation).groups()  # type: ignore[union-attr]  # reason: it matches
        out[int(number)] = kind, len(dots), int(count)
    return out


_KINDS = {"87": _kinds(_1987), "93": _kinds(_1993)}


@dataclass(frozen=True)
class Wire:
    """The bytes of one dialect."""

    name: str

    @property
    def is_text(self) -> bool:
        return self.name.endswith("ascii")

    @property
    def kinds(self) -> dict[int, tuple[str, int, int]]:
        return _KINDS[self.name[3:5]]

    @property
    def tpdu(self) -> bytes:
        return TPDU if self.name == "iso87-binary" else b""

    def pack(self, mti: str, fields: Fields) -> bytes:
        """Return a body from the MTI on."""
        places = 128 if any(number > 64 for number in fields) else 64
        numbers = sorted({*fields, *([1] if places == 128 else [])})
        bits = sum(1 << (places - number) for number in numbers).to_bytes(places // 8, "big")
        head = mti + bits.hex().upper()
        raw = head.encode() if self.is_text else bytes.fromhex(head)
        return raw + b"".join(self._pack_field(n, fields[n]) for n in numbers if n != 1)

    def _pack_field(self, number: int, value: str) -> bytes:
        kind, dots, _ = self.kinds[number]
        size = len(value) // 2 if kind == "b" and not self.is_text else len(value)
        if self.is_text:
            return (f"{size:0{dots}d}" if dots else "").encode() + value.encode("ascii")
        length = bytes.fromhex(f"{size:0{dots + dots % 2}d}") if dots else b""
        if kind in ("n", "z") and len(value) % 2:
            value = value + "0" if dots else "0" + value
        return length + (bytes.fromhex(value) if kind in ("n", "z", "b") else value.encode("ascii"))

    def unpack(self, body: bytes) -> tuple[str, Fields]:
        """Return MTI and fields of a body; every byte must be used."""
        text = body.decode("ascii") if self.is_text else body.hex().upper()
        mti, has_second = text[:4], int(text[4], 16) >> 3
        digits = 32 if has_second else 16
        bits = int(text[4 : 4 + digits], 16)
        place, fields = 4 + digits if self.is_text else 2 + digits // 2, {}
        for number in (n for n in range(2, 4 * digits + 1) if bits >> (4 * digits - n) & 1):
            fields[number], place = self._unpack_field(number, body, place)
        assert place == len(body), "bytes left over"
        return mti, fields

    def _unpack_field(self, number: int, body: bytes, place: int) -> tuple[str, int]:
        kind, dots, count = self.kinds[number]
        width = dots if self.is_text else (dots + 1) // 2
        size = count // 8 if kind == "b" and not dots else count
        if dots:
            length = body[place : place + width]
            size = int(length if self.is_text else length.hex())
        elif kind == "b" and self.is_text:
            size *= 2
        place += width
        is_packed = not self.is_text and kind in ("n", "z")
        end = place + ((size + 1) // 2 if is_packed else size)
        raw = body[place:end]
        if is_packed:
            digits = raw.hex().upper()
            return (digits[:size] if dots else digits[-size:]), end
        return (raw.hex().upper() if kind == "b" and not self.is_text else raw.decode("ascii")), end


CODES = {
    "87": {
        "ok": "00",
        "undone": "00",
        "managed": "00",
        "form": "30",
        "kind": "12",
        "terminal": "58",
        "merchant": "03",
        "batch": "77",
        "mac": "63",
        "twice": "94",
        "card": "14",
        "zero": "13",
        "keyed": "58",
        "original": "25",
        "state": "12",
        "over": "61",
        "old": "57",
        "amount": "64",
        "broken": "96",
    },
    "93": {
        "ok": "000",
        "undone": "400",
        "managed": "800",
        "form": "904",
        "kind": "902",
        "terminal": "120",
        "merchant": "109",
        "batch": "940",
        "mac": "916",
        "twice": "913",
        "card": "111",
        "zero": "110",
        "keyed": "120",
        "original": "914",
        "state": "902",
        "over": "121",
        "old": "119",
        "amount": "902",
        "broken": "909",
    },
}
"""What the paper says for each answer."""


def make_host(
    name: str, *, ledger: Ledger | None = None, **settings: object
) -> tuple[EmulatedHost, HostTime]:
    """Return a host of this dialect with two terminals of one merchant, and its clock."""
    profile = HostProfile(dialect=name, **settings)  # type: ignore[arg-type]  # reason: passed on
    host, clock = make_unionpay_host(profile, ledger=ledger)
    host.random_bytes = counting_bytes()
    return host, clock


@dataclass
class IsoPeer:
    """One terminal in front of a host of an ISO dialect."""

    host: EmulatedHost
    name: str
    batch: str = "000000"
    mak: bytes = b""
    stan: int = 0
    sent: Fields = field(default_factory=dict, repr=False)
    last_sent: bytes = field(default=b"", repr=False)

    @property
    def wire(self) -> Wire:
        """How its bytes are."""
        return Wire(self.name)

    @property
    def is_1993(self) -> bool:
        """Whether it speaks the newer standard."""
        return "93" in self.name

    def sealed(self, mti: str, fields: Fields) -> bytes:
        """Return a whole message with its MAC in its last field."""
        last = 128 if max(fields) > 64 else 64
        cut = 16 if self.wire.is_text else 8
        body = self.wire.pack(mti, {**fields, last: "00" * 8})[:-cut]
        tag = mac(Key(self.mak, Purpose.MAC), body, ISO9797_3)
        return self.wire.tpdu + body + (tag.hex().upper().encode() if cut == 16 else tag)

    def send(self, message: bytes) -> Fields:
        """Send *message* and return the answer's fields, 0 holding the MTI."""
        self.last_sent = message
        reply = self.host.answer(message)
        assert reply is not None, "no answer"
        return self.open(reply)

    def open(self, reply: bytes) -> Fields:
        """Return an answer's fields after checking its envelope and, if there is one, its MAC."""
        tpdu = TPDU_BACK if self.wire.tpdu else b""
        assert reply[: len(tpdu)] == tpdu, "another TPDU"
        body = reply[len(tpdu) :]
        mti, fields = self.wire.unpack(body)
        if 64 in fields:
            covered = body[: -16 if self.wire.is_text else -8]
            verify(Key(self.mak, Purpose.MAC), covered, bytes.fromhex(fields[64]), ISO9797_3)
        return {0: mti, **fields}

    def ask(self, mti: str, fields: Fields) -> Fields:
        """Send a sealed message."""
        self.sent = dict(fields)
        return self.send(self.sealed(mti, fields))

    # ---- messages ------------------------------------------------------------------------

    def times(self) -> Fields:
        """Return what every message has: when, and which."""
        self.stan += 1
        local = {12: "260309101500"} if self.is_1993 else {12: "101500", 13: "0309"}
        return {7: "0309021500", 11: f"{self.stan:06d}", **local, 41: TERMINAL, 42: MERCHANT}

    def manage(self, code: str, **more: str) -> Fields:
        """Send a management message; *code* as in the 1993 standard."""
        old = {"801": "001", "802": "002", "831": "301"}
        place = {24: code} if self.is_1993 else {70: old[code]}
        fields = {**self.times(), **place, **numbered(more)}
        packed = self.wire.pack("1804" if self.is_1993 else "0800", fields)
        return self.send(self.wire.tpdu + packed)

    def sign_in(self) -> Fields:
        """Sign in and take batch and keys over; every KCV must fit."""
        reply = self.manage("801")
        block = bytes.fromhex(reply[62])
        assert len(block) == 40
        keys = [plain_des.decrypt(TMK, block[at : at + 16]) for at in (0, 20)]
        for key, check in zip(keys, (block[16:20], block[36:]), strict=True):
            assert plain_des.encrypt(key, bytes(8))[:4] == check, "wrong KCV"
        self.batch, self.mak = reply[60], keys[1]
        return reply

    @property
    def money_mti(self) -> str:
        """MTI of sale, void and refund."""
        return "1200" if self.is_1993 else "0200"

    def money(self, processing: str, amount: int, card: str) -> Fields:
        """Return the fields that sale, void and refund share; contactless, no PIN."""
        kind = {22: "51010155414C", 24: "200"} if self.is_1993 else {22: "072", 25: "00"}
        if self.name == "iso87-binary":
            kind[24] = "003"
        mine = {2: card, 3: processing, 4: f"{amount:012d}", 14: "3012", 49: "156", 60: self.batch}
        return {**mine, **kind, **self.times()}

    def reference(self, stan: str, day: str, *, mti: str = "", time: str = "000000") -> Fields:
        """Return DE90 or DE56; *day* is YYMMDD."""
        mti = mti or self.money_mti
        if self.is_1993:
            return {56: f"{mti}{stan}{day}{time}00"}
        return {90: f"{mti}{stan}{day[2:]}{time}" + "0" * 22}

    def sale(self, amount: int = 10_000, card: str = CARD, **more: str) -> Fields:
        """Buy something."""
        fields = {**self.money("000000", amount, card), **numbered(more)}
        return self.ask(self.money_mti, fields)

    def refund_fields(self, sale: Fields, amount: int, card: str = CARD) -> Fields:
        """Return the fields of a refund of *sale* (its answer)."""
        reference = self.reference(sale[11], "260309")
        return {**self.money("200000", amount, card), 37: sale[37], **reference}

    def refund(self, sale: Fields, amount: int, card: str = CARD, **more: str) -> Fields:
        """Give money back."""
        fields = {**self.refund_fields(sale, amount, card), **numbered(more)}
        return self.ask(self.money_mti, fields)

    def void(self, sale: Fields, amount: int = 10_000, card: str = CARD, **more: str) -> Fields:
        """Undo *sale* (its answer)."""
        reference = self.reference(sale[11], "260309")
        fields = {**self.money("020000", amount, card), 37: sale[37], 38: sale[38], **reference}
        return self.ask(self.money_mti, {**fields, **numbered(more)})

    def reversal_fields(self, undone: Fields) -> Fields:
        """Return the fields of a reversal of the message with the fields *undone*."""
        kept = (2, 3, 4, 11, 12, 13, 14, 22, 23, 24, 25, 41, 42, 49, 60)
        fields = {number: undone[number] for number in kept if number in undone}
        if self.is_1993:
            fields |= {24: "400", 25: "4021"}
            when = undone[12]
        else:
            fields[39] = "68"
            when = "26" + undone[7]
        reference = self.reference(undone[11], when[:6], time=when[6:])
        return {**fields, 7: "0309021559", **reference}

    def reverse(self, undone: Fields, **more: str) -> Fields:
        """Reverse the message with the fields *undone*."""
        fields = {**self.reversal_fields(undone), **numbered(more)}
        return self.ask("1420" if self.is_1993 else "0400", fields)


def numbered(more: dict[str, str]) -> Fields:
    """Turn ``de38="…"`` into ``{38: "…"}``."""
    return {int(name[2:]): value for name, value in more.items()}


def clock(peer: IsoPeer) -> HostTime:
    """Return the clock of its host."""
    found: HostTime = peer.host.clock  # type: ignore[assignment]  # reason: make_host gave it one
    return found


def says(peer: IsoPeer, name: str) -> str:
    """Return the code that the paper has for *name*."""
    return CODES["93" if peer.is_1993 else "87"][name]


def booked(peer: IsoPeer) -> list[str]:
    """Return what its host booked, oldest first."""
    return [entry.kind for entry in peer.host.ledger.entries()]
