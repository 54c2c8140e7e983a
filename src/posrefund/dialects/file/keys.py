"""Keys, PINs and tracks in a dialect file: ``[sign_in]``, and whether all of it goes together. Floor 3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from posrefund.crypto import UNIONPAY_SIGN_IN, Algorithm, SignInLayout, SignInRule
from posrefund.dialects.message import PIN_MESSAGES, SECURITY_WORDS
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.dialects.definition import Dialect
    from posrefund.dialects.file.reader import Findings, Table

__all__ = ["check_keys", "sign_in_data", "sign_in_rule"]

_KEYS = ("equal_halves_mak", "strict_parity", "layouts")
_LAYOUT_KEYS = ("cipher", "parts", "kcv_bytes")
_PART = re.compile("([A-Z]{3}):([0-9]{1,2})")
_KCV_BYTES = 4
_NEEDS = "a sign-in needs "


def sign_in_rule(table: Table, base: SignInRule) -> SignInRule:
    """Return which keys of a sign-in are taken; a list of layouts replaces the one of *base* whole."""
    table.only(_KEYS)
    layouts = base.layouts
    if "layouts" in table:
        layouts = tuple(found for row in table.rows("layouts") if (found := _layout(row)))
    flags = {
        key: table.flag(key, default=getattr(base, key))
        for key in ("equal_halves_mak", "strict_parity")
    }
    try:
        return SignInRule(layouts, **flags)
    except ConfigError as error:
        table.fault("layouts", str(error).removeprefix(_NEEDS))
        return UNIONPAY_SIGN_IN


def _layout(table: Table) -> SignInLayout | None:
    table.only(_LAYOUT_KEYS)
    cipher = Algorithm(table.choice("cipher", Algorithm, Algorithm.TDEA))
    text = table.needs("parts")
    found = [_PART.fullmatch(entry) for entry in text.split()]
    if text and not all(found):
        table.fault("parts", "names and bytes of the keys: PIK:16 MAK:16 TDK:16")
        return None
    parts = tuple((match[1], int(match[2])) for match in found if match)
    kcv_bytes = table.whole("kcv_bytes", _KCV_BYTES, least=2, most=8)
    try:
        return SignInLayout(cipher, parts, kcv_bytes)
    except ConfigError as error:
        table.fault("parts", str(error).removeprefix(_NEEDS))
        return None


def sign_in_data(rule: SignInRule) -> dict[str, Any]:
    """Return *rule* as the table of a dialect file."""
    layouts = [
        {
            "cipher": str(layout.cipher),
            "parts": " ".join(f"{name}:{width}" for name, width in layout.parts),
            "kcv_bytes": layout.kcv_bytes,
        }
        for layout in rule.layouts
    ]
    return {
        "equal_halves_mak": rule.equal_halves_mak,
        "strict_parity": rule.strict_parity,
        "layouts": layouts,
    }


def check_keys(known: Dialect, findings: Findings) -> None:
    """Fault what asks for keys or PINs that cannot be there, and what would show them."""
    layouts = known.sign_in.layouts
    if known.tracks == "encrypted" and not any("TDK" in dict(each.parts) for each in layouts):
        findings.fault(("tracks",), "clear, or a layout of the sign-in with a TDK")
    if not known.sign_in.lengths(known.mac.cipher):
        why = f"no layout under {known.mac.cipher}, which the MAC needs: no key set will do"
        findings.warn(("sign_in", "layouts"), why)
    for name, table in known.messages.items():
        if table.pin != "if_entered" and name not in PIN_MESSAGES:
            findings.fault(("messages", name, "pin"), "if_entered: it has no PIN")
        elif table.pin == "required" and "{pin_block}" not in table.templates.values():
            findings.fault(("messages", name, "pin"), "a field that holds the PIN block alone")
    _check_secrets(known, findings)


def _check_secrets(known: Dialect, findings: Findings) -> None:
    said = known.words.get("security", {})
    for word in said.keys() - {*SECURITY_WORDS, "*"}:
        expected = f"one of {', '.join(SECURITY_WORDS)}, or *"
        findings.fault(("words", "security", word), expected)
    for number, template in _templates(known):
        is_secret = "{pin_block}" in template or "{track2}" in template
        if is_secret and number in known.fields and known.fields[number].show != "never":
            findings.fault(("fields", number, "show"), "never, for it holds a track or a PIN block")
        if "{security}" in template and "*" not in said and not said.keys() >= {*SECURITY_WORDS}:
            expected = f"words for {', '.join(SECURITY_WORDS)}, or *: DE{number} holds one of them"
            findings.fault(("words", "security"), expected)


def _templates(known: Dialect) -> Iterator[tuple[str, str]]:
    for table in known.messages.values():
        yield from table.templates.items()
