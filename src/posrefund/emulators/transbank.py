"""A terminal that speaks Transbank POS Integrado on a serial line: the emulated one. Floor 9.

Strict where a real one is: NAK for a wrong LRC, no answer to what it does not know. It sells, voids by operation, tells
its last sale and closes; it repeats an answer that nobody acknowledged, twice, and keeps its own books.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.emulators.device import Say, Script
from posrefund.framing import STXETX, Control, Damaged, STXETXFramer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from posrefund.framing import Event

__all__ = ["TransbankTerminal"]

_COMMERCE, _TERMINAL, _AUTHORISATION = "597029414300", "75001088", "794981"
_SIGNALS = frozenset({Control.ACK, Control.NAK})
_YES, _VOIDED, _NOT_FOUND, _NO_SALE = "00", "04", "05", "11"
_AT_WORK = ("0900|78", "0900|82")
"""It waits for a card; it talks to its host."""
_REPEATS = 2
_SALES = {"123": 1234, "124": 5000, "125": 990}


class TransbankTerminal:
    """One terminal.

    Args:
        script: Which amount ends how; codes are those of the official SDK. ``busy`` answers NAK.
        sales: Operation number → amount in pesos of the sales that it remembers.
        repeat_s: An answer without ACK is said again after so long (the reference says 10 s).

    Attributes:
        asked: Every void that it acknowledged, in order.
        sales: What it sold, voided or not.
        voided: Operations that it voided, in order.
    """

    def __init__(
        self,
        script: Script | None = None,
        sales: Mapping[str, int] | None = None,
        *,
        repeat_s: float = 10.0,
    ) -> None:
        self.script = script or Script()
        self.sales = dict(_SALES if sales is None else sales)
        self.asked: list[bytes] = []
        self.voided: list[str] = []
        self._repeat_s = repeat_s
        self._refused = 0
        self._commands: dict[str, Callable[[list[str]], list[str] | None]] = {
            "0100": lambda _: [],
            "0300": lambda _: [],
            "0200": self._sell,
            "0250": self._last_sale,
            "0500": lambda _: self._closed(),
            "0700": lambda _: [f"0710|00|{len(self.sales)}|{sum(self.sales.values())}"],
            "0800": lambda _: [f"0810|00|{_COMMERCE}|{_TERMINAL}"],
            "1200": self._void,
        }
        self.connect()

    @property
    def deadline(self) -> float | None:
        """When it answers, or says it again."""
        return self._deadline

    def connect(self) -> None:
        """A fresh conversation; an answer that nobody took is forgotten."""
        self._framer = STXETXFramer(STXETX(controls=_SIGNALS))
        self._waiting: list[str] = []
        self._last = b""
        self._repeats = 0
        self._deadline: float | None = None
        self._works_s = 0.0

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take bytes as they come."""
        return [say for event in self._framer.feed(chunk) for say in self._react(event, now)]

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Answer when the work is done; repeat what nobody acknowledged."""
        if self._deadline is None or now < self._deadline:
            return ()
        return self._repeat(now) if self._last else self._tell_next(now)

    # --- who has the word ------------------------------------------------------------------------

    def _react(self, event: Event, now: float) -> list[Say]:
        match event:
            case Control.ACK if self._last:
                self._last, self._deadline = b"", None
                return self._tell_next(now)
            case Control.NAK if self._last:
                return self._repeat(now)
            case Damaged(reason) if reason != "noise":
                return [Say(b"\x15", "control")]
            case bytes():
                return self._hear(event.decode("latin-1"), now)
            case _:
                return []

    def _hear(self, text: str, now: float) -> list[Say]:
        command, *parts = text.split("|")
        answer = self._commands.get(command)
        if answer is None:
            return [Say(b"\x15", "control")]
        self._works_s = 0.0
        said = answer(parts)
        if said is None:
            return [Say(b"\x15", "control")]
        self._waiting, self._last = list(said), b""
        self._deadline = now + self._works_s if self._works_s and said else None
        return [Say(b"\x06", "control"), *([] if self._deadline else self._tell_next(now))]

    def _tell_next(self, now: float) -> list[Say]:
        if not self._waiting:
            self._deadline = None
            return []
        self._last = self._framer.frame(self._waiting.pop(0).encode())
        self._deadline, self._repeats = now + self._repeat_s, 0
        return [Say(self._last)]

    def _repeat(self, now: float) -> list[Say]:
        self._repeats += 1
        if self._repeats > _REPEATS:
            self._waiting, self._last, self._deadline = [], b"", None
            return []
        self._deadline = now + self._repeat_s
        return [Say(self._last)]

    # --- what it does ----------------------------------------------------------------------------

    def _void(self, parts: list[str]) -> list[str] | None:
        operation = parts[0] if parts else ""
        if len(parts) != 2 or parts[1] or not operation.isdecimal() or len(operation) > 6:
            return None
        queue = self.script.queue
        if self._refused < (queue[0] if queue else self.script.usual).busy:
            self._refused += 1
            return None
        self._refused = 0
        self.asked.append(f"1200|{operation}|".encode())
        scene = self.script.play(self.sales.get(operation, 0))
        self._works_s = scene.seconds
        code = scene.code or self._judged(operation)
        if code == _YES if scene.does_act is None else scene.does_act:
            self.voided.append(operation)
        told = f"{int(operation) ^ 1}" if scene.lie == "reference" else operation
        terminal = "75001089" if scene.lie == "terminal" else _TERMINAL
        result = f"1210|{code}|{_COMMERCE}|{terminal}|{_AUTHORISATION}|{told}"
        return [*(_AT_WORK[at % 2] for at in range(scene.status)), result]

    def _judged(self, operation: str) -> str:
        if operation not in self.sales:
            return _NOT_FOUND
        return _VOIDED if operation in self.voided else _YES

    def _sell(self, parts: list[str]) -> list[str] | None:
        if len(parts) != 6 or not parts[0].isdecimal():
            return None
        operation = str(max(map(int, self.sales), default=0) + 1)
        self.sales[operation] = int(parts[0])
        told = list(_AT_WORK) if parts[4] == "1" else []
        return [*told, self._sale("0210", operation, parts[1])]

    def _last_sale(self, parts: list[str]) -> list[str] | None:
        if parts != [""]:
            return None
        if not self.sales:
            return [f"0260|{_NO_SALE}|{_COMMERCE}|{_TERMINAL}" + "|" * 16]
        return [self._sale("0260", next(reversed(self.sales)), "000001")]

    def _sale(self, command: str, operation: str, ticket: str) -> str:
        amount = self.sales[operation]
        card = f"0||0005|{operation}|CR|||VI|29112026|120000||0|"
        return f"{command}|00|{_COMMERCE}|{_TERMINAL}|{ticket}|{_AUTHORISATION}|{amount}|{card}"

    def _closed(self) -> list[str]:
        self.sales.clear()
        return [f"0510|00|{_COMMERCE}|{_TERMINAL}"]
