"""Whom to call: the contacts of the rules, beside the codes that need them. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["ACQUIRER_CODES", "contact_for", "name_contact"]

ACQUIRER_CODES = ("03", "12", "40", "57", "58", "97")
"""Response codes of a host that only the acquirer can mend: merchant, terminal or function are not set up."""


def contact_for(rules: Rules, *, code: str = "", owner: str = "") -> str:
    """Return whom to call about a response code of the host, or about what *owner* can mend; empty where nobody is named.

    Example:
        >>> from posrefund.engine.policy import Contact, Rules, contact_for
        >>> rules = Rules(contacts=(Contact("acquirer", "95516", zh="银联商务", en="UMS"),))
        >>> contact_for(rules, code="58"), contact_for(rules, owner="merchant")
        ('银联商务 / UMS, 95516', '')
    """
    whose = "acquirer" if code in ACQUIRER_CODES else owner
    contact = rules.contact(whose)
    return str(contact) if contact else ""


def name_contact(fault: RefusedError, rules: Rules) -> RefusedError:
    """Return *fault*, and those that it carries, with whom to call about each."""
    for each in (fault, *fault.others):
        each.contact = each.contact or contact_for(rules, owner=each.owner)
    return fault
