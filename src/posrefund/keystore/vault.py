"""An opened key file: its slots, and one way to change them. Floor 5.

A change reads the file again, alone, and goes on from what stands there: two programs with the same file lose
nothing of each other, and never use one DUKPT counter twice. The generation grows with each change. What is
written is on disk before ``change`` returns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar

from posrefund.errors import ConfigError, InvalidKeyError
from posrefund.keystore import disk
from posrefund.keystore.document import (
    CHANGED,
    GENERATION_MAX,
    VERSION,
    Document,
    Slot,
    dump,
    open_slot,
    parse,
    seal_slot,
    verify,
)
from posrefund.keystore.high_water import check_high_water

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.keystore.contract import HighWater, Lock

__all__ = ["Draft", "Vault"]

_T = TypeVar("_T")


class Draft:
    """A document under change.

    Attributes:
        slots: By name; taken away here, a slot is gone.
        test_keys: Whether published keys are taken.
        generation: That of the document when it is written.
    """

    __slots__ = ("_document", "_kek", "generation", "slots", "test_keys")

    def __init__(self, kek: bytes, document: Document) -> None:
        self._kek = kek
        self._document = document
        self.slots = dict(document.slots)
        self.test_keys = document.test_keys
        self.generation = document.generation + 1

    def open(self, name: str) -> bytes:
        """Return what is sealed in a slot. Raises as ``Vault.open``."""
        if name not in self.slots:
            raise InvalidKeyError(CHANGED)
        return open_slot(self._kek, name, self.slots[name])

    def put(self, name: str, slot: Slot, clear: bytes | None) -> None:
        """Set a slot; without *clear* its key lives elsewhere."""
        slot = replace(slot, counter=self.generation, sealed="")
        self.slots[name] = slot if clear is None else seal_slot(self._kek, name, slot, clear)

    def skip_to(self, generation: int) -> None:
        """Let this change be of *generation*, if that is higher; before the first ``put``."""
        self.generation = max(self.generation, generation)

    def reseal(self, kek: bytes, lock: dict[str, str]) -> None:
        """Put every slot, and the file, under another key."""
        clear = {name: self.open(name) if slot.sealed else None for name, slot in self._items()}
        self._kek = kek
        self._document = replace(self._document, lock=lock)
        for name, slot in self._items():
            self.put(name, slot, clear[name])

    def _items(self) -> list[tuple[str, Slot]]:
        return list(self.slots.items())

    def finish(self) -> tuple[bytes, Document]:
        """Return the key and the document to write.

        Raises:
            ConfigError: The generation is higher than one that would be read again.
        """
        if self.generation > GENERATION_MAX:
            message = "the generation of the key file is at its end: make a new file"
            raise ConfigError(message)
        slots = dict(self.slots)
        return self._kek, replace(self._document, slots=slots, generation=self.generation)

    def __reduce__(self) -> NoReturn:
        message = "an opened key file cannot be pickled or copied"
        raise TypeError(message)


class Vault:
    """The file, the key that opens it, and what stood there when it was last looked at.

    Attributes:
        document: What stood there.
    """

    __slots__ = ("_high_water", "_kek", "_path", "document")

    def __init__(
        self, path: Path, kek: bytes, document: Document, high_water: HighWater | None
    ) -> None:
        self._path = path
        self._kek = kek
        self._high_water = high_water
        self.document = document

    @classmethod
    def open(cls, path: Path, lock: Lock, high_water: HighWater | None) -> Self:
        """Open a file of version 2.

        Raises:
            ConfigError: It cannot be read, is no key file, or is an older copy.
            InvalidKeyError: The lock is the wrong one, or the file was changed.
        """
        data = parse(disk.read(path), path.name)
        if data["version"] != VERSION:  # put back since somebody looked
            raise InvalidKeyError(CHANGED)
        kek = lock.open(data["lock"])
        document = verify(kek, data)
        vault = cls(path, kek, document, high_water)
        check_high_water(high_water, document.generation)
        vault._mark()
        return vault

    @classmethod
    def create(
        cls,
        path: Path,
        lock: Lock,
        fill: Callable[[Draft], None],
        *,
        test_keys: bool,
        high_water: HighWater | None,
    ) -> Self:
        """Write a new file in the place of nothing, or of the file of version 1 that *fill* read.

        Raises:
            ConfigError: It cannot be written.
        """
        header, kek = lock.new()
        draft = Draft(kek, Document(header, 0, test_keys, {}))
        draft.skip_to(high_water.read() + 1 if high_water else 1)
        fill(draft)
        kek, document = draft.finish()
        vault = cls(path, kek, document, high_water)
        vault._write(kek, document)
        return vault

    def read(self, name: str) -> bytes:
        """Return what is sealed in a slot.

        Raises:
            InvalidKeyError: There is none, or it does not open.
        """
        return Draft(self._kek, self.document).open(name)

    def change(self, work: Callable[[Draft], _T]) -> _T:
        """Let *work* change what stands in the file now, and write it; return what *work* returns.

        Raises:
            ConfigError: The file cannot be read or written, or was put back to an older copy.
            InvalidKeyError: The file has another lock by now, or was changed.
        """
        with disk.alone(self._path):
            draft = Draft(self._kek, self._read_again())
            result = work(draft)
            self._write(*draft.finish())
        return result

    def _read_again(self) -> Document:
        data = parse(disk.read(self._path), self._path.name)
        try:
            document = verify(self._kek, data)
        except InvalidKeyError:
            reason = "the key file was given another lock, or changed, since it was opened"
            raise InvalidKeyError(reason) from None
        if document.generation < self.document.generation:
            message = "the key file was put back to an older copy since it was opened"
            raise ConfigError(message)
        check_high_water(self._high_water, document.generation)
        return document

    def _write(self, kek: bytes, document: Document) -> None:
        disk.replace(self._path, dump(kek, document))
        self._kek, self.document = kek, document
        try:
            self._mark()
        except ConfigError as error:
            message = f"the key file was written, but not its mark ({error})"
            raise ConfigError(message) from None

    def _mark(self) -> None:
        """The file first, then the mark: a crash between leaves a file that is newer than its mark."""
        if self._high_water:
            self._high_water.raise_to(self.document.generation)

    def __reduce__(self) -> NoReturn:
        message = "an opened key file cannot be pickled or copied"
        raise TypeError(message)
