"""The customer's signature under what was accepted: given with the request or afterwards, once. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.actions import Note
from posrefund.engine.papers import Signature
from posrefund.engine.refusals import refuse
from posrefund.engine.table import State
from posrefund.errors import RequestConflictError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from posrefund.engine.attempt import Attempt

__all__ = ["SIGNED", "sign", "signature_of"]

SIGNED = "signature"
"""Kind of the note that says it was signed afterwards."""

_SIGNABLE = frozenset({State.ACCEPTED, State.CONFIRMED})


def signature_of(attempt: Attempt, notes: Sequence[Mapping[str, str]] = ()) -> Signature | None:
    """Return the signature under *attempt*, or None.

    Args:
        attempt: Of which the request may have brought one.
        notes: The journal's of kind ``SIGNED`` about it.
    """
    said = [attempt.facts.get("signature", ""), *(note["signature"] for note in notes)]
    given = [each for each in said if each]
    return Signature.read(given[0]) if given else None


def sign(
    attempt: Attempt | None,
    signature: Signature,
    notes: Sequence[Mapping[str, str]],
    now: datetime,
) -> list[Note]:
    """Say what to write down when *signature* is given under *attempt*; nothing, if it is there already.

    Args:
        attempt: The last one of the request; None where there is none.
        signature: What was given.
        notes: As in ``signature_of``.
        now: The time.

    Raises:
        RefusedError: code ``nothing_to_sign`` — the host did not accept it, or nothing is known.
        RequestConflictError: Another signature stands under it.
    """
    if attempt is None or attempt.state not in _SIGNABLE:
        raise refuse("nothing_to_sign")
    known = signature_of(attempt, notes)
    if known == signature:
        return []
    if known is not None:
        raise RequestConflictError(attempt.request_id)
    return [Note(SIGNED, now, {"signature": signature.said}, attempt.attempt_id)]
