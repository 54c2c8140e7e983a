"""The words of a report in both languages: columns, lines, states and what else stands in its cells. Floor 8.

What the host accepted is *accepted* (已受理) here, too; only what a settlement file has shown is *settled*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.office.complaint_words import COMPLAINT_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office.paper import Language

__all__ = ["COLUMNS", "VALUES", "WORDS", "column", "said", "word"]

Pair = tuple[str, str]

_STATES: Mapping[str, Pair] = {
    "INTENT": ("已记录", "intended"),
    "SENT": ("已发出", "sent"),
    "NOT_SENT": ("未发出", "not sent"),
    "ACCEPTED": ("已受理", "accepted"),
    "DECLINED": ("被拒绝", "declined"),
    "IN_DOUBT": ("结果未知", "in doubt"),
    "REVERSING": ("冲正中", "being reversed"),
    "REVERSED": ("已冲正", "reversed"),
    "CONFIRMED": ("对账确认", "settled"),
    "MISMATCHED": ("与文件不符", "file disagrees"),
    "BOUNCED": ("被退回", "came back"),
    "MANUAL": ("待人工", "with people"),
    "RELEASED": ("已释放", "released"),
    "AWAITING_APPROVAL": ("待复核", "waiting"),
    "CLEARED": ("已复核", "approved"),
    "CANCELLED": ("已撤回", "withdrawn"),
    "EXPIRED": ("已过期", "expired"),
}
_KINDS: Mapping[str, Pair] = {
    "sale": ("消费", "sale"),
    "void": ("撤销", "void"),
    "refund": ("退货", "refund"),
}
_LINES: Mapping[str, Pair] = {
    "opening": ("期初", "opening"),
    "new": ("新增", "new"),
    "resolved": ("已解决", "resolved"),
    "closing": ("期末", "closing"),
    "journal": ("本机账", "journal"),
    "not_in_a_file": ("文件未到", "not in a file"),
    "file_disagrees": ("与文件不符", "file disagrees"),
    "host_only": ("仅主机有", "host only"),
    "host": ("主机账", "host"),
    "difference": ("差额", "difference"),
}
_WHYS: Mapping[str, Pair] = {
    "customer": ("顾客要求", "customer"),
    "duplicate": ("重复交易", "duplicate"),
    "defect": ("商品质量", "defect"),
    "not_delivered": ("未收到货", "not delivered"),
    "price": ("价格有误", "price"),
    "fraud": ("非本人交易", "fraud"),
}
_DOUBTS: Mapping[str, Pair] = {
    "no_reply": ("无应答", "no reply"),
    "closed": ("连接中断", "line closed"),
    "bad_mac": ("校验码错", "bad MAC"),
    "no_mac": ("无校验码", "no MAC"),
    "unreadable": ("无法读取", "unreadable"),
    "mismatch": ("应答不符", "not its answer"),
    "declined_after_repeat": ("重发后被拒", "declined after repeat"),
    "received": ("主机已收", "host has it"),
    "restart": ("重启", "restart"),
    "interrupted": ("中断", "interrupted"),
    "journal_behind": ("流水陈旧", "journal behind"),
    "contradiction": ("证据矛盾", "contradiction"),
    "unreachable": ("连不上", "unreachable"),
    "not_anchored": ("未留锚", "not anchored"),
    "cancelled": ("已取消", "cancelled"),
    "expired": ("已过期", "expired"),
    "no_code": ("凭对账文件", "by a file"),
    "-": ("未注明", "not said"),
}
_EVENTS: Mapping[str, Pair] = {
    "decline": ("被拒绝", "declined"),
    "doubt": ("结果未知", "in doubt"),
    "fail": ("未发出", "not sent"),
    "contradict": ("与文件不符", "file disagrees"),
    "bounce": ("被退回", "came back"),
    "case_opened": ("立案", "case opened"),
    "case_closed": ("结案", "case closed"),
    "fault_opened": ("故障", "fault"),
    "fault_closed": ("故障排除", "fault mended"),
}
_APPROVALS: Mapping[str, Pair] = {**_STATES, "INTENT": ("已复核并使用", "approved and used")}

_CATEGORIES: Mapping[str, Pair] = {
    "LATE_MATCH": ("迟到相符", "late match"),
    "RESOLVED_YES": ("证实已入账", "booked after all"),
    "RESOLVED_NO": ("证实未入账", "not booked after all"),
    "JOURNAL_ONLY": ("仅本机有", "journal only"),
    "HOST_ONLY": ("仅主机有", "host only"),
    "DECLINED_BUT_BOOKED": ("被拒却入账", "declined but booked"),
    "AMOUNT": ("金额不符", "amount differs"),
    "CURRENCY": ("币种不符", "currency differs"),
    "SIGN": ("方向不符", "sign differs"),
    "DUPLICATE_HOST": ("主机重复", "twice at the host"),
    "DUPLICATE_JOURNAL": ("本机重复", "twice in the journal"),
    "ORIG_MISMATCH": ("原交易不符", "wrong original"),
    "OVER_REFUND": ("超额退款", "refunded too much"),
    "BOUNCED": ("被退回", "came back"),
    "FEE": ("手续费不符", "fee differs"),
    "FILE_FAULT": ("文件有误", "faulty file"),
    "-": ("未注明", "not said"),
}

VALUES: Mapping[str, Mapping[str, Pair]] = {
    "state": _STATES,
    "before": _STATES,
    "kind": _KINDS,
    "line": _LINES,
    "hold": {"reserved": ("预留", "reserved"), "accepted": ("已受理", "accepted")},
    "why": {**_DOUBTS, **_WHYS, "*": ("全部", "all")},
    "answer": _DOUBTS,
    "doubt": {name: pair for name, pair in _DOUBTS.items() if name != "-"},
    "what": _EVENTS,
    "approval": _APPROVALS,
    "category": _CATEGORIES,
    "milestone": {"final": ("有结果", "result"), "confirmed": ("对账确认", "settled")},
    "file": {
        "complete": ("齐全", "complete"),
        "partial": ("不全", "partial"),
        "missing": ("缺", "missing"),
        "not_due": ("未到", "not due yet"),
    },
    "operator": {"-": ("未登记", "not said"), "*": ("全部", "all")},
    "about": COMPLAINT_KINDS,
    "verdict": {"allow": ("通过", "allow"), "review": ("查看", "review"), "block": ("停", "block")},
}
"""What a cell says, by column; what is not here is shown as it is."""

COLUMNS: Mapping[str, Pair] = {
    "kind": ("类型", "kind"),
    "state": ("状态", "state"),
    "before": ("从", "from"),
    "currency": ("币种", "currency"),
    "count": ("笔数", "count"),
    "sum_minor": ("金额", "sum"),
    "line": ("项目", "line"),
    "hold": ("额度", "hold"),
    "by_refunds_minor": ("按退款", "by refunds"),
    "by_sales_minor": ("按消费", "by sales"),
    "day": ("日期", "day"),
    "sales": ("消费", "sales"),
    "sales_minor": ("消费额", "sales, sum"),
    "given_back": ("退款", "given back"),
    "given_back_minor": ("退款额", "given back, sum"),
    "confirmed": ("已确认", "settled"),
    "confirmed_pct": ("确认率", "settled %"),
    "terminal": ("终端", "terminal"),
    "file": ("文件", "file"),
    "rows": ("行数", "rows"),
    "times_read": ("读入次数", "times read"),
    "age_days": ("天数", "days"),
    "attempt": ("交易", "attempt"),
    "amount_minor": ("金额", "amount"),
    "stan": ("凭证号", "voucher"),
    "rrn": ("参考号", "reference"),
    "card": ("卡号", "card"),
    "doubt": ("原因", "reason"),
    "days": ("天数", "days"),
    "host_time": ("主机时间", "host time"),
    "operator": ("操作员", "operator"),
    "approved_by": ("复核人", "approved by"),
    "why": ("原因", "reason"),
    "batch": ("批次号", "batch"),
    "sale": ("原消费", "sale"),
    "made": ("发起", "made"),
    "accepted": ("受理", "accepted"),
    "declined": ("未入账", "not booked"),
    "not_sent": ("未发出", "not sent"),
    "undecided": ("未决", "undecided"),
    "accepted_pct": ("受理率", "accepted %"),
    "milestone": ("到", "until"),
    "p50_s": ("中位", "median"),
    "p90_s": ("九成", "90 %"),
    "p99_s": ("九成九", "99 %"),
    "max_s": ("最长", "longest"),
    "seconds": ("用时", "time"),
    "up_to": ("累计", "up to"),
    "hour": ("时", "hour"),
    "in_doubt": ("未知", "in doubt"),
    "in_doubt_pct": ("未知率", "in doubt %"),
    "answer": ("应答", "answer"),
    "what": ("结果", "what"),
    "category": ("类别", "category"),
    "oldest": ("最早", "oldest"),
    "about": ("投诉内容", "about"),
    "opened": ("新增", "opened"),
    "answered": ("答复", "answered"),
    "ended": ("了结", "over"),
    "late": ("超时", "late"),
    "still_open": ("未结", "still open"),
    "mean": ("均分", "mean"),
    **{f"score_{score}": (f"{score} 分", f"{score}") for score in range(1, 6)},
    "attempts": ("交易数", "attempts"),
    "exceptions": ("异常", "exceptions"),
    "refunds": ("退款", "refunds"),
    "refunds_minor": ("退款额", "refunds, sum"),
    "ratio_pct": ("退款比例", "ratio %"),
    "card_no": ("卡序", "card no."),
    "sold_by": ("售出人", "sold by"),
    "after_sale_s": ("售后", "after sale"),
    "before_close_s": ("距结算", "before close"),
}
"""Above a column."""

WORDS: Mapping[str, Pair] = {
    "day_report": ("退款日报", "Refund report of the day"),
    "month_report": ("退款月报", "Refund report of the month"),
    "training": ("训练", "TRAINING"),
    "no_money": ("训练数据，没有一笔是真钱", "Training: nothing in it is money"),
    "terminals": ("终端", "Terminals"),
    "made_at": ("制表", "Made"),
    "host_days": ("主机清算日", "Host's settlement days"),
    "running": ("当期未完", "not over yet"),
    "given_back": ("退款与撤销", "Given back"),
    "sold": ("消费", "Sold"),
    "accepted_rate": ("退款受理率", "Refunds accepted"),
    "in_doubt": ("结果未知", "In doubt"),
    "difference": ("与主机差额", "Difference to the host"),
    "median": ("用时中位", "Median time"),
    "balanced": ("平", "balanced"),
    "unbalanced": ("不平", "not balanced"),
    "check_doubts": ("期初 + 新增 − 已解决 = 期末", "opening + new − resolved = closing"),
    "check_ceilings_accepted": (
        "已受理退款 = 消费上所记",
        "accepted refunds = booked on their sales",
    ),
    "check_ceilings_reserved": (
        "未决退款 = 消费上预留",
        "undecided refunds = reserved on their sales",
    ),
    "nothing": ("这段时间没有数据", "Nothing in this period"),
    "nothing_open": ("没有未决交易", "Nothing is undecided"),
    "nothing_found": ("没有需要查看的", "Nothing to look at"),
    "sql": ("查询语句", "SQL"),
    "csv": ("下载 CSV", "Download CSV"),
    "to_look_at": ("值得查看", "Worth a look"),
    "hint": (
        "三十天内的指标，只是线索，不是证据。",
        "Measures over thirty days. They are hints, and prove nothing.",
    ),
    "money": ("金额", "Money"),
    "service": ("服务", "Service"),
    "people": ("人员", "People"),
    "lists": ("清单", "Lists"),
    "count": ("笔", ""),
    "more": ("另有 {count} 行，见 CSV", "{count} more rows in the CSV"),
    "cut_over": ("日切", "cut-over"),
    "others": ("其他", "others"),
    "expected": ("平均", "mean"),
    "refund_share": ("退款 / 消费", "refunds / sales"),
    "sales_made": ("消费笔数", "sales"),
    "accepted_sum": ("已受理与已确认", "Accepted and settled"),
    "footer": (
        "每个数字都可用所附查询语句在流水文件上重算。金额以最小货币单位存于 CSV。不含卡号。",
        "Every figure can be computed again from the journal file by the query under it. The CSV has amounts in minor units. No card numbers.",
    ),
    "second": ("秒", "s"),
    "minute": ("分", "min"),
    "hour_word": ("时", "h"),
    "day_word": ("天", "d"),
    "code": ("应答码", "code"),
}
"""Everything else."""


def word(name: str, language: Language) -> str:
    """Return a word of ``WORDS``."""
    return WORDS[name][language == "en"]


def column(name: str, language: Language) -> str:
    """Return what stands above a column."""
    return COLUMNS[name][language == "en"]


def said(name: str, value: object, language: Language) -> str:
    """Return what a cell of column *name* says.

    Example:
        >>> from posrefund.office.report.words import said
        >>> said("state", "ACCEPTED", "zh"), said("answer", "51", "en")
        ('已受理', '51')
    """
    text = str(value)
    if name in ("why", "answer", "doubt") and text.startswith("code_"):
        return f"{word('code', language)} {text.removeprefix('code_')}"
    pair = VALUES.get(name, {}).get(text)
    return pair[language == "en"] if pair else text
