"""What the counter in a text terminal stands on: settings, card reader, terminal, Textual. Floor 11."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.cli.config import load, open_keystore, open_terminal
from posrefund.counter import CardsToPractise, Counter, Dialogue, NoReader, PadReader, new_id
from posrefund.counter.shop_effects import CounterFacts
from posrefund.devices.abecs import AbecsPinPad, WorkingKey
from posrefund.errors import ConfigError
from posrefund.link import SerialStream, TCPStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.cli.config import Settings
    from posrefund.cli.screen import Lang
    from posrefund.counter import Reader
    from posrefund.keystore import FileKeyStore
    from posrefund.link import Stream

__all__ = ["counter_of", "open_counter"]

_BAUD = 19_200


def open_counter(
    config: Path, lang: Lang, operator: str, *, pad: str, master_key: int, is_practice: bool
) -> None:
    """Open the counter until it is left by its menu.

    Args:
        config: The settings.
        lang: Of the screens.
        operator: Who stands here.
        pad: Where the PIN pad is; empty for none.
        master_key: Number of the pad's master key for PINs.
        is_practice: Whether cards to practise with are chosen from, whatever the settings say.

    Raises:
        ConfigError: Textual is not installed, or something that the settings name cannot be opened.
    """
    app_class = _textual_app()
    settings = load(config)
    keystore = open_keystore(settings)
    with ExitStack() as stack:
        if pad:
            driver = stack.enter_context(AbecsPinPad(_stream(pad)))
            reader: Reader = PadReader(driver, _now, _pin_key(settings, keystore, master_key))
        else:
            reader = CardsToPractise() if is_practice or settings.training else NoReader()
        dialogue = Dialogue(counter_of(settings, lang, operator, reader))
        terminal = stack.enter_context(open_terminal(settings, keystore=keystore))
        stack.callback(reader.stop)  # who was interrupted while a card is waited for
        app_class(dialogue, terminal, reader).run()


def counter_of(settings: Settings, lang: Lang, operator: str, reader: Reader) -> Counter:
    """Return what all screens share, as the settings say."""
    return Counter(
        new_id=lambda: new_id(_now()),
        operator=operator,
        language=lang.value,
        cards=reader.cards,
        slip=settings.slip,
        arrival=settings.arrival,
        facts=CounterFacts(settings.terminal, is_training=settings.training),
    )


def _textual_app() -> type:
    try:
        from posrefund.counter.text_app import CounterApp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("textual", "rich"):
            raise
        message = "the counter needs Textual: pip install 'posrefund[counter]'"
        raise ConfigError(message) from None
    return CounterApp


def _pin_key(
    settings: Settings, keystore: FileKeyStore, master_key: int
) -> Callable[[], WorkingKey] | None:
    """What the customer's PIN is encrypted under, where the acquirer wants one with a refund."""
    if settings.dialect.messages["refund"].pin != "required":
        return None

    def key() -> WorkingKey:
        wrapped = keystore.wrapped_pik()
        if wrapped is None:
            raise ConfigError("a PIN needs the keys of a sign-in")
        return WorkingKey(master_key, wrapped)

    return key


def _stream(where: str) -> Stream:
    host, colon, port = where.rpartition(":")
    if colon and host and port.isdigit() and "/" not in host:
        return TCPStream(host, int(port))
    return SerialStream(where, baud=_BAUD)


def _now() -> datetime:
    return datetime.now().astimezone()
