"""Tracks under the TDK, from the sign-in that brings the key to the line that must not show the track."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import plain_des
from posrefund.crypto import Purpose
from posrefund.dialects.file import load_dialect
from posrefund.engine import Approved
from posrefund.errors import EncodeError, RefusedError
from posrefund.seal import seal
from posrefund.values import PAN, CardRead, Track2
from shop import PAN_16, PAN_19, STRIPE, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENCRYPTED = load_dialect("""\
name = "my-bank"
base = "unionpay"
tracks = "encrypted"
messages.sign_in.holds.60 = "00{batch}004"
""")
LONG = CardRead("021", PAN(PAN_16), track2=Track2(f"{PAN_16}D30122010000012345678"))
ODD = CardRead("021", PAN(PAN_19), track2=Track2(f"{PAN_19}D30122010000012345"))
CARDS = {"short": STRIPE, "long": LONG, "nineteen": ODD}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path, dialect=ENCRYPTED)
    yield made
    made.terminal.close()


def fields_of(message: bytes) -> dict[str, str]:
    return dict(ENCRYPTED.codec.decode(message[11:]))


def opened(track: str, tdk: bytes) -> str:
    """By the oracle: the eight bytes before the last one."""
    end = len(track) - 2 + len(track) % 2
    block = plain_des.decrypt(tdk, bytes.fromhex(track[end - 16 : end]))
    return track[: end - 16] + block.hex().upper() + track[end:]


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_sale_and_refund_by_stripe_go_through_and_the_line_never_shows_the_track(
    shop: Shop, card: CardRead
) -> None:
    assert card.track2 is not None
    clear = card.track2.reveal()
    keys = shop.terminal._procedures.keyring.present
    assert keys is not None
    assert keys.tdk is not None
    sent = shop.link.sent
    assert isinstance(shop.terminal.sale(sale("S-1", 12_800, card)), Approved)
    of_sale = sent[-1]
    tdk = keys.tdk.use(Purpose.DATA, "a test")
    shop.to(1, 10)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800, card)), Approved)
    of_refund = sent[-1]

    assert opened(fields_of(of_sale)["35"], tdk) == clear
    for message in (of_sale, of_refund):
        fields = fields_of(message)
        assert fields["53"] == "0610000000000000"
        assert len(fields["35"]) == len(clear)
        end = len(clear) - 2 + len(clear) % 2
        assert clear[end - 16 : end] not in message.hex().upper()
    assert shop.booked("refund") == [2_800]


def test_number_of_a_long_track_stays_clear_and_that_of_a_short_one_does_not(shop: Shop) -> None:
    """Where the block stands is the network's rule; it was never made to hide the number."""
    shop.terminal.sale(sale("S-1", 100, LONG))
    assert PAN_16 in shop.link.sent[-1].hex()
    shop.terminal.sale(sale("S-2", 100, STRIPE))
    assert PAN_16 not in shop.link.sent[-1].hex()


def test_pin_and_encrypted_track_stand_in_one_security_control_field(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 100, replace(LONG, pin_block=bytes(8))))
    assert fields_of(shop.link.sent[-1])["53"] == "2610000000000000"


def test_without_a_track_key_no_track_is_sent(tmp_path: Path) -> None:
    """Network code 003 brings no TDK: the stripe waits for a right sign-in, the chip does not."""
    shop = Shop(tmp_path, dialect=UNIONPAY.derive("no-tdk", tracks="encrypted"))
    with pytest.raises(RefusedError) as caught:
        shop.terminal.sale(sale("S-1", 100, LONG))
    assert (caught.value.code, caught.value.effect) == ("track_key_missing", "nothing_sent")
    assert shop.link.sent == []
    assert shop.terminal.status("S-1") is None
    assert isinstance(shop.terminal.sale(sale("S-2", 100)), Approved)
    shop.terminal.close()


def test_journal_holds_no_track_clear_or_encrypted(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 100, LONG))
    encrypted = fields_of(shop.link.sent[-1])["35"]
    stored = b"".join(path.read_bytes() for path in shop.folder.iterdir())

    assert LONG.track2 is not None
    for track in (LONG.track2.reveal(), encrypted):
        for form in (track.encode(), bytes.fromhex(track[:36]), track[18:].encode()):
            assert form not in stored


def test_reversal_of_a_stripe_sale_needs_no_track(shop: Shop) -> None:
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-1", 100, LONG))
    shop.terminal.resolve_doubts()

    assert fields_of(shop.link.sent[-1])["t"] == "0400"
    assert not {"35", "36", "52", "53"} & fields_of(shop.link.sent[-1]).keys()
    assert shop.booked("sale") == []


def test_both_tracks_are_encrypted_and_a_short_one_is_refused(shop: Shop) -> None:
    keys = shop.terminal._procedures.keyring.present
    assert keys is not None
    assert keys.tdk is not None
    tdk = keys.tdk.use(Purpose.DATA, "a test")
    track3 = "99" + LONG.track2.reveal() if LONG.track2 else ""
    message = {"t": "0200", "35": "6" * 20 + "D3012", "36": track3, "41": "12345678"}
    found = ENCRYPTED.codec.decode(seal(message, ENCRYPTED, keys))

    assert opened(found["35"], tdk) == message["35"]
    assert opened(found["36"], tdk) == track3
    assert message["35"] == "6" * 20 + "D3012"
    with pytest.raises(EncodeError, match=r"^track: expected 17 to 104 digits"):
        seal({**message, "35": "6" * 11 + "D3012"}, ENCRYPTED, keys)
