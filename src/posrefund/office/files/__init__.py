"""Files that acquirers send: what each looks like is data, and one strict reader takes them all. Floor 8."""

from posrefund.office.files.builtin import layout, layout_names
from posrefund.office.files.layout import FeeRule, FileLayout
from posrefund.office.files.loader import load_layout
from posrefund.office.files.reader import Expected, FileReader, Skipped

__all__ = [
    "Expected",
    "FeeRule",
    "FileLayout",
    "FileReader",
    "Skipped",
    "layout",
    "layout_names",
    "load_layout",
]
