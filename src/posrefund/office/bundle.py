"""The support bundle: one file that whoever helps may have, with no card data and no secret in it. Floor 8.

Everything in it went through an allow-list; then each file is scanned, and where the scanner finds what could be card data
there is no bundle.
"""

from __future__ import annotations

import json
import platform
import sqlite3
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

from posrefund import __version__
from posrefund.dialects.file import profile_digest
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.office.archive import pack
from posrefund.office.dossier import dossier
from posrefund.office.scan import find_card_data
from posrefund.office.shown import shown_row, shown_settings
from posrefund.wirelog import as_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from posrefund.dialects import Dialect
    from posrefund.engine.selfcheck import SelfCheck
    from posrefund.journal import Journal
    from posrefund.wirelog import Entry as LogEntry

__all__ = ["Bundle", "support_bundle"]

_ROWS = 2000
_LINES = 500
_LIBRARIES = (
    "pyiso8583",
    "pyserial",
    "cryptography",
    "pycryptodome",
    "psycopg",
    "python-pkcs11",
    "uvloop",
    "typer",
    "rich",
)
_README = """\
posrefund support bundle / 技术支持包

journal.jsonl   the last rows of the journal, no card data / 最近的流水，不含卡数据
selfcheck.json  the last self-check / 最近一次自检
faults.jsonl    the fault log / 故障记录
versions.json   software and profile / 软件与参数版本
settings.json   the settings, without secrets / 设置，不含密钥
line.jsonl      the last messages on the line, redacted / 最近的通讯报文，已脱敏
dossier.*       all that is known of one request / 单笔交易的全部记录
MANIFEST.json   SHA-256 of each file, one bound to the next / 各文件摘要

posrefund bundle verify FILE --head HEAD
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A support bundle.

    Attributes:
        data: The zip.
        head: What its whole content hangs on; tell it by another way than the file.
        files: Names of what is in it.
    """

    data: bytes
    head: str
    files: tuple[str, ...]


def support_bundle(  # noqa: PLR0913 — one for each thing that may be in it
    journal: Journal,
    dialect: Dialect,
    *,
    now: datetime,
    settings: Mapping[str, Any] | None = None,
    selfcheck: SelfCheck | None = None,
    wire_log: Sequence[LogEntry] = (),
    request_id: str = "",
    rows: int = _ROWS,
) -> Bundle:
    """Return a support bundle, and write its head into the journal.

    Args:
        journal: The terminal's.
        dialect: What its host speaks.
        now: When, aware.
        settings: As they were read; shown by an allow-list of names.
        selfcheck: The last one.
        wire_log: Of a log of the line; the last 500 entries go in.
        request_id: What it is about: its dossier goes in, too; empty for nothing.
        rows: How many rows of the journal go in.

    Raises:
        InvalidRequestError: Something in it could be card data: file and place are named, and nothing was made.
        RefusedError: code ``original_unknown`` — nothing is known of the request.
        JournalError: The journal cannot be read or written.
    """
    files = {
        "README.txt": _README.encode(),
        "versions.json": _json({**_versions(dialect), "training": journal.is_training}),
        "settings.json": _json(shown_settings(settings or {})),
        "faults.jsonl": _lines(fault.as_data() for fault in journal.faults(open_only=False)),
        "journal.jsonl": _lines(shown_row(row) for row in _last_rows(journal, rows)),
    }
    if selfcheck is not None:
        files["selfcheck.json"] = _json(selfcheck.as_data())
    if wire_log:
        files["line.jsonl"] = b"".join(map(as_line, map(_redacted_only, wire_log[-_LINES:])))
    if request_id:
        files |= _dossier_files(journal, dialect, request_id)
    _refuse_card_data(files)
    data, head = pack(files, now)
    journal.remember(now, "bundle", {"head": head})
    return Bundle(data, head, tuple(files))


def _last_rows(journal: Journal, count: int) -> Iterable[Any]:
    last, _ = journal.head()
    return journal.rows(after=max(0, last - count))


def _redacted_only(entry: LogEntry) -> LogEntry:
    """Return what a log of ours holds; pieces of a capture are as they were on the line."""
    return replace(entry, data=b"", note="not kept") if entry.what == "bytes" else entry


def _dossier_files(journal: Journal, dialect: Dialect, request_id: str) -> dict[str, bytes]:
    found = dossier(journal, dialect, request_id)
    return {
        "dossier.zh.txt": found.text("zh").encode(),
        "dossier.en.txt": found.text("en").encode(),
        "dossier.json": _json(found.as_data()),
    }


def _refuse_card_data(files: Mapping[str, bytes]) -> None:
    found = [
        (f"{name} at byte {place.offset}", f"nothing that could be a {place.kind}")
        for name, content in files.items()
        for place in find_card_data(content)
    ]
    if found:
        raise InvalidRequestError(found)


def _versions(dialect: Dialect) -> dict[str, Any]:
    try:
        digest = profile_digest(dialect)
    except ConfigError:
        digest = ""
    return {
        "posrefund": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: found for name in _LIBRARIES if (found := _version_of(name))},
        "profile": {"name": dialect.name, "digest": digest},
    }


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _lines(data: Iterable[object]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in data)
