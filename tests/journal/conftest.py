"""Fixtures for tests of the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.builders import fill, open_journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.journal import SQLiteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SQLiteJournal]:
    with open_journal(path) as opened:
        yield opened


@pytest.fixture
def filled(journal: SQLiteJournal) -> SQLiteJournal:
    """A journal of twelve rows."""
    fill(journal)
    return journal
