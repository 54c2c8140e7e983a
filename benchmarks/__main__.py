"""``python -m benchmarks``: codec, MAC and journal, each beside a peer in the same run."""

from __future__ import annotations

import platform
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import cryptography
import iso8583

from benchmarks.timing import measure, report
from posrefund.crypto import Key, Purpose, mac
from posrefund.dialects import dialect
from posrefund.engine import Note
from posrefund.journal import SQLiteJournal
from posrefund.values import TerminalID

REFUND = {
    "t": "0220", "2": "6205500000000000004", "3": "200000", "4": "000000002800", "11": "000006",
    "14": "3012", "22": "071", "23": "001", "25": "00", "26": "12", "37": "606814000002",
    "38": "000002", "41": "12345678", "42": "123456789012345", "49": "156",
    "52": "0123456789ABCDEF", "53": "2600000000000000", "60": "25000007000600",
    "61": "0000070000020309", "63": "CUP", "64": "4235333641323341",
}  # fmt: skip


def codec() -> None:
    """Our codec beside pyiso8583 on the same specification: what our errors cost."""
    known = dialect("unionpay")
    spec = known.specification
    raw = known.codec.encode(REFUND)
    decoding = measure(
        {
            "pyiso8583 decode": lambda: iso8583.decode(raw, spec),
            "posrefund decode": lambda: known.codec.decode(raw),
        }
    )
    encoding = measure(
        {
            "pyiso8583 encode": lambda: iso8583.encode(dict(REFUND), spec),
            "posrefund encode": lambda: known.codec.encode(REFUND),
        }
    )
    report(f"0220, {len(REFUND) - 1} fields, {len(raw)} bytes", decoding, peer="pyiso8583 decode")
    report("", encoding, peer="pyiso8583 encode")


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
