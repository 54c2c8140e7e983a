"""What is certified: a profile, a terminal on the host's file, and a way to that host. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from posrefund.crypto import Key
    from posrefund.dialects import Dialect
    from posrefund.engine import Original
    from posrefund.framing import Envelope
    from posrefund.link import Link
    from posrefund.values import CardRead, MerchantID, TerminalID

__all__ = ["Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One host as one terminal sees it.

    Attributes:
        dialect: The profile.
        terminal: DE41; a terminal for tests, whose batch may be closed.
        merchant: DE42.
        tmk: Opens the keys of a sign-in.
        dial: Returns a new link to the host, not opened yet; each message has a connection of its own.
        envelope: TPDU and header of requests.
        cards: Test cards, two of them or more; never a customer's.
        clock: Returns the time, aware.
        host: What the report calls the host.
        answer_s: How long an answer is waited for; as the profile says if 0.
        batch: The batch that the first sign-in says; the host's answer changes it.
        first_stan: The first number that is used.
        operator: DE63 of a sign-in and a settlement.
        originals: Sales of an earlier settlement day that may be given back.
        turn_day: Makes it the next day at the host, whose sales of today can be given back then; None where nobody can.
    """

    dialect: Dialect
    terminal: TerminalID
    merchant: MerchantID
    tmk: Key = field(repr=False)
    dial: Callable[[], Link]
    envelope: Envelope
    cards: tuple[CardRead, ...] = field(repr=False)
    clock: Callable[[], datetime]
    host: str = ""
    answer_s: float = 0.0
    batch: str = "000001"
    first_stan: str = "000001"
    operator: str = "001"
    originals: tuple[Original, ...] = ()
    turn_day: Callable[[], None] | None = None
