"""One ABECS conversation after the other on one line: CAN until EOT before each, commands and answers in it. Floor 6.

A pad's answers carry no number. That an old one is not taken for a new one's rests on two things: nothing is read
that came before the pad's EOT, and after any failure the line is opened afresh.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.devices.abecs.codes import refusal, refused
from posrefund.devices.abecs.message import NOTICE, command, read_answer
from posrefund.devices.line import DeviceLine
from posrefund.errors import ConfigError, DeviceRefusedError, LinkTimeoutError, PosRefundError
from posrefund.exchanges import AckNak, AckNakExchange
from posrefund.framing import ABECSFramer, Control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.exchanges import Exchange
    from posrefund.framing import Framer
    from posrefund.link import Stream

__all__ = ["PadSession", "PadTimes"]

_CAN = b"\x18"
_OPEN_S = _SETTLE_S = 5.0
_TRIES = 3
_NOTICES_MAX = 32
_NOTICE_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class PadTimes:
    """How long what may take, in seconds; the paper's numbers but for the last.

    Attributes:
        ack_s: An ACK, or the EOT that answers CAN; CAN is said three times.
        byte_s: From one byte of an answer to the next.
        answer_s: The answer to a command that waits for nobody.
        quiet_s: Silence that has to be on the line once it was opened.
        customer_s: The answer to one that waits for the customer. The paper sets no end; a till needs one. It is
            longer than the minute after which a pad gives up by itself.

    Raises:
        ConfigError: One is not above zero.

    Source:
        ABECS PIN pad protocol 2.12, 2.2.2 and 2.2.3.
    """

    ack_s: float = 2.0
    byte_s: float = 2.0
    answer_s: float = 10.0
    quiet_s: float = 0.5
    customer_s: float = 180.0

    def __post_init__(self) -> None:
        if not min(self.ack_s, self.byte_s, self.answer_s, self.quiet_s, self.customer_s) > 0:
            raise ConfigError("PIN pad: expected times above zero")


@closed_class
class PadSession:
    """What every command of a pad needs.

    Args:
        stream: To the pad.
        times: How long what may take.
        notify: Takes what the pad wants the clerk to read.
    """

    def __init__(self, stream: Stream, times: PadTimes, notify: Callable[[str], None]) -> None:
        self._times, self._notify = times, notify
        self._line = DeviceLine(stream, self._talk, inter_byte_s=times.byte_s)
        self._is_open = self._is_cancelled = False

    def _talk(self) -> tuple[Framer, Exchange]:
        """The paper: NAK throws a command away, silence ends the conversation, answers are not acknowledged."""
        framer = ABECSFramer()
        rules = AckNak(
            ack_s=self._times.ack_s,
            sends_max=_TRIES,
            nak_discards=True,
            acknowledges=False,
            naks_max=_TRIES - 1,
        )
        return framer, AckNakExchange(framer, rules)

    @contextmanager
    def conversation(self) -> Iterator[None]:
        """Begin afresh: what the pad was doing is ended, and what it said before is not heard.

        Raises:
            PosRefundError: Whatever ends it; nothing of money was sent, and it may be tried again.
        """
        if self._is_cancelled:  # while nothing was going on
            self._is_open = self._is_cancelled = False
        with self._telling():
            self._begin()
            try:
                yield
            except LinkTimeoutError:
                self._end_quietly()
                raise

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What fails here leaves the line to be opened afresh, and says that a pad moves no money."""
        try:
            yield
        except DeviceRefusedError:
            raise  # the line is as it was
        except BaseException as error:
            self._give_up()
            if self._is_cancelled:
                self._is_cancelled = False
                self._end_quietly()
                raise refused("cancelled") from None
            if isinstance(error, PosRefundError):
                error.effect, error.retry_is_safe = "nothing_sent", True
            raise

    def ask(self, name: str, *blocks: bytes, waits: bool = False) -> tuple[bytes, ...]:
        """Let the pad do one thing within a conversation; return the blocks of its answer.

        Args:
            name: Of the command.
            blocks: What it needs.
            waits: Whether the pad waits for the customer.

        Raises:
            DeviceRefusedError: The pad says why not.
            LinkError: The line failed, or no answer came in time.
            ProtocolError: What came is no answer to this.
        """
        answer_s = self._times.customer_s if waits else self._times.answer_s
        # Nothing is asked twice but after NAK: the customer would be asked twice, or a DUKPT key be lost.
        self._line.ask(command(name, *blocks), answer_s=answer_s, moves_money=True)
        answer = read_answer(self._receive(answer_s, waits=waits), name)
        self._line.finish()
        if not answer.is_done:
            raise refusal(answer.status)
        return answer.blocks

    def cancel(self) -> None:
        """End what waits for the customer, from any thread."""
        self._is_cancelled = True
        self._line.cancel()

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""
        self._is_open = False
        self._line.close()

    # --- inside ------------------------------------------------------------------------------

    def _begin(self) -> None:
        if not self._is_open:
            self._line.open(_OPEN_S)
            self._is_open = True
            # What is in the middle of an old frame could look like EOT, and what is behind it like an answer.
            self._line.settle(self._times.quiet_s, _now() + _SETTLE_S)
        for attempt in range(_TRIES):
            self._line.write(_CAN)
            if self._hears_end():
                for _ in range(attempt):  # those of the CANs before are not to end what follows
                    self._hears_end()
                return
            self._line.settle(0.0, _now())  # half an answer could have swallowed it
        raise LinkTimeoutError("the PIN pad does not answer")

    def _hears_end(self) -> bool:
        """Whether EOT comes; everything else is passed over."""
        return self._line.control(_now() + self._times.ack_s, Control.EOT) is not None

    def _give_up(self) -> None:
        self._is_open = False
        self._line.spend()

    def _receive(self, answer_s: float, *, waits: bool) -> bytes:
        body = self._line.receive()
        for _ in range(_NOTICES_MAX):
            if not (waits and body.startswith(NOTICE)):
                break
            self._tell(body)
            self._line.wait_until(_now() + answer_s)
            body = self._line.receive()
        return body

    def _tell(self, body: bytes) -> None:
        answer = read_answer(body, NOTICE.decode("ascii"))
        for block in answer.blocks[:1]:
            text = block[:_NOTICE_CHARACTERS].decode("latin-1")
            self._notify("".join(char if char.isprintable() else " " for char in text))

    def _end_quietly(self) -> None:
        """Nobody waits any more: do not leave the pad asking."""
        self._give_up()
        with suppress(PosRefundError):
            self._begin()
            return
        self._give_up()


def _now() -> float:
    return time.monotonic()
