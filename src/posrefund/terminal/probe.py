"""What a disk says when it is asked: a small file written, synced, read again and taken away. Floor 7."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["free_bytes", "probe_folder"]

_BYTES = 4096
_EXCLUSIVE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def probe_folder(folder: Path) -> tuple[str, int]:
    """Write a file of 4096 bytes into *folder*, sync it, read it again, and remove it.

    Returns:
        Why that did not work, empty if it did; and how many milliseconds it took. That the disk did sync, and that
        the bytes read come from it, only the disk knows.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.terminal.probe import probe_folder
        >>> probe_folder(Path(tempfile.mkdtemp()))[0]
        ''
    """
    path = folder / f".posrefund-probe-{secrets.token_hex(8)}"
    began = time.monotonic()
    try:
        reason = _write_and_read(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    finally:
        with suppress(OSError):
            path.unlink()
    return reason, round((time.monotonic() - began) * 1000)


def free_bytes(folder: Path) -> int | None:
    """Return how many bytes are free for us where *folder* is, or None if nobody says."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _write_and_read(path: Path) -> str:
    written = secrets.token_bytes(_BYTES)
    descriptor = os.open(path, _EXCLUSIVE, 0o600)
    try:
        if os.write(descriptor, written) != _BYTES:
            return "not all of it was taken"
        os.fsync(descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return "" if os.read(descriptor, _BYTES) == written else "other bytes came back"
    finally:
        os.close(descriptor)
