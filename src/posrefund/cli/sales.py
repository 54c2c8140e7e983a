"""``posrefund sales``: take in the sales of other tills, and find one again. Floor 11."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich import box
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import Lang, LangOption, as_text, print_json, stderr, stdout
from posrefund.engine import ReceiptCode, SaleQuery
from posrefund.engine.lookup import WHY
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.office import import_sales
from posrefund.office.feed import REFUSALS
from posrefund.office.sale_data import found_as_data, sale_as_data
from posrefund.values import Amount
from posrefund.values.amount import format_minor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.engine import FoundSales, Original
    from posrefund.office import Imported
    from posrefund.office.feed_rows import Encoding

__all__ = ["app", "columns_of", "read_file"]

app = typer.Typer(help="The sales that refunds are about.", no_args_is_help=True)

_SOME_REFUSED, _SEVERAL, _NONE = 4, 4, 5
_SHOWN_MAX = 20
_HEADINGS = {
    "rank": "排序",
    "sale": "请求号",
    "terminal": "终端号",
    "batch/stan": "批次/凭证号",
    "rrn": "参考号",
    "date": "日期",
    "amount": "金额",
    "left": "可退",
    "order": "订单号",
    "card": "卡号",
    "why": "符合",
}

EncodingOption = Annotated[str, typer.Option(help="Of the file: utf-8 or gbk.")]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", help="THEIRS=OURS: another name of a column; THEIRS= leaves it out."),
]
JSONOption = Annotated[bool, typer.Option("--json", help="As data.")]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with a header, a JSON array, or JSON lines.")],
    encoding: EncodingOption = "utf-8",
    column: ColumnOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would become of it.")
    ] = False,
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Take in the sales of other tills; running it again changes nothing.

    Exit status: 0 all are in, 4 some were refused, for they contradict what is known; 2 a file that is wrong: then
    nothing of it is in.
    """
    data, columns = read_file(file), columns_of(column)
    with open_terminal(load(config)) as terminal, _progress() as progress:
        found = import_sales(
            terminal,
            data,
            now=datetime.now(UTC),
            encoding=cast("Encoding", encoding),
            columns=columns,
            dry_run=dry_run,
            progress=progress,
        )
    if json:
        print_json(_imported_as_data(found, dry_run=dry_run))
    else:
        _print_imported(found, lang, dry_run=dry_run)
    raise typer.Exit(_SOME_REFUSED if found.refused else 0)


@app.command()
def find(  # noqa: PLR0913, PLR0917 — one per option
    code: Annotated[str, typer.Option(help="What the barcode of a slip says.")] = "",
    request: Annotated[str, typer.Option(help="The shop's number of the sale.")] = "",
    rrn: Annotated[str, typer.Option(help="The host's reference number.")] = "",
    day: Annotated[str, typer.Option("--date", help="With --rrn: YYYY-MM-DD, or MMDD.")] = "",
    order: Annotated[str, typer.Option(help="The shop's number of the order.")] = "",
    auth: Annotated[str, typer.Option(help="Authorisation code; with --last4 and --amount.")] = "",
    last4: Annotated[str, typer.Option(help="The last four digits of the card number.")] = "",
    amount: Annotated[str, typer.Option(help="What was paid, such as 12.30.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217, three digits.")] = "156",
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """Find a sale: all that fit, the best first, and why each fits. It never chooses among several.

    Exit status: 0 exactly one, 4 several, 5 none.
    """
    if not (code or request or rrn or order or (auth and last4 and amount)):
        ways = "--code, --request, --rrn with --date, --order, or --auth with --last4 and --amount"
        raise InvalidRequestError([("sale", ways)])
    query = SaleQuery(
        code=ReceiptCode.parse(code) if code else None,
        request_id=request,
        rrn=rrn,
        day=_day(day) if "-" in day else day,
        order_ref=order,
        auth_code=auth,
        card_last4=last4,
        amount=Amount.parse(amount, currency) if amount else None,
    )
    with open_terminal(load(config)) as terminal:
        found = terminal.find_sales(query)
    if json:
        print_json(found_as_data(found))
    else:
        _print_found(found, lang)
    raise typer.Exit(0 if found.only else _SEVERAL if found.candidates else _NONE)


@app.command("list")
def list_(
    day: Annotated[str, typer.Option("--date", help="Transaction date, YYYY-MM-DD.")],
    most: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 1000,
    json: JSONOption = False,
    config: ConfigOption = Path("posrefund.toml"),
    lang: LangOption = Lang.EN,
) -> None:
    """List the sales of one day, those of other tills too."""
    with open_terminal(load(config)) as terminal:
        merchant = terminal.view().merchant
        sales = terminal.journal.sales_of_day(merchant, _day(day), most=most)
    if json:
        print_json([sale_as_data(sale) for sale in sales])
        return
    table = _table(lang, "sale", "terminal", "batch/stan", "rrn", "amount", "left", "order")
    for sale in sales:
        place = f"{sale.batch}/{sale.stan}"
        cells = (sale.original_id, sale.terminal, place, sale.rrn, *_money(sale))
        table.add_row(*map(as_text, (*cells, sale.order_ref)))
    none = "没有该日的交易" if lang is Lang.ZH else "no sale of that day is known"
    stdout.print(table if sales else none)


def read_file(file: Path) -> bytes:
    """Return what is in a file.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None


def columns_of(given: list[str] | None) -> dict[str, str]:
    """Return the names that ``--column THEIRS=OURS`` gave.

    Raises:
        InvalidRequestError: One is none.
    """
    pairs = [one.partition("=") for one in given or ()]
    if not all(theirs and equals for theirs, equals, _ in pairs):
        raise InvalidRequestError([("--column", "THEIRS=OURS")])
    return {theirs: ours for theirs, _, ours in pairs}


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, where that is a terminal."""
    if not stderr.is_terminal:
        yield None
        return
    columns = (TextColumn("sales"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task("sales", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _imported_as_data(found: Imported, *, dry_run: bool) -> dict[str, Any]:
    refused = [{"line": one.line, "sale": one.original_id, "why": one.why} for one in found.refused]
    return {"new": found.new, "known": found.known, "refused": refused, "dry_run": dry_run}


def _print_imported(found: Imported, lang: Lang, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    said = (
        f"{found.total} 笔：新增 {found.new}，已有 {found.known}，拒绝 {len(found.refused)}"
        + ("（试运行，未写入）" if dry_run else "")
        if lang is Lang.ZH
        else f"{found.total} sales: {found.new} {would}new, {found.known} known,"
        f" {len(found.refused)} {would}refused"
    )
    stdout.print(said)
    for one in found.refused[:_SHOWN_MAX]:
        why = REFUSALS[one.why][lang is Lang.EN]
        stdout.print(as_text(f"line {one.line}, {one.original_id}: {why}"))
    if len(found.refused) > _SHOWN_MAX:
        stdout.print(f"… {len(found.refused) - _SHOWN_MAX} more: --json lists all")


def _print_found(found: FoundSales, lang: Lang) -> None:
    if not found.candidates:
        stdout.print("没有符合的交易" if lang is Lang.ZH else "no sale fits")
        return
    table = _table(lang, "rank", "sale", "date", "amount", "left", "card", "why")
    for one in found.candidates:
        sale = one.sale
        why = "; ".join(WHY[each][lang is Lang.EN] for each in one.why)
        card = f"…{sale.card_last4}" if sale.card_last4 else ""
        cells = (str(one.rank), sale.original_id, f"{sale.transaction_date}", *_money(sale))
        table.add_row(*map(as_text, (*cells, card, why)))
    stdout.print(table)
    if found.only is None:
        ask = (
            "several fit: compare them with the slip" if found.is_complete else "more fit: say more"
        )
        zh = "有多笔符合，请与小票核对" if found.is_complete else "符合的过多，请补充条件"
        stdout.print(zh if lang is Lang.ZH else ask)


def _table(lang: Lang, *names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in names:
        heading = _HEADINGS[name] if lang is Lang.ZH else name
        table.add_column(heading, overflow="fold", no_wrap=name != "why")
    return table


def _money(sale: Original) -> tuple[str, str]:
    """What was paid, and what is left of it; of a sale that was only described nobody here knows."""
    if sale.ceiling == "host_only":
        return "?", "?"
    return str(sale.amount), format_minor(sale.remaining_minor, sale.amount.currency)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequestError([("--date", "YYYY-MM-DD")]) from None
