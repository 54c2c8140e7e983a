"""``compose``: from what the engine decided to the fields of a message. Floor 4.

The engine gathers facts; the dialect says which field holds which of them. Every message is held against
its table before it leaves this file. The MAC field is only a place: ``seal`` fills it. Sensitive facts
(number, track, PIN block) are in the message and nowhere else: ``keepable`` is what a journal gets.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from posrefund.dialects.definition import MAC_PLACE
from posrefund.engine.batch import card_class
from posrefund.engine.paid import facts_of
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from posrefund.dialects import Dialect, MessageTable
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.batch import Closing
    from posrefund.engine.requests import Original
    from posrefund.engine.signature_upload import Packet
    from posrefund.engine.view import TerminalView
    from posrefund.values import Amount, KeptCard, Method

__all__ = [
    "compose_details",
    "compose_echo",
    "compose_end",
    "compose_inquiry",
    "compose_refund",
    "compose_reversal",
    "compose_sale",
    "compose_settlement",
    "compose_sign_in",
    "compose_sign_off",
    "compose_signature",
    "compose_uploaded_refund",
    "compose_void",
    "end_of",
    "keepable",
]

_PIN_DIGITS_MAX = "12"


def compose_sale(
    view: TerminalView, amount: Amount, method: Method, now: datetime
) -> dict[str, str]:
    """Return the fields of a sale."""
    return _checked(view, "sale", _of_money(view, "sale", amount, method, now))


def compose_refund(
    view: TerminalView, amount: Amount, method: Method, original: Original, now: datetime
) -> dict[str, str]:
    """Return the fields of a refund of *original*."""
    facts = _of_money(view, "refund", amount, method, now) | _of_original(original)
    return _checked(view, "refund", facts)


def compose_void(
    view: TerminalView, method: Method, original: Original, now: datetime
) -> dict[str, str]:
    """Return the fields of a void: always the whole amount."""
    facts = _of_money(view, "void", original.amount, method, now) | _of_original(original)
    return _checked(view, "void", facts)


def compose_reversal(
    attempt: Attempt, view: TerminalView, card: KeptCard | None, reason: str, now: datetime
) -> dict[str, str]:
    """Return the fields of the reversal of *attempt*.

    It copies the original's identity, batch and STAN included. A card number goes back in only where
    the original sent one.

    Args:
        attempt: A sale or void in doubt.
        view: The terminal now.
        card: From the journal's sealed side table; None of what was paid by a code.
        reason: Ours; the dialect has the host's word for it.
        now: The time.
    """
    facts = {f"sent.{name}": value for name, value in attempt.fields.items()}
    facts |= _of_moment(view, now) | {"reason": reason, "mac": MAC_PLACE}
    if card is not None and attempt.fields.get("card") == "2":
        facts["pan"] = card.pan.reveal()
    if card is not None and card.expiry is not None:
        facts["expiry"] = card.expiry
    if "auth_code" in attempt.facts:
        facts["auth_code"] = attempt.facts["auth_code"]
    return _checked(view, "reversal", facts)


def compose_inquiry(attempt: Attempt, view: TerminalView, now: datetime) -> dict[str, str]:
    """Return the fields of a question what became of *attempt*.

    It has a number of its own and names *attempt* by what that sent; no card number is in it.
    """
    facts = {f"sent.{name}": value for name, value in attempt.fields.items()}
    facts |= _of_terminal(view) | _of_moment(view, now) | {"mac": MAC_PLACE}
    sent = view.host_clock.at(attempt.created_at)
    facts |= {
        "original_batch": attempt.batch,
        "original_stan": attempt.stan,
        "original_mmdd": f"{sent:%m%d}",
        "original_yymmdd": f"{sent:%y%m%d}",
    }
    return _checked(view, "inquiry", facts)


def compose_sign_in(view: TerminalView, operator: str, now: datetime) -> dict[str, str]:
    """Return the fields of a sign-in."""
    facts = _of_terminal(view) | _of_moment(view, now) | {"operator": operator.ljust(3)}
    return _checked(view, "sign_in", facts)


def compose_echo(view: TerminalView, now: datetime) -> dict[str, str]:
    """Return the fields of an echo test."""
    return _checked(view, "echo", _of_terminal(view) | _of_moment(view, now))


def compose_sign_off(view: TerminalView, now: datetime) -> dict[str, str]:
    """Return the fields of a sign-off."""
    return _checked(view, "sign_off", _of_terminal(view) | _of_moment(view, now))


def compose_settlement(view: TerminalView, closing: Closing, now: datetime) -> dict[str, str]:
    """Return the fields of a settlement request that states our totals."""
    facts = _of_terminal(view) | _of_moment(view, now) | closing.ours.as_facts()
    facts |= {"currency": closing.currency, "operator": closing.operator.ljust(3)}
    return _checked(view, "settlement", facts)


def compose_details(
    view: TerminalView, items: Iterable[tuple[Attempt, KeptCard]], now: datetime
) -> dict[str, str]:
    """Return the fields of an upload of up to eight sales and voids.

    Each takes 40 digits of DE48: card class 2, STAN 6, PAN 20 with zeros before it, amount 12.
    """
    rows = [
        f"{card_class(attempt, view.dialect)}{attempt.stan}{card.pan.reveal():0>20}"
        f"{attempt.amount.minor:012d}"
        for attempt, card in items
    ]
    facts = _of_terminal(view) | _of_moment(view, now)
    facts |= {"count": f"{len(rows):02d}", "items": "".join(rows), "mac": MAC_PLACE}
    return _checked(view, "upload_details", facts)


def compose_uploaded_refund(
    attempt: Attempt, card: KeptCard, view: TerminalView, now: datetime
) -> dict[str, str]:
    """Return the fields of the upload of one accepted refund.

    It repeats what the refund said, its STAN and the reference to its original included; the number stands
    in DE2, for no track is kept.
    """
    facts = {f"sent.{name}": value for name, value in attempt.fields.items()}
    facts |= _of_moment(view, now)
    facts |= {"pan": card.pan.reveal(), "batch": attempt.batch, "mac": MAC_PLACE}
    if card.expiry is not None:
        facts["expiry"] = card.expiry
    return _checked(view, "upload_refund", facts)


def compose_end(view: TerminalView, closing: Closing, total: int, now: datetime) -> dict[str, str]:
    """Return the fields of the end of an upload of *total* items."""
    facts = _of_terminal(view) | _of_moment(view, now)
    facts |= {"total": f"{total:04d}", "mac": MAC_PLACE}
    return _checked(view, end_of(closing), facts)


def compose_signature(
    attempt: Attempt, card: KeptCard, view: TerminalView, packet: Packet, slip: bytes, now: datetime
) -> dict[str, str]:
    """Return the fields of one packet of the signature under *attempt*.

    It goes under the attempt's own number and batch, and names it as its slip does.

    Args:
        attempt: What the host accepted.
        card: From the journal's sealed side table.
        view: The terminal now.
        packet: Of the picture.
        slip: The words of the slip.
        now: The time.
    """
    facts = _of_moment(view, now) | {
        "terminal": attempt.terminal,
        "merchant": attempt.merchant,
        "batch": attempt.batch,
        "stan": attempt.stan,
        "amount": f"{attempt.amount.minor:012d}",
        "currency": attempt.amount.currency,
        "pan": card.pan.reveal(),
        "rrn": attempt.facts.get("rrn", ""),
        "settlement_mmdd": attempt.facts.get("settlement_date", ""),
        "packet": packet.number,
        "picture": packet.part.hex().upper(),
        "slip": slip.hex().upper(),
        "mac": MAC_PLACE,
    }
    return _checked(view, "upload_signature", facts)


def end_of(closing: Closing) -> str:
    """Return the message that ends a batch: one after equal totals, another after an upload."""
    return "balanced_end" if closing.verdict == "balanced" else "upload_end"


def keepable(fields: Mapping[str, str], dialect: Dialect) -> dict[str, str]:
    """Return what a journal may hold of *fields*, and under ``card`` how the number was sent."""
    kept = dialect.kept_of(fields)
    if "2" in fields or "35" in fields:
        kept["card"] = "2" if "2" in fields else "35"
    return kept


def _of_terminal(view: TerminalView) -> dict[str, str]:
    return {
        "stan": view.stan,
        "batch": view.batch,
        "terminal": view.terminal,
        "merchant": view.merchant,
    }


def _of_moment(view: TerminalView, now: datetime) -> dict[str, str]:
    """The time as the dialects write it: UTC for the network, the host's civil time for the slip."""
    here = view.host_clock.at(now)
    return {
        "utc_mmddhhmmss": f"{now.astimezone(UTC):%m%d%H%M%S}",
        "hhmmss": f"{here:%H%M%S}",
        "mmdd": f"{here:%m%d}",
        "yymmddhhmmss": f"{here:%y%m%d%H%M%S}",
    }


def _of_money(
    view: TerminalView, name: str, amount: Amount, method: Method, now: datetime
) -> dict[str, str]:
    facts = {"amount": f"{amount.minor:012d}", "currency": amount.currency, "mac": MAC_PLACE}
    facts |= _of_terminal(view) | _of_moment(view, now) | facts_of(method)
    facts["entry_mode"] = _entry_mode(method, view.dialect.messages[name])
    return facts | _of_secrets(method, view.dialect)


def _entry_mode(method: Method, table: MessageTable) -> str:
    """DE22: its last digit must not say otherwise than DE52; without a PIN it stays as the reader said."""
    if method.pin_block is not None:
        return method.entry_mode[:2] + "1"
    if method.pin_bypassed or table.pin == "never":
        return method.entry_mode[:2] + "2"
    return method.entry_mode


def _of_secrets(method: Method, dialect: Dialect) -> dict[str, str]:
    """The PIN block, and what is said of it and of the track; ``seal`` encrypts the track itself."""
    facts = {}
    if method.pin_block is not None:
        facts = {"pin_digits": _PIN_DIGITS_MAX, "pin_block": method.pin_block.hex().upper()}
    is_sealed = method.track2 is not None and dialect.tracks == "encrypted"
    if method.pin_block is not None:
        facts["security"] = "pin_sealed_track" if is_sealed else "pin"
    elif method.track2 is not None:
        facts["security"] = "sealed_track" if is_sealed else "track"
    return facts


def _of_original(original: Original) -> dict[str, str]:
    facts = {
        "rrn": original.rrn,
        "original_batch": original.batch,
        "original_stan": original.stan,
        "original_mmdd": f"{original.transaction_date:%m%d}",
        "original_yymmdd": f"{original.transaction_date:%y%m%d}",
        "organisation": original.organisation or "000",
    }
    optional = {"auth_code": original.auth_code, "wallet": original.wallet}
    return facts | {name: value for name, value in optional.items() if value}


def _checked(view: TerminalView, name: str, facts: Mapping[str, str]) -> dict[str, str]:
    dialect = view.dialect
    fields = dialect.compose(name, facts)
    faults = [*dialect.messages[name].request_faults(fields), *dialect.value_faults(fields)]
    if (
        "voucher" in facts
    ):  # the only fact of a message that somebody may have typed and no type has checked for it
        faults += dialect.inner_faults(fields)
    if faults:
        raise InvalidRequestError(faults)
    return fields
