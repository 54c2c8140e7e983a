"""Fixtures for tests of keys at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from softhsm import SoftHSM, empty_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.keystore import Token


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHSM]:
    """SoftHSM2 with an empty token ``till``."""
    yield from empty_token(tmp_path, monkeypatch)


@pytest.fixture
def token(softhsm: SoftHSM) -> Iterator[Token]:
    """The token, open."""
    with softhsm.open() as opened:
        yield opened
