"""A day's comparison as a page of text. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.office.reconcile_text import WORDS, money, sums_text

if TYPE_CHECKING:
    from posrefund.office.day_result import DayComparison, Difference

__all__ = ["day_text"]

_HEAD = {
    "en": "{terminals} terminals beside the settlement file of {day}; nothing was changed",
    "zh": "{terminals} 台终端对照 {day} 对账文件；未作任何改动",
}
_CUT = {
    "en": "nobody says that the file is whole: JOURNAL_ONLY proves nothing",
    "zh": "无法证明文件完整：JOURNAL_ONLY 不作依据",
}
_MORE = {"en": "and {count} more: --json has all", "zh": "另有 {count} 笔：见 --json"}
_SHOWN = 100


def day_text(found: DayComparison, lang: Literal["zh", "en"] = "en") -> str:
    """Return the report of one comparison.

    Args:
        found: What it says.
        lang: Its language.
    """
    lines = [_HEAD[lang].format(terminals=len(found.terminals), day=found.file_day)]
    lines.append(str(WORDS[lang]["whole"]) if found.is_whole else _CUT[lang])
    lines += sums_text(found.sums, found.left_out, found.file, found.unaccounted, lang)
    people = str(WORDS[lang]["people"])
    lines.append(people.format(count=len(found.differences)))
    lines += [_item(each) for each in found.differences[:_SHOWN]]
    if len(found.differences) > _SHOWN:
        lines.append(_MORE[lang].format(count=len(found.differences) - _SHOWN))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _item(each: Difference) -> str:
    where = "" if each.line is None else f" (line {each.line})"
    both = " / ".join(
        "-" if minor is None else money(minor) for minor in (each.journal_minor, each.file_minor)
    )
    known = f"{each.terminal} {each.stan} {each.kind}"
    return f"{each.category:<20} {known} {both} {each.attempt_id or '-'}{where}"
