"""The instrument itself: what is synced stays, what is not may be there, be lost or be torn."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("apsw", reason="no APSW here: the log is that of an APSW VFS")

from power.disk import (
    Committed,
    Committing,
    DirectorySync,
    Link,
    Sync,
    SyncFailed,
    Truncate,
    Unlink,
    Write,
)
from power.images import images

if TYPE_CHECKING:
    from power.disk import Entry

NEW: list[Entry] = [Link("a", 1), DirectorySync()]


def left(log: list[Entry], rule: str = "", tries: int = 200) -> set[bytes | None]:
    """Return what stands in ``a`` after failures at the end of a log; None where it is not there."""
    at = {len(log): [rule] * tries}
    found = images(log, at, lambda _, number: random.Random(number), {})
    return {image.files.get("a") for image in found}


def test_what_is_synced_is_always_there() -> None:
    log: list[Entry] = [*NEW, Write(1, 0, b"AAAA"), Sync(1)]

    assert left(log) == {b"AAAA"}


def test_what_is_not_synced_is_lost_or_kept_in_any_combination() -> None:
    log: list[Entry] = [*NEW, Write(1, 0, b"AAAA"), Write(1, 4, b"BBBB")]

    assert left(log, "nothing") == {b""}
    assert left(log, "all") == {b"AAAABBBB"}
    assert left(log) == {b"", b"AAAA", b"\0\0\0\0BBBB", b"AAAABBBB"}


def test_a_write_tears_between_the_sectors_of_the_disk() -> None:
    log: list[Entry] = [*NEW, Write(1, 500, b"A" * 12 + b"B" * 512 + b"C")]
    head, a, b, c = bytes(500), b"A" * 12, b"B" * 512, b"C"

    assert left(log, "torn") == {
        b"",
        head + a,
        head + bytes(12) + b,
        head + a + b,
        head + bytes(524) + c,
        head + a + bytes(512) + c,
        head + bytes(12) + b + c,
        head + a + b + c,
    }


def test_a_cut_is_lost_or_kept() -> None:
    log: list[Entry] = [*NEW, Write(1, 0, b"AAAA"), Sync(1), Truncate(1, 1)]

    assert left(log) == {b"AAAA", b"A"}


def test_a_sync_is_of_one_file_only() -> None:
    log: list[Entry] = [
        *NEW,
        Link("b", 2),
        DirectorySync(),
        Write(1, 0, b"A"),
        Write(2, 0, b"B"),
        Sync(2),
    ]

    assert left(log) == {b"", b"A"}


def test_what_a_failed_sync_should_have_synced_is_lost_whatever_follows() -> None:
    log: list[Entry] = [*NEW, Write(1, 0, b"AAAA"), SyncFailed(1), Write(1, 2, b"BB"), Sync(1)]

    assert left(log) == {b"\0\0BB"}


def test_a_name_lasts_once_its_directory_is_synced() -> None:
    born: list[Entry] = [Link("a", 1), Write(1, 0, b"A"), Sync(1)]

    assert left(born) == {None, b"A"}
    assert left([*born, DirectorySync()]) == {b"A"}
    assert left([*born, DirectorySync(), Unlink("a")]) == {None, b"A"}
    assert left([*born, DirectorySync(), Unlink("a"), DirectorySync()]) == {None}


def test_what_the_disk_held_before_is_there() -> None:
    log: list[Entry] = [Write(1, 1, b"X")]
    found = images(log, {1: ["nothing", "all"]}, lambda *_: random.Random(1), {"a": b"old"})

    assert [image.files["a"] for image in found] == [b"old", b"oXd"]


def test_a_commit_is_begun_then_acknowledged() -> None:
    log: list[Entry] = [*NEW, Committing(), Write(1, 0, b"A"), Committed(1), Committing()]
    at = {moment: ["nothing"] for moment in range(1, 7)}
    found = list(images(log, at, lambda *_: random.Random(1), {}))

    assert [image.acknowledged for image in found] == [0, 0, 0, 0, 1, 1]
    assert [image.begun for image in found] == [0, 0, 1, 1, 1, 2]
