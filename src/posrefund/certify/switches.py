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

__all__ = ["Confidence", "Seen", "Switch", "find_switches", "fragment"]

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
            tables.setdefault(table, []).extend([mark, *lines])
    text = "\n".join([*head, *tables.pop("")])
    for table, written in tables.items():
        text += "\n".join(["", "", f"[{table}]", *written])
    return text + "\n"
