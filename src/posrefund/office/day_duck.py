"""Two sides of a day joined by DuckDB, beside the memory of Python: it needs the ``report`` extra. Floor 8.

Both sides go through text files in a folder that only this user may open, and that is gone afterwards; neither
holds a card number.
"""

from __future__ import annotations

import csv
from contextlib import closing
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from posrefund.engine.exceptions import CATEGORIES, needs_somebody
from posrefund.errors import ConfigError, JournalError
from posrefund.office.day_result import Difference, Totals
from posrefund.office.findings import Side

if TYPE_CHECKING:
    from collections.abc import Iterable

    from posrefund.office.day_sides import Ours, Theirs, Undone

__all__ = ["join"]

_SETTINGS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""It fetches nothing from anywhere."""

_TABLES = """
CREATE TABLE ours (place BIGINT, terminal VARCHAR, merchant VARCHAR, stan VARCHAR, kind VARCHAR,
  amount BIGINT, currency VARCHAR, rrn VARCHAR, days_off INTEGER, agrees VARCHAR, is_due INTEGER, name VARCHAR);
CREATE TABLE theirs (line BIGINT, terminal VARCHAR, merchant VARCHAR, stan VARCHAR, kind VARCHAR,
  amount BIGINT, currency VARCHAR, rrn VARCHAR, sign INTEGER);
CREATE TABLE undone (terminal VARCHAR, stan VARCHAR);
"""

_JOIN = """
CREATE TABLE pairs AS
  WITH candidates AS (
    SELECT line, place, theirs.amount, theirs.rrn, theirs.currency, days_off, agrees,
      CASE
        WHEN theirs.amount <> ours.amount
          OR (theirs.rrn <> '' AND ours.rrn <> '' AND theirs.rrn <> ours.rrn) THEN 'AMOUNT'
        WHEN theirs.currency <> '' AND theirs.currency <> ours.currency THEN 'CURRENCY'
        WHEN sign <> 0 AND sign <> CASE kind WHEN 'sale' THEN 1 ELSE -1 END THEN 'SIGN'
        ELSE ''
      END AS differs
    FROM theirs JOIN ours USING (terminal, merchant, stan, kind)
    WHERE NOT (stan <> '' AND (terminal, stan) IN (SELECT terminal, stan FROM undone))
  ), owned AS (
    SELECT * FROM candidates
    QUALIFY row_number() OVER (PARTITION BY line ORDER BY differs <> '', days_off, place) = 1
  )
  SELECT line, place, CASE WHEN differs <> '' THEN differs ELSE agrees END AS category,
    row_number() OVER (PARTITION BY place ORDER BY differs <> '', amount, rrn, currency, line) AS turn
  FROM owned;
CREATE TABLE items AS
  SELECT
    CASE
      WHEN theirs.line IS NULL THEN 'JOURNAL_ONLY'
      WHEN turn > 1 THEN 'DUPLICATE_HOST'
      WHEN category IS NOT NULL THEN category
      WHEN theirs.stan <> '' AND (theirs.terminal, theirs.stan) IN (SELECT terminal, stan FROM undone) THEN 'undone'
      ELSE 'HOST_ONLY'
    END AS category,
    coalesce(theirs.terminal, ours.terminal) AS terminal,
    coalesce(theirs.merchant, ours.merchant) AS merchant,
    coalesce(theirs.stan, ours.stan) AS stan,
    coalesce(theirs.kind, ours.kind) AS kind,
    name, theirs.line AS line, CASE WHEN turn > 1 THEN NULL ELSE ours.amount END AS ours_minor,
    theirs.amount AS theirs_minor, ours.place AS place
  FROM theirs LEFT JOIN pairs ON pairs.line = theirs.line FULL OUTER JOIN ours ON ours.place = pairs.place
  WHERE theirs.line IS NOT NULL OR is_due = 1;
"""

_SUMS = """
SELECT category, count(ours_minor), coalesce(sum(ours_minor), 0)::BIGINT,
  count(theirs_minor), coalesce(sum(theirs_minor), 0)::BIGINT
FROM items GROUP BY category
"""

_DIFFERENCES = """
SELECT category, terminal, merchant, stan, kind, name, line, ours_minor, theirs_minor FROM items
WHERE category IN ({}) ORDER BY line NULLS LAST, place
"""


def join(
    ours: Iterable[Ours], theirs: Iterable[Theirs], undone: Undone
) -> tuple[Totals, list[Difference]]:
    """Return sums and differences, the very same as of the join in Python.

    Args:
        ours: Attempts, oldest first.
        theirs: Rows.
        undone: Filled once *theirs* has ended.

    Raises:
        ConfigError: The ``report`` extra is not installed.
        JournalError: DuckDB failed, such as for want of room.
    """
    try:
        duckdb: Any = import_module("duckdb")
    except ImportError:
        raise ConfigError("comparing with DuckDB needs: pip install 'posrefund[report]'") from None
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings = {**_SETTINGS, "temp_directory": str(folder / "spill")}
        try:
            with closing(duckdb.connect(str(folder / "day.duckdb"), config=settings)) as db:
                db.execute(_TABLES)
                _load(db, folder, "ours", ours)
                _load(db, folder, "theirs", theirs)
                _load(db, folder, "undone", sorted(undone))
                db.execute(_JOIN)
                return _totals(db), _differences(db)
        except duckdb.Error as error:  # its text may hold a row
            raise JournalError(f"DuckDB: {type(error).__name__}") from None


def _totals(db: Any) -> Totals:
    return {
        name: (Side(count, minor), Side(rows, rows_minor))
        for name, count, minor, rows, rows_minor in db.execute(_SUMS).fetchall()
    }


def _differences(db: Any) -> list[Difference]:
    shown = ", ".join(f"'{name}'" for name in CATEGORIES if needs_somebody(name))
    return [Difference(*row) for row in db.execute(_DIFFERENCES.format(shown)).fetchall()]


def _load(db: Any, folder: Path, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    path = folder / table
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(rows)
    where = str(path).replace("'", "''")
    db.execute(
        f"COPY {table} FROM '{where}' (FORMAT csv, HEADER false, AUTO_DETECT false, DELIMITER ',', QUOTE '\"',"
        " ESCAPE '\"', NULLSTR '-', ALLOW_QUOTED_NULLS false, NEW_LINE '\\n')"
    )
    path.unlink()
