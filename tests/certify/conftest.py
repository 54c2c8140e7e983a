"""Each run begins with the profile read from its own text; one text is read once for all tests of this folder."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from posrefund.certify.cases import profile

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="session")
def _one_reading_of_each_text() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "read_dialect", cache(profile.read_dialect))
        yield
