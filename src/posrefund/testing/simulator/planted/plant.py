"""What a planted bug is, and how one is put into the real code and taken out again. Floor 10."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

__all__ = ["Planted", "replaced"]


@dataclass(frozen=True, slots=True)
class Planted:
    """One bug.

    Attributes:
        name: Its name on the command line.
        text: What is wrong.
        plant: Puts it into the running code, and takes it out at the end.
    """

    name: str
    text: str
    plant: Callable[[], AbstractContextManager[None]]


@contextmanager
def replaced(*places: tuple[object, str, Any]) -> Iterator[None]:
    """Put other values in *places* (owner, name, value) for a while; no line of the real code knows of it."""
    with ExitStack() as stack:
        for owner, name, value in places:
            stack.enter_context(mock.patch.object(owner, name, value))
        yield
