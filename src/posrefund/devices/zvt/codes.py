"""What a ZVT terminal's codes mean, and which of them prove that nothing was booked. Floor 6.

A code proves it only if it is said before a host can have been asked (the card, the amount, the rights), or if it is
a host's own no. What can also come after the request has left (no connection, system error, printer) proves
nothing, and neither does a code that nobody knows. Texts and numbers: PA00P015, chapter 10, in own words.
"""

from __future__ import annotations

from posrefund.devices.results import DeviceReason

__all__ = ["is_busy", "proves_nothing_booked", "reason_of"]

_BUSY = frozenset({0x9C, 0xA0})

_BEFORE_ANY_HOST = {
    0x64: DeviceReason.CARD_REFUSED,  # not readable
    0x65: DeviceReason.CARD_REFUSED,  # neither track nor chip
    0x67: DeviceReason.NOT_ALLOWED,  # not for debit cards
    0x68: DeviceReason.NOT_ALLOWED,  # not for credit cards
    0x6A: DeviceReason.BATCH_FULL,
    0x6B: DeviceReason.NOT_SIGNED_ON,  # not registered
    0x6C: DeviceReason.CANCELLED,  # abort key, or nobody showed a card in time
    0x6E: DeviceReason.CARD_REFUSED,  # on the block list
    0x6F: DeviceReason.CURRENCY,
    0x73: DeviceReason.CARD_REFUSED,
    0x76: DeviceReason.CARD_REFUSED,  # not on the white list
    0x78: DeviceReason.CARD_REFUSED,  # expired
    0x79: DeviceReason.CARD_REFUSED,  # not valid yet
    0x7A: DeviceReason.CARD_REFUSED,  # unknown
    0x7B: DeviceReason.CARD_REFUSED,  # no fallback to the stripe
    0x7C: DeviceReason.CARD_REFUSED,
    0x7E: DeviceReason.CARD_REFUSED,
    0x83: DeviceReason.NOT_ALLOWED,  # function not possible
    0x85: DeviceReason.KEYS_MISSING,
    0xA5: DeviceReason.NOT_ALLOWED,  # rules of PCI
    0xB4: DeviceReason.ALREADY_REFUNDED,
    0xB5: DeviceReason.NOT_REFUNDABLE,
    0xB7: DeviceReason.AMOUNT,
    0xC3: DeviceReason.AMOUNT,
    0xC5: DeviceReason.NOT_ALLOWED,
    0xC6: DeviceReason.CURRENCY,
    0xC8: DeviceReason.AMOUNT,
    0xC9: DeviceReason.AMOUNT,
    0xCB: DeviceReason.CURRENCY,
    0xD2: DeviceReason.NOT_ALLOWED,
    0xF0: DeviceReason.BATCH_FULL,  # the batch of yesterday is open
}
_PROVE_NOTHING = {
    0x66: DeviceReason.DEVICE_FAULT,
    0x71: DeviceReason.CARD_REFUSED,
    0x72: DeviceReason.CARD_REFUSED,
    0x74: DeviceReason.KEYS_MISSING,
    0x77: DeviceReason.BATCH_FULL,
    0x7D: DeviceReason.HOST_UNREACHABLE,
    0x89: DeviceReason.DEVICE_FAULT,
    0x9A: DeviceReason.PROTOCOL,
    0x9B: DeviceReason.HOST_UNREACHABLE,
    0x9C: DeviceReason.BUSY,
    0xA0: DeviceReason.BUSY,
    0xA1: DeviceReason.HOST_UNREACHABLE,
    0xA3: DeviceReason.HOST_UNREACHABLE,
    0xB1: DeviceReason.BATCH_FULL,
    0xB2: DeviceReason.BATCH_FULL,
    0xC2: DeviceReason.NOT_SIGNED_ON,
    0xCC: DeviceReason.PRINTER,
    0xE2: DeviceReason.DEVICE_FAULT,
    0xE4: DeviceReason.NOT_SIGNED_ON,
    0xED: DeviceReason.DEVICE_FAULT,
    0xFC: DeviceReason.DEVICE_FAULT,
    0xFF: DeviceReason.UNKNOWN,
}
_HOSTS_MAX = 99
_HOST_SAYS_NO = frozenset(
    {3, 4, 5, 12, 13, 14, 33, 34, 36, 41, 43, 51, 54, 55, 57, 58, 61, 62, 65, 75}
)
"""ISO 8583:1987, field 39: answers that are a no under every reading; what may hide a yes (06, 68, 91, 96 …) is not here."""

_BEFORE_A_HOST = frozenset({0x00, 0x01, 0x02, 0x03, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x10})
_CARD_OUT = 0x40
"""Added to an intermediate status while the card has to be taken out."""


def reason_of(code: int) -> DeviceReason:
    """Return why not, as far as *code* tells.

    Example:
        >>> from posrefund.devices.zvt.codes import reason_of
        >>> reason_of(0xB4).value, reason_of(0x05).value, reason_of(0xAB).value
        ('already_refunded', 'host_refused', 'unknown')
    """
    if 0 < code <= _HOSTS_MAX:
        return DeviceReason.HOST_REFUSED
    return _BEFORE_ANY_HOST.get(code) or _PROVE_NOTHING.get(code, DeviceReason.UNKNOWN)


def is_busy(code: int) -> bool:
    """Say whether the terminal only cannot now."""
    return code in _BUSY


def proves_nothing_booked(code: int, intermediate: frozenset[int]) -> bool:
    """Say whether *code* proves that no money moved.

    Args:
        code: Of the terminal's ``06 1E`` or status information.
        intermediate: Every intermediate status that it sent before.

    Example:
        >>> from posrefund.devices.zvt.codes import proves_nothing_booked
        >>> proves_nothing_booked(0x6C, frozenset({0x0A}))  # nobody showed a card
        True
        >>> proves_nothing_booked(0x6C, frozenset({0x0A, 0x04}))  # after the host was asked
        False
    """
    if 0 < code <= _HOSTS_MAX:
        return code in _HOST_SAYS_NO
    told = {status & ~_CARD_OUT if status < 2 * _CARD_OUT else status for status in intermediate}
    return code in _BEFORE_ANY_HOST and told <= _BEFORE_A_HOST
