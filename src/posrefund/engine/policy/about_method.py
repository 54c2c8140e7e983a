"""Rules about the way back: money that a code paid goes back by that payment's voucher, a card's to the card. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.paid import paid_by, with_voucher
from posrefund.engine.policy.rule import Rule
from posrefund.engine.refusals import refuse
from posrefund.values import BackToPayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["ABOUT_METHOD"]


def _original_route(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if not asked.is_other_method:
        return
    if rules.other_method == "never":
        yield refuse("other_method")
        return
    if not asked.request.documents:
        yield refuse("other_method_document")
    yield refuse("review_other_method")


def _by_voucher(asked: Asked) -> Iterator[RefusedError]:
    sale, method = asked.original, asked.request.card
    if sale is None or not isinstance(method, BackToPayer):
        return
    if paid_by(sale) == "card":
        yield refuse("card_needed")
        return
    found = with_voucher(method, sale)
    assert isinstance(found, BackToPayer)
    is_other = asked.history.voucher_of not in (
        "",
        sale.original_id,
    )  # its ceiling would be passed by
    if found.voucher is None:
        yield refuse("voucher_needed")
    elif is_other or (sale.voucher and found.voucher.reveal() != sale.voucher):
        yield refuse("other_voucher")
    elif not sale.voucher and found.voucher.may_be_card:  # it would stand in the journal as it is
        yield refuse("voucher_needed")


def _say_way_back(rules: Rules) -> Iterator[Said]:
    if rules.other_method == "never":
        yield (
            "原路退回：扫码支付的凭付款凭证码退回原付款账户，不改退到其他方式。",
            "Money goes back the way it came: what a code paid, by that payment's voucher, and no other way.",
        )
    else:
        yield (
            "原路退回；改退到其他方式须有凭证，并由另一人复核。",
            "Money goes back the way it came; another way needs a document and a second person.",
        )


def _way_back(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    yield from _original_route(rules, asked)
    yield from _by_voucher(asked)


ABOUT_METHOD = (
    Rule(
        (
            *("other_method", "other_method_document", "review_other_method"),
            *("card_needed", "voucher_needed", "other_voucher"),
        ),
        ("other_method",),
        _way_back,
        _say_way_back,
        always=True,
    ),
)
