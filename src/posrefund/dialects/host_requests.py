"""What a host may ask a terminal for, in the header of any answer. Floor 3.

The header stands outside of the MAC: whoever holds the line can write it. So nothing that follows from it may do harm.
"""

from __future__ import annotations

__all__ = ["HOST_REQUESTS", "SIGN_IN", "UNKNOWN"]

SIGN_IN = "sign_in"
"""The one thing of these that this program does by itself."""
UNKNOWN = "unknown"
"""A digit that the dialect has no word for."""
HOST_REQUESTS = (
    SIGN_IN,
    "software",
    "ca_keys",
    "chip_parameters",
    "contactless_parameters",
    "mag_parameters",
    "blacklist",
    "bin_tables",
    "rates",
    "status",
    UNKNOWN,
)
"""Every word, the weightiest first."""
