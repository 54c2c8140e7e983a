"""jPOS GenericPackager XML: what its classes write. Floor 3: takes text, fetches no DTD, expands no entity.

The meaning of each class is from its public source; no line of it is here. A class that is not in the table is
named and left out, never guessed: its bytes would be read as a neighbour's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from posrefund.dialects.file.lines import spoken
from posrefund.dialects.importing.rows import (
    EBCDIC,
    Coding,
    Foreign,
    Imported,
    Problem,
    plain,
    write_file,
)
from posrefund.errors import DialectFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CLASSES", "import_jpos"]

_TEXT_CHARACTERS_MAX = 1_000_000
_PACKAGE = "org.jpos.iso."
_FIELD, _NESTED, _ROOT = "isofield", "isofieldpackager", "isopackager"


def _lengths(stem: str, tail: str, least: int, most: int) -> list[tuple[str, int]]:
    return [(f"{stem}_{'L' * digits}{tail}", digits) for digits in range(least, most + 1)]


CLASSES: Mapping[str, Coding] = {
    # fixed
    "IF_CHAR": Coding("ans", "text"),
    "IFE_CHAR": Coding("ans", EBCDIC),
    "IF_ECHAR": Coding("ans", EBCDIC),
    "IFA_NUMERIC": Coding("n", "text"),
    "IFE_NUMERIC": Coding("n", EBCDIC),
    "IFB_NUMERIC": Coding("n", "b"),
    "IFA_AMOUNT": Coding("x+n", "text"),
    "IFA_BINARY": Coding("b", "text", is_hex=True),
    "IFB_BINARY": Coding("b", "b"),
    "IFA_BITMAP": Coding("b", "text", is_hex=True),
    "IFE_BITMAP": Coding("b", EBCDIC, is_hex=True),
    "IFB_BITMAP": Coding("b", "b"),
    # with a length in ASCII, of digits; EBCDIC the same
    **{name: Coding("ans", "text", "ascii", n) for name, n in _lengths("IFA", "CHAR", 1, 4)},
    **{name: Coding("n", "text", "ascii", n) for name, n in _lengths("IFA", "NUM", 2, 3)},
    **{name: Coding("b", "b", "ascii", n) for name, n in _lengths("IFA", "BINARY", 1, 4)},
    **{name: Coding("ans", EBCDIC, EBCDIC, n) for name, n in _lengths("IFE", "CHAR", 2, 4)},
    **{name: Coding("n", EBCDIC, EBCDIC, n) for name, n in _lengths("IFE", "NUM", 2, 3)},
    **{name: Coding("b", "b", EBCDIC, n) for name, n in _lengths("IFE", "BINARY", 1, 3)},
    "IFEA_LLCHAR": Coding("ans", "text", EBCDIC, 2),
    # with a length in BCD, of digits
    **{name: Coding("ans", "text", "bcd", n) for name, n in _lengths("IFB", "CHAR", 2, 4)},
    **{name: Coding("n", "b", "bcd", n) for name, n in _lengths("IFB", "NUM", 2, 3)},
    **{name: Coding("b", "b", "bcd", n) for name, n in _lengths("IFB", "BINARY", 2, 4)},
    # with a binary length of one or two bytes
    **{name: Coding("ans", "text", "b", n - 1) for name, n in _lengths("IFB", "HCHAR", 2, 3)},
    **{name: Coding("ans", EBCDIC, "b", n - 1) for name, n in _lengths("IFB", "HECHAR", 2, 3)},
    **{name: Coding("n", "b", "b", n - 1) for name, n in _lengths("IFB", "HNUM", 2, 3)},
    **{name: Coding("b", "b", "b", n - 1) for name, n in _lengths("IFB", "HBINARY", 2, 3)},
}
"""Packed digits of a variable field are padded on the right unless ``pad`` is true; so are fixed ones."""


def import_jpos(text: str, *, name: str = "imported") -> Imported:
    """Return the dialect file of a GenericPackager XML.

    Args:
        text: Of the XML.
        name: What the dialect will be called.

    Raises:
        DialectFileError: It is no packager, or one without an MTI or a bitmap that we can write.

    Example:
        >>> from posrefund.dialects.importing import import_jpos
        >>> field = '<isofield id="{}" length="{}" name="x" class="org.jpos.iso.{}"/>'
        >>> rows = [(0, 4, "IFA_NUMERIC"), (1, 16, "IFB_BITMAP"), (2, 19, "IFA_LLNUM"), (28, 9, "IFB_AMOUNT")]
        >>> xml = "".join(field.format(*row) for row in rows)
        >>> found = import_jpos(f"<isopackager>{xml}</isopackager>")
        >>> found.field_count, [str(problem) for problem in found.problems]
        (1, ['field 28: IFB_AMOUNT: is not supported'])
    """
    if len(text) > _TEXT_CHARACTERS_MAX:
        raise DialectFileError([(1, "file", f"at most {_TEXT_CHARACTERS_MAX} characters")])
    walk = _Walk()
    walk.read(text)
    return write_file(name, "a jPOS packager", walk.rows, walk.problems)


class _Walk:
    """Goes through the XML, element by element."""

    def __init__(self) -> None:
        self.rows: list[Foreign] = []
        self.problems: list[Problem] = []
        self._depth = 0
        self._nested = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse
        self._parser.SkippedEntityHandler = self._refuse

    def read(self, text: str) -> None:
        """Read all of it."""
        is_all = True
        try:
            self._parser.Parse(text, is_all)
        except expat.ExpatError as error:
            expected = f"XML ({spoken(expat.ErrorString(error.code))})"
            raise DialectFileError([(error.lineno, "file", expected)]) from None
        except UnicodeError:
            raise DialectFileError([(1, "file", "XML of characters")]) from None

    def _refuse(self, *_: Any) -> None:
        line = self._parser.CurrentLineNumber
        raise DialectFileError([(line, "file", "XML without entities of its own")])

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1:
            self._root(tag, attributes)
        elif tag in (_FIELD, _NESTED) and not self._nested:
            self._field(tag, attributes)
        self._nested += tag == _NESTED

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._nested -= tag == _NESTED

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if tag != _ROOT:
            raise DialectFileError([(line, "file", f"<{_ROOT}> as the root")])
        for key, usual in (("emitBitmap", "true"), ("bitmapField", "1"), ("firstField", "0")):
            if attributes.get(key, usual) != usual:
                raise DialectFileError([(line, key, f"{usual}: a message with MTI and bitmap")])
        if attributes.get("headerLength", "0") != "0":
            self.problems.append(
                Problem(
                    line, "header", "headerLength", "set tpdu or header by hand", is_left_out=False
                )
            )

    def _field(self, tag: str, attributes: dict[str, str]) -> None:
        kind = plain(attributes.get("class", "").removeprefix(_PACKAGE))
        coding = CLASSES.get(kind)
        if coding and coding.data == "b" and coding.characters == "n":
            coding = coding._replace(
                pad="left" if attributes.get("pad", "").lower() == "true" else "right"
            )
        note = ""
        if tag == _NESTED:
            packager = plain(attributes.get("packager", "").removeprefix(f"{_PACKAGE}packager."))
            note = f"taken whole; the subfields of {packager} are not supported"
        elif attributes.get("class", "") != attributes.get("class", "").strip():
            note = "the name of the class has a blank at its end"
        elif coding and coding.data == EBCDIC and coding.characters == "ans":
            note = f"EBCDIC 1047 is written as {EBCDIC}: [ ] ^ stand elsewhere"
        length = attributes.get("length", "")
        self.rows.append(
            Foreign(
                attributes.get("id", ""),
                self._parser.CurrentLineNumber,
                attributes.get("name", ""),
                int(length) if length.isascii() and length.isdigit() and len(length) < 6 else 0,
                coding,
                kind,
                note,
            )
        )
