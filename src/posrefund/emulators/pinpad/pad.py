"""``EmulatedPinPad``: bytes in, answers out, the time as an argument. Floor 9.

Passive as the paper wants it: it never speaks unasked, acknowledges commands and not answers, ends what waits for
the customer at CAN or at the next command, and repeats its last answer at NAK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.emulators.device import Say, Script
from posrefund.emulators.pinpad.commands import Commands
from posrefund.emulators.pinpad.keys import PadKeys
from posrefund.emulators.pinpad.people import ShownCard
from posrefund.emulators.pinpad.wire import PadWire, packet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posrefund.emulators.pinpad.commands import Doing
    from posrefund.emulators.pinpad.people import PINAct
    from posrefund.emulators.pinpad.wire import Heard

__all__ = ["EmulatedPinPad"]

_ACK, _NAK, _EOT = (Say(bytes((code,)), "control") for code in (0x06, 0x15, 0x04))
_NOTICE = "NTM000032"
_QUIET_S = 0.5


class EmulatedPinPad:
    """A PIN pad with a card before it and a customer.

    Args:
        script: Amount → how reading a card ends: ``code`` a status, ``seconds``, ``status`` so many notices, ``busy``
            so many questions for a PIN refused, ``lie`` another card in the second answer.
        card: Shown at each question; None if nobody has one.
        pin: What the customer enters, or does.
        keys: What was injected.
        quiet_s: Silence that ends what was damaged.

    Attributes:
        inside: Its memory: what it did, what it shows, what the customer does next.

    Example:
        >>> from posrefund.emulators.pinpad import EmulatedPinPad
        >>> pad = EmulatedPinPad()
        >>> pad.connect()
        >>> [say.data.hex() for say in pad.receive(bytes.fromhex("18164f504e17a8a9"), 0.0)]
        ['04', '06', '164f504e30303017775e']

    Source:
        ABECS PIN pad protocol 2.12, chapters 2, 3 and 6.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        card: ShownCard | None = ShownCard(),  # noqa: B008 — frozen
        pin: str | PINAct = "1234",
        keys: PadKeys | None = None,
        quiet_s: float = _QUIET_S,
    ) -> None:
        self.inside = Commands(script or Script(), keys or PadKeys(), card, pin)
        self._quiet_s = quiet_s
        self._wire = PadWire(quiet_s)
        self._doing: Doing | None = None
        self._due: float | None = None
        self._last: Say | None = None

    def connect(self) -> None:
        """Somebody opened the port: what he sends is read afresh. What the pad is doing goes on; it has no idea."""
        self._wire = PadWire(self._quiet_s)

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take bytes as they come; return what the pad says to them."""
        return [say for heard in self._wire.feed(chunk, now) for say in self._react(heard, now)]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Say what is due: NAK for what was damaged, the answer to what took its time."""
        said = [say for heard in self._wire.silence(now) for say in self._react(heard, now)]
        return [*said, *self._finish(now)]

    @property
    def deadline(self) -> float | None:
        """When something is due."""
        return min(
            (moment for moment in (self._wire.deadline, self._due) if moment is not None),
            default=None,
        )

    def _react(self, heard: Heard, now: float) -> Iterator[Say]:
        match heard.kind:
            case "cancel":
                self._doing = self._due = None
                yield _EOT
            case "again":
                if self._last is not None:
                    yield self._last
            case "damaged":
                yield _NAK
            case "packet":
                yield _ACK
                yield from self._begin(heard.data, now)

    def _begin(self, body: bytes, now: float) -> Iterator[Say]:
        self._last = None
        self._doing = self.inside.begin(body)
        self._due = now + self._doing.seconds
        for number in range(1, self._doing.notices + 1):
            text = f"PROCESSING {number}".ljust(32)
            self._last = Say(packet((_NOTICE + text).encode("ascii")))
            yield self._last
        yield from self._finish(now)

    def _finish(self, now: float) -> Iterator[Say]:
        if self._doing is None or self._due is None or now < self._due:
            return
        self._last = Say(packet(self._doing.answer()))
        self._doing = self._due = None
        yield self._last
