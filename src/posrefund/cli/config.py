"""``posrefund.toml``: the only place that reads settings, and opens what they name. Floor 11."""

from __future__ import annotations

import json
import tomllib
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.arrival_settings import arrival_settings
from posrefund.cli.complaint_settings import complaint_settings
from posrefund.cli.dialect_file import find_dialect
from posrefund.cli.host_settings import HostSettings, host_link, host_settings
from posrefund.cli.journal_settings import journal_settings
from posrefund.cli.pad_settings import PadSettings, pad_settings
from posrefund.cli.rules_file import read_rules
from posrefund.cli.slip_settings import SlipSettings, slip_settings
from posrefund.cli.token_settings import TokenSettings, open_token, token_settings
from posrefund.cli.training import training_setting
from posrefund.cli.wire_log_settings import logged
from posrefund.engine.calendar import Arrival
from posrefund.engine.complaints import ServiceLevel
from posrefund.engine.policy import Rules
from posrefund.engine.selfcheck_data import policy_from
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.framing import Envelope
from posrefund.journal import LEASE_S, Journal, PostgresJournal, SQLiteJournal
from posrefund.keystore import FileKeyStore, HighWaterFile
from posrefund.office import Retention
from posrefund.terminal import Terminal
from posrefund.values import MerchantID, TerminalID

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.dialects import Dialect
    from posrefund.engine.selfcheck import SelfCheckPolicy
    from posrefund.link import HostLink, Link

__all__ = [
    "ConfigOption",
    "Settings",
    "load",
    "open_journal",
    "open_keystore",
    "open_link",
    "open_terminal",
    "read",
    "read_passphrase",
    "settings_of",
    "write",
]

ConfigOption = Annotated[
    Path, typer.Option("--config", help="Settings; paths in it are relative to it.")
]

_TEMPLATE = """\
# posrefund: settings of one terminal. Paths are relative to this file.
[profile]
dialect = "{dialect}"

[terminal]
id = "{terminal}"
{training}
[merchant]
id = "{merchant}"

[host]
address = "{address}"
port = {port}
answer_s = {answer_s}
{tls}{wire_log}
[keys]
file = "keys.json"
passphrase_file = "passphrase"

[journal]
file = "journal.db"
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a ``posrefund.toml`` says.

    Attributes:
        dialect: With the timers of the file.
        terminal: DE41.
        merchant: DE42.
        host: Where the host is, and how it is talked to.
        envelope: TPDU and header of requests.
        key_file: The encrypted key file.
        passphrase_file: Holds its passphrase, unless a token locks it.
        journal_file: The journal, if it is a file.
        journal_dsn: Its database, if it is in PostgreSQL.
        high_water_file: Holds the highest generation of the key file, where one is wanted.
        anchor_file: Holds the journal's anchor, if not beside the key file.
        rules: The shop's, where ``[profile] rules`` names a file.
        token: The PKCS#11 token that opens the key file or holds its TMK, where there is one.
        slip: What its slips say besides, and how they are printed.
        checks: What a self-check must have found before a refund may go, where that is said.
        training: Whether people practise with it; its host is on this machine then.
        arrival: How long a refund takes to the customer's account.
        complaints: How soon complaints are answered and over.
        retention: How long contacts are kept.
        lease_s: How long a terminal in a database is one process's after its last commit.
        pad: The PIN pad of its counter, where there is one.
    """

    dialect: Dialect
    terminal: TerminalID
    merchant: MerchantID
    host: HostSettings
    envelope: Envelope
    key_file: Path
    passphrase_file: Path
    journal_file: Path | None
    journal_dsn: str | None
    high_water_file: Path | None = None
    anchor_file: Path | None = None
    token: TokenSettings | None = None
    slip: SlipSettings = field(default_factory=SlipSettings)
    rules: Rules = field(default_factory=Rules)
    checks: SelfCheckPolicy | None = None
    training: bool = False
    arrival: Arrival = field(default_factory=Arrival)
    complaints: ServiceLevel = field(default_factory=ServiceLevel)
    retention: Retention = field(default_factory=Retention)
    lease_s: float = LEASE_S
    pad: PadSettings | None = None


def load(path: Path) -> Settings:
    """Read the settings.

    Raises:
        ConfigError: The file is missing or a setting is; the setting is named.
    """
    return settings_of(read(path), path.parent)


def read(path: Path) -> dict[str, Any]:
    """Return what stands in the file of the settings.

    Raises:
        ConfigError: It is missing, or no TOML.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(
            f"{path} cannot be read; `posrefund init` makes one, --config names another"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    return data


def settings_of(data: dict[str, Any], folder: Path) -> Settings:
    """Return what *data*, as a file of settings has it, says; paths in it are relative to *folder*.

    Raises:
        ConfigError: A setting is missing or wrong; it is named.
    """
    host = _table(data, "host")
    known = find_dialect(_text(data, "profile", "dialect"), folder)
    timers = replace(
        known.timers,
        connect_s=_seconds(host, "connect_s", known.timers.connect_s),
        answer_s=_seconds(host, "answer_s", known.timers.answer_s),
    )
    try:
        terminal = TerminalID(_text(data, "terminal", "id"))
        merchant = MerchantID(_text(data, "merchant", "id"))
    except InvalidRequestError as error:
        raise ConfigError(f"settings: {error}") from None
    keys = _table(data, "keys")
    token = token_settings(keys, folder)
    is_locked_by_token = token is not None and token.lock
    line = host_settings(host, folder)
    arrival = arrival_settings(data, folder, datetime.now(UTC).date())
    return Settings(
        dialect=known.derive(known.name, timers=timers),
        terminal=terminal,
        merchant=merchant,
        host=line,
        envelope=Envelope(_hex(host, "tpdu", known.tpdu), _hex(host, "header", known.header)),
        key_file=folder / _text(data, "keys", "file"),
        passphrase_file=folder
        / ("passphrase" if is_locked_by_token else _text(data, "keys", "passphrase_file")),
        high_water_file=_path_of(data, "high_water", folder),
        anchor_file=_path_of(data, "anchor", folder),
        token=token,
        slip=slip_settings(data.get("slip", {}), folder),
        rules=_rules(data, folder),
        checks=policy_from(_table(data, "selfcheck")) if "selfcheck" in data else None,
        training=training_setting(data, line),
        arrival=arrival,
        complaints=complaint_settings(data, arrival.calendar),
        pad=pad_settings(data),
        retention=_retention(_table(data, "retention") if "retention" in data else {}),
        **journal_settings(_table(data, "journal"), folder, timers),
    )


def _retention(table: dict[str, Any]) -> Retention:
    if not set(table) <= {"contacts_days"}:
        raise ConfigError("[retention]: only contacts_days")
    return Retention(**table)


def _rules(data: dict[str, Any], folder: Path) -> Rules:
    if "rules" not in _table(data, "profile"):
        return Rules()
    return read_rules(folder / _text(data, "profile", "rules"))


def write(  # noqa: PLR0913 — a settings file has so many lines
    folder: Path,
    *,
    terminal: str,
    merchant: str,
    address: str,
    port: int,
    answer_s: float = 60,
    dialect_name: str = "unionpay",
    tls_ca: str | None = None,
    wire_log: Path | None = None,
    training: bool = False,
) -> Path:
    """Write a ``posrefund.toml`` into *folder* and return its path; with *tls_ca* the host is talked to in TLS."""
    path = folder / "posrefund.toml"
    text = _TEMPLATE.format(
        dialect=dialect_name,
        tls=f'tls = true\nca = "{tls_ca}"\n' if tls_ca else "",
        wire_log=f"wire_log = {json.dumps(str(wire_log), ensure_ascii=False)}\n"
        if wire_log
        else "",
        terminal=terminal,
        merchant=merchant,
        address=address,
        port=port,
        answer_s=answer_s,
        training="training = true\n" if training else "",
    )
    path.write_text(text, encoding="utf-8")
    return path


def open_keystore(settings: Settings) -> FileKeyStore:
    """Open the key file with the passphrase of the passphrase file, or with the token.

    Raises:
        ConfigError: One of the files cannot be read, the token is not there, or the key file is an older copy.
        InvalidKeyError: The passphrase is wrong, or the token another.
    """
    mark = HighWaterFile(settings.high_water_file) if settings.high_water_file else None
    token, lock = open_token(settings.token) if settings.token else (None, None)
    opens = lock or read_passphrase(settings.passphrase_file)
    return FileKeyStore(
        settings.key_file,
        opens,
        token=token,
        high_water=mark,
        anchor_file=settings.anchor_file,
    )


def read_passphrase(path: Path) -> bytes:
    """Return what stands in a passphrase file, spaces around it left out.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return path.read_bytes().strip()
    except OSError:
        raise ConfigError(f"{path} cannot be read") from None


def open_journal(settings: Settings, key: bytes) -> Journal:
    """Open the journal that the settings name.

    Raises:
        ConfigError: It is in PostgreSQL, and psycopg is not installed.
        JournalError: The journal is in use, damaged, or another terminal's.
    """
    if settings.journal_file is not None:
        return SQLiteJournal(
            settings.journal_file, key=key, terminal=settings.terminal, training=settings.training
        )
    return PostgresJournal(
        settings.journal_dsn or "",
        key=key,
        terminal=settings.terminal,
        lease_s=settings.lease_s,
    )


def open_terminal(
    settings: Settings,
    *,
    tap: Callable[[str, bytes], None] | None = None,
    link: Link | None = None,
    keystore: FileKeyStore | None = None,
) -> Terminal:
    """Open the terminal that the settings describe; opening it recovers what a crash left.

    Args:
        settings: Of ``load``.
        tap: Sees every message.
        link: To the host; the one that the settings describe, if left out.
        keystore: Open already, for whoever needs it, too: two of one file do not see each other's sign-ins.

    Raises:
        ConfigError: A file cannot be read, or the key file is older than the journal knows it.
        JournalError: The journal is in use, damaged, or another terminal's.
    """
    keystore = keystore or open_keystore(settings)
    journal = open_journal(settings, keystore.journal_key)
    with ExitStack() as on_failure:
        on_failure.callback(journal.close)
        terminal = Terminal(
            settings.terminal,
            settings.merchant,
            dialect=settings.dialect,
            keystore=keystore,
            journal=journal,
            link=link or open_link(settings),
            envelope=settings.envelope,
            tap=tap,
            rules=settings.rules,
            checks=settings.checks,
        )
        on_failure.pop_all()
    return terminal


def open_link(settings: Settings) -> HostLink:
    """Return the link to the host that the settings describe, with its log where they name one.

    Raises:
        ConfigError: A file of TLS or of the log cannot be used.
    """
    return host_link(settings.host, logged(settings.host, settings.dialect, settings.envelope))


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name)
    if not isinstance(table, dict):
        raise ConfigError(f"[{name}] is missing")
    return table


def _text(data: dict[str, Any], table: str, name: str) -> str:
    value = _table(data, table).get(name)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"[{table}] {name}: expected text")
    return value


def _path_of(data: dict[str, Any], name: str, folder: Path) -> Path | None:
    """A file that ``[keys]`` may name."""
    return folder / _text(data, "keys", name) if name in _table(data, "keys") else None


def _seconds(host: dict[str, Any], name: str, default: float) -> float:
    value = host.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 600:
        raise ConfigError(f"[host] {name}: expected seconds, above 0 and at most 600")
    return float(value)


def _hex(table: dict[str, Any], name: str, default: bytes) -> bytes:
    value = table.get(name)
    if value is None:
        return default
    try:
        found = bytes.fromhex(value)
    except (ValueError, TypeError):
        found = b""
    if len(found) != len(default):
        raise ConfigError(f"[host] {name}: expected {2 * len(default)} hexadecimal digits")
    return found
