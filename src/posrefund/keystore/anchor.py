"""How far the journal was when something was last sent: one small file beside the key file. Floor 5.

Two slots in blocks of their own: the older one is written over and synced, so a torn write leaves the newer
one. Each is numbered, and sealed by HMAC under a key that the journal's key gives. Writing costs one sync.
"""

from __future__ import annotations

import hmac
import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import disk
from posrefund.keystore.contract import Anchor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AnchorFile", "AnchorKeeper"]

_SLOT_BYTES = 512
"""An anchor has some 350 bytes; a disk writes 512 whole."""
_BLOCK_BYTES = 4096
"""What a system writes at once: two slots never share one."""
_MAC_DIGITS = 64


@closed_class
class AnchorFile:
    """The file.

    Args:
        path: Where; made with mode 0600 by the first ``write``.
        journal_key: 32 bytes; the seal's key is derived from it.
    """

    def __init__(self, path: Path, journal_key: bytes) -> None:
        key = hmac.digest(journal_key, b"posrefund anchor", "sha256")
        self._key: Callable[[], bytes] = lambda: key  # printed or copied, it shows nothing
        self._path = path
        self._number: int | None = None
        """Of the newest slot; None until somebody looked."""

    def read(self) -> Anchor | None:
        """Return the newest anchor; None where there is no file.

        Raises:
            ConfigError: The file cannot be read, or others may touch it.
            InvalidKeyError: Neither slot has a right seal: changed, or of another key file.
        """
        if not os.path.lexists(self._path):
            self._number = None
            return None
        content = disk.read(self._path)
        found = [self._opened(content[at : at + _SLOT_BYTES]) for at in (0, _BLOCK_BYTES)]
        whole = [each for each in found if each is not None]
        if not whole:
            reason = f"{self._path.name} was changed, or is the anchor of another key file"
            raise InvalidKeyError(reason)
        self._number, anchor = max(whole, key=lambda each: each[0])
        return anchor

    def write(self, anchor: Anchor) -> None:
        """Keep *anchor*; on return it survives a power cut, and until then the one before does.

        Raises:
            ConfigError: It cannot be written.
        """
        number = self._next()
        if number:
            with suppress(FileNotFoundError):  # somebody took it away: a new one, whole
                at = number % 2 * _BLOCK_BYTES
                disk.overwrite(self._path, at, self._sealed(number, anchor))
                self._number = number
                return
        disk.replace(self._path, self._sealed(0, anchor).ljust(2 * _BLOCK_BYTES, b"\0"))
        self._number = 0

    def _next(self) -> int:
        """The number of the next slot; 0 where the whole file has to be made, or made anew."""
        if self._number is None:
            with suppress(InvalidKeyError):
                self.read()
        return 0 if self._number is None else self._number + 1

    def _sealed(self, number: int, anchor: Anchor) -> bytes:
        whose = [anchor.terminal, anchor.merchant, anchor.journal_id]
        place = [anchor.seq, anchor.link.hex(), anchor.stan, anchor.at.isoformat()]
        text = json.dumps([number, *whose, *place]).encode("ascii")
        return (self._mac(text) + b" " + text + b"\n").ljust(_SLOT_BYTES, b"\0")

    def _opened(self, slot: bytes) -> tuple[int, Anchor] | None:
        text = slot[_MAC_DIGITS + 1 :].rstrip(b"\0").removesuffix(b"\n")
        if not hmac.compare_digest(self._mac(text), slot[:_MAC_DIGITS]):
            return None
        number, terminal, merchant, name, seq, link, stan, at = json.loads(text)
        when = datetime.fromisoformat(at)
        return number, Anchor(terminal, merchant, name, seq, bytes.fromhex(link), stan, when)

    def _mac(self, text: bytes) -> bytes:
        return hmac.digest(self._key(), text, "sha256").hex().encode("ascii")


class AnchorKeeper:
    """What a key store does with its journal's anchor."""

    _anchors: AnchorFile

    def anchor(self) -> Anchor | None:
        """Return the newest anchor; None before the first.

        Raises:
            ConfigError: It cannot be read, or others may touch it.
            InvalidKeyError: It was changed, or is another key store's.
        """
        return self._anchors.read()

    def keep_anchor(self, anchor: Anchor) -> None:
        """Keep *anchor*, durably, in the place of the one before.

        Raises:
            ConfigError: It cannot be written; the one before stands.
        """
        self._anchors.write(anchor)

    def _moor(self, key_file: Path, anchor_file: str | os.PathLike[str] | None, key: bytes) -> None:
        beside = key_file.with_name(key_file.name + ".anchor")
        self._anchors = AnchorFile(beside if anchor_file is None else Path(anchor_file), key)

    def _cast_off(self) -> None:
        """Take away what an earlier key file of this name left behind: no journal of it opens any more.

        Raises:
            ConfigError: It cannot be taken away.
        """
        try:
            self._anchors._path.unlink(missing_ok=True)  # noqa: SLF001 — of the same file
        except OSError as error:
            raise ConfigError(f"the old anchor cannot be removed: {error.strerror}") from None
