"""What the emulated pad does with each command, and what it answers. Floor 9: the paper's rules, no line, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from posrefund.emulators.device import Script
from posrefund.emulators.pinpad.keys import PadKeys
from posrefund.emulators.pinpad.people import PINAct, ShownCard
from posrefund.emulators.pinpad.read import BadCommandError, numbered, read_blocks, read_pin_order
from posrefund.errors import CryptoError
from posrefund.values import PAN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.emulators.device import Scene
    from posrefund.emulators.pinpad.read import PINOrder

__all__ = ["Commands", "Doing"]

_MISSING, _WRONG, _TIMEOUT, _CANCELLED, _NOT_NOW = "019", "011", "012", "013", "010"
_NO_KEY, _BUSY, _CRYPTO = "042", "044", "046"
_PIN_IDLE_S = 60.0
_CARD_WAIT_S = 120.0
_KINDS: Final = {"stripe": b"00", "chip": b"03", "tapped_stripe": b"05", "tap": b"06"}
_OTHER_CARD = ShownCard(PAN("6205500000000000004"))
"""What a pad that lies gives in its second answer."""


@dataclass(frozen=True, slots=True)
class Doing:
    """A command at work.

    Attributes:
        answer: Makes the answer when the time has come; what is aborted before never happened.
        seconds: How long it takes.
        notices: How many notices the pad sends at its beginning.
    """

    answer: Callable[[], bytes]
    seconds: float = 0.0
    notices: int = 0


@dataclass(slots=True)
class Commands:
    """The pad's memory.

    Attributes:
        script: Amount → how reading the card ends.
        keys: What was injected.
        card: Shown at the next question; None if nobody has one.
        pins: What the customer does at the next questions for a PIN, one after the other.
        pin: What he does otherwise.
        did: Name and status of each command that was finished, in order.
        entered_for: The number that each PIN was encrypted with.
        shown: The display.
    """

    script: Script
    keys: PadKeys
    card: ShownCard | None
    pin: str | PINAct
    pins: deque[str | PINAct] = field(default_factory=deque)
    did: list[str] = field(default_factory=list)
    entered_for: list[PAN] = field(default_factory=list)
    shown: str = ""
    _read: ShownCard | None = None
    _lies: bool = False
    _busy: int = 0

    def begin(self, body: bytes) -> Doing:
        """Begin with a command; whatever is wrong with it is its answer."""
        name = body[:3].decode("latin-1")
        perform = _COMMANDS.get(name)
        if perform is None:
            return Doing(lambda: self._finished("ERR", _NOT_NOW))
        try:
            return perform(self, name, read_blocks(body[3:]))
        except BadCommandError as error:
            status = error.status
            return Doing(lambda: self._finished(name, status))

    def _finished(self, name: str, status: str = "000", *blocks: bytes) -> bytes:
        self.did.append(name + status)
        told = b"".join(b"%03d" % len(block) + block for block in blocks if block)
        return f"{name}{status}".encode("latin-1") + told

    def _now(self, name: str, *blocks: bytes) -> Doing:
        return Doing(lambda: self._finished(name, "000", *blocks))

    # --- the pad itself ----------------------------------------------------------------------

    def open(self, name: str, _: Sequence[bytes]) -> Doing:
        """OPN. Answered without a cryptogram: this pad has no secure communication."""
        return self._now(name)

    def close(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """CLO: what was read is forgotten."""
        self._read = None
        return self.display(name, blocks)

    def display(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """DSP: what is too long is cut, what is too short is filled."""
        self.shown = b"".join(blocks)[:32].ljust(32).decode("latin-1")
        return self._now(name)

    def inform(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """GIX: what is asked for, in that order; what it does not know it leaves out."""
        wanted = numbered(blocks).get(0x0001)
        if wanted is None:
            raise BadCommandError(_MISSING)
        known = self._facts()
        told = {}
        for at in range(0, len(wanted) - 1, 2):
            number = int.from_bytes(wanted[at : at + 2], "big")
            if number in known:
                told[number] = known[number]
        return self._now(name, _written(told))

    def _facts(self) -> dict[int, bytes]:
        keys = self.keys
        return {
            0x8001: b"0000000042",
            0x8003: b"EMULATED;1MB",
            0x8004: b"POSREFUND",
            0x8007: b"2.12",
            0x8032: _map(keys.pin_masters),
            0x8033: _map(keys.data_masters),
            0x8035: _map(keys.pin_registers),
            0x8036: _map(keys.data_registers),
        }

    # --- cards -------------------------------------------------------------------------------

    def get_card(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """GCX: wait for a card; the number masked as wanted, the track cut."""
        given = numbered(blocks)
        if not {0x0015, 0x0016} <= given.keys():
            raise BadCommandError(_MISSING)
        self._read = None
        scene = self.script.play(_number(given.get(0x0013, b"0")))
        if self.card is None and not scene.code:
            wait = given.get(0x000C, b"")
            return Doing(
                lambda: self._finished(name, _TIMEOUT),
                float(wait[0] if wait else 0) or _CARD_WAIT_S,
            )
        return Doing(
            lambda: self._card_told(name, given, scene), scene.seconds, notices=scene.status
        )

    def _card_told(self, name: str, given: Mapping[int, bytes], scene: Scene) -> bytes:
        self._busy = scene.busy
        if scene.code or self.card is None:
            return self._finished(name, scene.code or _TIMEOUT)
        self._read, self._lies = self.card, scene.lie is not None
        return self._finished(name, "000", _written(_first(self.card, given.get(0x0023))))

    def get_tracks(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """GTK: once for each card that was read, and in clear only."""
        given = numbered(blocks)
        if self._read is None:
            raise BadCommandError(_NOT_NOW)
        if 0x0003 in given:
            raise BadCommandError(_NO_KEY)
        card, self._read = _OTHER_CARD if self._lies else self._read, None
        wanted = given.get(0x0007, b"1111").decode("latin-1").ljust(4, "0")
        return self._now(name, _written(_second(card, wanted)))

    def remove(self, name: str, _: Sequence[bytes]) -> Doing:
        """RMC: the customer takes the card."""
        self._read = None
        return self._now(name)

    # --- PIN and data ------------------------------------------------------------------------

    def get_pin(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """GPN: the key is looked for before the customer is asked."""
        order = read_pin_order(blocks)
        if not self.keys.has_pin_key(order.method, order.index):
            raise BadCommandError(_NO_KEY)
        if not order.pan and self._read is None:
            raise BadCommandError(_NOT_NOW)
        if self._busy:
            self._busy -= 1
            raise BadCommandError(_BUSY)
        act = self.pins.popleft() if self.pins else self.pin
        if act == "cancel":
            return Doing(lambda: self._finished(name, _CANCELLED))
        if not (act.isdigit() and order.least <= len(act) <= order.most):
            return Doing(lambda: self._finished(name, _TIMEOUT), _PIN_IDLE_S)
        return Doing(lambda: self._pin_told(name, order, act))

    def _pin_told(self, name: str, order: PINOrder, pin: str) -> bytes:
        try:
            pan = PAN(order.pan) if order.pan or self._read is None else self._read.pan
            block, ksn = self.keys.encrypt_pin(order.method, order.index, order.wrapped, pin, pan)
        except (CryptoError, ValueError):  # no such key came out, or no such account
            return self._finished(name, _WRONG)
        self.entered_for.append(pan)
        return self._finished(name, "000", (block + ksn).hex().upper().encode("ascii"))

    def encrypt(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """EBX: under keys for data only."""
        given = numbered(blocks)
        if not {0x000F, 0x0003, 0x0009} <= given.keys():
            raise BadCommandError(_MISSING)
        data, method, index = given[0x000F], given[0x0003], _number(given[0x0009])
        wrapped, vector = given.get(0x000A), given.get(0x001D, bytes(8))
        if method not in (b"10", b"11", b"50", b"51") or len(data) % 8 or not 0 < len(data) <= 256:
            raise BadCommandError(_WRONG)
        is_working = method[:1] == b"1"
        if is_working and wrapped is None:
            raise BadCommandError(_MISSING)
        if index not in (self.keys.data_masters if is_working else self.keys.data_registers):
            raise BadCommandError(_NO_KEY)

        def told() -> bytes:
            try:
                done, ksn = self.keys.encrypt_data(
                    index,
                    wrapped if is_working else None,
                    data,
                    vector if method[1:] == b"1" else None,
                )
            except CryptoError:
                return self._finished(name, _CRYPTO)
            found = {0x804E: done} | ({0x804C: ksn} if ksn else {})
            return self._finished(name, "000", _written(found))

        return Doing(told)

    def tell_serial_number(self, name: str, blocks: Sequence[bytes]) -> Doing:
        """GDU: the number that the next use will have."""
        (asked,) = blocks if len(blocks) == 1 else (b"",)
        if len(asked) != 3 or asked[:1] != b"3" or not asked.isdigit():
            raise BadCommandError(_WRONG)
        register = self.keys.pin_registers.get(int(asked[1:]))
        if register is None:
            raise BadCommandError(_NO_KEY)
        return self._now(name, register.advance().ksn.value.hex().upper().encode("ascii"))


_COMMANDS: dict[str, Callable[[Commands, str, Sequence[bytes]], Doing]] = {
    "OPN": Commands.open,
    "CLO": Commands.close,
    "DSP": Commands.display,
    "GIX": Commands.inform,
    "GCX": Commands.get_card,
    "GTK": Commands.get_tracks,
    "RMC": Commands.remove,
    "GPN": Commands.get_pin,
    "EBX": Commands.encrypt,
    "GDU": Commands.tell_serial_number,
}


def _number(digits: bytes) -> int:
    if not digits.isdigit():
        raise BadCommandError(_WRONG)
    return int(digits)


def _map(keys: Mapping[int, object]) -> bytes:
    """Thirty-three places for keys; the others are not supported."""
    return b"".join(b"1" if n in keys else b"0" if n < 33 else b"2" for n in range(100))


def _first(card: ShownCard, mask: bytes | None) -> dict[int, bytes]:
    pan = _masked(card.pan.reveal(), mask)
    told = {0x804F: _KINDS[card.way]}
    if card.way in ("chip", "tap"):
        told[0x8052] = pan.encode("ascii")
        told[0x8053] = card.sequence_number.encode("ascii")
        told[0x805D] = (card.expiry + "31").encode("ascii")
        return told
    if card.way == "stripe":
        told[0x8050] = b"1" if card.is_chip_broken else b"0"
    told[0x8042] = f"{pan}={card.expiry}{card.service_code}".encode("ascii")
    return told


def _second(card: ShownCard, wanted: str) -> dict[int, bytes]:
    told = {}
    if wanted[0] == "1" and card.way in ("chip", "tap"):
        told[0x804A] = _packed(card.pan.reveal())
    if wanted[2] == "1" and card.way in ("stripe", "tapped_stripe"):
        told[0x8045] = _packed(card.track2.replace("=", "D"))
    return told


def _packed(digits: str) -> bytes:
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def _masked(pan: str, mask: bytes | None) -> str:
    if mask is None:
        return pan
    left, right = int(mask[:2]), int(mask[2:])
    hidden = len(pan) - left - right
    return pan if hidden < 0 else pan[:left] + "*" * hidden + pan[len(pan) - right :]


def _written(told: Mapping[int, bytes]) -> bytes:
    return b"".join(
        number.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
        for number, value in told.items()
    )
