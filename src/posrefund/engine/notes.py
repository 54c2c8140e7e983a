"""Free text that a journal may keep: short, and nothing in it that could be a card number. Floor 4."""

from __future__ import annotations

import re
import unicodedata

from posrefund.values.card import passes_luhn

__all__ = ["is_note"]

_NOTE_CHARACTERS_MAX = 200
_BETWEEN = "[ ./,_·、\u2010-\u2015-]"
"""What people put between the groups of a card number."""


def is_note(note: object) -> bool:
    """Say whether *note* may be kept: short, and nothing in it that could be a card number."""
    if not isinstance(note, str) or len(note) > _NOTE_CHARACTERS_MAX:
        return False
    plain = unicodedata.normalize(
        "NFKC", note
    )  # digits and commas of full width are digits and commas
    runs = re.findall(rf"[0-9](?:{_BETWEEN}?[0-9]){{12,}}", plain)
    digits = [re.sub(r"[^0-9]", "", run) for run in runs]
    has_run = bool(re.search(r"[0-9]{13}", plain))
    return not has_run and not any(_may_be_pan(run) for run in digits)


def _may_be_pan(digits: str) -> bool:
    """Whether any 13 to 19 digits in a row of *digits* pass the Luhn check."""
    return any(
        passes_luhn(digits[start : start + width])
        for width in range(13, 20)
        for start in range(len(digits) - width + 1)
    )
