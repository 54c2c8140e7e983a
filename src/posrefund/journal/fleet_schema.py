"""The tables of one SQLite file for many terminals: those of ``schema``, with the terminal in them. Floor 5.

Requests, sales and attempts are shared, and so are their guards: a sale has one ceiling, whichever terminal
gives it back. Chain and facts are each terminal's own, as in PostgreSQL.
"""

from __future__ import annotations

from posrefund.journal.schema import VERSIONS

__all__ = ["FLEET_VERSIONS"]

_DIFFERENCES = (
    (
        "meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        (
            "meta (terminal TEXT NOT NULL DEFAULT '', key TEXT NOT NULL, value TEXT NOT NULL,"
            " PRIMARY KEY (terminal, key)) STRICT, WITHOUT ROWID"
        ),
    ),
    ("    seq INTEGER PRIMARY KEY,\n", "    terminal TEXT NOT NULL,\n    seq INTEGER NOT NULL,\n"),
    (
        "    link BLOB NOT NULL CHECK (length(link) = 32)\n",
        "    link BLOB NOT NULL CHECK (length(link) = 32),\n    PRIMARY KEY (terminal, seq)\n",
    ),
    (
        "    original_id TEXT PRIMARY KEY,\n",
        "    learned_by TEXT NOT NULL,\n    original_id TEXT PRIMARY KEY,\n",
    ),
    ("attempts_by_state ON attempts (state)", "attempts_by_state ON attempts (terminal, state)"),
    ("attempts_by_stan ON attempts (stan)", "attempts_by_stan ON attempts (terminal, stan)"),
    (
        "chain_by_kind ON chain (kind, seq);",
        (
            "chain_by_kind ON chain (terminal, kind, seq);\n"
            "CREATE INDEX chain_host_only ON chain (subject) WHERE kind = 'host_only';\n"
            "CREATE INDEX originals_by_learner ON originals (learned_by);"
        ),
    ),
)


def _of_many(tables: str) -> str:
    for one, many in _DIFFERENCES:
        assert tables.count(one) == 1, one
        tables = tables.replace(one, many)
    return tables


_AS_OF_VERSION_1 = 3
"""The first version of these tables has what those of one terminal have in their third."""

FLEET_VERSIONS = (_of_many("".join(VERSIONS[:_AS_OF_VERSION_1])), *VERSIONS[_AS_OF_VERSION_1:])
"""The first makes version 1 of nothing, each one after it the next version of the one before."""
