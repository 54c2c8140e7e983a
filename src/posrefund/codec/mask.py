"""How much of a value may be seen, and how to notice that one was hidden. Floor 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.errors import EncodeError
from posrefund.values.card import mask_pan

if TYPE_CHECKING:
    from posrefund.codec.field import Show

__all__ = ["HIDDEN", "mask", "refuse_masked"]

HIDDEN = "***"


def mask(value: str, show: Show) -> str:
    """Return as much of *value* as *show* allows.

    Example:
        >>> from posrefund.codec.mask import mask
        >>> mask("6200000000000005", "pan"), mask("000001", "clear"), mask("1234", "never")
        ('620000******0005', '000001', '***')
    """
    if show == "clear":
        return value
    return mask_pan(value) if show == "pan" else HIDDEN


def refuse_masked(text: str, show: Show, path: str) -> str:
    """Return *text* unless ``mask`` made it: stars are not what goes to a host.

    Raises:
        EncodeError: It is masked.
    """
    if show != "clear" and (text == HIDDEN or (show == "pan" and "*" in text)):
        raise EncodeError(path, "a clear value: decode it with --reveal")
    return text
