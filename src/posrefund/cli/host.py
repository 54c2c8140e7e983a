"""``posrefund host``: the emulated acquirer host as a process of its own. Floor 11."""

from __future__ import annotations

import ssl
import sys
import threading
import tomllib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_keystore
from posrefund.cli.screen import stdout
from posrefund.emulators.host import (
    DIALECT_NAMES,
    EmulatedHost,
    Fault,
    HostProfile,
    HostServer,
    HostTime,
    Ledger,
    TerminalRecord,
)
from posrefund.emulators.host.control import run
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from posrefund.crypto import MACRule
    from posrefund.dialects import Dialect
    from posrefund.framing import LengthPrefix

__all__ = ["host"]

_ZONE = timezone(timedelta(hours=8))


def host(  # noqa: PLR0913, PLR0917 — each is an option of the command line
    config: ConfigOption = Path("posrefund.toml"),
    port: Annotated[
        int | None, typer.Option(help="0 takes a free one; else as configured.")
    ] = None,
    day: Annotated[
        str | None, typer.Option(help="Its date, YYYY-MM-DD; today if left out.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option(help="What it speaks; as configured if left out.")
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="Keep its books in this file.")] = None,
    batch: Annotated[str, typer.Option(help="Its open batch.")] = "000001",
    tls_cert: Annotated[
        Path | None, typer.Option(help="Speak TLS, with this certificate and its chain (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="The certificate's key, if it is in a file of its own.")
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(help="What goes wrong, by amount or in turn: a TOML file of [[fault]]."),
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="Take JSON commands on standard input.")
    ] = False,
) -> None:
    """Serve an emulated host that knows the terminal of the configuration, its TMK, its framing and its first address."""
    settings = load(config)
    record = TerminalRecord(
        settings.terminal, settings.merchant, open_keystore(settings).key("tmk"), batch=batch
    )
    profile = HostProfile(
        dialect=_known(dialect or settings.dialect.name),
        mac_rule=_house_rule(settings.dialect),
        takes_inquiries=settings.dialect.inquiry is not None,
    )
    try:
        books = Ledger.load(ledger) if ledger and ledger.exists() else Ledger(ledger)
        time = HostTime(_start(day), runs=True)
        emulated = EmulatedHost(profile, [record], clock=time, ledger=books)
        for fault in _faults(script):
            emulated.faults.add(fault)
    except ValueError as error:  # no books, or a TMK of another cipher than the MAC
        raise ConfigError(f"{error}") from None
    address, its_port = settings.host.addresses[0]
    where = (address, its_port if port is None else port)
    with _server(emulated, where, _tls(tls_cert, tls_key), settings.host.prefix) as server:
        if control:
            run(emulated, server, sys.stdin, sys.stdout)
            return
        try:
            stdout.print(f"emulated host on {server.address[0]}:{server.port}; Ctrl-C stops it")
            threading.Event().wait()
        except KeyboardInterrupt:
            stdout.print("stopped")


def _faults(script: Path | None) -> list[Fault]:
    if script is None:
        return []
    try:
        data = tomllib.loads(script.read_text(encoding="utf-8"))
        return [Fault(**row) for row in data.pop("fault", [])]
    except OSError:
        raise ConfigError(f"{script} cannot be read") from None
    except (ValueError, TypeError):
        expected = "[[fault]] with a kind and what else the host knows of one"
        raise ConfigError(f"{script}: expected {expected}") from None


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise typer.BadParameter("--tls-key needs --tls-cert")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, lambda: "")  # else OpenSSL would ask the keyboard
    except OSError:
        message = f"{certificate} and its key cannot be read, or are not the PEM they should be"
        raise ConfigError(message) from None
    return context


def _server(
    emulated: EmulatedHost,
    where: tuple[str, int],
    tls: ssl.SSLContext | None,
    prefix: LengthPrefix,
) -> HostServer:
    try:
        return HostServer(emulated, where, tls=tls, prefix=prefix)
    except OSError as error:
        address, port = where
        why = error.strerror or "no such address"
        message = (
            f"cannot listen on {address}:{port}: {why}; stop what does, or name another --port"
        )
        raise ConfigError(message) from None


def _house_rule(dialect: Dialect) -> MACRule | None:
    """A dialect file says how its MAC is made, whichever language of the host's stands in for it."""
    return None if dialect.name in DIALECT_NAMES else dialect.mac


def _known(dialect: str) -> str:
    if dialect not in DIALECT_NAMES:
        raise typer.BadParameter(f"--dialect is one of {', '.join(DIALECT_NAMES)}")
    return dialect


def _start(day: str | None) -> datetime:
    now = datetime.now(_ZONE)
    if day is None:
        return now
    try:
        date = datetime.strptime(day, "%Y-%m-%d")  # noqa: DTZ007 — its zone is the host's, added below
    except ValueError:
        raise typer.BadParameter("--day is YYYY-MM-DD") from None
    return now.replace(year=date.year, month=date.month, day=date.day)
