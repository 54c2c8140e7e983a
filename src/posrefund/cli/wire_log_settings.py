"""``wire_log`` in ``[host]``: where a log of the line is kept, and who hears when it cannot be. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from posrefund.cli.screen import stderr
from posrefund.dialects.redact import redactor
from posrefund.errors import ConfigError
from posrefund.wirelog import JSONLinesFile, LoggedStream, PcapFile, WireLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.cli.host_settings import HostSettings
    from posrefund.dialects import Dialect
    from posrefund.framing import Envelope
    from posrefund.link import Stream
    from posrefund.wirelog import Sink

__all__ = ["HOST_LINE", "logged", "wire_log_paths"]

HOST_LINE = "iso8583"
"""What a line to a host is called in a log."""


def wire_log_paths(host: dict[str, Any], folder: Path) -> tuple[Path, ...]:
    """Return the files that ``[host] wire_log`` names: one, or a list of them.

    Raises:
        ConfigError: It is something else.
    """
    given = host.get("wire_log", [])
    names = given if isinstance(given, list) else [given]
    if not all(isinstance(name, str) and name for name in names):
        raise ConfigError("[host] wire_log: expected the name of a file, or a list of them")
    return tuple(folder / name for name in names)


def logged(host: HostSettings, dialect: Dialect, envelope: Envelope) -> Callable[[Stream], Stream]:
    """Return what puts a log over a stream to a host; nothing is put where no file is named.

    Raises:
        ConfigError: A file cannot be written, or is something else.
    """
    if not host.wire_logs:
        return lambda stream: stream
    port = host.addresses[0][1]  # a capture has one
    log = WireLog([_sink(path, port) for path in host.wire_logs], _now, on_failure=_complain)
    redact = redactor(dialect, envelope)
    return lambda stream: LoggedStream(stream, log.watch(HOST_LINE, host.framer, redact))


def _sink(path: Path, port: int) -> Sink:
    return PcapFile(path, port) if path.suffix == ".pcap" else JSONLinesFile(path)


def _now() -> datetime:
    return datetime.now(UTC)


def _complain(name: str, why: str) -> None:
    stderr.print(f"wire log stopped: {name} ({why}) / 线路日志已停止：{name}", markup=False)
