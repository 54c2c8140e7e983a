"""``posrefund relay``: the modem of a terminal that builds its own messages. Floor 11."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from posrefund.cli.config import ConfigOption, load, open_journal, open_keystore, open_link
from posrefund.cli.screen import as_text, stdout
from posrefund.devices.passthrough import PassThrough, RelaySettings, told_relay
from posrefund.emulators.device import ListeningStream
from posrefund.errors import ConfigError, LinkError, LinkOpenError
from posrefund.link import SerialStream, TLSSettings
from posrefund.testing import PTYPair

if TYPE_CHECKING:
    from posrefund.cli.config import Settings
    from posrefund.link import Stream

__all__ = ["relay"]

_LISTEN_S = 1.0
_OPEN_AGAIN_S = 0.1
_PORT_S = 1.0


class _Line(NamedTuple):
    """The line to the terminal.

    Attributes:
        stream: Our end.
        name: What the terminal is plugged into.
        is_open: Whether it is open, and stays so.
    """

    stream: Stream
    name: str
    is_open: bool = False


def relay(  # noqa: PLR0913, PLR0917 — each is an option of the command line
    config: ConfigOption = Path("posrefund.toml"),
    serial: Annotated[
        str | None, typer.Option(help="The terminal's port: /dev/ttyUSB0, COM3.")
    ] = None,
    pty: Annotated[bool, typer.Option("--pty", help="A pseudo terminal, for trying.")] = False,
    tcp: Annotated[
        str | None, typer.Option(help="The terminal calls ADDRESS:PORT; 0 takes a free one.")
    ] = None,
    baud: Annotated[int, typer.Option(help="Of --serial.")] = 9600,
    form: Annotated[str, typer.Option(help="Of --serial: data bits, parity, stop bits.")] = "8N1",
    host: Annotated[
        str | None, typer.Option(help="ADDRESS:PORT of the host; as configured if left out.")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS to --host; as configured if left out.")
    ] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Whom to trust (PEM), if not the system's CAs.")
    ] = None,
    line: Annotated[
        Path | None, typer.Option(help="How the terminal's line is spoken: a TOML file.")
    ] = None,
) -> None:
    """Relay a terminal's own ISO 8583 messages to its host, and write down what passed.

    It sees no key: what it prints is what the host said, and whether that is genuine only the terminal knows.
    """
    settings = _at(load(config), host, tls=tls, ca=tls_ca)
    spoken = _spoken(line, settings)
    with ExitStack() as stack:
        found = _line(stack, serial=serial, pty=pty, tcp=tcp, baud=baud, form=form)
        journal = open_journal(settings, open_keystore(settings).journal_key)
        stack.callback(journal.close)
        link = open_link(settings)
        relaying = PassThrough(
            found.stream,
            link,
            journal,
            dialect=settings.dialect,
            clock=lambda: datetime.now(UTC),
            settings=spoken,
        )
        stack.callback(relaying.close)
        where = ", ".join(f"{address}:{port}" for address, port in settings.host.addresses)
        try:
            stdout.print(f"relaying {found.name} to {where}; Ctrl-C stops it", markup=False)
            _serve(relaying, is_open=found.is_open)
        except KeyboardInterrupt:
            stdout.print("stopped")


def _serve(relaying: PassThrough, *, is_open: bool) -> None:
    """Relay for ever; a line to the terminal that fails is opened again, but for a pseudo terminal's."""
    if is_open:
        relaying.attach()
    while True:
        try:
            if not is_open:
                relaying.open(_LISTEN_S)
            _converse(relaying)
        except LinkOpenError:
            time.sleep(_OPEN_AGAIN_S)  # nobody called, or nothing is plugged in
        except LinkError as error:
            if is_open:
                raise
            stdout.print(as_text(f"the terminal's line: {error}"))


def _converse(relaying: PassThrough) -> None:
    while True:
        result = relaying.serve(_LISTEN_S)
        if result is not None:
            zh, en = told_relay(result)
            stdout.print(as_text(f"{en} / {zh}"))


def _line(
    stack: ExitStack, *, serial: str | None, pty: bool, tcp: str | None, baud: int, form: str
) -> _Line:
    if [pty, tcp is not None, serial is not None].count(True) != 1:
        raise typer.BadParameter("one of --serial PORT, --tcp ADDRESS:PORT, --pty")
    if pty:
        pair = stack.enter_context(PTYPair())
        return _Line(pair.device, pair.port, is_open=True)
    if tcp is not None:
        address, port = _address(tcp, "--tcp")
        try:
            listening = ListeningStream((address, port))
        except OSError as error:
            message = f"cannot listen on {tcp}: {error.strerror or 'no such address'}"
            raise ConfigError(message) from None
        stack.callback(listening.stop)
        return _Line(listening, listening.name)
    assert serial is not None
    port_stream = SerialStream(serial, baud=baud, form=form)
    port_stream.open(_PORT_S)  # a port that is not there, or may not be used, is told at once
    port_stream.close()
    return _Line(port_stream, serial)


def _at(settings: Settings, host: str | None, *, tls: bool, ca: Path | None) -> Settings:
    """The settings, with the host that the command line names; it is called afresh for each message."""
    there = replace(settings.host, keep_open_s=0.0)
    if tls or ca is not None:
        there = replace(there, tls=TLSSettings(ca=ca))
    if host is not None:
        there = replace(there, addresses=(_address(host, "--host"),))
    return replace(settings, host=there)


def _address(text: str, option: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    if not address or not port.isascii() or not port.isdecimal() or int(port) > 0xFFFF:
        raise typer.BadParameter(f"{option} is ADDRESS:PORT")
    return address, int(port)


def _spoken(file: Path | None, settings: Settings) -> RelaySettings:
    if file is None:
        timers = settings.dialect.timers
        return RelaySettings(connect_s=timers.connect_s, answer_s=timers.answer_s)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file} cannot be read") from None
    return RelaySettings.from_toml(text)
