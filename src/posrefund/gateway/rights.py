"""What a token may do: the roles of the door, as data. Floor 10.

A role of the door says what a program may ask for. What a person may do is asked of the terminal, by operator number
and PIN, as everywhere.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RIGHTS", "ROLES", "Right", "Role"]

Right: TypeAlias = Literal[
    "sell",
    "refund",
    "read",
    "slip",
    "care",
    "approve",
    "approve_by_pin",
    "settle",
    "watch",
    "hear",
    "answer",
]
"""``read``: status, sales, approvals. ``care``: sign-in, echo, self-check, faults. ``approve_by_pin``: as ``approve``, but
only what a PIN proves. ``settle``: closing a batch, working on doubts. ``watch``: events, faults and self-checks.
``hear``: taking complaints and feedback. ``answer``: answering and ending complaints."""

Role: TypeAlias = Literal["till", "supervisor", "admin", "monitor"]

RIGHTS: tuple[Right, ...] = get_args(Right)
"""All there are."""

_TILL: frozenset[Right] = frozenset(
    {"sell", "refund", "read", "slip", "care", "approve_by_pin", "watch", "hear"}
)

ROLES: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        "till": _TILL,
        "supervisor": frozenset(
            {"read", "slip", "approve", "approve_by_pin", "watch", "hear", "answer"}
        ),
        "admin": frozenset(RIGHTS),
        "monitor": frozenset({"watch"}),
    }
)
"""What each role may. A supervisor's token moves no money; a till's says yes only where the terminal asks for a PIN,
and ends no complaint: it may be about whoever stands there."""
