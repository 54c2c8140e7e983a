"""A terminal that speaks Caisse-AP over IP: the emulated one. Floor 9.

It reads tags however TCP cuts them and takes a message for whole when it falls silent behind all that it needs. Unlike a
public simulator it gives nothing back when a tag is missing, stands there twice or has another form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from posrefund.emulators.device import Say, Script

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CaisseAPTerminal"]

_HEAD = re.compile(r"([A-Z][A-Z0-9])([0-9]{3})")
_FORMS = {
    "CZ": r"\d{4}",
    "CJ": r"\d{12}",
    "CA": r"\d{2}",
    "CE": r"\d{3}",
    "BA": r"[01]",
    "CD": r"[01]",
    "CB": r"\d{2,12}",
}
_REPEATED = ("CZ", "CJ", "CA", "CE", "BA", "CD", "CB")
_DONE, _NOT_DONE, _TAKEN, _MALFORMED = "10", "01", "11", "09"
_CREDIT = "1"
_BYTES_MAX = 4096


class CaisseAPTerminal:
    """One terminal.

    Args:
        script: Which amount ends how; codes are ``10``, ``11``, or ``01/`` and a reason: 04 refused, 05 forbidden,
            08 time-out, 11 abandoned. It is never ``busy``: who calls meanwhile waits.
        quiet_s: So much silence ends a message.

    Attributes:
        asked: Every message that asked for a credit, in order.
        credits: Amount in minor units and currency of what it gave back, in order.
    """

    def __init__(self, script: Script | None = None, *, quiet_s: float = 0.05) -> None:
        self.script = script or Script()
        self.asked: list[bytes] = []
        self.credits: list[tuple[int, str]] = []
        self._quiet_s = quiet_s
        self.connect()

    @property
    def deadline(self) -> float | None:
        """When silence ends what it heard, or its work is over."""
        return self._deadline

    def connect(self) -> None:
        """A fresh connection: what was half heard is gone."""
        self._heard, self._answer = "", ""
        self._deadline: float | None = None

    def receive(self, chunk: bytes, now: float) -> Sequence[Say]:
        """Take bytes as they come; what comes while it works is not heard."""
        if not self._answer:
            self._heard = (self._heard + chunk.decode("latin-1"))[:_BYTES_MAX]
            self._deadline = now + self._quiet_s
        return ()

    def deadline_passed(self, now: float) -> Sequence[Say]:
        """Judge what was heard, or say what came of it."""
        if self._deadline is None or now < self._deadline:
            return ()
        if self._answer:
            return self._say()
        tags = _read(self._heard)
        if tags is None:  # more may come; if not, there is nobody to answer to
            self._deadline = None
            return ()
        self._answer, seconds = self._work(tags)
        if not seconds:
            return self._say()
        self._deadline = now + seconds
        return ()

    def _say(self) -> Sequence[Say]:
        said = [Say(self._answer.encode("latin-1"))]
        self.connect()
        return said

    def _work(self, tags: list[tuple[str, str]]) -> tuple[str, float]:
        asked = dict(tags)
        repeated = [(tag, asked[tag]) for tag in _REPEATED if tag in asked]
        if not _is_right(tags):
            return _text([*repeated, ("AE", _NOT_DONE), ("AF", _MALFORMED)]), 0.0
        if asked["CD"] != _CREDIT:
            return _text([*repeated, ("AE", _NOT_DONE), ("AF", "05")]), 0.0
        self.asked.append(self._heard.encode("latin-1"))
        scene = self.script.play(int(asked["CB"]))
        code = scene.code or (_TAKEN if asked["BA"] == "1" else _DONE)
        if code == _DONE if scene.does_act is None else scene.does_act:
            self.credits.append((int(asked["CB"]), asked["CE"]))
        done, _, reason = code.partition("/")
        told = dict(repeated) | _lie(scene.lie, asked)
        result = [("AE", done), *([("AF", reason)] if reason else [])]
        card = (
            [("CC", "001"), ("AC", "123456"), ("AA", "620000######0005")] if code == _DONE else []
        )
        return _text([*told.items(), *result, *card]), scene.seconds


def _read(text: str) -> list[tuple[str, str]] | None:
    """Return tags and values; None where a value is not all there."""
    tags, at = [], 0
    while at < len(text):
        head = _HEAD.match(text, at)
        if not head or head.end() + int(head[2]) > len(text):
            return None
        at = head.end() + int(head[2])
        tags.append((head[1], text[head.end() : at]))
    return tags or None


def _is_right(tags: list[tuple[str, str]]) -> bool:
    asked = dict(tags)
    return (
        len(asked) == len(tags)
        and tags[0][0] == "CZ"
        and all(re.fullmatch(form, asked.get(tag, "")) for tag, form in _FORMS.items())
    )


def _lie(lie: str | None, asked: dict[str, str]) -> dict[str, str]:
    match lie:
        case "amount":
            return {"CB": f"{int(asked['CB']) ^ 1:02}"}
        case "terminal":
            return {"CA": f"{(int(asked['CA']) + 1) % 100:02}"}
        case "currency":
            return {"CE": "840" if asked["CE"] != "840" else "978"}
        case "reference":
            return {"CJ": asked["CJ"][::-1]}
        case _:
            return {}


def _text(tags: list[tuple[str, str]]) -> str:
    return "".join(f"{tag}{len(value):03}{value}" for tag, value in tags)
