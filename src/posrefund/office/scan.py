"""Is there card data in this? A scanner for whatever leaves the shop: text, files, what an archive holds. Floor 8.

It looks for card numbers in the notations of people and programs (grouped by spaces, dots, dashes or slashes, in
full-width digits, packed in hexadecimal or in bytes), for magnetic tracks, and for PIN blocks beside a word that names
one. What it found says where and of which kind, never what.

Many things have as many digits and are none. A number counts where all of it stands between what are no digits, its
first digits are those of a card, it is as long as such cards are, and it passes the Luhn check; grouped, where the groups
are those of a card. So dates, amounts, batch, STAN and RRN, alone or side by side, are none, whatever their digits. A run
of 24 hexadecimal digits or more, with letters among them, is bytes: a digest as a rule, a message perhaps. In it a number
counts where a message has it, behind MTI, bitmap and its length; where a run begins that is not as long as a digest (32,
40 or more); and in the text that it spells. Not looked for: a number within a longer one, base64, what is compressed.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from posrefund.errors import ConfigError
from posrefund.values.card import passes_luhn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["CardData", "find_card_data", "find_in_database"]


@dataclass(frozen=True, slots=True, order=True)
class CardData:
    """Where something stands that could be card data; never what.

    Attributes:
        offset: Of its first character, or byte.
        length: In the same.
        kind: What it looks like.
    """

    offset: int
    length: int
    kind: Literal["pan", "track", "pin_block"]


_CARD = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|35[0-9]{14,17}"  # American Express, Diners, JCB
    r"|(?:50|5[6-9]|6[0-9]|81|9[0-9])[0-9]{14,17}"  # UnionPay, Discover, Maestro, Chinese banks' own
)
"""First digits and lengths of ISO/IEC 7812 issuers that are in use; no 0, 1 or 7, and no year 20xx."""

_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)}
_RUN = re.compile(r"[0-9](?:[ ./\-\x00\u00a0]?[0-9]){12,}")
_BYTES = re.compile(r"(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{24,}")
_DATE = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])-[0-3][0-9](?![0-9])")
"""It belongs to no number, not even where one stands right before it, as in the pages of a database."""
_LEAST_DIGITS = 13
_LEAST_DIGEST, _SHORT_DIGEST = 40, 32
"""So long are digests; what is of another length may be a number with something behind it."""
_TRACK = re.compile(r"([0-9]{13,21})[=Dd][0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3}|%?B([0-9]{13,19})\^")
_PIN_BLOCK = re.compile(
    r"(?:[Pp][Ii][Nn][ _-]?[Bb][Ll](?:[Oo][Cc])?[Kk]|(?:DE|F|field) ?_?52|\"52\")[\"' :=]{1,6}"
    r"([0-9A-Fa-f]{16})(?![0-9A-Fa-f])"
)
_MESSAGE = re.compile(
    r"0[1248][0-9]{2}(?:[4-7][0-9a-f]{15}|[c-f][0-9a-f]{31})(1[3-9])([0-9a-f]{13,20})"
)
"""MTI, one bitmap or two with the bit of DE2, its length, and it."""
_BEHIND_TRACK = re.compile(r"d[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3}")
_BEFORE_TRACK = re.compile(r"(?:\A|2[1-9]|3[0-7]|57(?:0[a-f]|1[0-3]))([0-9]{13,19})")
"""At the beginning, or behind its length in digits (DE35) or a tag and its length (EMV, 57)."""
_BEFORE_DIGITS = 23


def find_card_data(data: str | bytes) -> list[CardData]:
    """Return every place of *data* where card data could stand, in order.

    Args:
        data: Text; or bytes, of which the UTF-8 and UTF-16 text and the packed digits are looked at.

    Example:
        >>> from posrefund.office import find_card_data
        >>> find_card_data("card 6200 0000 0000 0005, RRN 606806000001 000123, 2026-03-09")
        [CardData(offset=5, length=19, kind='pan')]
        >>> find_card_data("card 620000******0005")
        []
    """
    if isinstance(data, str):
        return sorted(set(_in_text(data)))
    text = data.decode("utf-8", "surrogateescape")
    found = set(_in_packed(data))
    for place in _in_text(text):
        start = _bytes_in(text[: place.offset])
        end = start + _bytes_in(text[place.offset : place.offset + place.length])
        found.add(CardData(start, end - start, place.kind))
    return sorted(found)


def find_in_database(path: Path) -> list[tuple[str, CardData]]:
    """Look at each value of each table of an SQLite file by itself, and say where each finding is.

    In the file as bytes columns stand side by side, and an RRN with what follows it may look like a card number by
    chance; between values there is no such chance. The file is only read.

    Returns:
        ``table.column, row 7`` and the finding within that value.

    Raises:
        ConfigError: It is no database that can be read.
    """
    found = []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            for (table,) in tables.fetchall():
                found += list(_in_table(db, table))
    except sqlite3.Error:
        raise ConfigError("no database that can be read") from None
    return found


def _in_table(db: sqlite3.Connection, table: str) -> Iterator[tuple[str, CardData]]:
    cursor = db.execute(f'SELECT * FROM "{table}"')
    names = [column[0] for column in cursor.description]
    for number, row in enumerate(cursor, start=1):
        for name, value in zip(names, row, strict=True):
            data = value if isinstance(value, str | bytes) else str(value)
            for place in find_card_data(data):
                yield f"{table}.{name}, row {number}", place


def _bytes_in(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _is_card(digits: str) -> bool:
    return _CARD.fullmatch(digits) is not None and passes_luhn(digits) and len(set(digits)) > 1


def _ends_in_card(digits: str) -> bool:
    """Whether the number before a separator is a card's; the track's own length may stand before it."""
    return any(_is_card(digits[-width:]) for width in range(13, min(len(digits), 19) + 1))


# --- text ------------------------------------------------------------------------------------------


def _in_text(text: str) -> Iterator[CardData]:
    text = text.translate(_FULL_WIDTH)
    tokens = [match.span() for match in _BYTES.finditer(text) if _is_whole(text, *match.span())]
    yield from _numbers(_DATE.sub("xxxxxxxxxx", _without(text, tokens)))
    for start, end in tokens:
        yield from _in_hexadecimal(text[start:end], start)
    for match in _TRACK.finditer(text):
        if _ends_in_card(match[1] or match[2]):
            yield CardData(match.start(), len(match[0]), "track")
    for match in _PIN_BLOCK.finditer(text):
        if len(set(match[1])) > 1:
            yield CardData(match.start(1), 16, "pin_block")


def _is_whole(text: str, start: int, end: int) -> bool:
    around = text[start - 1 : start] + text[end : end + 1]
    return not any(char.isascii() and char.isalnum() for char in around)


def _without(text: str, tokens: list[tuple[int, int]]) -> str:
    """Return *text* with letters in the place of *tokens*."""
    pieces, at = [], 0
    for start, end in tokens:
        pieces += [text[at:start], "x" * (end - start)]
        at = end
    return "".join([*pieces, text[at:]])


def _numbers(text: str) -> Iterator[CardData]:
    """Numbers that stand alone, or in groups."""
    for match in _RUN.finditer(text):
        groups = list(re.finditer(r"[0-9]+", match[0]))
        for first, last in _windows([len(group[0]) for group in groups]):
            digits = "".join(group[0] for group in groups[first:last])
            if _is_card(digits):
                start = match.start() + groups[first].start()
                yield CardData(start, groups[last - 1].end() - groups[first].start(), "pan")


def _windows(widths: list[int]) -> Iterator[tuple[int, int]]:
    """Which groups next to each other could be one number: first and behind the last."""
    for first in range(len(widths)):
        for last in range(first + 1, min(len(widths), first + 19) + 1):
            among = widths[first:last]
            if 13 <= sum(among) <= 19 and _is_grouping(among):
                yield first, last


def _is_grouping(widths: list[int]) -> bool:
    """Whether a card's number is written so: whole, in fours, 6 and the rest, 4-6-5, by twos, by ones."""
    if len(widths) == 1 or widths in ([4, 6, 5], [4, 6, 4]):
        return True
    inner, last = widths[:-1], widths[-1]
    if len(widths) == 2:
        return inner == [6] and last in (10, 13)
    return any(set(inner) == {width} and last <= width for width in (1, 2, 4))


# --- packed ----------------------------------------------------------------------------------------


def _in_hexadecimal(token: str, at: int) -> Iterator[CardData]:
    """Bytes that are spelt: text in them, or a packed message; or a message that spells its bitmap."""
    if token.count("3") >= _LEAST_DIGITS:  # a digit of text is spelt 3x
        for place in _in_text(bytes.fromhex(token[: len(token) & ~1]).decode("latin-1")):
            yield CardData(at + 2 * place.offset, 2 * place.length, place.kind)
    is_digest = len(token) == _SHORT_DIGEST or len(token) >= _LEAST_DIGEST
    for width in (16, 19):
        if not is_digest and _is_card(token[:width]):
            yield CardData(at, width, "pan")
    for place in _in_message(token.lower()):
        yield CardData(at + place.offset, place.length, place.kind)


def _in_packed(data: bytes) -> Iterator[CardData]:
    """Bytes with two digits each; what begins in the middle of a byte is no message."""
    for place in _in_message(data.hex(), step=2):
        end = place.offset + place.length
        yield CardData(place.offset // 2, (end + 1) // 2 - place.offset // 2, place.kind)


def _in_message(spelt: str, step: int = 1) -> Iterator[CardData]:
    """The number of a message, one of odd length with a filler before or behind it; a track with its separator."""
    for match in _each(_MESSAGE, spelt):
        width = int(match[1])
        for start in (0, 1) if width % 2 else (0,):
            digits = match[2][start : start + width]
            if match.start() % step == 0 and digits.isdecimal() and _is_card(digits):
                yield CardData(match.start(2) + start, width, "pan")
    for behind in _BEHIND_TRACK.finditer(spelt):
        begin = max(0, behind.start() - _BEFORE_DIGITS)
        for before in _each(_BEFORE_TRACK, spelt[begin : behind.start()]):
            at = begin + before.start(1)
            is_beginning = before.end(0) - before.start(0) == len(before[1])
            is_right = at % step == 0 and before.end() == behind.start() - begin
            if is_right and (at == 0 or not is_beginning) and _is_card(before[1]):
                yield CardData(at, len(before[1]), "track")


def _each(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield every match, those that overlap as well."""
    match = pattern.search(text)
    while match is not None:
        yield match
        match = pattern.search(text, match.start() + 1)
