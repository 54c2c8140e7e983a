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
from posrefund.cli.screen import as_text, print_json, stderr, stdout
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
_Json = Annotated[bool, typer.Option("--json", help="As data.")]


@app.command("list")
def list_(
    config: ConfigOption = Path("posrefund.toml"),
    stuck: Annotated[bool, typer.Option("--stuck", help="Only what was given up.")] = False,
    last: Annotated[int, typer.Option(min=1, help="So many at most, the newest.")] = 50,
    json: _Json = False,
) -> None:
    """List the notices and how far each is; exit status 4 if --stuck finds something."""
    with _open(config) as journal:
        given_up = {each.notice_id for each in journal.stuck_deliveries()} if stuck else set()
        notices = [each for each in journal.notices() if not stuck or each.notice_id in given_up]
        data = [_as_data(journal, notice) for notice in notices[-last:]]
    if json:
        print_json(data)
    elif data:
        _print_table(data)
    else:
        stdout.print("nothing was given up" if stuck else "there are no notices")
    raise typer.Exit(4 if stuck and data else 0)


@app.command()
def show(
    request: _Request, config: ConfigOption = Path("posrefund.toml"), json: _Json = False
) -> None:
    """Show what the customer of a request is told, word for word, and what became of it."""
    writer = _writer(load(config), notify_settings(config))
    with _open(config) as journal:
        found = journal.notices(request)
        if json:
            print_json([_told(journal, notice, writer) for notice in found])
            return
        if not found:
            stdout.print(as_text(f"nobody was told anything of {request}"), soft_wrap=True)
        for notice in found:
            message = _message(journal, notice, writer)
            stdout.print(as_text(f"{notice.notice_id} {notice.at:%Y-%m-%d %H:%M} {notice.kind}"))
            stdout.print(as_text(f"  {message.short}"), soft_wrap=True)
            for delivery in journal.deliveries(request):
                if delivery.sequence == notice.sequence:
                    stdout.print(as_text(f"  {_said(delivery)}"), soft_wrap=True)


@app.command()
def deliver(
    config: ConfigOption = Path("posrefund.toml"),
    once: Annotated[
        bool, typer.Option("--once", help="Deliver all that is due, then end.")
    ] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two passes.")] = 5,
) -> None:
    """Deliver what is due, until it is stopped; with --once exit status 4 if something had to be given up."""
    settings, notify = load(config), notify_settings(config)
    key = open_keystore(settings).journal_key
    if once:
        raise typer.Exit(4 if _pass(settings, notify, key, _ALL).stuck else 0)
    with suppress(KeyboardInterrupt):
        while True:
            try:
                _pass(settings, notify, key, _AT_ONCE)
            except (JournalCorruptError, JournalWriteError):
                raise
            except JournalError as error:  # the till has it: next time
                stderr.print(as_text(f"this pass is left out: {error}"))
            time.sleep(every)


@app.command()
def retry(
    request: _Request, config: ConfigOption = Path("posrefund.toml"), json: _Json = False
) -> None:
    """Try anew what was given up of a request."""
    with _open(config) as journal:
        count = journal.retry_stuck(request, datetime.now(UTC))
    if json:
        print_json({"request_id": request, "to_try_anew": count})
    else:
        stdout.print(f"{count} to be tried anew")


@app.command("calls")
def calls_(config: ConfigOption = Path("posrefund.toml"), json: _Json = False) -> None:
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
        stdout.print("nobody has to be called")
    for each in data:
        stdout.print(as_text(f"{each['notice']} {each['kind']}: call {each['contact'] or '?'}"))


@app.command("close-call")
def close_call_(
    notice: Annotated[str, typer.Argument(help="As `posrefund notices calls` shows it.")],
    outcome: Annotated[CallOutcome, typer.Option(help="What came of it.")],
    by: Annotated[str, typer.Option(help="Operator number of who called.")],
    note: Annotated[str, typer.Option(help="What was said.")] = "",
    config: ConfigOption = Path("posrefund.toml"),
    json: _Json = False,
) -> None:
    """End a call with what came of it; without that it stays open."""
    with _open(config) as journal:
        close_call(journal, notice, outcome=outcome, by=by, now=datetime.now(UTC), note=note)
    if json:
        print_json({"notice": notice, "outcome": str(outcome), "by": by})
    else:
        stdout.print(as_text(f"{notice}: {outcome}"), soft_wrap=True)


def _open(config: Path) -> Journal:
    settings = load(config)
    return open_journal(settings, open_keystore(settings).journal_key)


def _pass(settings: Settings, notify: NotifySettings, key: bytes, requests_max: int) -> Relayed:
    with open_journal(settings, key) as journal:
        relay = Relay(
            journal,
            notify.channels(journal),
            _writer(settings, notify),
            clock=lambda: datetime.now(UTC),
        )
        done = relay.deliver(requests_max=requests_max)
    if done.delivered or done.failed or done.stuck:
        said = f"{done.delivered} delivered, {done.failed} put off, {len(done.stuck)} given up"
        stdout.print(f"{datetime.now(UTC):%H:%M:%S} {said}")
    for name, channel, error in done.errors:
        stderr.print(as_text(f"  {name} on {channel}: {error}"))
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


def _print_table(data: list[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("notice", "at", "kind", "channels"):
        table.add_column(name, overflow="fold")
    for line in data:
        states = ", ".join(f"{name} {state}" for name, state in line["channels"].items())
        at = line["at"][:16].replace("T", " ")
        cells = (line["notice"], at, line["kind"], states or "waiting")
        table.add_row(*map(as_text, cells))
    stdout.print(table)


def _said(delivery: NoticeDelivery) -> str:
    tries = f", {delivery.tries} tries" if delivery.tries > 1 else ""
    again = f", again {delivery.next_try:%Y-%m-%d %H:%M:%S} UTC" if delivery.next_try else ""
    error = f": {delivery.error}" if delivery.error else ""
    return f"{delivery.channel}: {str(delivery.state).lower()}{tries}{again}{error}"
