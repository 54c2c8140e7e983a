"""The profile itself: is it one that a terminal can be certified with? No message is sent. Floor 10.

What ``posrefund dialect lint`` finds, and besides: what is legal in a file and leaves money to luck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.certify.cases.definition import Case
from posrefund.dialects.definition import MAC_FIELDS
from posrefund.dialects.file import dump_dialect, read_dialect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.certify.bench import Bench
    from posrefund.dialects import Dialect

__all__ = ["PROFILE"]

_MESSAGES = ("sign_in", "sale", "void", "refund", "reversal")
_MONEY = ("sale", "void", "refund")
_ANSWER_S = (5, 120)
Rule = tuple[str, bool, str, str]
"""The check, whether it is met, and what it says in both languages."""


def _profile(bench: Bench) -> None:
    found = read_dialect(dump_dialect(bench.subject.dialect))
    count = len(found.faults)
    zh, en = "参数文件各部分一致", "the parts of the profile agree"
    first = "".join(f": {each.path}: {each.expected}" for each in found.faults[:1])
    bench.expect(
        "profile.lint",
        is_met=not count,
        zh=zh if not count else f"参数文件有 {count} 处错误{first}",
        en=en if not count else f"the profile has {count} faults{first}",
    )
    for check, is_met, zh, en in _rules(bench.subject.dialect):
        bench.expect(check, is_met=is_met, zh=zh, en=en)


def _rules(known: Dialect) -> Iterator[Rule]:
    undoes = any(table.doubt == "reverse" for table in known.messages.values())
    needed = [name for name in _MESSAGES if undoes or name != "reversal"]
    lacking = [name for name in needed if name not in known.messages]
    yield (
        "profile.messages",
        not lacking,
        f"签到、消费、撤销、退货、冲正报文齐全{_lacking(lacking, '，缺')}",
        f"sign-in, sale, void, refund and reversal are there{_lacking(lacking, ', but for')}",
    )
    for name in _MONEY:
        if name in known.messages:
            yield from _answer_rules(known, name)
    yield from _code_rules(known)
    low, high = _ANSWER_S
    yield (
        "profile.timers",
        low <= known.timers.answer_s <= high and known.timers.reversal_tries >= 1,
        f"等待应答 {low} 至 {high} 秒，冲正至少一次",
        f"an answer is waited for {low} to {high} s, and a reversal is tried at least once",
    )


def _answer_rules(known: Dialect, name: str) -> Iterator[Rule]:
    """An approval has to say what a later refund names, and to be authentic."""
    presence = known.messages[name].response.split()
    sure = {entry.rstrip("A") for entry in presence if not entry.endswith("C")}
    needed = [known.answers.get(fact, "").partition("[")[0] for fact in ("rrn", "host_date")]
    lacking = [f"DE{number}" for number in needed if number and number not in sure]
    yield (
        f"profile.{name}.names",
        all(needed) and not lacking,
        f"{known.messages[name].zh}的成功应答必有参考号和日期{_lacking(lacking, '，缺')}",
        f"an approved {name} has its RRN and date{_lacking(lacking, ', but for')}",
    )
    yield (
        f"profile.{name}.mac",
        any(number in sure for number in MAC_FIELDS),
        f"{known.messages[name].zh}的成功应答必带 MAC",
        f"an approved {name} has to carry a MAC",
    )


def _code_rules(known: Dialect) -> Iterator[Rule]:
    silent = [code for code, row in known.codes.items() if not (row.zh and row.en)]
    yield (
        "profile.codes.words",
        not silent,
        f"每个应答码都有中英文说明{_lacking(silent, '，缺')}",
        f"every code has its words in both languages{_lacking(silent, ', but for')}",
    )
    yield (
        "profile.codes.sign_in",
        any(row.sign_in_first for row in known.codes.values()),
        "有使终端重新签到的应答码",
        "some code sends the terminal to sign in again",
    )
    loose = [
        code for code, row in known.codes.items() if row.may_retry and row.money != "not_booked"
    ]
    yield (
        "profile.codes.retry",
        not loose,
        f"可重试的应答码均表示未记账{_lacking(loose, '，除')}",
        f"whatever may be tried again was not booked{_lacking(loose, ', but for')}",
    )


def _lacking(names: list[str], word: str) -> str:
    return f"{word} {', '.join(names)}" if names else ""


PROFILE = Case(
    "profile",
    "参数检查",
    "Profile",
    "报文、应答码、MAC、时限齐全且相互一致",
    "Messages, codes, MAC and timers are there and agree with each other.",
    _profile,
)
