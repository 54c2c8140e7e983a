"""Tag, three digits of length, value, and nothing around them: Caisse-AP over IP. Floor 2.

There is no end mark. A message ends where the next one begins, or where the line falls silent or is closed
(``end``). Refuses what is no tag, no length, or too long. A message that is cut inside a value is never given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from posrefund.closed import closed
from posrefund.errors import FramingError
from posrefund.framing.contract import BODY_BYTES_MAX, require, require_body
from posrefund.framing.stream import Bytes, StreamFramer

__all__ = ["TagText", "TagTextFramer"]

_TAG_BYTES, _HEAD_BYTES = 2, 5
_TAG = re.compile(rb"[A-Z][A-Z0-9]")


@dataclass(frozen=True, slots=True)
class TagText:
    """How the text stands on a stream.

    Attributes:
        first: The tag that begins a message and stands nowhere else in it.
        body_bytes_max: 5 to 65 535.

    Raises:
        ConfigError: One of them is something else.

    Source:
        Protocole caisse AP, version 3 and later, as the public clients and servers speak it.
    """

    first: bytes = b"CZ"
    body_bytes_max: int = BODY_BYTES_MAX

    def __post_init__(self) -> None:
        require(_TAG.fullmatch(self.first), "a first tag of two capitals or digits")
        require(self.body_bytes_max in range(_HEAD_BYTES, 65_536), "a bound of 5 to 65535 bytes")


class TagTextFramer(StreamFramer):
    """Cuts a stream of tagged text into messages.

    Args:
        line: Its first tag and its bound.

    Example:
        >>> from posrefund.framing import TagTextFramer
        >>> framer = TagTextFramer()
        >>> framer.feed(b"CZ0040300AE002"), framer.feed(b"10")
        ([], [])
        >>> framer.end()
        [b'CZ0040300AE00210']
    """

    def __init__(self, line: TagText | None = None) -> None:
        self.line = line or TagText()
        super().__init__(_TAG_BYTES)
        self._read_bytes = 0  # of what is held: whole fields

    @property
    def held_bytes_max(self) -> int:
        """The longest message and a byte of what may be the next."""
        return self.line.body_bytes_max + 1

    @property
    def may_end(self) -> bool:
        """Whether what is held ends with a whole field: silence would make it a message."""
        return 0 < len(self._held) == self._read_bytes

    @closed
    def frame(self, body: bytes) -> bytes:
        """Return *body* as it is.

        Raises:
            FramingError: It is not one message of whole fields, or too long.
        """
        require_body(len(body) <= self.line.body_bytes_max, self._bound())
        whole = f"one message of whole fields that begins with {self._first()}"
        require_body(self._is_one(body), whole)
        return body

    @closed
    def end(self) -> list[bytes]:
        """Nothing more comes; return the message that ends by that.

        Raises:
            FramingError: It ends inside a field.
        """
        if not self.may_end or self._refused:
            return super().end()
        body = bytes(self._held)
        self._consumed_bytes += len(body)
        self._held.clear()
        self._read_bytes, self._need_bytes = 0, _TAG_BYTES
        return [body]

    def _is_one(self, body: bytes) -> bool:
        other = TagTextFramer(self.line)
        try:
            return not other.feed(body) and other.end() == [body]
        except FramingError:
            return False

    def _cut(self, data: Bytes, bodies: list[Bytes]) -> int:
        began, at, have_bytes = 0, self._read_bytes, len(data)
        while have_bytes - at >= _TAG_BYTES:
            tag = data[at : at + _TAG_BYTES]
            if tag == self.line.first and at > began:
                bodies.append(data[began:at])
                began = at
            if self._refuses_tag(tag, at, first=at == began):
                break
            end = self._field_end(data[at + _TAG_BYTES : at + _HEAD_BYTES], began, at)
            if self._refused or end > have_bytes:
                break
            at = end
        self._read_bytes = at - began
        self._need_bytes = self._read_bytes + _TAG_BYTES
        return began

    def _field_end(self, digits: bytes | bytearray, began: int, at: int) -> int:
        """Where the field at *at* ends, as far as its length is there: never later than it will."""
        longest = self.line.body_bytes_max
        end = at + _HEAD_BYTES
        if digits and end - began <= longest and not digits.isdigit():
            self._refuse("three digits of length", at)
        elif end - began <= longest and len(digits) == _HEAD_BYTES - _TAG_BYTES:
            end += int(digits)
        if end - began > longest:
            self._refuse(self._bound(), began)
        return end

    def _refuses_tag(self, tag: bytes | bytearray, at: int, *, first: bool) -> bool:
        if first and tag != self.line.first:
            self._refuse(f"a message that begins with {self._first()}", at)
        elif not _TAG.fullmatch(tag):
            self._refuse("a tag of two capitals or digits", at)
        return self._refused is not None

    def _first(self) -> str:
        return self.line.first.decode("ascii")

    def _bound(self) -> str:
        return f"a message of at most {self.line.body_bytes_max} bytes"
