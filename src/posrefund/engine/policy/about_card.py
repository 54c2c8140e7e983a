"""Rules about the card: the one that paid, read and not typed, and not on a list. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.policy.rule import Rule
from posrefund.engine.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["ABOUT_CARD"]


def _same_card(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if not asked.is_other_card:
        return
    if rules.other_card == "never":
        yield refuse("account_mismatch")
        return
    if not asked.request.documents:
        yield refuse("other_card_document")
    yield refuse("review_other_card")


def _say_same_card(rules: Rules) -> Iterator[Said]:
    if rules.other_card == "never":
        yield (
            "款项只退回原付款卡，其他卡一律不退。",
            "The money goes back to the card that paid and to no other.",
        )
    else:
        yield (
            "款项退回原付款卡；换发的卡或手机卡须有凭证，并由另一人复核。",
            (
                "The money goes back to the card that paid; a reissued card, or a phone's number of it, needs a document "
                "and a second person."
            ),
        )


def _keyed(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    role = rules.role(asked.history.role)
    if asked.request.card.is_keyed and not (role and role.may_key):
        yield refuse("keyed_card")


def _say_keyed(rules: Rules) -> Iterator[Said]:
    who = ", ".join(role.name for role in rules.roles if role.may_key)
    but_zh, but_en = (f"，角色 {who} 除外", f", but by {who}") if who else ("", "")
    yield (
        f"卡号须由设备读取，不能手工输入{but_zh}。",
        f"The card is read; its number is never typed{but_en}.",
    )


def _blocked(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if asked.card_fingerprint in rules.blocked_cards:
        yield refuse("card_blocked")


def _say_blocked(rules: Rules) -> Iterator[Said]:
    count = len(rules.blocked_cards)
    yield (
        f"止付名单上的 {count} 张卡不退。",
        f"Nothing goes to a card on the block list ({count} of them).",
    )


ABOUT_CARD = (
    Rule(
        ("account_mismatch", "other_card_document", "review_other_card"),
        ("other_card",),
        _same_card,
        _say_same_card,
        always=True,
    ),
    Rule(("keyed_card",), ("roles.may_key",), _keyed, _say_keyed, always=True),
    Rule(("card_blocked",), ("blocked_cards",), _blocked, _say_blocked),
)
