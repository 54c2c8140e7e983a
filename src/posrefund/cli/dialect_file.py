"""A dialect by its name or by its file: the only place that opens dialect files. Floor 11."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from posrefund.dialects import dialect, names
from posrefund.dialects.file import load_dialect
from posrefund.errors import ConfigError, DialectFileError

if TYPE_CHECKING:
    from posrefund.dialects import Dialect

__all__ = ["find_dialect", "read_text", "suffix_of"]

_BYTES_MAX = 4_000_000
_SUFFIXES = (".toml", ".json")


def find_dialect(name: str, folder: Path = Path()) -> Dialect:
    """Return the dialect called *name*, or the one of the file of that name.

    Args:
        name: Of a built-in dialect, or the path of a TOML or JSON file.
        folder: What a path is relative to.

    Raises:
        ConfigError: There is no such dialect or file.
        DialectFileError: The file has faults.
    """
    if name in names():
        return dialect(name)
    if not name.endswith(_SUFFIXES):
        message = f"unknown dialect {name!r}; known: {', '.join(names())}, or a file that ends in .toml or .json"
        raise ConfigError(message)
    path = folder / name
    try:
        return load_dialect(read_text(path), suffix=suffix_of(path))
    except DialectFileError as error:
        count = len(error.faults)
        line, where, expected = error.faults[0]
        more = f" (and {count - 1} more: posrefund dialect lint {path})" if count > 1 else ""
        raise ConfigError(f"{path}:{line}: {where}: expected {expected}{more}") from None


def suffix_of(path: Path) -> Literal["toml", "json"]:
    """Return which of the two forms a file is in, from its name."""
    return "json" if path.suffix == ".json" else "toml"


def read_text(path: Path) -> str:
    """Return what a file holds.

    Raises:
        ConfigError: It cannot be read, is no text, or too large.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = getattr(error, "strerror", "") or "no name of a file"
        raise ConfigError(f"{path} cannot be read: {reason}") from None
    if len(data) > _BYTES_MAX:
        raise ConfigError(f"{path} has more than {_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: no UTF-8 text") from None
