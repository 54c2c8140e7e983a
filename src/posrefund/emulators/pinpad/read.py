"""How the emulated pad reads a command, and which status tells what is wrong with it. Floor 9."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BadCommandError", "PINOrder", "numbered", "read_blocks", "read_pin_order"]

_WRONG = "011"
_PIN_ORDER = re.compile(
    rb"(?P<method>[0-3])(?P<index>\d\d)(?P<wrapped>[0-9A-Fa-f]{32})(?P<length>\d\d)(?P<pan>[0-9 ]{19})"
    rb"1(?P<least>\d\d)(?P<most>\d\d).{32}",
    re.DOTALL,
)
_PIN_DIGITS_MIN = 4
_LENGTHS = (0, *range(2, 20))


class BadCommandError(Exception):
    """The command is answered with *status*, for its sender to see; it never leaves the emulator."""

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True, slots=True)
class PINOrder:
    """What GPN says.

    Attributes:
        method: 1 for a working key, 3 for DUKPT.
        index: Number of the key.
        wrapped: The working key.
        pan: The account; empty for that of the card that was read.
        least: Digits of a PIN.
        most: Digits of a PIN.
    """

    method: str
    index: int
    wrapped: bytes = field(repr=False)
    pan: str = field(repr=False)
    least: int
    most: int


def read_blocks(rest: bytes) -> list[bytes]:
    """Return the blocks of a command.

    Raises:
        BadCommandError: A length is wrong.
    """
    blocks, at = [], 0
    while at < len(rest):
        length = rest[at : at + 3]
        if len(length) != 3 or not length.isdigit() or at + 3 + int(length) > len(rest):
            raise BadCommandError(_WRONG)
        blocks.append(rest[at + 3 : at + 3 + int(length)])
        at += 3 + int(length)
    return blocks


def numbered(blocks: Sequence[bytes]) -> dict[int, bytes]:
    """Return the numbered parameters of a command; of two with one number, the first.

    Raises:
        BadCommandError: A length is wrong.
    """
    found: dict[int, bytes] = {}
    for block in blocks:
        at = 0
        while at < len(block):
            number, length = (int.from_bytes(block[i : i + 2], "big") for i in (at, at + 2))
            end = at + 4 + length
            if at + 4 > len(block) or end > len(block):
                raise BadCommandError(_WRONG)
            found.setdefault(number, block[at + 4 : end])
            at = end
    return found


def read_pin_order(blocks: Sequence[bytes]) -> PINOrder:
    """Return what GPN says.

    Raises:
        BadCommandError: It is malformed, asks for less than four digits, or for more than one entry.
    """
    found = _PIN_ORDER.fullmatch(blocks[0]) if len(blocks) == 1 else None
    if found is None or found["method"] not in (b"1", b"3"):
        raise BadCommandError(_WRONG)
    length, least, most = (int(found[name]) for name in ("length", "least", "most"))
    pan = found["pan"].decode("ascii").rstrip(" ")
    if len(pan) != length or length not in _LENGTHS or not _PIN_DIGITS_MIN <= least <= most:
        raise BadCommandError(_WRONG)
    return PINOrder(
        method=found["method"].decode("ascii"),
        index=int(found["index"]),
        wrapped=bytes.fromhex(found["wrapped"].decode("ascii")),
        pan=pan,
        least=least,
        most=most,
    )
