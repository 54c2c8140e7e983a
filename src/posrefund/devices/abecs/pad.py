"""``AbecsPinPad``: a PIN pad that reads the card, takes the PIN and encrypts, while this side makes the message. Floor 6.

No key ever comes here: a working key goes to the pad as the cryptogram it came in. Not spoken: secure
communication (so the number crosses the cable in clear), EMV cryptograms, tables, single DES.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Self

from posrefund.closed import closed_class
from posrefund.devices.abecs import card as cards
from posrefund.devices.abecs.keys import DUKPTKey, WorkingKey, method_of
from posrefund.devices.abecs.message import parameters, read_parameters, wrong
from posrefund.devices.abecs.results import Encrypted, EnteredPIN, PadIdentity
from posrefund.devices.abecs.session import PadSession, PadTimes
from posrefund.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from posrefund.devices.abecs.keys import PadKey
    from posrefund.link import Stream
    from posrefund.values import Amount, CardRead

__all__ = ["AbecsPinPad"]

_LINE_CHARACTERS = 16
_PAN_CHARACTERS = 19
_PIN_DIGITS = (4, 12)
_BLOCK_BYTES, _DATA_BYTES_MAX = 8, 256
_CARD_WITHIN_S = 60
_PIN_BLOCK_DIGITS, _KSN_DIGITS = 16, 20
_NO_KSN = "0" * _KSN_DIGITS
_IDENTITY = (0x8001, 0x8003, 0x8004, 0x8007, 0x8032, 0x8035)
_TRANSACTION = {"sale": b"\x00", "refund": b"\x20"}
_DATA_IN, _METHOD, _INDEX, _WRAPPED, _VECTOR = 0x000F, 0x0003, 0x0009, 0x000A, 0x001D
_DATA_OUT, _KSN = 0x804E, 0x804C
_METHODS = {
    (b"1", "ECB"): b"10",
    (b"1", "CBC"): b"11",
    (b"3", "ECB"): b"50",
    (b"3", "CBC"): b"51",
}
"""Of data, by that of a PIN under the same kind of key."""
_PIN_PROMPT = ("ENTER PIN", "")


@closed_class
class AbecsPinPad:
    """A PIN pad after the Brazilian standard, on a serial line (19 200 baud, 8N1), USB or Bluetooth.

    One thread owns it; ``cancel`` may come from any other. The line is opened at the first command, and afresh after
    a failure. Every error that leaves it moved no money, and the same may be asked again.

    Args:
        stream: To the pad.
        times: How long what may take.
        notify: Takes what the pad wants the clerk to read while it waits for the customer.

    Example:
        >>> from datetime import datetime
        >>> from posrefund.devices.abecs import AbecsPinPad
        >>> from posrefund.emulators.device import DeviceServer
        >>> from posrefund.emulators.pinpad import EmulatedPinPad
        >>> from posrefund.testing import pipe
        >>> from posrefund.values import Amount
        >>> near, far = pipe()
        >>> with DeviceServer(EmulatedPinPad(), far), AbecsPinPad(near) as pad:
        ...     pad.read_card(Amount(1000), now=datetime(2026, 3, 10, 15, 0))
        CardRead(051, 620000******0005)

    Source:
        ABECS PIN pad protocol 2.12.
    """

    def __init__(
        self,
        stream: Stream,
        times: PadTimes | None = None,
        *,
        notify: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._session = PadSession(stream, times or PadTimes(), notify)

    # --- card and PIN ------------------------------------------------------------------------

    def read_card(
        self,
        amount: Amount | None,
        *,
        now: datetime,
        kind: Literal["sale", "refund"] = "refund",
        within_s: int = _CARD_WITHIN_S,
    ) -> CardRead:
        """Ask for a card: stripe, chip or contactless, and return it.

        The number comes twice, masked and then in clear, and both have to be one card's.

        Args:
            amount: What the pad shows; None for nothing.
            now: The local time, for the chip.
            kind: What it is for.
            within_s: So long the pad waits for a card, 1 to 255 seconds.

        Raises:
            InvalidRequestError: *within_s* is something else.
            DeviceRefusedError: No card came, it was taken out, it cannot be used, or has a chip that works.
            LinkError: The line failed, or the pad did not answer.
            ProtocolError: The pad broke its rules.
        """
        if within_s not in range(1, 256):
            raise InvalidRequestError([("within_s", "1 to 255 seconds")])
        wanted = {
            0x0021: _TRANSACTION[kind],
            0x0013: b"%012d" % (amount.minor if amount else 0),
            0x0015: f"{now:%y%m%d}".encode("ascii"),
            0x0016: f"{now:%H%M%S}".encode("ascii"),
            0x0017: b"10000",  # contactless, too
            0x0023: cards.MASK,
            0x000C: bytes((within_s,)),
        }
        with self._session.conversation():
            first = self._told("GCX", wanted, waits=True)
            second = self._told("GTK", {0x0007: cards.WANTED})
            return cards.read_card(first, second)

    def enter_pin(
        self,
        card: CardRead,
        key: PadKey,
        *,
        digits: tuple[int, int] = _PIN_DIGITS,
        prompt: tuple[str, str] = _PIN_PROMPT,
    ) -> EnteredPIN:
        """Ask for the PIN of *card*; return the card with its PIN block, which only the host can open.

        A pad of this kind knows no bypass: a customer who wants none presses cancel.

        Args:
            card: As it was read.
            key: A key for PINs.
            digits: Least and most, from 4 to 12.
            prompt: Two lines of 16 characters; the pad has its own alphabet, Latin-1.

        Raises:
            InvalidRequestError: *digits* or *prompt* are something else.
            DeviceRefusedError: The customer cancelled or did nothing for a minute; the pad has no such key.
            LinkError: The line failed, or the pad did not answer.
            ProtocolError: The pad broke its rules.

        Source:
            ABECS PIN pad protocol 2.12, 3.3.11; ISO 9564-1 format 0.
        """
        least, most = digits
        if not _PIN_DIGITS[0] <= least <= most <= _PIN_DIGITS[1]:
            raise InvalidRequestError([("digits", "least and most, from 4 to 12")])
        method, index, wrapped = method_of(key)
        pan = card.pan.reveal().encode("ascii")
        block = b"%b%02d%b" % (method, index, wrapped)
        block += b"%02d%b1%02d%02d" % (len(pan), pan.ljust(_PAN_CHARACTERS), least, most)
        block += _display(*prompt)
        with self._session.conversation():
            (told,) = _whole(self._session.ask("GPN", block, waits=True))
            pin_block, ksn = _pin_of(told, has_ksn=isinstance(key, DUKPTKey))
        return EnteredPIN(replace(card, pin_block=pin_block, pin_bypassed=False), ksn)

    def remove_card(self, prompt: tuple[str, str] = ("REMOVE CARD", "")) -> None:
        """Return when there is no chip card in the pad. Raises as ``enter_pin``."""
        with self._session.conversation():
            self._session.ask("RMC", _display(*prompt), waits=True)

    # --- keys and data -----------------------------------------------------------------------

    def encrypt(
        self,
        data: bytes,
        key: PadKey,
        *,
        mode: Literal["ECB", "CBC"] = "CBC",
        vector: bytes = bytes(_BLOCK_BYTES),
    ) -> Encrypted:
        """Let the pad encrypt *data* under a key for data.

        Args:
            data: 8 to 256 bytes, whole blocks of 8.
            key: A key for data; the pad keeps them apart from those for PINs.
            mode: Of the cipher.
            vector: For CBC, 8 bytes.

        Raises:
            InvalidRequestError: *data* or *vector* are something else.
            DeviceRefusedError: The pad has no such key.
            LinkError: The line failed, or the pad did not answer.
            ProtocolError: The pad broke its rules.

        Source:
            ABECS PIN pad protocol 2.12, 3.3.6; DUKPT keys for data are those of X9.24-1:2009 for requests.
        """
        if not 0 < len(data) <= _DATA_BYTES_MAX or len(data) % _BLOCK_BYTES:
            raise InvalidRequestError([("data", "8 to 256 bytes, whole blocks of 8")])
        if len(vector) != _BLOCK_BYTES:
            raise InvalidRequestError([("vector", "8 bytes")])
        method, index, _ = method_of(key)
        wanted = {_DATA_IN: data, _METHOD: _METHODS[method, mode], _INDEX: b"%02d" % index}
        if isinstance(key, WorkingKey):
            wanted[_WRAPPED] = key.wrapped
        if mode == "CBC":
            wanted[_VECTOR] = vector
        with self._session.conversation():
            told = self._told("EBX", wanted)
            ksn = told.get(_KSN, b"").hex().upper() if isinstance(key, DUKPTKey) else ""
            if len(told.get(_DATA_OUT, b"")) != len(data):
                raise wrong("as much data as was given")
            if isinstance(key, DUKPTKey) and len(ksn) != _KSN_DIGITS:
                raise wrong("a key serial number")
        return Encrypted(told[_DATA_OUT], ksn)

    def serial_number_of(self, key: DUKPTKey) -> str:
        """Return the key serial number that the next PIN under *key* will have, 20 hexadecimal digits.

        Raises as ``encrypt``.
        """
        with self._session.conversation():
            (told,) = _whole(self._session.ask("GDU", b"3%02d" % key.index))
            return _hexadecimal(told, _KSN_DIGITS)

    # --- the pad itself ----------------------------------------------------------------------

    def identity(self) -> PadIdentity:
        """Return who the pad says it is. Raises as ``encrypt``."""
        wanted = b"".join(number.to_bytes(2, "big") for number in _IDENTITY)
        with self._session.conversation():
            told = self._told("GIX", {0x0001: wanted})
        values = [told.get(number, b"").decode("latin-1").strip() for number in _IDENTITY]
        serial, model, maker, version, masters, dukpts = values
        return PadIdentity(serial, maker, model, version, _loaded(masters), _loaded(dukpts))

    def display(self, first: str, second: str = "") -> None:
        """Show two lines of 16 characters.

        Raises as ``encrypt``, and ``InvalidRequestError`` for a line that is longer or not of Latin-1.
        """
        text = _display(first, second)
        with self._session.conversation():
            self._session.ask("DSP", text)

    def open(self) -> None:
        """Open the pad: what it was doing ends. Not needed before other commands. Raises as ``encrypt``."""
        with self._session.conversation():
            self._session.ask("OPN")

    def finish(self, first: str = "", second: str = "") -> None:
        """Let the pad forget what it read and show two lines, at the end of a transaction. Raises as ``display``."""
        text = _display(first, second)
        with self._session.conversation():
            self._session.ask("CLO", text)

    def cancel(self) -> None:
        """End what waits for the customer, from any thread; who waits gets a ``DeviceRefusedError`` (cancelled)."""
        self._session.cancel()

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _told(
        self, name: str, wanted: Mapping[int, bytes], *, waits: bool = False
    ) -> dict[int, bytes]:
        return read_parameters(self._session.ask(name, *parameters(wanted), waits=waits))


def _whole(blocks: Sequence[bytes]) -> Sequence[bytes]:
    if len(blocks) != 1:
        raise wrong("one block of data")
    return blocks


def _pin_of(told: bytes, *, has_ksn: bool) -> tuple[bytes, str]:
    """A PIN block and a serial number, which is zeros where the key has none."""
    pin_block = _hexadecimal(told[:_PIN_BLOCK_DIGITS], _PIN_BLOCK_DIGITS)
    ksn = _hexadecimal(told[_PIN_BLOCK_DIGITS:], _KSN_DIGITS)
    if has_ksn == (ksn == _NO_KSN):
        raise wrong("a key serial number under DUKPT, and none under a working key")
    return bytes.fromhex(pin_block), ksn if has_ksn else ""


def _hexadecimal(text: bytes, digits: int) -> str:
    found = text.decode("latin-1").upper()
    if len(found) != digits or not set(found) <= set("0123456789ABCDEF"):
        raise wrong(f"{digits} hexadecimal digits")
    return found


def _loaded(key_map: str) -> frozenset[int]:
    """A pad draws its keys as a row of digits: 1 is a key, 0 none, 2 no place for one."""
    return frozenset(index for index, mark in enumerate(key_map) if mark == "1")


def _display(first: str, second: str) -> bytes:
    faults = []
    for path, line in (("first", first), ("second", second)):
        printable = line.isprintable() and all(ord(char) < 256 for char in line)
        if len(line) > _LINE_CHARACTERS or not printable:
            faults.append((f"display.{path}", "at most 16 characters of Latin-1"))
    if faults:
        raise InvalidRequestError(faults)
    return (first.ljust(_LINE_CHARACTERS) + second.ljust(_LINE_CHARACTERS)).encode("latin-1")
