"""The shop's rules at a terminal: what they ask the journal about is read here, and who somebody is. Floor 7."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine.policy import Hold, HoldKind, check_approver, contact_for, name_contact
from posrefund.engine.policy.asked import History
from posrefund.engine.policy.holds import HOLD_LIFTED, HOLD_SET
from posrefund.engine.refusals import refuse
from posrefund.engine.staff import ByRole
from posrefund.errors import RefusedError
from posrefund.values import BackToPayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from posrefund.engine import Original, RefundRequest, TerminalView
    from posrefund.engine.plan import Occasion
    from posrefund.engine.policy import Rules
    from posrefund.engine.staff import Permissions
    from posrefund.journal import Journal

__all__ = ["Rulebook"]


@closed_class
class Rulebook:
    """The rules of one terminal.

    Args:
        rules: The shop's.
        role_of: Says the role of an operator by his number, None where nobody knows; None: the rules' default role.
        journal: The terminal's.

    Attributes:
        rules: The shop's.
    """

    def __init__(
        self, rules: Rules, role_of: Callable[[str], str | None] | None, journal: Journal
    ) -> None:
        self.rules, self._role_of, self._journal = rules, role_of, journal

    def role(self, operator: str) -> str | None:
        """Return the role of an operator; None where nobody says."""
        return self._role_of(operator) if self._role_of is not None else None

    def brief(
        self,
        occasion: Occasion,
        request: RefundRequest,
        original: Original | None,
        view: TerminalView,
    ) -> Occasion:
        """Return *occasion* with the rules, and with what they ask about the operator, the sale and a voucher.

        Only what a rule in force asks is read.
        """
        history = self.history(request.operator, original, view, occasion.now)
        if isinstance(request.card, BackToPayer) and request.card.voucher is not None:
            paid = self._journal.by_voucher(view.merchant, request.card.voucher.reveal())
            history = replace(history, voucher_of=paid or "")
        return replace(occasion, rules=self.rules, history=history)

    def history(
        self, operator: str, original: Original | None, view: TerminalView, now: datetime
    ) -> History:
        """Return what was before a refund of *original* by *operator*."""
        known = History(role=self.role(operator))
        if original is None:
            return known
        known = replace(known, holds=self._journal.held(original.original_id))
        if self.rules.counts_refunds:
            count, last = self._journal.given_back(original.original_id)
            known = replace(known, refund_count=count, last_sent_at=last)
        if self.rules.counts_the_day:
            count, minor = self._journal.given_back_by(
                operator,
                merchant=view.merchant,
                host_day=view.host_day(now),
                currency=original.amount.currency,
            )
            known = replace(known, day_count=count, day_minor=minor)
        return known

    def may_refund(self, operator: str) -> bool:
        """Say whether *operator*'s role and the merchant's permission, but for its last day, let him ask for a refund."""
        if self.rules.merchant_status in ("suspended", "revoked"):
            return False
        role = self.rules.role(self.role(operator))
        is_allowed = role.may_refund if role is not None else not self.rules.roles
        return is_allowed and self.rules.merchant_may_refund

    def check_approver(self, operator: str) -> None:
        """Refuse a second person whose role may not approve.

        Raises:
            RefusedError: ``role_unknown`` or ``role_may_not_approve``.
        """
        with self.contacts():
            check_approver(self.rules, self.role(operator))

    def permissions(self) -> Permissions:
        """Return what roles may do: as the rules say, or by their names where the rules know no roles."""
        if not self.rules.roles:
            return ByRole()
        approving = (role.name for role in self.rules.roles if role.may_approve)
        return ByRole(frozenset(approving), frozenset(role.name for role in self.rules.roles))

    def hold(self, said: Hold, now: datetime) -> None:
        """Hold a sale; one that is held so already stays as it is.

        Raises:
            RefusedError: ``original_unknown``.
            JournalWriteError: It was not written down.
        """
        if not self._is_held(said):
            self._journal.commit([said.note(HOLD_SET, now)])

    def lift_hold(self, said: Hold, now: datetime) -> None:
        """Hold it no longer; one that is not held so stays as it is.

        Raises:
            RefusedError: ``original_unknown``.
            JournalWriteError: It was not written down.
        """
        if self._is_held(said):
            self._journal.commit([said.note(HOLD_LIFTED, now)])

    def contact_for(self, *, code: str = "", owner: str = "") -> str:
        """Return whom to call; see ``posrefund.engine.policy.contact_for``."""
        return contact_for(self.rules, code=code, owner=owner)

    @contextmanager
    def contacts(self) -> Iterator[None]:
        """Name whom to call in every refusal that leaves it."""
        try:
            yield
        except RefusedError as refusal:
            name_contact(refusal, self.rules)
            raise

    def _is_held(self, said: Hold) -> bool:
        if not self._journal.originals(said.original_id):
            raise refuse("original_unknown")
        kind: HoldKind = said.kind
        return kind in self._journal.held(said.original_id)
