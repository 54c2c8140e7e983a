"""Draw ``demo.svg`` and ``demo.zh.svg``: one refund, its message, its slip, and what is refused.

The clocks stand still and the keys are fixed, so the pictures change only with the program.
"""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from posrefund import (
    PAN,
    Amount,
    Approved,
    CardRead,
    FileKeyStore,
    MerchantID,
    Reason,
    RefundRequest,
    RefusedError,
    SaleRequest,
    SQLiteJournal,
    Terminal,
    TerminalID,
    dialect,
)
from posrefund.cli.picture import message_picture
from posrefund.cli.picture_file import svg_of
from posrefund.crypto import Key, Purpose
from posrefund.dialects.capture import open_capture
from posrefund.emulators.host import EmulatedHost, HostProfile, HostServer, HostTime, TerminalRecord
from posrefund.link import TCPLink
from posrefund.office import slip
from posrefund.testing import ManualClock
from posrefund.values import RequestID

DOCS = Path(__file__).resolve().parent
PICTURES = {"en": DOCS / "demo.svg", "zh": DOCS / "demo.zh.svg"}
_TERMINAL, _MERCHANT = TerminalID("12345678"), MerchantID("123456789012345")
_TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
_CARD = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
_MORNING = datetime(2026, 3, 9, 10, 0, tzinfo=timezone(timedelta(hours=8)))
_COLUMNS = 122
_WORDS = {
    "en": {
        "title": "posrefund: a refund on the next day",
        "sent": "terminal → host  [bold]0220 refund[/]  {} bytes",
        "accepted": "{}  {}",
        "again": "the same request id again: {}, messages sent: {}",
        "over": "¥100.01 when ¥100.00 are left: refused ({}), messages sent: {}",
    },
    "zh": {
        "title": "posrefund：隔日退货",
        "sent": "终端 → 主机  [bold]0220 退货[/]  {} 字节",
        "accepted": "{}  {}",
        "again": "同一请求号再问一次：{}，发出报文 {} 条",
        "over": "可退 ¥100.00，要求 ¥100.01：拒绝（{}），发出报文 {} 条",
    },
}


def render(lang: str) -> Console:
    """Return a console on which the picture was recorded."""
    sent: list[bytes] = []

    def tap(direction: str, message: bytes) -> None:
        if direction == "sent":
            sent.append(message)

    host_time, clock = HostTime(_MORNING), ManualClock(_MORNING.astimezone(UTC))
    record = TerminalRecord(_TERMINAL, _MERCHANT, Key(_TMK, Purpose.KEK), batch="000007")
    host = EmulatedHost(HostProfile(), [record], clock=host_time, random_bytes=_counted())
    with tempfile.TemporaryDirectory() as folder, HostServer(host) as server:
        keys = FileKeyStore.create(Path(folder, "keys.json"), b"picture", tmk=_TMK, test_keys=True)
        journal = SQLiteJournal(
            Path(folder, "journal.db"), key=keys.journal_key, terminal=_TERMINAL
        )
        with Terminal(
            _TERMINAL,
            _MERCHANT,
            dialect=dialect("unionpay"),
            keystore=keys,
            journal=journal,
            link=TCPLink(*server.address),
            clock=clock,
            tap=tap,
        ) as terminal:
            terminal.sign_in()
            terminal.sale(SaleRequest(RequestID("SALE-1"), Amount(12_800), _CARD))
            host_time.advance(timedelta(days=1))
            clock.advance(timedelta(days=1))
            return _record(terminal, sent, lang)


def _record(terminal: Terminal, sent: list[bytes], lang: Any) -> Console:
    words = _WORDS[lang]
    outcome = terminal.refund(_refund("REFUND-1", 2_800))
    assert isinstance(outcome, Approved)
    refund = sent[-1]
    sale = terminal.journal.originals("SALE-1")[0]
    paper = slip(outcome, terminal.dialect, original=sale, language=lang)
    before = len(sent)
    again = terminal.refund(_refund("REFUND-1", 2_800))
    lines = [
        words["accepted"].format(
            outcome.text_zh if lang == "zh" else outcome.text_en, repr(outcome)
        ),
        words["again"].format(repr(again), len(sent) - before),
        words["over"].format(_refused(terminal), len(sent) - before),
    ]
    picture = message_picture(
        refund, open_capture(refund, terminal.dialect), terminal.dialect, lang=lang
    )
    title = words["sent"].format(len(refund))
    left = Panel(picture, title=title, title_align="left", border_style="cyan", width=82)
    right = Panel(Text(paper), box=box.SQUARE, border_style="white", expand=False)
    both = Table.grid(padding=(0, 1))
    both.add_row(left, right)
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), highlight=False)
    verdicts = [Text(f"✓ {line}", style="bold green") for line in lines]
    console.print(Group(both, *verdicts))
    return console


def _refund(request_id: str, minor: int) -> RefundRequest:
    return RefundRequest(
        RequestID(request_id),
        original=RequestID("SALE-1"),
        card=_CARD,
        reason=Reason.CUSTOMER,
        amount=Amount(minor),
    )


def _refused(terminal: Terminal) -> str:
    try:
        terminal.refund(_refund("REFUND-2", 10_001))
    except RefusedError as refusal:
        return refusal.code
    raise AssertionError("unreachable")


def _counted() -> Any:
    """A source of "random" bytes that is the same each time; for pictures only."""
    state = [1]

    def take(count: int) -> bytes:
        taken = bytes((state[0] * 37 + place * 11) % 256 for place in range(count))
        state[0] += 1
        return taken

    return take


def picture(lang: str) -> str:
    """Return the SVG, with the fonts of whoever looks at it: it fetches nothing."""
    return svg_of(render(lang), title=_WORDS[lang]["title"])


def main() -> None:
    """Write both pictures."""
    for lang, path in PICTURES.items():
        path.write_text(picture(lang), encoding="utf-8")


if __name__ == "__main__":
    main()
