"""How the demonstration looks: chapters, messages, slips and the two books side by side. Floor 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from posrefund.cli.message_json import capture_as_data
from posrefund.cli.picture import message_picture
from posrefund.dialects.capture import open_capture
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from posrefund.cli.books import BookLine
    from posrefund.dialects import Dialect
    from posrefund.office.paper import Language

__all__ = ["Screen"]

_ARROWS = {
    ("sent", "zh"): "终端 → 主机",
    ("received", "zh"): "终端 ← 主机",
    ("sent", "en"): "terminal → host",
    ("received", "en"): "terminal ← host",
}
_BYTES = {"zh": "字节", "en": "bytes"}
_KINDS_ZH = {"sale": "消费", "void": "撤销", "refund": "退货"}


class Screen:
    """Shows the story on a console, and keeps it as data for ``--json``.

    Args:
        console: Where to print; quiet when only data are wanted.
        dialect: To read messages with.
        lang: ``zh`` or ``en``.
    """

    def __init__(self, console: Console, dialect: Dialect, lang: Language) -> None:
        self._console = console
        self._dialect = dialect
        self.lang = lang
        self.events: list[dict[str, Any]] = []
        self.sent_count = 0

    def chapter(self, zh: str, en: str) -> None:
        """Begin a chapter."""
        title = zh if self.lang == "zh" else en
        self.events.append({"chapter": title})
        self._console.print()
        self._console.rule(f"[bold]{title}", style="blue", align="left")

    def say(self, zh: str, en: str) -> None:
        """Tell what happens."""
        text = zh if self.lang == "zh" else en
        self.events.append({"text": text})
        self._console.print(Text(text))

    def verdict(self, zh: str, en: str, *, good: bool = True) -> None:
        """Tell how it went."""
        text = zh if self.lang == "zh" else en
        self.events.append({"verdict": text})
        self._console.print(
            Text(f"{'✓' if good else '?'} {text}", style="bold green" if good else "bold yellow")
        )

    def message(self, direction: str, raw: bytes) -> None:
        """Show one message of the line; this is the terminal's tap."""
        self.sent_count += direction == "sent"
        capture = open_capture(raw, self._dialect)
        data = capture_as_data(capture, self._dialect, reveal=False)
        self.events.append({"direction": direction, "length_bytes": len(raw), **data})
        arrow = _ARROWS[direction, self.lang]
        title = f"{arrow}  [bold]{self._name(capture.fields)}[/]  {len(raw)} {_BYTES[self.lang]}"
        table = message_picture(raw, capture, self._dialect, lang=self.lang)
        style = "cyan" if direction == "sent" else "magenta"
        self._console.print(
            Panel(table, title=title, title_align="left", border_style=style, expand=False)
        )

    def slip(self, text: str) -> None:
        """Show a slip as paper."""
        self.events.append({"slip": text})
        self._console.print(Panel(Text(text), box=box.SQUARE, expand=False, border_style="white"))

    def books(self, lines: Sequence[BookLine], difference_minor: int) -> None:
        """Show the journal and the host's ledger side by side."""
        zh = self.lang == "zh"
        table = Table(box=box.SIMPLE_HEAVY, show_footer=True, pad_edge=False)
        total = format_minor(sum(line.journal_minor for line in lines))
        host_total = format_minor(sum(line.host_minor for line in lines))
        table.add_column("批次/凭证号" if zh else "batch/STAN", "合计" if zh else "sum")
        table.add_column("交易" if zh else "what")
        table.add_column("日志状态" if zh else "journal state")
        table.add_column("日志金额" if zh else "journal", total, justify="right")
        table.add_column("主机金额" if zh else "host", host_total, justify="right")
        table.add_column("")
        for line in lines:
            same = Text("=", style="green") if line.agrees else Text("≠", style="bold red")
            table.add_row(
                line.stan,
                _KINDS_ZH[line.kind] if zh else line.kind,
                line.state,
                format_minor(line.journal_minor),
                format_minor(line.host_minor),
                same,
            )
        self.events.append(
            {"books": [line.as_data() for line in lines], "difference_minor": difference_minor}
        )
        word = "差额" if zh else "difference"
        answer = Text(f"{word}: {format_minor(difference_minor)}", style="bold")
        self._console.print(Group(table, answer))

    def _name(self, fields: dict[str, str]) -> str:
        """MTI and, where the tables know it, the message's name."""
        mti = fields["t"]
        for table in self._dialect.messages.values():
            if table.fits(fields):
                return f"{mti} {table.zh if self.lang == 'zh' else table.en}"
        return mti
