"""Approvals in the journal: asked for, decided, and used up in the commit of the intent they are for. Floor 5.

Each step is a row of the chain. The table's guards hold whatever the code does: who asked cannot approve, a
request has one open approval, and one that was used or ended stays so.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine import Approval, State
from posrefund.engine.approval import WAITING, digest_of
from posrefund.errors import JournalCorruptError, JournalWriteError
from posrefund.journal.backend import Backend
from posrefund.values import Amount

if TYPE_CHECKING:
    from posrefund.engine import Ask, Decide, Open
    from posrefund.values import TerminalID

__all__ = ["Approvals", "approval_as_data", "approval_from_data"]

_COLUMNS = (
    "request_id, number, state, terminal, digest, maker, asked_at, expires_at, amount_minor, currency,"
    " original_id, card_masked, why, checker, attempt, in_role_of"
)


def approval_as_data(approval: Approval) -> dict[str, Any]:
    """Return an approval as JSON-able data, in the columns of the ``approvals`` table."""
    plain = ("request_id", "number", "terminal", "digest", "maker", "original_id", "card_masked")
    lent = {"in_role_of": approval.in_role_of} if approval.in_role_of else {}
    return (
        {name: getattr(approval, name) for name in plain}
        | lent
        | {
            "state": str(approval.state),
            "asked_at": approval.asked_at.isoformat(),
            "expires_at": approval.expires_at.isoformat(),
            "amount_minor": approval.amount.minor,
            "currency": approval.amount.currency,
            "why": approval.why,
            "checker": approval.checker,
            "attempt": approval.attempt,
        }
    )


def approval_from_data(data: dict[str, Any]) -> Approval:
    """Return the approval of a row."""
    rest = {name: data[name] for name in data.keys() - {"amount_minor", "currency"}}
    return Approval(
        **rest
        | {
            "state": State(data["state"]),
            "asked_at": datetime.fromisoformat(data["asked_at"]),
            "expires_at": datetime.fromisoformat(data["expires_at"]),
            "amount": Amount(data["amount_minor"], data["currency"]),
        }
    )


@closed_class
class Approvals(Backend):
    """The table of approvals."""

    _terminal: TerminalID

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    def last_approval(self, request_id: str) -> Approval | None:
        """Return the newest approval of a request, in whatever state, of whichever terminal."""
        where = "WHERE request_id = ? ORDER BY number DESC LIMIT 1"
        found = self._approvals(where, request_id)
        return found[0] if found else None

    def approvals(self, *, waiting: bool = False) -> list[Approval]:
        """Return this terminal's approvals, all of them or those that may still be used."""
        found = self._approvals(
            "WHERE terminal = ? ORDER BY asked_at, request_id, number", self._terminal
        )
        return [each for each in found if not waiting or each.state in WAITING]

    def _apply_ask(self, action: Ask) -> None:
        approval = action.approval
        self._refuse_foreign(approval)
        data = approval_as_data(approval)
        places = ", ".join(f":{name}" for name in data)
        self._run(f"INSERT INTO approvals ({', '.join(data)}) VALUES ({places})", data)
        self._append("ask", approval.approval_id, approval.asked_at, data)

    def _apply_decide(self, action: Decide) -> None:
        before = action.approval
        self._refuse_foreign(before)
        after = before.after(action.event, action.by, action.in_role_of)
        self._step(before, after)
        body = {
            "event": str(action.event),
            "state": str(after.state),
            "by": action.by,
            "digest": before.digest,
        }
        if after.in_role_of != before.in_role_of:
            body["in_role_of"] = action.in_role_of
        self._append("approval", before.approval_id, action.at, body)

    def _use_up(self, action: Open) -> None:
        """Use the approval that *action* names for exactly what *action* is going to send."""
        approval, attempt = action.approval, action.attempt
        if approval is None:
            sale = (
                "SELECT 1 FROM originals WHERE original_id = ?"
                " AND (ceiling = 'host_only' OR card_fingerprint || voucher = '')"
            )
            if self._rows(sale, attempt.original_id):
                raise JournalWriteError(
                    "nobody has approved a refund of a sale without a ceiling, or a card or voucher"
                )
            return
        self._refuse_foreign(approval)
        used = approval.used_by(attempt.number)
        done = self._run(
            "UPDATE approvals SET state = :after, attempt = :attempt WHERE request_id = :request_id"
            " AND number = :number AND state = :before AND digest = :digest AND expires_at > :now",
            {
                "after": str(used.state),
                "attempt": attempt.number,
                "request_id": attempt.request_id,
                "number": approval.number,
                "before": str(State.CLEARED),
                "digest": digest_of(action.content, attempt),
                "now": attempt.created_at.astimezone(UTC).isoformat(),
            },
        )
        if done != 1:
            raise JournalWriteError("what was approved is not what is going to be sent")

    def _step(self, before: Approval, after: Approval) -> None:
        done = self._run(
            "UPDATE approvals SET state = :after, checker = :checker, in_role_of = :in_role_of"
            " WHERE request_id = :request_id"
            " AND number = :number AND state = :before AND digest = :digest",
            {
                "after": str(after.state),
                "checker": after.checker,
                "in_role_of": after.in_role_of,
                "request_id": before.request_id,
                "number": before.number,
                "before": str(before.state),
                "digest": before.digest,
            },
        )
        if done != 1:
            raise JournalWriteError("the approval has moved meanwhile")

    def _refuse_foreign(self, approval: Approval) -> None:
        if approval.terminal != self._terminal:
            raise JournalWriteError("an approval of another terminal")

    def _approvals(self, where: str, *values: object) -> list[Approval]:
        rows = self._dicts(f"SELECT {_COLUMNS} FROM approvals {where}", *values)
        try:
            return [approval_from_data(row) for row in rows]
        except (ValueError, TypeError):
            raise JournalCorruptError("a stored approval cannot be read") from None
