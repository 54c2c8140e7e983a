"""A database for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.backends import PostgresBackend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[PostgresBackend]:
    made = PostgresBackend(tmp_path)
    yield made
    made.remove()
