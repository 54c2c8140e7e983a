"""Who works at a terminal, and what a PIN, right or wrong, makes of them. Floor 4.

A try is counted before the PIN is looked at: ``counted`` says how an operator stands if it is wrong, and that is
written down first. Only then is compared, and ``proven`` takes it back. So no power cut gives a try for nothing.
What a role may do is asked of ``Permissions``; here roles are names, and ``manager`` alone means something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from posrefund.engine.notes import is_note
from posrefund.engine.people import same_person
from posrefund.engine.refusals import refuse
from posrefund.errors import InvalidRequestError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.dialects import Policy
    from posrefund.errors import Fault

__all__ = [
    "MANAGER",
    "ByRole",
    "Operator",
    "Permissions",
    "check_free",
    "check_manager",
    "check_still_managed",
    "counted",
    "find",
    "known",
    "proven",
    "unlocked",
    "wrong",
]

MANAGER = "manager"
"""The role that adds and changes people; at least one active operator has it."""

_NAME_CHARACTERS_MAX = 40
_DOUBLINGS_MAX = 20
"""Twenty doublings of a minute are two years: no cap is further away."""


class Permissions(Protocol):
    """What a shop's rules say about a role."""

    def may_approve(self, role: str) -> bool:
        """Say whether somebody of this role may be the second person of a refund."""
        ...

    def knows(self, role: str) -> bool:
        """Say whether people of this role may do anything here."""
        ...


@dataclass(frozen=True, slots=True)
class ByRole:
    """Permissions by the role's name alone.

    Attributes:
        approving: The roles that may approve.
        names: All roles there are; any name is one if None.

    Example:
        >>> from posrefund.engine.staff import ByRole
        >>> ByRole().may_approve("supervisor"), ByRole().may_approve("cashier")
        (True, False)
    """

    approving: frozenset[str] = field(default=frozenset({"supervisor", MANAGER}))
    names: frozenset[str] | None = None

    def may_approve(self, role: str) -> bool:
        """Say whether *role* is among those that may."""
        return role in self.approving

    def knows(self, role: str) -> bool:
        """Say whether *role* is one of those there are; a manager looks after the staff whatever the rules say."""
        return self.names is None or role == MANAGER or role in self.names


@dataclass(frozen=True, slots=True)
class Operator:
    """One person at one terminal; the PIN is not in here.

    Attributes:
        number: Operator number, 1 to 3 letters or digits; ``1`` and ``01`` are one person.
        name: As others know the person, at most 40 characters.
        role: A name in small letters: ``cashier``, ``supervisor``, ``manager``, or a shop's own.
        is_active: Whether the person works here; nobody is ever deleted.
        must_change_pin: Somebody else chose the PIN and knows it: it proves nothing but the right to change it.
        failures: Wrong tries since the last right one or the last lock.
        lockouts: Locks since the last right try; each is twice as long as the one before.
        locked_until: Until when no try is taken; None if nobody ever locked it.
        revision: How often this was written down.

    Raises:
        InvalidRequestError: Every fault at once.

    Example:
        >>> from posrefund.engine.staff import Operator
        >>> Operator("02", "Li", "supervisor").is_active
        True
    """

    number: str
    name: str
    role: str
    is_active: bool = True
    must_change_pin: bool = False
    failures: int = 0
    lockouts: int = 0
    locked_until: datetime | None = None
    revision: int = 1

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if not _fits("[0-9A-Za-z]{1,3}", self.number):
            faults.append(("operator.number", "1 to 3 letters or digits"))
        if not _is_name(self.name):
            faults.append(("operator.name", "1 to 40 printable characters, no card number"))
        if not _fits("[a-z][a-z_]{0,19}", self.role):
            faults.append(("operator.role", "1 to 20 small letters, such as supervisor"))
        if faults:
            raise InvalidRequestError(faults)

    @property
    def is_manager(self) -> bool:
        """Whether the person may add and change people now."""
        return self.is_active and self.role == MANAGER

    def is_locked(self, now: datetime) -> bool:
        """Say whether no try is taken at *now*."""
        return self.locked_until is not None and now < self.locked_until

    def with_(self, **changes: object) -> Operator:
        """Return the operator as it is written down next.

        Raises:
            InvalidRequestError: Something of *changes* cannot be.
        """
        return replace(self, revision=self.revision + 1, **changes)  # type: ignore[arg-type]  # reason: names of its fields


def find(staff: Iterable[Operator], number: str) -> Operator | None:
    """Return the one of *staff* whom *number* means, whether active or not."""
    return next((each for each in staff if same_person(each.number, number)), None)


def known(staff: Iterable[Operator], number: str) -> Operator:
    """Return the active one of *staff* whom *number* means.

    Raises:
        RefusedError: ``operator_unknown`` or ``operator_inactive``.
    """
    found = find(staff, number)
    if found is None:
        raise refuse("operator_unknown")
    if not found.is_active:
        raise refuse("operator_inactive")
    return found


def check_free(operator: Operator, now: datetime) -> None:
    """Refuse whoever tried too often.

    Raises:
        RefusedError: code ``operator_locked``; the hint says until when.
    """
    if operator.is_locked(now):
        raise _locked(operator)


def counted(operator: Operator, policy: Policy, now: datetime) -> Operator:
    """Return *operator* as it stands if the PIN that is about to be looked at is wrong.

    Source:
        PCI DSS v4.0.1, 8.3.4: locked after not more than ten tries, for at least 30 minutes.

    Raises:
        RefusedError: code ``operator_locked``: no PIN is looked at.
    """
    check_free(operator, now)
    failures = operator.failures + 1
    if failures < policy.pin_tries:
        return operator.with_(failures=failures, locked_until=None)
    doubled = policy.pin_lock_minutes << min(operator.lockouts, _DOUBLINGS_MAX)
    lasts = timedelta(minutes=min(doubled, policy.pin_lock_minutes_max))
    return operator.with_(
        failures=0, lockouts=operator.lockouts + 1, locked_until=now.astimezone(UTC) + lasts
    )


def proven(operator: Operator) -> Operator:
    """Return *operator* once the PIN was right: the try that was counted, and all before it, are forgotten."""
    return operator.with_(failures=0, lockouts=0, locked_until=None)


def unlocked(operator: Operator) -> Operator:
    """Return *operator* once a manager has let it try again; the PIN stays."""
    return operator.with_(failures=0, lockouts=0, locked_until=None)


def wrong(operator: Operator, policy: Policy) -> RefusedError:
    """Return what a wrong PIN is answered with, of the operator as ``counted`` left it."""
    if operator.locked_until is not None:
        return _locked(operator)
    return refuse("operator_pin_wrong", left=str(policy.pin_tries - operator.failures))


def check_manager(operator: Operator) -> None:
    """Refuse whoever may not add or change people.

    Raises:
        RefusedError: code ``operator_no_manager``.
    """
    if not operator.is_manager:
        raise refuse("operator_no_manager")


def check_still_managed(staff: Iterable[Operator], changed: Operator) -> None:
    """Refuse a change that leaves nobody who could make the next one.

    Raises:
        RefusedError: code ``operator_last_manager``.
    """
    others = (each for each in staff if not same_person(each.number, changed.number))
    if not changed.is_manager and not any(each.is_manager for each in others):
        raise refuse("operator_last_manager")


def _locked(operator: Operator) -> RefusedError:
    until = operator.locked_until
    said = f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if until else ""
    return refuse("operator_locked", until=said)


def _fits(pattern: str, text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(pattern, text, flags=re.ASCII) is not None


def _is_name(name: object) -> bool:
    is_short = isinstance(name, str) and len(name.strip()) > 0 and len(name) <= _NAME_CHARACTERS_MAX
    return is_short and is_note(name) and str(name).isprintable()
