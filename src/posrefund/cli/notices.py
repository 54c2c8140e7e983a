"""``posrefund notices``: what customers and back office are told, and how far that is. Floor 11.

A journal in a file has one writer. So ``deliver`` opens it for each pass and lets go of it between two; a till that
has it open all day runs a ``Relay`` of its own.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from posrefund.cli.config import ConfigOption, Settings, load, open_journal, open_keystore
from posrefund.cli.notify_settings import NotifySettings, notify_settings
from posrefund.cli.screen import JSONOption, Lang, LangOption, as_text, print_json, stderr, stdout
from posrefund.errors import JournalCorruptError, JournalError, JournalWriteError
from posrefund.office.notices import CallOutcome, Relay, Relayed, calls, close_call

if TYPE_CHECKING:
    from posrefund.engine import Notice
    from posrefund.journal import Journal, NoticeDelivery
    from posrefund.office.notices import Message, Writer

__all__ = ["app"]

app = typer.Typer(help="Tell customers and the back office.", no_args_is_help=True)

_Request = Annotated[str, typer.Argument(help="The request's own number.")]
_AT_ONCE, _ALL = 100, 1_000_000
"""So many refunds in one pass: a till must not wait long for its journal."""

_WORDS = {
    "none": ("没有通知", "there are no notices"),
    "none_stuck": ("没有放弃的通知", "nothing was given up"),
    "none_of": ("{0} 没有任何通知", "nobody was told anything of {0}"),
    "columns": ("通知 时间 内容 渠道", "notice at kind channels"),
    "waiting": ("待发送", "waiting"),
    "delivered": ("已送达", "delivered"),
    "skipped": ("无须发送", "skipped"),
    "stuck": ("已放弃", "stuck"),
    "tries": ("，已试 {0} 次", ", {0} tries"),
    "again": ("，{0:%Y-%m-%d %H:%M:%S} UTC 再试", ", again {0:%Y-%m-%d %H:%M:%S} UTC"),
    "pass": ("送达 {0}，推迟 {1}，放弃 {2}", "{0} delivered, {1} put off, {2} given up"),
    "on": ("{0}（渠道 {1}）：{2}", "{0} on {1}: {2}"),
    "left_out": ("本次跳过：{0}", "this pass is left out: {0}"),
    "retry": ("{0} 条将重新发送", "{0} to be tried anew"),
    "no_calls": ("没有需要致电的顾客", "nobody has to be called"),
    "call": ("{0} {1}：请致电 {2}", "{0} {1}: call {2}"),
    "accepted": ("已受理", "accepted"),
    "declined": ("未受理", "declined"),
    "checking": ("正在核查", "checking"),
    "confirmed": ("已入账", "confirmed"),
    "bounced": ("退回", "bounced"),
    "not_refunded": ("未退款", "not_refunded"),
    "settled": ("已办妥", "settled"),
    "disagrees": ("顾客有异议", "disagrees"),
    "not_reached": ("未联系上", "not_reached"),
    "wrong_number": ("号码有误", "wrong_number"),
}
"""What is said; kinds, states and outcomes by the names that JSON has."""


@app.command("list")
def list_(
    config: ConfigOption = Path("posrefund.toml"),
    stuck: Annotated[bool, typer.Option("--stuck", help="Only what was given up.")] = False,
    last: Annotated[int, typer.Option(min=1, help="So many at most, the newest.")] = 50,
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List the notices and how far each is; exit status 4 if --stuck finds something."""
    with _open(config) as journal:
        given_up = {each.notice_id for each in journal.stuck_deliveries()} if stuck else set()
        notices = [each for each in journal.notices() if not stuck or each.notice_id in given_up]
        data = [_as_data(journal, notice) for notice in notices[-last:]]
    if json:
        print_json(data)
    elif data:
        _print_table(data, lang)
    else:
        stdout.print(_say(lang, "none_stuck" if stuck else "none"))
    raise typer.Exit(4 if stuck and data else 0)


@app.command()
def show(
    request: _Request,
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Show what the customer of a request is told, word for word, and what became of it."""
    writer = _writer(load(config), notify_settings(config))
    with _open(config) as journal:
        found = journal.notices(request)
        if json:
            print_json([_told(journal, notice, writer) for notice in found])
            return
        if not found:
            stdout.print(as_text(_say(lang, "none_of", request)), soft_wrap=True)
        for notice in found:
            message = _message(journal, notice, writer)
            kind = _say(lang, notice.kind)
            stdout.print(as_text(f"{notice.notice_id} {notice.at:%Y-%m-%d %H:%M} {kind}"))
            stdout.print(as_text(f"  {message.short}"), soft_wrap=True)
            for delivery in journal.deliveries(request):
                if delivery.sequence == notice.sequence:
                    stdout.print(as_text(f"  {_said(delivery, lang)}"), soft_wrap=True)


@app.command()
def deliver(
    config: ConfigOption = Path("posrefund.toml"),
    once: Annotated[
        bool, typer.Option("--once", help="Deliver all that is due, then end.")
    ] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two passes.")] = 5,
    lang: LangOption = Lang.EN,
) -> None:
    """Deliver what is due, until it is stopped; with --once exit status 4 if something had to be given up."""
    settings, notify = load(config), notify_settings(config)
    key = open_keystore(settings).journal_key
    if once:
        raise typer.Exit(4 if _pass(settings, notify, key, _ALL, lang).stuck else 0)
    with suppress(KeyboardInterrupt):
        while True:
            try:
                _pass(settings, notify, key, _AT_ONCE, lang)
            except (JournalCorruptError, JournalWriteError):
                raise
            except JournalError as error:  # the till has it: next time
                stderr.print(as_text(_say(lang, "left_out", error)))
            time.sleep(every)


@app.command()
def retry(
    request: _Request,
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Try anew what was given up of a request."""
    with _open(config) as journal:
        count = journal.retry_stuck(request, datetime.now(UTC))
    if json:
        print_json({"request_id": request, "to_try_anew": count})
    else:
        stdout.print(_say(lang, "retry", count))


@app.command("calls")
def calls_(
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """List whom somebody has to telephone, and about what."""
    with _open(config) as journal:
        data = [
            {
                "notice": call.notice_id,
                "kind": str(call.kind),
                "contact": journal.contact(call.notice_id.rpartition(":")[0]),
            }
            for call in calls(journal)
            if call.outcome is None
        ]
    if json:
        print_json(data)
        return
    if not data:
        stdout.print(_say(lang, "no_calls"))
    for each in data:
        said = each["notice"], _say(lang, each["kind"]), each["contact"] or "?"
        stdout.print(as_text(_say(lang, "call", *said)))


@app.command("close-call")
def close_call_(
    notice: Annotated[str, typer.Argument(help="As `posrefund notices calls` shows it.")],
    outcome: Annotated[CallOutcome, typer.Option(help="What came of it.")],
    by: Annotated[str, typer.Option(help="Operator number of who called.")],
    note: Annotated[str, typer.Option(help="What was said.")] = "",
    config: ConfigOption = Path("posrefund.toml"),
    json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """End a call with what came of it; without that it stays open."""
    with _open(config) as journal:
        close_call(journal, notice, outcome=outcome, by=by, now=datetime.now(UTC), note=note)
    if json:
        print_json({"notice": notice, "outcome": str(outcome), "by": by})
    else:
        stdout.print(as_text(f"{notice}: {_say(lang, outcome)}"), soft_wrap=True)


def _open(config: Path) -> Journal:
    settings = load(config)
    return open_journal(settings, open_keystore(settings).journal_key)


def _say(lang: Lang, word: str, *values: object) -> str:
    return _WORDS[word][lang is Lang.EN].format(*values)


def _pass(
    settings: Settings, notify: NotifySettings, key: bytes, requests_max: int, lang: Lang
) -> Relayed:
    with open_journal(settings, key) as journal:
        relay = Relay(
            journal,
            notify.channels(journal),
            _writer(settings, notify),
            clock=lambda: datetime.now(UTC),
        )
        done = relay.deliver(requests_max=requests_max)
    if done.delivered or done.failed or done.stuck:
        said = _say(lang, "pass", done.delivered, done.failed, len(done.stuck))
        stdout.print(f"{datetime.now(UTC):%H:%M:%S} {said}")
    for each in done.errors:
        stderr.print(as_text(f"  {_say(lang, 'on', *each)}"))
    return done


def _writer(settings: Settings, notify: NotifySettings) -> Writer:
    """The shop's writer, which knows the days of ``[arrival]``."""
    arrival = settings.arrival
    return replace(notify.writer, expected_by=lambda each: arrival.expected(each.host_day).latest)


def _as_data(journal: Journal, notice: Notice) -> dict[str, Any]:
    mine = [
        each for each in journal.deliveries(notice.request_id) if each.sequence == notice.sequence
    ]
    return {
        "notice": notice.notice_id,
        "at": notice.at.isoformat(),
        "kind": str(notice.kind),
        "channels": {each.channel: str(each.state).lower() for each in mine},
        "errors": {each.channel: each.error for each in mine if each.error},
    }


def _told(journal: Journal, notice: Notice, writer: Writer) -> dict[str, Any]:
    """With what the customer reads, word for word."""
    message = _message(journal, notice, writer)
    return _as_data(journal, notice) | {"text": message.short}


def _message(journal: Journal, notice: Notice, writer: Writer) -> Message:
    """As it leaves: with the mark of practice where people practise."""
    message = writer.write(notice, journal.attempt(notice.attempt_id))
    return message.for_training() if journal.is_training else message


def _print_table(data: list[dict[str, Any]], lang: Lang) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in _say(lang, "columns").split():
        table.add_column(name, overflow="fold")
    for line in data:
        channels = line["channels"].items()
        states = ", ".join(f"{name} {_say(lang, state)}" for name, state in channels)
        at = line["at"][:16].replace("T", " ")
        cells = (line["notice"], at, _say(lang, line["kind"]), states or _say(lang, "waiting"))
        table.add_row(*map(as_text, cells))
    stdout.print(table)


def _said(delivery: NoticeDelivery, lang: Lang) -> str:
    state = _say(lang, delivery.state.lower())
    tries = _say(lang, "tries", delivery.tries) if delivery.tries > 1 else ""
    again = _say(lang, "again", delivery.next_try) if delivery.next_try else ""
    error = f": {delivery.error}" if delivery.error else ""
    return f"{delivery.channel}: {state}{tries}{again}{error}"
