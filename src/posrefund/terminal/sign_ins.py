"""Takes a sign-in over, and knows from the journal which key sets there were and which are still needed. Floor 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.dialects.host_requests import SIGN_IN
from posrefund.engine import State
from posrefund.engine.host_requests import read_requests, written
from posrefund.engine.sign_in import judge_sign_in
from posrefund.terminal.sign_in import SignedIn

if TYPE_CHECKING:
    from datetime import datetime

    from posrefund.engine import TerminalView
    from posrefund.engine.sign_in import Accept
    from posrefund.journal import Journal
    from posrefund.terminal.keyring import Keyring
    from posrefund.terminal.sign_in import SignInAnswer

__all__ = ["key_sets_needed", "take_over"]

_REVERSED_ONCE = (State.REVERSING, State.MANUAL)
"""Of the open states, those in which a reversal may have been sent."""


def take_over(
    answer: SignInAnswer,
    before: TerminalView,
    accept: Accept,
    journal: Journal,
    keyring: Keyring,
    now: datetime,
) -> SignedIn:
    """Take keys, batch and clock of *answer* over, if the engine says so and its keys are right.

    Raises:
        RefusedError: Clock or keys are none that may be taken without being asked; nothing has changed.
        InvalidKeyError: The key set is refused; nothing has changed.
        ConfigError: The key file cannot be written; nothing has changed.
        JournalWriteError: Only the keys are the new ones; the next sign-in takes the rest over.
    """
    key_set_id = keyring.id_of(answer.key_block)
    changes = judge_sign_in(
        before,
        answer.batch,
        answer.host_clock,
        accept,
        key_set_id=key_set_id,
        earlier=_key_sets_of(journal),
    )
    keyring.take_over(answer.key_block, key_sets_needed(journal))
    if answer.batch != answer.batch_before:
        journal.wipe_cards()  # of what is decided: what may have to be undone keeps its card
    done = SignedIn.of(answer, key_set_id, changes)
    _remember(done, before, accept, journal, keyring.generation, now)
    return done


def key_sets_needed(journal: Journal) -> set[str]:
    """Return the names of the key sets that an answer to something open may still come under.

    Of an attempt, and of every reversal of it: those are sealed anew, under what is present then.
    """
    attempts = journal.open_attempts()
    names = {attempt.key_set_id for attempt in attempts}
    for attempt in attempts:
        if attempt.state not in _REVERSED_ONCE:
            continue  # the look-up reads the whole chain
        sent = journal.notes("reversal_sent", attempt.attempt_id)
        names |= {note["key_set_id"] for note in sent if "key_set_id" in note}
    return names


def _key_sets_of(journal: Journal) -> set[str]:
    """Every key set this terminal ever had, by name.

    A set that a crash kept out of its own row stands in the next one, as what was replaced.
    """
    notes = journal.notes("signed_in")
    names = {note.get(name) for note in notes for name in ("key_set_id", "key_set_before")}
    return {name for name in names if name}


def _remember(
    done: SignedIn,
    before: TerminalView,
    accept: Accept,
    journal: Journal,
    generation: int,
    now: datetime,
) -> None:
    """Write down what is so now, and in the same row what was and what jumped."""
    told = {"batch_before": str(before.batch), "issue": str(done.issue)}
    if before.key_set_id:
        told["key_set_before"] = before.key_set_id
    if done.batch_jump is not None:
        told["batch_jump"] = f"{done.batch_jump:+d}"
    if done.clock_jump is not None:
        told["clock_jump_s"] = str(done.clock_jump.total_seconds())
    offset_s = str(done.host_offset.total_seconds())
    more = {"accepted_offset_s": offset_s} if accept.clock else {}
    asked = read_requests(journal.terminal_facts().get("host_asks", ""))
    if asked.pop(SIGN_IN, None):
        more["host_asks"] = written(asked)
    journal.remember(
        now,
        "signed_in",
        told,
        batch=done.batch,
        key_set_id=done.key_set_id,
        key_generation=str(generation),
        host_offset_s=offset_s,
        signed_in_at=now.isoformat(),
        signed_off_at="",
        **more,
    )
