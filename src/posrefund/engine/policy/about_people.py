"""Rules about who asks: what a role may do, how much, how much in a day, and what it may not do alone. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.policy.rule import Rule
from posrefund.engine.refusals import refuse
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["ABOUT_PEOPLE", "check_approver"]


def _role(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if not rules.roles:
        return
    role = rules.role(asked.history.role)
    if role is None:
        yield refuse("role_unknown")
    elif not role.may_refund:
        yield refuse("role_may_not_refund", role=role.name)


def _say_role(rules: Rules) -> Iterator[Said]:
    may = ", ".join(role.name for role in rules.roles if role.may_refund)
    if not rules.roles:  # then a default role is nobody's
        return
    if not may:
        yield "没有角色可退款。", "No role may refund."
    else:
        yield f"可退款的角色：{may}。", f"These roles may refund: {may}."
    if rules.default_role:
        yield (
            f"未登记角色的操作员按“{rules.default_role}”处理。",
            f"An operator whose role nobody says is {rules.default_role}.",
        )
    else:
        yield "没有角色的操作员不能退款。", "An operator without a role may not refund."


def _at_once(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    role, minor = rules.role(asked.history.role), asked.minor
    most = role.refund_max.of(asked.currency) if role else None
    if role is not None and most is not None and minor is not None and minor > most:
        yield refuse("over_role_limit", role=role.name, most=format_minor(most, asked.currency))


def _say_at_once(rules: Rules) -> Iterator[Said]:
    for role in rules.roles:
        if role.refund_max:
            yield (
                f"角色 {role.name} 单笔最多 {role.refund_max}；其他币种不退。",
                f"Role {role.name} refunds at most {role.refund_max} at once; no other currency.",
            )


def _alone(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    role, minor = rules.role(asked.history.role), asked.minor
    most = role.alone_max.of(asked.currency) if role else None
    if role is not None and most is not None and minor is not None and minor > most:
        yield refuse("review_amount", role=role.name, most=format_minor(most, asked.currency))


def _say_alone(rules: Rules) -> Iterator[Said]:
    for role in rules.roles:
        if role.alone_max:
            yield (
                f"角色 {role.name} 独自办理最多 {role.alone_max}；超过的、其他币种的须另一人复核。",
                (
                    f"Role {role.name} refunds at most {role.alone_max} alone; more, or another currency, needs a second "
                    "person."
                ),
            )


def _in_a_day(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    role = rules.role(asked.history.role)
    if role is None:
        return
    history, minor = asked.history, asked.minor or 0
    most = role.day_max.of(asked.currency)
    if most is not None and history.day_minor + minor > most:
        shown = format_minor(most, asked.currency), format_minor(history.day_minor, asked.currency)
        yield refuse("over_day_limit", role=role.name, most=shown[0], done=shown[1])
    elif 0 < role.day_count_max <= history.day_count:
        most_times, done = str(role.day_count_max), str(history.day_count)
        yield refuse("over_day_limit", role=role.name, most=most_times, done=done)


def _say_in_a_day(rules: Rules) -> Iterator[Said]:
    for role in rules.roles:
        if role.day_max:
            yield (
                f"角色 {role.name} 每个结算日合计最多 {role.day_max}；其他币种不退。",
                f"Role {role.name} refunds at most {role.day_max} in a settlement day; no other currency.",
            )
        if role.day_count_max:
            yield (
                f"角色 {role.name} 每个结算日最多 {role.day_count_max} 笔。",
                f"Role {role.name} makes at most {role.day_count_max} refunds in a settlement day.",
            )


def _partial(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    role, sale = rules.role(asked.history.role), asked.original
    if role is None or role.may_partial or sale is None or asked.request.amount is None:
        return
    if asked.is_unreferenced or asked.request.amount.minor < sale.remaining_minor:
        yield refuse("partial_not_allowed", role=role.name)


def _say_partial(rules: Rules) -> Iterator[Said]:
    who = ", ".join(role.name for role in rules.roles if not role.may_partial)
    yield (
        f"角色 {who} 只能退剩余全部金额。",
        f"{who} may only refund all that is left.",
    )


def check_approver(rules: Rules, name: str | None) -> None:
    """Refuse a second person whose role may not approve; where there are no roles everybody may.

    Args:
        rules: The shop's.
        name: The role, None where nobody says.

    Raises:
        RefusedError: ``role_unknown`` or ``role_may_not_approve``.
    """
    if not rules.roles:
        return
    role = rules.role(name)
    if role is None:
        raise refuse("role_unknown")
    if not role.may_approve:
        raise refuse("role_may_not_approve", role=role.name)


def _elsewhere(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    """Who approves is asked when somebody does."""
    return iter(())


def _say_approver(rules: Rules) -> Iterator[Said]:
    who = ", ".join(role.name for role in rules.roles if role.may_approve)
    if who:
        yield f"可复核的角色：{who}。", f"These roles may be the second person: {who}."
    else:
        yield "没有角色可复核。", "No role may be the second person."


ABOUT_PEOPLE = (
    Rule(
        ("role_unknown", "role_may_not_refund"),
        ("roles", "default_role", "roles.may_refund"),
        _role,
        _say_role,
    ),
    Rule(("over_role_limit",), ("roles.refund_max",), _at_once, _say_at_once),
    Rule(("review_amount",), ("roles.alone_max",), _alone, _say_alone),
    Rule(("over_day_limit",), ("roles.day_max", "roles.day_count_max"), _in_a_day, _say_in_a_day),
    Rule(("partial_not_allowed",), ("roles.may_partial",), _partial, _say_partial),
    Rule(("role_may_not_approve",), ("roles", "roles.may_approve"), _elsewhere, _say_approver),
)
