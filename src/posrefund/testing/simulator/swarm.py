"""Which things may go wrong in a world: every seed draws its own set and its own rates. Floor 10."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ["BEYOND", "FAULTS", "OF_INQUIRIES", "Swarm"]

FAULTS = {
    # the line, on the way to the host
    "refuse_connection": "line",
    "cut_before_send": "line",
    "cut_in_send": "line",
    "cut_after_send": "line",
    "half_open": "line",
    "lose_request": "line",
    "delay_request": "line",
    "duplicate_request": "line",
    "flip_request": "line",
    "truncate_request": "line",
    # the line, on the way back
    "lose_reply": "line",
    "delay_reply": "line",
    "late_reply": "line",
    "late_by_gateway": "line",
    "duplicate_reply": "line",
    "reorder_reply": "line",
    "truncate_reply": "line",
    "flip_reply": "line",
    "split_reply": "line",
    "hang_up": "line",
    "forge_yes": "line",
    "forge_result": "line",
    # the host
    "say_code": "host",
    "book_and_say_code": "host",
    "decline": "host",
    "bad_mac": "host",
    "no_mac": "host",
    "flip_mac_byte": "host",
    "wrong_stan": "host",
    "wrong_amount": "host",
    "wrong_terminal": "host",
    "unknown_field": "host",
    "wrong_original": "host",
    "garbage": "host",
    "wrong_kcv": "host",
    "half_key_set": "host",
    "die_after_booking": "host",
    "roll_back": "host",
    "close_batch": "host",
    "wrong_totals": "host",
    "half_totals": "host",
    "unbalanced": "host",
    # the settlement file
    "file_late": "file",
    "file_cut_off": "file",
    "file_broken": "file",
    "file_of_other_day": "file",
    "file_twice": "file",
    "file_wrong_amount": "file",
    "file_row_doubled": "file",
    "file_ghost_row": "file",
    "file_reissued": "file",
    # the terminal itself
    "clock_jump": "terminal",
    "clock_leap": "terminal",
    "disk_fault": "terminal",
    "disk_lies": "terminal",
    "disk_full": "terminal",
    "kill": "terminal",
    "second_process": "terminal",
    "journal_restored": "terminal",
}
"""Name of a fault → whose it is."""

OF_INQUIRIES = ("forge_result", "wrong_original")
"""What strikes nothing but an answer to an inquiry."""

BEYOND = ("clock_leap_unseen", "file_swapped")
"""What the product does not stand: never drawn, but may be asked for by name. The documents say so."""

_SWARMS = ((4, (0.1, 0.2, 0.4)), (8, (0.05, 0.1, 0.3)), (16, (0.03, 0.1)), (30, (0.02, 0.05)))
"""How many kinds of fault a seed knows, and how likely each may be: few and often, or many and seldom.

A world with everything in it, often, never gets past its sign-in.
"""

_TOGETHER = (
    ("lose_reply", "decline", "late_by_gateway"),
    ("hang_up", "decline", "late_by_gateway"),
    ("lose_reply", "lose_request", "late_reply", "decline", "late_by_gateway"),
    ("say_code", "book_and_say_code", "lose_reply"),
    ("say_code", "decline"),
    ("wrong_amount", "wrong_terminal", "wrong_stan"),
    ("wrong_amount", "say_code"),
    ("bad_mac", "forge_yes", "flip_mac_byte"),
    ("lose_reply", "lose_request", "forge_result", "wrong_original", "decline"),
    ("refuse_connection", "cut_before_send", "half_open", "file_ghost_row"),
    ("file_ghost_row", "file_reissued", "decline"),
    ("lose_request", "roll_back", "file_reissued", "file_ghost_row"),
    ("unbalanced", "half_totals", "lose_reply"),
    ("kill", "lose_reply", "second_process"),
    ("journal_restored", "lose_reply", "say_code"),
)
"""What shows something only together: a no that comes late needs a no, a lost answer and a gateway."""
_IN_A_GROUP, _OFTEN, _BESIDE = 0.5, (0.3, 0.6), (0, 3)
"""How many seeds are about such a group, how likely each of it is there, and how many others there are."""


class Swarm:
    """The faults of one seed: a random part of all, each with a rate.

    Args:
        random: The seed's.
        rates: Given, they are taken as they are: a test that wants one fault only.

    Attributes:
        rates: Fault → probability at each chance.
        struck: How often each one struck.
        is_calm: True once the faults have stopped.

    Example:
        >>> from random import Random
        >>> from posrefund.testing.simulator.swarm import Swarm
        >>> swarm = Swarm(Random(1), {"lose_reply": 1.0})
        >>> swarm.strikes("lose_reply"), swarm.strikes("garbage"), swarm.struck["lose_reply"]
        (True, False, 1)
    """

    def __init__(self, random: Random, rates: dict[str, float] | None = None) -> None:
        self._random = random
        self.rates = self._draw() if rates is None else dict(rates)
        self.struck: Counter[str] = Counter()
        self.is_calm = False

    def _draw(self) -> dict[str, float]:
        choose = self._random.choice
        if self._random.random() < _IN_A_GROUP:
            others = self._random.sample(sorted(FAULTS), self._random.randint(*_BESIDE))
            beside = {name: choose((0.05, 0.1)) for name in others}
            return beside | {name: choose(_OFTEN) for name in choose(_TOGETHER)}
        count, rates = choose(_SWARMS)
        names = self._random.sample(sorted(FAULTS), count)
        return {name: choose(rates) for name in names}

    def strikes(self, name: str) -> bool:
        """Say whether fault *name* strikes now, and count it."""
        rate = self.rates.get(name, 0.0)
        if self.is_calm or not rate or self._random.random() >= rate:
            return False
        self.struck[name] += 1
        return True

    def one_of(self, *names: str) -> str:
        """Return the first of *names* that strikes now, or nothing."""
        return next((name for name in names if self.strikes(name)), "")
