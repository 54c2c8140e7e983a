"""A driver and an emulated pad on one line, with short times; and what only the host could do: open a PIN block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from plain_des import decrypt
from posrefund.devices.abecs import AbecsPinPad, EnteredPIN, PadTimes, WorkingKey
from posrefund.emulators.device import DeviceServer, FaultyVoice, LineFault
from posrefund.emulators.pinpad import EmulatedPinPad, ShownCard
from posrefund.link import Stream
from posrefund.testing import pipe
from posrefund.values import PAN, Amount, CardRead

TIMES = PadTimes(ack_s=0.5, byte_s=0.1, answer_s=2.0, quiet_s=0.01, customer_s=2.0)
"""Where the answer comes: a machine may be slow."""
QUICK = PadTimes(ack_s=0.15, byte_s=0.05, answer_s=0.15, quiet_s=0.01, customer_s=0.15)
"""Where it does not come."""
NOW = datetime(2026, 3, 10, 15, 4, 5)  # noqa: DTZ001 — a card is told the local time
QUIET_S = 0.03

# The published sign-in of code456.com/article/3026509: PIK under the TMK CA5D…69E9, check value 8D0A74B8.
WRAPPED_PIK = bytes.fromhex("6701EAD6A9AD51E51AA406E2C27FCFA9")
TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
PIK = decrypt(TMK, WRAPPED_PIK)
KEY = WorkingKey(1, WRAPPED_PIK)

FIRST = ShownCard(PAN("6200000000000005"))
SECOND = ShownCard(PAN("6205500000000000004"), way="stripe", service_code="101")


def emulated(card: ShownCard | None = FIRST, pin: str = "1111") -> EmulatedPinPad:
    return EmulatedPinPad(card=card, pin=pin, quiet_s=QUIET_S)


@contextmanager
def pad_on(
    device: EmulatedPinPad, *faults: LineFault, times: PadTimes = TIMES
) -> Iterator[AbecsPinPad]:
    near, far = pipe()
    with AbecsPinPad(near, times) as pad, serving(device, far, *faults):
        yield pad


def serving(
    device: EmulatedPinPad, far: Stream, *faults: LineFault, is_open: bool = False
) -> DeviceServer:
    return DeviceServer(device, far, FaultyVoice(faults), is_open=is_open)


def read_and_enter(pad: AbecsPinPad) -> EnteredPIN:
    card = pad.read_card(Amount(1000), now=NOW)
    return pad.enter_pin(card, KEY)


def opened(card: CardRead) -> str:
    """The PIN in a block of format 0 for that card's number; anything else where it is another's."""
    assert card.pin_block is not None
    clear = int.from_bytes(decrypt(PIK, bytes(card.pin_block)), "big")
    account = int(card.pan.reveal()[-13:-1], 16)
    field = f"{clear ^ account:016X}"
    length = int(field[1], 16)
    return field[2 : 2 + length] if field[0] == "0" and set(field[2 + length :]) == {"F"} else "?"


class Seen(NamedTuple):
    """What came of reading a card and taking its PIN."""

    pan: str
    pin: str


def seen(entered: EnteredPIN) -> Seen:
    return Seen(entered.card.pan.reveal(), opened(entered.card))
