"""One person lets another approve in the first one's role, for some days. Floor 4.

The right is the giver's own, at the moment of use: whoever may not approve has nothing to give, what was given is not
passed on, and a giver who left takes it along. A giver's own request is never approved in the giver's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.people import same_person
from posrefund.engine.refusals import refuse
from posrefund.engine.staff import MANAGER, find, known
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.engine.staff import Operator, Permissions
    from posrefund.errors import Fault

__all__ = ["DAYS_MAX", "Delegation", "right_to_approve", "start"]

DAYS_MAX = 31
"""A longer absence is recorded anew each month: a right that nobody thinks of any more is a hole."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """One person's right to approve, lent to another.

    Attributes:
        number: 1, 2, 3… at its terminal.
        giver: Operator whose role counts.
        taker: Operator who may use it.
        manager: Operator who recorded it with the giver; the giver himself if he is one, never the taker.
        since: From when on.
        until: Until when.
        ended_by: Operator who took it back before; empty if nobody did.

    Raises:
        InvalidRequestError: Every fault at once.
    """

    number: int
    giver: str
    taker: str
    manager: str
    since: datetime
    until: datetime
    ended_by: str = ""

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if same_person(self.giver, self.taker) or same_person(self.manager, self.taker):
            faults.append(("delegation.taker", "neither who gives nor who records it"))
        if None in (self.since.tzinfo, self.until.tzinfo):
            faults.append(("delegation.since", "times with a time zone"))
        elif not timedelta(0) < self.until - self.since <= timedelta(days=DAYS_MAX):
            faults.append(("delegation.until", f"after since, at most {DAYS_MAX} days"))
        if faults:
            raise InvalidRequestError(faults)

    def holds(self, now: datetime) -> bool:
        """Say whether it counts at *now*."""
        return not self.ended_by and self.since <= now < self.until

    def ended(self, by: str) -> Delegation:
        """Return it as it is once *by* has taken it back."""
        return replace(self, ended_by=by)


def start(
    asked: Delegation, staff: Iterable[Operator], permissions: Permissions, now: datetime
) -> Delegation:
    """Return *asked*, times in UTC, if those whom it names may make it.

    Raises:
        RefusedError: ``operator_unknown`` or ``operator_inactive``, the giver may not approve (``operator_may_not_approve``),
            or who records it is no manager (``operator_no_manager``).
        InvalidRequestError: It would be over already.
    """
    people = list(staff)
    giver, taker, manager = (
        known(people, each) for each in (asked.giver, asked.taker, asked.manager)
    )
    if not permissions.may_approve(giver.role):
        raise refuse("operator_may_not_approve")
    if manager.role != MANAGER:
        raise refuse("operator_no_manager")
    if asked.until <= now:
        raise InvalidRequestError([("delegation.until", "a time to come")])
    return replace(
        asked,
        giver=giver.number,
        taker=taker.number,
        manager=manager.number,
        since=asked.since.astimezone(UTC),
        until=asked.until.astimezone(UTC),
    )


def right_to_approve(
    checker: Operator,
    maker: str,
    staff: Iterable[Operator],
    delegations: Iterable[Delegation],
    permissions: Permissions,
    now: datetime,
) -> str:
    """Return in whose role *checker* may approve what *maker* asked for: "" for the own one, else the giver's number.

    Raises:
        RefusedError: ``approval_same_person`` — who asked, or only in the name of who asked.
            ``operator_may_not_approve`` — in nobody's.
    """
    if same_person(checker.number, maker):
        raise refuse("approval_same_person")
    if permissions.may_approve(checker.role):
        return ""
    people = list(staff)
    givers = [
        giver
        for each in delegations
        if each.holds(now) and same_person(each.taker, checker.number)
        for giver in [find(people, each.giver)]
        if giver is not None and giver.is_active and permissions.may_approve(giver.role)
    ]
    others = [giver for giver in givers if not same_person(giver.number, maker)]
    if not others:
        raise refuse("approval_same_person" if givers else "operator_may_not_approve")
    return others[0].number
