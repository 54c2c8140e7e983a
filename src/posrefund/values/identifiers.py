"""Identifiers of the wire and of the shop, each a ``str`` that cannot be malformed.

They are strings on purpose: leading zeros are part of them, and they go to the wire as they are.
None of them is secret; card data lives in ``card``. Floor 1.
"""

from __future__ import annotations

import re
from typing import ClassVar, Self

from posrefund.errors import InvalidRequestError

__all__ = ["RRN", "STAN", "BatchNumber", "MerchantID", "RequestID", "TerminalID"]


class _Identifier(str):
    """A string that matches its pattern; subclasses say which."""

    __slots__ = ()
    pattern: ClassVar[re.Pattern[str]]
    path: ClassVar[str]
    expected: ClassVar[str]

    def __new__(cls, value: str) -> Self:
        given: object = value  # callers without a type checker pass anything
        if not (isinstance(given, str) and cls.pattern.fullmatch(given)):
            raise InvalidRequestError([(cls.path, cls.expected)])
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class STAN(_Identifier):
    """System trace audit number, DE11.

    Shape:
        6 decimal digits, ``000001`` to ``999999``; ``000000`` is no STAN.

    Raises:
        InvalidRequestError: path ``stan``.

    Source:
        ISO 8583-1:1987, data element 11.

    Example:
        >>> from posrefund.values import STAN
        >>> STAN("999999").next()
        STAN('000001')
    """

    __slots__ = ()
    pattern = re.compile(r"(?!000000)[0-9]{6}")
    path = "stan"
    expected = "6 digits, not 000000"

    def next(self) -> STAN:
        """Return the following number; 000001 follows 999999."""
        return STAN(f"{int(self) % 999_999 + 1:06d}")


class BatchNumber(_Identifier):
    """Batch number, DE60.2 of UnionPay.

    Shape:
        6 decimal digits.

    Example:
        >>> from posrefund.values import BatchNumber
        >>> BatchNumber("000007").next(), BatchNumber("999998").next()
        (BatchNumber('000008'), BatchNumber('000001'))
    """

    __slots__ = ()
    pattern = re.compile(r"[0-9]{6}")
    path = "batch"
    expected = "6 digits"

    def next(self) -> BatchNumber:
        """Return the following number; terminals and hosts count 1 to 999998 (LIAO)."""
        number = int(self) + 1
        return BatchNumber(f"{number if number <= 999_998 else 1:06d}")


class RRN(_Identifier):
    """Retrieval reference number, DE37; the host assigns it.

    Shape:
        12 characters, letters, digits and spaces (ISO 8583 *an*).
    """

    __slots__ = ()
    pattern = re.compile(r"[0-9A-Za-z ]{12}")
    path = "rrn"
    expected = "12 letters, digits or spaces"


class TerminalID(_Identifier):
    """Card acceptor terminal identification, DE41.

    Shape:
        8 printable ASCII characters (ISO 8583 *ans*).
    """

    __slots__ = ()
    pattern = re.compile(r"[ -~]{8}")
    path = "terminal"
    expected = "8 printable ASCII characters"


class MerchantID(_Identifier):
    """Card acceptor identification, DE42.

    Shape:
        15 printable ASCII characters (ISO 8583 *ans*).
    """

    __slots__ = ()
    pattern = re.compile(r"[ -~]{15}")
    path = "merchant"
    expected = "15 printable ASCII characters"


class RequestID(_Identifier):
    """The shop's own number of a request; the key of idempotency, and it never expires.

    Shape:
        1 to 64 characters: letters, digits and ``._:-``. A run of 13 or more digits is refused: it
        could be a card number, and a request id is printed everywhere.
    """

    __slots__ = ()
    pattern = re.compile(r"(?!.*[0-9]{13})[0-9A-Za-z._:\-]{1,64}")
    path = "request_id"
    expected = "1 to 64 of A-Z a-z 0-9 . _ : - with no run of 13 digits"
