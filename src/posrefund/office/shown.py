"""What of a journal may leave the shop: an allow-list of names, and only plain values. Floor 8.

A journal holds no card data. What it does hold is still not everybody's business: keyed digests by which a card is
known again, what a clerk noted about a customer, whatever a later version writes. So a name that is not listed here is
shown without its value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.journal import Row

__all__ = ["NOT_SHOWN", "shown_row", "shown_settings"]

NOT_SHOWN = "(not shown)"


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


_FIELDS = "3 4 11 12 13 15 22 23 25 32 37 38 39 41 42 44 49 60 61 63"
_FACTS = _names(
    # terminal
    "terminal merchant batch batch_before batch_jump stan key_generation key_set_id key_set_before"
    " host_offset_s clock_jump_s accepted_offset_s signed_in_at signed_off_at issue behind closing",
    # attempts
    "attempt request_id number kind state hold amount_minor currency fields created_at host_day card_masked"
    " original_id copies facts event at operator approved_by entry why code mac reason evidence auth_code rrn"
    " host_date host_time organisation institutions settlement_date reversal_code reversal_mac file_day"
    " order_ref corrects try maker checker by people approval approval_id asked_at expires_at digest",
    # sales, files, devices
    "transaction_date reserved_minor accepted_minor card_last4 ceiling is_voided day rows sha256 complete"
    " device reference raw_code",
    # answers that were nobody's
    "mti length_bytes differs expected seen nearest",
    # epochs
    "epoch journal_id from_day to_day anchor_seq",
    # people, rules and proposals
    "role is_active must_change_pin since until giver taker manager ended_by in_role_of approved_for review rule"
    " dismissed_by name lines",
    # notices, cases, slips, dates
    "notice sequence channel count copy signature documents case category opened_at how expected_by made_at",
    # complaints and feedback
    "complaint channel answer_due solve_due clock due ending score",
    # faults and self-checks
    "detail done selfcheck block warn storage space clock keys journal sign_in host version profile update"
    " doubts shutdown faults head",
    # fields of a message, as an attempt and an answer name them
    "t",
    _FIELDS,
    " ".join(f"DE{name}" for name in _FIELDS.split()),
)
_SETTINGS = _names(
    "profile.dialect terminal.id terminal.training merchant.id host.address host.port host.addresses host.connect_s host.answer_s",
    "host.tls host.server_name host.tpdu host.header host.keep_open_s host.tries host.framing selfcheck",
)
_WHAT_STANDS_THERE = _names(
    "keys.file keys.passphrase_file keys.high_water keys.anchor keys.token journal.file journal.dsn",
    "host.ca host.pin host.certificate host.key host.wire_log",
)


def shown_row(row: Row) -> dict[str, Any]:
    """Return a row of the chain as data that may leave the shop; names stay, values as far as they are listed.

    Its link stays: whoever has the journal's key can compare it.
    """
    return {
        "seq": row.seq,
        "at": row.at,
        "kind": row.kind,
        "subject": row.subject,
        "facts": _shown(row.facts),
        "link": row.link.hex(),
    }


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) if name in _FACTS else NOT_SHOWN for name, value in facts.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{"):  # facts within facts
        try:
            value = json.loads(value)
        except ValueError:
            return NOT_SHOWN
    if isinstance(value, dict):
        return _shown(value)
    if isinstance(value, list):
        return [_value(each) for each in value]
    return value


def shown_settings(data: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return the settings of a shop as data that may leave it: what is listed, and of the rest that it is set.

    Example:
        >>> from posrefund.office.shown import shown_settings
        >>> shown_settings({"keys": {"file": "/a/keys.json", "pin": "1234"}, "terminal": {"id": "12345678"}})
        {'keys': {'file': '(set)', 'pin': '(not shown)'}, 'terminal': {'id': '12345678'}}
    """
    found: dict[str, Any] = {}
    for name, value in data.items():
        place = f"{path}{name}"
        if place in _SETTINGS:
            found[name] = value
        elif place in _WHAT_STANDS_THERE:
            found[name] = "(set)"
        elif isinstance(value, dict):
            found[name] = shown_settings(value, f"{place}.")
        else:
            found[name] = NOT_SHOWN
    return found
