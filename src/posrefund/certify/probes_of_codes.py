"""Which code a host says no in, and whether a no carries a MAC. Floor 10."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.certify.asking import give_back, old_sale, ready
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    booked_or_not,
    original_of,
    sell,
    sign_in,
    void,
)
from posrefund.certify.switches import Seen
from posrefund.dialects import look_up
from posrefund.dialects.definition import MAC_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.certify.bench import Bench
    from posrefund.certify.heard import Heard

__all__ = ["CODE_PROBES"]

_MONEY_MESSAGES = ("sale", "void", "refund")


def _over(bench: Bench) -> Seen:
    sale = old_sale(bench)
    heard = give_back(bench, sale, minor=sale.amount.minor + bench.books.suspect_minor())
    return _code(bench, heard, "超额退货", "a refund of too much")


def _unknown(bench: Bench) -> Seen:
    sale = old_sale(bench)
    stranger = replace(
        sale, rrn=f"{sale.rrn[:-6]}888888", batch="000000", stan="000000", auth_code=None
    )
    heard = give_back(bench, stranger)
    return _code(bench, heard, "无原交易的退货", "a refund of no sale on file")


def _other_card(bench: Bench) -> Seen:
    sale, card = old_sale(bench), bench.subject.cards[1]
    heard = give_back(bench, sale, card)
    return _code(bench, heard, "卡号不符的退货", "a refund to another card")


def _voided(bench: Bench) -> Seen:
    """A sale that was voided, given back on another day where the day can be turned."""
    ready(bench)
    bench.need_message("void")
    card, turn = bench.subject.cards[0], bench.subject.turn_day
    heard, attempt = sell(bench, bench.books.plain_minor())
    booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
    bench.need(is_there=heard.is_done, zh="消费未获批准", en="the sale was not approved")
    sale = original_of(bench, attempt)
    heard, attempt = void(bench, sale)
    booked_or_not(bench, heard, attempt, card, *APPROVED_NOT_BOOKED)
    bench.need(is_there=heard.is_done, zh="撤销未获批准", en="the void was not approved")
    if turn is not None:
        turn()
        sign_in(bench)
    heard = give_back(bench, sale)
    seen = _code(bench, heard, "已撤销消费的退货", "a refund of a sale that was voided")
    return replace(seen, is_sure=turn is not None)  # on the same day that may be the reason


def _declines(bench: Bench) -> Seen:
    """Two refusals of two kinds: what both carry, all do."""
    sale = old_sale(bench)
    bent, _ = sell(bench, bench.books.suspect_minor(), how="bent")
    over = give_back(bench, sale, minor=sale.amount.minor + bench.books.suspect_minor())
    bench.need(
        is_there=bent.is_refused and over.is_refused,
        zh="没有得到两个拒绝应答",
        en="there were not two refusals to look at",
    )
    kinds = {_has_mac(over), _has_mac(bent)}
    table = bench.dialect.messages["refund"]
    expects = any(f"{number}" in table.response.split() for number in MAC_FIELDS)
    if len(kinds) == 2:
        zh = "拒绝应答有的带 MAC，有的不带"
        return Seen("some", zh, "some refusals carry a MAC and some do not")
    if not kinds.pop():
        zh, en = "拒绝应答不带 MAC", "refusals carry no MAC"
        return Seen("no", zh, en, agrees=not expects)
    lines = {} if expects else _with_mac(bench)
    zh, en = "拒绝应答也带 MAC", "refusals carry a MAC, too"
    return Seen("yes", zh, en, agrees=expects, lines=lines)


CODE_PROBES: tuple[tuple[str, str, str, Callable[[Bench], Seen]], ...] = (
    ("over_refund_code", "超额退货的应答码", "code of a refund of too much", _over),
    ("not_found_code", "无原交易的应答码", "code of a refund of nothing", _unknown),
    ("other_card_code", "卡号不符的应答码", "code of a refund to another card", _other_card),
    ("original_state_code", "已撤销消费退货的应答码", "code of a refund of a voided sale", _voided),
    ("mac_on_declines", "拒绝应答的 MAC", "MAC of refusals", _declines),
)


def _code(bench: Bench, heard: Heard, zh: str, en: str) -> Seen:
    bench.need(is_there=heard.has_come, zh="没有应答", en="there was no answer")
    if heard.is_done:
        return Seen("taken", f"{zh}：主机接受", f"{en}: taken")
    row = look_up(bench.dialect.codes, heard.code)
    is_narrow = row.money == "not_booked"
    zh, en = f"{zh}：{heard.code} {row.zh}", f"{en}: {heard.code} {row.en}"
    if is_narrow:
        return Seen(heard.code, zh, en, agrees=True)
    note = (
        f'# {heard.code} = {{ money = "not_booked" }} # only with the acquirer\'s word in writing'
    )
    return Seen(heard.code, zh, en, agrees=False, lines={"codes": (note,)})


def _has_mac(heard: Heard) -> bool:
    return heard.received is not None and heard.received.mac == "valid"


def _with_mac(bench: Bench) -> dict[str, tuple[str, ...]]:
    """The lines that want a MAC in every answer, not only in one that approves."""
    lines: dict[str, tuple[str, ...]] = {}
    for name in _MONEY_MESSAGES:
        table = bench.dialect.messages.get(name)
        if table is not None:
            wanted = " ".join(
                entry[:-1] if entry in {f"{n}A" for n in MAC_FIELDS} else entry
                for entry in table.response.split()
            )
            lines[f"messages.{name}"] = (f'response = "{wanted}"',)
    return lines
