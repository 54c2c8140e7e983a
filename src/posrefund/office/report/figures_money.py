"""Figures of money: what was sold and given back, what is in doubt, and what the host's files say. Floor 8."""

from __future__ import annotations

from posrefund.office.report.figure import Figure

__all__ = ["MONEY"]

_HOLDS = "('ACCEPTED', 'CONFIRMED')"

TOTALS = Figure(
    "totals",
    "交易笔数与金额",
    "Counts and sums",
    """
    SELECT kind, state, currency, count(*) AS count, sum(amount_minor) AS sum_minor
    FROM made
    GROUP BY kind, state, currency
    ORDER BY CASE kind WHEN 'sale' THEN 1 WHEN 'void' THEN 2 ELSE 3 END, currency, count(*) DESC, state
    """,
    "sum",
    "按主机清算日；已受理不等于已入账，以对账确认为准。",
    "By the host's settlement day. Accepted is not settled: a settlement file says that.",
)

DOUBTS = Figure(
    "doubts",
    "结果未知：期初 + 新增 − 已解决 = 期末",
    "In doubt: opening + new − resolved = closing",
    """
    WITH flows AS (
      SELECT attempt, sum(CASE WHEN julianday(at) < julianday(:since) THEN change ELSE 0 END) AS opening,
        sum(julianday(at) >= julianday(:since) AND julianday(at) < julianday(:until) AND change > 0) AS new,
        sum(julianday(at) >= julianday(:since) AND julianday(at) < julianday(:until) AND change < 0) AS resolved,
        sum(CASE WHEN julianday(at) >= julianday(:until) THEN change ELSE 0 END) AS later
      FROM changes
      GROUP BY attempt
    ),
    lines AS (
      SELECT currency, amount_minor, opening, new, resolved, -later AS closing
      FROM everything CROSS JOIN flows USING (attempt)
      UNION ALL
      SELECT currency, amount_minor, 0, 0, 0, 1 FROM in_doubt_now
      UNION ALL
      SELECT DISTINCT currency, 0, 0, 0, 0, 0 FROM everything
    ),
    sums AS (
      SELECT currency, sum(opening) AS opening, sum(new) AS new, sum(resolved) AS resolved,
        sum(closing) AS closing, sum(opening * amount_minor) AS opening_minor,
        sum(new * amount_minor) AS new_minor, sum(resolved * amount_minor) AS resolved_minor,
        sum(closing * amount_minor) AS closing_minor
      FROM lines
      GROUP BY currency
    )
    SELECT 'opening' AS line, currency, opening AS count, opening_minor AS sum_minor FROM sums
    UNION ALL SELECT 'new', currency, new, new_minor FROM sums
    UNION ALL SELECT 'resolved', currency, -resolved, -resolved_minor FROM sums
    UNION ALL SELECT 'closing', currency, closing, closing_minor FROM sums
    """,
    "sum",
    "前三行数自流水，期末数自当前状态：两处独立，必须相平。",
    "The first three lines are counted in the chain, the closing from the states as they stand: two sources that must agree.",
)

BRIDGE = Figure(
    "bridge",
    "退款与撤销：本机账到主机账",
    "Given back: from the journal to the host",
    f"""
    WITH ours AS (
      SELECT *, state IN {_HOLDS} OR (state = 'MISMATCHED' AND hold = 'accepted') AS is_here
      FROM made WHERE kind IN ('refund', 'void')
    ),
    theirs AS (
      SELECT DISTINCT subject, json_extract(body, '$.stan') AS stan,
        CAST(json_extract(body, '$.amount_minor') AS INTEGER) AS amount_minor,
        (SELECT coalesce(min(currency), '156') FROM attempts) AS currency
      FROM links
      WHERE kind = 'host_only' AND json_extract(body, '$.day') BETWEEN :first AND :last
    ),
    lines(line, currency, n, minor) AS (
      SELECT 'journal', currency, 1, amount_minor FROM ours WHERE is_here
      UNION ALL SELECT 'not_in_a_file', currency, -1, -amount_minor FROM ours WHERE state = 'ACCEPTED'
      UNION ALL SELECT 'file_disagrees', currency, -1, -amount_minor FROM ours WHERE state = 'MISMATCHED' AND is_here
      UNION ALL SELECT 'host_only', currency, 1, amount_minor FROM ours WHERE state = 'MISMATCHED' AND NOT is_here
      UNION ALL SELECT 'host_only', currency, 1, amount_minor FROM theirs
      UNION ALL SELECT 'host', currency, 1, amount_minor FROM ours
      WHERE state = 'CONFIRMED' OR (state = 'MISMATCHED' AND NOT is_here)
      UNION ALL SELECT 'host', currency, 1, amount_minor FROM theirs
      UNION ALL SELECT 'difference', currency, -n, -minor FROM (
        SELECT currency, 1 AS n, amount_minor AS minor FROM theirs
        UNION ALL SELECT currency, (state = 'CONFIRMED' OR NOT is_here) - is_here,
          amount_minor * ((state = 'CONFIRMED' OR NOT is_here) - is_here)
        FROM ours WHERE is_here OR state = 'MISMATCHED'
      )
    ),
    places(line, place) AS (
      VALUES ('journal', 1), ('not_in_a_file', 2), ('file_disagrees', 3), ('host_only', 4), ('host', 5),
        ('difference', 6)
    )
    SELECT places.line, currencies.currency, coalesce(sum(n), 0) AS count, coalesce(sum(minor), 0) AS sum_minor
    FROM places JOIN (SELECT DISTINCT currency FROM lines) AS currencies
    LEFT JOIN lines ON lines.line = places.line AND lines.currency = currencies.currency
    GROUP BY currencies.currency, places.line, place
    ORDER BY currencies.currency, place
    """,
    "sum",
    "主机账 = 对账文件确认的，加上文件里有而本机没有的。差额为零，两本账才一致。",
    "The host's side is what files have confirmed, and what they show that is not ours. The books agree where the difference is 0.",
)

CEILINGS = Figure(
    "ceilings",
    "退款之和与消费的额度",
    "Refunds and the ceilings of their sales",
    """
    SELECT hold, currency, sum(by_refunds) AS by_refunds_minor, sum(by_sales) AS by_sales_minor
    FROM (
      SELECT hold, currency, amount_minor AS by_refunds, 0 AS by_sales FROM attempts
      WHERE hold <> 'none' AND original_id IS NOT NULL
      UNION ALL SELECT 'reserved', currency, 0, reserved_minor FROM originals WHERE reserved_minor > 0
      UNION ALL SELECT 'accepted', currency, 0, accepted_minor FROM originals WHERE accepted_minor > 0
    )
    GROUP BY hold, currency
    ORDER BY currency, hold
    """,
    "sum",
    "整个流水，到此刻为止：各笔退款所占的，必须等于各消费上记着的。",
    "Of the whole file, as it is now: what refunds hold must be what is booked on their sales.",
)

DAILY = Figure(
    "daily",
    "每日",
    "Day by day",
    f"""
    SELECT host_day AS day, currency,
      sum(kind = 'sale' AND state IN {_HOLDS}) AS sales,
      sum(CASE WHEN kind = 'sale' AND state IN {_HOLDS} THEN amount_minor ELSE 0 END) AS sales_minor,
      sum(kind <> 'sale' AND state IN {_HOLDS}) AS given_back,
      sum(CASE WHEN kind <> 'sale' AND state IN {_HOLDS} THEN amount_minor ELSE 0 END) AS given_back_minor,
      sum(kind <> 'sale' AND state = 'CONFIRMED') AS confirmed,
      round(100.0 * sum(kind <> 'sale' AND state = 'CONFIRMED')
        / nullif(sum(kind <> 'sale' AND state IN {_HOLDS}), 0), 1) AS confirmed_pct
    FROM made
    GROUP BY host_day, currency
    ORDER BY host_day, currency
    """,
    "sum",
)

FILES = Figure(
    "files",
    "对账文件是否齐全",
    "Settlement files",
    """
    WITH RECURSIVE days(day) AS (
      SELECT :first UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < :last
    ),
    read AS (
      SELECT terminal, json_extract(body, '$.day') AS day, count(*) AS times, max(seq) AS seq,
        CAST(json_extract(body, '$.rows') AS INTEGER) AS rows,
        json_extract(body, '$.complete') AS complete
      FROM links WHERE kind = 'file'
      GROUP BY terminal, json_extract(body, '$.day')
    ),
    known AS (SELECT DISTINCT terminal FROM links)
    SELECT days.day, known.terminal,
      CASE WHEN read.day IS NULL AND days.day > :over THEN 'not_due' WHEN read.day IS NULL THEN 'missing'
        WHEN read.complete = 'yes' THEN 'complete' ELSE 'partial' END AS file,
      coalesce(read.rows, 0) AS rows, coalesce(read.times, 0) AS times_read
    FROM days JOIN known LEFT JOIN read ON read.day = days.day AND read.terminal = known.terminal
    ORDER BY days.day, known.terminal
    """,
    "grid",
    "每天一份文件；缺了的那天什么都证明不了。",
    "One file a day. A day without one proves nothing.",
)

AGEING = Figure(
    "ageing",
    "未决交易的账龄",
    "Age of what is undecided",
    """
    WITH aged AS (
      SELECT undecided.state, amount_minor, currency,
        max(CAST(julianday(:as_of) - julianday(created_at) AS INTEGER), 0) AS days
      FROM everything CROSS JOIN undecided USING (attempt)
    )
    SELECT CASE WHEN days < 1 THEN '0-1' WHEN days < 3 THEN '1-2' WHEN days < 8 THEN '3-7'
        WHEN days < 31 THEN '8-30' ELSE '>30' END AS age_days,
      state, currency, count(*) AS count, sum(amount_minor) AS sum_minor
    FROM aged
    GROUP BY 1, state, currency
    ORDER BY min(days), state, currency
    """,
    "sum",
    "截至期末；天数自发起时算起。",
    "At the end of the period, in days since they were made.",
)

UNDECIDED = Figure(
    "undecided",
    "未决交易",
    "What is undecided",
    """
    SELECT everything.attempt, terminal, kind, undecided.state, currency, amount_minor, stan, rrn, card,
      doubt, max(CAST(julianday(:as_of) - julianday(created_at) AS INTEGER), 0) AS days
    FROM everything CROSS JOIN undecided USING (attempt)
    ORDER BY julianday(created_at), everything.attempt
    LIMIT 200
    """,
    "list",
    "最老的在前，至多二百笔。不要重做：等对账文件或收单机构的书面答复。",
    "The oldest first, 200 at most. Do not repeat them: a settlement file or the acquirer's document decides.",
)

REFUNDS = Figure(
    "refunds",
    "退款与撤销清单",
    "Refunds and voids",
    """
    SELECT strftime('%Y-%m-%d %H:%M:%S', created_at, :zone) AS host_time, attempt, kind, state, currency,
      amount_minor, operator, approved_by, why, terminal, batch, stan, rrn, card, original_id AS sale
    FROM made
    WHERE kind IN ('refund', 'void')
    ORDER BY julianday(created_at), attempt
    """,
    "list",
)

MONEY = (TOTALS, DOUBTS, BRIDGE, CEILINGS, DAILY, FILES, AGEING, UNDECIDED, REFUNDS)
