"""The single values of a dialect file: times, bytes, counts, lists of numbers. Floor 3."""

from __future__ import annotations

import re
from datetime import time, timedelta, timezone
from typing import TYPE_CHECKING, Any

from posrefund.crypto import Algorithm, MACRule
from posrefund.dialects.definition import MAC_BYTES, NEVER_KEPT, Timers
from posrefund.dialects.policy import Policy
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from posrefund.codec import Encoding, Field
    from posrefund.dialects.definition import TrackForm
    from posrefund.dialects.file.reader import Table

__all__ = [
    "clock",
    "counts",
    "encoding_of",
    "kept",
    "mac_rule",
    "octets",
    "policy",
    "texts",
    "timers",
    "track_form",
    "words",
    "zone",
]

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_ZONE = re.compile("([+-])(0[0-9]|1[0-4]):([0-5][0-9])")
_KEPT = re.compile("([0-9]{1,3})(?::[1-9][0-9]{0,2})?")
_SECONDS_MAX = 600


def encoding_of(table: Table, default: Encoding) -> Encoding:
    """Return how the fields stand on the line."""
    return (
        "ascii" if table.choice("encoding", ("packed", "ascii"), default) == "ascii" else "packed"
    )


def track_form(table: Table, default: TrackForm) -> TrackForm:
    """Return how tracks are sent."""
    found = table.choice("tracks", ("clear", "encrypted"), default)
    return "encrypted" if found == "encrypted" else "clear"


def clock(table: Table, key: str, default: time) -> time:
    """Return a time of day, ``"23:00"``."""
    return time.fromisoformat(table.text(key, f"{default:%H:%M}", like=_CLOCK, what="hh:mm"))


def zone(table: Table, key: str, default: timezone) -> timezone:
    """Return a civil time zone without a name, ``"+08:00"``."""
    if key not in table:
        return default
    found = _ZONE.fullmatch(table.text(key))
    if found is None:
        table.fault(key, "an offset like +08:00, -14:59 to +14:59")
        return default
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)


def octets(table: Table, key: str, default: bytes, width: int) -> bytes:
    """Return bytes written in hexadecimal: *width* of them, or none."""
    like = f"(?:[0-9A-Fa-f]{{{2 * width}}})?"
    return bytes.fromhex(
        table.text(key, default.hex(), like=like, what=f"{2 * width} hexadecimal digits, or none")
    )


def texts(table: Table, key: str, default: Collection[str]) -> list[str]:
    """Return a list of texts."""
    found = table.data.get(key, [*default])
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    table.fault(key, "a list of texts")
    return []


_MAC_ALGORITHMS = ("unionpay-ecb", "xor-encrypt", "iso9797-1", "iso9797-3", "cmac")


def mac_rule(table: Table, base: MACRule) -> MACRule:
    """Return how the MAC is made: the name of an algorithm, or a table that says more of it."""
    if "mac" not in table:
        return base
    if not isinstance(table.data["mac"], dict):
        return _rule(table, table.choice("mac", _MAC_ALGORITHMS))
    parts = table.table("mac")
    parts.only(("algorithm", "cipher", "padding", "length_bytes", "encoding", "covers_from"))
    return _rule(
        table,
        parts.choice("algorithm", _MAC_ALGORITHMS),
        cipher=Algorithm(parts.choice("cipher", Algorithm, Algorithm.TDEA)),
        padding=parts.whole("padding", 1, least=1, most=3),
        length_bytes=parts.whole("length_bytes", 0, least=0, most=MAC_BYTES),
        encoding=parts.choice("encoding", ("", "raw", "hex")),
        covers_from=parts.choice("covers_from", ("mti", "header", "tpdu"), "mti"),
    )


def _rule(table: Table, algorithm: str, **parts: Any) -> MACRule:
    expected = f"a MAC of 4 to {MAC_BYTES} bytes, as many as its field has"
    try:
        rule = MACRule(algorithm, **parts)  # type: ignore[arg-type]  # reason: one of the choices
        if rule.tag_bytes <= MAC_BYTES:
            return rule
    except ConfigError as error:
        expected = str(error)
    table.fault("mac", expected)
    return MACRule()


def timers(table: Table, base: Timers) -> Timers:
    """Return the waiting times."""
    table.only(
        ("connect_s", "answer_s", "reversal_tries", "repeat_tries", "repeat_after_s"),
    )
    return Timers(
        _seconds(table, "connect_s", base.connect_s),
        _seconds(table, "answer_s", base.answer_s),
        table.whole("reversal_tries", base.reversal_tries, least=1, most=99),
        table.whole("repeat_tries", base.repeat_tries, least=1, most=99),
        _seconds(table, "repeat_after_s", base.repeat_after_s),
    )


_AMOUNT_MAX = 999_999_999_999
"""As much as DE4 can say."""
_WEEK_MINUTES = 7 * 24 * 60


def policy(table: Table, base: Policy) -> Policy:
    """Return what is left to people, ``[policy]``."""
    table.only(
        (
            *("ceiling", "approval_from_minor", "approval_hours", "case_people"),
            *("approval_pin", "maker_pin", "pin_tries", "pin_lock_minutes", "pin_lock_minutes_max"),
        ),
    )
    ceiling = table.choice("ceiling", ("journal", "host_only"), base.ceiling)
    approval_pin = table.choice("approval_pin", ("staff", "always"), base.approval_pin)
    return Policy(
        "host_only" if ceiling == "host_only" else "journal",
        table.whole("approval_from_minor", base.approval_from_minor, least=0, most=_AMOUNT_MAX),
        table.whole("approval_hours", base.approval_hours, least=1, most=24 * 31),
        table.whole("case_people", base.case_people, least=1, most=2),
        "always" if approval_pin == "always" else "staff",
        table.flag("maker_pin", default=base.maker_pin),
        table.whole("pin_tries", base.pin_tries, least=1, most=10),
        table.whole("pin_lock_minutes", base.pin_lock_minutes, least=1, most=_WEEK_MINUTES),
        table.whole("pin_lock_minutes_max", base.pin_lock_minutes_max, least=1, most=_WEEK_MINUTES),
    )


def _seconds(table: Table, key: str, default: float) -> float:
    value = table.data.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < value <= _SECONDS_MAX:
        return float(value)
    table.fault(key, f"seconds, above 0 and at most {_SECONDS_MAX}")
    return default


def words(table: Table, base: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """Return what the host calls our facts, ``[words.reason]``."""
    found = dict(base)
    for fact, row in table.data.items():
        if row is False:
            found.pop(fact, None)
        else:
            found[fact] = table.words(fact, dict(base.get(fact, {})))
    return found


def counts(table: Table, base: Mapping[str, int]) -> dict[str, int]:
    """Return how many characters of which fields have to be equal, ``[echoed]``."""
    found = dict(base)
    for number, value in table.data.items():
        if value is False:
            found.pop(number, None)
        else:
            found[number] = table.whole(number, 1, least=1, most=9999)
    return found


def kept(table: Table, default: str, fields: Mapping[str, Field]) -> str:
    """Return what a journal may hold: fields of the table that are shown, ``"3 4 63:3"``."""
    text = table.text("kept", default)
    good = []
    for entry in text.split():
        found = _KEPT.fullmatch(entry)
        if found is None:
            table.fault("kept", "numbers of fields, with a width where not all is kept: 3 4 63:3")
        elif found[1] not in fields:
            table.fault("kept", f"fields of the table; DE{found[1]} is not in it")
        elif found[1] in NEVER_KEPT or fields[found[1]].show != "clear":
            table.fault("kept", f"fields that are shown; DE{found[1]} is not")
        else:
            good.append(entry)
    return " ".join(good)
