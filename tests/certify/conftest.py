"""Each run begins with its profile, written as text and read again; for all tests of this folder that is done once for each."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from posrefund.certify.cases import profile
from posrefund.dialects.file import dump_dialect, read_dialect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.dialects import Dialect


@pytest.fixture(autouse=True, scope="session")
def _each_profile_once() -> Iterator[None]:
    texts: dict[int, tuple[Dialect, str]] = {}

    def text_of(known: Dialect) -> str:
        if id(known) not in texts:
            texts[id(known)] = (
                known,
                dump_dialect(known),
            )  # kept, so that its number is nobody else's
        return texts[id(known)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile, "dump_dialect", text_of)
        patch.setattr(profile, "read_dialect", cache(read_dialect))
        yield
