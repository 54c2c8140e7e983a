"""Closing a batch as a case does it: totals told and compared, items uploaded, the end, the next batch. Floor 10."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from posrefund.certify.finding import BlockedError
from posrefund.certify.moves import (
    APPROVED_NOT_BOOKED,
    CURRENCY,
    booked_or_not,
    need_approval,
    sell,
    sign_in,
)
from posrefund.dialects.definition import MAC_FIELDS
from posrefund.engine.batch import UPLOAD_ITEMS_MAX, BatchTotals, Closing, Stage
from posrefund.engine.compose import (
    compose_details,
    compose_end,
    compose_settlement,
    compose_uploaded_refund,
)
from posrefund.engine.settlement import ASKED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.certify.bench import Bench
    from posrefund.certify.books import Item
    from posrefund.certify.heard import Heard
    from posrefund.dialects import Dialect, MessageTable
    from posrefund.engine import Attempt

__all__ = [
    "UPLOADS",
    "Told",
    "ask_details",
    "ask_refund",
    "close_away",
    "compare",
    "end",
    "false_totals",
    "has_upload_mac",
    "need_closing",
    "sell_and_differ",
    "sell_for_batch",
    "state_totals",
    "upload",
    "with_upload_mac",
]

UPLOADS = ("upload_details", "upload_refund", "upload_end", "balanced_end")
"""What goes up (0320): UnionPay's carry no MAC, and an acquirer's may."""
_MESSAGES = ("sign_in", "settlement", *UPLOADS)
_MAC = MAC_FIELDS[0]


@dataclass(frozen=True, slots=True)
class Told:
    """What the host answered to a settlement.

    Attributes:
        heard: The exchange.
        totals: Its totals.
        verdict: Its verdict on domestic cards, by our name; empty for a digit that the profile does not know.
    """

    heard: Heard
    totals: BatchTotals
    verdict: str


def state_totals(bench: Bench, totals: BatchTotals) -> Told:
    """State *totals* to the host.

    Raises:
        BlockedError: There is no answer that can be compared.
    """
    need_closing(bench)
    fields = compose_settlement(bench.view, _closing(bench, totals), bench.now)
    heard = bench.ask("settlement", fields)
    bench.need(
        is_there=heard.has_come, zh="没有可解析的应答", en="there is no answer that can be read"
    )
    said = {name: heard.fact(name) for name in ASKED}
    try:
        told = BatchTotals.of_facts(said)
    except ValueError:
        zh, en = "48 域没有完整的总额", "DE48 of the answer does not hold whole totals"
        bench.expect("settlement.totals_field", is_met=False, zh=zh, en=en, heard=heard)
        bench.need(is_there=False, zh=zh, en=en)
        raise AssertionError("unreachable") from None
    words = bench.dialect.words.get("verdict", {})
    verdict = next((name for name, word in words.items() if word == said["verdict"]), "")
    return Told(heard, told, verdict)


def need_closing(bench: Bench) -> None:
    """End the case if the profile cannot close a batch, or nobody is signed in."""
    bench.need_message(*_MESSAGES)
    bench.need_keys()


def compare(bench: Bench, told: Told) -> bool:
    """Hold the host's totals against its own answers, and name what differs; return whether anything did."""
    ours = bench.books.totals()
    if told.totals == ours:
        zh, en = "主机总额与其各笔应答一致", "the host's totals are what it answered, item by item"
        bench.expect("settlement.totals", is_met=True, zh=zh, en=en, heard=told.heard)
        return False
    found = bench.books.explain(told.totals)
    if found is None:
        zh = f"主机总额与其各笔应答不符：应为 {_shown(ours)}，实为 {_shown(told.totals)}"
        en = f"the host's totals are not what it answered: {_shown(ours)} expected, {_shown(told.totals)} came"
        bench.expect("settlement.totals", is_met=False, zh=zh, en=en, heard=told.heard)
        return False
    for item in found:
        if item.check:
            zh, en = f"{item.zh}（{item.attempt.amount}）", f"{item.en} ({item.attempt.amount})"
            bench.expect(item.check, is_met=False, zh=zh, en=en, heard=told.heard)
    bench.books.turn(found)
    return True


def sell_for_batch(bench: Bench) -> Attempt:
    """Put a sale into the batch.

    Raises:
        BlockedError: The host did not approve it.
    """
    heard, sale = sell(bench, bench.books.plain_minor())
    booked_or_not(bench, heard, sale, bench.subject.cards[0], *APPROVED_NOT_BOOKED)
    need_approval(bench, heard, "消费", "a sale")
    return sale


def false_totals(bench: Bench) -> BatchTotals:
    """Return totals that nobody has: one minor unit more among the debits."""
    ours = bench.books.totals()
    domestic = replace(ours.domestic, debit_minor=ours.domestic.debit_minor + 1)
    return replace(ours, domestic=domestic)


def sell_and_differ(bench: Bench) -> Told:
    """Put a sale into the batch and state totals that are not the host's: then something goes up.

    Raises:
        BlockedError: The profile has no settlement, or a step did not work.
    """
    bench.need_message("sale")
    need_closing(bench)
    sell_for_batch(bench)
    return state_totals(bench, false_totals(bench))


def ask_details(bench: Bench, *, how: str = "") -> Heard:
    """Upload the last sale of the batch alone; *how* as for ``Bench.ask``."""
    last = bench.books.booked[-1]
    fields = compose_details(bench.view, [(last.attempt, last.card.kept)], bench.now)
    return bench.ask("upload_details", fields, how=how)


def ask_refund(bench: Bench) -> Heard:
    """Upload the last refund of the batch."""
    last = next(item for item in reversed(bench.books.booked) if item.attempt.kind == "refund")
    fields = compose_uploaded_refund(last.attempt, last.card.kept, bench.view, bench.now)
    return bench.ask("upload_refund", fields)


def has_upload_mac(dialect: Dialect) -> bool:
    """Say whether its uploads carry a MAC."""
    return _MAC in dialect.messages["upload_details"].templates


def with_upload_mac(dialect: Dialect, *, is_with: bool = True) -> Dialect:
    """Return *dialect* with a MAC in what goes up, or without one."""
    messages = {
        **dialect.messages,
        **{name: _with_mac(dialect.messages[name], is_with=is_with) for name in UPLOADS},
    }
    return dialect.derive(dialect.name, messages=messages)


def _with_mac(table: MessageTable, *, is_with: bool) -> MessageTable:
    request, response = (
        " ".join(entry for entry in text.split() if entry.rstrip("AC") != _MAC)
        for text in (table.request, table.response)
    )
    templates = {number: said for number, said in table.templates.items() if number != _MAC}
    if is_with:
        request, response = f"{request} {_MAC}", f"{response} {_MAC}C"
        templates[_MAC] = "{mac}"
    return replace(table, request=request, response=response, templates=templates)


def upload(bench: Bench) -> int:
    """Upload every item of the batch: sales and voids by eights, then refunds one by one; return how many.

    Raises:
        BlockedError: The host did not take one.
    """
    booked = bench.books.booked
    details = [item for item in booked if item.attempt.kind != "refund"]
    for some in _by_eights(details):
        pairs = [(item.attempt, item.card.kept) for item in some]
        heard = bench.ask("upload_details", compose_details(bench.view, pairs, bench.now))
        need_approval(bench, heard, "批上送", "the upload of sales and voids")
    for item in booked:
        if item.attempt.kind == "refund":
            fields = compose_uploaded_refund(item.attempt, item.card.kept, bench.view, bench.now)
            heard = bench.ask("upload_refund", fields)
            need_approval(bench, heard, "退货批上送", "the upload of a refund")
    return len(booked)


def end(bench: Bench, verdict: Literal["balanced", "unbalanced"], count: int) -> None:
    """Tell the host that this is all, and sign in to the next batch.

    Raises:
        BlockedError: The host did not take it.
    """
    closing = _closing(bench, bench.books.totals(), verdict)
    name = "balanced_end" if verdict == "balanced" else "upload_end"
    heard = bench.ask(name, compose_end(bench.view, closing, count, bench.now))
    before = bench.view.batch
    try:
        need_approval(bench, heard, "批结束", "the end of the batch")
    except BlockedError:
        _look_again(bench)
        raise
    _look_again(bench)
    bench.has_fresh_batch = bench.view.batch != before
    is_next = bench.view.batch == before.next()
    bench.expect(
        "batch.next",
        is_met=is_next,
        zh=f"结批后批次号由 {before} 变为 {bench.view.batch}"
        if is_next
        else f"结批后批次号应为 {before.next()}，实为 {bench.view.batch}",
        en=f"after the closing the batch went from {before} to {bench.view.batch}"
        if is_next
        else f"after the closing the batch has to be {before.next()}, and is {bench.view.batch}",
    )


def close_away(bench: Bench) -> None:
    """Close the batch with whatever stands in it, uploading nothing.

    Raises:
        BlockedError: The host did not take it.
    """
    bench.books.close()
    told = state_totals(bench, BatchTotals())
    end(bench, "balanced" if told.totals == BatchTotals() else "unbalanced", 0)


def _look_again(bench: Bench) -> None:
    """Whether the host closed the batch, only a sign-in tells; if it did not, its books go on."""
    before = bench.view.batch
    sign_in(bench)
    if bench.view.batch != before:
        bench.books.close()


def _closing(
    bench: Bench, totals: BatchTotals, verdict: Literal["", "balanced", "unbalanced"] = ""
) -> Closing:
    return Closing(
        Stage.ASKING,
        bench.view.batch,
        bench.now,
        bench.subject.operator,
        CURRENCY,
        totals,
        verdict=verdict,
    )


def _by_eights(items: list[Item]) -> Iterator[list[Item]]:
    return (items[at : at + UPLOAD_ITEMS_MAX] for at in range(0, len(items), UPLOAD_ITEMS_MAX))


def _shown(totals: BatchTotals) -> str:
    """Debits and credits with their counts, domestic and foreign together."""
    whole = totals.whole
    return f"{whole.debit_count}/{whole.debit_minor} + {whole.credit_count}/{whole.credit_minor}"
