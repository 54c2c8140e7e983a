"""Dialects are data: field tables, message tables, MAC rule, timers, response codes. Floor 3.

``dialect(name)`` finds one by name; a dialect imports nothing but the floors below and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.dialects.codes import ResponseCode, look_up
from posrefund.dialects.definition import Dialect, Timers
from posrefund.dialects.inquiry import Inquiry
from posrefund.dialects.message import MessageTable
from posrefund.dialects.policy import Policy
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Dialect",
    "Inquiry",
    "MessageTable",
    "Policy",
    "ResponseCode",
    "Timers",
    "dialect",
    "look_up",
    "names",
]


def _registry() -> Mapping[str, Dialect]:
    from posrefund.dialects import derived
    from posrefund.dialects.aggregator import AGGREGATOR
    from posrefund.dialects.iso87 import ISO87_ASCII, ISO87_BINARY
    from posrefund.dialects.iso93 import ISO93_ASCII, ISO93_BINARY
    from posrefund.dialects.unionpay import UNIONPAY

    iso = (ISO87_ASCII, ISO87_BINARY, ISO93_ASCII, ISO93_BINARY)
    return {found.name: found for found in (UNIONPAY, *iso, AGGREGATOR, *derived.DERIVED)}


def names() -> tuple[str, ...]:
    """Return the names of all dialects, the main one first."""
    return tuple(_registry())


def dialect(name: str) -> Dialect:
    """Return the dialect called *name*.

    Raises:
        ConfigError: No dialect has that name.

    Example:
        >>> from posrefund.dialects import dialect
        >>> dialect("unionpay").messages["refund"].mti
        '0220'
    """
    try:
        return _registry()[name]
    except KeyError:
        message = f"unknown dialect {name!r}; known: {', '.join(names())}"
        raise ConfigError(message) from None
