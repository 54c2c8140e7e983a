"""A dialect file as data, and which line each key of it stands on. Floor 3: takes text.

``tomllib`` and ``json`` say what a file holds and forget where. The walk here goes through a text that one of
them has taken already, so it may trust its grammar; it only notes where keys begin.
"""

from __future__ import annotations

import json
import re
import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Literal

from posrefund.errors import DialectFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Lines", "Path", "Suffix", "parse", "spoken"]

Path = tuple[str | int, ...]
Suffix = Literal["toml", "json"]

_TEXT_CHARACTERS_MAX = 1_000_000
"""A hundred times the largest table we know."""
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\s]*(?: [0-9][^,\]}#\s]*)?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
_LONG_QUOTED = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"""{1,3}|\'\'\'(?:[^\']|\'{1,2}(?!\'))*\'\'\'{1,3}', re.DOTALL
)
_SECRET = re.compile(r"\d{7,}|[0-9A-Fa-f]{12,}")
_WHERE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")


def spoken(text: str) -> str:
    """Return *text* without what could be a card number or a key: errors say where, never what.

    Example:
        >>> from posrefund.dialects.file.lines import spoken
        >>> spoken("fields.6200000000000005: no such key")
        'fields.…: no such key'
    """
    printable = "".join(char if char.isprintable() else "…" for char in text)
    return _SECRET.sub("…", printable)


class Lines:
    """Where the keys of a file stand.

    Attributes:
        repeated: Paths of keys that stand there twice.
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._places: dict[Path, int] = {}
        self.repeated: list[Path] = []

    def note(self, path: Path, at: int) -> None:
        """Remember that *path* begins at character *at*."""
        if path in self._places:
            self.repeated.append(path)
        self._places[path] = self.line_at(at)

    def touch(self, path: Path, at: int) -> None:
        """Remember *path*, unless it is known: a table that may be opened more than once."""
        self._places.setdefault(path, self.line_at(at))

    def line_at(self, at: int) -> int:
        """Return the line of character *at*, counted from 1."""
        return bisect_right(self._starts, at)

    def of(self, path: Sequence[str | int]) -> int:
        """Return the line of *path*, or of the nearest table around it; ``base`` stands for what it gave."""
        whole = tuple(path)
        for size in range(len(whole), 0, -1):
            if whole[:size] in self._places:
                return self._places[whole[:size]]
        return self._places.get(("base",), 1)


def parse(text: str, suffix: Suffix) -> tuple[dict[str, Any], Lines]:
    """Return what *text* holds, and its lines.

    Raises:
        DialectFileError: It is no TOML or JSON of a table.
    """
    if len(text) > _TEXT_CHARACTERS_MAX:
        raise DialectFileError([(1, "file", f"at most {_TEXT_CHARACTERS_MAX} characters")])
    text = text.removeprefix("\ufeff")
    lines = Lines(text)
    try:
        data = tomllib.loads(text) if suffix == "toml" else _json(text)
        walk = _TOML(text, lines) if suffix == "toml" else _JSON(text, lines)
        walk.document()
    except tomllib.TOMLDecodeError as error:
        raise DialectFileError([_toml_fault(str(error), text)]) from None
    except json.JSONDecodeError as error:
        raise DialectFileError([(error.lineno, "file", f"JSON ({spoken(error.msg)})")]) from None
    except (ValueError, RecursionError):
        expected = f"{suffix.upper()} with plain numbers, nested less deep"
        raise DialectFileError([(1, "file", expected)]) from None
    if not isinstance(data, dict):
        raise DialectFileError([(1, "file", "an object with keys")])
    return data, lines


def _json(text: str) -> Any:
    def refuse(_: str) -> None:
        raise ValueError

    return json.loads(text, parse_constant=refuse)


def _toml_fault(said: str, text: str) -> tuple[int, str, str]:
    """What tomllib says, without the words it quotes."""
    where = _WHERE.search(said)
    line = int(where[1]) if where and where[1] else text.count("\n") + 1
    return line, "file", f"TOML ({spoken(_WHERE.sub('', said))})"


class _JSON:
    """Walks through JSON."""

    def __init__(self, text: str, lines: Lines) -> None:
        self.text = text
        self.lines = lines
        self.at = 0

    def document(self) -> None:
        """Note every key."""
        self._value(())

    def _skip(self) -> str:
        while self.text[self.at : self.at + 1] in (" ", "\t", "\r", "\n"):
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _value(self, path: Path) -> None:
        opening = self._skip()
        if opening == "{":
            for _ in self._items("}"):
                start = self.at
                key = json.loads(self._text())
                self.lines.note((*path, key), start)
                self._skip()
                self.at += 1  # the colon
                self._value((*path, key))
        elif opening == "[":
            for index in self._items("]"):
                self.lines.note((*path, index), self.at)
                self._value((*path, index))
        elif opening == '"':
            self._text()
        else:
            found = _SCALAR.match(self.text, self.at)
            self.at = found.end() if found else len(self.text)

    def _text(self) -> str:
        """Return the text that begins here, quotes and all, and step over it."""
        found = _QUOTED.match(self.text, self.at)
        start, self.at = self.at, found.end() if found else len(self.text)
        return self.text[start : self.at]

    def _items(self, closing: str) -> Iterator[int]:
        """Yield before each item of an object or array."""
        self.at += 1
        index = 0
        while self._skip() not in (closing, ""):
            if self.text[self.at] == ",":
                self.at += 1
                continue
            yield index
            index += 1
        self.at += 1


class _TOML:
    """Walks through TOML."""

    def __init__(self, text: str, lines: Lines) -> None:
        self.text = text
        self.lines = lines
        self.at = 0
        self._table: Path = ()
        self._counts: dict[Path, int] = {}

    def document(self) -> None:
        """Note every key, whatever way its table is written."""
        while self._skip():
            if self.text[self.at] == "[":
                self._header()
            else:
                self._pair(self._table)

    def _skip(self) -> str:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def _header(self) -> None:
        start = self.at
        is_array = self.text.startswith("[[", self.at)
        self.at += 1 + is_array
        path: Path = ()
        keys = self._key()
        self.at += 1 + is_array
        for key in keys[:-1]:
            path = (*path, key)
            self.lines.touch(path, start)
            path = (*path, self._counts[path] - 1) if path in self._counts else path
        path = (*path, keys[-1])
        self.lines.touch(path, start)
        if is_array:
            self._counts[path] = self._counts.get(path, 0) + 1
            path = (*path, self._counts[path] - 1)
            self.lines.touch(path, start)
        self._table = path

    def _key(self) -> list[str]:
        keys = []
        while True:
            quote = self._skip()
            if quote in ('"', "'"):
                found = _QUOTED.match(self.text, self.at)
                text = found[0] if found else quote * 2
                keys.append(tomllib.loads(f"k = {text}")["k"])
            else:
                found = _BARE.match(self.text, self.at)
                keys.append(found[0] if found else "")
            self.at = found.end() if found else len(self.text)
            if self._skip() != ".":
                return keys
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        path = table
        for key in self._key():
            path = (*path, key)
            self.lines.touch(path, start)
        self.at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self._skip()
        if opening in ("[", "{"):
            self._inside(path, opening)
            return
        pattern = _SCALAR
        if opening in ('"', "'"):
            is_long = self.text.startswith(opening * 3, self.at)
            pattern = _LONG_QUOTED if is_long else _QUOTED
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found and found.end() > self.at else len(self.text)

    def _inside(self, path: Path, opening: str) -> None:
        self.at += 1
        index = 0
        while (char := self._skip()) not in ("]", "}", ""):
            if char == ",":
                self.at += 1
            elif opening == "{":
                self._pair(path)
            else:
                self.lines.touch((*path, index), self.at)
                self._value((*path, index))
                index += 1
        self.at += 1
