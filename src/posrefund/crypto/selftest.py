"""Known answers recomputed: does this build, on this machine, compute what the papers print? Floor 2.

``check`` gives the computation an entry's inputs and nothing else; what was expected is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm

from posrefund.crypto._selftest_ciphers import CIPHERS, Compute, NotOffered
from posrefund.crypto._selftest_keys import KEYS
from posrefund.crypto._selftest_known import BUILT_IN
from posrefund.crypto._selftest_pin import PINS
from posrefund.errors import ConfigError, PosRefundError

__all__ = ["BUILT_IN", "COMPUTATIONS", "Verdict", "check"]

COMPUTATIONS: dict[str, Compute] = CIPHERS | KEYS | PINS
"""From the name of an algorithm to what turns inputs into an output."""


class Verdict(StrEnum):
    """What became of one known answer."""

    PASSED = "passed"
    """It came out; or the paper is known to be wrong, and it did not."""
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    """The package, or the provider under it, has no such algorithm."""


def check(entry: Mapping[str, Any]) -> Verdict:
    """Recompute one known answer.

    Args:
        entry: ``algorithm``, ``inputs`` and ``output``; ``verified`` is false where the paper is wrong.

    Raises:
        ConfigError: The entry has not that form.

    Example:
        >>> from posrefund.crypto.selftest import check
        >>> data = {"hash": "SHA256", "key": "4A656665", "data": "", "len": 32}
        >>> str(check({"algorithm": "HMAC", "inputs": data, "output": "00"}))
        'failed'
    """
    try:
        algorithm, inputs, expected = entry["algorithm"], entry["inputs"], entry["output"]
        is_right = entry.get("verified", True)
    except (KeyError, TypeError, AttributeError):
        raise ConfigError("a known answer has algorithm, inputs and output") from None
    compute = COMPUTATIONS.get(str(algorithm))
    if compute is None or not isinstance(inputs, Mapping):
        return Verdict.UNSUPPORTED
    try:
        came_out = compute(inputs) == expected
    except (NotOffered, UnsupportedAlgorithm, ImportError, KeyError):
        return Verdict.UNSUPPORTED
    except (PosRefundError, ValueError, TypeError):
        came_out = False  # a refusal is no answer
    return Verdict.PASSED if came_out is bool(is_right) else Verdict.FAILED
