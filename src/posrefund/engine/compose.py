"""``compose``: from what the engine decided to the fields of a message. Floor 4.

Every message is held against its table before it leaves this file. DE64 is only a place: ``seal`` fills
it. Sensitive fields (2, 35, 52) are in the message and nowhere else: ``keepable`` is what a journal gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import MessageTable
    from posrefund.engine.attempt import Attempt
    from posrefund.engine.requests import Original
    from posrefund.engine.view import TerminalView
    from posrefund.values import Amount, CardRead, KeptCard

__all__ = [
    "compose_echo",
    "compose_refund",
    "compose_reversal",
    "compose_sale",
    "compose_sign_in",
    "compose_void",
    "keepable",
]

_MAC_PLACE = "00" * 8
_KEPT = frozenset(
    "t 3 4 11 12 13 15 22 23 25 26 32 37 38 39 41 42 44 49 53 60 61 63".split()  # noqa: SIM905
)
"""What a journal may hold of a message, as an allow-list: no number, track, PIN, chip data or key."""
_PIN_DIGITS_MAX = "12"
_REVERSAL_COPIES = ("3", "4", "11", "22", "23", "25", "41", "42", "49", "60")


def compose_sale(view: TerminalView, amount: Amount, card: CardRead) -> dict[str, str]:
    """Return the fields of a sale (0200/000000)."""
    return _checked(view, "sale", _money(view, "sale", amount, card))


def compose_refund(
    view: TerminalView, amount: Amount, card: CardRead, original: Original
) -> dict[str, str]:
    """Return the fields of a refund (0220/200000/25).

    Source:
        UnionPay refund table (CHAN, POSP, PAX, LIAO agree): DE37 the sale's RRN, DE61 its batch,
        STAN and date, DE63 its card organisation or ``000``.
    """
    fields = _money(view, "refund", amount, card) | _of_original(original)
    fields["61"] = f"{original.batch}{original.stan}{original.transaction_date:%m%d}"
    fields["63"] = original.organisation or "000"
    return _checked(view, "refund", fields)


def compose_void(view: TerminalView, card: CardRead, original: Original) -> dict[str, str]:
    """Return the fields of a void (0200/200000/23): always the whole amount."""
    fields = _money(view, "void", original.amount, card) | _of_original(original)
    fields["61"] = f"{original.batch}{original.stan}"
    return _checked(view, "void", fields)


def compose_reversal(
    attempt: Attempt, view: TerminalView, card: KeptCard, reason: str
) -> dict[str, str]:
    """Return the fields of the reversal (0400) of *attempt*.

    It copies the original's identity, batch and STAN included, and leaves out track, PIN and RRN. A
    card number goes back in only where the original sent one.

    Source:
        UnionPay reversal: DE39 is 98 no answer, A0 wrong MAC, 96 cannot finish, 06 other.
    """
    kept = attempt.fields
    copied = {name: kept[name] for name in _REVERSAL_COPIES if name in kept}
    fields = {"t": view.dialect.messages["reversal"].mti, **copied, "39": reason}
    if kept.get("card") == "2":
        fields["2"] = card.pan.reveal()
    if card.expiry is not None:
        fields["14"] = card.expiry
    if attempt.kind == "void":
        fields["61"] = kept["61"]
    if "auth_code" in attempt.facts:
        fields["38"] = attempt.facts["auth_code"]
    return _checked(view, "reversal", fields | {"64": _MAC_PLACE})


def compose_sign_in(view: TerminalView, operator: str) -> dict[str, str]:
    """Return the fields of a sign-in (0800, DE60.3 = 003)."""
    return _checked(view, "sign_in", _management(view, "sign_in") | {"63": operator.ljust(3)})


def compose_echo(view: TerminalView) -> dict[str, str]:
    """Return the fields of an echo test (0820, DE60.3 = 301)."""
    return _checked(view, "echo", _management(view, "echo"))


def keepable(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what a journal may hold of *fields*, and under ``card`` how the number was sent."""
    kept = {name: value for name, value in fields.items() if name in _KEPT}
    if "63" in kept:
        kept["63"] = kept["63"][:3]  # the organisation; what follows is free text
    if "2" in fields or "35" in fields:
        kept["card"] = "2" if "2" in fields else "35"
    return kept


def _money(view: TerminalView, name: str, amount: Amount, card: CardRead) -> dict[str, str]:
    table = view.dialect.messages[name]
    fields = {
        "t": table.mti,
        "3": table.processing_code or "",
        "4": f"{amount.minor:012d}",
        "11": view.stan,
        "22": card.entry_mode,
        "25": table.condition_code or "",
        "41": view.terminal,
        "42": view.merchant,
        "49": amount.currency,
        "60": _de60(table, view, view.dialect.de60_tail),
        "64": _MAC_PLACE,
    }
    return fields | _card(card)


def _card(card: CardRead) -> dict[str, str]:
    fields = {}
    if card.track2 is not None:
        fields["35"] = card.track2.reveal()
    else:
        fields["2"] = card.pan.reveal()
    if card.expiry is not None:
        fields["14"] = card.expiry
    if card.sequence_number is not None:
        fields["23"] = card.sequence_number
    if card.pin_block is not None:
        fields |= {"26": _PIN_DIGITS_MAX, "52": card.pin_block.hex().upper()}
    if card.pin_block is not None or card.track2 is not None:
        # DE53: PIN format 2 (with PAN) or 0 (none), double-length key, tracks not encrypted.
        fields["53"] = ("2" if card.pin_block else "0") + "6" + "0" * 14
    return fields


def _of_original(original: Original) -> dict[str, str]:
    fields = {"37": original.rrn}
    if original.auth_code:
        fields["38"] = original.auth_code
    return fields


def _management(view: TerminalView, name: str) -> dict[str, str]:
    table = view.dialect.messages[name]
    return {
        "t": table.mti,
        "11": view.stan,
        "41": view.terminal,
        "42": view.merchant,
        "60": _de60(table, view, ""),
    }


def _de60(table: MessageTable, view: TerminalView, tail: str) -> str:
    return f"{table.type_code}{view.batch}{table.network_code}{tail}"


def _checked(view: TerminalView, name: str, fields: dict[str, str]) -> dict[str, str]:
    table = view.dialect.messages[name]
    faults = (*table.request_faults(fields), *view.dialect.value_faults(fields))
    if faults:
        raise InvalidRequestError(faults)
    return fields
