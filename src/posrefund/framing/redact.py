r"""What may be kept of a message that passed: the contract of every redactor, and the ones that keep least. Floor 2.

A redactor takes the body of a frame and returns one of the same length in which everything that is not known to
be harmless is replaced: text by ``0``, bytes by zero. It is an allow-list (decision 0007): what nobody has named
is replaced. Framer and codec of the line have to be able to read what it returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from posrefund.closed import closed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Redactor", "keep_only", "redact_all"]

Redactor: TypeAlias = "Callable[[bytes], bytes]"
"""Same length out as in. It may raise: then nothing of the body is kept."""

_FILLS = {"binary": b"\0", "text": b"0"}


@closed
def keep_only(
    body: bytes, harmless: Iterable[tuple[int, int]], kind: Literal["binary", "text"] = "binary"
) -> bytes:
    r"""Return *body* with nothing left in it but the spans that are known to be harmless.

    Args:
        body: Of one frame.
        harmless: First and past-the-last byte of each; what lies outside *body* is nothing.
        kind: What stands everywhere else: zero bytes, or the digit ``0`` where a line carries text only.

    Example:
        >>> from posrefund.framing import keep_only
        >>> keep_only(b"GPN000:6200000000000005", [(0, 3), (3, 6)], "text")
        b'GPN00000000000000000000'
        >>> keep_only(bytes.fromhex("063103012345"), [(0, 3)]).hex()
        '063103000000'
    """
    left = bytearray(_FILLS[kind] * len(body))
    for start, end in harmless:
        kept = slice(max(0, start), max(0, end))
        left[kept] = body[kept]
    return bytes(left)


def redact_all(body: bytes) -> bytes:
    r"""Return as many zero bytes: for a line of which nothing is known.

    Example:
        >>> from posrefund.framing import redact_all
        >>> redact_all(b"6200")
        b'\x00\x00\x00\x00'
    """
    return bytes(len(body))
