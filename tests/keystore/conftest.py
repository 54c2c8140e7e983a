"""A key file for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from keystore.boxes import PASSPHRASE, TMK
from posrefund.keystore import FileKeyStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def store(path: Path) -> FileKeyStore:
    return FileKeyStore.create(path, PASSPHRASE, tmk=TMK)
