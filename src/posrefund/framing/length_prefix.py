"""A length before every message: one to four bytes, binary, BCD, ASCII or hexadecimal. Floor 2.

The default is what UnionPay terminals send: two bytes, big-endian, counting what follows them. TPDU and
header belong to the body here (``Envelope`` takes them off and swaps them). Refuses lengths beyond the bound,
lengths that are no digits, and fixed bytes that are others: a stream has no boundary after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from posrefund.closed import closed
from posrefund.framing.contract import BODY_BYTES_MAX, require, require_body
from posrefund.framing.stream import Bytes, StreamFramer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LengthPrefix", "LengthPrefixFramer", "frame"]

_SIZE_MAX = 4
_HEXADECIMAL = b"0123456789abcdefABCDEF"


@dataclass(frozen=True)
class LengthPrefix:
    r"""How a length stands before a message.

    Attributes:
        size: 1 to 4: bytes (``binary``, ``bcd``) or digits (``ascii``, ``hex``).
        encoding: How the length is written; binary is big-endian.
        counts_itself: Whether the length counts its own bytes.
        header: Fixed bytes after the length.
        trailer: Fixed bytes after the body.
        counts_header: Whether the length counts the header.
        counts_trailer: Whether the length counts the trailer.
        keep_alive: What a frame of nothing is: ``drop``, ``tell`` (``feed`` returns ``b""`` for it and
            ``frame(b"")`` writes one) or ``refuse``. Its length is zero, and only what the length does
            not count stands beside it; a frame with an empty body is one as well.
        body_bytes_max: 1 to 65 535; what the prefix cannot announce is out of reach anyway.

    Raises:
        ConfigError: One of them is something else, or no body can be announced.

    Source:
        The channels of jPOS: NAC (the default), BCD, ASCII, HEX, Raw, VAP (two zeros that are not
        counted), BASE24TCP (a counted ``03``), Amex (counts itself).

    Example:
        >>> from posrefund.framing import LengthPrefix, LengthPrefixFramer
        >>> LengthPrefixFramer(LengthPrefix(size=4, encoding="ascii")).frame(b"abc")
        b'0003abc'
        >>> LengthPrefixFramer(LengthPrefix(trailer=b"\x03")).frame(b"abc")
        b'\x00\x04abc\x03'
    """

    size: int = 2
    encoding: Literal["binary", "bcd", "ascii", "hex"] = "binary"
    counts_itself: bool = False
    header: bytes = b""
    trailer: bytes = b""
    counts_header: bool = True
    counts_trailer: bool = True
    keep_alive: Literal["drop", "tell", "refuse"] = "drop"
    body_bytes_max: int = BODY_BYTES_MAX

    def __post_init__(self) -> None:
        require(self.size in range(1, _SIZE_MAX + 1), "a size of 1 to 4")
        require(self.encoding in _READERS, "binary, bcd, ascii or hex")
        require(self.keep_alive in ("drop", "tell", "refuse"), "drop, tell or refuse")
        require(self.body_bytes_max in range(1, 65_536), "a bound of 1 to 65535 bytes")
        require(self.limit_bytes > 0, "a length that can announce a body")

    @cached_property
    def counted_bytes(self) -> int:
        """What the length counts besides the body."""
        return (
            self.size * self.counts_itself
            + len(self.header) * self.counts_header
            + len(self.trailer) * self.counts_trailer
        )

    @cached_property
    def limit_bytes(self) -> int:
        """The longest body that the bound allows and the prefix can announce."""
        base = {"binary": 256, "bcd": 100, "ascii": 10, "hex": 16}[self.encoding]
        lengths: int = base**self.size
        return min(self.body_bytes_max, lengths - 1 - self.counted_bytes)

    @cached_property
    def beside_zero(self) -> bytes:
        """The fixed bytes that follow a length of zero: those that it does not count."""
        header = b"" if self.counts_header else self.header
        return header + (b"" if self.counts_trailer else self.trailer)

    def length(self, counted: int) -> bytes:
        """Write a length."""
        match self.encoding:
            case "binary":
                return counted.to_bytes(self.size, "big")
            case "bcd":
                return bytes.fromhex(f"{counted:0{2 * self.size}d}")
            case "ascii":
                return b"%0*d" % (self.size, counted)
            case "hex":
                return b"%0*X" % (self.size, counted)


class LengthPrefixFramer(StreamFramer):
    r"""Cuts a stream into messages.

    Keep-alives are dropped unless the prefix says otherwise. After a ``FramingError`` the stream has no
    known boundary any more: close it.

    Args:
        prefix: How the length stands there.

    Example:
        >>> from posrefund.framing import LengthPrefixFramer
        >>> framer = LengthPrefixFramer()
        >>> framer.feed(b"\x00\x03ab"), framer.feed(b"c\x00\x01z")
        ([], [b'abc', b'z'])
    """

    def __init__(self, prefix: LengthPrefix | None = None) -> None:
        self.prefix = prefix or LengthPrefix()
        super().__init__(self.prefix.size)
        self._read = _READERS[self.prefix.encoding]

    @property
    def held_bytes_max(self) -> int:
        """One byte less than the longest frame."""
        prefix = self.prefix
        around_bytes = prefix.size + len(prefix.header) + len(prefix.trailer)
        return around_bytes + prefix.limit_bytes - 1

    @closed
    def frame(self, body: bytes) -> bytes:
        """Return *body* with its length before it.

        Raises:
            FramingError: It is too long, or empty where keep-alives are not told.
        """
        prefix = self.prefix
        if not body and prefix.keep_alive == "tell":
            return prefix.length(0) + prefix.beside_zero
        require_body(0 < len(body) <= prefix.limit_bytes, f"1 to {prefix.limit_bytes} bytes")
        length = prefix.length(len(body) + prefix.counted_bytes)
        return length + prefix.header + body + prefix.trailer

    def _cut(self, data: Bytes, bodies: list[Bytes]) -> int:
        prefix, read = self.prefix, self._read
        size, counted_bytes, limit_bytes = prefix.size, prefix.counted_bytes, prefix.limit_bytes
        head_bytes, tail_bytes = size + len(prefix.header), len(prefix.trailer)
        fixed, tells = bool(prefix.header or prefix.trailer), prefix.keep_alive == "tell"
        at, have_bytes = 0, len(data)
        self._need_bytes = size
        while have_bytes - at >= size:
            length = read(data[at : at + size])
            body_at = at + head_bytes
            body_end = body_at + length - counted_bytes
            end = body_end + tail_bytes
            if not body_at < body_end <= body_at + limit_bytes:
                if self._refuses_length(length, at):
                    break
                if length == 0:
                    body_at = body_end = end = at + size + len(prefix.beside_zero)
            if end > have_bytes:
                self._need_bytes = end - at
                break
            if fixed and self._refuses_fixed(data[at:end], at, zero=length == 0):
                break
            if body_end > body_at or tells:
                bodies.append(data[body_at:body_end])
            at = end
        return at

    def _refuses_length(self, length: int, at: int) -> bool:
        """Whether a length that announces no body is no keep-alive either."""
        prefix = self.prefix
        if length < 0:
            self._refuse(f"a length in {prefix.encoding} digits", at)
        elif length > prefix.limit_bytes + prefix.counted_bytes:
            self._refuse(f"a length of at most {prefix.limit_bytes + prefix.counted_bytes}", at)
        elif prefix.keep_alive == "refuse" or length not in (0, prefix.counted_bytes):
            self._refuse(f"a length of at least {prefix.counted_bytes + 1}", at)
        return self._refused is not None

    def _refuses_fixed(self, whole: bytes | bytearray, at: int, *, zero: bool) -> bool:
        prefix = self.prefix
        behind = whole[prefix.size :]
        if zero:
            right = behind == prefix.beside_zero
        else:
            right = behind.startswith(prefix.header) and behind.endswith(prefix.trailer)
        if not right:
            self._refuse("the fixed bytes of this line", at)
        return not right


def _of_binary(prefix: bytes | bytearray) -> int:
    return int.from_bytes(prefix, "big")


def _of_bcd(prefix: bytes | bytearray) -> int:
    digits = prefix.hex()
    return int(digits) if digits.isdecimal() else -1


def _of_ascii(prefix: bytes | bytearray) -> int:
    return int(prefix) if prefix.isdigit() else -1


def _of_hex(prefix: bytes | bytearray) -> int:
    # int() would also read signs, blanks, underscores and 0x.
    return -1 if prefix.translate(None, _HEXADECIMAL) else int(prefix, 16)


_READERS: dict[str, Callable[[bytes | bytearray], int]] = {
    "binary": _of_binary,
    "bcd": _of_bcd,
    "ascii": _of_ascii,
    "hex": _of_hex,
}
"""Each gives -1 for what is no length."""

_DEFAULT = LengthPrefixFramer()


@closed
def frame(message: bytes) -> bytes:
    r"""Return *message* with two bytes of length before it.

    Raises:
        FramingError: It is empty or longer than 4096 bytes.

    Example:
        >>> from posrefund.framing import frame
        >>> frame(b"abc")
        b'\x00\x03abc'
    """
    return _DEFAULT.frame(message)
