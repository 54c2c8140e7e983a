"""What all commands have in common: data for programs, exit statuses that are written down, refusals, completion."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest
import typer

from posrefund.cli import app as application
from posrefund.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
NO_JSON = {
    "init": "asks questions",
    "train": "serves until it is stopped",
    "host": "serves until it is stopped",
    "serve": "serves until it is stopped",
    "relay": "serves until it is stopped",
    "counter": "is a screen and a keyboard",
    "emulate host": "serves until it is stopped",
    "emulate concert": "serves until it is stopped",
    "emulate caisse-ap": "serves until it is stopped",
    "emulate transbank": "serves until it is stopped",
    "emulate zvt": "serves until it is stopped",
    "emulate pinpad": "serves until it is stopped",
    "notices deliver": "serves until it is stopped; with --once its exit status says it all",
    "keys load": "asks two people",
    "keys rotate": "asks for a passphrase",
    "keys export": "what it prints is the key block",
    "encode": "what it prints is the message",
    "dialect import": "what it prints is the dialect file",
    "wirelog to-pcap": "what it makes is a file",
    "slip": "--format json",
    "report day": "--format json",
    "report month": "--format json",
}
"""Commands without --json, each with its reason."""


def commands() -> dict[str, Callable[..., None]]:
    """Every command by its full name, with the function that carries it out."""
    return dict(_inside("", application.app))


def _inside(prefix: str, group: typer.Typer) -> Iterator[tuple[str, Callable[..., None]]]:
    for info in group.registered_commands:
        assert info.callback is not None
        yield f"{prefix}{info.name or info.callback.__name__}", info.callback
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from _inside(f"{prefix}{each.name} ", each.typer_instance)


def options(function: Callable[..., None]) -> dict[str, Any]:
    """The options that a command names, each with its type."""
    found: dict[str, Any] = {}
    for hint in get_type_hints(function, include_extras=True).values():
        kind, info, *_ = (*get_args(hint), None, None)
        names = (getattr(info, "default", None), *(getattr(info, "param_decls", None) or ()))
        found |= {name: kind for name in names if isinstance(name, str) and name.startswith("--")}
    return found


COMMANDS = commands()


def test_every_command_speaks_to_programs_or_says_why_not() -> None:
    silent = {name for name, each in COMMANDS.items() if "--json" not in options(each)}

    assert silent == set(NO_JSON)


@pytest.mark.parametrize("name", [name for name, why in NO_JSON.items() if why == "--format json"])
def test_what_has_formats_has_json_among_them(name: str) -> None:
    assert "json" in list(options(COMMANDS[name])["--format"])


# --- exit statuses -----------------------------------------------------------------------------------


def promised(command: Callable[..., None]) -> set[str]:
    """The exit statuses that the help of a command speaks of."""
    text = " ".join((inspect.getdoc(command) or "").split())
    return {
        number
        for sentence in re.findall(r"\bstatus:?([^.]*)", text)
        for number in re.findall(r"\b\d{1,2}\b", sentence)
    }


def written_down() -> dict[str, str]:
    """The table of the page: exit status, and of which commands it is."""
    page = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    head = page[: page.index("## For programs")]
    rows = [line.strip("| ").split(" | ") for line in head.splitlines() if line.startswith("| ")]
    return {row[0]: row[2] for row in rows[1:]}


def test_the_page_knows_every_exit_status_and_whose_it_is() -> None:
    table = written_down()
    assert list(table) == ["0", "1", "2", "3", "4", "5", "10", "11", "12"]

    for number, whose in table.items():
        if whose != "all":
            named = {name.strip("` ") for name in whose.split(",")}
            assert named == {name for name, each in COMMANDS.items() if number in promised(each)}
    assert set().union(*map(promised, COMMANDS.values())) <= set(table)


# --- refusals ----------------------------------------------------------------------------------------

REFUSAL = RefusedError(
    "over_remaining",
    owner="merchant",
    hint_zh="超过可退金额",
    hint_en="more than is left",
    others=(
        RefusedError(
            "not_before",
            owner="merchant",
            hint_zh="请稍后",
            hint_en="wait",
            not_before=datetime(2026, 3, 9, 23, tzinfo=UTC),
        ),
        RefusedError(
            "mcc_blocked",
            owner="acquirer",
            hint_zh="请联系收单机构",
            hint_en="call the acquirer",
            contact="Bank A, 95516 [bold]",
        ),
    ),
)


def run_refused(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    refusing = typer.Typer()

    @refusing.command()
    def refuse(json: bool = typer.Option(False, "--json")) -> None:
        del json
        raise REFUSAL

    monkeypatch.setattr(application, "app", refusing)
    monkeypatch.setattr(sys, "argv", ["posrefund", *words])
    with pytest.raises(SystemExit) as ended:
        application.run()
    assert ended.value.code == 3


def test_everything_that_says_no_is_said_with_whom_to_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_refused(monkeypatch)

    out, error = capsys.readouterr()
    assert out == ""
    assert error.splitlines() == [
        "refused (over_remaining): more than is left / 超过可退金额",
        "refused (not_before): wait / 请稍后",
        "not before 2026-03-09 23:00 host time / 主机时间 2026-03-09 23:00 之后",
        "refused (mcc_blocked): call the acquirer / 请联系收单机构",
        "call / 请联系: Bank A, 95516 [bold]",
    ]


def test_the_same_to_call_is_named_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no(code: str, *others: RefusedError) -> RefusedError:
        return RefusedError(
            code, owner="merchant", hint_zh="否", hint_en="no", contact="Shop, 12345", others=others
        )

    monkeypatch.setitem(globals(), "REFUSAL", no("approval_needed", no("review_amount")))
    run_refused(monkeypatch)

    assert capsys.readouterr().err.splitlines() == [
        "refused (approval_needed): no / 否",
        "refused (review_amount): no / 否",
        "call / 请联系: Shop, 12345",
    ]


def test_a_refusal_is_data_where_data_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_refused(monkeypatch, "--json")

    out, error = capsys.readouterr()
    assert error.startswith("refused (over_remaining): ")
    refused = json.loads(out)["refused"]
    assert {name: refused[name] for name in ("code", "owner", "hint_zh", "not_before")} == {
        "code": "over_remaining",
        "owner": "merchant",
        "hint_zh": "超过可退金额",
        "not_before": None,
    }
    later, blocked = refused["others"]
    assert later["not_before"] == "2026-03-09T23:00:00+00:00"
    assert (blocked["contact"], blocked["others"]) == ("Bank A, 95516 [bold]", [])


# --- start -------------------------------------------------------------------------------------------

OPTIONAL = (
    "holidays",
    "apprise",
    "escpos",
    "PIL",
    "jinja2",
    "duckdb",
    "matplotlib",
    "psycopg",
    "pkcs11",
)


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    code = f"import sys, posrefund.cli.app; print([m for m in {OPTIONAL!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def completed(**asked: str) -> str:
    code = (
        "import sys; sys.argv = ['posrefund']; from posrefund.cli.app import app; "
        "app(prog_name='posrefund')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **asked},
    )
    return done.stdout


def test_a_shell_is_told_how_to_complete() -> None:
    script = completed(_POSREFUND_COMPLETE="source_bash")

    assert "complete -o default -F _posrefund_completion posrefund" in script


@pytest.mark.parametrize(
    ("line", "count", "found"),
    [
        ("posrefund ref", "1", ["refund", "refunds"]),
        ("posrefund journal ver", "2", ["verify"]),
        ("posrefund status --js", "2", ["--json"]),
        ("posrefund nothing-of-the-kind", "1", []),
    ],
)
def test_a_shell_completes_commands_and_options(line: str, count: str, found: list[str]) -> None:
    said = completed(_POSREFUND_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=count)

    assert said.split() == found
