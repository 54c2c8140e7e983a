"""One small file, read with suspicion and replaced in one step. Floor 5.

It is its owner's alone, no link is followed, and a crash leaves the old one or the new one, whole. The
directory is synced too: a name that a power cut takes back would take a DUKPT counter back with it.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["alone", "overwrite", "read", "replace"]

_FILE_BYTES_MAX = 2**20
"""A key file has a few kilobytes; a device or a log in its place must not fill the memory."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE: int = getattr(os, "O_NONBLOCK", 0)  # a pipe in its place must not stop the program
_BINARY: int = getattr(os, "O_BINARY", 0)
_POSIX = sys.platform != "win32"
_sync_data = getattr(os, "fdatasync", os.fsync)


def read(path: Path) -> bytes:
    """Return what stands in the file.

    Raises:
        ConfigError: Not there, a link, no plain file, too long, others may touch it, or others may put
            another file in its place.
    """
    try:
        if path.is_symlink():
            message = f"the key file {path.name} is a link; name the file itself"
            raise ConfigError(message)
        file = os.open(path, os.O_RDONLY | _NO_LINK | _AT_ONCE | _BINARY)
        with os.fdopen(file, "rb") as opened:
            _check_file(path, os.fstat(file).st_mode)
            _check_folder(path)
            content = opened.read(_FILE_BYTES_MAX + 1)
    except (OSError, ValueError):  # a name that is none
        message = f"the key file {path.name} cannot be read"
        raise ConfigError(message) from None
    if len(content) > _FILE_BYTES_MAX:
        message = f"{path.name} is too long for a key file"
        raise ConfigError(message)
    return content


def _check_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        message = f"the key file {path.name} is no plain file"
        raise ConfigError(message)
    if _POSIX and mode & _OTHERS:
        message = f"the key file {path.name} may be read by others: chmod 600 it"
        raise ConfigError(message)


def _check_folder(path: Path) -> None:
    mode = path.parent.stat().st_mode
    if _POSIX and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        message = (
            f"everybody may put another file in the place of {path.name}: chmod o-w its folder"
        )
        raise ConfigError(message)


def replace(path: Path, content: bytes) -> None:
    """Put *content* in the place of what stands there, mode 0600; on return it survives a power cut.

    Raises:
        ConfigError: It cannot be written. The old file stands, or where only the last sync of the
            directory failed, the new one.
    """
    new = path.with_name(path.name + ".new")
    try:
        _check_folder(path)
        new.unlink(missing_ok=True)  # what a crash left behind, whatever its mode
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(file)
        new.replace(path)
        _sync_folder(path)
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be written: {error.strerror}") from None


def overwrite(path: Path, at: int, content: bytes) -> None:
    """Put *content* over what stands *at* bytes into the file; on return it survives a power cut.

    The file keeps its length. A power cut meanwhile may leave anything in these bytes, and in no others
    of other blocks.

    Raises:
        ConfigError: It cannot be written.
        FileNotFoundError: There is no file.
    """
    try:
        file = os.open(path, os.O_WRONLY | _NO_LINK | _BINARY)
        try:
            os.lseek(file, at, os.SEEK_SET)
            written = os.write(file, content)
            _sync_data(file)
        finally:
            os.close(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be written: {error.strerror}") from None
    if written != len(content):
        raise ConfigError(f"{path.name} cannot be written: only a part of it was")


def _sync_folder(path: Path) -> None:
    if _POSIX:  # Windows opens no directory, and writes its names down by itself
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep every other process, and every other thread, from changing the file meanwhile.

    Raises:
        ConfigError: The file ``<name>.lock`` beside it cannot be made or locked.
    """
    try:
        flags = os.O_RDWR | os.O_CREAT | _NO_LINK | _BINARY
        file = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be written: {error.strerror}") from None
    except ValueError:
        raise ConfigError("it cannot be written: no name of a file") from None
    try:
        _lock_or_refuse(file, path)
        yield
    finally:
        os.close(file)  # lets go on every system


def _lock_or_refuse(file: int, path: Path) -> None:
    try:
        _lock(file)
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be locked: {error.strerror}") from None


if sys.platform == "win32":  # pragma: no cover — the other branch on every other system
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)
