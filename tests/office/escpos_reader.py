"""A little receipt printer: reads ESC/POS and says what came out on its paper. Written from Epson's command reference."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Paper", "Row", "read"]

_ONE_BYTE = {
    b"\x1ba": "align",
    b"\x1bE": "bold",
    b"\x1d!": "size",
    b"\x1dB": "inverse",
    b"\x1dh": "bar height",
    b"\x1dw": "bar width",
    b"\x1df": "bar font",
    b"\x1dH": "bar text",
}


@dataclass(frozen=True)
class Row:
    """One line of text and how it was set."""

    text: str
    size: int = 0
    inverse: int = 0
    bold: int = 0


@dataclass
class Paper:
    """What came out.

    Attributes:
        rows: Lines of text.
        codes: What its own QR codes say, and in how many dots a module.
        bars: What its own bar codes say (Code 128, set B), dots a module and dots high.
        pictures: Width and height in dots, and the raster.
        is_chinese: Whether it was told that Chinese follows.
        was_cut: Whether the knife came down at the end.
    """

    rows: list[Row] = field(default_factory=list)
    codes: list[tuple[str, int]] = field(default_factory=list)
    bars: list[tuple[str, int, int]] = field(default_factory=list)
    pictures: list[tuple[int, int, bytes]] = field(default_factory=list)
    is_chinese: bool = False
    was_cut: bool = False


def read(data: bytes) -> Paper:
    """Print *data*; anything that this printer does not know, or that follows the cut, is an error."""
    assert data.startswith(b"\x1b@")
    printer = _Printer(data[2:])
    while printer.rest:
        assert not printer.paper.was_cut
        printer.step()
    assert not printer.line
    return printer.paper


class _Printer:
    def __init__(self, data: bytes) -> None:
        self.rest, self.line, self.paper = data, b"", Paper()
        self._mode = dict.fromkeys(_ONE_BYTE.values(), 0)
        self._code, self._module, self._slices = "", 0, 0
        self._commands = {
            b"\x1c&": self._chinese,
            b"\x1bd": lambda: self._take(3),
            b"\x1b3": lambda: self._take(3),
            b"\x1b2": self._end_of_slices,
            b"\x1b*": self._slice,
            b"\x1d(": self._symbol,
            b"\x1dv": self._raster,
            b"\x1dV": self._cut,
            b"\x1dk": self._bars,
        }

    def step(self) -> None:
        two = self.rest[:2]
        if two in _ONE_BYTE:
            self._mode[_ONE_BYTE[two]] = self._take(3)[2]
        elif two in self._commands:
            self._commands[two]()
        elif two[:1] == b"\n":
            self._take(1)
            self._feed()
        else:
            assert two[0] >= 0x20, self.rest[:8]
            self.line += self._take(1)

    def _take(self, count: int) -> bytes:
        taken, self.rest = self.rest[:count], self.rest[count:]
        assert len(taken) == count
        return taken

    def _feed(self) -> None:
        mode, text = self._mode, self.line.decode("gb18030" if self.paper.is_chinese else "ascii")
        self.paper.rows.append(Row(text, mode["size"], mode["inverse"], mode["bold"]))
        self.line = b""

    def _chinese(self) -> None:
        self._take(2)
        self.paper.is_chinese = True

    def _cut(self) -> None:
        self._take(3)
        self.paper.was_cut = True

    def _symbol(self) -> None:
        """GS ( k: size of a module, data, print."""
        head = self._take(5)
        assert head[2:3] == b"k"
        body = self._take(int.from_bytes(head[3:], "little"))
        if body[1] == 67:
            self._module = body[2]
        elif body[1] == 80:
            self._code = body[3:].decode("ascii")
        elif body[1] == 81:
            self.paper.codes.append((self._code, self._module))

    def _bars(self) -> None:
        """GS k, function B: 73 is Code 128, which begins with its set."""
        head = self._take(4)
        assert head[2] == 73
        body = self._take(head[3])
        assert body[:2] == b"{B"
        assert self._mode["bar text"] == 0
        said = body[2:].decode("ascii")
        self.paper.bars.append((said, self._mode["bar width"], self._mode["bar height"]))

    def _raster(self) -> None:
        """GS v 0."""
        head = self._take(8)
        assert head[2:4] == b"0\x00"
        width, height = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:], "little")
        self.paper.pictures.append((width * 8, height, self._take(width * height)))

    def _slice(self) -> None:
        """ESC * 33: 24 dots high, three bytes a column."""
        head = self._take(5)
        assert head[2] == 33
        self._take(3 * int.from_bytes(head[3:], "little"))
        assert self._take(1) == b"\n"
        self._slices += 1

    def _end_of_slices(self) -> None:
        self._take(2)
        self.paper.pictures.append((0, 24 * self._slices, b""))
