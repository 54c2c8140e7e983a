"""Control of a host that runs as its own process: one JSON line in, one JSON line out.

Commands: ``clock`` (ISO time), ``advance_s``, ``fault`` (fields of ``Fault``), ``clear_faults``,
``ledger``, ``refusals``, ``log``, ``signatures``, ``totals`` (terminal), ``settlement_file`` (ISO day) with
``path``, ``close_batch`` (terminal), ``asks`` (terminal) with ``digit`` (what its headers ask for), ``drop_connections``, ``stop``. Whatever is wrong with a line
is answered with ``error``. Card numbers come out masked, except in the settlement file. Floor 9.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from posrefund.emulators.host import settlement_file
from posrefund.emulators.host.clock import HostTime
from posrefund.emulators.host.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from posrefund.emulators.host.host import EmulatedHost
    from posrefund.emulators.host.server import HostServer

__all__ = ["run"]

Line = dict[str, Any]


def run(host: EmulatedHost, server: HostServer, commands: TextIO, answers: TextIO) -> None:
    """Obey *commands* until ``stop`` or their end; answer each with one line.

    The first line, before any command, is ``{"listening": [host, port]}``. The server stays open:
    it belongs to the caller.
    """
    _write(answers, {"listening": list(server.address)})
    for text in commands:
        line = _read(text)
        with server.lock:
            _write(answers, _obey(host, server, line))
        if line.get("stop") is True:
            return


def _read(text: str) -> Line:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def _write(answers: TextIO, line: Line) -> None:
    answers.write(json.dumps(line) + "\n")
    answers.flush()


def _obey(host: EmulatedHost, server: HostServer, line: Line) -> Line:
    name = next((name for name in _COMMANDS if name in line), None)
    if name is None:
        return {"error": f"expected a JSON object with one of {', '.join(_COMMANDS)}"}
    try:
        return _COMMANDS[name](host, server, line)
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        # The text of an error could repeat what was typed; its kind says enough.
        return {"error": f"{name}: {type(error).__name__}"}


def _host_time(host: EmulatedHost) -> HostTime:
    if not isinstance(host.clock, HostTime):
        message = "this host's clock cannot be set"
        raise TypeError(message)
    return host.clock


def _clock(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    _host_time(host).set(datetime.fromisoformat(line["clock"]))
    return {"clock": host.clock().isoformat()}


def _advance(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    _host_time(host).advance(timedelta(seconds=line["advance_s"]))
    return {"clock": host.clock().isoformat()}


def _fault(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    fault = host.faults.add(Fault(**line["fault"]))
    return {"fault": asdict(fault)}


def _clear_faults(host: EmulatedHost, _: HostServer, _line: Line) -> Line:
    host.faults.clear()
    return {"clear_faults": True}


def _ledger(host: EmulatedHost, _: HostServer, _line: Line) -> Line:
    return {"ledger": host.ledger.as_data()}


def _refusals(host: EmulatedHost, _: HostServer, _line: Line) -> Line:
    return {"refusals": [asdict(refusal) for refusal in host.ledger.refusals]}


def _log(host: EmulatedHost, _: HostServer, _line: Line) -> Line:
    return {"log": list(host.log), "unreadable_count": host.unreadable_count}


def _totals(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    record = host.terminals[line["totals"]]
    return {"totals": asdict(host.ledger.totals(record.terminal_id, record.batch))}


def _settlement_file(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    day = date.fromisoformat(line["settlement_file"])
    path = Path(line["path"])
    settlement_file.write(path, host.ledger, day, host.profile)
    return {"settlement_file": day.isoformat(), "path": str(path)}


def _close_batch(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    return {"batch": host.close_batch(line["close_batch"])}


def _asks(host: EmulatedHost, _: HostServer, line: Line) -> Line:
    record, asks = host.terminals[line["asks"]], int(line["digit"], 16)
    if not 0 <= asks <= 15:
        message = "one hexadecimal digit"
        raise ValueError(message)
    record.asks = asks
    return {"asks": record.terminal_id, "digit": f"{asks:X}"}


def _signatures(host: EmulatedHost, _: HostServer, _line: Line) -> Line:
    told = [
        {
            "terminal": terminal,
            "batch": batch,
            "stan": stan,
            "packets": list(found.packets),
            "bytes": len(found.picture),
            "sha256": hashlib.sha256(found.picture).hexdigest(),
            "is_whole": found.is_whole,
            "tags": found.tags,
        }
        for (terminal, batch, stan), found in host.signatures.items()
    ]
    return {"signatures": told}


def _drop_connections(_: EmulatedHost, server: HostServer, _line: Line) -> Line:
    server.drop_connections()
    return {"drop_connections": True}


def _stop(_: EmulatedHost, _server: HostServer, _line: Line) -> Line:
    return {"stopped": True}


_COMMANDS: Mapping[str, Callable[[EmulatedHost, HostServer, Line], Line]] = {
    "clock": _clock,
    "advance_s": _advance,
    "fault": _fault,
    "clear_faults": _clear_faults,
    "ledger": _ledger,
    "refusals": _refusals,
    "log": _log,
    "totals": _totals,
    "settlement_file": _settlement_file,
    "close_batch": _close_batch,
    "asks": _asks,
    "signatures": _signatures,
    "drop_connections": _drop_connections,
    "stop": _stop,
}
