"""The tags of chip data (DE55) whose values may be shown, and their names. Floor 3.

Source: EMV Book 3, annex A. Tags that hold a number, a name or a track (5A, 57, 5F20 …) are not among them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EMV_TAGS"]

EMV_TAGS: Mapping[str, str] = MappingProxyType(
    {
        "82": "application interchange profile",
        "84": "dedicated file name",
        "95": "terminal verification results",
        "9A": "transaction date",
        "9C": "transaction type",
        "5F2A": "currency",
        "5F34": "card sequence number",
        "9F02": "amount",
        "9F03": "other amount",
        "9F09": "application version",
        "9F10": "issuer application data",
        "9F1A": "terminal country",
        "9F1E": "device serial number",
        "9F26": "application cryptogram",
        "9F27": "cryptogram information",
        "9F33": "terminal capabilities",
        "9F34": "cardholder verification",
        "9F35": "terminal type",
        "9F36": "transaction counter",
        "9F37": "unpredictable number",
        "9F41": "transaction sequence",
        "91": "issuer authentication data",
    }
)
