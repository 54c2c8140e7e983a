"""Who somebody at a terminal is, proven by a PIN, and what that lets him do. Floor 7.

A terminal that knows nobody asks for no PIN: an operator number is taken at its word, as long as the profile lets it
(``approval_pin``). From its first operator on it takes nobody's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import delegation, staff
from posrefund.engine.refusals import refuse
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.dialects import Policy
    from posrefund.engine.staff import Operator, Permissions
    from posrefund.journal import Journal

__all__ = ["Prover"]


@closed_class
class Prover:
    """Proves the people of one terminal.

    Args:
        journal: The terminal's.
        policy: What the acquirer's profile says about PINs.
        clock: Returns the time, aware.

    Attributes:
        permissions: What a role may do; the shop's rules may say otherwise.
    """

    def __init__(self, journal: Journal, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._journal, self._policy, self._clock = journal, policy, clock
        self.permissions: Permissions = staff.ByRole()

    def prove(self, number: str, pin: str | None, *, to_change_it: bool = False) -> Operator:
        """Return the operator *number*, whose PIN *pin* is.

        The try is written down as a wrong one before the PIN is looked at: whoever cuts the power has lost it.

        Args:
            number: Who says so.
            pin: As typed; any text.
            to_change_it: Whether a PIN that somebody else chose is enough.

        Raises:
            RefusedError: ``operator_unknown``, ``operator_inactive``, ``operator_locked``, ``operator_pin_needed``,
                ``operator_pin_wrong`` or ``operator_pin_change``.
            InvalidRequestError: *pin* is no text.
            JournalError: Nothing is proven.
        """
        now, operator = self._clock(), staff.known(self._journal.staff(), number)
        staff.check_free(operator, now)
        if pin is None:
            raise refuse("operator_pin_needed")
        given: object = pin
        if not isinstance(given, str):
            raise InvalidRequestError([("pin", "text")])
        tried = staff.counted(operator, self._policy, now)
        self._journal.change_operator(tried, "tried", by=operator.number, at=now)
        if not self._journal.pin_is(operator.number, pin):
            raise staff.wrong(tried, self._policy)
        right = staff.proven(tried)
        self._journal.change_operator(right, "proven", by=operator.number, at=now)
        if right.must_change_pin and not to_change_it:
            raise refuse("operator_pin_change")
        return right

    def asks_for_pin(self) -> bool:
        """Say whether a yes needs a PIN at this terminal."""
        return self._policy.approval_pin == "always" or bool(self._journal.staff())

    def check_maker(self, number: str) -> None:
        """Refuse a refund that is asked for by nobody who may.

        Raises:
            RefusedError: ``operator_unknown``, ``operator_inactive`` or ``operator_locked``.
        """
        everybody = self._journal.staff()
        if everybody:
            staff.check_free(staff.known(everybody, number), self._clock())

    def check_asker(self, maker: str, pin: str | None) -> None:
        """Let *maker* ask for a second person's yes.

        Raises:
            RefusedError: As ``prove``, where the profile wants a proof or a PIN was given.
        """
        wants_proof = self._policy.maker_pin and bool(self._journal.staff())
        if wants_proof or pin is not None:
            self.prove(maker, pin)

    def check_yes(self, checker: str, pin: str | None, maker: str) -> str:
        """Let *checker* say yes to what *maker* asked for; return in whose role, "" for the own one.

        Raises:
            RefusedError: As ``prove``; or ``approval_same_person`` or ``operator_may_not_approve``, and no try is counted.
        """
        if not self.asks_for_pin() and pin is None:
            return ""
        everybody = self._journal.staff()
        in_role_of = delegation.right_to_approve(
            staff.known(everybody, checker),
            maker,
            everybody,
            self._journal.delegations(),
            self.permissions,
            self._clock(),
        )
        self.prove(checker, pin)
        return in_role_of
