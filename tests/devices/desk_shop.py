"""A shop with one device on its counter, that can lose its power at any step; for the tests of the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from journal.builders import open_journal
from posrefund.devices import (
    Can,
    DeviceApproved,
    DeviceDeclined,
    DeviceDesk,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
    DeviceRefund,
    DeviceVoid,
)
from posrefund.engine.refusals import refuse
from posrefund.errors import LinkTimeoutError
from posrefund.values import Amount, RequestID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.devices import DeviceRequest, DeviceResult

__all__ = ["Device", "PowerCut", "Scene", "Shop", "refund", "void"]


def refund(request_id: str = "R-1", minor: int = 500) -> DeviceRefund:
    """What the shop asks for."""
    return DeviceRefund(RequestID(request_id), Amount(minor))


def void(request_id: str = "V-1", minor: int = 500, reference: str = "0007") -> DeviceVoid:
    """Undo what the device knows as *reference*."""
    return DeviceVoid(RequestID(request_id), Amount(minor), reference)


class PowerCut(BaseException):
    """The machine is gone; no handler may catch it."""


@dataclass
class Scene:
    """What the device does and says, for one question.

    Attributes:
        says: One of the words of ``Device._say``.
        books: Whether money moves.
        dies: ``before`` or ``after`` it acts, the till loses its power.
    """

    says: str = "approved"
    books: bool = True
    dies: str = ""


@dataclass
class Device:
    """A driver and its device: it books what its scene says, and remembers its last transaction.

    Attributes:
        asked: Request ids of the money questions that reached it, in order.
        booked: Request ids whose money moved.
        yes: Request ids and minor units that it said yes to, whoever they were asked as.
        denied: Request ids that the driver truthfully said were not sent.
    """

    can: Can = Can.REFUND_UNLINKED | Can.VOID_BY_REFERENCE | Can.RECOVER_LAST
    scene: Scene = field(default_factory=Scene)
    recovery: str = "truth"
    asked: list[str] = field(default_factory=list)
    recoveries: int = 0
    booked: list[str] = field(default_factory=list)
    yes: list[tuple[str, int]] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    last: DeviceRequest | None = None
    number: int = 0
    is_closed: bool = False

    def refund(self, request: DeviceRefund) -> DeviceResult:
        """Give money back."""
        return self._act(request)

    def void(self, request: DeviceVoid) -> DeviceResult:
        """Undo a transaction."""
        return self._act(request)

    def recover(self, request: DeviceRequest) -> DeviceResult:
        """Say how the last one ended: the truth, or what the scene wants."""
        self.recoveries += 1
        if self.recovery != "truth":
            return self._say(self.recovery, request)
        if self.last is None or self.last.amount != request.amount:
            return self._say("in_doubt", request)
        # It knows the amount of its last transaction, not our request ids.
        return self._say("approved", request)

    def cancel(self) -> None:
        """End the conversation."""

    def close(self) -> None:
        """Hang up."""
        self.is_closed = True

    def _act(self, request: DeviceRequest) -> DeviceResult:
        scene = self.scene
        if scene.says in ("refused", "not_sent"):  # the driver saw no byte leave
            self.denied.append(request.request_id)
            if scene.says == "refused":
                raise refuse("device_cannot")
            return self._say("not_sent", request)
        if scene.dies == "before":
            raise PowerCut
        self.asked.append(request.request_id)
        if scene.books:
            self.booked.append(request.request_id)
            self.last, self.number = request, self.number + 1
        if scene.dies == "after":
            raise PowerCut
        return self._say(scene.says, request)

    def _say(self, word: str, request: DeviceRequest) -> DeviceResult:
        who: dict[str, Any] = {"request_id": request.request_id, "amount": request.amount}
        match word:
            case "approved":
                self.yes.append((request.request_id, request.amount.minor))
                lines = ("REFUND", "620000******0005")
                number = f"{self.number:04d}"
                return DeviceApproved(**who, raw_code="00", reference=number, receipt=lines)
            case "declined":
                return DeviceDeclined(**who, raw_code="05", reason=DeviceReason.HOST_REFUSED)
            case "not_sent":
                return DeviceNotSent(**who, reason=DeviceReason.BUSY)
            case "other_request":
                return DeviceApproved(request_id="X-1", amount=request.amount)
            case "other_amount":
                return DeviceApproved(**who | {"amount": Amount(request.amount.minor + 1)})
            case "no_result":
                return None  # type: ignore[return-value]
            case "fails":
                message = "no answer"
                raise LinkTimeoutError(message)
            case _:
                return DeviceInDoubt(**who, reason=DeviceReason.TIMEOUT, seen=("nothing",))


class Shop:
    """A desk on a journal in a file; ``restart`` is what happens after a power cut.

    Attributes:
        steps: How many writes began or ended.
        cut_at: At which of them the power goes; 0 for never.
    """

    def __init__(self, path: Path, device: Device | None = None, **options: Any) -> None:
        self.path, self.device, self._options = path, device or Device(), options
        self.now = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
        self.steps = self.cut_at = 0
        self._open()

    def _open(self) -> None:
        self.journal = open_journal(self.path)
        for name in ("ask_device", "answer_device"):
            setattr(self.journal, name, self._guarded(getattr(self.journal, name)))
        self.desk = DeviceDesk(
            self.device, self.journal, name="counter", clock=self._clock, **self._options
        )

    def restart(self) -> None:
        """The process ends without a word, and the next one begins."""
        self.cut_at = 0
        self.journal._db.close()
        self.journal._lock.release()
        self._open()

    def close(self) -> None:
        """Close the journal, in order as it has to be."""
        self.journal.verify()
        self.journal.close()

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self._step()
            result = function(*args, **kwargs)
            self._step()
            return result

        return guarded

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.cut_at:
            raise PowerCut
