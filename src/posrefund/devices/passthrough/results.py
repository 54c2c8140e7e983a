"""What became of a message that was to be relayed; none of it is an approval. Floor 6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NoReturn, TypeAlias

__all__ = [
    "RelayInDoubt",
    "RelayNotSent",
    "RelayRefused",
    "RelayResult",
    "Relayed",
    "told_relay",
]


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


def told_relay(result: RelayResult) -> tuple[str, str]:
    """Return what people are told, in Chinese and in English.

    Example:
        >>> from posrefund.devices.passthrough import Relayed
        >>> from posrefund.devices.passthrough.results import told_relay
        >>> told_relay(Relayed("0220", "000004", "12345678", "000000000300", "00"))[1]
        '0220 000004: relayed; the host said 00, which only the terminal can check'
    """
    which = f"{result.mti} {result.stan}".strip() or "?"
    zh, en = _words(result)
    return f"{which}：{zh}", f"{which}: {en}"


def _words(result: RelayResult) -> tuple[str, str]:
    match result:
        case Relayed(code=code):
            said = code or "-"
            return (
                f"已转发；主机应答 {said}，真伪只有终端能核验",
                f"relayed; the host said {said}, which only the terminal can check",
            )
        case RelayNotSent(why=why):
            return "未发送到主机", f"not sent: {why}"
        case RelayInDoubt(why=why):
            return "结果未知，不会重发", f"in doubt, and never sent again: {why}"
        case RelayRefused(why=why):
            return _REFUSALS.get(why, _REFUSALS["unreadable"])


_REFUSALS = {
    "again": ("终端重发，已回原应答", "said again; it got the same answer again"),
    "repeated": ("此报文已转发过，拒绝再发", "refused: this message went to the host before"),
    "unreadable": ("报文无法识别，未转发", "refused: it cannot be read"),
}
