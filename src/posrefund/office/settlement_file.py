"""Reads UnionPay's settlement file, given as text, into rows without card numbers. Floor 8.

Strict: one line that does not fit refuses the whole file, so that a cut-off file never proves an
absence. Nothing is applied here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.office.files import FileReader, layout

if TYPE_CHECKING:
    from posrefund.engine.evidence import FileRow

__all__ = ["as_bytes", "read_settlement_file"]

_NO_BYTE = re.compile("[^\x00-\xff]")


def as_bytes(text: str) -> bytes:
    """Return *text* as the bytes of its file; a character that is none becomes one that fits nowhere."""
    return _NO_BYTE.sub("\0", text).encode("latin-1")


@closed
def read_settlement_file(text: str) -> list[FileRow]:
    """Return the rows of a file, those of other kinds and codes too: they prove nothing but presence.

    Shape:
        Lines of 299 characters, fields as the layout ``unionpay-acom`` lists them.

    Raises:
        DecodeError: Path ``line N`` and the column where it does not fit; nothing was read.
    """
    return list(FileReader(layout("unionpay-acom")).rows([as_bytes(text)]))
