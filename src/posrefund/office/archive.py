"""One file out of several, of which every change shows: a zip with a manifest. Floor 8.

Each line of the manifest has the SHA-256 of a file and is bound to the line before it, the last to the head. Whoever has
the head by another way (it stands in the journal, and the shop's screen showed it) knows that nothing was changed, put in
or left out; without it, only that file and manifest belong together. The same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from posrefund.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Archive", "pack", "unpack"]

MANIFEST = "MANIFEST.json"
_FORM = "posrefund bundle 1"
_BYTES_MAX = 1 << 28
"""Of all that is unpacked: more is no bundle."""
_FILES_MAX = 1000


_NO_ZIP = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip
"""What reading a zip raises that was damaged, encrypted, or is none."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


@dataclass(frozen=True, slots=True)
class Archive:
    """A bundle that is in order.

    Attributes:
        head: What its whole content hangs on, 64 hexadecimal digits.
        made_at: When, as it says.
        files: Content by name.
    """

    head: str
    made_at: datetime
    files: Mapping[str, bytes]


def pack(files: Mapping[str, bytes], now: datetime) -> tuple[bytes, str]:
    """Return a zip of *files*, in their order, and its head.

    Args:
        files: Content by name.
        now: When, aware; every file of the zip gets this time.
    """
    head = _first(now)
    lines = []
    for name, content in files.items():
        line = {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        head = _next(head, line)
        lines.append({**line, "link": head})
    manifest = {"form": _FORM, "made_at": _time(now), "files": lines, "head": head}
    text = json.dumps(manifest, indent=1, ensure_ascii=True) + "\n"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in {MANIFEST: text.encode("ascii"), **files}.items():
            archive.writestr(_info(name, now), content, zipfile.ZIP_DEFLATED, 9)
    return made.getvalue(), head


def unpack(data: bytes, head: str = "") -> Archive:
    """Return the content of a bundle that is in order.

    Args:
        data: The zip.
        head: What was told by another way; empty if nothing was.

    Raises:
        DecodeError: Names the first file that was changed, removed or put in; or the manifest, or the head.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = _read(archive)
    except _NO_ZIP:
        raise DecodeError("bundle", "a zip", offset_bytes=0) from None
    made_at, lines = _manifest(found.pop(MANIFEST, b""))
    link = _first(made_at)
    for line in lines:
        name = line["name"]
        content = found.get(name)
        if content is None or hashlib.sha256(content).hexdigest() != line["sha256"]:
            raise DecodeError(name, "the file that its manifest names", offset_bytes=0)
        link = _next(link, {"name": name, "bytes": len(content), "sha256": line["sha256"]})
        if link != line["link"]:
            raise DecodeError(
                MANIFEST, f"each line bound to the one before, at {name}", offset_bytes=0
            )
    others = sorted(found.keys() - {line["name"] for line in lines})
    if others:
        raise DecodeError(others[0], "no file that its manifest does not name", offset_bytes=0)
    if head and head != link:
        raise DecodeError("head", "the head that was told", offset_bytes=0)
    return Archive(link, made_at, found)


def _manifest(raw: bytes) -> tuple[datetime, list[dict[str, Any]]]:
    try:
        data = json.loads(raw)
        lines, made_at = data["files"], datetime.fromisoformat(data["made_at"])
        is_right = data["form"] == _FORM and all(
            isinstance(line[name], str) for line in lines for name in ("name", "sha256", "link")
        )
        last = lines[-1]["link"] if lines else _first(made_at)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DecodeError(MANIFEST, "the manifest of a bundle", offset_bytes=0) from None
    if not is_right or data["head"] != last or made_at.tzinfo is None:
        raise DecodeError(MANIFEST, "the manifest of a bundle", offset_bytes=0)
    return made_at, lines


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    total = sum(entry.file_size for entry in entries)
    is_other = any(entry.compress_type not in _METHODS for entry in entries)
    is_large = len(entries) > _FILES_MAX or total > _BYTES_MAX
    if is_other or is_large or len(names) != len(entries):
        raise ValueError
    found: dict[str, bytes] = {}
    for entry in entries:
        with archive.open(entry) as file:
            content = file.read(entry.file_size + 1)
        if len(content) != entry.file_size:
            raise ValueError
        found[entry.filename] = content
    return found


def _time(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")


def _first(now: datetime) -> str:
    return hashlib.sha256(f"{_FORM} {_time(now)}".encode()).hexdigest()


def _next(before: str, line: Mapping[str, Any]) -> str:
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{before} {text}".encode()).hexdigest()


def _info(name: str, now: datetime) -> zipfile.ZipInfo:
    at = now.astimezone(UTC)
    info = zipfile.ZipInfo(
        name, (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
    )
    info.create_system, info.external_attr = 3, 0o600 << 16
    return info
