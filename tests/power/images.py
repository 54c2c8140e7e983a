"""What a power failure can leave on a disk that keeps what it has synced.

At a moment every write, cut and name that is not synced is there, is lost, or (a write) is torn: some of its
512-byte sectors are there and others not. Nothing orders them, neither within a file nor between files; only
names come and go in the order in which they were given and taken.
"""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from power.disk import (
    Committed,
    Committing,
    DirectorySync,
    Entry,
    Link,
    Sync,
    SyncFailed,
    Truncate,
    Unlink,
    Write,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Image", "images", "moments"]

_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Image:
    """The files that one power failure left.

    Attributes:
        moment: How many entries of the log there were.
        files: By name.
        acknowledged: How many commits had returned.
        begun: How many had been asked for.
        story: What was lost, kept and torn.
    """

    moment: int
    files: Mapping[str, bytes]
    acknowledged: int
    begun: int
    story: str

    def write(self, folder: Path) -> None:
        """Put the files into a folder and take others of the journal out of it."""
        for path in folder.iterdir():
            if path.name not in self.files:
                path.unlink()
        for name, data in self.files.items():
            (folder / name).write_bytes(data)

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} {len(data)} bytes" for name, data in self.files.items())
        commits = f"{self.acknowledged} commits acknowledged, {self.begun} begun"
        return f"moment {self.moment}: {commits}; {self.story}; left: {sizes or 'nothing'}"


@dataclass
class _Platter:
    """What lasts at a moment, and what does not yet."""

    lasting: defaultdict[int, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    pending: list[Write | Truncate] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    pending_names: list[Link | Unlink] = field(default_factory=list)
    acknowledged: int = 0
    begun: int = 0

    def take(self, entry: Entry) -> None:
        """Go on by one entry of the log."""
        match entry:
            case Write() | Truncate():
                self.pending.append(entry)
            case Sync() | SyncFailed():
                self._sync(entry)
            case Link() | Unlink():
                self.pending_names.append(entry)
            case DirectorySync():
                _rename(self.names, self.pending_names)
                self.pending_names = []
            case Committing():
                self.begun = self.acknowledged + 1
            case Committed(count):
                self.acknowledged = self.begun = count

    def _sync(self, sync: Sync | SyncFailed) -> None:
        for change in self.pending:
            if change.file == sync.file and isinstance(sync, Sync):
                _apply(self.lasting[sync.file], change)
        self.pending = [change for change in self.pending if change.file != sync.file]


def images(
    log: Sequence[Entry],
    at: Mapping[int, Sequence[str]],
    rng: Callable[[int, int], random.Random],
    holds: Mapping[str, bytes],
) -> Iterator[Image]:
    """Play a log and let the power fail.

    Args:
        log: Of a ``Disk``.
        holds: What stood in the files that the disk held from the start.
        at: At which moments, and by which rule of ``_RULES`` each time; an empty word draws one.
        rng: The generator of the n-th failure at a moment, so that each can be had again alone.

    Yields:
        What is left.
    """
    numbered = list(enumerate(holds.items(), start=1))
    platter = _Platter(names={name: number for number, (name, _) in numbered})
    platter.lasting.update((number, bytearray(data)) for number, (_, data) in numbered)
    for moment, entry in enumerate(log, start=1):
        platter.take(entry)
        for number, rule in enumerate(at.get(moment, ())):
            yield _fail(platter, moment, rule, rng(moment, number))


def moments(log: Sequence[Entry], count: int, rng: random.Random) -> dict[int, list[str]]:
    """Draw *count* power failures; at each commit that returned everything unsynced is lost once."""
    at = {
        moment: ["nothing"]
        for moment, entry in enumerate(log, start=1)
        if isinstance(entry, Committed)
    }
    for _ in range(count - len(at)):
        at.setdefault(rng.randrange(1, len(log) + 1), []).append("")
    return at


def _fail(platter: _Platter, moment: int, rule: str, rng: random.Random) -> Image:
    rule = rule or rng.choice(sorted(_RULES))
    kept = _RULES[rule](platter.pending, rng)
    files = deepcopy(platter.lasting)
    for change in kept:
        _apply(files[change.file], change)
    name_count = 0 if rule == "nothing" else rng.randint(0, len(platter.pending_names))
    names = dict(platter.names)
    _rename(names, platter.pending_names[:name_count])
    told = [f"rule {rule}, {len(platter.pending)} unsynced, {len(kept)} pieces of them kept"]
    told.append(f"{name_count} of {len(platter.pending_names)} names")
    left = {name: bytes(files[number]) for name, number in sorted(names.items())}
    if rng.random() < 0.3:  # shared memory is no file to SQLite: whatever stands in it is made anew
        left["journal.db-shm"] = rng.randbytes(rng.choice((1, 136, 32_768)))
    return Image(moment, left, platter.acknowledged, platter.begun, ", ".join(told))


Changes = list[Write | Truncate]


def _keep_nothing(_pending: Changes, _rng: random.Random) -> Changes:
    return []


def _keep_all(pending: Changes, _rng: random.Random) -> Changes:
    return pending


def _keep_beginning(pending: Changes, rng: random.Random) -> Changes:
    count = rng.randint(0, len(pending))
    torn = [piece for change in pending[count : count + 1] for piece in _torn(change, rng)]
    return [*pending[:count], *torn]


def _keep_some(pending: Changes, rng: random.Random) -> Changes:
    share = rng.choice((0.1, 0.5, 0.9))
    return [change for change in pending if rng.random() < share]


def _keep_torn(pending: Changes, rng: random.Random) -> Changes:
    return [
        piece
        for change in pending
        for piece in (_torn(change, rng) if rng.random() < 0.4 else [change])
    ]


def _keep_last(pending: Changes, rng: random.Random) -> Changes:
    count = rng.randint(0, len(pending))
    return pending[count:]


def _keep_files(pending: Changes, rng: random.Random) -> Changes:
    chosen = {file: rng.random() < 0.5 for file in sorted({change.file for change in pending})}
    return [change for change in pending if chosen[change.file]]


_RULES: dict[str, Callable[[Changes, random.Random], Changes]] = {
    "nothing": _keep_nothing,
    "all": _keep_all,
    "beginning": _keep_beginning,
    "some": _keep_some,
    "torn": _keep_torn,
    "last": _keep_last,
    "whole files": _keep_files,
}


def _torn(change: Write | Truncate, rng: random.Random) -> Changes:
    """Return the sectors of a write that arrived; a cut is whole or not at all."""
    if isinstance(change, Truncate):
        return []
    start, end = change.offset, change.offset + len(change.data)
    edges = [start, *range(start - start % _SECTOR_BYTES + _SECTOR_BYTES, end, _SECTOR_BYTES), end]
    return [
        Write(change.file, low, change.data[low - start : high - start])
        for low, high in pairwise(edges)
        if rng.random() < 0.5
    ]


def _apply(content: bytearray, change: Write | Truncate) -> None:
    end = change.offset + len(change.data) if isinstance(change, Write) else change.size
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if isinstance(change, Write):
        content[change.offset : end] = change.data
    else:
        del content[end:]


def _rename(names: dict[str, int], changes: Sequence[Link | Unlink]) -> None:
    for change in changes:
        if isinstance(change, Link):
            names[change.name] = change.file
        else:
            names.pop(change.name, None)
