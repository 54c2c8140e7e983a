"""Rules about what a refund rests on: the order, documents, the customer's signature. Floor 4."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.engine.policy.rule import Rule
from posrefund.engine.refusals import refuse
from posrefund.engine.requests import DescribedSale, OriginalRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from posrefund.engine.papers import DocumentKind
    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import DocumentRule, Limit, Rules
    from posrefund.errors import RefusedError

__all__ = ["ABOUT_PAPERS", "DOCUMENT_WORDS"]

DOCUMENT_WORDS: Mapping[DocumentKind, Said] = MappingProxyType(
    {
        "receipt": ("收据或小票", "receipt"),
        "invoice": ("账单", "invoice"),
        "fapiao": ("发票", "fapiao"),
        "red_letter_fapiao": ("红字发票", "red-letter fapiao"),
        "order": ("订单", "order"),
        "photo": ("照片", "photo"),
    }
)
"""Each kind of document in both languages."""


def _order(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if not rules.order_required:
        return
    request, sale = asked.request, asked.original
    by_slip = isinstance(request.original, OriginalRef | DescribedSale)
    if not request.order_ref and not by_slip:
        yield refuse("order_ref_required")
    known = sale.order_ref if sale else ""
    if request.order_ref and known and request.order_ref != known:
        yield refuse("order_mismatch")


def _say_order(rules: Rules) -> Iterator[Said]:
    yield (
        "须提供订单号，或小票上的参考号；订单号与原交易的不同则不退。",
        "The order is named, or the reference on the slip; an order that is not the sale's is refused.",
    )


def _documents(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    given = {document.kind for document in asked.request.documents}
    for each in rules.documents:
        if not _is_due(each.from_, asked, always=True) or given & (set(each.any_of) or given):
            continue
        zh, en = _kinds(each)
        yield refuse("documents_required", kinds_zh=zh, kinds_en=en)


def _say_documents(rules: Rules) -> Iterator[Said]:
    for each in rules.documents:
        zh, en = _kinds(each)
        since_zh, since_en = _since(each.from_)
        yield f"{since_zh}须提供凭证：{zh}。", f"A document is needed{since_en}: {en}."


def _signature(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if _is_due(rules.signature_from, asked) and asked.request.signature is None:
        yield refuse("signature_required")


def _say_signature(rules: Rules) -> Iterator[Said]:
    zh, en = _since(rules.signature_from)
    yield f"{zh}须顾客先签名。", f"The customer signs before it is sent{en}."


def _is_due(since: Limit, asked: Asked, *, always: bool = False) -> bool:
    """Whether the amount is one *since* which something is needed; one that is not known is."""
    least = since.of(asked.currency)
    if least is None:
        return always
    return asked.minor is None or asked.minor >= least


def _kinds(rule: DocumentRule) -> Said:
    words = [DOCUMENT_WORDS[kind] for kind in rule.any_of]
    if not words:
        return "任何一种", "any kind"
    return "或".join(zh for zh, _ in words), " or ".join(en for _, en in words)


def _since(limit: Limit) -> Said:
    if not limit:
        return "", ""
    return f"金额达到 {limit}（其他币种一律）", f" from {limit} on, in other currencies always"


ABOUT_PAPERS = (
    Rule(("order_ref_required", "order_mismatch"), ("order_required",), _order, _say_order),
    Rule(("documents_required",), ("documents",), _documents, _say_documents),
    Rule(("signature_required",), ("signature_from",), _signature, _say_signature),
)
