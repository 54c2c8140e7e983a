"""Planted bugs of the journal: what it keeps, holds and hides. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from posrefund.engine import compose, host_only, machine
from posrefund.journal import SQLiteJournal
from posrefund.terminal.anchor import Mooring
from posrefund.testing.simulator.planted.plant import Planted, replaced

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

__all__ = ["BOOKS"]


def _no_reserve() -> AbstractContextManager[None]:
    """Nothing is reserved, and no ceiling is looked at."""
    return replaced((SQLiteJournal, "_shift", lambda *_: None))


def _clear_number() -> AbstractContextManager[None]:
    real = compose.keepable

    def keepable(fields: Mapping[str, str], dialect: Any) -> dict[str, str]:
        return real(fields, dialect) | {"2": fields.get("2", "")}

    return replaced((machine, "keepable", keepable))


def _row_rewritten() -> AbstractContextManager[None]:
    """A step corrects the row before it instead of adding one."""
    real = SQLiteJournal._apply_move

    def apply_move(journal: Any, action: Any) -> None:
        real(journal, action)
        journal._db.execute("DROP TRIGGER IF EXISTS chain_is_append_only_1")
        journal._db.execute("UPDATE chain SET at = at || ' ' WHERE seq = 1")

    return replaced((SQLiteJournal, "_apply_move", apply_move))


def _row_left_out() -> AbstractContextManager[None]:
    """A step changes the table and is not chained."""
    real = SQLiteJournal._append

    def append(journal: Any, kind: str, *rest: Any) -> None:
        if kind != "move" or "restart" not in str(rest):
            real(journal, kind, *rest)

    return replaced((SQLiteJournal, "_append", append))


def _answers_not_kept() -> AbstractContextManager[None]:
    real = SQLiteJournal._append

    def append(journal: Any, kind: str, *rest: Any) -> None:
        if kind != "inbound":
            real(journal, kind, *rest)

    return replaced((SQLiteJournal, "_append", append))


def _no_lock() -> AbstractContextManager[None]:
    from posrefund.journal import lock

    return replaced((lock, "_lock", lambda _: None))


def _restore_unnoticed() -> AbstractContextManager[None]:
    """A start does not look at the anchor."""
    return replaced((Mooring, "check", lambda _: None))


def _lost_refund_forgotten() -> AbstractContextManager[None]:
    """What a file shows to be given back, and the journal does not know, blocks nothing."""
    return replaced((host_only, "disputes", lambda *_: False))


BOOKS = (
    Planted("no_reserve", "nothing is reserved on the sale", _no_reserve),
    Planted("clear_number", "the card number stands in the journal", _clear_number),
    Planted("row_rewritten", "a row of the chain is rewritten", _row_rewritten),
    Planted("row_left_out", "a step is not written into the chain", _row_left_out),
    Planted("answers_not_kept", "a conclusion without the answer it rests on", _answers_not_kept),
    Planted("no_lock", "two processes write one journal", _no_lock),
    Planted("restore_unnoticed", "an older copy of the journal is taken for it", _restore_unnoticed),
    Planted("lost_refund_forgotten", "a refund that only the file knows leaves its sale open",
            _lost_refund_forgotten),
)  # fmt: skip
