"""Figures of people: who gives back how much, who approves, and what the fraud measures look at. Floor 8."""

from __future__ import annotations

from posrefund.office.report.figure import Figure

__all__ = ["PEOPLE"]

_RATIO = """
      sum(kind = 'sale' AND state IN ('ACCEPTED', 'CONFIRMED')) AS sales,
      sum(CASE WHEN kind = 'sale' AND state IN ('ACCEPTED', 'CONFIRMED') THEN amount_minor ELSE 0 END) AS sales_minor,
      sum(kind <> 'sale' AND state IN ('ACCEPTED', 'CONFIRMED')) AS refunds,
      sum(CASE WHEN kind <> 'sale' AND state IN ('ACCEPTED', 'CONFIRMED') THEN amount_minor ELSE 0 END)
        AS refunds_minor,
      round(100.0 * sum(kind <> 'sale' AND state IN ('ACCEPTED', 'CONFIRMED'))
        / nullif(sum(kind = 'sale' AND state IN ('ACCEPTED', 'CONFIRMED')), 0), 1) AS ratio_pct
"""

TERMINALS = Figure(
    "terminals",
    "各终端",
    "By terminal",
    f"""
    SELECT terminal, currency,{_RATIO.rstrip()},
      sum(state IN ('IN_DOUBT', 'REVERSING', 'MANUAL')) AS in_doubt
    FROM made
    GROUP BY terminal, currency
    ORDER BY terminal, currency
    """,
    "share",
)

OPERATORS = Figure(
    "operators",
    "各操作员",
    "By operator",
    f"""
    SELECT CASE operator WHEN '' THEN '-' ELSE operator END AS operator, currency,{_RATIO.rstrip()}
    FROM made
    GROUP BY 1, currency
    ORDER BY 1, currency
    """,
    "share",
)

HABITS = Figure(
    "habits",
    "操作员退款比例，三十天",
    "Refund ratio of operators, thirty days",
    """
    SELECT CASE operator WHEN '' THEN '-' ELSE operator END AS operator,
      sum(kind = 'sale') AS sales, sum(kind <> 'sale') AS refunds
    FROM everything
    WHERE host_day BETWEEN :window_first AND :last AND state IN ('ACCEPTED', 'CONFIRMED')
    GROUP BY 1
    ORDER BY 1
    """,
    "share",
    "虚线为 1.5σ 与 3σ：卖得越少，偶然的起伏越大。线外的值得看一眼，不等于有错。",
    "Dashed: 1.5σ and 3σ. The fewer sales, the wider chance swings. Outside is worth a look, and no proof.",
)

APPROVALS = Figure(
    "approvals",
    "复核",
    "Second person",
    """
    SELECT state, currency, count(*) AS count, sum(amount_minor) AS sum_minor
    FROM approvals
    WHERE julianday(asked_at) >= julianday(:since) AND julianday(asked_at) < julianday(:until)
      AND (:terminal = '' OR terminal = :terminal)
    GROUP BY state, currency
    ORDER BY count(*) DESC, state, currency
    """,
    "sum",
)

WATCHED = Figure(
    "watched",
    "风险指标所看的退款，三十天",
    "What the fraud measures look at, thirty days",
    """
    WITH given AS (
      SELECT * FROM everything
      WHERE kind <> 'sale' AND state IN ('ACCEPTED', 'CONFIRMED')
        AND host_day BETWEEN :window_first AND :last
    ),
    sold AS (
      SELECT request_id AS sale, created_at AS sold_at,
        coalesce(json_extract(facts, '$.operator'), '') AS sold_by
      FROM attempts WHERE kind = 'sale' AND state IN ('ACCEPTED', 'CONFIRMED')
    ),
    closed AS (SELECT terminal, at AS closed_at FROM links WHERE kind = 'batch_closed')
    SELECT given.attempt, given.terminal, given.operator, given.approved_by, given.amount_minor, given.currency,
      given.original_id AS sale, dense_rank() OVER (ORDER BY given.card_fingerprint) AS card_no, given.card,
      coalesce(sold.sold_by, '') AS sold_by,
      CAST(round((julianday(given.created_at) - julianday(sold.sold_at)) * 86400) AS INTEGER) AS after_sale_s,
      CAST(round((SELECT min(julianday(closed_at)) FROM closed
        WHERE closed.terminal = given.terminal AND julianday(closed_at) >= julianday(given.created_at))
        * 86400 - julianday(given.created_at) * 86400) AS INTEGER) AS before_close_s
    FROM given LEFT JOIN sold ON sold.sale = given.original_id
    ORDER BY julianday(given.created_at), given.attempt
    """,
    "list",
)

PEOPLE = (TERMINALS, OPERATORS, HABITS, APPROVALS, WATCHED)
