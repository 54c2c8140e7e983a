"""A signature whose upload fails in every way: no error, no result and no log holds the card, and none the picture."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from canary import PAN_16, everything_in, leaks_in
from posrefund.codec.jbig import encode_jbig
from posrefund.emulators.host.faults import EFFECTS
from posrefund.engine import Signature
from posrefund.errors import EncodeError, InvalidRequestError, PosRefundError
from posrefund.office.signature_pictures import as_jbig
from posrefund.values import PAN, CardRead
from shop import Shop, sale

if TYPE_CHECKING:
    from pathlib import Path

CARD = CardRead("051", PAN(PAN_16), expiry="3012", sequence_number="001")
SMALL = encode_jbig(bytes(4 * 16), 32, 16)
PICTURE = PAN_16.encode() * 4
"""A picture that holds a card number: nobody says what a pad puts there."""


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    made = Shop(tmp_path)
    made.terminal.sale(sale("S-1", 500, CARD))
    made.terminal.sign("S-1", Signature.of("bitmap", b"pad"))
    yield made
    made.terminal.close()


@pytest.mark.parametrize("fault", sorted(EFFECTS))
def test_whatever_the_host_does_nothing_is_shown(
    shop: Shop, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    shop.fault(fault, "0820", code="30")
    said = ""
    for _ in range(2):
        try:
            said += repr(shop.terminal.upload_signatures(lambda _: SMALL))
        except PosRefundError as error:
            said += everything_in(error)
    rows = "".join(row.body for row in shop.terminal.journal.rows())

    assert leaks_in(said + caplog.text + rows) == set()


@pytest.mark.parametrize("picture", [PICTURE, PICTURE * 100, b""])
def test_a_picture_that_is_none_is_not_shown(shop: Shop, picture: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        as_jbig(picture or b"P1")
    done = shop.terminal.upload_signatures(lambda _: picture)

    assert leaks_in(everything_in(caught.value) + repr(done)) == set()
    with pytest.raises(EncodeError) as refused:
        encode_jbig(picture, 7, 3)
    assert leaks_in(everything_in(refused.value)) == set()


def test_whatever_a_callers_pictures_raise_shows_no_card(shop: Shop) -> None:
    def broken(_: Signature) -> bytes:
        raise InvalidRequestError([("signature", "another")])

    with suppress(PosRefundError):
        assert leaks_in(repr(shop.terminal.upload_signatures(broken))) == set()
