"""The application: every command in one list, every error of ours in one place. Floor 11."""

from __future__ import annotations

import sys
from itertools import zip_longest
from typing import Annotated

import typer

from posrefund import __version__
from posrefund.cli import (
    bundle,
    cases,
    certify,
    close_batch,
    compare,
    compare_day,
    complaints,
    counter,
    decode,
    demo,
    dialect,
    emulate,
    encode,
    explain,
    faults,
    follow_up,
    host,
    host_requests,
    init,
    inquire,
    journal,
    keys,
    mac_probe,
    mass,
    money,
    notices,
    people,
    policy,
    proposals,
    relay,
    report,
    retention,
    sales,
    selfcheck,
    selftest,
    serve,
    settle,
    sign,
    sign_in,
    slip,
    staff,
    tokens,
    train,
    upload_signatures,
    wire_log,
)
from posrefund.cli.screen import as_text, print_json, stderr
from posrefund.errors import PosRefundError, RefusedError
from posrefund.office.outcome_data import refusal_as_data

__all__ = ["app", "run"]

app = typer.Typer(
    name="posrefund",
    help="The terminal side of a card refund: never twice, never lost, never a lie.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        print(f"posrefund {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("train")(train.train)
app.command("host")(host.host)
app.command("serve")(serve.serve)
app.command("sign-in")(sign_in.sign_in)
app.command("sale")(money.sale)
app.command("refund")(money.refund)
app.command("status")(money.status)
app.command("counter")(counter.counter)
app.command("inquire")(inquire.inquire)
app.command("follow-up")(follow_up.follow_up)
app.command("feedback")(complaints.feedback)
app.command("slip")(slip.slip)
app.command("sign")(sign.sign)
app.command("upload-signatures")(upload_signatures.upload_signatures)
app.command("release")(money.release)
app.command("explain")(explain.explain)
app.command("close")(people.close)
app.command("approvals")(people.approvals)
app.command("approve")(people.approve)
app.command("withdraw")(people.withdraw)
app.command("batch")(mass.batch)
app.command("hold")(policy.hold)
app.command("close-batch")(close_batch.close_batch)
app.command("settle")(settle.settle)
app.command("compare-day")(compare_day.compare_day)
app.command("selfcheck")(selfcheck.selfcheck)
app.command("retention")(retention.retention)
app.command("dossier")(bundle.dossier)
app.command("decode")(decode.decode)
app.command("encode")(encode.encode)
app.command("doctor")(compare.doctor)
app.command("diff")(compare.diff)
app.command("selftest")(selftest.selftest)
app.command("relay")(relay.relay)
app.command("certify")(certify.certify)
app.command("mac-probe")(mac_probe.mac_probe)
app.add_typer(cases.app, name="cases")
app.add_typer(complaints.app, name="complaints")
app.add_typer(bundle.app, name="bundle")
app.add_typer(dialect.app, name="dialect")
app.add_typer(emulate.app, name="emulate")
app.add_typer(faults.app, name="faults")
app.add_typer(host_requests.app, name="host-requests")
app.add_typer(journal.app, name="journal")
app.add_typer(keys.app, name="keys")
app.add_typer(notices.app, name="notices")
app.add_typer(staff.app, name="staff")
app.add_typer(report.refunds, name="refunds")
app.add_typer(report.app, name="report")
app.add_typer(policy.app, name="policy")
app.add_typer(proposals.app, name="proposals")
app.add_typer(sales.app, name="sales")
app.add_typer(tokens.app, name="tokens")
app.add_typer(wire_log.app, name="wirelog")


_ACCEPTED_BY = {"clock_differs": "--accept-clock", "keys_came_back": "--accept-keys"}
"""What people say yes to, and how they say it here."""


def _say_refusal(refusal: RefusedError) -> None:
    """Everything that says no, whom to call below the last of theirs; what there is to wait for or to accept."""
    said_no = (refusal, *refusal.others)
    for each, after in zip_longest(said_no, said_no[1:]):
        said = f"refused ({each.code}): {each.hint_en} / {each.hint_zh}"
        stderr.print(as_text(said))  # a host's code is part of it
        if each.contact and (after is None or after.contact != each.contact):
            stderr.print(as_text(f"call / 请联系: {each.contact}"))
        if each.not_before is not None:
            moment = f"{each.not_before:%Y-%m-%d %H:%M}"
            stderr.print(f"not before {moment} host time / 主机时间 {moment} 之后")
        if each.code in _ACCEPTED_BY:
            option = _ACCEPTED_BY[each.code]
            stderr.print(f"to accept it / 确认接受: posrefund sign-in {option}", markup=False)


def run() -> None:
    """Run the command line; an error of ours is one sentence and exit status 2 or 3."""
    try:
        app()
    except RefusedError as refusal:
        if "--json" in sys.argv[1:]:
            print_json({"refused": refusal_as_data(refusal)})
        _say_refusal(refusal)
        sys.exit(3)
    except PosRefundError as error:
        stderr.print(f"{type(error).__name__}: {error}", markup=False)
        if error.effect == "in_doubt":
            stderr.print("A message may have left: ask for the status before anything else.")
        sys.exit(2)
