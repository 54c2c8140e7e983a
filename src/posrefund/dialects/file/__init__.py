"""A dialect as a file: TOML or JSON text in, a dialect or every fault of it out, and back. Floor 3.

The commands that open files stand on the top floor; here is only text.
"""

from posrefund.dialects.file.digest import profile_digest
from posrefund.dialects.file.dump import dialect_data, dump_dialect
from posrefund.dialects.file.load import Reading, load_dialect, read_dialect
from posrefund.dialects.file.reader import FileFault

__all__ = [
    "FileFault",
    "Reading",
    "dialect_data",
    "dump_dialect",
    "load_dialect",
    "profile_digest",
    "read_dialect",
]
