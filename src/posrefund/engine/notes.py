"""Free text that a journal may keep: short, and nothing in it that could be a card number. Floor 4."""

from __future__ import annotations

import re

from posrefund.values.card import passes_luhn

__all__ = ["is_note"]

_NOTE_CHARACTERS_MAX = 200


def is_note(note: object) -> bool:
    """Say whether *note* may be kept: short, and nothing in it that could be a card number."""
    if not isinstance(note, str) or len(note) > _NOTE_CHARACTERS_MAX:
        return False
    runs = re.findall(r"[0-9](?:[ ./-]?[0-9]){12,}", note, flags=re.ASCII)
    digits = [re.sub(r"[^0-9]", "", run) for run in runs]
    has_run = bool(re.search(r"[0-9]{13}", note))
    return not has_run and not any(_may_be_pan(run) for run in digits)


def _may_be_pan(digits: str) -> bool:
    """Whether any 13 to 19 digits in a row of *digits* pass the Luhn check."""
    return any(
        passes_luhn(digits[start : start + width])
        for width in range(13, 20)
        for start in range(len(digits) - width + 1)
    )
