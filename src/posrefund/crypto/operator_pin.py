"""The PIN of an operator: which one may be chosen, and the digest that is kept of it. Floor 2.

Nothing of a cardholder's PIN is in here. A PIN has 6 to 12 digits, and so few can all be tried: whoever has the
digests alone must not be able to. So a keyed digest of terminal, number and PIN goes through scrypt: without the key
nothing can be tried, and a digest that was put into another person's row fits no PIN.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from itertools import pairwise

from posrefund.closed import closed
from posrefund.errors import InvalidKeyError, InvalidRequestError

__all__ = ["check_choice", "hash_pin", "pin_fits"]

_NEW_N = 2**15
"""With p = 3, OWASP's choice for 32 MiB: a till has so much to spare."""
_N_MAX = 2**20
_R, _P, _P_MAX = 8, 3, 16
_SHARE_BYTES = 2**20
"""What OpenSSL counts beside the 128·r·(N + p) bytes of RFC 7914, and more than that."""
_SALT_BYTES = 16
_HASH_BYTES = 32
_KEPT = re.compile(r"scrypt\$([1-9][0-9]{0,6})\$8\$([1-9][0-9]?)\$([0-9a-f]{32})\$([0-9a-f]{64})")
_PIN = re.compile("[0-9]{6,12}")


@closed
def check_choice(pin: str) -> None:
    """Refuse a PIN that many people would choose, or that is none.

    Refused are equal steps (``000000``, ``123456``, ``987654``, ``135791``), two digits or fewer in all of it
    (``121212``, ``188881``), and a part said again (``123123``, ``20262026``).

    Shape:
        6 to 12 decimal digits.

    Raises:
        InvalidRequestError: path ``pin``.

    Example:
        >>> from posrefund.crypto.operator_pin import check_choice
        >>> check_choice("482915")
        >>> check_choice("456789")
        Traceback (most recent call last):
        ...
        posrefund.errors.InvalidRequestError: pin: expected one that is harder to guess
    """
    if not _is_pin(pin):
        raise InvalidRequestError([("pin", "6 to 12 digits")])
    if _is_weak(pin):
        raise InvalidRequestError([("pin", "one that is harder to guess")])


@closed
def hash_pin(pin: str, key: bytes, *, whose: tuple[str, ...], n: int | None = None) -> str:
    """Return what is kept of *pin*: a slow keyed digest with its own parameters, as text.

    Args:
        pin: One that ``check_choice`` takes.
        key: 32 bytes; without them nothing can be tried.
        whose: What the digest is bound to: terminal and operator number.
        n: Cost, a power of two; today's choice if None.

    Raises:
        InvalidRequestError: As ``check_choice``.
        InvalidKeyError: There is not enough memory for *n*.

    Source:
        RFC 7914; OWASP Password Storage Cheat Sheet (N = 2^15, r = 8, p = 3).
    """
    check_choice(pin)
    cost, salt = n or _NEW_N, secrets.token_bytes(_SALT_BYTES)
    digest = _slow(_bound(pin, key, whose), salt, cost, _P)
    return f"scrypt${cost}${_R}${_P}${salt.hex()}${digest.hex()}"


@closed
def pin_fits(pin: str, key: bytes, kept: str, *, whose: tuple[str, ...]) -> bool:
    """Say whether *pin* is the one that *kept* was made of; anything may be given for it.

    Raises:
        InvalidKeyError: *kept* is no digest of a PIN.
    """
    parts = _KEPT.fullmatch(kept)
    if parts is None or int(parts[1]) > _N_MAX or int(parts[2]) > _P_MAX:
        raise InvalidKeyError("what is kept of a PIN was changed")
    if not _is_pin(pin):
        return False
    digest = _slow(_bound(pin, key, whose), bytes.fromhex(parts[3]), int(parts[1]), int(parts[2]))
    return hmac.compare_digest(digest, bytes.fromhex(parts[4]))


def _bound(pin: str, key: bytes, whose: tuple[str, ...]) -> bytes:
    text = json.dumps([*whose, pin], ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(key, text.encode("ascii"), "sha256")


def _slow(secret: bytes, salt: bytes, n: int, p: int) -> bytes:
    memory = 128 * _R * (n + p) + _SHARE_BYTES
    try:
        return hashlib.scrypt(secret, salt=salt, n=n, r=_R, p=p, maxmem=memory, dklen=_HASH_BYTES)
    except (ValueError, MemoryError):
        raise InvalidKeyError("the digest of a PIN cannot be made at this cost") from None


def _is_pin(pin: object) -> bool:
    return isinstance(pin, str) and _PIN.fullmatch(pin) is not None


def _is_weak(pin: str) -> bool:
    digits = [int(digit) for digit in pin]
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    widths = (width for width in range(3, len(pin) // 2 + 1) if len(pin) % width == 0)
    is_said_again = any(pin == pin[:width] * (len(pin) // width) for width in widths)
    return len(steps) == 1 or len(set(digits)) <= 2 or is_said_again
