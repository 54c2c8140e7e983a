"""A notice as it leaves: who it is for, what a person reads and what a program reads. Floor 8.

A person gets words; a program gets facts. Neither gets a card number beyond its last four digits, and only what
carries the words to the customer gets to know where he is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from posrefund.office.notices.letters import LETTERS
from posrefund.office.paper import money

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from posrefund.engine import Attempt, Notice
    from posrefund.office.notices.letters import Letters
    from posrefund.office.paper import Language

__all__ = ["Message", "Writer"]

_TRAINING = "【培训 TRAINING】"


@dataclass(frozen=True, slots=True)
class Message:
    """One notice, written.

    Attributes:
        notice: Which.
        contact: Where the customer can be reached; empty where nobody said it.
        short: For a telephone.
        subject: One line.
        body: A letter.
        data: The same for a program: flat, text and integers.
        is_old_news: Something later is to be told of the same refund already.
    """

    notice: Notice
    contact: str = field(repr=False)
    short: str
    subject: str
    body: str
    data: Mapping[str, str | int]
    is_old_news: bool = False

    def for_training(self) -> Message:
        """Return it marked as one that people practise with."""
        return replace(
            self,
            short=_TRAINING + self.short,
            subject=_TRAINING + self.subject,
            body=_TRAINING + self.body,
            data={**self.data, "training": "yes"},
        )

    @property
    def json(self) -> bytes:
        """The data as the one JSON text of it, UTF-8; the same each time it is sent."""
        return json.dumps(
            dict(self.data), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the messages of one shop.

    Attributes:
        merchant: What the shop is called.
        phone: Whom a customer calls; empty for none.
        language: What he reads.
        letters: The texts.
        expected_by: Says of an accepted attempt by which day it should be on the statement; None where nobody knows.
    """

    merchant: str
    phone: str = ""
    language: Language = "zh"
    letters: Letters = field(default_factory=lambda: LETTERS, repr=False)
    expected_by: Callable[[Attempt], date | None] | None = None

    def write(self, notice: Notice, attempt: Attempt, contact: str = "") -> Message:
        """Return *notice* of *attempt*, written."""
        letter = self.letters[self.language, notice.kind]
        day = self.expected_by(attempt) if self.expected_by and notice.kind == "accepted" else None
        facts = {
            "card_last4": attempt.card_last4,
            "rrn": attempt.facts.get("rrn", ""),
            "order_ref": attempt.facts.get("order_ref", ""),
            "expected": day.isoformat() if day else "",
        }
        values = facts | {
            "merchant": self.merchant,
            "phone": self.phone,
            "amount": money(attempt.amount.minor, attempt.amount.currency),
            "request_id": notice.request_id,
        }
        return Message(
            notice,
            contact,
            letter.short.fill(values),
            letter.subject.fill(values),
            letter.body.fill(values),
            _data(notice, attempt) | facts,
        )


def _data(notice: Notice, attempt: Attempt) -> dict[str, str | int]:
    return {
        "id": notice.notice_id,
        "request_id": notice.request_id,
        "sequence": notice.sequence,
        "kind": str(notice.kind),
        "at": notice.at.isoformat(),
        "attempt_id": notice.attempt_id,
        "transaction": attempt.kind,
        "terminal": attempt.terminal,
        "merchant_id": attempt.merchant,
        "amount_minor": attempt.amount.minor,
        "currency": attempt.amount.currency,
        "reason": attempt.facts.get("why", ""),
    }
