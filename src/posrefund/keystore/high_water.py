"""How new the key file was: a number in another place, so that an older copy is noticed. Floor 5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError
from posrefund.keystore import disk

if TYPE_CHECKING:
    from os import PathLike

    from posrefund.keystore.contract import HighWater

__all__ = ["HighWaterFile", "check_high_water"]

_DIGITS_MAX = 16


class HighWaterFile:
    """A mark in a small file of its own.

    It is worth something only where who can put the key file back cannot put this file back, too: on another
    disk, under another owner, outside the backup.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from posrefund.keystore import HighWaterFile
        >>> mark = HighWaterFile(Path(tempfile.mkdtemp()) / "mark")
        >>> mark.raise_to(7)
        >>> mark.raise_to(3)
        >>> mark.read()
        7
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._path = Path(path)

    def read(self) -> int:
        """Return the mark; 0 where there is no file yet.

        Raises:
            ConfigError: The file cannot be read, others may touch it, or it holds no number.
        """
        if not _is_there(self._path):
            return 0
        text = disk.read(self._path).removesuffix(b"\n")
        if not text.isdigit() or len(text) > _DIGITS_MAX:
            message = f"{self._path.name} holds no generation of a key file"
            raise ConfigError(message)
        return int(text)

    def raise_to(self, generation: int) -> None:
        """Keep *generation* if it is higher than the mark.

        Raises:
            ConfigError: The file cannot be read or written.
        """
        with disk.alone(self._path):
            if generation > self.read():
                disk.replace(self._path, b"%d\n" % generation)


def _is_there(path: Path) -> bool:
    """Say no only where that is certain: a mark that cannot be seen is no mark of 0."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True


def check_high_water(mark: HighWater | None, generation: int) -> None:
    """Refuse a key file that is older than one that was seen.

    Raises:
        ConfigError: It is.
    """
    highest = mark.read() if mark else 0
    if generation < highest:
        message = (
            f"the key file is an older copy: generation {generation}, and {highest} was seen; "
            "after a restored backup, `posrefund keys rotate --restored`"
        )
        raise ConfigError(message)
