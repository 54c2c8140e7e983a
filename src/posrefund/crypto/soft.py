"""Clear PIN blocks in software: for emulators and host stubs, never for a terminal with a real PIN pad.

One error with one message for whatever is wrong, so that nothing can be learned from it. Floor 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.crypto._blockcipher import decrypt_ecb, encrypt_ecb
from posrefund.crypto.keys import Purpose
from posrefund.errors import InvalidPINBlockError

if TYPE_CHECKING:
    from posrefund.crypto.keys import Key
    from posrefund.values.card import PAN

__all__ = ["decrypt_pin_block", "encrypt_pin_block"]

_PIN_DIGITS = range(4, 13)


def encrypt_pin_block(pik: Key, pin: str, pan: PAN) -> bytes:
    """Return the PIN block of format 0 under *pik*, as it stands in DE52.

    Shape:
        pin: 4 to 12 decimal digits. Result: 8 bytes.

    Raises:
        InvalidPINBlockError: The PIN is not of that shape.
        KeyUsageError: The key is no PIN key.

    Source:
        ISO 9564-1:2017, 9.3.2 (format 0).
    """
    if not (pin.isascii() and pin.isdigit() and len(pin) in _PIN_DIGITS):
        raise InvalidPINBlockError
    field = f"0{len(pin):X}{pin}".ljust(16, "F")
    return encrypt_ecb(pik.use(Purpose.PIN, "a PIN block"), _xor_account(bytes.fromhex(field), pan))


def decrypt_pin_block(pik: Key, block: bytes, pan: PAN) -> str:
    """Return the PIN of a format 0 block; a host stub needs it, a terminal never.

    Raises:
        InvalidPINBlockError: Whatever is wrong with it.
        KeyUsageError: The key is no PIN key.
    """
    if len(block) != 8:
        raise InvalidPINBlockError
    clear = decrypt_ecb(pik.use(Purpose.PIN, "a PIN block"), block)
    field = _xor_account(clear, pan).hex().upper()
    length = int(field[1], 16)
    pin, fill = field[2 : 2 + length], field[2 + length :]
    if field[0] != "0" or length not in _PIN_DIGITS or not pin.isdigit() or set(fill) - {"F"}:
        raise InvalidPINBlockError
    return pin


def _xor_account(block: bytes, pan: PAN) -> bytes:
    account = bytes.fromhex("0000" + pan.reveal()[-13:-1].rjust(12, "0"))
    return bytes(a ^ b for a, b in zip(block, account, strict=True))
