"""``[notify]`` in ``posrefund.toml``: what the shop is called, and the channels that its notices go by. Floor 11."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, get_args

from posrefund.errors import ConfigError
from posrefund.office.notices import (
    LETTERS,
    AppriseChannel,
    CallChannel,
    Channel,
    FileChannel,
    PrintChannel,
    WebhookChannel,
    Writer,
    read_letters,
)
from posrefund.office.paper import Language

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.journal import Journal

__all__ = ["NotifySettings", "notify_settings"]

_NOTIFY = {"merchant", "phone", "language", "letters", "channel"}
_CHANNEL = {"name", "url", "url_file", "secret_file", "ca", "to", "form"}
_WEBHOOK, _OTHERS = {"secret_file", "ca"}, {"to", "form"}


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """What ``[notify]`` says.

    Attributes:
        writer: Writes the messages.
        channels: Makes the channels, for a journal.
    """

    writer: Writer
    channels: Callable[[Journal], list[Channel]]


def notify_settings(path: Path) -> NotifySettings:
    """Read ``[notify]`` of a ``posrefund.toml``, and every file that it names.

    Raises:
        ConfigError: It is missing, or a setting, a text or a file of it is wrong; it is named.
    """
    try:
        data = tomllib.loads(_read(path, str(path)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None
    notify, folder = data.get("notify"), path.parent
    if not isinstance(notify, dict):
        raise ConfigError("[notify] is missing: docs/howto/notices says what it may hold")
    _refuse_unknown(notify, _NOTIFY, "[notify]")
    told = notify.get("channel")
    if not isinstance(told, list) or not told or not all(isinstance(each, dict) for each in told):
        raise ConfigError("[notify]: expected [[notify.channel]], once for each channel")
    made = [_channel(each, folder, number) for number, each in enumerate(told, start=1)]
    return NotifySettings(_writer(notify, folder), lambda journal: [make(journal) for make in made])


def _writer(notify: dict[str, Any], folder: Path) -> Writer:
    language = notify.get("language", "zh")
    if language not in get_args(Language):
        raise ConfigError(f"[notify] language: expected one of {', '.join(get_args(Language))}")
    name = notify.get("letters")
    letters = LETTERS if name is None else read_letters(_read_in(folder, name, "[notify] letters"))
    merchant, phone = notify.get("merchant"), notify.get("phone", "")
    if not _is_line(merchant) or not (phone == "" or _is_line(phone)):
        raise ConfigError("[notify] merchant, phone: expected one line of text each")
    return Writer(merchant, phone=phone, language=language, letters=letters)


def _channel(told: dict[str, Any], folder: Path, number: int) -> Callable[[Journal], Channel]:
    """Say how one channel is made; what can be wrong with it is found here and now."""
    where = f"[[notify.channel]] {number}"
    _refuse_unknown(told, _CHANNEL, where)
    name = told.get("name")
    if not _is_line(name):
        raise ConfigError(f"{where} name: expected one line of text")
    url = _url(told, folder, where)
    kind, _, rest = url.partition(":")
    is_webhook = kind in ("http", "https")
    _refuse_unknown(told, _CHANNEL - (_OTHERS if is_webhook else _WEBHOOK), where)
    if is_webhook:
        webhook = _webhook(told, folder, url, where)
        return lambda _: webhook
    if kind == "calls":
        return lambda journal: CallChannel(journal, clock=_now, name=name)
    if kind in ("file", "print"):
        plain = FileChannel(folder / rest, name=name) if kind == "file" else _printing(name)
        return lambda _: plain
    service = AppriseChannel(
        url, name=name, to=told.get("to", "shop"), form=told.get("form", "short")
    )
    return lambda _: service


def _printing(name: str) -> Channel:
    return PrintChannel(print, name=name)


def _webhook(told: dict[str, Any], folder: Path, url: str, where: str) -> Channel:
    import ssl

    secret = _read_in(folder, told.get("secret_file"), f"{where} secret_file").strip().encode()
    context = None
    if "ca" in told:
        try:
            context = ssl.create_default_context(cadata=_read_in(folder, told["ca"], f"{where} ca"))
        except ssl.SSLError:
            raise ConfigError(f"{where} ca: expected certificates in PEM") from None
    return WebhookChannel(url, secret, clock=_now, name=told["name"], context=context)


def _url(told: dict[str, Any], folder: Path, where: str) -> str:
    """The channel's URL, from a file where it holds a password. It is never quoted."""
    if ("url" in told) == ("url_file" in told):
        raise ConfigError(f"{where}: expected url or url_file")
    url = told["url"] if "url" in told else _read_in(folder, told["url_file"], f"{where} url_file")
    if not isinstance(url, str) or ":" not in url:
        raise ConfigError(f"{where} url: expected a URL")
    return url.strip()


def _read_in(folder: Path, name: object, where: str) -> str:
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: expected the name of a file")
    return _read(folder / name, where)


def _read(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{where}: {path.name} cannot be read") from None


def _refuse_unknown(table: dict[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise ConfigError(f"{where} {unknown[0]}: expected only {', '.join(sorted(known))}")


def _is_line(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and bool(text.strip()) and text.isprintable()


def _now() -> datetime:
    return datetime.now(UTC)
