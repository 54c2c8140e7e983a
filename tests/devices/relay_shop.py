"""A terminal that builds its own message, a relay and an emulated host, in one thread and without a clock of their own."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulators.host_peer import MERCHANT, TERMINAL, TMK, make_host
from journal.builders import open_journal
from posrefund.crypto import Key, Purpose
from posrefund.devices.passthrough import PassThrough, RelaySettings
from posrefund.dialects import dialect
from posrefund.emulators.device import FaultyVoice, LineFault
from posrefund.emulators.passthrough_terminal import Order, PassThroughTerminal
from posrefund.errors import LinkClosedError
from posrefund.testing import MemoryLink

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.devices.passthrough import RelayResult

__all__ = ["RelayShop", "TerminalStream"]

REFUND_MTI = "0220"


class TerminalStream:
    """The relay's end of the line to an emulated terminal; time passes when the relay waits.

    Attributes:
        on_write: Changes what goes to the terminal; None leaves it alone.
        is_gone: The terminal was unplugged.
        written: Everything that the relay wrote.
    """

    name = "terminal"

    def __init__(self, terminal: PassThroughTerminal, voice: FaultyVoice) -> None:
        self.terminal, self.voice = terminal, voice
        self.now = 1.0
        self.on_write: Callable[[bytes], bytes] | None = None
        self.is_gone = False
        self.written: list[bytes] = []
        self._coming: deque[bytes] = deque()
        self._is_closed = True

    def open(self, timeout_s: float) -> None:
        self._is_closed = False
        self.terminal.connect()
        self.voice.connect()
        self._coming.clear()

    def write(self, data: bytes, deadline: float) -> None:
        self._check("in_doubt")
        self.written.append(data)
        changed = self.on_write(data) if self.on_write else data
        self._take(self.terminal.receive(changed, self.now))

    def read_some(self, deadline: float) -> bytes:
        self._check("in_doubt")
        due = self.terminal.deadline
        if not self._coming and due is not None and deadline:  # 0.0 only looks
            self.now = max(self.now, due)
            self._take(self.terminal.deadline_passed(self.now))
        return self._coming.popleft() if self._coming else b""

    def say(self, data: bytes) -> None:
        """Let bytes come that the terminal never said."""
        self._coming.append(data)

    def peer_closed(self) -> bool:
        return self.is_gone

    def cancel(self) -> None:
        self._is_closed = True

    def close(self) -> None:
        self._is_closed = True

    def _take(self, said: Any) -> None:
        for act in self.voice.speak(said):
            if act.is_end:
                self.is_gone = True
            elif act.data:
                self._coming.append(act.data)

    def _check(self, effect: Any) -> None:
        if self.is_gone or self._is_closed:
            raise LinkClosedError("the other side closed the line", effect=effect)


class RelayShop:
    """All three, signed in and with one sale of 10.00 on the host's books, to be refunded the next day."""

    def __init__(self, path: Path, *, settings: RelaySettings | None = None) -> None:
        self.path = path
        self.host, self.host_time = make_host()
        self.link = MemoryLink(self.host.respond)
        self.link.on_reply = self._keep
        self.replies: list[bytes] = []
        self.terminal = PassThroughTerminal(
            terminal=TERMINAL, merchant=MERCHANT, tmk=Key(TMK, Purpose.KEK)
        )
        self.voice = FaultyVoice()
        self.stream = TerminalStream(self.terminal, self.voice)
        self.settings = settings or RelaySettings(answer_s=0.05, inter_byte_s=0.01)
        self.now = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
        self.start()
        self.ask(Order("sign_in"))
        self.ask(Order("sale", 1_000))
        sold = self.terminal.verdicts[-1]
        assert sold.end == "approved", sold
        self.order = Order("refund", 300, rrn=sold.fields["37"], sold_on=sold.fields["13"])
        self.host_time.set(self.host_time() + timedelta(days=1))
        self.ask(Order("sign_in"))
        assert self.terminal.verdicts[-1].end == "approved"
        self.link.sent.clear()

    def start(self) -> None:
        """Switch the relay on."""
        self.journal = open_journal(self.path)
        self.relay = PassThrough(
            self.stream,
            self.link,
            self.journal,
            dialect=dialect("unionpay"),
            clock=self._clock,
            settings=self.settings,
        )
        self.relay.open(1)

    def crash(self) -> None:
        """The relay's process ends without a word."""
        self.journal._db.close()
        self.journal._lock.release()

    def close(self) -> None:
        """Everything is in order, and closed."""
        self.relay.close()
        self.journal.verify()
        self.journal.close()

    def fault(self, *faults: LineFault) -> None:
        """Let the terminal's side of the line go wrong from here on: its frames are counted anew."""
        for fault in faults:
            self.voice.add(fault)
        self.voice.connect()

    def ask(self, order: Order) -> list[RelayResult]:
        """Let the terminal do *order*; return everything that the relay said of it."""
        done = len(self.terminal.verdicts)
        self.terminal.orders.append(order)
        results = []
        for _ in range(20):
            result = self.relay.serve(0.0)
            if result is not None:
                results.append(result)
            elif len(self.terminal.verdicts) > done:
                break
        return results

    def idle(self) -> list[RelayResult]:
        """Let the relay do what it does while nobody asks."""
        found = [self.relay.serve(0.0) for _ in range(3)]
        return [result for result in found if result is not None]

    def refunds(self) -> list[int]:
        """What the host gave back."""
        return [e.amount_minor for e in self.host.ledger.entries() if e.kind == "refund"]

    def refunds_sent(self) -> int:
        """How many refund messages left for the host."""
        return sum(message[11:13].hex() == REFUND_MTI for message in self.link.sent)

    def rows(self, *kinds: str) -> list[tuple[str, dict[str, str]]]:
        """The journal's rows of these kinds since the sign-in."""
        return [(row.kind, row.facts) for row in self.journal.rows() if row.kind in kinds]

    def _keep(self, reply: bytes) -> bytes:
        self.replies.append(reply)
        return reply

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now
