"""``python -m benchmarks``: codec, framing, MACs and PIN blocks, journal, look-ups and whole refunds, each beside a peer in the same run; the simulator.

``--memory 10000000`` also reads so many hostile messages; ``--only codec`` measures nothing else.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import cryptography

from benchmarks.aio import aio
from benchmarks.codec import codec
from benchmarks.crypto import crypto
from benchmarks.door import door
from benchmarks.framing import framing
from benchmarks.lookup import lookup
from benchmarks.memory import memory
from benchmarks.reconcile import reconcile
from benchmarks.refunds import refunds
from benchmarks.simulator import simulator
from benchmarks.timing import measure, report
from posrefund.engine import Note
from posrefund.journal import SQLiteJournal
from posrefund.values import TerminalID


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", type=int, default=200_000, help="hostile messages to read")
    parser.add_argument(
        "--only",
        choices=(
            *("codec", "framing", "memory", "crypto", "journal", "lookup", "refunds", "simulator"),
            *("aio", "reconcile", "door"),
        ),
    )
    asked = parser.parse_args()
    print(
        f"Python {platform.python_version()} on {platform.machine()}, cryptography"
        f" {cryptography.__version__}, SQLite {sqlite3.sqlite_version}, {sys.platform}"
    )
    parts = {
        "codec": codec,
        "framing": framing,
        "memory": lambda: memory(asked.memory),
        "crypto": crypto,
        "journal": journal,
        "lookup": lookup,
        "refunds": refunds,
        "simulator": simulator,
        "aio": aio,
        "reconcile": reconcile,
        "door": door,
    }
    for name, part in parts.items():
        if asked.only in (None, name):
            part()


if __name__ == "__main__":
    main()
