"""What the counter in a text terminal stands on: settings, card reader, terminal, Textual. Floor 11."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

from posrefund.cli.config import load, open_keystore, open_terminal
from posrefund.cli.pad_reader import pad_reader
from posrefund.cli.pad_settings import PadSettings
from posrefund.counter import CardsToPractise, Counter, Dialogue, NoReader, new_id
from posrefund.counter.shop_effects import CounterFacts
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.cli.config import Settings
    from posrefund.cli.screen import Lang
    from posrefund.counter import Reader

__all__ = ["counter_of", "open_counter"]


def open_counter(
    config: Path,
    lang: Lang,
    operator: str,
    *,
    pad: str,
    master_key: int | None,
    is_practice: bool,
) -> None:
    """Open the counter until it is left by its menu.

    Args:
        config: The settings.
        lang: Of the screens.
        operator: Who stands here.
        pad: Where the PIN pad is; where the settings say, if empty.
        master_key: Number of the pad's master key for PINs; that of the settings if None.
        is_practice: Whether cards to practise with are chosen from, whatever the settings say.

    Raises:
        ConfigError: Textual is not installed, or something that the settings name cannot be opened.
    """
    app_class = _textual_app()
    settings = load(config)
    keystore = open_keystore(settings)
    with ExitStack() as stack:
        found = _pad(settings, pad, master_key, is_practice=is_practice)
        if found is not None:
            reader: Reader = pad_reader(found, settings, keystore.wrapped_pik, stack)
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


def _pad(
    settings: Settings, at: str, master_key: int | None, *, is_practice: bool
) -> PadSettings | None:
    """The pad that was named; else that of the settings, unless cards to practise with were asked for."""
    own = settings.pad
    where = at or ("" if own is None or is_practice else own.at)
    if not where:
        return None
    number = master_key if master_key is not None else (own.master_key if own else 1)
    return PadSettings(where, number)


def _now() -> datetime:
    return datetime.now().astimezone()
