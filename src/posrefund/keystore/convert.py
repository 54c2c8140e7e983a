"""A key file of version 1 becomes one of version 2 when it is opened. Floor 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.closed import closed
from posrefund.crypto import Key, Purpose
from posrefund.keystore import disk, sign_ins, slots
from posrefund.keystore.document import parse
from posrefund.keystore.high_water import check_high_water
from posrefund.keystore.vault import Draft, Vault
from posrefund.keystore.version1 import read_version_1

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.keystore.contract import HighWater, Lock

__all__ = ["convert"]


@closed
def convert(
    path: Path, lock: Lock, high_water: HighWater | None, *, test_keys: bool
) -> Vault | None:
    """Write a file of version 1 again as version 2; any other is left alone.

    Raises:
        ConfigError: The file cannot be read or written, or is an older copy.
        InvalidKeyError: The lock is the wrong one, the file was changed, or its TMK was published.
    """
    if _parsed(path)["version"] != 1:
        return None
    with disk.alone(path):
        data = _parsed(path)
        if data["version"] != 1:
            return None  # somebody else did it meanwhile
        check_high_water(high_water, 0)
        clear = read_version_1(data, lock)
        tmk = Key(clear["tmk"], Purpose.KEK)
        slots.refuse_published(tmk, "the TMK", test_keys=test_keys)

        def fill(draft: Draft) -> None:
            slots.put_key(draft, slots.TMK, tmk, replace=False)
            slots.put_journal_key(draft, clear["journal"])
            if "sign_in" in clear:
                sign_ins.put_converted(draft, tmk, clear["sign_in"])

        return Vault.create(path, lock, fill, test_keys=test_keys, high_water=high_water)


def _parsed(path: Path) -> dict[str, Any]:
    return parse(disk.read(path), path.name)
