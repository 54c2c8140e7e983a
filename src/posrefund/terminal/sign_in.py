"""Management messages: sign-in and echo. No money moves here, so a failure is an error. Floor 7.

The answer to a sign-in carries no MAC: what proves it is only that its keys open under our TMK with the
right check values. The engine judges what it would change; keys, batch and clock are taken over by the
caller, all or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.engine.compose import compose_echo, compose_sign_in
from posrefund.terminal.ask import ask, no_answer
from posrefund.values import BatchNumber, HostClock

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from posrefund.dialects import Timers
    from posrefund.engine import TerminalView
    from posrefund.engine.sign_in import Issue, SignInChanges
    from posrefund.terminal.line import Line, Steps

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
def sign_in(
    line: Line, view: TerminalView, operator: str, now: datetime, timers: Timers | None = None
) -> Steps[SignInAnswer]:
    """Ask for working keys, within *timers*, the dialect's if None.

    Raises:
        RefusedError: The host said no.
        LinkError: No line or no answer.
        RemoteProtocolError: What came is no sign-in answer.
    """
    sent = compose_sign_in(view, operator, now)
    fields = yield from ask(line, view, "sign_in", sent, timers=timers)

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
        raise no_answer("date, time, batch or keys of the sign-in answer are wrong") from None
    return SignInAnswer(batch, view.batch, clock, key_block)


@closed
def echo(
    line: Line, view: TerminalView, now: datetime, timers: Timers | None = None
) -> Steps[None]:
    """Ask whether the host is there, within *timers*, the dialect's if None.

    Raises:
        RefusedError: The host said no.
        LinkError: No line or no answer.
        RemoteProtocolError: What came is no echo answer.
    """
    yield from ask(line, view, "echo", compose_echo(view, now), timers=timers)
