"""What goes up at a settlement, asked in its forms: with a MAC, without one, a refund without its track. Floor 10."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from posrefund.certify.asking import give_back, old_sale, ready
from posrefund.certify.finding import BlockedError
from posrefund.certify.moves import spoken_as
from posrefund.certify.settling import (
    UPLOADS,
    ask_details,
    ask_refund,
    close_away,
    has_upload_mac,
    need_closing,
    sell_and_differ,
    with_upload_mac,
)
from posrefund.certify.switches import Seen, either

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.certify.bench import Bench
    from posrefund.dialects import Dialect

__all__ = ["UPLOAD_PROBES"]


def _upload_mac(bench: Bench) -> Seen:
    ready(bench)
    need_closing(bench)
    profile = bench.dialect
    due = "with" if has_upload_mac(profile) else "without"
    sell_and_differ(bench)
    known = {word: with_upload_mac(profile, is_with=word == "with") for word in ("without", "with")}
    taken = {}
    for word, dialect in known.items():
        with spoken_as(bench, dialect):
            taken[word] = ask_details(bench).is_done
    best = due if taken[due] else next((word for word in taken if taken[word]), due)
    bench.view = replace(bench.view, dialect=known[best])
    with suppress(BlockedError):  # it is known already
        close_away(bench)
    seen = either(taken, "批上送 MAC", "MAC of an upload", due=due)
    return seen if best == due else replace(seen, lines=_lines(known[best]))


def _upload_track(bench: Bench) -> Seen:
    """No track is ever kept (PCI DSS 3.3.1): all that can be asked is whether a host does without."""
    sale = old_sale(bench)
    need_closing(bench)
    sell_and_differ(bench)
    refund = give_back(bench, sale)
    bench.need(is_there=refund.is_done, zh="退货未获批准", en="the refund was not approved")
    heard = ask_refund(bench)
    with suppress(BlockedError):
        close_away(bench)
    if heard.is_done:
        zh, en = "上送的退货不需磁道", "a refund goes up without a track"
        return Seen("without", zh, en, agrees=True)
    code = heard.code or "无应答码"
    zh = f"上送的退货被拒绝，{code}；终端从不保存磁道，无法带磁道再试"
    code = heard.code or "no code"
    en = f"the upload of a refund is refused, {code}; no track is ever kept, so none can be tried"
    return Seen(heard.code, zh, en, agrees=False, is_sure=False)


UPLOAD_PROBES: tuple[tuple[str, str, str, Callable[[Bench], Seen]], ...] = (
    ("upload_mac", "批上送 MAC", "MAC of an upload", _upload_mac),
    ("upload_track", "上送退货的磁道", "track of an uploaded refund", _upload_track),
)


def _lines(dialect: Dialect) -> dict[str, tuple[str, ...]]:
    """The lines that give what goes up a MAC, or take it away."""
    lines: dict[str, tuple[str, ...]] = {}
    has_mac = has_upload_mac(dialect)
    for name in UPLOADS:
        table = dialect.messages[name]
        lines[f"messages.{name}"] = (
            f'request = "{table.request}"',
            f'response = "{table.response}"',
        )
        lines[f"messages.{name}.holds"] = ('64 = "{mac}"' if has_mac else "64 = false",)
    return lines
