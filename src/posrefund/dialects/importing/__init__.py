"""Tables that others wrote, as dialect files: jPOS packagers and moov specifications. Floor 3: takes text.

What cannot be taken over is named by field, class and line; nothing is guessed.
"""

from posrefund.dialects.importing.jpos import import_jpos
from posrefund.dialects.importing.moov import import_moov
from posrefund.dialects.importing.rows import Imported, Problem

__all__ = ["Imported", "Problem", "import_jpos", "import_moov"]
