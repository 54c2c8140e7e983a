"""What is looked at in every answer, whatever case it belongs to. Floor 10.

Each group of checks gives one finding where all is well, and one for each field where it is not: so a fault is
named by the field that has it, and the fields beside it are not blamed. No text holds a value that the profile hides.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.certify.finding import Finding
from posrefund.certify.which_mac import in_words, rule_of
from posrefund.closed import closed
from posrefund.codec.mask import mask
from posrefund.dialects.definition import MAC_FIELDS
from posrefund.dialects.message import CLOSING
from posrefund.errors import InvalidRequestError
from posrefund.values import settlement_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from posrefund.certify.heard import Heard
    from posrefund.crypto import KeySet
    from posrefund.engine import TerminalView

__all__ = ["GROUPS", "examine"]

_CLOCK_S = 300
"""Between two messages of one run a host's clock does not move by more than that against ours."""
_DAY_S = 86_400
_KEY_FIELDS = ("11", "41")
_CARD_FIELDS = ("2", "23")
Fault = tuple[str, str, str]
"""The check, and what is wrong in Chinese and in English."""

GROUPS = {
    "readable": ("应答可按域表完整解析", "the answer can be read to its last byte"),
    "frame": ("TPDU 已互换，报文头原样返回", "TPDU swapped, header returned"),
    "mti": ("消息类型为请求加 10", "MTI is the request's plus ten"),
    "echo": ("应原样返回的域与请求一致", "what has to be repeated is as it was sent"),
    "presence": ("必备域齐全，没有多余的域", "every mandatory field is there, and none too many"),
    "form": ("各域内容符合格式", "what stands in the fields has their format"),
    "code": ("39 域是应答码表中的值", "DE39 stands in the table of codes"),
    "mac": ("MAC 正确", "the MAC is right"),
    "clock": ("日期、时间、清算日期正确", "date, time and settlement date are right"),
}
"""Group → what it says when all is well."""


@closed
def examine(heard: Heard, view: TerminalView, keys: KeySet | None, now: datetime) -> list[Finding]:
    """Look at an answer that came.

    Args:
        heard: The exchange.
        view: The terminal when it was sent.
        keys: Its working keys then.
        now: When the answer came.
    """
    assert heard.received is not None
    if heard.received.refusal is not None:
        refusal = heard.received.refusal
        zh = f"应答无法解析：{refusal.path}，第 {refusal.offset_bytes} 字节"
        en = f"the answer cannot be read: {refusal.path}, byte {refusal.offset_bytes}"
        return [Finding("readable", is_met=False, zh=zh, en=en, step=heard.step)]
    groups: dict[str, Callable[[], Iterator[Fault]]] = {
        "readable": lambda: iter(()),
        "frame": lambda: _frame(heard),
        "mti": lambda: _mti(heard),
        "echo": lambda: _echo(heard),
        "presence": lambda: _presence(heard),
        "form": lambda: _form(heard),
        "code": lambda: _code(heard),
        "mac": lambda: _mac(heard, keys),
        "clock": lambda: _clock(heard, view, now),
    }
    return [found for name, look in groups.items() for found in _of_group(name, look(), heard)]


def _of_group(name: str, faults: Iterator[Fault], heard: Heard) -> list[Finding]:
    wrong = [
        Finding(check, is_met=False, zh=zh, en=en, step=heard.step) for check, zh, en in faults
    ]
    if wrong or not _applies(name, heard):
        return wrong
    zh, en = GROUPS[name]
    return [Finding(name, is_met=True, zh=zh, en=en, step=heard.step)]


def _applies(name: str, heard: Heard) -> bool:
    """A group that had nothing to look at says nothing."""
    match name:
        case "mac":
            return (
                bool(_mac_place(heard))
                and heard.received is not None
                and heard.received.mac == "valid"
            )
        case "code":
            return "39" in heard.fields
        case "frame":
            return bool(heard.sent_in.tpdu or heard.sent_in.header)
        case "clock":
            return heard.name != "sign_in" and bool(heard.fact("host_date"))
        case _:
            return True


def _frame(heard: Heard) -> Iterator[Fault]:
    ours, theirs = heard.sent_in, heard.received_in
    assert theirs is not None
    if theirs.tpdu != ours.reply().tpdu:
        yield (
            "frame.tpdu",
            f"应答 TPDU 的目的与源地址应互换：应为 {ours.reply().tpdu.hex()}，实为 {theirs.tpdu.hex()}",
            (
                f"the answer's TPDU has to swap the addresses: {ours.reply().tpdu.hex()} expected,"
                f" {theirs.tpdu.hex()} came"
            ),
        )
    due, seen = ours.header.hex(), theirs.header.hex()
    if due[:5] + due[6:] != seen[:5] + seen[6:]:
        yield (
            "frame.header",
            f"除第 6 位（处理要求）外报文头应原样返回：发出 {due}，收到 {seen}",
            f"all of the header but digit 6 has to come back as it was: {due} sent, {seen} came",
        )


def _mti(heard: Heard) -> Iterator[Fault]:
    due, seen = heard.table.mti_reply, heard.fields.get("t", "")
    if seen not in heard.table.mti_replies:
        yield "mti", f"消息类型应为 {due}，实为 {seen}", f"MTI {due} expected, {seen} came"


def _echo(heard: Heard) -> Iterator[Fault]:
    for number, width in _widths(heard).items():
        if number not in heard.sent or number not in heard.fields:
            continue
        due, seen = heard.sent[number][:width], heard.fields[number][:width]
        if due != seen:
            zh, en = _names(heard, number)
            show = heard.dialect.fields[number].show if number in heard.dialect.fields else "never"
            yield (
                f"echo.DE{number}",
                f"{number} 域（{zh}）应与请求一致：发出 {mask(due, show)}，收到 {mask(seen, show)}",
                (
                    f"DE{number} ({en}) has to be the request's: {mask(due, show)} sent,"
                    f" {mask(seen, show)} came"
                ),
            )


def _widths(heard: Heard) -> dict[str, int]:
    """How many characters of which fields have to be equal; a sign-in may bring another batch."""
    widths = {**dict.fromkeys(_KEY_FIELDS, 99), **heard.dialect.echoed}
    batch_field = heard.dialect.answers.get("batch", "").partition("[")[0]
    if heard.name == "sign_in":
        widths.pop(batch_field, None)
    return {**widths, **dict.fromkeys(_CARD_FIELDS, 99)}


def _presence(heard: Heard) -> Iterator[Fault]:
    faults = heard.table.response_faults(heard.fields, approved=heard.is_plain_yes)
    for path, _ in faults:
        number = path.removeprefix("DE")
        if number in MAC_FIELDS and number not in heard.fields:
            continue  # said in the words for a MAC
        zh, en = _names(heard, number)
        if number in heard.fields:
            yield (
                f"extra.{path}",
                f"应答不应有 {number} 域（{zh}）",
                f"{path} ({en}) does not belong into this answer",
            )
        else:
            yield (
                f"missing.{path}",
                f"应答缺少必备的 {number} 域（{zh}）",
                f"{path} ({en}) is missing, and this answer needs it",
            )


def _form(heard: Heard) -> Iterator[Fault]:
    for path, expected in heard.dialect.value_faults(heard.fields):
        zh, en = _names(heard, path.removeprefix("DE"))
        yield (
            f"form.{path}",
            f"{path.removeprefix('DE')} 域（{zh}）内容不符合格式：{expected}",
            f"{path} ({en}) has not its format: {expected} expected",
        )


def _code(heard: Heard) -> Iterator[Fault]:
    if heard.code and heard.code not in heard.dialect.codes and not heard.is_done:
        yield (
            "code.unlisted",
            f"39 域 {heard.code!r} 不在应答码表中",
            f"DE39 {heard.code!r} is not in the profile's table of codes",
        )


def _mac_place(heard: Heard) -> str:
    """The MAC field of the request; only what carries a MAC gets one back."""
    return next((number for number in MAC_FIELDS if number in heard.sent), "")


def _mac(heard: Heard, keys: KeySet | None) -> Iterator[Fault]:
    assert heard.received is not None
    if not _mac_place(heard):
        return
    if heard.received.mac == "wrong":
        zh, en = _other_rule(heard, keys)
        yield "mac.wrong", f"应答 MAC 不正确{zh}", f"the answer's MAC is not right{en}"
    elif heard.received.mac == "absent" and heard.is_plain_yes and heard.name not in CLOSING:
        yield (
            "mac.missing",
            "成功应答必须带 MAC",
            "an answer that approves has to carry a MAC, and this one has none",
        )


def _other_rule(heard: Heard, keys: KeySet | None) -> tuple[str, str]:
    """Name the rule by which it would be right, if there is one."""
    place = next((number for number in reversed(MAC_FIELDS) if number in heard.fields), "")
    if keys is None or not place or heard.received_in is None:
        return "", ""
    before = heard.body[: -heard.dialect.mac_width]
    try:
        tag = bytes.fromhex(heard.fields[place])
    except ValueError:
        return "", ""
    found = rule_of(keys.mak, heard.received_in, before, tag, heard.dialect.mac)
    if found is None:
        return "；已知算法均不符", ": it is that of no rule that is known here"
    return f"；它是按 {in_words(found)} 计算的", f": it was made by {in_words(found)}"


def _clock(heard: Heard, view: TerminalView, now: datetime) -> Iterator[Fault]:
    """The host's own time, held against what the sign-in showed."""
    if heard.name == "sign_in" or view.signed_in_at is None:
        return
    date, time = heard.fact("host_date"), heard.fact("host_time")
    here = view.host_clock.at(now)
    if date and time:
        try:
            there = view.host_clock.learn(
                now, date_mmdd=date, time_hhmmss=time, year_yy=heard.fact("host_year")
            ).at(now)
        except InvalidRequestError:
            return  # said in the words for its form
        if abs(there - here) > timedelta(seconds=_CLOCK_S):
            yield _wrong_time(heard, there, here)
    yield from _settlement_day(heard, view, here)


def _wrong_time(heard: Heard, there: datetime, here: datetime) -> Fault:
    rest_s = abs(there - here).total_seconds() % _DAY_S
    fact = "host_date" if min(rest_s, _DAY_S - rest_s) <= _CLOCK_S else "host_time"
    path = heard.dialect.answers[fact].partition("[")[0]
    zh, en = _names(heard, path)
    shown = "%m-%d %H:%M"
    return (
        f"clock.DE{path}",
        f"{path} 域（{zh}）与签到时的主机时钟不符：应约为 {here:{shown}}，实为 {there:{shown}}",
        (
            f"DE{path} ({en}) is not the host's clock of the sign-in: about {here:{shown}} expected,"
            f" {there:{shown}} came"
        ),
    )


def _settlement_day(heard: Heard, view: TerminalView, here: datetime) -> Iterator[Fault]:
    said = heard.fact("settlement_date")
    if not said or "settlement_date" not in heard.dialect.answers:
        return
    span = timedelta(seconds=_CLOCK_S)
    days = {settlement_day(moment, view.dialect.cut_off) for moment in (here - span, here + span)}
    if said in {f"{day:%m%d}" for day in days}:
        return
    path = heard.dialect.answers["settlement_date"].partition("[")[0]
    zh, en = _names(heard, path)
    due = min(days)
    yield (
        f"clock.DE{path}",
        f"{path} 域（{zh}）应为 {due:%m%d}（日切 {view.dialect.cut_off:%H:%M}），实为 {said}",
        f"DE{path} ({en}) has to be {due:%m%d} (cut-off {view.dialect.cut_off:%H:%M}), {said} came",
    )


def _names(heard: Heard, number: str) -> tuple[str, str]:
    row = heard.dialect.fields.get(number)
    return (row.zh, row.en) if row else ("未知域", "unknown field")
