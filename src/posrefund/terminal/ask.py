"""One question to the host and its answer, where no money moves: management and settlement. Floor 7.

A failure is an error, not an outcome: no message of this kind moves money, and each may be asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects import look_up
from posrefund.engine.interpret import stranger_to
from posrefund.errors import (
    FramingError,
    LinkClosedError,
    LinkTimeoutError,
    RefusedError,
    RemoteProtocolError,
)
from posrefund.seal import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import Dialect, Timers
    from posrefund.engine import TerminalView
    from posrefund.terminal.keyring import Keyring
    from posrefund.terminal.line import Line, Steps
    from posrefund.values import Received

__all__ = ["ask", "no_answer"]


@closed
def ask(
    line: Line,
    view: TerminalView,
    name: str,
    request: Mapping[str, str],
    *,
    is_refusable: bool = False,
    timers: Timers | None = None,
    keyring: Keyring | None = None,
) -> Steps[Mapping[str, str]]:
    """Send the message called *name* and return the fields of its answer.

    Args:
        line: Opened and closed here.
        view: The terminal.
        name: Of the message table.
        request: Its fields.
        is_refusable: A code that refuses is an answer, too, unless it asks for a sign-in first.
        timers: How long what may take; the dialect's if None.
        keyring: Seals a message that carries a MAC, and judges its answer's, if it has one; None for one without.

    Raises:
        RefusedError: The host said no; the code is ``host_NN``.
        LinkError: No line or no answer.
        RemoteProtocolError: What came is no answer to this.
        JournalError: An answer to another message came, and could not be written down.
    """
    within = timers or view.dialect.timers
    yield from line.open(within.connect_s)
    question = _Question(name, request, keyring, is_refusable=is_refusable)
    talk = _talk(line, view, question, answer_s=within.answer_s)
    return (yield from line.hung_up_after(talk))


def no_answer(reason: str) -> RemoteProtocolError:
    """Return the error; no message of this file moves money, so nothing is in doubt."""
    error = RemoteProtocolError(reason)
    error.effect, error.retry_is_safe = "nothing_sent", True
    return error


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, by whose keys, and whether a no is an answer."""

    name: str
    request: Mapping[str, str] = field(repr=False)
    keyring: Keyring | None
    is_refusable: bool


def _talk(
    line: Line, view: TerminalView, question: _Question, *, answer_s: float
) -> Steps[Mapping[str, str]]:
    try:
        message = line.wrap(_sealed(line, view, question))
        yield from line.send(message, answer_s=answer_s)
        fields = None
        while fields is None:
            fields = yield from _answer(line, view, question)
    except (LinkTimeoutError, LinkClosedError) as error:
        error.effect = "nothing_sent"  # no message of this file moves money
        error.retry_is_safe = True
        raise
    except FramingError:
        raise no_answer("what the host sent is no message") from None
    return fields


def _sealed(line: Line, view: TerminalView, question: _Question) -> bytes:
    if question.keyring is None:
        return seal(question.request, view.dialect, None)
    return question.keyring.seal(question.request, line.envelope)


def _unsealed(line: Line, view: TerminalView, question: _Question, body: bytes) -> Received:
    if question.keyring is None:
        return unseal(body, view.dialect, None)
    keyring = question.keyring
    return keyring.unseal(body, line.received_in, keyring.key_set_id)


def _answer(line: Line, view: TerminalView, question: _Question) -> Steps[Mapping[str, str] | None]:
    """Return the answer's fields, or None when it answers something else."""
    request = question.request
    dialect, table = view.dialect, view.dialect.messages[question.name]
    body = yield from line.receive()
    received = _unsealed(line, view, question, body)
    if received.refusal is not None:
        raise no_answer(f"the answer cannot be read: {received.refusal}")
    fields = received.fields
    stan = request.get("11", view.stan)
    seen = {**fields, "11": fields.get("11", stan)}  # hosts may leave DE11 out of an echo answer
    if stranger_to(table.mti_reply, stan, view.terminal, seen):
        line.set_aside(body, line.received_in)
        return None
    line.heed()
    if question.keyring is not None and received.mac == "wrong":
        raise no_answer("the MAC of the answer is wrong")
    is_done = _is_done(fields, table.response, dialect)
    if not is_done:
        code = look_up(dialect.codes, fields.get("39", ""))
        if not question.is_refusable or code.sign_in_first:
            raise RefusedError(
                f"host_{code.code}", owner=code.owner, hint_zh=code.clerk_zh, hint_en=code.clerk_en
            )
    faults = (*table.response_faults(fields, approved=is_done), *dialect.value_faults(fields))
    if faults:
        raise no_answer(f"the answer is wrong at {faults[0][0]}")
    return fields


def _is_done(fields: Mapping[str, str], response: str, dialect: Dialect) -> bool:
    """A code that says so, or none where the answer needs none: that to a settlement has only a verdict."""
    if "39" not in fields and "39" not in response.split():
        return True
    return look_up(dialect.codes, fields.get("39", "")).code in dialect.managed_codes
