"""What the screens want done, for whoever has a terminal: the dialogue itself does no I/O. Floor 9.

A dialogue is told what was pressed or typed and answers with the effect that is wanted now, or with None. Its
``screen`` is busy until the driver has performed that effect and handed back what came of it, which may want the next::

    effect = dialogue.start()
    while effect is not None:
        effect = dialogue.resume(perform(effect, terminal))     # in a thread, or awaited

A press while it is busy is nothing at all, but for one: what waits for a card can be told to stop. That effect is
*aside*: it is performed at once, beside the one under way, and nothing is handed back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.errors import PosRefundError
    from posrefund.terminal.desk import Desk
    from posrefund.values import CardRead

__all__ = ["AtDesk", "AtReader", "Effect", "Failed", "OnLine", "Reader"]


class Reader(Protocol):
    """Where cards are read."""

    @property
    def cards(self) -> Sequence[str]:
        """Names of the test cards to choose from; none for a reader that reads what is put into it."""
        ...

    def read(self, which: int) -> CardRead:
        """Wait for a card and return it.

        Args:
            which: Which test card; 0 where there are none.

        Raises:
            PosRefundError: None was read.
        """
        ...

    def stop(self) -> None:
        """End a ``read`` from any thread, which raises then; harmless while there is none."""
        ...


class Effect:
    """Something to be done; each is a frozen dataclass, of one of the three kinds below.

    Attributes:
        is_aside: Done at once, beside what is under way; nothing is handed back.
    """

    __slots__ = ()
    is_aside: ClassVar[bool] = False


class AtDesk(Effect):
    """What needs no line: ``effect.at_desk(terminal)``, or ``await terminal.at_desk(effect.at_desk)``."""

    __slots__ = ()

    def at_desk(self, desk: Desk) -> Any:
        """Do it.

        Raises:
            PosRefundError: It came to nothing.
        """
        raise NotImplementedError


class OnLine(Effect):
    """What talks to the host: ``effect.on_line(terminal)``, awaited where that is an ``AsyncTerminal``."""

    __slots__ = ()

    def on_line(self, terminal: Any) -> Any:
        """Call the method of the terminal; the same of either kind, and return what it returns.

        Raises:
            PosRefundError: It came to nothing.
        """
        raise NotImplementedError


class AtReader(Effect):
    """What the card reader does; it may wait for a customer."""

    __slots__ = ()

    def at_reader(self, reader: Reader) -> Any:
        """Do it.

        Raises:
            PosRefundError: It came to nothing.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Failed:
    """An effect that came to nothing, handed back in place of its result.

    Attributes:
        error: Ours: whatever else is raised is the driver's own fault.
    """

    error: PosRefundError
