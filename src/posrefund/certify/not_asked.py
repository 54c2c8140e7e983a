"""Points in which hosts differ and that no question of a terminal finds out: named, each with its reason. Floor 10."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from posrefund.certify.switches import Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.certify.bench import Bench

__all__ = ["NOT_ASKED"]

_REASONS = (
    (
        "preauth_completion",
        "预授权完成的退货",
        "refund of a completion",
        "参数没有预授权报文，无法试验",
        "the profile has no pre-authorisation: it cannot be tried",
    ),
    (
        "sm4_pin",
        "SM4 的 PIN 位置",
        "place of a PIN block of SM4",
        "没有测试卡的 PIN，错误的 PIN 会计入锁卡次数，不试；请问收单机构",
        "no PIN of a test card is known, and a wrong one counts against the card: not tried, ask the acquirer",
    ),
    (
        "tmk_download",
        "主密钥下载",
        "download of the TMK",
        "参数没有下载主密钥的报文（60.3 为 351、352）：主密钥由人装入",
        "the profile has no message for it (DE60.3 351, 352): people load the TMK",
    ),
    (
        "signature_packets",
        "电子签名分包号",
        "numbers of signature packets",
        "没有人签名，没有可上送的图像，不试；posrefund upload-signatures 会指明被拒的包",
        "nobody signed, so there is no picture to send: not tried; posrefund upload-signatures names a packet that is refused",
    ),
)


def _unknown(zh: str, en: str, _: Bench) -> Seen:
    return Seen("", zh, en)


NOT_ASKED: tuple[tuple[str, str, str, Callable[[Bench], Seen]], ...] = tuple(
    (name, title_zh, title_en, partial(_unknown, zh, en))
    for name, title_zh, title_en, zh, en in _REASONS
)
