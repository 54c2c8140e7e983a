"""The staff of a terminal: added, changed, unlocked, and let approve for one another. Floor 7.

Everything but the very first operator takes a manager's PIN. Whoever has a PIN that somebody else chose has to change
it before it proves anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.engine import delegation
from posrefund.engine import staff as rules
from posrefund.engine.delegation import Delegation
from posrefund.engine.people import same_person
from posrefund.engine.refusals import refuse
from posrefund.engine.staff import MANAGER, Operator
from posrefund.errors import InvalidRequestError, LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from posrefund.journal import Journal
    from posrefund.terminal.prover import Prover

__all__ = ["Staff"]


@closed_class
class Staff:
    """The people of one terminal, for whoever manages them; ``Terminal.staff`` is one.

    Every method may raise what ``Terminal.prove`` does, where it takes a PIN, and ``JournalError``.

    Args:
        prover: Proves them.
        journal: The terminal's.
        clock: Returns the time, aware.
        busy: Held while something is done.
    """

    def __init__(
        self,
        prover: Prover,
        journal: Journal,
        clock: Callable[[], datetime],
        busy: AbstractContextManager[object],
    ) -> None:
        self._prover, self._journal, self._clock, self._busy = prover, journal, clock, busy

    @property
    def asks_for_pin(self) -> bool:
        """Whether a yes needs a PIN at this terminal."""
        with self._busy:
            return self._prover.asks_for_pin()

    def everyone(self) -> list[Operator]:
        """Return everybody who works or worked here, by number."""
        with self._busy:
            return self._journal.staff()

    def delegations(self) -> list[Delegation]:
        """Return every right to approve that was ever lent here, oldest first."""
        with self._busy:
            return self._journal.delegations()

    def prove(self, number: str, pin: str) -> Operator:
        """Return the operator *number*, if *pin* is right; see ``Terminal.prove``.

        Raises:
            RefusedError: It is not, or no try is taken.
        """
        with self._busy:
            return self._prover.prove(number, pin)

    # --- people ------------------------------------------------------------------------------

    def add_first(self, number: str, name: str, new_pin: str) -> Operator:
        """Add the first operator, a manager; from then on the terminal takes nobody at his word.

        Raises:
            RefusedError: code ``staff_known`` — there is somebody already.
            InvalidRequestError: Something of it cannot be.
        """
        with self._busy:
            if self._journal.staff():
                raise refuse("staff_known")
            first = Operator(number, name, MANAGER)
            self._journal.enrol(first, _text(new_pin), by=first.number, at=self._clock())
            return first

    def add(
        self, number: str, name: str, role: str, new_pin: str, *, by: str, pin: str
    ) -> Operator:
        """Add somebody, whose PIN the manager chose: it has to be changed before it proves anything.

        Args:
            number: Nobody's so far.
            name: Of the person.
            role: ``cashier``, ``supervisor``, ``manager`` or a shop's own.
            new_pin: The first PIN.
            by: The manager.
            pin: The manager's.

        Raises:
            RefusedError: ``operator_no_manager``, the number is somebody's (``operator_known``), or the shop's rules
                know no such role (``role_unknown``).
            InvalidRequestError: Something of it cannot be.
        """
        with self._busy:
            new = Operator(number, name, role, must_change_pin=True)
            manager = self._manager(by, pin)
            if rules.find(self._journal.staff(), number) is not None:
                raise refuse("operator_known")
            self._check_role(role)
            self._journal.enrol(new, _text(new_pin), by=manager.number, at=self._clock())
            return new

    def set_pin(self, number: str, new_pin: str, *, by: str, pin: str) -> Operator:
        """Give *number* a new PIN: one's own, or a manager somebody else's, who has to change it then.

        Args:
            number: Whose.
            new_pin: Another one than before, where it is one's own.
            by: Who does it.
            pin: That operator's, as it is now.

        Raises:
            RefusedError: Somebody else's, and by no manager (``operator_no_manager``).
            InvalidRequestError: The new one may not be chosen.
        """
        with self._busy:
            is_own = same_person(number, by)
            proven = self._prover.prove(by, pin, to_change_it=is_own)
            if not is_own:
                rules.check_manager(proven)
            whose = rules.known(self._journal.staff(), number)
            if is_own and new_pin == pin:
                raise InvalidRequestError([("pin", "another one than before")])
            after = whose.with_(must_change_pin=not is_own)
            return self._write(after, "pin_set", proven.number, _text(new_pin))

    def set_role(self, number: str, role: str, *, by: str, pin: str) -> Operator:
        """Give *number* another role.

        Raises:
            RefusedError: ``operator_no_manager``, nobody would be one (``operator_last_manager``), or the shop's rules
                know no such role (``role_unknown``).
            InvalidRequestError: No role's name.
        """

        def changed(who: Operator) -> Operator:
            after = who.with_(role=role)
            self._check_role(role)
            return after

        return self._change(number, "role_set", by, pin, changed)

    def deactivate(self, number: str, *, by: str, pin: str) -> Operator:
        """Let *number* do nothing any more; what was lent by and to that person counts no more.

        Raises:
            RefusedError: ``operator_no_manager``, or nobody would be one (``operator_last_manager``).
        """
        return self._change(number, "deactivated", by, pin, lambda who: who.with_(is_active=False))

    def activate(self, number: str, *, by: str, pin: str) -> Operator:
        """Let *number* work here again, with the PIN of then.

        Raises:
            RefusedError: code ``operator_no_manager``.
        """
        return self._change(number, "activated", by, pin, lambda who: who.with_(is_active=True))

    def unlock(self, number: str, *, by: str, pin: str) -> Operator:
        """Let *number* try again at once; the PIN stays.

        Raises:
            RefusedError: code ``operator_no_manager``.
        """
        return self._change(number, "unlocked", by, pin, rules.unlocked)

    # --- for one another ---------------------------------------------------------------------

    def delegate(
        self,
        giver: str,
        taker: str,
        *,
        since: datetime,
        until: datetime,
        pin: str,
        manager: str,
        manager_pin: str | None = None,
    ) -> Delegation:
        """Let *taker* approve in *giver*'s role for some days; never the own requests, never those of *giver*.

        Args:
            giver: Who may approve by his own role.
            taker: Who may then.
            since: From when on, aware.
            until: Until when, aware; at most 31 days later.
            pin: The giver's.
            manager: Who records it with the giver; the giver, if he is one.
            manager_pin: The manager's; not needed where that is the giver.

        Raises:
            RefusedError: ``operator_may_not_approve``, ``operator_no_manager``, or one of them is not known.
            InvalidRequestError: Something of it cannot be.
        """
        with self._busy:
            now = self._clock()
            number = len(self._journal.delegations()) + 1
            asked = Delegation(number, giver, taker, manager, since, until)
            lent = delegation.start(asked, self._journal.staff(), self._prover.permissions, now)
            self._prover.prove(giver, pin)
            if not same_person(giver, manager):
                self._prover.prove(manager, manager_pin)
            self._journal.delegate(lent, now)
            return lent

    def end_delegation(self, number: int, *, by: str, pin: str) -> None:
        """Take a right back before its time.

        Raises:
            RefusedError: *by* neither gave it nor is a manager (``operator_no_manager``).
            LocalProtocolError: No such delegation holds.
        """
        with self._busy:
            ours = [each for each in self._journal.delegations() if each.number == number]
            if not ours or ours[0].ended_by:
                message = f"delegation {number} does not hold"
                raise LocalProtocolError(message)
            proven = self._prover.prove(by, pin)
            if not same_person(ours[0].giver, proven.number):
                rules.check_manager(proven)
            self._journal.end_delegation(number, by=proven.number, at=self._clock())

    # --- inside ------------------------------------------------------------------------------

    def _manager(self, number: str, pin: str) -> Operator:
        rules.check_manager(rules.known(self._journal.staff(), number))
        return self._prover.prove(number, pin)

    def _check_role(self, role: str) -> None:
        if not self._prover.permissions.knows(role):
            raise refuse("role_unknown")

    def _change(
        self, number: str, event: str, by: str, pin: str, change: Callable[[Operator], Operator]
    ) -> Operator:
        with self._busy:
            manager = self._manager(by, pin)
            everybody = self._journal.staff()
            found = rules.find(everybody, number)
            if found is None:
                raise refuse("operator_unknown")
            after = change(found)
            rules.check_still_managed(everybody, after)
            return self._write(after, event, manager.number)

    def _write(self, after: Operator, event: str, by: str, pin: str | None = None) -> Operator:
        self._journal.change_operator(after, event, by=by, at=self._clock(), pin=pin)
        return after


def _text(pin: object) -> str:
    if not isinstance(pin, str):
        raise InvalidRequestError([("pin", "text")])
    return pin
