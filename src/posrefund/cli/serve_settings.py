"""``[serve]``: where the door is, and for which terminals it speaks. Floor 11.

One file of settings makes a door for its own terminal. ``terminals`` names further files, or ``[[terminals]]`` lists
terminals that share everything else of the file; ``{id}`` in a path stands for the terminal's number then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from posrefund.cli.config import Settings, load, read, settings_of
from posrefund.cli.token_file import token_path
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ServeSettings", "TerminalPlan", "serve_settings"]

_PORTS = 65_536
_URL = re.compile(
    r"https?://(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(?::[0-9]{1,5})?(?:/[0-9A-Za-z._~-]+)*/?"
)
_OF_ONE = {"id", "merchant", "standby", "pad"}


@dataclass(frozen=True, slots=True)
class TerminalPlan:
    """One terminal of a door.

    Attributes:
        settings: Its own.
        is_fleet: Whether its journal file is one of many terminals (``[journal] fleet``).
        is_standby: Whether it is another process's by plan.
        key_of: The number of the terminal whose key file has the journal key of all; its own if empty.
    """

    settings: Settings
    is_fleet: bool = False
    is_standby: bool = False
    key_of: str = ""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What ``[serve]`` says.

    Attributes:
        terminals: For whom the door speaks.
        tokens: The file of tokens.
        host: The address to listen at.
        port: Its port; 0 takes a free one.
        certificate: The door's certificate and its chain (PEM); None for no TLS.
        key: The certificate's key, if it is in a file of its own.
        metrics_open: Whether ``GET /metrics`` asks for no token.
        per_second: How often each token may ask in the long run; 0 for as often as it likes.
        burst: How often at once.
        threads: Where journals and keys are worked with; by the number of terminals if 0.
        shared_connection: Whether all terminals share one connection to their host.
        sign_in: Whether a terminal without working keys signs in by itself.
        resolve_s: How often doubts are worked on; 0 for never.
        elsewhere_s: How often a terminal that another process has is asked for.
        standby_s: How long a terminal that is another process's by plan is left to it.
        phone_url: Where customers' phones reach this process, to sign; empty: nowhere; None: where it listens.
        stop_s: How long a stop waits for answers that are under way; by the timers if 0.
    """

    terminals: tuple[TerminalPlan, ...]
    tokens: Path
    host: str = "127.0.0.1"
    port: int = 8080
    certificate: Path | None = None
    key: Path | None = None
    metrics_open: bool = False
    per_second: float = 50.0
    burst: int = 100
    threads: int = 0
    shared_connection: bool = False
    sign_in: bool = True
    resolve_s: float = 15.0
    elsewhere_s: float = 10.0
    standby_s: float = 30.0
    stop_s: float = 0.0
    phone_url: str | None = ""


_FIELDS = {each.name: each for each in fields(ServeSettings)}
_PLAIN = {
    name: type(each.default)
    for name, each in _FIELDS.items()
    if isinstance(each.default, (bool, int, float)) and name != "port"
}
_NAMES = {*_PLAIN, "phone_url", "listen", "certificate", "key", "tokens", "terminals"}


def serve_settings(path: Path) -> ServeSettings:
    """Read the settings of a door.

    Raises:
        ConfigError: The file is missing or a setting is, or one is wrong; it is named.
    """
    data, folder = read(path), path.parent
    table = data.get("serve", {})
    if not isinstance(table, dict):
        raise ConfigError("[serve]: expected a table")
    unknown = sorted(table.keys() - _NAMES)
    if unknown:
        raise ConfigError(f"[serve] {unknown[0]}: expected one of {', '.join(sorted(_NAMES))}")
    plain = {name: _plain(table, name) for name in _PLAIN if name in table}
    certificate, key = (_path(table, name, folder) for name in ("certificate", "key"))
    if key and not certificate:
        raise ConfigError("[serve] key: expected certificate beside it")
    host, port = _listen(table.get("listen", "127.0.0.1:8080"))
    return ServeSettings(
        terminals=_plans(data, table, path),
        tokens=token_path(data, folder),
        host=host,
        port=port,
        certificate=certificate,
        key=key,
        phone_url=_phone_url(table.get("phone_url", "")),
        **plain,
    )


def _plans(data: dict[str, Any], table: dict[str, Any], path: Path) -> tuple[TerminalPlan, ...]:
    files, listed = table.get("terminals"), data.get("terminals")
    if files is not None and listed is not None:
        raise ConfigError("either terminals in [serve], or [[terminals]]")
    if files is not None:
        if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
            raise ConfigError("[serve] terminals: expected a list of files of settings")
        plans = [TerminalPlan(load(path.parent / name)) for name in files]
    elif listed is not None:
        if not isinstance(listed, list):
            raise ConfigError("[[terminals]]: expected a list of tables")
        plans = [_listed(data, each, path.parent) for each in listed]
    else:
        plans = [TerminalPlan(load(path))]
    return _checked(plans)


def _checked(plans: list[TerminalPlan]) -> tuple[TerminalPlan, ...]:
    names = [str(plan.settings.terminal) for plan in plans]
    if not plans:
        raise ConfigError("[serve] terminals: expected one at least")
    if len(set(names)) != len(names):
        raise ConfigError("[serve] terminals: two have the same number")
    if any(plan.settings.host.wire_logs for plan in plans):
        raise ConfigError("[host] wire_log: a door keeps no log of its lines; take it out")
    pads = [plan.settings.pad.at for plan in plans if plan.settings.pad is not None]
    if len(set(pads)) != len(pads):
        raise ConfigError("[pad] at: two terminals have the same; one reads at a pad")
    if any(plan.key_of and plan.key_of not in names for plan in plans):
        raise ConfigError("[journal] key_of: expected the number of one of the terminals")
    return tuple(plans)


def _listed(data: dict[str, Any], one: object, folder: Path) -> TerminalPlan:
    """One of ``[[terminals]]``: the tables of the file, with what is the terminal's own."""
    if not isinstance(one, dict) or not isinstance(one.get("id"), str) or not one.keys() <= _OF_ONE:
        raise ConfigError(
            f"[[terminals]]: expected id, and of {', '.join(sorted(_OF_ONE))} no others"
        )
    name, standby = one["id"], one.get("standby", False)
    if not isinstance(standby, bool):
        raise ConfigError("[[terminals]] standby: expected true or false")
    journal = dict(_tables(data, "journal"))
    fleet, key_of = journal.pop("fleet", None), journal.pop("key_of", "")
    if fleet is not None:
        if "file" in journal or "dsn" in journal:
            raise ConfigError("[journal]: either fleet, file or dsn")
        journal["file"] = fleet
    own = {
        "terminal": {"id": name},
        "keys": _named(_tables(data, "keys"), name),
        "journal": journal if fleet is not None else _named(journal, name),
    }
    if "merchant" in one:
        own["merchant"] = {"id": one["merchant"]}
    settings = settings_of({**_without_pad(data), **own, **_pad_of(data, one)}, folder)
    return TerminalPlan(settings, fleet is not None, standby, str(key_of))


def _without_pad(data: dict[str, Any]) -> dict[str, Any]:
    return {name: table for name, table in data.items() if name != "pad"}


def _pad_of(data: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """The pad of one of ``[[terminals]]``: its own, or the one of all with its number in it; the rest of ``[pad]``."""
    shared = data.get("pad", {})
    if not isinstance(shared, dict):
        return {"pad": shared}
    if "pad" in one:
        return {"pad": {**shared, "at": one["pad"]}}
    return {"pad": _named(shared, one["id"])} if shared.keys() - {"master_key"} else {}


def _named(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The terminal's number in the place of ``{id}`` in every text."""
    return {
        key: value.replace("{id}", name) if isinstance(value, str) else value
        for key, value in table.items()
    }


def _tables(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    if not isinstance(table, dict):
        raise ConfigError(f"[{name}] is missing")
    return table


def _plain(table: dict[str, Any], name: str) -> Any:
    """A number or a switch, of the kind that its default has."""
    value, kind = table[name], _PLAIN[name]
    if kind is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"[serve] {name}: expected true or false")
        return value
    allowed = (int, float) if kind is float else (int,)
    if isinstance(value, bool) or not isinstance(value, allowed) or not 0 <= value <= 86_400:
        raise ConfigError(f"[serve] {name}: expected a number, 0 or more and at most 86400")
    return kind(value)


def _path(table: dict[str, Any], name: str, folder: Path) -> Path | None:
    text = table.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not text:
        raise ConfigError(f"[serve] {name}: expected the name of a file")
    return folder / text


def _phone_url(text: object) -> str:
    if text == "":
        return ""
    if not isinstance(text, str) or not _URL.fullmatch(text):
        raise ConfigError("[serve] phone_url: expected http(s)://name:port/path, nothing behind it")
    return text.rstrip("/")


def _listen(text: object) -> tuple[str, int]:
    name, _, port = text.rpartition(":") if isinstance(text, str) else ("", "", "")
    name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if not name or not (port.isascii() and port.isdecimal()) or not int(port) < _PORTS:
        raise ConfigError("[serve] listen: expected address:port, [address]:port for IPv6")
    return name, int(port)
