"""The switches in which hosts differ, found out by asking this one. Floor 10.

A switch says what was seen, how sure that is, and what to write into the profile. What could not be asked stays
unknown, with the reason: a guess would look like a fact in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from posrefund.certify.finding import BlockedError
from posrefund.errors import PosRefundError

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.dialects import Dialect

__all__ = ["Confidence", "Seen", "Switch", "either", "find_switches", "fragment"]

_ZH = {
    "values": "原值",
    "zeros": "零",
    "with": "带",
    "without": "不带",
    "left": "左对齐",
    "right": "右对齐",
}
Confidence = Literal["seen", "likely", "unknown"]
"""The host did it before our eyes; it follows from one answer and may have another cause; nobody knows."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What asking came to.

    Attributes:
        found: What this host does, in a word that needs no translation: ``"600"``, ``"61"``; empty if unknown.
        said_zh: What was seen, or why nothing was; Chinese.
        said_en: The same, English.
        agrees: Whether the profile says so already; None where it has no word for it.
        lines: What to write, by the table of the dialect file it belongs into; ``""`` for the top.
        is_sure: Whether the host did it before our eyes, and not only refused something.
    """

    found: str
    said_zh: str
    said_en: str
    agrees: bool | None = None
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch.

    Attributes:
        name: Stable: ``"de60_tail"``.
        title_zh: What it is about, Chinese.
        title_en: The same, English.
        seen: What asking came to.
    """

    name: str
    title_zh: str
    title_en: str
    seen: Seen

    @property
    def confidence(self) -> Confidence:
        """How sure it is."""
        if not self.seen.found:
            return "unknown"
        return "seen" if self.seen.is_sure else "likely"

    def as_data(self) -> dict[str, object]:
        """Return it as plain data."""
        seen = self.seen
        return {
            "switch": self.name,
            "title": {"zh": self.title_zh, "en": self.title_en},
            "found": seen.found,
            "confidence": self.confidence,
            "said": {"zh": seen.said_zh, "en": seen.said_en},
            "agrees": seen.agrees,
            "lines": {table: list(lines) for table, lines in seen.lines.items()},
        }


def either(taken: dict[str, bool], zh: str, en: str, *, due: str) -> Seen:
    """Say which of several values was taken; *due* is what the profile sends."""
    values = [value for value, is_taken in taken.items() if is_taken]
    refused = [value for value, is_taken in taken.items() if not is_taken]
    zh_values, zh_refused = (
        [_ZH.get(value, value) for value in some] for some in (values, refused)
    )
    said_zh = f"{zh}：接受 {'、'.join(zh_values) or '无'}" + (
        f"，拒绝 {'、'.join(zh_refused)}" if refused else ""
    )
    said_en = f"{en}: taken {', '.join(values) or 'none'}" + (
        f", refused {', '.join(refused)}" if refused else ""
    )
    found = "either" if not refused else ", ".join(values)
    return Seen(found, said_zh, said_en, agrees=due in values)


def find_switches(bench: Bench) -> tuple[Switch, ...]:
    """Ask the host about each switch; what it will not tell is unknown.

    What is found about form and MAC is spoken from there on, or nothing could be asked of a host that takes nothing else.

    Args:
        bench: After the cases, or fresh; it signs in by itself. Money moves as in the cases.
    """
    from posrefund.certify.probes import PROBES

    profile = bench.view.dialect
    found = []
    for name, title_zh, title_en, probe in PROBES:
        bench.case, bench.findings = f"switch:{name}", []
        try:
            seen = probe(bench)
        except BlockedError as blocked:
            seen = Seen("", blocked.zh, blocked.en)
        except PosRefundError as error:
            why = type(error).__name__
            seen = Seen("", f"按参数组不出报文：{why}", f"no message can be made of it: {why}")
        found.append(Switch(name, title_zh, title_en, seen))
    bench.view = replace(bench.view, dialect=profile)
    return tuple(found)


def _without(written: list[str], lines: tuple[str, ...]) -> list[str]:
    """What was found later was asked with what was found before: its line is the whole of it."""
    keys = {_key(line) for line in lines}
    return [line for line in written if line.startswith("#") or _key(line) not in keys]


def _key(line: str) -> str:
    return line.partition(" = ")[0]


def fragment(switches: tuple[Switch, ...], dialect: Dialect, *, is_built_in: bool = True) -> str:
    """Return what was found as a dialect file to go on from: what is unknown stands there as a comment.

    Args:
        switches: Of ``find_switches``.
        dialect: The profile that was asked with.
        is_built_in: Whether it has a name that ``base`` knows; else the file is one to merge into it.
    """
    head = ["# Found by posrefund certify. Ask the acquirer in writing before a code is narrowed."]
    head += [f'name = "{dialect.name}-found"']
    head += [
        f'base = "{dialect.name}"'
        if is_built_in
        else '# merge this into your own file; its base is not known here\nbase = "unionpay"'
    ]
    tables: dict[str, list[str]] = {"": []}
    for switch in switches:
        mark = f"# {switch.name}: {switch.seen.said_en} [{switch.confidence}]"
        if not switch.seen.lines:
            tables[""].append(mark)
        for table, lines in switch.seen.lines.items():
            kept = _without(tables.get(table, []), lines)
            tables[table] = [*kept, mark, *lines]
    text = "\n".join([*head, *tables.pop("")])
    for table, written in tables.items():
        text += "\n".join(["", "", f"[{table}]", *written])
    return text + "\n"
