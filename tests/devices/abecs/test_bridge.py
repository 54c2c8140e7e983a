"""From the pad into the message: the host opens the PIN block of DE52 under its own PIK, and the till never had the PIN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.abecs.bench import NOW, TIMES, serving
from posrefund.crypto import SIGN_IN_SINGLE, UNIONPAY_SIGN_IN, Algorithm, Key, Purpose
from posrefund.crypto.soft import decrypt_pin_block
from posrefund.devices.abecs import AbecsPinPad, WorkingKey
from posrefund.dialects.capture import open_capture
from posrefund.emulators.pinpad import EmulatedPinPad, PadKeys, ShownCard
from posrefund.engine import Approved, Reason, RefundRequest, SaleRequest
from posrefund.errors import ConfigError
from posrefund.keystore.sign_ins import wrapped_pik
from posrefund.testing import pipe
from posrefund.values import PAN, Amount, CardRead, RequestID
from shop import TERMINAL, TMK, UNIONPAY, Shop

CHIP = ShownCard()
STRIPE = ShownCard(PAN("6205500000000000004"), way="stripe", service_code="101")


class Counter:
    """A shop with a PIN pad on its counter; the TMK was injected into both."""

    def __init__(self, shop: Shop, pad: AbecsPinPad) -> None:
        self.shop, self.pad = shop, pad

    def card(self, kind: str, minor: int) -> CardRead:
        wrapped = self.shop.open_keys().wrapped_pik()
        assert wrapped is not None
        card = self.pad.read_card(Amount(minor), now=NOW, kind=kind)  # type: ignore[arg-type]
        return self.pad.enter_pin(card, WorkingKey(7, wrapped)).card

    def pin_at_the_host(self) -> str:
        """What the host reads in the last message."""
        fields = open_capture(self.shop.link.sent[-1], UNIONPAY).fields
        keys = self.shop.host.terminals[TERMINAL].keys
        assert keys is not None
        number = fields["2"] if "2" in fields else fields["35"].partition("D")[0]
        return decrypt_pin_block(keys.pik, bytes.fromhex(fields["52"]), PAN(number))


@pytest.fixture(params=[CHIP, STRIPE], ids=["chip", "stripe"])
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counter]:
    near, far = pipe()
    injected = PadKeys(pin_masters={7: Key(TMK, Purpose.KEK)})
    device = EmulatedPinPad(card=request.param, pin="1357", keys=injected)
    with AbecsPinPad(near, TIMES) as pad, serving(device, far):
        yield Counter(Shop(tmp_path), pad)


def test_sale_and_refund_with_card_and_pin_of_the_pad(counter: Counter) -> None:
    shop = counter.shop
    sold = shop.terminal.sale(
        SaleRequest(RequestID("S-1"), Amount(12_800), counter.card("sale", 12_800))
    )
    assert isinstance(sold, Approved)
    assert counter.pin_at_the_host() == "1357"

    shop.to(1, 10)  # another sign-in, another PIK
    request = RefundRequest(
        RequestID("R-1"),
        original=RequestID("S-1"),
        card=counter.card("refund", 2_800),
        reason=Reason.CUSTOMER,
        amount=Amount(2_800),
    )
    assert isinstance(shop.terminal.refund(request), Approved)
    assert counter.pin_at_the_host() == "1357"
    assert shop.booked("refund") == [2_800]


def test_key_file_hands_the_pik_out_as_the_host_sent_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    keys = shop.host.terminals[TERMINAL].keys
    wrapped = shop.open_keys().wrapped_pik()
    assert keys is not None
    assert wrapped is not None

    clear = Key(TMK, Purpose.KEK).decrypt_key(wrapped)
    assert clear == keys.pik.use(Purpose.PIN, "a comparison")
    assert clear not in wrapped


def test_before_the_first_sign_in_there_is_no_pik(tmp_path: Path) -> None:
    class Unsigned(Shop):
        def __post_init__(self) -> None:
            self.make_keys()

    assert Unsigned(tmp_path).open_keys().wrapped_pik() is None


def test_part_of_a_key_block_is_found_by_its_form() -> None:
    # The published sign-in of code456.com/article/3026509.
    block = bytes.fromhex(
        "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
    )
    found = wrapped_pik(block, UNIONPAY_SIGN_IN, Algorithm.TDEA)
    assert found == bytes.fromhex("6701EAD6A9AD51E51AA406E2C27FCFA9")
    assert wrapped_pik(block[:-1], UNIONPAY_SIGN_IN, Algorithm.TDEA) is None
    with pytest.raises(ConfigError):
        SIGN_IN_SINGLE.wrapped(bytes(24), "TDK")
