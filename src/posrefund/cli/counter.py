"""``posrefund counter``: the counter in a text terminal. Floor 11.

Textual is loaded when the counter is opened, and by nothing else.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from posrefund.cli.config import ConfigOption, load, open_keystore, open_terminal
from posrefund.cli.screen import Lang
from posrefund.counter import CardsToPractise, Counter, Dialogue, NoReader, PadReader, new_id
from posrefund.counter.shop_effects import CounterFacts
from posrefund.devices.abecs import AbecsPinPad, WorkingKey
from posrefund.errors import ConfigError
from posrefund.link import SerialStream, TCPStream
from posrefund.office.slips import SlipOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.cli.config import Settings
    from posrefund.counter import Reader
    from posrefund.keystore import FileKeyStore
    from posrefund.link import Stream

__all__ = ["counter", "counter_of"]

_BAUD = 19_200
_SLIP_NAMES = ("merchant_name", "merchant_contact", "acquirer_contact", "watermark", "institutions")


def counter(
    config: ConfigOption = Path("posrefund.toml"),
    lang: Annotated[Lang, typer.Option(help="Language of the screens; the menu changes it.")] = (
        Lang.ZH
    ),
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
    pad: Annotated[
        str, typer.Option(help="Where the PIN pad is: HOST:PORT, or a serial port.")
    ] = "",
    master_key: Annotated[
        int, typer.Option(help="Number of the pad's master key for PINs, where a PIN is wanted.")
    ] = 1,
    test_cards: Annotated[
        bool, typer.Option("--test-cards", help="Choose among cards to practise with.")
    ] = False,
) -> None:
    """Open the counter: refund by keyboard, step by step, with a card from a PIN pad.

    Where people practise, the cards are to be chosen from, without a pad.

    Exit status: 0 it was left by the menu; 2 it could not be opened.
    """
    app_class = _textual_app()
    settings = load(config)
    keystore = open_keystore(settings)
    with ExitStack() as stack:
        if pad:
            driver = stack.enter_context(AbecsPinPad(_stream(pad)))
            reader: Reader = PadReader(driver, _now, _pin_key(settings, keystore, master_key))
        else:
            reader = CardsToPractise() if test_cards or settings.training else NoReader()
        dialogue = Dialogue(counter_of(settings, lang, operator, reader))
        terminal = stack.enter_context(open_terminal(settings, keystore=keystore))
        stack.callback(reader.stop)  # who was interrupted while a card is waited for
        app_class(dialogue, terminal, reader).run()


def counter_of(settings: Settings, lang: Lang, operator: str, reader: Reader) -> Counter:
    """Return what all screens share, as the settings say."""
    shop = {name: getattr(settings.slip, name) for name in _SLIP_NAMES}
    return Counter(
        new_id=lambda: new_id(_now()),
        operator=operator,
        language=lang.value,
        cards=reader.cards,
        slip=SlipOptions(is_barcode=settings.slip.barcode, **shop),
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
