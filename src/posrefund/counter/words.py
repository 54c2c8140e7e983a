"""Every word of the counter, in Chinese and English, in one table. Floor 9."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office.paper import Language

__all__ = ["WORDS", "Words"]

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # menu
        "menu": ("请选择", "What would you like to do?"),
        "menu_refund": ("退货", "Refund"),
        "menu_sign_in": ("签到", "Sign in"),
        "menu_status": ("查询退款", "How a refund stands"),
        "menu_doubts": ("结果未知的退款", "Refunds in doubt"),
        "menu_approvals": ("待复核", "Waiting for a second person"),
        "menu_reprint": ("重打印上一笔", "Print the last slip again"),
        "menu_selfcheck": ("自检", "Self-check"),
        "menu_language": ("English", "中文"),
        "menu_quit": ("退出", "Quit"),
        "open_doubts": (
            "{count} 笔退款结果未知：不要重做，按 4 查看",
            "{count} in doubt: do not repeat, press 4 to look",
        ),
        "not_signed_in": ("尚未签到：请先按 2 签到", "Not signed in: press 2 first"),
        "no_refunds": (
            "现在不能退货：请按 7 自检，或查看商户权限、结算和流水状态",
            "No refunds now: run the self-check (7); look at permissions, settlement and journal",
        ),
        "footer": (
            "终端 {terminal}  操作员 {operator}",
            "terminal {terminal}  operator {operator}",
        ),
        "goodbye": ("再见", "Goodbye"),
        # keys
        "key_enter": ("确认", "OK"),
        "key_back": ("返回", "Back"),
        "key_menu": ("回主菜单", "Menu"),
        "key_again": ("再试一次", "Try again"),
        "key_cancel": ("取消", "Cancel"),
        "key_more": ("更多", "More"),
        # waiting
        "busy": ("请稍候…", "One moment…"),
        "waiting": ("正在退货", "Refunding"),
        "waiting_line": (
            "正在与主机通信。请勿关机，请勿再按键。",
            "Talking to the host. Do not switch off; no key does anything now.",
        ),
        # card
        "card": ("原付款卡", "The card that paid"),
        "card_choose": ("培训用卡", "Cards to practise with"),
        "card_show": ("请插卡、挥卡或刷卡", "Insert, tap or swipe the card"),
        "by_code": ("扫码支付，无卡", "Paid by code (QR): no card"),
        # original
        "original": ("原交易", "The sale"),
        "original_list": ("该卡可退的交易", "What this card paid and may get back"),
        "original_by_code": ("近期可退的扫码交易", "What was paid by code and may go back"),
        "original_none_by_code": (
            "本机没有可退的扫码交易：请扫描小票条码，或输入参考号和日期",
            "No payment by code is known here: scan the slip, or type its reference number and date",
        ),
        "voucher": ("付款凭证码", "The voucher"),
        "voucher_line": (
            "本机没有该笔的付款凭证码：请照小票输入",
            "It is not known here: take it from the slip",
        ),
        "voucher_field": ("小票上的付款凭证码", "Voucher, as the slip has it"),
        "voucher_wrong": (
            "8 至 30 位字母、数字、- 或 _",
            "8 to 30 letters, digits, - or _",
        ),
        "original_candidates": ("符合的交易", "Sales that fit"),
        "original_none": (
            "本机没有该卡可退的交易：请扫描小票条码，或输入参考号和日期",
            "Nothing of this card is known here: scan the slip, or type its reference number and date",
        ),
        "original_left": ("可退 {left}", "{left} left"),
        "original_type": ("扫描或输入小票", "Scan or type the slip"),
        "original_field": (
            "小票条码、单号，或参考号和日期",
            "Slip code, request id, or number and date",
        ),
        "original_hint": (
            "例：R0APN58QCKDAWBBZA9AW 或 606710000042 0308",
            "such as R0APN58QCKDAWBBZA9AW or 606710000042 0308",
        ),
        "original_not_found": ("没有这笔交易：请核对", "No such sale: check it"),
        # amount
        "amount": ("退款金额", "How much"),
        "amount_bounds": (
            "{least} 至 {most}；直接确认为全额",
            "{least} to {most}; OK alone gives all of it",
        ),
        "amount_alone": ("超过 {alone} 须复核", "above {alone} a second person has to agree"),
        "amount_two": ("须另一人复核", "a second person has to agree"),
        "amount_field": ("元和分，例：12.30", "yuan and fen, such as 12.30"),
        "amount_wrong": ("请输入金额，例：12.30", "an amount, such as 12.30"),
        "amount_outside": ("须在 {least} 至 {most} 之间", "has to be {least} to {most}"),
        # check
        "check": ("请核对", "Is this right?"),
        "check_two": ("须另一人复核", "A second person has to agree"),
        "check_reason": ("按 1–{last} 改退货原因", "1–{last} changes the reason"),
        "kind_refund": ("退货", "Refund"),
        "kind_void": ("撤销（当日全额）", "Void (same day, all of it)"),
        "order": ("订单号", "The order"),
        "order_field": ("订单号", "Number of the order"),
        "document": ("凭证", "What speaks for it"),
        "document_field": ("号码", "Its number"),
        "paper_wrong": (
            "最多 64 个可打印字符，不可含卡号",
            "at most 64 printable characters, no card number",
        ),
        "add_order": ("填订单号", "the order's number"),
        "add_document": ("填小票、发票号", "a document's number"),
        # second person
        "ask_pin": ("申请人密码", "Who asks"),
        "pin_of": ("操作员 {operator} 的密码", "PIN of operator {operator}"),
        "approve": ("另一人复核", "A second person"),
        "approve_line": (
            "请另一人核对以上内容，输入本人操作员号",
            "Another person looks at this and types the own operator number",
        ),
        "operator_field": ("操作员号", "Operator number"),
        "operator_wrong": ("1 至 3 位字母或数字", "1 to 3 letters or digits"),
        "waits": ("等待复核", "Waiting for a second person"),
        "waits_line": (
            "未发出。复核后在主菜单按 5 继续，单号不变。",
            "Nothing was sent. Once somebody agreed, go on from menu 5 under the same id.",
        ),
        # signature
        "sign": ("签名并确认", "Signature and last look"),
        "sign_paper": ("纸上签名，立即退货", "Signed on paper: refund now"),
        "sign_given": ("已签名，立即退货", "Signed: refund now"),
        "sign_without": ("不签名，立即退货", "No signature: refund now"),
        "sign_wanted": ("规定须顾客签名", "The rules want the customer's signature"),
        "sign_line": (
            "按“立即退货”的数字键后立即发往主机",
            "A digit that says refund now sends it to the host at once",
        ),
        "sign_here": ("在此屏幕上签名", "Sign on this screen"),
        "sign_phone": ("顾客用手机扫码签名", "Sign by phone: shows a code"),
        "sign_phone_again": ("换一个二维码", "Another code"),
        "sign_phone_line": (
            "请顾客扫码签名；{minutes} 分钟内、且本屏未离开时有效",
            "The customer scans and signs; it holds for {minutes} minutes, while this screen is shown",
        ),
        "sign_phone_number": (
            "第 {number} 个二维码，之前的已失效",
            "Code {number}: those before hold no longer",
        ),
        "sign_here_line": ("请在框内签名", "Sign in the box"),
        "sign_done": ("签好了", "Done"),
        "sign_please": ("请签名", "Please sign"),
        "sign_no_folder": (
            "未设置保存签名图的文件夹，只能纸上签名",
            "No folder is set to keep drawn signatures in: on paper only",
        ),
        # what became of it
        "accepted": ("已受理", "Accepted"),
        "slip": ("签购单", "Slip"),
        "slip_failed": ("已受理，但小票未打出", "Accepted, but there is no slip"),
        "slip_again": ("再打一张", "Print it again"),
        "slip_none": ("没有可打印的小票", "There is no slip to print"),
        "declined": ("未受理", "Declined"),
        "not_sent": ("未发出", "Not sent"),
        "doubt": ("结果未知", "In doubt"),
        "doubt_do": (
            "请勿重做。请告知顾客：正在核实。",
            "Do not repeat it. Tell the customer: it is being checked.",
        ),
        "doubt_why": (
            "主机可能已退款，也可能没有；对账文件会给出结果。",
            "The host may have booked it or not; the settlement file will tell.",
        ),
        "doubt_note": (
            "请记下单号，交接班时告知。",
            "Write the reference down and hand it over with the shift.",
        ),
        "doubt_ask": ("查询主机（不会重发退款）", "Ask the host (nothing is sent again)"),
        "doubt_asked": ("已查询：仍未知。", "Asked: still unknown."),
        "doubt_people": (
            "须由人处理：请联系收单机构。",
            "People have to settle it: call the acquirer.",
        ),
        "doubt_blocks": (
            "该交易有一笔结果未知的退款，不能再退。",
            "A refund of this sale is in doubt: no other goes.",
        ),
        "refused": ("不能办理", "Refused"),
        "failed": ("没有办成", "It did not work"),
        "call": ("请联系：{contact}", "call: {contact}"),
        "not_before": ("主机时间 {moment} 之后可办", "possible from {moment}, host time"),
        # labels
        "label_amount": ("金额", "amount"),
        "label_kind": ("类型", "kind"),
        "label_sale": ("原交易", "sale"),
        "label_paid": ("原金额", "paid"),
        "label_left": ("可退", "left"),
        "label_card": ("卡号", "card"),
        "label_back_to": ("退回", "back to"),
        "payer": ("扫码付款人", "whoever paid by code"),
        "label_reason": ("原因", "reason"),
        "label_order": ("订单号", "order"),
        "label_document": ("凭证", "document"),
        "label_operator": ("操作员", "operator"),
        "label_maker": ("申请人", "asked by"),
        "label_request": ("单号", "reference"),
        "label_digest": ("摘要", "digest"),
        "label_code": ("代码", "code"),
        "label_since": ("时间", "since"),
        "label_rrn": ("参考号", "host's number"),
        "label_batch": ("批次号", "batch"),
        # sign in, status, lists
        "sign_in": ("签到", "Sign in"),
        "signed_in": ("签到成功", "Signed in"),
        "accept": ("接受并重新签到", "Accept it and sign in"),
        "status": ("查询退款", "How a refund stands"),
        "status_field": ("退款单号", "Reference of the refund"),
        "status_unknown": ("没有这个单号", "Nothing is known under that reference"),
        "doubts": ("结果未知的退款", "Refunds in doubt"),
        "nothing": ("没有", "None"),
        "approvals": ("待复核", "Waiting for a second person"),
        "approval_waits": ("待复核", "waits"),
        "approval_cleared": ("已复核", "agreed"),
        "approval_agree": ("复核", "Look at it and agree"),
        "approval_go_on": ("读卡并退货", "Read the card and refund"),
        "approval_withdraw": ("撤回申请", "Withdraw it"),
        "selfcheck": ("自检", "Self-check"),
        "verdict_ok": ("正常", "fine"),
        "verdict_warn": ("注意", "look at it"),
        "verdict_block": ("不可退款", "no refunds"),
        "verdict_skipped": ("未查", "not looked at"),
    }
)
"""Chinese, English."""


class Words:
    """The table, as one clerk reads it.

    Args:
        language: Whose.

    Example:
        >>> from posrefund.counter.words import Words
        >>> Words("zh")("menu_refund"), Words("en")("open_doubts", count=2)
        ('退货', '2 in doubt: do not repeat, press 4 to look')
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """Return what *key* says, *values* in their places."""
        said = self.of(*WORDS[key])
        return said.format(**values) if values else said

    def of(self, zh: str, en: str) -> str:
        """Return the one of two texts that this clerk reads."""
        return zh if self.language == "zh" else en
