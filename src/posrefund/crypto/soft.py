"""Clear PIN blocks in software: for emulators and host stubs, never for a terminal with a real PIN pad.

One error with one message for whatever is wrong, so that nothing can be learned from it. There is no
verb that turns one format into another: who needs that needs a security module. Floor 2.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed, wipe
from posrefund.crypto._blockcipher import Algorithm, decryptor, encryptor
from posrefund.crypto.keys import Purpose
from posrefund.errors import ConfigError, InvalidPINBlockError, KeyUsageError
from posrefund.values.card import PAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.crypto.keys import Key

__all__ = [
    "PINFormat",
    "decrypt_pin_block",
    "encrypt_pin_block",
    "make_offline_pin_block",
    "read_offline_pin_block",
]

PINFormat = Literal[0, 1, 3, 4]
"""Of ISO 9564-1; format 2 is for chip cards only, see ``make_offline_pin_block``."""

_PIN = Purpose.PIN
_CIPHERS = {8: Algorithm.TDEA, 16: Algorithm.AES}
"""By the length of a block."""
_LETTERS = "ABCDEF"
_FILLERS = {0: "F", 1: "0123456789ABCDEF", 2: "F", 3: _LETTERS, 4: "A"}
_DIGITS = 16
_DRAWS_MAX = 64
"""One gives enough letters in half of all cases; a source that never does must not stop the program."""
_ZERO_HEADS = {
    n: (int(f"0{n:X}".ljust(2 + n, "0").ljust(_DIGITS, "F"), 16), 56 - 4 * n) for n in range(4, 13)
}
"""Format 0 before the PIN stands in it and how far left it stands, by the number of its digits."""


def encrypt_pin_block(
    pik: Key,
    pin: str,
    pan: PAN | None = None,
    *,
    pin_format: PINFormat = 0,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return the PIN block under *pik*, as it stands in DE52.

    Shape:
        pin: 4 to 12 decimal digits. Result: 8 bytes; of format 4, which takes an AES key, 16.

    Args:
        pik: A PIN key of TDEA; of AES for format 4.
        pin: The PIN.
        pan: The account; format 1 needs none.
        pin_format: 0, 1, 3 or 4.
        random_bytes: Where formats 1, 3 and 4 get what is new in every block; for tests.

    Raises:
        InvalidPINBlockError: The PIN is not of that shape, the account is missing or the format another.
        ConfigError: *random_bytes* gives always the same, and format 3 cannot use it.
        KeyUsageError: The key is no PIN key, or for another cipher.

    Source:
        ISO 9564-1:2017, 9.3.2 to 9.3.5 and 9.4 (test vectors).
    """
    try:
        if pin_format == 0:  # nearly every message; numbers, for text costs more than the cipher
            return _run(pik, "encrypt", (_zero_field(pin) ^ _account(pan)).to_bytes(8, "big"))
        _check(pin, pan, pin_format)
        return _encrypt_other(pik, pin, pan, pin_format, random_bytes)
    except BaseException as error:
        del pik, pin, pan
        wipe(error)
        raise


def _encrypt_other(
    pik: Key,
    pin: str,
    pan: PAN | None,
    pin_format: PINFormat,
    random_bytes: Callable[[int], bytes],
) -> bytes:
    given: object = pin_format
    if type(given) is not int:  # 1.0 is 1, but its text is not, and int() quotes what it refuses
        raise InvalidPINBlockError
    head = f"{pin_format}{len(pin):X}{pin}"
    if pin_format == 4:
        block = bytes.fromhex(head.ljust(_DIGITS, "A")) + random_bytes(8)
        mixed = _xor(_run(pik, "encrypt", block), account_field(_digits(pan)))
        return _run(pik, "encrypt", mixed)
    field = int((head + _fresh(pin_format, random_bytes))[:_DIGITS], 16)
    if pin_format == 3:
        field ^= _account(pan)
    return _run(pik, "encrypt", field.to_bytes(8, "big"))


@closed
def decrypt_pin_block(
    pik: Key, block: bytes, pan: PAN | None = None, *, pin_format: PINFormat = 0
) -> str:
    """Return the PIN of a block; a host stub needs it, a terminal never.

    Raises:
        InvalidPINBlockError: Whatever is wrong with it.
        KeyUsageError: The key is no PIN key, or for another cipher.
    """
    _check("0000", pan, pin_format)
    _check_block(block, 16 if pin_format == 4 else 8)
    clear = _run(pik, "decrypt", block)
    if pin_format == 4:
        clear = _run(pik, "decrypt", _xor(clear, account_field(_digits(pan))))[:8]
    elif pin_format != 1:
        clear = (int.from_bytes(clear, "big") ^ _account(pan)).to_bytes(8, "big")
    return _pin_of(clear, pin_format)


@closed
def make_offline_pin_block(pin: str) -> bytes:
    """Return the clear block of format 2, for a chip card that checks the PIN itself; it never travels.

    Raises:
        InvalidPINBlockError: The PIN has not 4 to 12 decimal digits.

    Source:
        ISO 9564-1:2017, 9.3.4; EMV Book 3, 6.5.12 (VERIFY).
    """
    _check(pin, None, 1)
    return bytes.fromhex(f"2{len(pin):X}{pin}".ljust(_DIGITS, "F"))


@closed
def read_offline_pin_block(block: bytes) -> str:
    """Return the PIN of a clear block of format 2: what a card emulator does.

    Raises:
        InvalidPINBlockError: Whatever is wrong with it.
    """
    _check_block(block, 8)
    return _pin_of(bytes(block), 2)


def account_field(digits: str) -> bytes:
    """Return what format 4 mixes in: how many digits there are over twelve, all of them, and zeros.

    Source:
        ISO 9564-1:2017, 9.4.2.3 (test vectors).
    """
    field = f"{max(0, len(digits) - 12)}{digits.rjust(12, '0')}"
    return bytes.fromhex(field.ljust(2 * _DIGITS, "0"))


def _is_pin(pin: object) -> bool:
    return pin.__class__ is str and pin.isdigit() and pin.isascii() and len(pin) in _ZERO_HEADS


def _check(pin: object, pan: PAN | None, pin_format: int) -> None:
    if (
        not _is_pin(pin)
        or (pan.__class__ is not PAN and pin_format != 1)
        or pin_format not in (0, 1, 3, 4)
    ):
        raise InvalidPINBlockError


def _check_block(block: object, length_bytes: int) -> None:
    if not isinstance(block, (bytes, bytearray, memoryview)) or len(block) != length_bytes:
        raise InvalidPINBlockError


def _pin_of(clear: bytes, pin_format: int) -> str:
    field = clear.hex().upper()
    length = int(field[1], 16)
    pin, fill = field[2 : 2 + length], field[2 + length :]
    wrong = field[0] != str(pin_format) or not 4 <= length <= 12
    if wrong or not pin.isdigit() or set(fill) - set(_FILLERS[pin_format]):
        raise InvalidPINBlockError
    return pin


def _fresh(pin_format: int, random_bytes: Callable[[int], bytes]) -> str:
    """Return twelve digits: any of format 1; of format 3 the letters of what chance gives, all alike."""
    found = ""
    for _ in range(_DRAWS_MAX):
        found += "".join(c for c in random_bytes(16).hex().upper() if c in _FILLERS[pin_format])
        if len(found) >= 12:
            return found
    raise ConfigError("the source of random bytes gives no letters for a PIN block")


def _zero_field(pin: str) -> int:
    if not _is_pin(pin):
        raise InvalidPINBlockError
    head, shift = _ZERO_HEADS[len(pin)]
    return head | int(pin, 16) << shift


def _account(pan: PAN | None) -> int:
    """Twelve digits from the right, the check digit not among them."""
    if pan.__class__ is not PAN:
        raise InvalidPINBlockError
    return int(pan.reveal()[-13:-1], 16)


def _digits(pan: PAN | None) -> str:
    if pan is None:
        raise InvalidPINBlockError
    return pan.reveal()


def _xor(left: bytes, right: bytes) -> bytes:
    mixed = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return mixed.to_bytes(len(left), "big")


def _run(pik: Key, way: Literal["encrypt", "decrypt"], block: bytes) -> bytes:
    """Encrypt or decrypt one block with a context that the key keeps."""
    idle = pik.idle(_PIN, "a PIN block", way)
    if pik.algorithm is not _CIPHERS[len(block)]:
        raise KeyUsageError(f"{pik.algorithm} {pik.purpose}", "a PIN block of this format")
    try:
        update = idle.pop()
    except IndexError:
        make = encryptor if way == "encrypt" else decryptor
        update = make(pik.use(_PIN, "a PIN block"), pik.algorithm)
    found: bytes = update(block)
    idle.append(update)
    return found
