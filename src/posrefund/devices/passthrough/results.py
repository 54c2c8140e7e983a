"""What became of a message that was to be relayed; none of it is an approval. Floor 6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NoReturn, TypeAlias

__all__ = ["RelayInDoubt", "RelayNotSent", "RelayRefused", "RelayResult", "Relayed"]


@dataclass(frozen=True, slots=True)
class _Result:
    """What all of them carry; no card data.

    Attributes:
        mti: Of the terminal's message; empty where it could not be read, as the next three.
        stan: Its STAN.
        terminal: Its DE41.
        amount: Its DE4, twelve digits.
    """

    evidence: ClassVar[str] = "relay"
    mti: str = ""
    stan: str = ""
    terminal: str = ""
    amount: str = ""

    def __bool__(self) -> NoReturn:
        message = "what a relay saw is not true or false; match on its four kinds"
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class Relayed(_Result):
    """The host answered, and the terminal was handed its bytes; whether they are genuine only the terminal knows.

    Attributes:
        code: DE39 as it stands there; empty where the answer has none.
    """

    code: str = ""


@dataclass(frozen=True, slots=True)
class RelayNotSent(_Result):
    """No byte left for the host; the terminal was told so, and may ask again.

    Attributes:
        why: What failed, in words that hold no data.
    """

    why: str = ""


@dataclass(frozen=True, slots=True)
class RelayInDoubt(_Result):
    """It left, or may have, and no answer of it came; the terminal was told so, and it does not leave again.

    Attributes:
        why: What failed, in words that hold no data.
    """

    why: str = ""


@dataclass(frozen=True, slots=True)
class RelayRefused(_Result):
    """It was not passed on: it cannot be read, or it went to the host before.

    Attributes:
        why: ``unreadable``, ``repeated``, or ``again`` where the terminal got the same answer once more.
    """

    why: str = ""


RelayResult: TypeAlias = Relayed | RelayNotSent | RelayInDoubt | RelayRefused
