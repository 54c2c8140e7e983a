"""Draw the counter's screens for the pages, ``_static/counter-NAME.LANG.svg``: one refund by keyboard, and one in doubt.

The clocks stand still and the keys are fixed, so the pictures change only with the program.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from posrefund import (
    PAN,
    Amount,
    CardRead,
    FileKeyStore,
    MerchantID,
    SaleRequest,
    SQLiteJournal,
    Terminal,
    TerminalID,
    dialect,
)
from posrefund.cli.picture_file import own_fonts
from posrefund.counter import CardsToPractise, Counter, Dialogue, text_app
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import EmulatedHost, Fault, HostProfile, HostTime, TerminalRecord
from posrefund.engine.calendar import Arrival
from posrefund.office.slips import SlipSettings
from posrefund.testing import ManualClock, MemoryLink
from posrefund.values import RequestID

if TYPE_CHECKING:
    from textual.pilot import Pilot

FOLDER = Path(__file__).resolve().parent / "_static"
NAMES = ("menu", "sale", "amount", "check", "slip", "doubt")
_SIZE = (80, 24)
_TERMINAL, _MERCHANT = TerminalID("12345678"), MerchantID("123456789012345")
_TMK = bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923")
_MORNING = datetime(2026, 3, 9, 10, 0, tzinfo=timezone(timedelta(hours=8)))
_SHOP = {"zh": "好邻居超市", "en": "Good Neighbour Stores"}
_SALES = {"SALE-1041": 12_800, "SALE-1042": 6_660, "SALE-1043": 3_000}


def path_of(name: str, lang: str) -> Path:
    """Return where a picture is kept."""
    return FOLDER / f"counter-{name}.{lang}.svg"


def screens(lang: str) -> dict[str, str]:
    """Return every picture of a language, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_played(Path(folder), lang))


async def _played(folder: Path, lang: Any) -> dict[str, str]:
    terminal, host = _shop(folder)
    reader, ids = CardsToPractise(), iter(("R-2071", "R-2072"))
    counter = Counter(
        new_id=lambda: next(ids),
        language=lang,
        cards=reader.cards,
        slip=SlipSettings(merchant_name=_SHOP[lang]),
        arrival=Arrival(),
    )
    dialogue = Dialogue(counter)
    app = text_app.CounterApp(dialogue, terminal, reader)
    drawn: dict[str, str] = {}

    async def press(pilot: Pilot[None], *keys: str) -> str:
        for key in keys:
            await pilot.press(key)
            while dialogue.is_busy:
                await pilot.pause(0.01)
        await pilot.pause()
        return own_fonts(app.export_screenshot(simplify=True))

    with terminal, patch.object(text_app, "_TWICE_S", 0.0):
        async with app.run_test(size=_SIZE) as pilot:
            drawn["menu"] = await press(pilot)
            drawn["sale"] = await press(pilot, "1", "1")
            await press(pilot, "3")
            drawn["amount"] = await press(pilot, "2", "8")
            drawn["check"] = await press(pilot, "enter", "3")
            drawn["slip"] = await press(pilot, "enter", "1")
            host.faults.add(Fault("drop_reply", mti="0220"))
            drawn["doubt"] = await press(pilot, "enter", "1", "1", "1", "enter", "enter", "1")
    return drawn


def _shop(folder: Path) -> tuple[Terminal, EmulatedHost]:
    """A shop with three sales of the day before."""
    host_time, clock = HostTime(_MORNING), ManualClock(_MORNING.astimezone(UTC))
    record = TerminalRecord(_TERMINAL, _MERCHANT, Key(_TMK, Purpose.KEK), batch="000007")
    host = EmulatedHost(HostProfile(), [record], clock=host_time)
    with patch("secrets.token_bytes", bytes):  # the digest stands on a picture; for pictures only
        keys = FileKeyStore.create(folder / "keys.json", b"picture", tmk=_TMK, test_keys=True)
    terminal = Terminal(
        _TERMINAL,
        _MERCHANT,
        dialect=dialect("unionpay"),
        keystore=keys,
        journal=SQLiteJournal(folder / "journal.db", key=keys.journal_key, terminal=_TERMINAL),
        link=MemoryLink(host.respond),
        clock=clock,
    )
    terminal.sign_in()
    card = CardRead("051", PAN("6200000000000005"), expiry="3012", sequence_number="001")
    for request, minor in _SALES.items():
        terminal.sale(SaleRequest(RequestID(request), Amount(minor), card))
        for each in (host_time, clock):
            each.advance(timedelta(minutes=7))
    for each in (host_time, clock):
        each.advance(timedelta(days=1))
    terminal.sign_in()
    return terminal, host


def main() -> None:
    """Write all of them."""
    for lang in _SHOP:
        for name, svg in screens(lang).items():
            path_of(name, lang).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
