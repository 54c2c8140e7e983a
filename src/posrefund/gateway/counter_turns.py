"""A card reader that the seats of a counter share: one reads at a time, and each can stop its own wait alone. Floor 10."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.devices.results import DeviceReason
from posrefund.errors import DeviceRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from posrefund.counter import Reader
    from posrefund.values import CardRead

__all__ = ["SeatReader", "Turn"]


class Turn:
    """Whose turn it is at a reader.

    Args:
        reader: The reader.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._changing = threading.Lock()
        self._whose: object | None = None
        self._is_over = False

    @contextmanager
    def of(self, seat: object) -> Iterator[None]:
        """Give it to *seat* for as long as it reads.

        Raises:
            DeviceRefusedError: Another one reads, or the door closes.
        """
        with self._changing:
            if self._whose is not None or self._is_over:
                raise _busy()
            self._whose = seat
        try:
            yield
        finally:
            with self._changing:
                self._whose = None

    def stop(self, seat: object) -> None:
        """End the wait of *seat*; nobody else's."""
        with self._changing:  # so that whoever comes next has not begun
            if self._whose is seat:
                self.reader.stop()

    def end(self) -> None:
        """End whatever wait there is, and let none begin any more."""
        with self._changing:
            self._is_over = True
            if self._whose is not None:
                self.reader.stop()


@closed_class
class SeatReader:
    """A reader as one seat has it; a ``Reader``.

    Args:
        turn: The reader, and whose turn it is there: the same for all of its seats.
    """

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    @property
    def cards(self) -> Sequence[str]:
        """Names of the test cards to choose from."""
        return self._turn.reader.cards

    def read(self, which: int) -> CardRead:
        """Wait for a card and return it.

        Raises:
            DeviceRefusedError: Another seat reads.
            PosRefundError: As the reader's.
        """
        with self._turn.of(self):
            return self._turn.reader.read(which)

    def stop(self) -> None:
        """End this seat's own wait."""
        self._turn.stop(self)


def _busy() -> DeviceRefusedError:
    return DeviceRefusedError(
        DeviceReason.BUSY,
        "",
        hint_zh="读卡器正在另一个柜台读卡，请稍候再试",
        hint_en="The card reader waits for a card of another counter: try again when it is free",
    )
