"""The readable part of a key block: 16 characters and optional blocks. TR-31:2018, X9.143:2021. Floor 2.

What does not fit is a ``ValueError`` here, which ``_keyblock`` turns into its one refusal.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HEADER_CHARACTERS", "Header", "format_header", "parse_header"]

HEADER_CHARACTERS = 16
_HEX = frozenset("0123456789ABCDEF")
_DIGITS = frozenset("0123456789")
_PADDING_ID = "PB"


@dataclass(frozen=True, slots=True)
class Header:
    """What a key block says about its key, in the standard's own letters.

    Attributes:
        version: How key and header are bound: A to E.
        usage: Two characters: P0 PIN, M0 to M7 MAC, D0 data, K0 and K1 key-encrypting, B0 and B1 DUKPT.
        algorithm: T is TDEA, A is AES, D is DES, H is HMAC.
        mode: E encrypts, D decrypts, B both, G generates, V verifies, C both, X derives, N anything.
        key_version: Two characters; 00 is none.
        exportability: E under a key of the same form, N not at all, S by other means too.
        optional: Identifier and text of each optional block, the padding left out.
    """

    version: str
    usage: str
    algorithm: str
    mode: str
    key_version: str = "00"
    exportability: str = "N"
    optional: tuple[tuple[str, str], ...] = ()


def parse_header(block: str) -> tuple[Header, int]:
    """Return the header and where the cipher text begins.

    Raises:
        ValueError: The block is too short, or a length or a character in it is none.
    """
    _check(block.isascii() and block.isprintable() and len(block) >= HEADER_CHARACTERS)
    _check(block[0] in "ABCDE" and _number(block[1:5], _DIGITS) == len(block))
    _check(block[5:12].isalnum())
    optional, place = [], HEADER_CHARACTERS
    for _ in range(_number(block[12:14], _DIGITS)):
        label, text, place = _parse_optional(block, place)
        optional.append((label, text))
    kept = tuple(each for each in optional if each[0] != _PADDING_ID)
    header = Header(block[0], block[5:7], block[7], block[8], block[9:11], block[11], kept)
    return header, place


def _parse_optional(block: str, start: int) -> tuple[str, str, int]:
    label, text_at = block[start : start + 2], start + 4
    _check(label.isalnum())
    length = _number(block[start + 2 : text_at], _HEX)
    if length == 0:  # the long form: how many characters the length has, then the length
        digits = _number(block[text_at : text_at + 2], _HEX)
        text_at += 2 + digits
        length = _number(block[text_at - digits : text_at], _HEX)
    end = start + length
    _check(text_at <= end <= len(block))
    return label, block[text_at:end], end


def _number(text: str, digits: frozenset[str]) -> int:
    _check(bool(text) and set(text) <= digits)
    return int(text, 16 if digits is _HEX else 10)


def _check(fits: bool) -> None:  # noqa: FBT001 — one argument, and it is the question
    if not fits:
        raise ValueError


def format_header(header: Header, *, sealed_characters: int, multiple_of: int) -> str:
    """Return the characters before the cipher text; a padding block fills them up to *multiple_of*.

    Raises:
        ValueError: The header cannot be written: a field of another length, too much in it.
    """
    blocks = [_format_optional(label, text) for label, text in header.optional]
    missing = -sum(map(len, blocks)) % multiple_of
    if missing:
        missing += (
            0 if missing >= 4 else multiple_of
        )  # a block has at least its own four characters
        blocks.append(_format_optional(_PADDING_ID, "0" * (missing - 4)))
    body = "".join(blocks)
    length = HEADER_CHARACTERS + len(body) + sealed_characters
    fields = (header.usage, header.algorithm, header.mode, header.key_version, header.exportability)
    text = f"{header.version}{length:04}{''.join(fields)}{len(blocks):02}00{body}"
    filled = text + "0" * sealed_characters
    _check(len(text) == HEADER_CHARACTERS + len(body))
    _check(parse_header(filled) == (header, len(text)))
    return text


def _format_optional(label: str, text: str) -> str:
    if 4 + len(text) <= 0xFF:
        return f"{label}{4 + len(text):02X}{text}"
    return f"{label}0004{10 + len(text):04X}{text}"
