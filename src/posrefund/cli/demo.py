"""``posrefund demo``: the whole path, two processes, real bytes. Floor 11."""

from __future__ import annotations

import secrets
import shutil
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from posrefund.cli.config import load, write
from posrefund.cli.demo_certificate import make_certificate
from posrefund.cli.demo_host import HostProcess
from posrefund.cli.demo_pad import DemoPad, PinPad, check_pin_pad
from posrefund.cli.demo_screen import Screen
from posrefund.cli.demo_story import Story
from posrefund.cli.init import make_keystore
from posrefund.cli.screen import Lang, LangOption, print_json, stdout
from posrefund.crypto import Key, Purpose
from posrefund.errors import ConfigError

__all__ = ["demo"]

_TERMINAL, _MERCHANT = "12345678", "123456789012345"
_ADDRESS = "127.0.0.1"
_MARK = "made-by-posrefund-demo"


class Transport(StrEnum):
    """What carries the messages."""

    TCP = "tcp"
    TLS = "tls"


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Where its files go; made anew each time.")
    ] = Path("posrefund-demo"),
    lang: LangOption = Lang.EN,
    dialect: Annotated[str, typer.Option(help="What terminal and host speak.")] = "unionpay",
    transport: Annotated[
        Transport, typer.Option(help="What carries the messages; a certificate for tls is made.")
    ] = Transport.TCP,
    wire_log: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Keep a log of the line there, redacted; .pcap or JSON."),
    ] = None,
    pinpad: Annotated[
        PinPad, typer.Option(help="pty: card and PIN come from an emulated PIN pad, over its port.")
    ] = PinPad.NONE,
    json: Annotated[bool, typer.Option("--json", help="The same as data.")] = False,
) -> None:
    """Play a sale and its next-day refund against an emulated host, with everything that goes wrong.

    Exit status: 0 the terminal's journal and the host's ledger agree to the last fen, 1 they do not.
    """
    check_pin_pad(pinpad)
    _clear(folder)
    tmk = secrets.token_bytes(16)
    make_keystore(folder, tmk)
    tls = make_certificate(folder, _ADDRESS) if transport is Transport.TLS else None
    ca = tls[0].name if tls else None
    wire_log = wire_log and wire_log.resolve()
    config = _write(
        folder, dialect, ca, wire_log, port=1
    )  # the port is not known before the host listens
    console = stdout
    console.quiet = json
    with ExitStack() as stack:
        host = stack.enter_context(HostProcess(config, folder / "host-ledger.json", tls))
        settings = load(_write(folder, dialect, ca, wire_log, port=host.port))
        screen = Screen(console, settings.dialect, lang.value)
        screen.say(
            f"模拟主机：进程 {host.pid}，{_where(host.port, transport)}；文件在 {folder}/",
            f"emulated host: process {host.pid}, {_where(host.port, transport)}; files in {folder}/",
        )
        pad = None
        if pinpad is PinPad.PTY:
            pad = stack.enter_context(DemoPad(Key(tmk, Purpose.KEK), screen))
        total = Story(settings, config, host, screen, pad).play()
    if json:
        print_json({"events": screen.events, "difference_minor": total})
    raise typer.Exit(0 if total == 0 else 1)


def _where(port: int, transport: Transport) -> str:
    return f"{_ADDRESS}:{port}" + (" (TLS)" if transport is Transport.TLS else "")


def _write(
    folder: Path, dialect: str, tls_ca: str | None, wire_log: Path | None, *, port: int
) -> Path:
    return write(
        folder,
        terminal=_TERMINAL,
        merchant=_MERCHANT,
        address=_ADDRESS,
        port=port,
        answer_s=10,
        dialect_name=dialect,
        tls_ca=tls_ca,
        wire_log=wire_log,
    )


def _clear(folder: Path) -> None:
    """Start from nothing, but never delete a folder that this command did not make."""
    mark = folder / _MARK
    if folder.exists() and not mark.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} exists and was not made by the demo; name another with --dir")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()
