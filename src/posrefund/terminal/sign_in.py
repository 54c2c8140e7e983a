"""Management messages: sign-in and echo. No money moves here, so a failure is an error. Floor 7.

The answer to a sign-in carries no MAC: what proves it is only that its keys open under our TMK with the
right check values. The engine judges what it would change; keys, batch and clock are taken over by the
caller, all or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.dialects import look_up
from posrefund.engine.compose import compose_echo, compose_sign_in
from posrefund.engine.interpret import stranger_to
from posrefund.errors import (
    FramingError,
    LinkClosedError,
    LinkTimeoutError,
    RefusedError,
    RemoteProtocolError,
)
from posrefund.seal import seal, unseal
from posrefund.values import BatchNumber, HostClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from posrefund.engine import TerminalView
    from posrefund.engine.sign_in import Issue, SignInChanges
    from posrefund.terminal.line import Line

__all__ = ["SignInAnswer", "SignedIn", "echo", "sign_in"]


@dataclass(frozen=True, slots=True)
class SignInAnswer:
    """What the host said, its keys still wrapped.

    Attributes:
        batch: The host's batch number.
        batch_before: Ours until now.
        host_clock: The host's time against ours.
        key_block: As it stands in the answer.
    """

    batch: BatchNumber
    batch_before: BatchNumber
    host_clock: HostClock
    key_block: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A completed sign-in. Its answer carries no MAC: batch and clock are what somebody said, no proof.

    Attributes:
        batch: The batch that is open now.
        batch_changed: Whether the host imposed another one than ours.
        key_set_id: KCVs of PIK and MAK.
        host_offset: Host time minus ours.
        batch_jump: How far the batch moved where it is neither the same nor the next one, which is what
            settlement brings; negative when it went back. None where there is nothing to look at.
        clock_jump: The offset against the one of the last sign-in; None at the first.
        issue: ``"new"`` keys, the ``"same"`` as before, or some of an ``"earlier"`` sign-in.
    """

    batch: str
    batch_changed: bool
    key_set_id: str
    host_offset: timedelta
    batch_jump: int | None = None
    clock_jump: timedelta | None = None
    issue: Issue = "new"

    @classmethod
    def of(cls, answer: SignInAnswer, key_set_id: str, changes: SignInChanges) -> SignedIn:
        """Return the report of *answer* once it was taken over."""
        return cls(
            answer.batch,
            answer.batch != answer.batch_before,
            key_set_id,
            answer.host_clock.offset,
            changes.batch_jump,
            changes.clock_jump,
            changes.issue,
        )


@closed
def sign_in(line: Line, view: TerminalView, operator: str, now: datetime) -> SignInAnswer:
    """Ask for working keys.

    Raises:
        RefusedError: The host said no.
        LinkError: No line or no answer.
        RemoteProtocolError: What came is no sign-in answer.
    """
    fields = _ask(line, view, "sign_in", compose_sign_in(view, operator, now))

    def said(name: str) -> str:
        return view.dialect.fact(name, fields) or ""

    try:
        batch = BatchNumber(said("batch"))
        clock = view.host_clock.learn(
            now,
            date_mmdd=said("host_date"),
            time_hhmmss=said("host_time"),
            year_yy=said("host_year"),
        )
        key_block = bytes.fromhex(said("key_block"))
    except ValueError:  # InvalidRequestError is one, too
        raise _no_answer("date, time, batch or keys of the sign-in answer are wrong") from None
    return SignInAnswer(batch, view.batch, clock, key_block)


@closed
def echo(line: Line, view: TerminalView, now: datetime) -> None:
    """Ask whether the host is there.

    Raises:
        RefusedError: The host said no.
        LinkError: No line or no answer.
        RemoteProtocolError: What came is no echo answer.
    """
    _ask(line, view, "echo", compose_echo(view, now))


def _ask(
    line: Line, view: TerminalView, name: str, request: Mapping[str, str]
) -> Mapping[str, str]:
    timers = view.dialect.timers
    line.open(timers.connect_s)
    try:
        line.send(line.wrap(seal(request, view.dialect, None)), answer_s=timers.answer_s)
        fields = _answer(line, view, name)
        while fields is None:
            fields = _answer(line, view, name)
    except (LinkTimeoutError, LinkClosedError) as error:
        error.effect = "nothing_sent"  # no message of this file moves money
        error.retry_is_safe = True
        raise
    except FramingError:
        raise _no_answer("what the host sent is no message") from None
    finally:
        line.close()
    return fields


def _answer(line: Line, view: TerminalView, name: str) -> Mapping[str, str] | None:
    """Return the answer's fields, or None when it answers something else."""
    table = view.dialect.messages[name]
    received = unseal(line.receive(), view.dialect, None)
    if received.refusal is not None:
        raise _no_answer(f"the answer cannot be read: {received.refusal}")
    fields = received.fields
    stan = fields.get("11", view.stan)  # hosts may leave DE11 out of an echo answer
    if stranger_to(table.mti_reply, view.stan, view.terminal, {**fields, "11": stan}):
        return None
    code = look_up(view.dialect.codes, fields.get("39", ""))
    if code.code not in view.dialect.managed_codes:
        raise RefusedError(
            f"host_{code.code}", owner=code.owner, hint_zh=code.clerk_zh, hint_en=code.clerk_en
        )
    faults = (*table.response_faults(fields, approved=True), *view.dialect.value_faults(fields))
    if faults:
        raise _no_answer(f"the answer is wrong at {faults[0][0]}")
    return fields


def _no_answer(reason: str) -> RemoteProtocolError:
    """Return the error; no message of this file moves money, so nothing is in doubt."""
    error = RemoteProtocolError(reason)
    error.effect, error.retry_is_safe = "nothing_sent", True
    return error
