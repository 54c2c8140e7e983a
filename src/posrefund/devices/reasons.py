"""Why a device could not be asked, in the words of its results. Floor 6."""

from __future__ import annotations

from posrefund.devices.results import DeviceReason
from posrefund.errors import (
    CodecError,
    DeviceBusyError,
    FramingError,
    LinkError,
    LinkTimeoutError,
    PosRefundError,
    ProtocolError,
)

__all__ = ["reason_of_error"]

_REASONS: tuple[tuple[type[PosRefundError], DeviceReason], ...] = (
    (DeviceBusyError, DeviceReason.BUSY),
    (LinkTimeoutError, DeviceReason.TIMEOUT),
    (LinkError, DeviceReason.LINK),
    (ProtocolError, DeviceReason.PROTOCOL),
    (FramingError, DeviceReason.PROTOCOL),
    (CodecError, DeviceReason.PROTOCOL),
)
"""The first that fits."""


def reason_of_error(error: PosRefundError) -> DeviceReason:
    """Return the reason that an error of the line is.

    Example:
        >>> from posrefund.devices.reasons import reason_of_error
        >>> from posrefund.errors import LinkTimeoutError
        >>> reason_of_error(LinkTimeoutError("no answer in time")).value
        'timeout'
    """
    return next((why for kind, why in _REASONS if isinstance(error, kind)), DeviceReason.UNKNOWN)
