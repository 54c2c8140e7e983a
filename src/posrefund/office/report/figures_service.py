"""Figures of service: how often it works, how long it takes, what goes wrong and when. Floor 8."""

from __future__ import annotations

from posrefund.office.report.figure import Figure

__all__ = ["SERVICE"]

OUTCOMES = Figure(
    "outcomes",
    "成功率",
    "Success",
    """
    SELECT kind, count(*) AS made,
      sum(state IN ('ACCEPTED', 'CONFIRMED')) AS accepted,
      sum(state IN ('DECLINED', 'REVERSED', 'RELEASED')) AS declined,
      sum(state = 'NOT_SENT') AS not_sent,
      sum(state NOT IN ('ACCEPTED', 'CONFIRMED', 'DECLINED', 'REVERSED', 'RELEASED', 'NOT_SENT')) AS undecided,
      round(100.0 * sum(state IN ('ACCEPTED', 'CONFIRMED')) / count(*), 1) AS accepted_pct
    FROM made
    GROUP BY kind
    ORDER BY CASE kind WHEN 'sale' THEN 1 WHEN 'void' THEN 2 ELSE 3 END
    """,
    "share",
)

_REACHED = """
    reached AS (
      SELECT 'final' AS milestone, made.attempt,
        (julianday(min(steps.at)) - julianday(created_at)) * 86400 AS seconds
      FROM made JOIN steps USING (attempt)
      WHERE steps.state IN ('ACCEPTED', 'DECLINED', 'NOT_SENT', 'REVERSED', 'RELEASED', 'CONFIRMED')
      GROUP BY made.attempt
      UNION ALL
      SELECT 'confirmed', made.attempt, (julianday(min(steps.at)) - julianday(created_at)) * 86400
      FROM made JOIN steps USING (attempt)
      WHERE steps.state = 'CONFIRMED'
      GROUP BY made.attempt
    )
"""

TIMES = Figure(
    "times",
    "用时",
    "How long it takes",
    f"""
    WITH {_REACHED.strip()},
    ranked AS (
      SELECT milestone, max(round(seconds, 1), 0.0) AS seconds,
        row_number() OVER (PARTITION BY milestone ORDER BY seconds) AS place,
        count(*) OVER (PARTITION BY milestone) AS n
      FROM reached
    )
    SELECT milestone, n AS count,
      max(CASE WHEN place = (n * 50 + 99) / 100 THEN seconds END) AS p50_s,
      max(CASE WHEN place = (n * 90 + 99) / 100 THEN seconds END) AS p90_s,
      max(CASE WHEN place = (n * 99 + 99) / 100 THEN seconds END) AS p99_s,
      max(seconds) AS max_s
    FROM ranked
    GROUP BY milestone, n
    ORDER BY milestone DESC
    """,
    "time",
    "从写下意图到有了结果，及到对账确认；分位数取最近的一笔。",
    "From the written intent to a result, and to its confirmation by a file. Percentiles are of the nearest rank.",
)

CURVE = Figure(
    "curve",
    "用时分布",
    "Time to a result",
    f"""
    WITH {_REACHED.strip()},
    rounded AS (
      SELECT milestone, CASE WHEN seconds < 120 THEN max(round(seconds, 1), 0.1) ELSE round(seconds / 60) * 60 END AS seconds
      FROM reached
    )
    SELECT milestone, seconds, count(*) AS count,
      sum(count(*)) OVER (PARTITION BY milestone ORDER BY seconds) AS up_to
    FROM rounded
    GROUP BY milestone, seconds
    ORDER BY milestone DESC, seconds
    """,
    "time",
)

HOURS = Figure(
    "hours",
    "每小时结果未知率",
    "In doubt, hour by hour",
    """
    WITH doubted AS (SELECT DISTINCT attempt FROM steps WHERE event = 'doubt')
    SELECT strftime('%H', created_at, :zone) AS hour, count(*) AS made, count(doubted.attempt) AS in_doubt,
      round(100.0 * count(doubted.attempt) / count(*), 1) AS in_doubt_pct
    FROM made LEFT JOIN doubted USING (attempt)
    GROUP BY 1
    ORDER BY 1
    """,
    "share",
    "主机时间。日切在 23:00，前后的未知率单独看。",
    "Host time. The host's day ends at 23:00: look at the hours on either side.",
)

CODES = Figure(
    "codes",
    "每小时应答码",
    "Answers, hour by hour",
    """
    SELECT strftime('%H', steps.at, :zone) AS hour,
      CASE WHEN steps.event = 'doubt' THEN steps.reason WHEN steps.code = '' THEN 'no_code' ELSE steps.code END AS answer,
      count(*) AS count
    FROM made JOIN steps USING (attempt)
    WHERE steps.event IN ('accept', 'decline', 'doubt')
    GROUP BY 1, 2
    ORDER BY 1, count(*) DESC, 2
    """,
    "share",
)

REASONS = Figure(
    "reasons",
    "退款原因",
    "Why money was given back",
    """
    SELECT CASE why WHEN '' THEN '-' ELSE why END AS why, currency, count(*) AS count, sum(amount_minor) AS sum_minor
    FROM made
    WHERE kind IN ('refund', 'void') AND state IN ('ACCEPTED', 'CONFIRMED')
    GROUP BY 1, currency
    ORDER BY count(*) DESC, sum(amount_minor) DESC, 1
    """,
    "share",
)

FAILURES = Figure(
    "failures",
    "未成功的原因",
    "What stood in the way",
    """
    SELECT steps.event AS what,
      CASE WHEN steps.code <> '' THEN steps.code WHEN steps.reason <> '' THEN steps.reason ELSE '-' END AS why,
      count(*) AS count, count(DISTINCT made.attempt) AS attempts
    FROM made JOIN steps USING (attempt)
    WHERE steps.event IN ('decline', 'doubt', 'fail', 'contradict', 'bounce')
    GROUP BY 1, 2
    ORDER BY count(*) DESC, 1, 2
    """,
    "share",
)

FLOW = Figure(
    "flow",
    "状态流转",
    "From state to state",
    """
    SELECT steps.before, steps.state, count(*) AS count
    FROM made JOIN steps USING (attempt)
    WHERE steps.before <> ''
    GROUP BY 1, 2
    ORDER BY count(*) DESC, 1, 2
    """,
    "share",
)

EXCEPTIONS = Figure(
    "exceptions",
    "异常：终端 × 日",
    "Exceptions: terminal by day",
    """
    WITH struck AS (
      SELECT DISTINCT attempt FROM steps WHERE event IN ('doubt', 'contradict', 'bounce', 'give_up')
    )
    SELECT terminal, host_day AS day, count(*) AS made, count(struck.attempt) AS exceptions
    FROM made LEFT JOIN struck USING (attempt)
    GROUP BY terminal, host_day
    ORDER BY terminal, host_day
    """,
    "grid",
    "曾经结果未知、与文件不符或被退回的交易。",
    "Attempts that were in doubt at some time, that a file contradicts, or that came back.",
)

CASES = Figure(
    "cases",
    "案件与设备故障",
    "Cases and faults",
    """
    SELECT kind AS what, date(at, :zone) AS day, count(*) AS count
    FROM links
    WHERE kind IN ('case_opened', 'case_closed', 'fault_opened', 'fault_closed')
      AND julianday(at) >= julianday(:since) AND julianday(at) < julianday(:until)
    GROUP BY 1, 2
    ORDER BY 2, 1
    """,
    "sum",
)

OPEN_CASES = Figure(
    "open_cases",
    "未结案件",
    "Open cases",
    """
    WITH words AS (
      SELECT kind, body, max(seq) AS seq
      FROM links WHERE kind IN ('case_opened', 'case_closed') AND julianday(at) < julianday(:until)
      GROUP BY terminal, json_extract(body, '$.case')
    )
    SELECT coalesce(json_extract(body, '$.category'), '-') AS category, count(*) AS count,
      coalesce(min(json_extract(body, '$.day')), '') AS oldest
    FROM words
    WHERE kind = 'case_opened'
    GROUP BY 1
    ORDER BY count(*) DESC, 1
    """,
    "list",
    "截至期末，按最后一次记录。",
    "At the end of the period, by the last word on each.",
)

SERVICE = (
    OUTCOMES,
    TIMES,
    CURVE,
    HOURS,
    CODES,
    REASONS,
    FAILURES,
    FLOW,
    EXCEPTIONS,
    CASES,
    OPEN_CASES,
)
