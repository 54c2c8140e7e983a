"""Reports of a day or a month: figures that can be asked again, on a screen, as CSV and as one page. Floor 8."""

from posrefund.office.report.export import as_csv, csv_files
from posrefund.office.report.figure import Figure, Scope, Table
from posrefund.office.report.figures import FIGURES
from posrefund.office.report.fraud import MEASURES, Finding, Measure, OperatorSums, Watched, find
from posrefund.office.report.made import Check, Report, make_report
from posrefund.office.report.page import as_html
from posrefund.office.report.period import Period
from posrefund.office.report.refund_list import RefundFilter, refund_list
from posrefund.office.report.text import as_text, table_lines

__all__ = [
    "FIGURES",
    "MEASURES",
    "Check",
    "Figure",
    "Finding",
    "Measure",
    "OperatorSums",
    "Period",
    "RefundFilter",
    "Report",
    "Scope",
    "Table",
    "Watched",
    "as_csv",
    "as_html",
    "as_text",
    "csv_files",
    "find",
    "make_report",
    "refund_list",
    "table_lines",
]
