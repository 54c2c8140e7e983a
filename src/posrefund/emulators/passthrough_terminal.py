"""An emulated terminal that builds its own ISO 8583 and has a till relay it: its own keys, its own eyes. Floor 9.

It hands its message over as ``STX LEN (BCD) tags ETX LRC``, waits for ACK, repeats the very same frame without one,
and takes for its answer only what echoes its random number, its STAN and a MAC of its own key. Messages are packed
with pyiso8583 and the host's tables; nothing of the relay that it bears witness against is used.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import iso8583

from posrefund.crypto import Purpose, mac, unwrap_key
from posrefund.emulators.device.contract import Say
from posrefund.emulators.host.dialects.unionpay_tables import SPEC
from posrefund.framing import STXETX, Control, Damaged, STXETXFramer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.crypto import Key

__all__ = ["Order", "PassThroughTerminal", "Verdict"]

_ENVELOPE = bytes.fromhex("6000030000603100311003")
_AT_ONCE = 1e-9
"""A deadline that has passed whatever the clock says."""
_KEY_PART_BYTES, _KCV_BYTES = 20, 4
_MAC_BYTES = 8


@dataclass(frozen=True, slots=True)
class Order:
    """What the clerk wants of the terminal.

    Attributes:
        kind: ``sign_in``, ``sale``, ``refund``.
        minor: How much.
        card: A test card number.
        rrn: Of the sale that is given back.
        sold_on: Its date, MMDD.
    """

    kind: Literal["sign_in", "sale", "refund"]
    minor: int = 0
    card: str = field(default="6200000000000005", repr=False)
    rrn: str = ""
    sold_on: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it ended, as the terminal sees it.

    Attributes:
        kind: Of the order.
        stan: Its STAN.
        end: ``approved`` with its own MAC on it, ``declined`` by the host, ``told`` by the till in a code,
            ``in_doubt`` where no answer that it believes came in time, ``unheard`` where nobody said ACK.
        code: DE39, or the till's code.
        fields: The answer's, where it is approved.
    """

    kind: str
    stan: str
    end: Literal["approved", "declined", "told", "in_doubt", "unheard"]
    code: str = ""
    fields: dict[str, str] = field(default_factory=dict, repr=False)


class PassThroughTerminal:
    """The terminal.

    Args:
        terminal: DE41.
        merchant: DE42.
        tmk: Opens the keys that a sign-in brings.
        line: Framing of its line to the till.
        ack_s: So long it waits for ACK.
        answer_s: So long it waits for its answer after that.

    Attributes:
        orders: What it is still to do, in order; put some in.
        verdicts: What became of those it has done.
        frames: Every frame that it put on the line, repeats too.
        is_deaf: It does not hear ACK.
    """

    def __init__(
        self,
        *,
        terminal: str,
        merchant: str,
        tmk: Key,
        line: STXETX | None = None,
        ack_s: float = 0.3,
        answer_s: float = 5.0,
    ) -> None:
        self._who = {"41": terminal, "42": merchant}
        self._tmk = tmk
        self._mak: Key | None = None
        self._line = line or STXETX(length="bcd", text=False)
        self._ack_s, self._answer_s = ack_s, answer_s
        self.orders: deque[Order] = deque()
        self.verdicts: list[Verdict] = []
        self.frames: list[bytes] = []
        self.is_deaf = False
        self.stan, self.batch = 0, "000001"
        self._order: Order | None = None
        self._random = b""
        self._sends = 0
        self._deadline: float | None = None
        self._is_heard = False
        self.connect()

    def connect(self) -> None:
        """The line is there afresh."""
        self._framer = STXETXFramer(self._line)

    @property
    def deadline(self) -> float | None:
        """When ``deadline_passed`` has to be called."""
        return _AT_ONCE if self._order is None and self.orders else self._deadline

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take what the till says."""
        return [say for event in self._framer.feed(chunk) for say in self._react(event, now)]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Begin with the next order, repeat the frame, or give up."""
        if self._order is None:
            return self._begin(now) if self.orders else []
        if self._deadline is None or now < self._deadline:
            return []
        if self._is_heard:
            return self._end("in_doubt")
        return self._send(now) if self._sends < 3 else self._end("unheard")

    # --- asking ------------------------------------------------------------------------------

    def _begin(self, now: float) -> list[Say]:
        self._order = order = self.orders.popleft()
        self.stan += 1
        self._random = (0x1000 + self.stan).to_bytes(2, "big")
        message = self._sealed(order)
        body = b"".join(
            _tlv(tag, value)
            for tag, value in (("DF01", b"\x01"), ("DF04", self._random), ("DF06", message))
        )
        self._frame = self._framer.frame(body)
        self._sends = 0
        return self._send(now)

    def _send(self, now: float) -> list[Say]:
        self._sends += 1
        self._is_heard, self._deadline = False, now + self._ack_s
        self.frames.append(self._frame)
        return [Say(self._frame)]

    def _sealed(self, order: Order) -> bytes:
        number = f"{self.stan:06d}"
        if order.kind == "sign_in":
            fields = {
                "t": "0800",
                "11": number,
                **self._who,
                "60": f"00{self.batch}003",
                "63": "001",
            }
            return _ENVELOPE + _pack(fields)
        is_refund = order.kind == "refund"
        fields = {
            "t": "0220" if is_refund else "0200",
            "2": order.card,
            "3": "200000" if is_refund else "000000",
            "4": f"{order.minor:012d}",
            "11": number,
            "14": "3012",
            "22": "072",
            "25": "00",
            **self._who,
            "49": "156",
            "60": f"{'25' if is_refund else '22'}{self.batch}000600",
            "64": "00" * _MAC_BYTES,
        }
        if is_refund:
            fields |= {"37": order.rrn, "61": f"000000000000{order.sold_on}", "63": "000"}
        covered = _pack(fields)[:-_MAC_BYTES]
        assert self._mak is not None, "signed in"
        return _ENVELOPE + covered + mac(self._mak, covered)

    # --- listening ---------------------------------------------------------------------------

    def _react(self, event: object, now: float) -> list[Say]:
        match event:
            case Damaged(reason="noise"):
                return []
            case Damaged():
                return [Say(self._framer.control(Control.NAK), "control")]
            case Control.ACK if self._order and not self._is_heard and not self.is_deaf:
                self._is_heard, self._deadline = True, now + self._answer_s
                return []
            case Control.NAK if self._order and not self._is_heard and self._sends < 3:
                return self._send(now)
            case bytes():
                return [Say(self._framer.control(Control.ACK), "control"), *self._answered(event)]
            case _:
                return []

    def _answered(self, body: bytes) -> list[Say]:
        found = _tags(body)
        if self._order is None or found.get("DF04") != self._random:
            return []  # somebody else's
        if "DF07" in found:
            return self._end("told", found["DF07"].decode("ascii", "replace"))
        return self._judge(self._order, found.get("DF06", b""))

    def _judge(self, order: Order, message: bytes) -> list[Say]:
        """Believe an answer only with the right numbers in it, and a yes to money only with our MAC."""
        covered = message[len(_ENVELOPE) :]
        try:
            fields, _ = iso8583.decode(covered, SPEC)
        except iso8583.DecodeError:
            return []
        is_ours = (fields.get("11"), fields.get("41")) == (f"{self.stan:06d}", self._who["41"])
        code = fields.get("39", "")
        if not is_ours or fields["t"] not in ("0810", "0210", "0230"):
            return []
        if code != "00":
            return self._end("declined", code)
        if order.kind == "sign_in":
            return self._signed_in(fields)
        tag = mac(self._mak, covered[:-_MAC_BYTES]) if self._mak else b""
        is_genuine = bytes.fromhex(fields.get("64", "")) == tag
        if not is_genuine or int(fields.get("4", "0")) != order.minor:
            return []
        return self._end("approved", code, fields)

    def _signed_in(self, fields: dict[str, str]) -> list[Say]:
        block = bytes.fromhex(fields["62"])
        part = block[_KEY_PART_BYTES : 2 * _KEY_PART_BYTES - _KCV_BYTES]
        wrapped = part[:8] if part[8:] == bytes(8) else part
        self._mak = unwrap_key(self._tmk, wrapped, Purpose.MAC)
        self.batch = fields["60"][2:8]
        return self._end("approved", "00", fields)

    def _end(
        self,
        end: Literal["approved", "declined", "told", "in_doubt", "unheard"],
        code: str = "",
        fields: dict[str, str] | None = None,
    ) -> list[Say]:
        assert self._order is not None
        kind, number = self._order.kind, f"{self.stan:06d}"
        self.verdicts.append(Verdict(kind, number, end, code, fields or {}))
        self._order = self._deadline = None
        return []


def _pack(fields: dict[str, str]) -> bytes:
    body, _ = iso8583.encode(dict(fields), SPEC)
    return bytes(body)


def _tlv(tag: str, value: bytes) -> bytes:
    """One object, its length as BER has it: one byte up to 127, else a byte that says how many follow."""
    size = len(value)
    length = bytes((size,)) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes.fromhex(tag) + length + value


def _tags(body: bytes) -> dict[str, bytes]:
    """The objects of a body with tags of two bytes; none at all where it is something else."""
    found, at = {}, 0
    while at + 3 <= len(body):
        tag, first = body[at : at + 2].hex().upper(), body[at + 2]
        more = first & 0x7F if first & 0x80 else 0
        start = at + 3 + more
        size = int.from_bytes(body[at + 3 : start], "big") if more else first
        found[tag] = body[start : start + size]
        at = start + size
    return found if at == len(body) else {}
