"""The check bytes of serial framings: an XOR and two CRC-16. Floor 2: pure bytes.

They find accidents, not attackers. Names of CRCs lie (ZVT says XMODEM and means KERMIT): go by the check value.
"""

from __future__ import annotations

from binascii import crc_hqx

__all__ = ["crc_kermit", "crc_xmodem", "lrc"]

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def lrc(data: bytes, base: int = 0) -> int:
    """Return the XOR of *data* and *base*: any byte, a control code too.

    Example:
        >>> from posrefund.framing.checks import lrc
        >>> f"{lrc(bytes.fromhex('1503'), 0x7F):02X}"
        '69'
    """
    folded, size_bytes = int.from_bytes(data, "big"), len(data)
    while size_bytes > 1:  # one half over the other: a dozen steps for the longest body
        size_bytes = (size_bytes + 1) // 2
        folded = folded >> 8 * size_bytes ^ folded & (1 << 8 * size_bytes) - 1
    return folded ^ base


def crc_xmodem(data: bytes) -> bytes:
    """Return CRC-16/XMODEM (polynomial 1021, start 0), high byte first as ABECS sends it.

    Source:
        Catalogue of parametrised CRC algorithms: ``31C3`` for ``123456789``.

    Example:
        >>> from posrefund.framing.checks import crc_xmodem
        >>> crc_xmodem(b"123456789").hex()
        '31c3'
    """
    return crc_hqx(data, 0).to_bytes(2, "big")


def crc_kermit(data: bytes) -> bytes:
    """Return CRC-16/KERMIT (polynomial 1021 mirrored, start 0), low byte first as ZVT sends it.

    It is XMODEM on mirrored bits: the standard library's C serves both.

    Source:
        Catalogue of parametrised CRC algorithms: ``2189`` for ``123456789``.

    Example:
        >>> from posrefund.framing.checks import crc_kermit
        >>> crc_kermit(b"123456789").hex()
        '8921'
    """
    return crc_xmodem(data.translate(_MIRRORED)).translate(_MIRRORED)
