"""Money questions to integrated terminals: written down before they leave, and closed once. Floor 5.

Each step is a row of the chain. The table's guards hold whatever the code does: a request has one question
that may have left, a device has one that is open, and one that was answered stays so.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from posrefund.closed import closed_class
from posrefund.errors import JournalCorruptError, JournalWriteError, RequestConflictError
from posrefund.journal.backend import Backend
from posrefund.journal.rows import canonical
from posrefund.values import Amount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.journal.rows import Row
    from posrefund.values import TerminalID

__all__ = ["DeviceQuestion", "DeviceQuestions", "QuestionState", "check_device_questions"]

QuestionState = Literal["OPEN", "APPROVED", "DECLINED", "NOT_SENT", "BOOKED", "NOT_BOOKED"]
"""``OPEN``: in doubt until it is closed. Then what the device said, or, the last two, what people say."""

_COLUMNS = "request_id, number, state, terminal, device, kind, amount_minor, currency, reference, asked_at, facts"
_ASKED, _ANSWERED = "device_asked", "device_answered"


@dataclass(frozen=True, slots=True)
class DeviceQuestion:
    """One money question to one device; no card data.

    Attributes:
        request_id: The shop's own, unique for ever.
        number: 1, 2, 3…: another one only after the last is known not to have been sent.
        terminal: Whose journal it stands in.
        device: The device's name, unique among all that share the journal.
        kind: ``refund`` or ``void``.
        amount: How much.
        reference: The device's own number of what is undone; empty for a refund.
        asked_at: When it was written down.
        state: What is known of it.
        facts: What was heard or said.
    """

    request_id: str
    number: int
    terminal: str
    device: str
    kind: Literal["refund", "void"]
    amount: Amount
    reference: str
    asked_at: datetime
    state: QuestionState = "OPEN"
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def question_id(self) -> str:
        """Request id and number."""
        return f"{self.request_id}/{self.number}"


def _as_data(question: DeviceQuestion) -> dict[str, Any]:
    plain = ("request_id", "number", "state", "terminal", "device", "kind", "reference")
    return {name: getattr(question, name) for name in plain} | {
        "amount_minor": question.amount.minor,
        "currency": question.amount.currency,
        "asked_at": question.asked_at.astimezone(UTC).isoformat(),
        "facts": canonical(dict(question.facts)),
    }


def _from_data(data: Mapping[str, Any]) -> DeviceQuestion:
    rest = {name: data[name] for name in data.keys() - {"amount_minor", "currency"}}
    return DeviceQuestion(
        **rest
        | {
            "amount": Amount(data["amount_minor"], data["currency"]),
            "asked_at": datetime.fromisoformat(data["asked_at"]),
            "facts": json.loads(data["facts"]),
        }
    )


@closed_class
class DeviceQuestions(Backend):
    """The table of questions to devices."""

    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    @abstractmethod
    def content(self, request_id: str) -> str | None:
        """Return the digest of a request's content, or None if the id is new."""

    def ask_device(self, question: DeviceQuestion, content: str) -> None:
        """Write an open question down; nothing may be sent before this returns.

        Args:
            question: In state ``OPEN``, with the next number of its request.
            content: Digest of what the shop asked for.

        Raises:
            RequestConflictError: The request is known otherwise: nothing was written.
            JournalWriteError: A question of this request may have left, or one of this device is open, or the disk
                is full: nothing was written.
        """
        self._refuse_elsewhere(question)
        data = _as_data(question)
        with self._transaction():
            self._run(
                "INSERT INTO requests VALUES (?, ?) ON CONFLICT DO NOTHING",
                (question.request_id, content),
            )
            if self.content(question.request_id) != content:
                raise RequestConflictError(question.request_id)
            places = ", ".join(f":{name}" for name in data)
            self._run(f"INSERT INTO device_questions ({', '.join(data)}) VALUES ({places})", data)
            self._append(_ASKED, question.question_id, question.asked_at, data)

    def answer_device(
        self,
        question: DeviceQuestion,
        state: QuestionState,
        facts: Mapping[str, Any],
        at: datetime,
    ) -> DeviceQuestion:
        """Write down what became of an open question; return it as it stands now.

        Args:
            question: As it was read or written.
            state: ``OPEN`` where it is still in doubt.
            facts: What is known now; in place of what was known before.
            at: When.

        Raises:
            JournalWriteError: It was closed by somebody else, or the disk is full: nothing was written.
        """
        self._refuse_elsewhere(question)
        after = replace(question, state=state, facts=dict(facts))
        with self._transaction():
            done = self._run(
                "UPDATE device_questions SET state = ?, facts = ?"
                " WHERE request_id = ? AND number = ? AND state = 'OPEN'",
                (state, canonical(dict(facts)), question.request_id, question.number),
            )
            if done != 1:
                raise JournalWriteError("the question to the device was closed meanwhile")
            body = {"state": state, "facts": dict(facts)}
            self._append(_ANSWERED, question.question_id, at, body)
        return after

    def last_device_question(self, request_id: str) -> DeviceQuestion | None:
        """Return the newest question of a request, of whichever terminal and device."""
        where = "WHERE request_id = ? ORDER BY number DESC LIMIT 1"
        found = self._questions(where, request_id)
        return found[0] if found else None

    def open_device_question(self, device: str) -> DeviceQuestion | None:
        """Return the question of a device that is open, of whichever terminal."""
        found = self._questions("WHERE device = ? AND state = 'OPEN'", device)
        return found[0] if found else None

    def booked_by_device(self, device: str, amount: Amount) -> list[DeviceQuestion]:
        """Return the questions of a device about *amount* that were booked as far as is known, of every terminal."""
        where = (
            "WHERE device = ? AND amount_minor = ? AND currency = ?"
            " AND state IN ('APPROVED', 'BOOKED') ORDER BY asked_at, request_id"
        )
        return self._questions(where, device, amount.minor, amount.currency)

    def device_questions(self) -> list[DeviceQuestion]:
        """Return this terminal's questions, in the order they were asked."""
        where = "WHERE terminal = ? ORDER BY asked_at, request_id, number"
        return self._questions(where, self._terminal)

    def _refuse_elsewhere(self, question: DeviceQuestion) -> None:
        if question.terminal != self._terminal:
            raise JournalWriteError("a question of another terminal")

    def _questions(self, where: str, *values: object) -> list[DeviceQuestion]:
        rows = self._dicts(f"SELECT {_COLUMNS} FROM device_questions {where}", *values)
        try:
            return [_from_data(row) for row in rows]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored question to a device cannot be read") from None


def check_device_questions(rows: Sequence[Row], stored: Sequence[DeviceQuestion]) -> None:
    """Check that the table of questions holds exactly what *rows* say.

    Raises:
        JournalCorruptError: Names the question that differs.
    """
    replayed: dict[str, DeviceQuestion] = {}
    for row in rows:
        if row.kind == _ASKED:
            replayed[row.subject] = _from_data(row.facts)
        elif row.kind == _ANSWERED:
            replayed[row.subject] = replace(replayed[row.subject], **row.facts)
    kept = {question.question_id: question for question in stored}
    for name in sorted({*kept, *replayed}):
        if kept.get(name) != replayed.get(name):
            reason = f"device question {name} is not what its rows say"
            raise JournalCorruptError(reason)
