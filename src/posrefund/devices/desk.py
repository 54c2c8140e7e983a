"""The desk before an integrated terminal: the same request never twice, and nothing while one is in doubt. Floor 6.

A money question is in the journal, durable, before the device hears of it. Whatever breaks after that leaves it
open, and open means in doubt: then the device gets no other one until it has said how that one ended, or
people have. It refuses what the device cannot do, and believes of a driver only what answers this question.
"""

from __future__ import annotations

import hashlib
import re
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

from posrefund.devices.contract import Can, DeviceRefund, DeviceVoid, TellsLast
from posrefund.devices.memory import DeskResult, facts_of, result_of
from posrefund.devices.results import (
    DeviceApproved,
    DeviceDeclined,
    DeviceInDoubt,
    DeviceNotSent,
    DeviceReason,
)
from posrefund.engine.notes import is_note
from posrefund.engine.refusals import refuse
from posrefund.errors import (
    ConfigError,
    InvalidRequestError,
    JournalError,
    LocalProtocolError,
    PosRefundError,
    RefusedError,
    RequestConflictError,
)
from posrefund.journal.device_questions import DeviceQuestion
from posrefund.journal.rows import canonical
from posrefund.values import RequestID

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.devices.contract import DeviceRequest, IntegratedTerminal
    from posrefund.devices.results import DeviceResult
    from posrefund.engine.people import Statement
    from posrefund.journal import Journal
    from posrefund.journal.device_questions import QuestionState

__all__ = ["DeviceDesk"]

_NAME = re.compile(r"(?!.*[0-9]{13})[0-9A-Za-z._:\-]{1,64}")
_Ask: TypeAlias = "Callable[[Any], DeviceResult]"


class DeviceDesk:
    """Asks one device for money, and remembers.

    Safe for several threads: a second question waits for the first. The journal is this desk's own meanwhile.

    Args:
        device: Its driver.
        journal: Of the terminal that the device stands beside.
        name: Of the device itself, unique among all that share the journal's database; never given to another device.
        clock: Says what time it is, with a zone.
        people_min: So many people have to say how a question ended that the device cannot tell: 1 or 2.

    Raises:
        ConfigError: No name of 1 to 64 letters, digits and ``._:-``, or neither one person nor two.
    """

    def __init__(
        self,
        device: IntegratedTerminal,
        journal: Journal,
        *,
        name: str,
        clock: Callable[[], datetime],
        people_min: int = 1,
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ConfigError("a device's name: 1 to 64 of A-Z a-z 0-9 . _ : -")
        if people_min not in (1, 2):
            raise ConfigError("people_min: one person or two")
        self._device, self._journal, self._clock = device, journal, clock
        self._terminal = journal.terminal_facts()["terminal"]
        self._people_min = people_min
        self._lock = threading.Lock()
        self.name = name

    def refund(self, request: DeviceRefund) -> DeskResult:
        """Give money back to a card, once.

        The same request again returns what is known of it and asks the device nothing; only one that is known
        not to have been sent is sent. A decline stays one: who wants to try again gives it another id.

        Raises:
            RequestConflictError: The id was used for something else; nothing was sent.
            RefusedError: The device cannot (``device_cannot``), or is in doubt about another request
                (``device_in_doubt``); nothing was sent.
            InvalidRequestError: The request is none; nothing was sent.
            JournalError: It could not be written down. ``effect`` says whether it may have been sent.
        """
        _check(request, DeviceRefund)
        return self._ask(request, self._device.refund, Can.REFUND_UNLINKED)

    def void(self, request: DeviceVoid) -> DeskResult:
        """Undo a transaction of the open batch, once; as ``refund``.

        Raises:
            RequestConflictError: The id was used for something else; nothing was sent.
            RefusedError: The device cannot (``device_cannot``), or is in doubt about another request
                (``device_in_doubt``); nothing was sent.
            InvalidRequestError: The request is none; nothing was sent.
            JournalError: It could not be written down. ``effect`` says whether it may have been sent.
        """
        _check(request, DeviceVoid)
        can = Can.VOID_BY_REFERENCE | Can.REVERSE_LAST
        return self._ask(request, self._device.void, can)

    def recover(self) -> DeskResult | None:
        """Ask the device how the question in doubt ended; None if there is none. It moves no money.

        Raises:
            JournalError: What it said could not be written down: still in doubt.
            LocalProtocolError: Another terminal's journal holds it: recover it there.
        """
        with self._lock:
            question = self._open_question()
            if question is None:
                return None
            if not self._device.can & Can.RECOVER_LAST:
                return result_of(question)
            return self._keep(question, self._recovered(_request_of(question)))

    def settle(self, request_id: RequestID, said: Statement) -> DeskResult:
        """Close a question in doubt as people say, on a document; ask the device first.

        Raises:
            InvalidRequestError: Too few people.
            LocalProtocolError: That request is not in doubt at this device.
            JournalError: Nothing was written.
        """
        if len(said.people) < self._people_min:
            raise InvalidRequestError([("people", "two different people")])
        with self._lock:
            question = self._open_question()
            if question is None or question.request_id != request_id:
                raise LocalProtocolError("that request is not in doubt at this device")
            state: QuestionState = "BOOKED" if said.verdict == "booked" else "NOT_BOOKED"
            facts = {**question.facts, "people": list(said.people), "document": said.evidence}
            return result_of(self._journal.answer_device(question, state, facts, self._clock()))

    def in_doubt(self) -> DeviceRefund | DeviceVoid | None:
        """Return the request that is in doubt, if there is one: after a start, look here first.

        Raises:
            LocalProtocolError: Another terminal's journal holds it.
        """
        with self._lock:
            question = self._open_question()
            return _request_of(question) if question else None

    def cancel(self) -> None:
        """End the conversation from any thread; whoever waits gets his result, and what was asked stays in doubt."""
        self._device.cancel()

    def close(self) -> None:
        """Hang up; the journal is its owner's."""
        self._device.close()

    # --- inside ------------------------------------------------------------------------------

    def _ask(self, request: DeviceRequest, ask: _Ask, can: Can) -> DeskResult:
        content = _content_of(request)
        with self._lock:
            if self._journal.content(request.request_id) not in (None, content):
                raise RequestConflictError(request.request_id)
            last = self._journal.last_device_question(request.request_id)
            if last is not None and last.state != "NOT_SENT":
                return result_of(last)
            if not self._device.can & can:
                raise refuse("device_cannot")
            if self._journal.open_device_question(self.name) is not None:
                raise refuse("device_in_doubt")
            question = self._question(request, 1 if last is None else last.number + 1)
            self._journal.ask_device(question, content)
            return self._keep(question, self._answer(question, _request_of(question), ask))

    def _answer(self, question: DeviceQuestion, request: DeviceRequest, ask: _Ask) -> DeviceResult:
        try:
            return _believed(request, ask(request))
        except RefusedError:  # a driver raises it before anything else
            self._keep(question, _not_sent(request, DeviceReason.NOT_ALLOWED))
            raise
        except PosRefundError:
            return _doubt(request, DeviceReason.DEVICE_FAULT, "the driver failed")

    def _recovered(self, request: DeviceRequest) -> DeviceResult:
        """Ask; that it could not be asked, or speaks of an older one, says nothing of what was asked before."""
        try:
            said = _believed(request, self._device.recover(request))
        except PosRefundError:
            return _doubt(
                request, DeviceReason.DEVICE_FAULT, "it could not be asked how that ended"
            )
        if isinstance(said, DeviceNotSent):
            return _doubt(request, said.reason, "it could not be asked how that ended")
        if isinstance(said, DeviceApproved) and self._is_known(said):
            return _doubt(request, DeviceReason.UNKNOWN, "it may speak of an older transaction")
        return said

    def _is_known(self, said: DeviceApproved) -> bool:
        """Whether *said* may be an older one's yes: a device knows its last transaction, not our request ids."""
        older = self._journal.booked_by_device(self.name, said.amount)
        return any(
            not (each.facts.get("reference") and said.reference)
            or each.facts["reference"] == said.reference
            for each in older
        )

    def _keep(self, question: DeviceQuestion, result: DeviceResult) -> DeskResult:
        state, facts = _STATES[type(result)], facts_of(result)
        if state == "OPEN":
            facts["after"] = facts["after"] or question.facts.get("after", "")
        try:
            kept = self._journal.answer_device(question, state, facts, self._clock())
        except JournalError as error:
            error.effect, error.retry_is_safe = "in_doubt", False
            raise
        return result_of(kept)

    def _open_question(self) -> DeviceQuestion | None:
        question = self._journal.open_device_question(self.name)
        if question is not None and question.terminal != self._terminal:
            raise LocalProtocolError("what this device is in doubt about stands in another journal")
        return question

    def _question(self, request: DeviceRequest, number: int) -> DeviceQuestion:
        return DeviceQuestion(
            request_id=request.request_id,
            number=number,
            terminal=self._terminal,
            device=self.name,
            kind="void" if isinstance(request, DeviceVoid) else "refund",
            amount=request.amount,
            reference=request.reference if isinstance(request, DeviceVoid) else "",
            asked_at=self._clock(),
            facts={"after": request.after or self._last_reference()},
        )

    def _last_reference(self) -> str:
        """What the device did last, if it tells: in the journal before the question, it survives us."""
        if not isinstance(self._device, TellsLast):
            return ""
        try:
            told = self._device.last_reference()
        except PosRefundError:  # the question itself will meet it
            return ""
        return told if is_note(told) else ""


_STATES: dict[type[DeviceResult], QuestionState] = {
    DeviceApproved: "APPROVED",
    DeviceDeclined: "DECLINED",
    DeviceNotSent: "NOT_SENT",
    DeviceInDoubt: "OPEN",
}


def _check(request: object, kind: type[DeviceRefund | DeviceVoid]) -> None:
    if not isinstance(request, kind):
        raise InvalidRequestError([("request", f"a {kind.__name__}")])
    RequestID(request.request_id)
    if isinstance(request, DeviceVoid) and not (request.reference and is_note(request.reference)):
        raise InvalidRequestError([("reference", "the device's own number, no card number")])


def _content_of(request: DeviceRequest) -> str:
    """What a host is asked is digested otherwise, so one id never stands for both."""
    reference = request.reference if isinstance(request, DeviceVoid) else None
    content = ["device", request.amount.minor, request.amount.currency, reference]
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _request_of(question: DeviceQuestion) -> DeviceRequest:
    request_id, after = RequestID(question.request_id), question.facts.get("after", "")
    if question.kind == "void":
        return DeviceVoid(request_id, question.amount, question.reference, after)
    return DeviceRefund(request_id, question.amount, after)


def _believed(request: DeviceRequest, said: DeviceResult) -> DeviceResult:
    """What a driver returns, if it is a result of *request*."""
    is_ours = type(said) in _STATES and said.request_id == request.request_id
    if is_ours and said.amount == request.amount:
        return said
    return _doubt(request, DeviceReason.PROTOCOL, "the result was of another request")


def _doubt(request: DeviceRequest, reason: DeviceReason, seen: str) -> DeviceInDoubt:
    return DeviceInDoubt(
        request_id=request.request_id, amount=request.amount, reason=reason, seen=(seen,)
    )


def _not_sent(request: DeviceRequest, reason: DeviceReason) -> DeviceNotSent:
    return DeviceNotSent(request_id=request.request_id, amount=request.amount, reason=reason)
