"""What ABECS commands and answers are made of: names, statuses, blocks and numbered parameters. Floor 6, pure bytes.

Refuses an answer to another command, a status that is none, a length that does not end where the answer ends,
and data behind a refusal. Parameters that nobody asked for are passed over, as the paper wants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from posrefund.closed import closed
from posrefund.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "NOTICE",
    "PadAnswer",
    "command",
    "parameters",
    "read_answer",
    "read_parameters",
    "wrong",
]

NOTICE = b"NTM"
"""Names a message for the clerk, sent while a command waits for the customer."""
_UNKNOWN = b"ERR"
_OK = "000"
_BLOCK_BYTES_MAX = 999


@dataclass(frozen=True, slots=True)
class PadAnswer:
    """One answer, taken apart.

    Attributes:
        status: Three digits; ``000`` is the only yes.
        blocks: What the pad tells, without the lengths; none behind another status.
    """

    status: str
    blocks: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def is_done(self) -> bool:
        """Whether the pad did it."""
        return self.status == _OK


@closed
def command(name: str, *blocks: bytes) -> bytes:
    """Return a command with its blocks, of at most 999 bytes each.

    Source:
        ABECS PIN pad protocol 2.12, 2.3.1.

    Example:
        >>> from posrefund.devices.abecs.message import command
        >>> command("OPN"), command("GDU", b"312")
        (b'OPN', b'GDU003312')
    """
    return name.encode("ascii") + b"".join(b"%03d" % len(block) + block for block in blocks)


@closed
def parameters(given: Mapping[int, bytes]) -> list[bytes]:
    """Return numbered parameters as the blocks of a command, none cut in two.

    Shape:
        Each: number and length, two bytes each, high byte first, and the value, at most 995 bytes.

    Source:
        ABECS PIN pad protocol 2.12, 3.1.3.1.

    Example:
        >>> from posrefund.devices.abecs.message import parameters
        >>> parameters({0x0006: b"010000"})[0].hex()
        '00060006303130303030'
    """
    blocks = [b""]
    for number, value in given.items():
        one = number.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
        if len(blocks[-1]) + len(one) > _BLOCK_BYTES_MAX:
            blocks.append(b"")
        blocks[-1] += one
    return blocks


@closed
def read_answer(body: bytes, name: str) -> PadAnswer:
    """Take the answer to the command called *name* apart.

    Raises:
        RemoteProtocolError: It is the answer to something else, or malformed.

    Source:
        ABECS PIN pad protocol 2.12, 2.3.2 and 2.3.4.

    Example:
        >>> from posrefund.devices.abecs.message import read_answer
        >>> read_answer(b"GPN013", "GPN"), read_answer(b"GDU000003abc", "GDU").blocks
        (PadAnswer(status='013'), (b'abc',))
    """
    said, status, rest = body[:3], body[3:6], body[6:]
    if said not in (name.encode("ascii"), _UNKNOWN):
        raise wrong("an answer to this command")
    if len(status) != 3 or not status.isdigit():
        raise wrong("a status of three digits")
    answer = PadAnswer(status.decode("ascii"), tuple(_blocks(rest)))
    if answer.blocks and not answer.is_done:
        raise wrong("no data behind a refusal")
    if said == _UNKNOWN and answer.is_done:
        raise wrong("a reason for not knowing the command")
    return answer


def _blocks(rest: bytes) -> Iterator[bytes]:
    while rest:
        length, rest = rest[:3], rest[3:]
        if len(length) != 3 or not length.isdigit() or int(length) > len(rest):
            raise wrong("a length that its block has")
        yield rest[: int(length)]
        rest = rest[int(length) :]


@closed
def read_parameters(blocks: Sequence[bytes]) -> dict[int, bytes]:
    """Return the numbered data of an answer.

    Raises:
        RemoteProtocolError: A length is wrong, or a number stands there twice.
    """
    found: dict[int, bytes] = {}
    for block in blocks:
        rest = block
        while rest:
            number, end = int.from_bytes(rest[:2], "big"), 4 + int.from_bytes(rest[2:4], "big")
            if len(rest) < 4 or end > len(rest):
                raise wrong("a length that its datum has")
            if number in found:
                raise wrong("each datum once")
            found[number] = rest[4:end]
            rest = rest[end:]
    return found


def wrong(expected: str) -> RemoteProtocolError:
    """Return the error of a pad that broke its rules: *expected* says how it should have been."""
    return RemoteProtocolError(f"the PIN pad broke its rules: expected {expected}")
