"""What digit 6 of the header of a UnionPay answer asks the terminal for (处理要求). Floor 3.

Source: CHAN text and LIAO code, which agree; b and c from terminals of the PIN-free programme. No paper that we have
says whether a host says it once or until it is done.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.dialects.host_requests import SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["HOST_REQUESTS"]

HOST_REQUESTS: Mapping[str, str] = MappingProxyType(
    {
        "1": "mag_parameters",
        "2": "status",
        "3": SIGN_IN,
        "4": "ca_keys",
        "5": "chip_parameters",
        "6": "software",
        "7": "blacklist",
        "8": "rates",
        "9": "contactless_parameters",
        "B": "bin_tables",
        "C": "bin_tables",
    }
)
"""By the digit, in hexadecimal; 0 asks for nothing."""
