"""The figures as CSV: their columns as asked, amounts in minor units beside their currency. Floor 8."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.office.report.figure import Table
    from posrefund.office.report.made import Report

__all__ = ["as_csv", "csv_files"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(table: Table) -> str:
    """Return the rows of *table*, a line of names above them.

    What a spreadsheet would take for a formula begins with an apostrophe: a request's number is the shop's own text.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(table.columns)
    writer.writerows([_harmless(value) for value in row] for row in table.rows)
    return text.getvalue()


def csv_files(report: Report) -> Mapping[str, str]:
    """Return the CSV of every figure, by the name of its file."""
    name = report.scope.period.name
    return {f"{name}_{figure}.csv": as_csv(table) for figure, table in report.tables.items()}


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA) and value != "-":
        return f"'{value}"
    return value
