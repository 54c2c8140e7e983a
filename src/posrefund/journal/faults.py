"""The fault log: each fault is opened by a row of the chain and closed by another. Floor 5.

What is open now stands beside the chain as well, for that is asked for often and the chain is long; ``verify``
compares the two.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any

from posrefund.closed import closed_class
from posrefund.engine.faults import TerminalFault
from posrefund.errors import JournalCorruptError, LocalProtocolError, PosRefundError
from posrefund.journal.rows import canonical
from posrefund.journal.running import Running

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from posrefund.journal.rows import Row

__all__ = ["FaultLog", "check_faults"]

_OPENED, _CLOSED, _FACT = "fault_opened", "fault_closed", "open_faults"
UNCLEAN = "shutdown.unclean"
"""The kind of a run that was never closed; closing it forgets that run."""


@closed_class
class FaultLog(Running):
    """Faults of a terminal."""

    @abstractmethod
    def _append(self, kind: str, subject: str, at: datetime, facts: dict[str, Any]) -> None: ...

    @abstractmethod
    def head(self) -> tuple[int, bytes]:
        """Return the number of the last row and its link."""

    def open_fault(self, kind: str, detail: str, at: datetime) -> TerminalFault:
        """Write a fault down; one of the same kind that is open already is that one.

        Raises:
            InvalidRequestError: A kind that is no word, or a detail that may not be kept.
            JournalWriteError: Nothing was written.
        """
        with self._transaction():
            found = self._open_faults()
            for fault in found:
                if fault.kind == kind:
                    return fault
            fault = TerminalFault(f"F-{self.head()[0] + 1}", kind, detail, at)
            self._append(_OPENED, fault.fault_id, at, {"kind": kind, "detail": detail})
            self._keep([*found, fault])
        return fault

    def close_fault(self, fault_id: str, at: datetime, *, by: str, done: str) -> TerminalFault:
        """Write down that a fault was put right.

        Raises:
            InvalidRequestError: Nobody is named, or nothing was said of what was done.
            LocalProtocolError: None is open under that name.
            JournalWriteError: Nothing was written.
        """
        with self._transaction():
            found = {fault.fault_id: fault for fault in self._open_faults()}
            if fault_id not in found:
                raise LocalProtocolError("no open fault of that name")
            fault = found.pop(fault_id).closed(at, by=by, done=done)
            self._append(_CLOSED, fault_id, at, {"by": by, "done": done})
            self._keep(found.values())
            if fault.kind == UNCLEAN:
                self._set_meta(unclean="")
        return fault

    def faults(self, *, open_only: bool = True) -> list[TerminalFault]:
        """Return the faults that are open, or all there ever were; oldest first.

        Raises:
            JournalCorruptError: They cannot be read.
        """
        if open_only:
            return self._open_faults()
        rows = self._links("WHERE kind IN (?, ?) ORDER BY seq", _OPENED, _CLOSED)
        return _replayed(rows)

    def _open_faults(self) -> list[TerminalFault]:
        try:
            stored = json.loads(self._facts().get(_FACT) or "[]")
            return [
                TerminalFault(name, kind, detail, datetime.fromisoformat(at))
                for name, kind, detail, at in stored
            ]
        except (ValueError, TypeError):
            raise JournalCorruptError("the open faults cannot be read") from None

    def _keep(self, found: Iterable[TerminalFault]) -> None:
        data = [[f.fault_id, f.kind, f.detail, f.opened_at.isoformat()] for f in found]
        self._set_meta(**{_FACT: canonical(data)})


def check_faults(rows: Sequence[Row], stored: Sequence[TerminalFault]) -> None:
    """Check that exactly those faults are open that *rows* have opened and not closed.

    Raises:
        JournalCorruptError: They are others, or a row of them cannot be read.
    """
    told = [row for row in rows if row.kind in (_OPENED, _CLOSED)]
    if [fault for fault in _replayed(told) if fault.is_open] != list(stored):
        raise JournalCorruptError("the open faults are not what their rows say")


def _replayed(rows: Sequence[Row]) -> list[TerminalFault]:
    found: dict[str, TerminalFault] = {}
    try:
        for row in rows:
            at, said = datetime.fromisoformat(row.at), row.facts
            if row.kind == _OPENED:
                found[row.subject] = TerminalFault(row.subject, said["kind"], said["detail"], at)
            else:
                found[row.subject] = found[row.subject].closed(at, by=said["by"], done=said["done"])
    except (ValueError, TypeError, KeyError, PosRefundError):
        raise JournalCorruptError("a row of the fault log cannot be read") from None
    return list(found.values())
