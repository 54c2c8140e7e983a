"""Every error that leaves this library, in one tree.

Each answers three questions without reading its text: whose fault is it, may money have moved (``effect``), may I
try again (``retry_is_safe``). Facts are attributes; the sentence is built from them. No attribute, argument or
message ever carries card data or a key: paths, offsets, lengths and codes only. Floor 0.

::

    PosRefundError
    ├── InvalidRequestError
    ├── RefusedError
    ├── ConfigError
    │   └── DialectFileError
    ├── CodecError
    │   ├── EncodeError
    │   └── DecodeError
    ├── FramingError
    ├── CryptoError
    │   ├── InvalidKeyError
    │   ├── InvalidPINBlockError
    │   ├── MACMismatchError
    │   └── KeyUsageError
    ├── LinkError
    │   ├── LinkOpenError
    │   ├── LinkTimeoutError
    │   └── LinkClosedError
    ├── ProtocolError
    │   ├── LocalProtocolError
    │   ├── RemoteProtocolError
    │   └── DeviceBusyError
    ├── DeviceRefusedError
    └── JournalError
        ├── JournalWriteError
        ├── JournalCorruptError
        └── RequestConflictError
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "CodecError",
    "ConfigError",
    "CryptoError",
    "DecodeError",
    "DeviceBusyError",
    "DeviceRefusedError",
    "DialectFileError",
    "Effect",
    "EncodeError",
    "Fault",
    "FramingError",
    "InvalidKeyError",
    "InvalidPINBlockError",
    "InvalidRequestError",
    "JournalCorruptError",
    "JournalError",
    "JournalWriteError",
    "KeyUsageError",
    "LinkClosedError",
    "LinkError",
    "LinkOpenError",
    "LinkTimeoutError",
    "LocalProtocolError",
    "MACMismatchError",
    "PosRefundError",
    "ProtocolError",
    "RefusedError",
    "RemoteProtocolError",
    "RequestConflictError",
]

Effect = Literal["nothing_sent", "in_doubt"]
Fault = tuple[str, str]
"""(field path, what was expected there) — never the value that was found."""


class PosRefundError(Exception):
    """Root of the tree; catch it to catch everything this library raises.

    Attributes:
        effect: ``"nothing_sent"`` when no byte of a money message left, else ``"in_doubt"``.
        retry_is_safe: Whether the same call may simply be made again.
    """

    effect: Effect = "nothing_sent"
    retry_is_safe: bool = False


def _rebuilt(error: Exception, given: tuple[str, ...], named: tuple[str, ...]) -> tuple[Any, ...]:
    """Say to pickle how *error* is made again: *given* by position, the attributes *named* by keyword."""
    return partial(type(error), **{name: getattr(error, name) for name in named}), given


class InvalidRequestError(PosRefundError, ValueError):
    """The caller's request is wrong; every fault is listed at once and nothing was recorded.

    Attributes:
        faults: ``(path, expectation)`` pairs, in the order of the request's fields.

    Example:
        >>> from posrefund.errors import InvalidRequestError
        >>> str(InvalidRequestError([("amount_minor", "at least 1"), ("reason", "a known reason")]))
        'amount_minor: expected at least 1; reason: expected a known reason'
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{path}: expected {what}" for path, what in self.faults))

    def __reduce__(self) -> tuple[type[InvalidRequestError], tuple[object, ...]]:
        return type(self), (self.faults,)


class RefusedError(PosRefundError):
    """A rule said no; nothing was sent.

    Attributes:
        code: Stable reason code, e.g. ``"over_remaining"``.
        owner: Who can mend it: merchant, acquirer, issuer or engineer.
        hint_zh: What the clerk does now, in Chinese.
        hint_en: The same in English.
        not_before: For code ``"not_before"``, when the refund becomes possible (host time).
        contact: Whom to call, as the shop's rules name them; empty where they do not.
        others: What else says no, each with its own code; asked for all at once, they are mended at once.
    """

    def __init__(
        self,
        code: str,
        *,
        owner: str,
        hint_zh: str,
        hint_en: str,
        not_before: datetime | None = None,
        contact: str = "",
        others: Sequence[RefusedError] = (),
    ) -> None:
        self.code, self.owner, self.contact = code, owner, contact
        self.hint_zh, self.hint_en = hint_zh, hint_en
        self.not_before, self.others = not_before, tuple(others)
        said = f"refused ({code}): {hint_en}"
        super().__init__("; ".join([said, *(str(other) for other in self.others)]))

    def __reduce__(self) -> tuple[object, ...]:
        named = ("owner", "hint_zh", "hint_en", "not_before", "contact", "others")
        return _rebuilt(self, (self.code,), named)


class ConfigError(PosRefundError):
    """Dialect, rules or settings are wrong; raised at start-up only."""


class DialectFileError(ConfigError):
    """A dialect file is wrong; every fault is listed at once, with its line.

    Attributes:
        faults: ``(line, path, expectation)``, in the order of the lines.
    """

    def __init__(self, faults: Sequence[tuple[int, str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "; ".join(f"line {line}: {path}: expected {what}" for line, path, what in self.faults)
        )

    def __reduce__(self) -> tuple[type[DialectFileError], tuple[object, ...]]:
        return type(self), (self.faults,)


class CodecError(PosRefundError, ValueError):
    """A message could not be put into bytes or read from them.

    Attributes:
        path: The field, e.g. ``"DE4"``, ``"DE55/9F26"``, ``"DE61.date"``.
        expected: What should have stood there, in words.
    """

    def __init__(self, path: str, expected: str) -> None:
        self.path = path
        self.expected = expected
        super().__init__(f"{path}: expected {expected}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.expected)


class EncodeError(CodecError):
    """A value does not fit its field."""


class DecodeError(CodecError):
    """Bytes that are no message of this dialect.

    Attributes:
        offset_bytes: Where in the given bytes the refused part of the field begins: its length
            prefix, or what follows it.
        partial: What had been read before it: field names and lengths, no values.
    """

    def __init__(
        self, path: str, expected: str, *, offset_bytes: int, partial: Sequence[str] = ()
    ) -> None:
        super().__init__(path, expected)
        self.offset_bytes = offset_bytes
        self.partial = tuple(partial)
        self.args = (f"{path} at byte {offset_bytes}: expected {expected}",)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt(self, (self.path, self.expected), ("offset_bytes", "partial"))


class FramingError(PosRefundError, ValueError):
    """Bytes on the line that are no frame.

    Attributes:
        offset_bytes: Position in the stream since the framer was made.
        expected: What should have stood there.
    """

    effect: Effect = "in_doubt"

    def __init__(self, expected: str, *, offset_bytes: int) -> None:
        self.expected = expected
        self.offset_bytes = offset_bytes
        super().__init__(f"frame at byte {offset_bytes}: expected {expected}")

    def __reduce__(self) -> tuple[object, ...]:
        return (*_rebuilt(self, (self.expected,), ("offset_bytes",)), vars(self))


class CryptoError(PosRefundError):
    """A key, a PIN block or a MAC is not what it must be."""


class InvalidKeyError(CryptoError, ValueError):
    """A key has the wrong length, a weak form or the wrong check value.

    Attributes:
        kcv: The key check value that *was* found (at most 3 bytes, hex), or ``""``.
    """

    def __init__(self, reason: str, *, kcv: str = "") -> None:
        self.reason = reason
        self.kcv = kcv[:6]
        super().__init__(f"{reason} (KCV {self.kcv})" if self.kcv else reason)


class InvalidPINBlockError(CryptoError, ValueError):
    """A PIN block could not be made or opened; says nothing more on purpose."""

    def __init__(self) -> None:
        super().__init__("PIN block refused")

    def __reduce__(self) -> tuple[type[InvalidPINBlockError], tuple[object, ...]]:
        return type(self), ()


class MACMismatchError(CryptoError):
    """The MAC of a message is not the one its bytes and the key give."""

    effect: Effect = "in_doubt"

    def __init__(self) -> None:
        super().__init__("message authentication code does not match")

    def __reduce__(self) -> tuple[type[MACMismatchError], tuple[object, ...]]:
        return type(self), ()


class KeyUsageError(CryptoError, TypeError):
    """A key was used for something it was not made for.

    Attributes:
        purpose: What the key is for.
        wanted: What it was asked to do.
    """

    def __init__(self, purpose: str, wanted: str) -> None:
        self.purpose = purpose
        self.wanted = wanted
        super().__init__(f"a {purpose} key cannot be used for {wanted}")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt(self, (self.purpose, self.wanted), ())


class LinkError(PosRefundError):
    """The line to a host or a device failed."""


class LinkOpenError(LinkError):
    """The line could not be opened; nothing was sent. *why*: ``"refused"``, ``"silent"`` (no answer in time), or empty."""

    retry_is_safe = True
    why: Literal["refused", "silent", ""] = ""


class LinkTimeoutError(LinkError, TimeoutError):
    """The deadline passed without an answer; whether it was received is not known."""

    effect: Effect = "in_doubt"


class LinkClosedError(LinkError):
    """The other side closed the line.

    Attributes:
        effect: ``"nothing_sent"`` only if no byte had been handed to the line.
    """

    def __init__(self, reason: str, *, effect: Effect) -> None:
        self.effect = effect
        self.retry_is_safe = effect == "nothing_sent"
        self.reason = reason
        super().__init__(reason)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt(self, (self.reason,), ("effect",))


class ProtocolError(PosRefundError):
    """The conversation broke its rules."""


class LocalProtocolError(ProtocolError):
    """We (the caller or this library) did something the rules do not allow now."""


class RemoteProtocolError(ProtocolError):
    """The other side did something the rules do not allow."""

    effect: Effect = "in_doubt"


class DeviceBusyError(ProtocolError):
    """The device is doing something else; ask again later."""

    retry_is_safe = True


class DeviceRefusedError(PosRefundError):
    """A device says that it did not do it; it moved no money.

    Attributes:
        reason: A ``DeviceReason``.
        raw_code: The device's own code, as text; empty where this side found it.
        hint_zh: What the clerk does now, in Chinese.
        hint_en: The same in English.
    """

    retry_is_safe = True

    def __init__(self, reason: str, raw_code: str, *, hint_zh: str, hint_en: str) -> None:
        self.reason, self.raw_code = reason, raw_code
        self.hint_zh, self.hint_en = hint_zh, hint_en
        said = f"{reason}, code {raw_code}" if raw_code else reason
        super().__init__(f"the device refused ({said}): {hint_en}")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt(self, (self.reason, self.raw_code), ("hint_zh", "hint_en"))


class JournalError(PosRefundError):
    """The journal could not be written, read or trusted."""


class JournalWriteError(JournalError):
    """A commit failed and left nothing behind; nothing was sent for it."""


class JournalCorruptError(JournalError):
    """The journal is not the one that was written.

    Attributes:
        row: Sequence number of the first row that does not fit, or ``None`` if no row can be named.
    """

    def __init__(self, reason: str, *, row: int | None = None) -> None:
        self.reason = reason
        self.row = row
        super().__init__(reason if row is None else f"{reason} (row {row})")


class RequestConflictError(JournalError):
    """A request id came back with other content; the stored one stands, nothing was sent."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        super().__init__(f"request id {str(request_id)!r} is already known with other content")

    def __reduce__(self) -> tuple[type[RequestConflictError], tuple[object, ...]]:
        return type(self), (self.request_id,)
