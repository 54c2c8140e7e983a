"""The dialects that the host speaks, each typed here a second time from its sources.

``find_dialect`` gives one by its name. Nothing here comes from ``posrefund.dialects``. Floor 9.
"""

from posrefund.emulators.host.dialects.aggregator import AGGREGATOR
from posrefund.emulators.host.dialects.definition import (
    Facts,
    HostDialect,
    Kind,
    MessageRule,
    Original,
)
from posrefund.emulators.host.dialects.iso87 import ISO87_ASCII, ISO87_BINARY
from posrefund.emulators.host.dialects.iso93 import ISO93_ASCII, ISO93_BINARY
from posrefund.emulators.host.dialects.unionpay import UNIONPAY

__all__ = [
    "ALL_MTIS",
    "DIALECT_NAMES",
    "Facts",
    "HostDialect",
    "Kind",
    "MessageRule",
    "Original",
    "find_dialect",
]

_DIALECTS = {
    dialect.name: dialect
    for dialect in (UNIONPAY, ISO87_ASCII, ISO87_BINARY, ISO93_ASCII, ISO93_BINARY, AGGREGATOR)
}
DIALECT_NAMES = tuple(_DIALECTS)
"""What ``HostProfile.dialect`` may be."""
ALL_MTIS = frozenset().union(*(dialect.known_mtis for dialect in _DIALECTS.values()))
"""The requests of all of them."""


def find_dialect(name: str) -> HostDialect:
    """Return the dialect called *name*.

    Raises:
        ValueError: There is none.

    Example:
        >>> from posrefund.emulators.host.dialects import find_dialect
        >>> sorted(find_dialect("iso93-ascii").known_mtis)
        ['1200', '1420', '1604', '1804']
    """
    if name not in _DIALECTS:
        message = f"the host speaks {', '.join(DIALECT_NAMES)}"
        raise ValueError(message)
    return _DIALECTS[name]
