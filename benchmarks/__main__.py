"""``python -m benchmarks``: codec, MAC and journal, each beside a peer in the same run."""

from __future__ import annotations

import platform
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cryptography
import iso8583

from benchmarks.messages import ANSWER, REFUND, in_ascii
from benchmarks.timing import measure, report
from posrefund.codec import Codec
from posrefund.crypto import Key, Purpose, mac
from posrefund.dialects import dialect
from posrefund.engine import Note
from posrefund.journal import SQLiteJournal
from posrefund.values import TerminalID


def codec() -> None:
    """Our codec, compiled and not, beside pyiso8583 on the same specification."""
    packed = dialect("unionpay").specification
    for encoding, spec in (("packed", packed), ("ASCII", in_ascii(packed))):
        for name, fields in (("0220", REFUND), ("0230", ANSWER)):
            _codec(f"{name} {encoding}", spec, fields)


def _codec(title: str, spec: dict[str, dict[str, Any]], fields: dict[str, str]) -> None:
    compiled, reference = Codec(spec), Codec(spec, engine="reference")
    raw = bytes(iso8583.encode(dict(fields), spec)[0])
    for _ in range(6):  # a shape is compiled when it comes back
        assert compiled.decode(raw) == iso8583.decode(raw, spec)[0]
        assert compiled.encode(fields) == raw
    decoding = measure(
        {
            "pyiso8583": lambda: iso8583.decode(raw, spec),
            "posrefund, compiled": lambda: compiled.decode(raw),
            "posrefund, reference": lambda: reference.decode(raw),
        }
    )
    encoding = measure(
        {
            "pyiso8583": lambda: iso8583.encode(dict(fields), spec),
            "posrefund, compiled": lambda: compiled.encode(fields),
            "posrefund, reference": lambda: reference.encode(fields),
        }
    )
    report(
        f"decode {title}, {len(fields) - 1} fields, {len(raw)} bytes", decoding, peer="pyiso8583"
    )
    report(f"encode {title}", encoding, peer="pyiso8583")


def crypto() -> None:
    """The UnionPay MAC beside one bare TDEA block of the library under it."""
    from posrefund.crypto._blockcipher import encrypt_ecb

    key = Key(bytes(range(16)), Purpose.MAC)
    data = bytes(150)
    found = measure(
        {
            "two TDEA blocks, new cipher each": lambda: (
                encrypt_ecb(bytes(range(16)), bytes(8)),
                encrypt_ecb(bytes(range(16)), bytes(8)),
            ),
            "UnionPay MAC of 150 bytes": lambda: mac(key, data),
        }
    )
    report("MAC", found, peer="two TDEA blocks, new cipher each")


def journal() -> None:
    """A durable commit of one chained row beside a bare SQLite WAL+FULL insert."""
    with tempfile.TemporaryDirectory() as folder:
        bare = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE t (a TEXT)")
        ours = SQLiteJournal(Path(folder) / "j.db", key=bytes(32), terminal=TerminalID("12345678"))
        now = datetime(2026, 3, 9, tzinfo=UTC)
        found = measure(
            {
                "bare SQLite WAL+FULL insert": lambda: bare.execute(
                    "INSERT INTO t VALUES (?)", ("x" * 200,)
                ),
                "journal commit of one note": lambda: ours.commit(
                    [Note("bench", now, {"x": "x" * 200})]
                ),
            }
        )
        report("durable commits", found, peer="bare SQLite WAL+FULL insert")
        ours.close()
        bare.close()


def main() -> None:
    """Measure everything."""
    print(
        f"Python {platform.python_version()} on {platform.machine()}, cryptography"
        f" {cryptography.__version__}, SQLite {sqlite3.sqlite_version}, {sys.platform}"
    )
    codec()
    crypto()
    journal()


if __name__ == "__main__":
    main()
