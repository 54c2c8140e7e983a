"""What goes up at a settlement: the same twice, and with a MAC and without one. Floor 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.certify.cases.definition import Case
from posrefund.certify.moves import need_approval, need_refusal, spoken_as
from posrefund.certify.settling import (
    ask_details,
    end,
    has_upload_mac,
    sell_and_differ,
    state_totals,
    with_upload_mac,
)

if TYPE_CHECKING:
    from posrefund.certify.bench import Bench
    from posrefund.certify.settling import Told

__all__ = ["UPLOAD_AGAIN", "UPLOAD_MAC"]


def _again(bench: Bench) -> None:
    """A terminal whose upload was not answered sends it again: the host counts an item once."""
    before = sell_and_differ(bench)
    ask_details(bench, how="lost")
    heard = ask_details(bench)
    need_approval(bench, heard, "重发的批上送", "the upload, sent once more")
    _close(bench, before)


def _mac(bench: Bench) -> None:
    before = sell_and_differ(bench)
    if has_upload_mac(bench.dialect):
        heard = ask_details(bench, how="bent")
        zh, en = "MAC 错误的批上送", "an upload with a wrong MAC"
        need_refusal(bench, heard, "upload_mac.refused", zh, en)
        need_approval(bench, ask_details(bench), "带 MAC 的批上送", "the upload with its MAC")
    else:
        need_approval(bench, ask_details(bench), "不带 MAC 的批上送", "the upload without a MAC")
        with spoken_as(bench, with_upload_mac(bench.dialect)):
            ask_details(bench)  # yes or no: what it must not do is say nothing, or book it
    _close(bench, before)


def _close(bench: Bench, before: Told) -> None:
    """Look at the totals again, and end the batch by what they say."""
    after = state_totals(bench, bench.books.totals())
    is_once = after.totals == before.totals
    bench.expect(
        "upload.once",
        is_met=is_once,
        heard=after.heard,
        zh="上送前后主机总额不变" if is_once else "上送的交易被主机重复计入总额",
        en="the host's totals are what they were before the upload"
        if is_once
        else "the host counted again what went up, and had it in its books already",
    )
    is_equal = after.verdict == "balanced"
    end(bench, "balanced" if is_equal else "unbalanced", 0 if is_equal else 1)


UPLOAD_AGAIN = Case(
    "upload_again",
    "批上送重发",
    "Upload, sent again",
    "批上送应答丢失后重发：再次应答成功，交易只计一次",
    "An upload whose answer was lost is sent again: taken, and its items count once.",
    _again,
)
UPLOAD_MAC = Case(
    "upload_mac",
    "批上送 MAC",
    "MAC of an upload",
    "按参数（带或不带 MAC）批上送获受理；参数不带时带 MAC 的也有应答，参数带时 MAC 错误的被拒绝；总额不变",
    "The upload in the profile's form is taken. Where that has no MAC, one with a MAC is answered, too; where it has, a wrong one is refused. Nothing is booked by any.",
    _mac,
)
