"""How much of a sale may be asked for: what an amount entry shows before anything is typed. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.engine.policy.asked import History
    from posrefund.engine.policy.rules import Role, Rules
    from posrefund.engine.requests import Original

__all__ = ["Bounds", "amount_bounds"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that may be asked for, both allowed.

    Attributes:
        least_minor: The least.
        most_minor: The most.
        alone_minor: The most without a second person; less than the least where one is always needed.
        currency: ISO 4217 numeric.

    Units:
        Minor units.
    """

    least_minor: int
    most_minor: int
    alone_minor: int
    currency: str


def amount_bounds(rules: Rules, sale: Original, history: History) -> Bounds | None:
    """Return what may be asked for of *sale* by the operator of *history*, or None where no amount is.

    Of a sale that nobody here knows the most is what a message can say.
    """
    currency, role = sale.amount.currency, rules.role(history.role)
    caps = [sale.remaining_minor, rules.terminal_max.of(currency)]
    caps += _caps_of_role(role, currency, history.day_minor)
    most = min(cap for cap in caps if cap is not None)
    least = 1 if role is None or role.may_partial else max(sale.remaining_minor, 1)
    if most < least:
        return None
    alone = role.alone_max.of(currency) if role else None
    return Bounds(least, most, most if alone is None else min(alone, most), currency)


def _caps_of_role(role: Role | None, currency: str, done_minor: int) -> list[int | None]:
    if role is None:
        return []
    in_a_day = role.day_max.of(currency)
    return [role.refund_max.of(currency), None if in_a_day is None else in_a_day - done_minor]
