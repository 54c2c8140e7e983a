"""Each test of the contract runs on every backend there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.backends import BACKENDS
from journal.builders import fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from journal.backends import Backend
    from posrefund.journal import Journal


@pytest.fixture(params=BACKENDS, ids=lambda kind: kind.name)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    made: Backend = request.param(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def journal(backend: Backend) -> Iterator[Journal]:
    with backend.open() as opened:
        yield opened


@pytest.fixture
def filled(journal: Journal) -> Journal:
    """A journal of twelve rows."""
    fill(journal)
    return journal
