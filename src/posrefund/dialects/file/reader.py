"""Reads one table of a dialect file, and collects what is wrong with it. Floor 3.

Nothing here stops at the first fault: a value that is not what it should be is noted, and a stand-in goes on.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from posrefund.dialects.file.lines import spoken

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from posrefund.dialects.file.lines import Lines, Path

__all__ = ["FileFault", "Findings", "Table"]

_FAULTS_MAX = 500
"""Nobody reads more of them."""


class FileFault(NamedTuple):
    """Something that a dialect file has wrong.

    Attributes:
        line: Where, counted from 1.
        path: Of the key: ``"messages.refund.request"``.
        expected: What should stand there, never what does; of a warning, what will surprise.
    """

    line: int
    path: str
    expected: str


class Findings:
    """Faults and warnings of one file."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._faults: dict[FileFault, None] = {}
        self._warnings: dict[FileFault, None] = {}

    @property
    def is_full(self) -> bool:
        """Whether no more faults are taken."""
        return len(self._faults) >= _FAULTS_MAX

    def fault(self, path: Path, expected: str) -> None:
        """Note that *expected* is not what stands at *path*."""
        if not self.is_full:
            self._faults[self._at(path, expected)] = None

    def warn(self, path: Path, surprise: str) -> None:
        """Note what is legal and will surprise."""
        self._warnings[self._at(path, surprise)] = None

    @property
    def faults(self) -> tuple[FileFault, ...]:
        """What makes it no dialect, in the order of the lines."""
        return tuple(sorted(self._faults, key=lambda each: each.line))

    @property
    def warnings(self) -> tuple[FileFault, ...]:
        """What is legal and will surprise, in the order of the lines."""
        return tuple(sorted(self._warnings, key=lambda each: each.line))

    def _at(self, path: Path, expected: str) -> FileFault:
        words = ""
        for step in path:
            words += f"[{step}]" if isinstance(step, int) else f".{step}"
        name = words.removeprefix(".") or "file"
        return FileFault(self._lines.of(path), spoken(name), spoken(expected))


class Table:
    """One table: gives what its keys hold, in the type they should have."""

    def __init__(self, data: Any, path: Path, findings: Findings) -> None:
        self.path = path
        self.findings = findings
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        if not isinstance(data, Mapping):
            findings.fault(path, "a table")

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def fault(self, key: str, expected: str) -> None:
        """Note what was expected of *key*."""
        self.findings.fault((*self.path, key), expected)

    def only(self, known: Collection[str], what: str = "a key") -> None:
        """Fault every key that is not *known*, and say which one is nearest."""
        for key in self.data:
            if self.findings.is_full:
                return
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else f": {', '.join(known)}"
                self.fault(key, f"{what} that is known{hint}")

    def text(self, key: str, default: str = "", *, like: str = "", what: str = "text") -> str:
        """Return the text at *key*; the pattern *like* is met by all of it, and *what* says so."""
        value = self.data.get(key, default)
        if isinstance(value, str) and (not like or re.fullmatch(like, value)):
            return value
        self.fault(key, what)
        return default

    def needs(self, key: str, *, like: str = ".+", what: str = "text, not empty") -> str:
        """Return the text at *key*, which has to be there."""
        if key not in self.data:
            self.fault(key, f"{what}; it is missing")
            return ""
        return self.text(key, like=f"(?s:{like})", what=what)

    def choice(self, key: str, choices: Iterable[str], default: str = "") -> str:
        """Return which of *choices* stands at *key*."""
        found = [*choices]
        if self.data.get(key, default) not in found:
            self.fault(key, f"one of {', '.join(found)}")
            return found[0]
        return str(self.data.get(key, default))

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        """Return the whole number at *key*."""
        value = self.data.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.fault(key, f"a whole number from {least} to {most}")
        return default

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return whether *key* is true."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            self.fault(key, "true or false")
            return default
        return value

    def table(self, key: str) -> Table:
        """Return the table at *key*; an empty one if it is missing."""
        return Table(self.data.get(key, {}), (*self.path, key), self.findings)

    def rows(self, key: str) -> Iterator[Table]:
        """Yield the tables of the list at *key*."""
        found = self.data.get(key, [])
        if not isinstance(found, list):
            self.fault(key, "a list of tables")
            return
        for index, row in enumerate(found):
            yield Table(row, (*self.path, key, index), self.findings)

    def words(self, key: str, default: dict[str, str]) -> dict[str, str]:
        """Return *default* with what the table at *key* says: texts by name; ``false`` takes one out."""
        found, inner = dict(default), self.table(key)
        for name, value in inner.data.items():
            if value is False:
                found.pop(name, None)
            else:
                found[name] = inner.text(name)
        return found
