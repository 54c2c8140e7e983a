"""Lines out of a file that comes in pieces, whatever the pieces are. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CHUNK_BYTES", "LINE_BYTES_MAX", "chunks_of", "lines_of"]

CHUNK_BYTES = 1 << 18
LINE_BYTES_MAX = 8_192
"""Nobody's row is longer; a file without a line end must not fill the memory."""


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """Return *file* piece by piece: never more than a few hundred kilobytes of it at once.

    Raises:
        OSError: It cannot be read.
    """
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Return the lines of a file without their ends, which are LF or CR LF; the last one may have none.

    Raises:
        DecodeError: A line is too long.

    Example:
        >>> from posrefund.office.files.lines import lines_of
        >>> list(lines_of([b"a\r", b"\nb", b"c"]))
        [b'a', b'bc']
    """
    rest, number = b"", 0
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
        number += len(whole)
        if len(rest) > LINE_BYTES_MAX:
            expected = f"at most {LINE_BYTES_MAX} bytes"
            raise DecodeError(f"line {number + 1}", expected, offset_bytes=LINE_BYTES_MAX)
    if rest:
        yield rest.removesuffix(b"\r")
