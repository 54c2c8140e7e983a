"""What figures are built on: the attempts of the period, the steps of the chain, and what is open. Floor 8.

Each is a named table of SQL (``WITH name AS …``). Two of them read differently from a file of one terminal and from one
of many; ``[[…]]`` stands only where one terminal was chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.table import OPEN_STATES, State

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PARTS", "UNDECIDED"]


def _among(states: set[State] | frozenset[State]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


UNDECIDED = _among(OPEN_STATES | {State.MISMATCHED, State.BOUNCED})
"""Not known yet, or known to be wrong: somebody has to do something."""

_DOUBTS = _among({State.IN_DOUBT, State.REVERSING, State.MANUAL})


def _steps(among: str) -> str:
    """The steps of the attempts that stand in the table *among*, each with the state before it."""
    return f"""
        SELECT *, coalesce(lag(state) OVER (PARTITION BY attempt ORDER BY seq), '') AS before
        FROM (
          SELECT seq, at, subject AS attempt,
            CASE kind WHEN 'open' THEN 'intend' ELSE json_extract(body, '$.event') END AS event,
            json_extract(body, CASE kind WHEN 'open' THEN '$.attempt.state' ELSE '$.state' END) AS state,
            coalesce(json_extract(body, '$.facts.code'), '') AS code,
            coalesce(json_extract(body, '$.facts.reason'), '') AS reason
          FROM links
          WHERE kind IN ('open', 'move') AND subject IN (SELECT attempt FROM {among})
        )
        """


PARTS: Mapping[str, str | Mapping[str, str]] = {
    "links": {
        "one": "SELECT :only AS terminal, seq, at, kind, subject, body FROM chain",
        "fleet": "SELECT terminal, seq, at, kind, subject, body FROM chain[[ WHERE terminal = :terminal]]",
    },
    "everything": """
        SELECT request_id || '/' || number AS attempt, kind, state, hold, terminal, batch, stan,
          amount_minor, currency, created_at, host_day, original_id, card_fingerprint, copies,
          CASE WHEN substr(card_masked, -4) GLOB '[0-9][0-9][0-9][0-9]'
            THEN '*' || substr(card_masked, -4) ELSE '' END AS card,
          coalesce(json_extract(facts, '$.operator'), '') AS operator,
          coalesce(json_extract(facts, '$.approved_by'), '') AS approved_by,
          coalesce(json_extract(facts, '$.why'), '') AS why,
          coalesce(json_extract(facts, '$.reason'), '') AS doubt,
          coalesce(json_extract(facts, '$.rrn'), '') AS rrn
        FROM attempts[[ WHERE terminal = :terminal]]
        """,
    "made": "SELECT * FROM everything WHERE host_day BETWEEN :first AND :last",
    "steps": _steps("made"),
    "doubters": """
        SELECT DISTINCT subject AS attempt FROM links
        WHERE kind = 'move' AND (body LIKE '%"IN_DOUBT"%' OR body LIKE '%"MANUAL"%')
        """,
    "doubtful": f"""
        SELECT attempt, at, seq,
          state IN ({_DOUBTS}) OR (state = 'SENT' AND before = 'IN_DOUBT') AS is_doubt
        FROM ({_steps("doubters")})
        """,
    "changes": """
        SELECT attempt, at, change FROM (
          SELECT attempt, at,
            is_doubt - lag(is_doubt, 1, 0) OVER (PARTITION BY attempt ORDER BY seq) AS change
          FROM doubtful
        )
        WHERE change <> 0
        """,
    "in_doubt_now": f"""
        SELECT * FROM everything
        WHERE state IN ({_DOUBTS}) OR (state = 'SENT' AND (copies > 1 OR doubt <> ''))
        """,
    "latest": """
        SELECT subject AS attempt, kind, body, max(seq) AS seq
        FROM links WHERE kind IN ('open', 'move') AND julianday(at) < julianday(:until)
        GROUP BY subject
        """,
    "undecided": f"""
        SELECT attempt, json_extract(body, CASE kind WHEN 'open' THEN '$.attempt.state' ELSE '$.state' END) AS state
        FROM latest WHERE state IN ({UNDECIDED})
        """,
}
"""In an order in which each needs only those before it. Bare columns beside ``max`` are those of its row (sqlite.org/lang_select.html §2.5)."""
