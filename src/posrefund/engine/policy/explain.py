"""The rules in plain language, each in the sentence that stands beside its decision. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from posrefund.engine.policy.judge import rules_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import Rules

__all__ = ["explain"]

_PARTIES: tuple[tuple[str, Said], ...] = (
    ("acquirer", ("收单机构", "Acquirer")),
    ("merchant", ("商户", "Merchant")),
)


def explain(rules: Rules, language: Literal["zh", "en"] = "en") -> str:
    """Return what *rules* do, a sentence a line: one for every rule that is in force, and none besides.

    Example:
        >>> from posrefund.engine.policy import Rules, explain
        >>> before = set(explain(Rules()).splitlines())
        >>> set(explain(Rules(refunds_max=50)).splitlines()) - before
        {'- A sale is refunded at most 50 times.'}
    """
    at = ("zh", "en").index(language)
    lines = [said[at] for said in _head(rules)]
    for rule in rules_in_force(rules):
        lines += [f"- {said[at]}" for said in rule.say(rules)]
    lines += [said[at] for said in _contacts(rules)]
    return "\n".join(lines) + "\n"


def _head(rules: Rules) -> Iterator[Said]:
    named = f": {rules.name}" if rules.name else ""
    yield f"退款规则{named}", f"Rules for refunds{named}"
    for pack, zh, en in ((rules.platform, "平台", "platform"), (rules.region, "地区", "region")):
        if pack:
            yield f"（以{zh}规则包 {pack} 为基础）", f"(they begin with the pack of {en} {pack})"


def _contacts(rules: Rules) -> Iterator[Said]:
    for party, (zh, en) in _PARTIES:
        contact = rules.contact(party)
        if contact:
            yield f"{zh}：{contact}", f"{en}: {contact}"
