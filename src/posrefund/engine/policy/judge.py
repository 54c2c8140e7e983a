"""The engine of the rules: asks each of them, and says all that they say. Floor 4."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from posrefund.engine.policy.about_card import ABOUT_CARD
from posrefund.engine.policy.about_merchant import ABOUT_MERCHANT
from posrefund.engine.policy.about_method import ABOUT_METHOD
from posrefund.engine.policy.about_papers import ABOUT_PAPERS
from posrefund.engine.policy.about_people import ABOUT_PEOPLE
from posrefund.engine.policy.about_sale import ABOUT_SALE
from posrefund.engine.policy.contacts import name_contact
from posrefund.engine.refusals import together

if TYPE_CHECKING:
    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Rule
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["BOOK", "Verdict", "judge", "rules_in_force"]

BOOK: tuple[Rule, ...] = (
    *ABOUT_MERCHANT,
    *ABOUT_SALE[:2],
    *ABOUT_METHOD,
    *ABOUT_CARD,
    *ABOUT_SALE[2:],
    *ABOUT_PAPERS,
    *ABOUT_PEOPLE,
)
"""Every rule, the gravest first: the first no that one of them says is the code of the refusal."""


@lru_cache(maxsize=64)
def rules_in_force(rules: Rules) -> tuple[Rule, ...]:
    """Return which rules of the book *rules* have."""
    return tuple(rule for rule in BOOK if rule.is_in_force(rules))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say.

    Attributes:
        faults: Every no, the gravest first; none: it may go on.
        reviews: Every reason why a second person has to say yes.
    """

    faults: tuple[RefusedError, ...]
    reviews: tuple[RefusedError, ...]

    def check(self) -> None:
        """Raise the first no with all the others.

        Raises:
            RefusedError: There is one.
        """
        if self.faults:
            raise together(self.faults)


def judge(rules: Rules, asked: Asked) -> Verdict:
    """Ask every rule that is in force; all they say is said at once.

    Example:
        >>> from datetime import UTC, date, datetime
        >>> from posrefund.engine import Reason, RefundRequest
        >>> from posrefund.engine.policy import Asked, Rules, judge
        >>> from posrefund.values import PAN, CardRead
        >>> card = CardRead("051", PAN("6200000000000005"))
        >>> request = RefundRequest("R-1", original="S-1", card=card, reason=Reason.CUSTOMER)
        >>> now = datetime(2026, 3, 9, 2, tzinfo=UTC)
        >>> asked = Asked(request, None, "", "123456789012345", now, now, date(2026, 3, 9))
        >>> rules = Rules(order_required=True, merchant_status="revoked")
        >>> [fault.code for fault in judge(rules, asked).faults]
        ['merchant_not_permitted', 'order_ref_required']
    """
    said = [
        name_contact(fault, rules)
        for rule in rules_in_force(rules)
        for fault in rule.check(rules, asked)
    ]
    reviews = [fault for fault in said if fault.code.startswith("review_")]
    faults = [fault for fault in said if not fault.code.startswith("review_")]
    return Verdict(tuple(faults), tuple(reviews))
