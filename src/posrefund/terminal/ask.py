"""One question to the host and its answer, where neither carries a MAC: management and settlement. Floor 7.

A failure is an error, not an outcome: no message of this kind moves money, and each may be asked again.
"""

from __future__ import annotations

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
    from posrefund.terminal.line import Line, Steps

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
) -> Steps[Mapping[str, str]]:
    """Send the message called *name* and return the fields of its answer.

    Args:
        line: Opened and closed here.
        view: The terminal.
        name: Of the message table.
        request: Its fields.
        is_refusable: A code that refuses is an answer, too, unless it asks for a sign-in first.
        timers: How long what may take; the dialect's if None.

    Raises:
        RefusedError: The host said no; the code is ``host_NN``.
        LinkError: No line or no answer.
        RemoteProtocolError: What came is no answer to this.
        JournalError: An answer to another message came, and could not be written down.
    """
    within = timers or view.dialect.timers
    yield from line.open(within.connect_s)
    talk = _talk(line, view, name, request, is_refusable=is_refusable, answer_s=within.answer_s)
    return (yield from line.hung_up_after(talk))


def no_answer(reason: str) -> RemoteProtocolError:
    """Return the error; no message of this file moves money, so nothing is in doubt."""
    error = RemoteProtocolError(reason)
    error.effect, error.retry_is_safe = "nothing_sent", True
    return error


def _talk(
    line: Line,
    view: TerminalView,
    name: str,
    request: Mapping[str, str],
    *,
    is_refusable: bool,
    answer_s: float,
) -> Steps[Mapping[str, str]]:
    try:
        message = line.wrap(seal(request, view.dialect, None))
        yield from line.send(message, answer_s=answer_s)
        fields = None
        while fields is None:
            fields = yield from _answer(line, view, name, request, is_refusable=is_refusable)
    except (LinkTimeoutError, LinkClosedError) as error:
        error.effect = "nothing_sent"  # no message of this file moves money
        error.retry_is_safe = True
        raise
    except FramingError:
        raise no_answer("what the host sent is no message") from None
    return fields


def _answer(
    line: Line, view: TerminalView, name: str, request: Mapping[str, str], *, is_refusable: bool
) -> Steps[Mapping[str, str] | None]:
    """Return the answer's fields, or None when it answers something else."""
    dialect, table = view.dialect, view.dialect.messages[name]
    body = yield from line.receive()
    received = unseal(body, dialect, None)
    if received.refusal is not None:
        raise no_answer(f"the answer cannot be read: {received.refusal}")
    fields = received.fields
    stan = request.get("11", view.stan)
    seen = {**fields, "11": fields.get("11", stan)}  # hosts may leave DE11 out of an echo answer
    if stranger_to(table.mti_reply, stan, view.terminal, seen):
        line.set_aside(body, line.received_in)
        return None
    line.heed()
    is_done = _is_done(fields, table.response, dialect)
    if not is_done:
        code = look_up(dialect.codes, fields.get("39", ""))
        if not is_refusable or code.sign_in_first:
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
