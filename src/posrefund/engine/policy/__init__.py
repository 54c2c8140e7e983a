"""A shop's rules about refunds: data that one engine reads, asks and explains. Floor 4.

``load_rules`` makes them of text, ``judge`` asks them about one refund and says every no at once, ``explain`` says in
plain language what they do. A rule's decision and its sentence stand side by side in the ``about_`` files.
"""

from posrefund.engine.policy.about_people import check_approver
from posrefund.engine.policy.asked import Asked, History
from posrefund.engine.policy.bounds import Bounds, amount_bounds
from posrefund.engine.policy.contacts import ACQUIRER_CODES, contact_for, name_contact
from posrefund.engine.policy.explain import explain
from posrefund.engine.policy.holds import Hold, HoldKind
from posrefund.engine.policy.judge import BOOK, Verdict, judge
from posrefund.engine.policy.load import load_rules
from posrefund.engine.policy.packs import PLATFORMS, REGIONS
from posrefund.engine.policy.rule import Rule
from posrefund.engine.policy.rules import Contact, DocumentRule, Limit, Period, Role, Rules

__all__ = [
    "ACQUIRER_CODES",
    "BOOK",
    "PLATFORMS",
    "REGIONS",
    "Asked",
    "Bounds",
    "Contact",
    "DocumentRule",
    "History",
    "Hold",
    "HoldKind",
    "Limit",
    "Period",
    "Role",
    "Rule",
    "Rules",
    "Verdict",
    "amount_bounds",
    "check_approver",
    "contact_for",
    "explain",
    "judge",
    "load_rules",
    "name_contact",
]
