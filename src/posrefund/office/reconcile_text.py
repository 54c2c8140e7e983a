"""A reconciliation as a page of text: both sides by category, and the line that proves that no row was lost. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.engine.exceptions import EXCEPTIONS, needs_somebody

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from posrefund.office.findings import CategorySum, Finding, Reconciliation, Side

__all__ = ["WORDS", "money", "reconcile_text", "sums_text"]

WORDS = {
    "en": {
        "title": "settlement file of {day}",
        "whole": "whole: what it lacks counts",
        "cut": "nobody says that it is whole: what it lacks proves nothing",
        "corrects": "corrects the file {sha}",
        "head": ("category", "journal", "sum", "file", "sum", "difference"),
        "elsewhere": "other terminals",
        "undone": "undone by a reversal",
        "reversal": "reversals",
        "not_booked": "not booked",
        "other": "other kinds",
        "return": "refunds that came back",
        "file": "the file has",
        "proof": "rows and sums in no line above: {count} rows, difference {sum}",
        "people": "{count} for people to look at",
    },
    "zh": {
        "title": "对账文件 {day}",
        "whole": "文件完整：缺少的记录可作依据",
        "cut": "无法证明文件完整：缺少的记录不作依据",
        "corrects": "更正文件 {sha}",
        "head": ("类别", "本机", "金额", "文件", "金额", "差额"),
        "elsewhere": "其他终端",
        "undone": "已被冲正",
        "reversal": "冲正",
        "not_booked": "未入账",
        "other": "其他交易",
        "return": "被退回的退款",
        "file": "文件合计",
        "proof": "未归类：{count} 笔，差额 {sum}",
        "people": "{count} 笔需人工处理",
    },
}
_SHA_SHOWN = 12
_ALL_SHOWN = 20
"""So many items are shown one by one; of more, only those that somebody has to look at."""


def reconcile_text(found: Reconciliation, lang: Literal["zh", "en"] = "en") -> str:
    """Return the report of one file.

    Args:
        found: What the file said.
        lang: Its language.
    """
    words: dict[str, str] = {k: v for k, v in WORDS[lang].items() if isinstance(v, str)}
    lines = [words["title"].format(day=found.file_day), words["whole" if found.is_whole else "cut"]]
    if found.supersedes:
        lines.append(words["corrects"].format(sha=found.supersedes[:_SHA_SHOWN]))
    lines += sums_text(found.sums(), found.left_out, found.file, found.unaccounted, lang)
    lines += [words["people"].format(count=found.for_people)]
    is_short = len(found.findings) <= _ALL_SHOWN
    shown = [each for each in found.findings if is_short or needs_somebody(each.category)]
    lines += [_item(each, lang) for each in shown]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def sums_text(
    sums: Iterable[CategorySum],
    left_out: Mapping[str, Side],
    file: Side,
    rest: Side,
    lang: Literal["zh", "en"],
) -> list[str]:
    """Return the table of both sides, and the line that proves that no row was lost.

    Args:
        sums: By category.
        left_out: Rows in none, by why.
        file: All rows.
        rest: What is in neither.
        lang: Its language.
    """
    words: dict[str, str] = {k: v for k, v in WORDS[lang].items() if isinstance(v, str)}
    lines = ["", _line(*WORDS[lang]["head"])]
    for each in sums:
        both = (*_side(each.journal), *_side(each.file))
        lines.append(_line(each.category, *both, money(each.difference_minor)))
    lines += [_line(words[why], "", "", *_side(side), "") for why, side in left_out.items()]
    lines.append(_line(words["file"], "", "", *_side(file), ""))
    return [*lines, "", words["proof"].format(count=rest.count, sum=money(rest.sum_minor))]


def _line(name: str, *cells: str) -> str:
    count_1, sum_1, count_2, sum_2, difference = cells
    return f"{name:<20}{count_1:>8}{sum_1:>14}{count_2:>8}{sum_2:>14}{difference:>14}"


def _side(side: Side) -> tuple[str, str]:
    return str(side.count), money(side.sum_minor)


def money(minor: int) -> str:
    """Return an amount with two decimals."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _item(found: Finding, lang: Literal["zh", "en"]) -> str:
    rule = EXCEPTIONS[found.category]
    where = f" (line {found.row.row})" if found.row else ""
    like = f" ~ {found.suggests}" if found.suggests else ""
    step = rule.next_zh if lang == "zh" else rule.next_en
    todo = f": {step}" if needs_somebody(found.category) else ""
    return f"{found.category:<20} {found.attempt_id or '-'}{where}{like}{todo}"
