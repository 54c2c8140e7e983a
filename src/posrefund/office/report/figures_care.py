"""Figures of what customers say: their complaints, and what they think of their refunds. Floor 8."""

from __future__ import annotations

from posrefund.office.report.figure import Figure

__all__ = ["CARE"]

COMPLAINTS = Figure(
    "complaints",
    "投诉",
    "Complaints",
    """
    WITH told AS (
      SELECT terminal, json_extract(body, '$.complaint') AS complaint, kind AS step,
        json_extract(body, '$.kind') AS about, julianday(at) >= julianday(:since) AS is_new
      FROM links
      WHERE kind IN ('complaint_opened', 'complaint_answered', 'complaint_closed', 'complaint_late')
        AND julianday(at) < julianday(:until)
    ),
    begun AS (SELECT terminal, complaint, about FROM told WHERE step = 'complaint_opened')
    SELECT begun.about AS about,
      sum(step = 'complaint_opened' AND is_new) AS opened,
      sum(step = 'complaint_answered' AND is_new) AS answered,
      sum(step = 'complaint_closed' AND is_new) AS ended,
      sum(step = 'complaint_late' AND is_new) AS late,
      sum(step = 'complaint_opened') - sum(step = 'complaint_closed') AS still_open
    FROM told JOIN begun USING (terminal, complaint)
    GROUP BY begun.about
    HAVING sum(is_new) > 0 OR still_open > 0
    ORDER BY still_open DESC, begun.about
    """,
    "sum",
    "当期的投诉，以及当期查出的超时；未结的截至期末。",
    "Of the period; what is still open, at its end. Late: an answer or a solution that was found not to have come in time.",
)

FEEDBACK = Figure(
    "feedback",
    "顾客评价",
    "What customers think",
    """
    WITH words AS (
      SELECT subject, at, json_extract(body, '$.attempt') AS attempt,
        CAST(json_extract(body, '$.score') AS INTEGER) AS score, max(seq) AS seq
      FROM links WHERE kind = 'feedback' AND julianday(at) < julianday(:until)
      GROUP BY terminal, subject
    ),
    scored AS (
      SELECT score, CASE coalesce(operator, '') WHEN '' THEN '-' ELSE operator END AS operator,
        CASE coalesce(why, '') WHEN '' THEN '-' ELSE why END AS why
      FROM words LEFT JOIN everything USING (attempt)
      WHERE julianday(words.at) >= julianday(:since)
    ),
    margins AS (
      SELECT '*' AS operator, '*' AS why, score FROM scored
      UNION ALL SELECT '*', why, score FROM scored
      UNION ALL SELECT operator, '*', score FROM scored
    )
    SELECT operator, why, count(*) AS count, round(avg(score), 2) AS mean,
      sum(score = 1) AS score_1, sum(score = 2) AS score_2, sum(score = 3) AS score_3,
      sum(score = 4) AS score_4, sum(score = 5) AS score_5
    FROM margins
    GROUP BY operator, why
    ORDER BY operator, why
    """,
    "share",
    "1 至 5 分，每笔退款取最后一次；操作员为办理退款的人。",
    "1 to 5, of each refund the last word. The operator is who made the refund.",
)

CARE = (COMPLAINTS, FEEDBACK)
