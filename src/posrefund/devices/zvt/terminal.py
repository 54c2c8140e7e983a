"""A card terminal that speaks ZVT, over a serial line or TCP. Floor 6.

Each operation is a conversation of its own: open, register, ask, hang up. The money command leaves once; whatever
goes wrong after it is a doubt, which ``recover`` tries to end by asking what the terminal did last.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.devices.contract import Can, DeviceRefund, DeviceVoid
from posrefund.devices.line import DeviceLine
from posrefund.devices.reasons import reason_of_error
from posrefund.devices.results import DeviceReason
from posrefund.devices.zvt.bmp import (
    AMOUNT,
    CURRENCY,
    RECEIPT,
    TERMINAL,
    command,
    packed,
)
from posrefund.devices.zvt.codes import is_busy, reason_of
from posrefund.devices.zvt.heard import Heard, first_byte
from posrefund.devices.zvt.judge import (
    Expected,
    doubt,
    judge,
    judge_last,
    not_sent,
    receipt_asked,
)
from posrefund.devices.zvt.settings import ZVTSettings
from posrefund.errors import DeviceBusyError, PosRefundError, RemoteProtocolError
from posrefund.exchanges import APDU, AckNak, AckNakExchange, APDUExchange, BareExchange
from posrefund.framing import ZVTSerialFramer, ZVTTCPFramer
from posrefund.link import SerialStream, TCPStream

if TYPE_CHECKING:
    from posrefund.devices.contract import DeviceRequest
    from posrefund.devices.results import DeviceResult
    from posrefund.devices.zvt.heard import Status
    from posrefund.exchanges import Exchange
    from posrefund.framing import Framer
    from posrefund.link import Stream

__all__ = ["TCP_PORT", "ZvtTerminal"]

TCP_PORT = 20007
_REGISTER, _STATUS, _REPEAT, _REVERSE, _REFUND, _ABORT = (
    0x0600,
    0x0501,
    0x0620,
    0x0630,
    0x0631,
    0x06B0,
)
_WRONG_CURRENCY = 0x6F
_AGAIN_UNPRINTED = b"\x03\x03"
"""Service byte of a repeated receipt: the status information again (01), nothing printed (02)."""
_LOOK_UP_S = 0.25
"""So often somebody's wish to abort is looked for while the terminal waits for a card."""


class ZvtTerminal:
    """A terminal that does the whole refund itself, and says what became of it.

    One thread asks; ``abort`` and ``cancel`` may come from any other.

    Args:
        stream: To the terminal.
        settings: How it is spoken to.
        serial: Whether the line is a serial one, with marks, checks and acknowledgements around each command.

    Example:
        >>> from posrefund.devices.zvt import ZvtTerminal
        >>> ZvtTerminal.on_tcp("192.0.2.7").name
        '192.0.2.7:20007'
    """

    def __init__(
        self, stream: Stream, settings: ZVTSettings | None = None, *, serial: bool
    ) -> None:
        self.settings = settings or ZVTSettings()
        self._is_serial = serial
        self._exchange = self._made()[1]
        # T1 is a serial line's: on a network a frame may pause as long as a reply may take
        inter_byte_s = self.settings.inter_byte_s if serial else self.settings.reply_s
        self._line = DeviceLine(stream, self._talk, inter_byte_s=inter_byte_s)
        self._wants_abort = threading.Event()
        self._terminal: str | None = None

    @classmethod
    def on_serial(
        cls, port: str, settings: ZVTSettings | None = None, *, baud: int = 9600
    ) -> ZvtTerminal:
        """Return a terminal on a serial port: 8 data bits, no parity, 2 stop bits.

        Raises:
            ConfigError: No such speed.
        """
        return cls(SerialStream(port, baud=baud, form="8N2"), settings, serial=True)

    @classmethod
    def on_tcp(
        cls, host: str, port: int = TCP_PORT, settings: ZVTSettings | None = None
    ) -> ZvtTerminal:
        """Return a terminal on a network."""
        return cls(TCPStream(host, port), settings, serial=False)

    @property
    def name(self) -> str:
        """What the line leads to."""
        return self._line.name

    @property
    def can(self) -> Can:
        """What this kind of terminal can do."""
        can = Can.REFUND_UNLINKED | Can.VOID_BY_REFERENCE | Can.RECOVER_LAST | Can.PRINT_LINES
        return can | Can.ABORT if self.settings.profile.can_abort else can

    # --- what moves money ----------------------------------------------------------------------

    @closed
    def refund(self, request: DeviceRefund) -> DeviceResult:
        """Give money back to the card that is shown at the terminal.

        Args:
            request: What to give. Where it does not say after which transaction, the terminal is asked first.
        """
        amount = request.amount
        if amount.currency != self.settings.currency:
            return not_sent(request, DeviceReason.CURRENCY)
        money = bytes((AMOUNT,)) + packed(f"{amount.minor:012d}", 6)
        data = self._password + money + bytes((CURRENCY,)) + packed(amount.currency, 2)
        return self._move(request, command(_REFUND, data))

    @closed
    def void(self, request: DeviceVoid) -> DeviceResult:
        """Undo one transaction of the open batch, named by the terminal's receipt number.

        Args:
            request: What to undo; its reference is that of the transaction's result, or the receipt's four digits.
        """
        receipt = receipt_asked(request)
        if request.amount.currency != self.settings.currency:
            return not_sent(request, DeviceReason.CURRENCY)
        if receipt is None:
            return not_sent(request, DeviceReason.ORIGINAL_NOT_FOUND)
        data = self._password + bytes((RECEIPT,)) + packed(receipt, 2)
        return self._move(request, command(_REVERSE, data))

    def _move(self, request: DeviceRequest, body: bytes) -> DeviceResult:
        self._wants_abort.clear()
        before = request.after
        try:
            try:
                refusal = self._begin()
                if refusal is None and not before and self.settings.looks_before:
                    before = self._last_reference()
            except PosRefundError as error:
                return not_sent(request, reason_of_error(error))
            if refusal is not None:
                return not_sent(request, reason_of(refusal), f"{refusal:02X}")
            if self._wants_abort.is_set():
                return not_sent(request, DeviceReason.CANCELLED)
            return self._ask_for_money(request, body, before)
        finally:
            self._line.close()

    def _ask_for_money(self, request: DeviceRequest, body: bytes, before: str) -> DeviceResult:
        heard = self._heard()
        try:
            self._converse(body, heard, moves_money=True)
        except PosRefundError as error:
            reason, is_unsent = reason_of_error(error), error.effect == "nothing_sent"
            if is_unsent and not heard.was_taken:
                return not_sent(request, reason)
            return doubt(request, reason, heard, before)
        return judge(request, heard, self._expected(before))

    # --- what moves none ---------------------------------------------------------------------

    @closed
    def recover(self, request: DeviceRequest) -> DeviceResult:
        """Ask what the terminal did last, and say whether that was *request*; nothing is moved.

        Args:
            request: The question in doubt, with ``after`` as that says. Without it a refund stays in doubt: an older
                equal one looks the same.

        Returns:
            ``DeviceInDoubt`` still, unless what it remembers is newer and in everything what was asked for.
        """
        heard, known = self._heard(), request.after
        try:
            refusal = self._begin()
            told = [self._told_last(heard) for _ in range(2)] if refusal is None else []
        except PosRefundError as error:
            return doubt(request, reason_of_error(error), heard, known)
        finally:
            self._line.close()
        if refusal is not None:
            return doubt(request, reason_of(refusal), heard, known, f"{refusal:02X}")
        # what is told twice alike was not changed on the way
        status = told[0] if told[0] == told[1] else None
        return judge_last(request, heard, status, self._expected(known))

    @closed
    def last_reference(self) -> str:
        """Return the number of the transaction that the terminal remembers last, empty where it tells none.

        Raises:
            LinkError: The line failed.
            ProtocolError: The terminal is busy, not to be registered with, or broke the order.
            FramingError: What came is no command.
        """
        try:
            _require(self._begin())
            return self._last_reference()
        finally:
            self._line.close()

    @closed
    def status(self) -> str:
        """Return the terminal's own status code, two hexadecimal digits; ``00`` is ready.

        Raises:
            LinkError: The line failed.
            ProtocolError: The terminal is busy, not to be registered with, or broke the order.
            FramingError: What came is no command.
        """
        heard = self._heard()
        try:
            _require(self._begin())
            self._converse(command(_STATUS, self._password), heard)
            _require(heard.refusal if heard.refusal is not None else heard.abort)
            return f"{first_byte(heard.done, 0):02X}"
        finally:
            self._line.close()

    def abort(self) -> None:
        """Stop the refund that waits for a card, from any thread; it goes on where no card is waited for any more.

        How it ended is what ``refund`` says. Of a terminal that cannot be stopped it asks nothing.
        """
        self._wants_abort.set()

    def cancel(self) -> None:
        """End the conversation from any thread; what had been asked for is in doubt then."""
        self._line.cancel()

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""
        self._line.close()

    # --- inside ------------------------------------------------------------------------------

    @property
    def _password(self) -> bytes:
        return packed(self.settings.password, 3)

    def _expected(self, after: str) -> Expected:
        return Expected(after, self._terminal, self.settings.profile.says_currency)

    def _made(self) -> tuple[Framer, APDUExchange]:
        rules = APDU(reply_s=self.settings.reply_s, total_s=self.settings.total_s)
        if not self._is_serial:
            stream = ZVTTCPFramer()
            return stream, APDUExchange(BareExchange(stream), rules)
        framer = ZVTSerialFramer()
        frames = AckNak(ack_s=self.settings.ack_s, nak_discards=self.settings.nak_discards)
        return framer, APDUExchange(AckNakExchange(framer, frames), rules)

    def _talk(self) -> tuple[Framer, Exchange]:
        framer, self._exchange = self._made()
        return framer, self._exchange

    def _heard(self) -> Heard:
        return Heard(self.settings.profile)

    def _begin(self) -> int | None:
        """Open the line and register; return the code by which the terminal refuses it."""
        settings = self.settings
        self._line.open(settings.open_s)
        data = self._password + bytes((settings.config,)) + packed(settings.currency, 2)
        heard = self._heard()
        self._converse(command(_REGISTER, data), heard)
        said = heard.registration
        self._terminal = said.get(TERMINAL)
        if said.get(CURRENCY, settings.currency.zfill(4)) != settings.currency.zfill(4):
            return _WRONG_CURRENCY
        return heard.refusal if heard.refusal is not None else heard.abort

    def _converse(self, body: bytes, heard: Heard, *, moves_money: bool = False) -> None:
        """Ask, and hear the terminal out."""
        self._line.ask(body, answer_s=self.settings.silence_s, moves_money=moves_money)
        heard.was_taken = True
        while not heard.is_over:
            told = self._line.receive_within(_LOOK_UP_S)
            if told is not None:
                heard.take(told)
            if moves_money and heard.waits_for_card and self._wants_abort.is_set():
                self._stop()
        self._line.finish()

    def _stop(self) -> None:
        self._wants_abort.clear()
        if self.settings.profile.can_abort:
            self._line.perform(lambda now: self._exchange.interject(command(_ABORT), now))

    def _told_last(self, heard: Heard) -> Status | None:
        """Ask for the last transaction; None where the terminal tells none, or more than one."""
        again = self._heard()
        self._converse(command(_REPEAT, self._password + _AGAIN_UNPRINTED), again)
        heard.seen += again.seen
        heard.lines = again.lines
        if again.refusal is not None and is_busy(again.refusal):
            raise DeviceBusyError(f"the terminal is busy ({again.refusal:02X})")
        return again.statuses[0] if len(again.statuses) == 1 else None

    def _last_reference(self) -> str:
        status = self._told_last(self._heard())
        return status.reference if status is not None else ""


def _require(refusal: int | None) -> None:
    """Raise the error that a refusal is."""
    if refusal is None:
        return
    if is_busy(refusal):
        raise DeviceBusyError(f"the terminal is busy ({refusal:02X})")
    raise RemoteProtocolError(f"the terminal refuses it ({refusal:02X})")
