"""Where the command line has an operator's PIN from: typed and not shown, or a line of a file or a pipe. Floor 11.

Never an argument: arguments stand in the list of processes and in the history of a shell.
"""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.screen import stderr
from posrefund.closed import closed_class
from posrefund.errors import ConfigError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PINFileOption", "PINs"]

PINFileOption = Annotated[
    Path | None,
    typer.Option(
        "--pin-file",
        help="PINs, one a line, in the order they are asked for; - is standard input.",
    ),
]

_TRIES = 3


@closed_class
class PINs:
    """PINs, one after the other.

    Args:
        path: A file of them; ``-`` or no keyboard: standard input.

    Raises:
        ConfigError: The file cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._is_typed = path is None and sys.stdin.isatty()
        self._lines = _lines_of(None if self._is_typed else path or Path("-"))

    def ask(self, number: str) -> str:
        """Return the PIN of operator *number*, whatever was typed.

        Raises:
            ConfigError: There is no further line.
        """
        return self._next(f"PIN of operator {number} (not shown) / 操作员 {number} 密码: ")

    def choose(self, number: str) -> str:
        """Return a new PIN for operator *number*; typed twice, if it is typed.

        Raises:
            ConfigError: There is no further line.
            InvalidRequestError: It was never typed the same twice.
        """
        for _ in range(_TRIES):
            pin = self._next(f"new PIN of operator {number}, 6 to 12 digits / 新密码: ")
            if not self._is_typed or pin == self._next("the same again / 再输一次: "):
                return pin
            stderr.print("these were two different ones / 两次输入不同")
        raise InvalidRequestError([("pin", "the same one twice")])

    def _next(self, question: str) -> str:
        if self._is_typed:
            return getpass(question)
        try:
            line = next(self._lines)
        except StopIteration:
            message = "a PIN is missing: one a line, in the order they are asked for"
        except UnicodeDecodeError:
            message = "a PIN is digits: what came is no text"
        else:
            return line.rstrip("\r\n")
        raise ConfigError(message)


def _lines_of(path: Path | None) -> Iterator[str]:
    if path is None:
        return iter(())
    if path == Path("-"):
        return iter(sys.stdin)
    try:
        return iter(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} cannot be read") from None
