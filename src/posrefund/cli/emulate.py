"""``posrefund emulate``: an emulated device on a port, to try a till or a driver against. Floor 11."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, cast

import typer

from posrefund.cli.host import host
from posrefund.cli.screen import stdout
from posrefund.emulators.device import (
    DeviceServer,
    FaultyVoice,
    LineFault,
    ListeningStream,
    Script,
    read_script,
)
from posrefund.errors import ConfigError
from posrefund.link import SerialStream
from posrefund.testing import PTYPair

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.emulators.device import EmulatedDevice
    from posrefund.link import Stream

__all__ = ["DEVICES", "app", "serve"]

app = typer.Typer(help="An emulated host, PIN pad or terminal.", no_args_is_help=True)
app.command("host")(host)


class _Device(NamedTuple):
    """Where the emulated device is found, and how its serial line is spoken."""

    module: str
    kind: str
    baud: int
    form: str
    what: str


DEVICES: dict[str, _Device] = {
    "concert": _Device(
        "posrefund.emulators.concert",
        "ConcertTerminal",
        9_600,
        "8N1",
        "Serve an emulated terminal that speaks Concert and gives money back.",
    ),
    "caisse-ap": _Device(
        "posrefund.emulators.caisse_ap",
        "CaisseAPTerminal",
        9_600,
        "8N1",
        "Serve an emulated terminal that speaks Caisse-AP (over TCP) and gives money back.",
    ),
    "transbank": _Device(
        "posrefund.emulators.transbank",
        "TransbankTerminal",
        115_200,
        "8N1",
        "Serve an emulated terminal that speaks Transbank POS Integrado and voids operations 123, 124 and 125.",
    ),
    "zvt": _Device(
        "posrefund.emulators.zvt",
        "EmulatedZVT",
        9600,
        "8N2",
        "Serve an emulated terminal that speaks ZVT, serial or TCP: a refund, a reversal, a repeated receipt.",
    ),
    "pinpad": _Device(
        "posrefund.emulators.pinpad",
        "EmulatedPinPad",
        19_200,
        "8N1",
        "Serve an emulated ABECS PIN pad with published test keys, a test card and the PIN 1234.",
    ),
}
"""Name on the command line → the device."""


class Line(NamedTuple):
    """Where a device is served.

    Attributes:
        stream: Its end.
        name: What a till opens.
        is_port: Whether the stream is open, and stays so.
    """

    stream: Stream
    name: str
    is_port: bool


def serve(device: EmulatedDevice, line: Line, faults: list[LineFault]) -> DeviceServer:
    """Return a running server of *device* on *line*."""
    return DeviceServer(device, line.stream, FaultyVoice(faults), is_open=line.is_port)


def _command(name: str, found: _Device) -> Callable[..., None]:
    def emulate(
        pty: Annotated[bool, typer.Option("--pty", help="On a pseudo terminal.")] = False,
        tcp: Annotated[
            str | None, typer.Option(help="On ADDRESS:PORT; port 0 takes a free one.")
        ] = None,
        serial: Annotated[
            str | None, typer.Option(help="On a serial port: /dev/ttyUSB0, COM3.")
        ] = None,
        baud: Annotated[int, typer.Option(help="Of --serial.")] = found.baud,
        script: Annotated[
            Path | None, typer.Option(help="Which amount ends how: a TOML file.")
        ] = None,
        fault: Annotated[
            list[str] | None, typer.Option(help="KIND[:SECONDSs][@AT][#SEED], as often as wanted.")
        ] = None,
    ) -> None:
        with ExitStack() as stack:
            line = _line(stack, found, pty=pty, tcp=tcp, serial=serial, baud=baud)
            device = _make(found, _script(script))
            stack.enter_context(closing(serve(device, line, _faults(fault or []))))
            _wait(f"emulated {name} on {line.name}; Ctrl-C stops it")

    emulate.__doc__ = found.what
    return emulate


def _line(
    stack: ExitStack,
    found: _Device,
    *,
    pty: bool,
    tcp: str | None,
    serial: str | None,
    baud: int,
) -> Line:
    if [pty, tcp is not None, serial is not None].count(True) != 1:
        raise typer.BadParameter("one of --pty, --tcp ADDRESS:PORT, --serial PORT")
    if pty:
        pair = stack.enter_context(PTYPair())
        return Line(pair.device, pair.port, is_port=True)
    if tcp is not None:
        listening = _listen(tcp)
        stack.callback(listening.stop)
        return Line(listening, listening.name, is_port=False)
    port = SerialStream(cast("str", serial), baud=baud, form=found.form)
    port.open(1.0)
    stack.callback(port.close)
    return Line(port, port.name, is_port=True)


def _listen(where: str) -> ListeningStream:
    address, _, port = where.rpartition(":")
    if not address or not port.isdecimal():
        raise typer.BadParameter("--tcp is ADDRESS:PORT")
    try:
        return ListeningStream((address, int(port)))
    except (OSError, OverflowError):
        raise ConfigError(f"cannot listen on {where}: stop what does, or name another") from None


def _make(found: _Device, script: Script) -> EmulatedDevice:
    kind = getattr(import_module(found.module), found.kind)
    return cast("EmulatedDevice", kind(script))


def _script(file: Path | None) -> Script:
    if file is None:
        return Script()
    try:
        return read_script(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = error if type(error) is ValueError else "it cannot be read"
        raise ConfigError(f"{file}: {why}") from None


def _faults(spelt: list[str]) -> list[LineFault]:
    try:
        return [LineFault.spelt(text) for text in spelt]
    except ValueError as error:
        raise typer.BadParameter(f"--fault: {error}") from None


def _wait(said: str) -> None:
    try:
        stdout.print(said, markup=False)
        threading.Event().wait()
    except KeyboardInterrupt:
        stdout.print("stopped")


for _name, _found in DEVICES.items():
    app.command(_name)(_command(_name, _found))
