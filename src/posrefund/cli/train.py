"""``posrefund train``: a terminal to practise on, with an emulated host and sales of yesterday. Floor 11.

Everything about it is apart from a live shop: its folder, its journal, which says so, and its keys, which everybody
knows. What is printed is marked.
"""

from __future__ import annotations

import re
import shlex
import threading
from datetime import datetime, timedelta, timezone
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import load, open_terminal, write
from posrefund.cli.demo_host import HostProcess
from posrefund.cli.http_extra import demand_http
from posrefund.cli.init import make_keystore
from posrefund.cli.screen import Lang, LangOption, stdout
from posrefund.cli.train_browser import serve_counter
from posrefund.engine import SaleRequest
from posrefund.errors import ConfigError
from posrefund.values import PAN, Amount, CardRead, RequestID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.engine import Original
    from posrefund.terminal import Terminal

__all__ = ["train"]

_ZONE = timezone(timedelta(hours=8))
_PORT = re.compile(r"(^\[host\][^\[]*?^port *= *)[0-9]+", re.MULTILINE)
_TERMINAL, _MERCHANT = "TRAINING", "123456789012345"
_PUBLISHED_TMK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_NAME = "LESSON-"
_LESSONS = (("6200000000000005", 12_800), ("6200000000000047", 6_660))
"""Card and amount of LESSON-1 and LESSON-2; LESSON-3 is as the first, and so on."""


def train(
    folder: Annotated[Path, typer.Argument(help="Where its files go.")] = Path(
        "posrefund-training"
    ),
    once: Annotated[
        bool, typer.Option("--once", help="Make the files and the sales, and stop the host again.")
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser", help="Serve its counter for a browser of this machine.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where --browser listens; 0 takes a free one.")
    ] = 0,
    lang: LangOption = Lang.EN,
) -> None:
    """Make a terminal to practise on, sell something yesterday, and be its host until Ctrl-C.

    Its refunds reach no live host: it has a journal of its own that says so, keys that everybody knows, and no
    address but this machine's. Going on with a folder keeps what was practised in it, and sells anew what was refunded.
    """
    if browser:
        demand_http()
        if once:
            raise typer.BadParameter("either --once or --browser")
    config = folder / "posrefund.toml"
    if not config.exists():
        _make(folder)
    with HostProcess(config, folder / "host-ledger.json", batch=_batch(config)) as host:
        _set_port(config, host.port)
        with open_terminal(load(config)) as terminal:
            _sell_yesterday(terminal, host)
            terminal.sign_in("01", accept_clock=True)  # a host that was started anew knows no keys
            _say_sales(terminal, lang)
            if not browser:
                _say_tries(config, terminal, lang)
        if browser:
            serve_counter(config, port, lang)
        elif not once:
            _wait(lang)


def _batch(config: Path) -> str:
    """The batch that is open, for the host has to go on with it."""
    with open_terminal(load(config)) as terminal:
        return terminal.view().batch or "000001"


def _make(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} exists and was not made for training; name another")
    folder.mkdir(parents=True, exist_ok=True)
    make_keystore(folder, _PUBLISHED_TMK, test_keys=True)
    write(
        folder,
        terminal=_TERMINAL,
        merchant=_MERCHANT,
        address="127.0.0.1",
        port=1,  # known once the host listens
        answer_s=10,
        training=True,
    )


def _set_port(config: Path, port: int) -> None:
    """Where the host listens this time; whatever else was written into the settings stays."""
    text = config.read_text(encoding="utf-8")
    changed, count = _PORT.subn(rf"\g<1>{port}", text, count=1)
    if not count:
        raise ConfigError(f"{config}: expected port = … in [host]")
    config.write_text(changed, encoding="utf-8")


def _sell_yesterday(terminal: Terminal, host: HostProcess) -> None:
    """Sell as many lessons as are missing; the batch is closed, so that they are refunded and not voided."""
    missing = len(_LESSONS) - len(_lessons(terminal))
    if missing <= 0:
        return
    now = datetime.now(_ZONE)
    host.set_clock(now - timedelta(days=1))
    terminal.sign_in("01", accept_clock=True)
    for request in islice(_unknown(terminal, _NAME), missing):
        pan, minor = _LESSONS[_place(request)]
        card = CardRead("051", PAN(pan), expiry="3012", sequence_number="001")
        terminal.sale(SaleRequest(RequestID(request), Amount(minor), card))
    host.set_clock(now)
    host.close_batch(_TERMINAL)


def _unknown(terminal: Terminal, head: str) -> Iterator[str]:
    """Request ids of *head* and a number that nothing was asked under."""
    names = (f"{head}{number}" for number in count(1))
    return (name for name in names if terminal.status(name) is None)


def _place(request: str) -> int:
    return (int(request.removeprefix(_NAME)) - 1) % len(_LESSONS)


def _say_sales(terminal: Terminal, lang: Lang) -> None:
    """Tell what there is to refund."""
    is_zh = lang is Lang.ZH
    stdout.print("培训模式：这里没有真钱" if is_zh else "training: nothing in here is money")
    yesterday = datetime.now(_ZONE).date() - timedelta(days=1)
    for sale in _lessons(terminal):
        day = sale.transaction_date
        if day == yesterday:
            said = "昨日消费" if is_zh else "a sale of yesterday:"
        else:
            said = f"{day} 消费" if is_zh else f"a sale of {day}:"
        stdout.print(f"  {said} {sale.original_id} {sale.amount}", markup=False)


def _say_tries(config: Path, terminal: Terminal, lang: Lang) -> None:
    """Tell how it is refunded from another window."""
    stdout.print("在另一个窗口试试：" if lang is Lang.ZH else "Try, in another window:")
    for sale in _lessons(terminal):
        name, (pan, _) = sale.original_id, _LESSONS[_place(sale.original_id)]
        words = f"refund {_refund_of(terminal, name)} --card {pan} --original {name}"
        option = f"--config {shlex.quote(str(config))}"
        stdout.print(f"  posrefund {words} {option}", markup=False, soft_wrap=True)


def _refund_of(terminal: Terminal, name: str) -> str:
    """A request id for a refund of *name* that nothing was asked under."""
    first = f"R-{name}"
    return first if terminal.status(first) is None else next(_unknown(terminal, f"{first}-"))


def _lessons(terminal: Terminal) -> list[Original]:
    """Those of which something can be refunded."""
    return [
        sale
        for sale in terminal.journal.all_originals()
        if re.fullmatch(f"{_NAME}[0-9]+", sale.original_id)
        and sale.remaining_minor > 0
        and not (sale.is_voided or sale.has_open_attempt or sale.has_case)
    ]


def _wait(lang: Lang) -> None:
    stdout.print("按 Ctrl-C 结束" if lang is Lang.ZH else "Ctrl-C ends it")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        stdout.print("结束" if lang is Lang.ZH else "stopped")
