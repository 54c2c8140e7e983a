"""Where entries go: a file of JSON lines, a capture file, or a list. Floor 6.

A file is opened for each entry and closed again, so that it can be moved away at any time and nothing is lost in a
buffer. New files are for their owner alone. One that exists and is no such log is refused, never written to.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError
from posrefund.framing import frame
from posrefund.wirelog.json_lines import BEGINNING, as_line
from posrefund.wirelog.pcap import HEADER_BYTES, RAW_IP, USER0, file_header, record
from posrefund.wirelog.tcp import Conversation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.wirelog.entry import Entry

__all__ = ["JSONLinesFile", "MemorySink", "PcapFile"]

_PREFIX_BYTES = 2


class MemorySink:
    """Keeps entries in a list, for tests.

    Attributes:
        entries: Oldest first.
    """

    name = "memory"

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def write(self, entry: Entry) -> None:
        """Keep *entry*."""
        self.entries.append(entry)


class JSONLinesFile:
    """A file with a line for each entry.

    Args:
        path: Made if it is not there, else added to.

    Raises:
        ConfigError: It cannot be read or written, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        found = _ends(path, len(BEGINNING))
        if found[0] not in (b"", BEGINNING):
            raise ConfigError(f"{path} exists and is no wire log")
        _begin(path, b"" if found[1] in (b"", b"\n") else b"\n")

    def write(self, entry: Entry) -> None:
        """Add *entry*.

        Raises:
            OSError: It is not in the file.
        """
        _append(self._path, as_line(entry))


class PcapFile:
    """A capture file: a TCP conversation with *port*, or without one the frames of a serial line.

    Damage, progress and frames that were not kept are not in it: a capture has no place for them.

    Args:
        path: Made if it is not there, else added to.
        port: Of the host; None for a serial line.
        bare_of_bytes: How many bytes of TPDU and header to leave out of every message behind a length of two
            bytes, for readers that know neither.

    Raises:
        ConfigError: It cannot be read or written, or is something else.
    """

    def __init__(self, path: Path, port: int | None = None, *, bare_of_bytes: int = 0) -> None:
        self.name = str(path)
        self._path, self._port, self._bare_of_bytes = path, port, bare_of_bytes
        self._header = file_header(USER0 if port is None else RAW_IP)
        self._open: dict[tuple[str, int], Conversation] = {}
        if _ends(path, HEADER_BYTES)[0] not in (b"", self._header):
            raise ConfigError(f"{path} exists and is no capture of this kind of line")
        _begin(path, b"", self._header)

    def write(self, entry: Entry) -> None:
        """Add the packets of *entry*.

        Raises:
            OSError: They are not in the file.
        """
        packets = b"".join(record(entry.time, packet) for packet in self._packets(entry))
        if packets:
            _append(self._path, packets, header=self._header)

    def _packets(self, entry: Entry) -> Iterator[bytes]:
        data = self._bared(entry.data)
        if self._port is None:
            yield from filter(None, [data])
            return
        key = entry.line, entry.conversation
        if entry.what == "close":
            if key in self._open:
                yield from self._open.pop(key).end()
            return
        if key not in self._open or entry.what == "open":
            self._open[key] = Conversation(self._port, int(entry.time.timestamp() * 1_000_000))
            yield from self._open[key].begin()
        yield from self._open[key].say(entry.way, data)

    def _bared(self, data: bytes) -> bytes:
        if not self._bare_of_bytes or not data:
            return data
        body = data[_PREFIX_BYTES + self._bare_of_bytes :]
        return frame(body) if body else b""


def _ends(path: Path, count: int) -> tuple[bytes, bytes]:
    """Return the first bytes of a file and its last one; nothing where there is none.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            first = file.read(count)
            file.seek(-min(1, len(first)), os.SEEK_END)
            return first, file.read(1)
    except FileNotFoundError:
        return b"", b""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None


def _begin(path: Path, data: bytes, header: bytes = b"") -> None:
    """Write what a file begins with, or what ends a line that was cut off.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        _append(path, data, header)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def _append(path: Path, data: bytes, header: bytes = b"") -> None:
    """Add *data* in one piece, or nothing; *header* before it where the file is new."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    try:
        size_bytes = os.fstat(file).st_size
        whole = data if size_bytes else header + data
        if os.write(file, whole) < len(whole):
            os.ftruncate(file, size_bytes)
            raise OSError("no room")
    finally:
        os.close(file)
