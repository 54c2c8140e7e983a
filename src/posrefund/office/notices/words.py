"""What a customer reads, in two languages: a short text for a telephone, a subject and a letter. Floor 8.

No text but that of ``confirmed`` may say that money came (I10): until a settlement file showed it, nobody knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office.paper import Language

__all__ = ["TEXTS"]

_ZH_END = "单号$request_id[，咨询$phone]"
_ZH_CARD = "[，退回尾号$card_last4的卡]"
_ZH_DETAILS = """

退款单号：$request_id
[订单号：$order_ref
]金额：$amount
[卡号尾号：$card_last4
][参考号：$rrn
][咨询电话：$phone
]$merchant"""
_EN_END = "Ref. $request_id[, questions: $phone]"
_EN_CARD = "[ to the card ending in $card_last4]"
_EN_DETAILS = """

Refund: $request_id
[Order: $order_ref
]Amount: $amount
[Card ending in: $card_last4
][Reference: $rrn
][Questions: $phone
]$merchant"""

TEXTS: Mapping[tuple[Language, NoticeKind], Mapping[str, str]] = {
    ("zh", NoticeKind.ACCEPTED): {
        "short": f"【$merchant】您的退款$amount已受理{_ZH_CARD}[，预计$expected前可在账单中看到]。{_ZH_END}",
        "subject": "$merchant：退款已受理（$request_id）",
        "body": f"您好：\n\n您的退款$amount已由收单机构受理{_ZH_CARD}。"
        "[预计$expected前可在账单中看到，具体时间以发卡行为准。]收单机构对账确认后会再通知您。"
        + _ZH_DETAILS,
    },
    ("zh", NoticeKind.DECLINED): {
        "short": f"【$merchant】您的退款$amount未被银行接受，款项没有退出，请到门店重新办理。{_ZH_END}",
        "subject": "$merchant：退款未被接受（$request_id）",
        "body": "您好：\n\n您的退款$amount未被银行接受，款项没有退出。请与我们联系，重新办理。"
        + _ZH_DETAILS,
    },
    ("zh", NoticeKind.CHECKING): {
        "short": f"【$merchant】您的退款$amount正在核实，请不要重复申请，有结果会通知您。{_ZH_END}",
        "subject": "$merchant：退款正在核实（$request_id）",
        "body": "您好：\n\n您的退款$amount结果尚未明确，我们正与收单机构核实。请不要重复申请，有结果会马上通知您。"
        + _ZH_DETAILS,
    },
    ("zh", NoticeKind.CONFIRMED): {
        "short": f"【$merchant】您的退款$amount已经对账确认{_ZH_CARD}，请查看账单，到账时间以发卡行为准。{_ZH_END}",
        "subject": "$merchant：退款已确认（$request_id）",
        "body": f"您好：\n\n您的退款$amount已在收单机构的清算文件中确认{_ZH_CARD}。到账时间以发卡行为准，请查看账单。"
        + _ZH_DETAILS,
    },
    ("zh", NoticeKind.BOUNCED): {
        "short": f"【$merchant】您的退款$amount被银行退回，我们会与您联系，另行办理。{_ZH_END}",
        "subject": "$merchant：退款被退回（$request_id）",
        "body": "您好：\n\n您的退款$amount被银行退回，没有进入您的账户。我们会与您联系，另行办理。"
        + _ZH_DETAILS,
    },
    ("zh", NoticeKind.NOT_REFUNDED): {
        "short": f"【$merchant】经核实，您的退款$amount没有办成，款项没有退出，请到门店重新办理。{_ZH_END}",
        "subject": "$merchant：退款没有办成（$request_id）",
        "body": "您好：\n\n经与收单机构核实，您的退款$amount没有办成，款项没有退出。请与我们联系，重新办理。"
        + _ZH_DETAILS,
    },
    ("en", NoticeKind.ACCEPTED): {
        "short": f"$merchant: your refund of $amount{_EN_CARD} was accepted."
        f"[ You should see it on your statement by $expected.] {_EN_END}",
        "subject": "$merchant: refund accepted ($request_id)",
        "body": f"Hello,\n\nyour refund of $amount{_EN_CARD} was accepted by our bank."
        "[ You should see it on your statement by $expected; when exactly is up to the bank of your card.]"
        " We write again once our bank has confirmed it." + _EN_DETAILS,
    },
    ("en", NoticeKind.DECLINED): {
        "short": "$merchant: your refund of $amount was declined by the bank, no money was given back."
        f" Please come back to us. {_EN_END}",
        "subject": "$merchant: refund declined ($request_id)",
        "body": "Hello,\n\nyour refund of $amount was declined by the bank; no money was given back."
        " Please get in touch with us, so that it can be made again." + _EN_DETAILS,
    },
    ("en", NoticeKind.CHECKING): {
        "short": "$merchant: we are checking your refund of $amount with our bank."
        f" Please do not ask for it again, we write as soon as we know. {_EN_END}",
        "subject": "$merchant: refund being checked ($request_id)",
        "body": "Hello,\n\nthe result of your refund of $amount is not clear yet, and we are checking it with our bank."
        " Please do not ask for it again; we write as soon as we know." + _EN_DETAILS,
    },
    ("en", NoticeKind.CONFIRMED): {
        "short": f"$merchant: your refund of $amount{_EN_CARD} was confirmed by our bank."
        f" Please look at your statement. {_EN_END}",
        "subject": "$merchant: refund confirmed ($request_id)",
        "body": f"Hello,\n\nyour refund of $amount{_EN_CARD} was confirmed in the settlement file of our bank."
        " When it shows on your statement is up to the bank of your card." + _EN_DETAILS,
    },
    ("en", NoticeKind.BOUNCED): {
        "short": "$merchant: the bank sent your refund of $amount back to us. We get in touch with you."
        f" {_EN_END}",
        "subject": "$merchant: refund sent back ($request_id)",
        "body": "Hello,\n\nthe bank sent your refund of $amount back to us; it is not on your account."
        " We get in touch with you to give it back another way." + _EN_DETAILS,
    },
    ("en", NoticeKind.NOT_REFUNDED): {
        "short": "$merchant: we have checked your refund of $amount: it was not made, no money was given back."
        f" Please come back to us. {_EN_END}",
        "subject": "$merchant: refund not made ($request_id)",
        "body": "Hello,\n\nwe have checked your refund of $amount with our bank: it was not made, and no money was given"
        " back. Please get in touch with us, so that it can be made again." + _EN_DETAILS,
    },
}
