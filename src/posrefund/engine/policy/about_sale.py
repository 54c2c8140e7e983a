"""Rules about the sale: its state, what is left of it, how old it is, how often it was refunded, who holds it. Floor 4."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.engine.policy.rule import Rule
from posrefund.engine.refusals import refuse
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from posrefund.engine.policy.asked import Asked
    from posrefund.engine.policy.rule import Said
    from posrefund.engine.policy.rules import Rules
    from posrefund.errors import RefusedError

__all__ = ["ABOUT_SALE"]


def _state(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    sale = asked.original
    if sale is None:
        return
    if sale.merchant != asked.merchant:
        yield refuse("other_merchant")
    if sale.is_voided:
        yield refuse("original_voided")
    if sale.has_case:
        yield refuse("original_has_case")
    if sale.has_open_attempt:
        yield refuse("original_in_doubt")


def _say_state(rules: Rules) -> Iterator[Said]:
    yield (
        "只退本商户的交易；已撤销、账务有争议、或有一笔退款结果未知的交易不退。",
        (
            "Only sales of this merchant are refunded, and none that was voided, that the books disagree about, "
            "or of which a refund is in doubt."
        ),
    )


def _hold(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    for kind in sorted(asked.history.holds):
        yield refuse(f"{kind}_hold")


def _say_hold(rules: Rules) -> Iterator[Said]:
    yield (
        "有争议处理或依法冻结的交易，解除之前不退。",
        "A sale under a dispute hold or a legal hold is not refunded until the hold is lifted.",
    )


def _sum(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    sale, amount = asked.original, asked.request.amount
    if sale is None:
        return
    if amount is None and asked.is_unreferenced:
        yield refuse("amount_needed")
    elif amount is not None and amount.currency != sale.amount.currency:
        yield refuse("currency_mismatch")
    elif not sale.remaining_minor:
        yield refuse("nothing_remaining")
    elif (asked.minor or 0) > sale.remaining_minor:
        yield refuse("over_remaining")


def _say_sum(rules: Rules) -> Iterator[Said]:
    yield (
        "同一交易的退款合计不超过原金额，币种与原交易相同；不写金额即退剩余全部。",
        "All refunds of a sale together are at most what was paid, in its currency; without an amount all that is left.",
    )


def _unreferenced(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    if not asked.is_unreferenced:
        return
    role = rules.role(asked.history.role)
    if not rules.unreferenced or (rules.roles and not (role and role.may_unreferenced)):
        yield refuse("unreferenced_not_allowed")
    else:
        yield refuse("review_unreferenced")


def _say_unreferenced(rules: Rules) -> Iterator[Said]:
    who = [role.name for role in rules.roles if role.may_unreferenced]
    if not rules.unreferenced or (rules.roles and not who):
        yield (
            "本机不知道的交易一律不退。",
            "A sale that nobody here knows is never refunded.",
        )
        return
    by_zh, by_en = (f"由角色 {', '.join(who)} ", f" by {', '.join(who)}") if who else ("", "")
    yield (
        f"本机不知道的交易，只在收单机构允许时{by_zh}办理，并须另一人复核。",
        (
            f"A sale that nobody here knows is refunded{by_en} only where the acquirer allows it, and always with a "
            "second person."
        ),
    )


def _window(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    sale = asked.original
    if sale is None or not _is_over(rules, sale.settlement_date, asked.today):
        return
    zh, en = _limits(rules)
    last = _last_day(rules, sale.settlement_date).isoformat()
    yield refuse("window_expired", limit_zh=zh, limit_en=en, last=last)


def _is_over(rules: Rules, settled: date, today: date) -> bool:
    days, business = rules.window_days, rules.window_business_days
    is_old = 0 < days < (today - settled).days
    return is_old or 0 < business < rules.calendar.count(settled, today)


def _last_day(rules: Rules, settled: date) -> date:
    """The last host day of a window that is over."""
    ends = []
    if rules.window_days:
        ends.append(settled + timedelta(days=rules.window_days))
    if rules.window_business_days:
        following = rules.calendar.add(settled, rules.window_business_days + 1)
        ends.append(following - timedelta(days=1))
    return min(ends)


def _limits(rules: Rules) -> Said:
    found = []
    if rules.window_business_days:
        days = rules.window_business_days
        found.append((f" {days} 个工作日", f"{days} business days"))
    if rules.window_days:
        found.append((f" {rules.window_days} 天", f"{rules.window_days} days"))
    return "且".join(zh for zh, _ in found), " and ".join(en for _, en in found)


def _say_window(rules: Rules) -> Iterator[Said]:
    if rules.window_business_days or rules.window_days:
        zh, en = _limits(rules)
        yield (
            f"退款期限：结算日后{zh}内（日切后算下一日）。",
            f"A sale may be refunded for {en} after its settlement date; after the cut-off it is the next day.",
        )
    if rules.calendar.off or rules.calendar.worked:
        off, worked = len(rules.calendar.off), len(rules.calendar.worked)
        yield (
            f"工作日历：{off} 个休息日、{worked} 个调休上班日，其余按周计。",
            f"Business days: {off} days off and {worked} worked at weekends are listed; else weeks count.",
        )


def _count(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    count = asked.history.refund_count
    if asked.original is not None and 0 < rules.refunds_max <= count:
        yield refuse("too_many_refunds", count=str(count), most=str(rules.refunds_max))


def _say_count(rules: Rules) -> Iterator[Said]:
    most = rules.refunds_max
    yield f"同一交易最多退款 {most} 次。", f"A sale is refunded at most {most} times."


def _gap(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    last = asked.history.last_sent_at
    if asked.original is None or last is None or not rules.gap_s:
        return
    left = timedelta(seconds=rules.gap_s) - (asked.now - last)
    if left > timedelta(0):
        yield refuse("too_soon", not_before=asked.host_now + left, gap=str(rules.gap_s))


def _say_gap(rules: Rules) -> Iterator[Said]:
    gap = rules.gap_s
    yield (
        f"同一交易两次退款至少间隔 {gap} 秒。",
        f"Two refunds of one sale are at least {gap} seconds apart.",
    )


def _terminal_cap(rules: Rules, asked: Asked) -> Iterator[RefusedError]:
    most, minor = rules.terminal_max.of(asked.currency), asked.minor
    if most is not None and minor is not None and minor > most:
        shown = format_minor(most, asked.currency)
        yield refuse("over_terminal_cap", most=shown)


def _say_terminal_cap(rules: Rules) -> Iterator[Said]:
    yield (
        f"本机单笔退款最多 {rules.terminal_max}；其他币种不退。",
        f"One refund on this terminal is at most {rules.terminal_max}; no other currency.",
    )


ABOUT_SALE = (
    Rule(
        ("other_merchant", "original_voided", "original_has_case", "original_in_doubt"),
        (),
        _state,
        _say_state,
        always=True,
    ),
    Rule(("dispute_hold", "legal_hold"), (), _hold, _say_hold, always=True),
    Rule(
        ("amount_needed", "currency_mismatch", "nothing_remaining", "over_remaining"),
        (),
        _sum,
        _say_sum,
        always=True,
    ),
    Rule(
        ("unreferenced_not_allowed", "review_unreferenced"),
        ("unreferenced", "roles.may_unreferenced"),
        _unreferenced,
        _say_unreferenced,
        always=True,
    ),
    Rule(
        ("window_expired",),
        ("window_business_days", "window_days", "calendar"),
        _window,
        _say_window,
    ),
    Rule(("too_many_refunds",), ("refunds_max",), _count, _say_count),
    Rule(("too_soon",), ("gap_s",), _gap, _say_gap),
    Rule(("over_terminal_cap",), ("terminal_max",), _terminal_cap, _say_terminal_cap),
)
