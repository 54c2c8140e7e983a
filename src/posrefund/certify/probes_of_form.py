"""How an odd number of digits has to stand in what we send: which nibble fills it, and on which side. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from posrefund.certify.asking import ready, sell_as
from posrefund.certify.moves import odd_card, sign_in, spoken_as
from posrefund.certify.switches import Seen, either
from posrefund.dialects import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard
    from posrefund.dialects import Dialect

__all__ = ["ODD_PROBES", "is_about_keys"]

_PADS = ("0", "F")
_NUMBER = "2"
_RULE_KEYS = ("data_enc", "len_enc", "len_type", "max_len", "len_count", "left_pad", "right_pad")


def _sent_pad(bench: Bench) -> Seen:
    """Sign in with either filler: DE60 of a sign-in has eleven digits."""
    profile = bench.dialect
    filled = _filled_fields(profile)
    heard = {}
    for pad in _PADS:
        with spoken_as(bench, _filled(profile, filled, pad)):
            heard[pad] = sign_in(bench)
    sent = heard[_PADS[0]].sent
    bench.need(
        is_there=any(len(sent.get(number, "")) % 2 for number in filled),
        zh="签到报文没有奇数位的压缩域",
        en="a sign-in of this profile has no packed field of an odd number of digits",
    )
    taken = {pad: each.is_done for pad, each in heard.items()}
    if not any(taken.values()):
        return Seen("", "签到均未成功", "neither sign-in was taken")
    now = _pad_of(profile, filled)
    if taken.get(now, True):
        return either(taken, "发出的填充位", "filler that is sent", due=now)
    best = next(pad for pad, is_taken in taken.items() if is_taken)
    known = _filled(profile, filled, best)
    bench.view = replace(bench.view, dialect=known)
    sign_in(bench)
    zh, en = f"发出的填充位须为 {best}", f"the filler that is sent has to be {best}"
    return Seen(best, zh, en, agrees=False, lines=_lines(known, filled))


def _number_from(bench: Bench) -> Seen:
    """Sell to an odd number from either side: left with the filler behind it, right with a zero before it."""
    ready(bench)
    card, profile = odd_card(bench), bench.dialect
    bench.need(
        is_there=_NUMBER in _filled_fields(profile),
        zh="参数的 2 域不是压缩域",
        en="DE2 of this profile is not packed",
    )
    known = {"left": profile, "right": _from_right(profile)}
    heard = {side: sell_as(bench, each, card) for side, each in known.items()}
    taken = {side: _is_read(each, "2", card.pan.reveal()) for side, each in heard.items()}
    if taken["left"] or not taken["right"]:
        return either(taken, "奇数位卡号", "an odd card number", due="left")
    bench.view = replace(bench.view, dialect=known["right"])
    zh, en = "奇数位卡号须右对齐、前补零", "an odd card number stands right, with a zero before it"
    lines = _lines(known["right"], (_NUMBER,))
    return Seen("right", zh, en, agrees=False, lines=lines)


ODD_PROBES: tuple[tuple[str, str, str, Callable[[Bench], Seen]], ...] = (
    ("sent_pad", "发出的填充位", "filler nibble that is sent", _sent_pad),
    ("number_from", "奇数位卡号的对齐", "side of an odd card number", _number_from),
)


def is_about_keys(heard: Heard) -> bool:
    """Whether a no came after the form was looked at: wrong MAC, not signed in."""
    return heard.is_refused and look_up(heard.dialect.codes, heard.code).sign_in_first


def _is_read(heard: Heard, number: str, due: str) -> bool:
    """Whether the host made of it what was sent; where it does not say it again, that it took it has to do."""
    is_same = heard.fields.get(number, due) == due
    return (heard.is_done and is_same) or is_about_keys(heard)


def _filled_fields(dialect: Dialect) -> tuple[str, ...]:
    """The fields that have a length and a filler behind an odd number of digits."""
    rules = dialect.specification
    return tuple(
        number
        for number in dialect.fields
        if rules[number]["len_type"] and "right_pad" in rules[number]
    )


def _pad_of(dialect: Dialect, filled: tuple[str, ...]) -> str:
    return str(dialect.specification[filled[0]]["right_pad"]) if filled else ""


def _filled(dialect: Dialect, filled: tuple[str, ...], pad: str) -> Dialect:
    rules = dialect.specification
    return _with_rules(dialect, {n: {**rules[n], "right_pad": pad} for n in filled})


def _from_right(dialect: Dialect) -> Dialect:
    rule = {key: v for key, v in dialect.specification[_NUMBER].items() if key != "right_pad"}
    return _with_rules(dialect, {_NUMBER: {**rule, "left_pad": "0"}})


def _with_rules(dialect: Dialect, rules: Mapping[str, Mapping[str, Any]]) -> Dialect:
    rows = [dialect.fields[number].renamed(rule=rule) for number, rule in rules.items()]
    return dialect.derive(dialect.name, fields=rows)


def _lines(dialect: Dialect, numbers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {f"fields.{n}": (_rule_line(dialect.specification[n]),) for n in numbers}


def _rule_line(rule: Mapping[str, Any]) -> str:
    pairs = (f"{key} = {_toml(rule[key])}" for key in _RULE_KEYS if key in rule)
    return f"rule = {{ {', '.join(pairs)} }}"


def _toml(value: object) -> str:
    return f"{value}" if isinstance(value, int) else f'"{value}"'
