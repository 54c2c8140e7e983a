"""Follows the file of a door's tokens: who is added may ask some seconds later, who is removed may not. Floor 11."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from posrefund.cli.screen import as_text, stderr
from posrefund.cli.token_file import read_tokens
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.gateway import Tokens

__all__ = ["TokenFile"]


class TokenFile:
    """The file of *tokens*.

    Args:
        path: Where it is.
        tokens: What is known of it so far; changed in place.
    """

    def __init__(self, path: Path, tokens: Tokens) -> None:
        self._path, self._tokens = path, tokens
        self._seen = self._mark()

    def look(self) -> bool:
        """Read the file anew if it is another than before; say whether other tokens are known now.

        What cannot be read is said once on the error output, and the tokens that are known stay.
        """
        mark = self._mark()
        if mark == self._seen:
            return False
        self._seen = mark
        try:
            self._tokens.become(read_tokens(self._path))
        except ConfigError as error:
            stderr.print(as_text(f"tokens stay as they were: {error}"))
            return False
        stderr.print(as_text(f"tokens read anew: {len(self._tokens)}"))
        return True

    async def follow(self, every_s: float) -> None:
        """Look so often, until it is cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await asyncio.to_thread(self.look)

    def _mark(self) -> tuple[int, int, int] | None:
        """What is another for another file; None where there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
