"""The paper of a closed batch: 结算单. Floor 8.

Both sides' totals, whether they are equal, and everything that is still in doubt, by its number. What would
explain a difference is worded as what it is: a hint.
"""

from __future__ import annotations

from itertools import islice
from textwrap import wrap
from typing import TYPE_CHECKING

from posrefund.engine.batch import Totals
from posrefund.office.paper import COLUMNS, Language, banner, centred, line, money, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from posrefund.engine import Attempt, TerminalView
    from posrefund.engine.batch import BatchTotals
    from posrefund.engine.settlement import BatchClosed

__all__ = ["batch_slip"]

_STANS_ON_A_LINE = 4
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "title": "结算单",
        "reprint": "*** 重打印 ***",
        "merchant": "商户编号",
        "terminal": "终端编号",
        "operator": "操作员号",
        "batch": "批次号",
        "time": "主机时间",
        "debit": "消费（借记）",
        "credit": "撤销及退货（贷记）",
        "foreign": "外卡",
        "ours": "本机",
        "host": "主机",
        "count": "笔",
        "result": "对账结果",
        "balanced": "平",
        "unbalanced": "不平",
        "error": "主机报错",
        "": "主机未答",
        "uploaded": "已批上送（笔）",
        "refused": "主机未收，代码",
        "ended_by_host": "批次由主机关闭，未完成结算",
        "next": "新批次号",
        "doubts": "结果未知，未计入，等对账文件：",
        "no_doubts": "没有结果未知的交易",
        "late": "合计发出后才获受理，未计入合计：",
        "explains": "可能解释差额（不作凭据）：",
        "explains_nothing": "未知交易都解释不了差额",
        "incomplete": "组合太多，未全部试过",
        "or": "或",
    },
    "en": {
        "title": "BATCH SETTLEMENT",
        "reprint": "*** REPRINT ***",
        "merchant": "Merchant",
        "terminal": "Terminal",
        "operator": "Operator",
        "batch": "Batch",
        "time": "Host time",
        "debit": "Sales (debit)",
        "credit": "Voids, refunds (credit)",
        "foreign": "foreign",
        "ours": "here",
        "host": "host",
        "count": "",
        "result": "Totals",
        "balanced": "equal",
        "unbalanced": "different",
        "error": "host error",
        "": "no answer",
        "uploaded": "Uploaded",
        "refused": "Not taken, code",
        "ended_by_host": "Closed by the host, not settled",
        "next": "New batch",
        "doubts": "In doubt, in no total; the file",
        "no_doubts": "Nothing is in doubt",
        "late": "Accepted later, in no total:",
        "explains": "May explain it (no proof):",
        "explains_nothing": "No doubts explain the difference",
        "incomplete": "Too many sets: not all tried",
        "or": "or",
    },
}
_MORE: Mapping[Language, str] = {"zh": "", "en": "will tell:"}
_KINDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {"sale": "消费", "void": "撤销", "refund": "退货"},
    "en": {"sale": "sale", "void": "void", "refund": "refund"},
}


def batch_slip(
    closed: BatchClosed,
    view: TerminalView,
    *,
    language: Language = "zh",
    reprint: bool = False,
    watermark: str = "",
) -> str:
    """Return the slip of a closed batch, ready to print.

    Args:
        closed: What ``Terminal.close_batch`` or ``last_batch`` gave.
        view: The terminal's: who it is, and what time it is at the host.
        language: Of all words.
        reprint: Say so on it.
        watermark: What makes it worthless, at the top, in the middle and at the end.
    """
    words = _WORDS[language]
    mark = banner(watermark)
    lines = [
        *mark,
        centred(words["title"]),
        *([centred(words["reprint"])] if reprint else []),
        rule(),
    ]
    lines += [
        line(words["merchant"], view.merchant),
        line(words["terminal"], view.terminal),
        line(words["operator"], closed.operator),
        line(words["batch"], closed.batch),
        line(words["time"], f"{view.host_clock.at(closed.closed_at):%Y/%m/%d %H:%M:%S}"),
        rule(),
        *_totals(closed, words),
        *mark,
        rule(),
        *_result(closed, words),
        rule(),
        *_doubts(closed, language),
        *mark,
    ]
    return "\n".join([*lines, ""])


def _totals(closed: BatchClosed, words: Mapping[str, str]) -> Iterator[str]:
    sides = [("ours", closed.ours), *([("host", closed.host)] if closed.host else [])]
    for name in ("debit", "credit"):
        yield words[name]
        for side, totals in sides:
            for label, part in _parts(side, totals, words):
                minor, count = getattr(part, f"{name}_minor"), getattr(part, f"{name}_count")
                label_and_count = f"  {label} {count:>3} {words['count']}".rstrip()
                yield line(label_and_count, money(minor, closed.currency))


def _parts(
    side: str, totals: BatchTotals, words: Mapping[str, str]
) -> Iterator[tuple[str, Totals]]:
    yield words[side], totals.domestic
    if totals.foreign != Totals():
        yield words["foreign"], totals.foreign


def _result(closed: BatchClosed, words: Mapping[str, str]) -> Iterator[str]:
    yield line(words["result"], words[closed.verdict])
    if closed.uploaded:
        yield line(words["uploaded"], str(closed.uploaded))
    for name, code in closed.refused.items():
        yield f"{words['refused']} {code}"
        yield from (line("", part) for part in wrap(name, COLUMNS - 2))
    if closed.ended_by == "host":
        yield words["ended_by_host"]
    yield line(words["next"], closed.next_batch)


def _doubts(closed: BatchClosed, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    if closed.doubts:
        yield words["doubts"]
        if _MORE[language]:
            yield _MORE[language]
        yield from _items(closed.doubts, closed, language)
    else:
        yield words["no_doubts"]
    if closed.late:
        yield words["late"]
        yield from _items(closed.late, closed, language)
    if closed.doubts or closed.late:
        yield from _suggestion(closed, words)


def _items(some: Iterable[Attempt], closed: BatchClosed, language: Language) -> Iterator[str]:
    for each in some:
        kind = _KINDS[language][each.kind]
        yield line(f"{each.stan} {kind}", money(each.amount.minor, each.amount.currency))
        yield line("", each.card_masked)
        if each.batch != closed.batch:
            yield line("", f"{_WORDS[language]['batch']} {each.batch}")


def _suggestion(closed: BatchClosed, words: Mapping[str, str]) -> Iterator[str]:
    if closed.host is None or closed.host == closed.ours or closed.verdict == "error":
        return
    found = closed.suggestion
    stans = {each.attempt_id: each.stan for each in (*closed.doubts, *closed.late)}
    if found.explanations:
        yield words["explains"]
    elif found.is_complete:
        yield words["explains_nothing"]
    for place, some in enumerate(found.explanations):
        head = words["or"] if place else ""
        yield from _few(head, [stans[name] for name in some])
    if not found.is_complete:
        yield words["incomplete"]


def _few(head: str, stans: list[str]) -> Iterator[str]:
    """The numbers, a few on a line."""
    rest = iter(stans)
    while some := list(islice(rest, _STANS_ON_A_LINE)):
        yield line(head, " ".join(some))
        head = ""
