"""What is destroyed when its time is over, and what never is: cards, contacts, records. Floor 8.

Sealed cards and contacts stand beside the chain, each under a key of its own, and go by that key. The chain and the
tables that follow from it stay: no record is deleted here, however old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from posrefund.engine.policy import Rules
    from posrefund.journal import Journal

__all__ = ["Retained", "Retention", "apply_retention", "records_until"]

_DAYS_MAX = 36_500
_FIRST_BATCH = "000001"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is not needed for ever is kept.

    Attributes:
        contacts_days: So many days a customer's contact is kept; 0 for not longer than it is needed.

    Raises:
        ConfigError: No whole number of days.
    """

    contacts_days: int = 180

    def __post_init__(self) -> None:
        days: object = self.contacts_days
        if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= _DAYS_MAX:
            raise ConfigError(f"contacts_days: expected a number of days, 0 to {_DAYS_MAX}")


@dataclass(frozen=True, slots=True)
class Retained:
    """What was done.

    Attributes:
        cards: How many sealed cards were destroyed.
        contacts: How many contacts were.
        held: Requests whose time is over and whose contact a legal hold keeps.
    """

    cards: int
    contacts: int
    held: tuple[str, ...]


def apply_retention(journal: Journal, retention: Retention, *, now: datetime) -> Retained:
    """Destroy the sealed cards of what is decided and closed, and the contacts whose time is over.

    A card of the batch that is open stays, for the host may ask for it when the batch is closed. A contact stays where
    its request is undecided, a notice of it is under way, or a legal hold stands on its sale. Doing it twice does no more.

    Args:
        journal: A terminal's; only what that terminal made is looked at.
        retention: How long.
        now: The time.

    Raises:
        JournalError: It could not be read or written; what was destroyed before stays so.
        InvalidKeyError: A contact was sealed by a terminal with another journal key.
    """
    older_than = timedelta(days=retention.contacts_days)
    open_batch = journal.terminal_facts().get("batch", _FIRST_BATCH)
    cards = journal.wipe_cards(open_batch=open_batch)
    held = tuple(sorted(_held(journal, now - older_than)))
    contacts = journal.wipe_contacts(now, older_than=older_than, keep=frozenset(held))
    return Retained(cards, contacts, held)


def _held(journal: Journal, until: datetime) -> Iterator[str]:
    """The requests up to *until* that have a contact, of sales under a legal hold."""
    requests: dict[str, set[str]] = {}
    for attempt in journal.attempts():
        if attempt.original_id is not None and attempt.created_at <= until:
            requests.setdefault(attempt.original_id, set()).add(attempt.request_id)
    for original_id, names in requests.items():
        if "legal" in journal.held(original_id):
            yield from (name for name in names if journal.contact(name))


def records_until(day: date, rules: Rules) -> date | None:
    """Return the last day on which the records of *day* have to be there, by ``retention_years``; None if not said.

    Years are counted from the end of the calendar year, as the books of a year are.

    Example:
        >>> from datetime import date
        >>> from posrefund.engine.policy import Rules
        >>> records_until(date(2026, 3, 9), Rules(retention_years=30))
        datetime.date(2056, 12, 31)
        >>> records_until(date(2026, 3, 9), Rules()) is None
        True
    """
    if not rules.retention_years:
        return None
    return day.replace(year=day.year + rules.retention_years, month=12, day=31)
