"""What a place to keep a journal in has to offer. Floor 5.

The SQL that comes from above is what every backend understands: ``?`` and ``:name`` stand for values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from posrefund.journal.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Self

    from posrefund.engine import Attempt, Original
    from posrefund.journal.rows import Row

__all__ = ["Backend"]


class Backend(ABC):
    """Tables with the guards of ``schema``, and the chain of one terminal among them."""

    _db: Any
    """The connection, of whatever kind."""
    _head: tuple[int, bytes] | None = None
    """The last row's number and link, as this writer wrote it; None where it has to be looked up. A
    transaction that fails forgets it."""
    is_gone = False
    """Whether only opening it anew helps: another process took it over, or it was closed."""
    send_within_s = 60.0
    """How long after ``hold`` the first byte may leave, and no later: whoever takes the terminal over relies on it."""
    _memory: Memory

    @abstractmethod
    def close(self) -> None:
        """Close the journal and let another process have it; a second time it does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def folder(self) -> Path | None:
        """Where it is kept; None where that is a server's business."""
        return None

    @property
    def _remembers(self) -> bool:
        """Whether nobody else writes what is this terminal's, so that it need not be looked up again."""
        return True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is run within it becomes durable together, or nothing of it; what fails forgets everything."""
        try:
            with self._unit():
                yield
                if self._memory.unwritten:
                    self._write_facts(self._memory.unwritten)
                    self._memory.unwritten = {}
        except BaseException:
            self._head, self._memory = None, Memory()
            raise

    @abstractmethod
    def _unit(self) -> AbstractContextManager[None]:
        """A transaction of the database."""

    def _facts(self) -> Mapping[str, str]:
        """The facts of this terminal, by name."""
        memory = self._memory
        if memory.facts is not None:
            return memory.facts
        facts = self._read_facts() | memory.unwritten
        if self._remembers:
            memory.facts = facts
        return facts

    def _set_meta(self, **facts: str) -> None:
        """Write facts of this terminal down."""
        self._write_facts(facts)
        self._memory.keep_facts(facts)

    def _set_at_end(self, **facts: str) -> None:
        """Write facts of this terminal down where the transaction ends: several rows say them anew, and the last counts."""
        self._memory.unwritten |= facts
        self._memory.keep_facts(facts)

    @abstractmethod
    def _run(self, sql: str, values: tuple[object, ...] | dict[str, Any]) -> int:
        """Run one statement of a transaction; return how many rows it touched."""

    @abstractmethod
    def _rows(self, sql: str, *values: object) -> list[Any]: ...

    @abstractmethod
    def _dicts(self, sql: str, *values: object) -> list[dict[str, Any]]: ...

    @abstractmethod
    def _read_facts(self) -> dict[str, str]: ...

    @abstractmethod
    def _write_facts(self, facts: Mapping[str, str]) -> None: ...

    @abstractmethod
    def _links(self, rest: str, *values: object) -> list[Row]:
        """Return rows of this terminal's chain; *rest* is what follows ``FROM chain``."""

    @abstractmethod
    def _add(self, row: Row) -> None: ...

    @abstractmethod
    def _destroy_cards(self, condition: str, *values: object, table: str = "sealed_cards") -> int:
        """Make what is sealed in *table* where *condition* holds unreadable; return how many rows that was."""

    def _learner(self) -> Mapping[str, str]:
        """What stands beside a sale that this terminal takes in, besides the sale."""
        return {}

    @abstractmethod
    def _learned(self) -> list[Original]:
        """The sales that stand in this terminal's chain."""

    def _elsewhere(self) -> list[Attempt]:
        """What other terminals attempted in the same tables; their chains answer for it."""
        return []
