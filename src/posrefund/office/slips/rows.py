"""The lines of a slip, section by section, out of what the journal knows. Floor 8."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.errors import InvalidRequestError
from posrefund.office.paper import money
from posrefund.office.slips.content import Section, SlipLine
from posrefund.office.slips.words import ENTRY_LETTERS, REASONS, WALLETS, WORDS
from posrefund.values import infer_year

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.dialects import Dialect
    from posrefund.engine import Approved, Attempt, Original
    from posrefund.office.slips.options import SlipOptions

__all__ = [
    "headline",
    "host_numbers",
    "host_time",
    "original_rows",
    "our_numbers",
    "our_time",
    "section",
    "what_for",
    "whom_to_call",
    "whose",
]

Row = tuple[str, str]
"""Name of its word, and the value; without a value it is left out."""

_MASK = re.compile(r"[0-9]{0,6}\*+[0-9]{0,4}")
_DOCUMENT = re.compile(
    r"(receipt|invoice|fapiao|red_letter_fapiao|order|photo) (.+?)(?: [0-9a-f]{64})?"
    r"(?:; (?=(?:receipt|invoice|fapiao|red_letter_fapiao|order|photo) )|$)"
)
_NEAR = timedelta(days=2)
"""A transaction's own date lies as near to the host's day that it was sent on."""


def section(rows: Iterable[Row], options: SlipOptions, *, is_large: bool = False) -> Section:
    """Return *rows* under their words, those without a value left out."""
    words = WORDS[options.language]
    found = tuple(SlipLine(words[name], value) for name, value in rows if value)
    return Section(found, is_large=is_large)


def whose(attempt: Attempt, options: SlipOptions) -> list[Row]:
    """Merchant, terminal, people, banks and the card."""
    facts = attempt.facts
    is_customers = options.copy == "customer"
    issuer, acquirer = _institutions(facts.get("institutions", ""), options)
    return [
        ("merchant_name", options.merchant_name),
        ("merchant", attempt.merchant),
        ("terminal", attempt.terminal),
        ("operator", facts.get("operator", "")),
        ("approver", "" if is_customers else facts.get("approved_by", "")),
        ("acquirer", acquirer),
        ("issuer", issuer),
        *_paid_with(attempt, options, is_customers=is_customers),
    ]


def headline(attempt: Attempt, dialect: Dialect, options: SlipOptions) -> list[Row]:
    """What it was, and how much."""
    table = dialect.messages[attempt.kind]
    kind = f"{table.zh}({table.en})" if options.language == "zh" else table.en
    return [("kind", kind), ("amount", money(attempt.amount.minor, attempt.amount.currency))]


def our_numbers(attempt: Attempt) -> list[Row]:
    """The numbers that this terminal gave it."""
    return [("batch", attempt.batch), ("stan", attempt.stan)]


def host_numbers(outcome: Approved) -> list[Row]:
    """Those that the host gave it: nothing that was not accepted shows any."""
    return [("auth", outcome.attempt.facts.get("auth_code", "")), ("rrn", outcome.rrn)]


def host_time(attempt: Attempt) -> Row:
    """When the host says that it was."""
    day, at = attempt.facts.get("host_date", ""), attempt.facts.get("host_time", "")
    if not (day and at):
        return ("time", "")
    try:
        said = f"{infer_year(day, not_after=attempt.host_day + _NEAR):%Y/%m/%d}"
    except InvalidRequestError:  # no day of a calendar: as the host said it
        said = f"{day[:2]}/{day[2:]}"
    return ("time", f"{said} {at[:2]}:{at[2:4]}:{at[4:]}")


def our_time(attempt: Attempt, dialect: Dialect) -> Row:
    """When this terminal began it, on the clocks of where the host is."""
    return ("our_time", f"{attempt.created_at.astimezone(dialect.zone):%Y/%m/%d %H:%M:%S}")


def original_rows(attempt: Attempt, original: Original | None) -> list[Row]:
    """What the sale is known by; zeros stand for what a description left out."""
    if original is None or attempt.kind == "sale":
        return []
    is_known = original.ceiling == "journal"
    amount = money(original.amount.minor, original.amount.currency)
    return [
        ("original_date", f"{original.transaction_date:%Y/%m/%d}"),
        ("original_rrn", original.rrn),
        ("original_batch", original.batch if original.batch.strip("0") else ""),
        ("original_stan", original.stan if original.stan.strip("0") else ""),
        ("original_auth", original.auth_code or ""),
        ("original_amount", amount if is_known else ""),
    ]


def what_for(attempt: Attempt, options: SlipOptions) -> list[Row]:
    """Why, and what speaks for it; the order and the papers are between the shop and its customer."""
    facts = attempt.facts
    why = ("reason", REASONS[options.language].get(facts.get("why", ""), ""))
    if options.copy == "bank":
        return [why]
    papers = _DOCUMENT.findall(facts.get("documents", ""))
    return [why, ("order", facts.get("order_ref", "")), *papers]


def whom_to_call(options: SlipOptions) -> list[Row]:
    """The shop for its customer, the acquirer for the shop."""
    return [
        ("merchant_contact", "" if options.copy == "bank" else options.merchant_contact),
        ("acquirer_contact", options.acquirer_contact if options.copy == "merchant" else ""),
    ]


def _institutions(codes: str, options: SlipOptions) -> tuple[str, str]:
    """Issuer and acquirer of DE44, eleven characters each, by name where one is known."""
    issuer, acquirer = codes[:11].strip(), codes[11:22].strip()
    return options.institutions.get(issuer, issuer), options.institutions.get(acquirer, acquirer)


def _paid_with(attempt: Attempt, options: SlipOptions, *, is_customers: bool) -> list[Row]:
    """The card; or whose application, and the number of the payment, by which another terminal gives it back."""
    if not attempt.is_by_code:
        return [("card", f"{_card(attempt, last4_only=is_customers)} {_entry(attempt)}")]
    words, wallet = WALLETS[options.language], attempt.facts.get("wallet", "")
    number = "payment_voucher" if attempt.kind == "sale" else "original_payment_voucher"
    return [
        ("wallet", words.get(wallet, "扫码" if options.language == "zh" else "QR code")),
        (number, attempt.facts.get("voucher", "")),
    ]


def _card(attempt: Attempt, *, last4_only: bool) -> str:
    """The masked number; whatever is no mask is not shown at all."""
    masked = attempt.card_masked
    if not _MASK.fullmatch(masked):
        return "***"
    if last4_only:
        return "*" * (len(masked) - 4) + attempt.card_last4 if attempt.card_last4 else "***"
    return masked


def _entry(attempt: Attempt) -> str:
    return ENTRY_LETTERS.get(attempt.facts.get("entry", "")[:2], "N")
