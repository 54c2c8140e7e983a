"""Which profile is this: one digest of everything a dialect says, its timers left out. Floor 3."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from posrefund.dialects.file.dump import dialect_data

if TYPE_CHECKING:
    from posrefund.dialects.definition import Dialect

__all__ = ["profile_digest"]


def profile_digest(known: Dialect) -> str:
    """Return SHA-256 of *known* as 64 hexadecimal digits.

    Timers are left out: each shop sets its own, and they change no message.

    Raises:
        ConfigError: A layout of it is of no kind that a file can say.

    Example:
        >>> from posrefund import dialect
        >>> from posrefund.dialects.file import profile_digest
        >>> one, other = dialect("unionpay"), dialect("iso87-ascii")
        >>> len(profile_digest(one)), profile_digest(one) == profile_digest(other)
        (64, False)
    """
    data = {name: value for name, value in dialect_data(known).items() if name != "timers"}
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
