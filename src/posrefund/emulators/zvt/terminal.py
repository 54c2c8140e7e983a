"""An emulated ZVT terminal: a card is always there, and its script says what becomes of each money command. Floor 9.

Strict where terminals in the field are: who has not registered is refused, who registers with a currency that is none
gets no answer at all, a command in the middle of another one is told to wait. What it has booked stays booked,
whatever became of the line; a till that vanishes in the middle does not stop it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from posrefund.emulators.device import Say, Scene, Script
from posrefund.emulators.zvt.commands import Card, block, bmps, line, said, status_of
from posrefund.emulators.zvt.ledger import Booking, ZVTLedger
from posrefund.emulators.zvt.mouth import Form, Mouth

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["CURRENCIES", "EmulatedZVT", "ZVTModel"]

CURRENCIES = frozenset({"0036", "0156", "0756", "0826", "0840", "0978"})
_TAKEN = said("8000")
_PASSWORD_BYTES = 3
_INTERMEDIATE, _PRINTS = 0x08, 0x80
_AMOUNT, _SERVICE, _CURRENCY, _RECEIPT = 0x04, 0x03, 0x49, 0x87
_AGAIN, _UNPRINTED = 0x01, 0x02
_MONEY = {b"\x06\x31": "refund", b"\x06\x30": "reversal"}


@dataclass(frozen=True, slots=True)
class ZVTModel:
    """What kind of terminal it is.

    Attributes:
        form: Of its line.
        card: What lies in the reader.
        password: The only one that it takes.
        tid: Its number, eight digits.
        ack_s: A frame of its own is acknowledged in this time (T2).
        reply_s: A command of its own is answered in this time (T3); then it gives the dialogue up.
        can_abort: Whether it stops while it waits for a card.
        names_currency: Whether its status information does.
        charset: Of its texts.
        lines_in_tlv: Whether a TLV container is glued to each line.
        text_blocks: Whether it prints in blocks.
        remembers_declines: Whether what it repeats last may be a no.
    """

    form: Form = "auto"
    card: Card = field(default_factory=Card)
    password: str = "000000"  # noqa: S105 — what terminals are shipped with
    tid: str = "12345678"
    ack_s: float = 5.0
    reply_s: float = 5.0
    can_abort: bool = True
    names_currency: bool = True
    charset: str = "cp437"
    lines_in_tlv: bool = False
    text_blocks: bool = False
    remembers_declines: bool = False


class EmulatedZVT:
    """The terminal.

    Args:
        script: What becomes of each refund and reversal; codes are two hexadecimal digits.
        model: What kind of terminal it is.

    Attributes:
        ledger: Its books.
        asked: Every command that a till gave it, as it came; replies are not among them.

    Example:
        >>> from posrefund.emulators.zvt import EmulatedZVT
        >>> terminal = EmulatedZVT()
        >>> terminal.connect()
        >>> [each.data.hex() for each in terminal.receive(bytes.fromhex("060006000000BE0978"), 0.0)]
        ['800000', '060f0a19002912345678490978']
    """

    def __init__(self, script: Script | None = None, model: ZVTModel | None = None) -> None:
        self.script = script or Script()
        self.model = model or ZVTModel()
        self.ledger = ZVTLedger()
        self.asked: list[bytes] = []
        self._password = bytes.fromhex(self.model.password)
        self._currency = ""
        self._config = 0
        self._last: Booking | None = None
        self._busy_scene: Scene | None = None
        self._begun: tuple[Booking, Scene] | None = None
        self._mouth = Mouth(self.model.form, self.model.ack_s)
        self._to_say: list[bytes] = []
        self._is_master = False
        self._works_until: float | None = None
        self._replies_by: float | None = None

    # --- the device's side of a line -------------------------------------------------------------

    def connect(self) -> None:
        """A fresh conversation begins; what was begun in an older one is done by now."""
        self._conclude()
        self._mouth = Mouth(self.model.form, self.model.ack_s)
        self._end()

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take bytes as they come; return what the terminal says to them."""
        was_unheard = self._mouth.deadline is not None
        bodies, says = self._mouth.hear(chunk, now)
        if was_unheard and self._mouth.deadline is None and self._replies_by is not None:
            self._replies_by = now + self.model.reply_s  # it has arrived only now
        for body in bodies:
            says += self._hear(body, now)
        return says

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Say again what was not acknowledged; go on when the work is done; give up who does not reply."""
        says = self._mouth.deadline_passed(now)
        if self._works_until is not None and now >= self._works_until:
            self._works_until = None
            return [*says, *self._go_on(now)]
        if self._gives_up_at is not None and now >= self._gives_up_at:
            self._conclude()
            self._end()
        return says

    @property
    def deadline(self) -> float | None:
        """When ``deadline_passed`` has to be called."""
        times = (self._mouth.deadline, self._works_until, self._gives_up_at)
        return min((each for each in times if each is not None), default=None)

    @property
    def _gives_up_at(self) -> float | None:
        """When no reply comes any more; a till that has not heard it yet owes none."""
        return None if self._mouth.deadline is not None else self._replies_by

    @property
    def money_asked(self) -> int:
        """How many money commands came, however often the same one."""
        return sum(body[:2] in _MONEY for body in self.asked)

    # --- who is master -----------------------------------------------------------------------------

    def _end(self) -> None:
        self._to_say, self._is_master = [], False
        self._works_until = self._replies_by = None

    def _hear(self, body: bytes, now: float) -> list[Say]:
        if body[0] in (0x80, 0x84):
            return self._replied(now)
        self.asked.append(body)
        if self._is_master:
            return self._interrupted(body, now)
        return self._commanded(body, now)

    def _replied(self, now: float) -> list[Say]:
        """The till has heard our command: the next one, unless there is work to do first."""
        if not self._is_master or self._works_until is not None:
            return []
        self._replies_by = None
        if not self._to_say:
            self._end()
            return []
        if (
            self._begun is not None
            and self._begun[1].seconds
            and self._to_say[0][:2] == b"\x04\x0f"
        ):
            self._works_until = now + self._begun[1].seconds
            return []
        return self._go_on(now)

    def _go_on(self, now: float) -> list[Say]:
        body = self._to_say.pop(0)
        if body[:2] in (b"\x04\x0f", b"\x06\x1e"):
            self._conclude()
        self._replies_by = now + self.model.reply_s
        return self._mouth.say(body, now)

    def _interrupted(self, body: bytes, now: float) -> list[Say]:
        has_card = self._begun is not None and self._begun[1].status > 0
        waits = self._works_until is not None and not has_card
        if body != said("06B0") or not self.model.can_abort or not waits:
            return self._mouth.say(said("849C"), now)
        self._begun, self._to_say = None, [said("061E", b"\x6c")]
        self._works_until = None
        return [*self._mouth.say(_TAKEN, now), *self._go_on(now)]

    def _command(self, to_say: Iterable[bytes], now: float) -> list[Say]:
        """Take the till's command and become master."""
        self._to_say, self._is_master = list(to_say), True
        return [*self._mouth.say(_TAKEN, now), *self._go_on(now)]

    # --- what is commanded -----------------------------------------------------------------------------

    def _commanded(self, body: bytes, now: float) -> list[Say]:
        head, data = body[:2], body[5 if body[2:3] == b"\xff" else 3 :]
        if head == b"\x06\x00":
            return self._register(data, now)
        refusal = self._refusal(head, data)
        if refusal:
            return self._mouth.say(said(f"84{refusal}"), now)
        fields = bmps(data[_PASSWORD_BYTES:]) or {}
        if head == b"\x05\x01":
            return self._command([said("060F", b"\x00")], now)
        if head == b"\x06\x20":
            return self._command(self._repeated(fields), now)
        return self._money(_MONEY[head], fields, now)

    def _refusal(self, head: bytes, data: bytes) -> str:
        if head not in (b"\x05\x01", b"\x06\x20", *_MONEY):
            return "83"
        if not self._currency:
            return "6B"
        right = data[:_PASSWORD_BYTES] == self._password
        return "" if right and bmps(data[_PASSWORD_BYTES:]) is not None else "83"

    def _register(self, data: bytes, now: float) -> list[Say]:
        if data[:_PASSWORD_BYTES] != self._password or len(data) < 6:
            return []
        currency = data[4:6].hex()
        if currency not in CURRENCIES:
            return []  # as a terminal in the field does
        self._config, self._currency = data[3], currency
        done = bytes.fromhex(f"1900 29{self.model.tid} 49{currency}")
        return self._command([said("060F", done)], now)

    def _repeated(self, fields: dict[int, bytes]) -> Iterable[bytes]:
        service = fields.get(_SERVICE, b"\0")[0]
        if self._last is not None:
            if service & _AGAIN:
                yield self._status(self._last)
            if not service & _UNPRINTED:
                yield from self._receipt(self._last)
        yield said("060F")

    def _money(self, kind: str, fields: dict[int, bytes], now: float) -> list[Say]:
        sale = self.ledger.with_receipt(int(fields.get(_RECEIPT, b"\0\0").hex() or 0))
        minor = int(fields.get(_AMOUNT, b"\0").hex())
        if kind == "reversal":
            minor = sale.minor if sale else 0
        scene = self._busy_scene or self.script.play(minor)
        if scene.busy:
            self._busy_scene = replace(scene, busy=scene.busy - 1)
            return self._mouth.say(said("849C"), now)
        self._busy_scene = None
        code = self._fault(kind, minor, sale, fields)
        if code:
            return self._command([said("061E", bytes.fromhex(code))], now)
        booking = Booking(
            "reversal" if kind == "reversal" else "refund",
            minor,
            self._currency[1:],
            *self.ledger.numbers(),
            original=sale if kind == "reversal" else None,
            code=int(scene.code or "0", 16),
        )
        self._begun = booking, scene
        return self._command(self._dialogue(booking, scene), now)

    def _fault(self, kind: str, minor: int, sale: Booking | None, fields: dict[int, bytes]) -> str:
        """Return the code of what no script can help."""
        if kind == "reversal":
            if sale is None:
                return "B5"
            return "B4" if self.ledger.is_reversed(sale) else ""
        if fields.get(_CURRENCY, bytes.fromhex(self._currency)).hex() != self._currency:
            return "6F"
        return "" if minor else "B7"

    def _dialogue(self, booking: Booking, scene: Scene) -> Iterable[bytes]:
        if self._config & _INTERMEDIATE:
            yield said("04FF", b"\x0a")  # insert card
            yield from [said("04FF", b"\x04")] * scene.status  # the host is asked
        yield self._status(booking, scene)
        if booking.code:
            yield said("061E", bytes((booking.code,)))
            return
        if self._config & _PRINTS:
            yield from self._receipt(booking)
        yield said("060F")

    def _conclude(self) -> None:
        """What was begun is done now, as its scene says."""
        begun, self._begun = self._begun, None
        if begun is None:
            return
        booking, scene = begun
        does_act = scene.does_act if scene.does_act is not None else not scene.code
        if does_act:
            self.ledger.bookings.append(replace(booking, code=0))
            self._last = replace(booking, code=0)
        elif self.model.remembers_declines:
            self._last = booking

    def _status(self, booking: Booking, scene: Scene | None = None) -> bytes:
        tid = self.model.tid
        match scene.lie if scene else None:
            case "amount":
                booking = replace(booking, minor=booking.minor + 1)
            case "currency":
                booking = replace(booking, currency="840")
            case "reference":
                booking = replace(booking, trace=booking.trace - 1, receipt=booking.receipt - 1)
            case "terminal":
                tid = "87654321"
            case _:
                pass
        return status_of(booking, tid, self.model.card, names_currency=self.model.names_currency)

    def _receipt(self, booking: Booking) -> Iterable[bytes]:
        whole, part = divmod(booking.minor, 100)
        title = {"refund": "GUTSCHRIFT", "reversal": "STORNO", "sale": "KASSENSCHNITT"}
        lines = [
            "** HÄNDLERBELEG **",
            title[booking.kind],
            f"Nr: {self.model.card.shown.replace('E', '*')}",
            f"Trace {booking.trace:06d} Beleg {booking.receipt:04d}",
            f"EUR {whole},{part:02d}",
        ]
        if self.model.text_blocks:
            return [block(lines, self.model.charset)]
        return [line(text, self.model.charset, in_tlv=self.model.lines_in_tlv) for text in lines]
