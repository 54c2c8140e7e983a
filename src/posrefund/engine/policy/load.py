"""From the text of a rules file to rules, or to every fault it has. Floor 4: takes text, opens nothing."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, get_args

from posrefund.dialects.file.lines import parse
from posrefund.dialects.file.reader import Findings, Table
from posrefund.engine.calendar import BusinessCalendar
from posrefund.engine.notes import is_note
from posrefund.engine.papers import DocumentKind
from posrefund.engine.policy.packs import PLATFORMS, REGIONS
from posrefund.engine.policy.rules import (
    Contact,
    DocumentRule,
    Limit,
    MerchantStatus,
    Period,
    Role,
    Rules,
)
from posrefund.errors import ConfigError, DialectFileError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KEYS", "load_rules"]

_MINOR_MAX = 10**12 - 1
_DAYS_MAX = 3_650
_PARTIES = ("acquirer", "merchant")
_CURRENCY = re.compile("[0-9]{3}")
_MCC, _MCC_WORDS = "[0-9]{4}", "four digits"


def load_rules(text: str) -> Rules:
    r"""Return the rules of a file.

    Args:
        text: TOML; ``docs/howto/rules.md`` says what stands in it.

    Raises:
        ConfigError: Every key that is unknown or holds what it may not, each with its line and path.

    Example:
        >>> from posrefund.engine.policy import load_rules
        >>> rules = load_rules('platform = "wechat"\nrefunds_max = 10\n')
        >>> rules.refunds_max, rules.gap_s, rules.window_days
        (10, 60, 365)
        >>> load_rules("refund_max = 3\ngap_s = -1\n")
        Traceback (most recent call last):
            ...
        posrefund.errors.ConfigError: rules: line 1: refund_max: expected a key that is known; did you mean refunds_max?; line 2: gap_s: expected a whole number from 0 to 604800
    """
    try:
        data, lines = parse(text, "toml")
    except DialectFileError as error:
        raise ConfigError(f"rules: {error}") from None
    findings = Findings(lines)
    own = Table(data, (), findings)
    own.only(KEYS)
    for pack, known in (("platform", PLATFORMS), ("region", REGIONS)):
        own.choice(pack, ("", *known))
    rules = _rules(Table(_joined(data), (), findings))
    if rules.default_role and rules.role(None) is None:
        own.fault("default_role", "a role of this file")
    if findings.faults:
        said = (f"line {line}: {path}: expected {what}" for line, path, what in findings.faults)
        raise ConfigError(f"rules: {'; '.join(said)}")
    return rules


def _joined(data: dict[str, Any]) -> dict[str, Any]:
    """What the packs say, then what the file says; lists of both."""
    found: dict[str, Any] = {}
    packs = (
        PLATFORMS.get(str(data.get("platform")), ""),
        REGIONS.get(str(data.get("region")), ""),
    )
    for each in [*[tomllib.loads(pack) for pack in packs], data]:
        for key, value in each.items():
            before = found.get(key)
            if isinstance(before, list) and isinstance(value, list):
                found[key] = [*before, *value]
            else:
                found[key] = value
    return found


def _rules(table: Table) -> Rules:
    return Rules(
        **{key: read(table, key) for key, read in _READERS.items() if key in table}
        | _calendar(table)
    )


def _text(table: Table, key: str) -> str:
    found = table.text(key)
    if not is_note(found) or not found.isprintable():
        table.fault(key, "one line, at most 200 characters, no card number")
        return ""
    return found


def _whole(most: int) -> Callable[[Table, str], int]:
    return lambda table, key: table.whole(key, 0, least=0, most=most)


def _flag(table: Table, key: str) -> bool:
    return table.flag(key)


def _texts(like: str, what: str) -> Callable[[Table, str], tuple[str, ...]]:
    def read(table: Table, key: str) -> tuple[str, ...]:
        found = table.data[key]
        if not isinstance(found, list) or not all(
            isinstance(each, str) and re.fullmatch(like, each) for each in found
        ):
            table.fault(key, f"a list of texts, each {what}")
            return ()
        return tuple(dict.fromkeys(found))

    return read


def _limit(table: Table, key: str) -> Limit:
    sums = table.table(key)
    found = []
    for currency in sums.data:
        minor = sums.data[currency]
        if not _CURRENCY.fullmatch(currency):
            sums.fault(currency, "a currency of three digits (ISO 4217), such as 156")
        elif type(minor) is not int or not 0 <= minor <= _MINOR_MAX:
            sums.fault(currency, "minor units, a whole number of at most 12 digits")
        else:
            found.append((currency, minor))
    if not sums.data:
        table.fault(key, "minor units by currency, such as { 156 = 50000 }")
    return Limit(tuple(sorted(found)))


def _day(table: Table, key: str) -> date | None:
    found = table.data.get(key)
    if isinstance(found, date) and not isinstance(found, datetime):
        return found
    table.fault(key, "a day, such as 2026-12-31, without quotes")
    return None


def _days(table: Table, key: str) -> frozenset[date]:
    found = table.data.get(key, [])
    if isinstance(found, list) and all(
        isinstance(day, date) and not isinstance(day, datetime) for day in found
    ):
        return frozenset(found)
    table.fault(key, "a list of days, such as [2026-10-01], without quotes")
    return frozenset()


def _calendar(table: Table) -> dict[str, Any]:
    off, worked = _days(table, "days_off"), _days(table, "days_worked")
    for day in sorted(off & worked):
        table.fault("days_worked", f"no day that is off, too: {day}")
    return {"calendar": BusinessCalendar(off, worked - off)} if off or worked else {}


def _periods(table: Table, key: str) -> tuple[Period, ...]:
    found = []
    for row in table.rows(key):
        row.only(("first", "last", "why"))
        first, last = _day(row, "first"), _day(row, "last")
        if first and last and first > last:
            row.fault("last", "a day that is not before the first")
        elif first and last:
            found.append(Period(first, last, _text(row, "why")))
    return tuple(found)


def _documents(table: Table, key: str) -> tuple[DocumentRule, ...]:
    found = []
    for row in table.rows(key):
        row.only(("any_of", "from"))
        kinds = get_args(DocumentKind)
        read = _texts("|".join(kinds), f"one of {', '.join(kinds)}")
        any_of: Any = read(row, "any_of") if "any_of" in row else ()
        found.append(DocumentRule(any_of, _limit(row, "from") if "from" in row else Limit()))
    return tuple(found)


def _roles(table: Table, key: str) -> tuple[Role, ...]:
    return tuple(_role(table.table(key).table(name), name) for name in table.table(key).data)


def _role(table: Table, name: str) -> Role:
    table.only(_ROLE_READERS)
    if not re.fullmatch("[a-z0-9_-]{1,20}", name):
        table.findings.fault(table.path, "a name of small letters, digits, - and _, at most 20")
    return Role(
        name, **{key: read(table, key) for key, read in _ROLE_READERS.items() if key in table}
    )


def _contacts(table: Table, key: str) -> tuple[Contact, ...]:
    inner = table.table(key)
    inner.only(_PARTIES)
    return tuple(_contact(inner.table(party), party) for party in _PARTIES if party in inner)


def _contact(table: Table, party: Any) -> Contact:
    table.only(_CONTACT_KEYS)
    return Contact(party, **{each: _text(table, each) for each in _CONTACT_KEYS})


def _choice(choices: tuple[str, ...]) -> Callable[[Table, str], str]:
    return lambda table, key: table.choice(key, choices)


def _like(pattern: str, what: str) -> Callable[[Table, str], str]:
    return lambda table, key: table.text(key, like=pattern, what=what)


_CONTACT_KEYS = ("phone", "mail", "hours", "zh", "en")

_ROLE_READERS: dict[str, Callable[[Table, str], Any]] = {
    "may_refund": _flag,
    "may_approve": _flag,
    "may_key": _flag,
    "may_unreferenced": _flag,
    "may_partial": _flag,
    "refund_max": _limit,
    "alone_max": _limit,
    "day_max": _limit,
    "day_count_max": _whole(10**6),
}

_READERS: dict[str, Callable[[Table, str], Any]] = {
    "name": _text,
    "platform": _choice(("", *PLATFORMS)),
    "region": _choice(("", *REGIONS)),
    "merchant_status": _choice(get_args(MerchantStatus)),
    "merchant_through": _day,
    "merchant_may_refund": _flag,
    "mcc": _like(_MCC, _MCC_WORDS),
    "mcc_allowed": _texts(_MCC, _MCC_WORDS),
    "mcc_blocked": _texts(_MCC, _MCC_WORDS),
    "blocked_periods": _periods,
    "window_business_days": _whole(_DAYS_MAX),
    "window_days": _whole(_DAYS_MAX),
    "refunds_max": _whole(10**6),
    "gap_s": _whole(7 * 86_400),
    "other_card": _choice(("never", "two_people")),
    "other_method": _choice(("never", "two_people")),
    "blocked_cards": _texts("[0-9a-f]{32}", "a fingerprint of 32 hexadecimal digits"),
    "terminal_max": _limit,
    "order_required": _flag,
    "documents": _documents,
    "signature_from": _limit,
    "unreferenced": _flag,
    "roles": _roles,
    "default_role": _text,
    "contacts": _contacts,
    "retention_years": _whole(1_000),
}

KEYS = (*_READERS, "days_off", "days_worked")
"""What may stand at the top of a file."""
