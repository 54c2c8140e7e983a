"""How a terminal hands its message over: its line, its tags and its codes, as data. Floor 6.

No public specification of such a line exists; one published driver speaks it as the defaults say. Everything
can be set, in Python or in TOML.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from typing import Any

from posrefund.errors import ConfigError
from posrefund.framing import STXETX

__all__ = ["RelaySettings", "Tags"]

_TAG = re.compile(r"(?:[0-9A-F]{2}){1,4}")
_CODE = re.compile(r"[0-9A-Z]{2}")
_HEX = re.compile(r"(?:[0-9A-F]{2}){0,8}")
_LINE = ("check", "base", "covers_stx", "covers_etx", "body_bytes_max")


@dataclass(frozen=True, slots=True)
class Tags:
    """Tags in the frame's body, BER-TLV, in hexadecimal.

    Attributes:
        kind: What kind of message it is.
        random: A number that the answer echoes.
        host: Which host it is for.
        message: The finished ISO 8583 message, or the host's answer.
        result: What we say where there is no answer of the host.

    Raises:
        ConfigError: One is no tag, or stands for two things.
    """

    kind: str = "DF01"
    random: str = "DF04"
    host: str = "DF05"
    message: str = "DF06"
    result: str = "DF07"

    def __post_init__(self) -> None:
        names = [getattr(self, each.name) for each in fields(self)]
        if not all(isinstance(name, str) and _TAG.fullmatch(name) for name in names):
            raise ConfigError("tags: expected one to four bytes in hexadecimal, capital letters")
        if len(set(names)) < len(names):
            raise ConfigError("tags: expected five different ones")


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """How a relay speaks.

    Attributes:
        line: Framing of the line to the terminal.
        tags: Where things stand in a body.
        relayed_kind: The kind of message that goes to a host, in hexadecimal; any other is refused.
        host: The host that it has to name, in hexadecimal; empty for whichever it names.
        has_length: Whether the message begins with its own two-byte length.
        acknowledges: Whether a good frame is answered by ACK and a damaged one by NAK.
        connect_s: The host takes the call in this time.
        answer_s: The host answers in this time.
        late_s: So long is listened for an answer that is late.
        memory_s: So long a frame that comes again gets the same answer again.
        inter_byte_s: A frame that pauses longer between two bytes is given up.
        not_sent: What the terminal is told where nothing left for the host.
        in_doubt: What it is told where it may have been received, and no answer came.
        repeated: What it is told where it hands over a money message that was relayed before.
        unreadable: What it is told where its message is none.

    Raises:
        ConfigError: One of them is something else.

    Source:
        Tags, length and kind as a published driver of a Chinese MIS till has them; the four codes are our own,
        letters first so that no host has them.

    Example:
        >>> from posrefund.devices.passthrough import RelaySettings
        >>> RelaySettings.from_toml('''
        ...     relayed_kind = "02"
        ...     [line]
        ...     covers_etx = false
        ...     [tags]
        ...     message = "DF16"
        ... ''').tags.message
        'DF16'
    """

    line: STXETX = field(default_factory=lambda: STXETX(length="bcd", text=False))
    tags: Tags = field(default_factory=Tags)
    relayed_kind: str = "01"
    host: str = ""
    has_length: bool = False
    acknowledges: bool = True
    connect_s: float = 10.0
    answer_s: float = 60.0
    late_s: float = 120.0
    memory_s: float = 60.0
    inter_byte_s: float = 0.2
    not_sent: str = "RN"
    in_doubt: str = "RD"
    repeated: str = "RR"
    unreadable: str = "RU"

    def __post_init__(self) -> None:
        codes = (self.not_sent, self.in_doubt, self.repeated, self.unreadable)
        flags = (self.has_length, self.acknowledges)
        times = (self.connect_s, self.answer_s, self.late_s, self.memory_s, self.inter_byte_s)
        for fact, expected in (
            (self.line.length == "bcd", "a line with a length, for a message holds any byte"),
            (all(isinstance(flag, bool) for flag in flags), "true or false"),
            (_is_hex(self.relayed_kind) and self.relayed_kind, "relayed_kind in hexadecimal"),
            (_is_hex(self.host), "host in hexadecimal"),
            (all(map(_is_time, times)), "seconds, more than none and at most 600"),
            (all(map(_is_code, codes)), "codes of two digits or capital letters"),
            (self.not_sent not in codes[1:], "a code not_sent that means nothing else"),
        ):
            if not fact:
                raise ConfigError(f"the relay's settings: expected {expected}")

    @classmethod
    def from_toml(cls, text: str) -> RelaySettings:
        """Read settings; what is left out is as usual.

        Raises:
            ConfigError: It is no TOML, or a setting is unknown or wrong.
        """
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            raise ConfigError("the relay's settings: expected TOML") from None
        line = _table(data, "line", _LINE)
        tags = _table(data, "tags", [each.name for each in fields(Tags)])
        rest = _known(data, [each.name for each in fields(cls)], "the relay's settings")
        try:
            spoken = STXETX(length="bcd", text=False, **line)
            return cls(**rest, line=spoken, tags=Tags(**tags))
        except TypeError:  # a number where a text belongs
            raise ConfigError("the relay's settings: a value of another kind") from None


def _table(data: dict[str, Any], name: str, known: Any) -> dict[str, Any]:
    table = data.pop(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"[{name}]: expected a table")
    return _known(table, known, f"[{name}]")


def _known(table: dict[str, Any], known: Any, where: str) -> dict[str, Any]:
    unknown = [name for name in table if name not in known]
    if unknown:
        raise ConfigError(f"{where}: unknown setting {unknown[0][:40]!r}")
    return table


def _is_hex(text: object) -> bool:
    return isinstance(text, str) and bool(_HEX.fullmatch(text))


def _is_code(text: object) -> bool:
    return isinstance(text, str) and bool(_CODE.fullmatch(text))


def _is_time(seconds: object) -> bool:
    return type(seconds) in (int, float) and 0 < seconds <= 600  # type: ignore[operator]
