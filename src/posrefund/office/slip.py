"""The paper the customer takes home: 签购单. Floor 8.

It says *accepted*, and nothing more before a settlement file has shown the money; the card number is
masked, a void or refund names its original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine import Approved, Reason
from posrefund.office.paper import Language, centred, line, money, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects import Dialect
    from posrefund.engine import Attempt, Original

__all__ = ["slip"]

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "merchant": "商户编号",
        "terminal": "终端编号",
        "operator": "操作员号",
        "card": "卡号",
        "kind": "交易类型",
        "batch": "批次号",
        "stan": "凭证号",
        "auth": "授权码",
        "rrn": "参考号",
        "time": "日期时间",
        "amount": "金额",
        "reason": "退货原因",
        "original_rrn": "原参考号",
        "original_date": "原交易日期",
        "original_stan": "原凭证号",
        "status": "状态",
        "signature": "持卡人签名",
        "reprint": "*** 重打印 ***",
    },
    "en": {
        "merchant": "Merchant",
        "terminal": "Terminal",
        "operator": "Operator",
        "card": "Card",
        "kind": "Type",
        "batch": "Batch",
        "stan": "Voucher",
        "auth": "Auth code",
        "rrn": "Reference",
        "time": "Date/time",
        "amount": "Amount",
        "reason": "Reason",
        "original_rrn": "Orig. ref.",
        "original_date": "Orig. date",
        "original_stan": "Orig. voucher",
        "status": "Status",
        "signature": "Signature",
        "reprint": "*** REPRINT ***",
    },
}
_REASONS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        Reason.CUSTOMER: "顾客要求",
        Reason.DUPLICATE: "重复交易",
        Reason.DEFECT: "商品质量",
        Reason.NOT_DELIVERED: "未收到货",
        Reason.PRICE: "价格有误",
        Reason.FRAUD: "非本人交易",
    },
    "en": {reason: reason.replace("_", " ") for reason in Reason},
}
_ENTRY_LETTERS = {"02": "S", "05": "I", "07": "C"}


def slip(
    outcome: Approved,
    dialect: Dialect,
    *,
    original: Original | None = None,
    language: Language = "zh",
    reprint: bool = False,
) -> str:
    """Return the slip of an accepted transaction, ready to print.

    Source:
        Fields as LIAO and PAX print them: entry letter S, I or C beside the masked number, the
        original's reference and date on a refund, its voucher number on a void.
    """
    words = _WORDS[language]
    attempt = outcome.attempt
    lines = [centred(dialect.slip_title[language]), rule()]
    if reprint:
        lines.insert(1, centred(words["reprint"]))
    lines += [line(words[name], value) for name, value in _rows(outcome, dialect, language)]
    lines += [line(words[name], value) for name, value in _of_original(attempt, original)]
    status = outcome.text_zh if language == "zh" else outcome.text_en
    return "\n".join([*lines, line(words["status"], status), "", f"{words['signature']}:", ""])


def _rows(outcome: Approved, dialect: Dialect, language: Language) -> list[tuple[str, str]]:
    attempt, facts = outcome.attempt, outcome.attempt.facts
    table = dialect.messages[attempt.kind]
    kind = f"{table.zh}({table.en})" if language == "zh" else table.en
    rows = [
        ("merchant", attempt.merchant),
        ("terminal", attempt.terminal),
        ("operator", facts["operator"]),
        ("card", f"{attempt.card_masked} {_ENTRY_LETTERS.get(facts.get('entry', '')[:2], 'N')}"),
        ("kind", kind),
        ("batch", attempt.batch),
        ("stan", attempt.stan),
        ("auth", facts.get("auth_code", "")),
        ("rrn", outcome.rrn),
        ("time", _time(attempt)),
        ("amount", money(attempt.amount.minor, attempt.amount.currency)),
        ("reason", _REASONS[language].get(facts.get("why", ""), "")),
    ]
    return [(name, value) for name, value in rows if value]


def _of_original(attempt: Attempt, original: Original | None) -> list[tuple[str, str]]:
    if original is None or attempt.kind == "sale":
        return []
    if attempt.kind == "void":
        return [("original_stan", original.stan)]
    return [("original_rrn", original.rrn), ("original_date", f"{original.transaction_date:%m%d}")]


def _time(attempt: Attempt) -> str:
    day, at = attempt.facts.get("host_date", ""), attempt.facts.get("host_time", "")
    return f"{day[:2]}/{day[2:]} {at[:2]}:{at[2:4]}:{at[4:]}" if day and at else ""
