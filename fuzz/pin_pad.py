"""What an ABECS PIN pad says, under fuzz: any bytes are read or refused, and what a log keeps is of the same form.

The first byte of an input says which command was asked; the rest is the body of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.devices.abecs import redact
from posrefund.devices.abecs.card import read_card
from posrefund.devices.abecs.message import read_answer, read_parameters
from posrefund.emulators.pinpad import EmulatedPinPad, ShownCard
from posrefund.emulators.pinpad.wire import packet
from posrefund.errors import DeviceRefusedError, RemoteProtocolError
from posrefund.framing import ABECSFramer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pin_pad", "pin_pad_seeds"]

_NAMES = ("GCX", "GTK", "GPN", "EBX", "GDU", "GIX", "NTM")
_ASKED = (
    b"GCX028\x00\x15\x00\x06260310\x00\x16\x00\x06150405\x00\x23\x00\x040604",
    b"GTK008\x00\x07\x00\x041010",
    b"GPN093101" + b"6701EAD6A9AD51E51AA406E2C27FCFA9166200000000000005   10412" + b" " * 32,
    b"GIX006\x00\x01\x00\x02\x80\x32",
    b"GDU003301",
)


def pin_pad(data: bytes) -> None:
    """An answer is read or refused; two of them are a card or refused; what is kept of one has its form."""
    body, name = data[1:], _NAMES[(data[0] if data else 0) % len(_NAMES)]
    kept = redact(body)
    assert len(kept) == len(body), "what is kept is as long"
    assert redact(kept) == kept, "and nothing is left in it to take away"
    try:
        answer = read_answer(body, name)
        told = read_parameters(answer.blocks) if name in ("GCX", "GTK", "EBX", "GIX") else {}
    except RemoteProtocolError:
        return
    again = read_answer(kept, name)
    assert again.status == answer.status
    assert [*map(len, again.blocks)] == [*map(len, answer.blocks)]
    for first, second in ((told, told), ({**told, 0x804F: b"03"}, told)):
        try:
            card = read_card(first, second)
        except (DeviceRefusedError, RemoteProtocolError):
            continue
        assert card.pan.reveal() in body.hex(), "a number that was told"


def pin_pad_seeds() -> Iterator[tuple[str, bytes]]:
    """Yield what the emulated pad answers, whole and cut."""
    for way in ("chip", "stripe", "tap"):
        device = EmulatedPinPad(card=ShownCard(way=way))
        device.connect()
        for asked in _ASKED:
            answer = device.receive(packet(asked), 0.0)[-1].data
            (body,) = ABECSFramer().feed(answer)
            which = bytes((_NAMES.index(asked[:3].decode("ascii")),))
            yield f"{way}-{asked[:3].decode('ascii')}", which + bytes(body)  # type: ignore[arg-type]
            yield f"{way}-{asked[:3].decode('ascii')}-cut", which + bytes(body)[:-1]  # type: ignore[arg-type]
    yield "notice", b"\x06NTM000003abc"
    yield "refused", b"\x02GPN013"
    yield "unknown", b"\x02ERR010"
