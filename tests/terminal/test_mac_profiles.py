"""Hosts differ in how they make a MAC: sale, refund and reversal go through by each rule, and a touched byte under it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from posrefund.crypto import MACRule
from posrefund.dialects.file import dump_dialect, load_dialect
from posrefund.emulators.host import HostProfile
from posrefund.engine import Approved, InDoubt
from posrefund.seal import seal, unseal
from shop import UNIONPAY, Shop, refund, sale
from terminal.forged import MESSAGE_AT

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = {
    "cbc, padding 2": MACRule("iso9797-1", padding=2),
    "cbc, padding 3, text": MACRule("iso9797-1", padding=3, length_bytes=4, encoding="hex"),
    "xor and one encryption": MACRule("xor-encrypt"),
    "four raw bytes and zeros": MACRule("iso9797-1", length_bytes=4),
    "from the header": MACRule(covers_from="header"),
    "from the TPDU": MACRule("xor-encrypt", covers_from="tpdu"),
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())


def shop_of(folder: Path, rule: MACRule) -> Shop:
    house = load_dialect(dump_dialect(UNIONPAY.derive("house", mac=rule)))
    return Shop(folder, dialect=house, profile=HostProfile(mac_rule=rule))


def flipping(place: int) -> Callable[[bytes], bytes]:
    """One bit of a reply, counted from its TPDU."""
    return lambda reply: reply[:place] + bytes([reply[place] ^ 1]) + reply[place + 1 :]


@every_rule
def test_sale_refund_and_reversal_go_through(tmp_path: Path, rule: MACRule) -> None:
    shop = shop_of(tmp_path, rule)
    assert isinstance(shop.terminal.sale(sale("S-1", 12_800)), Approved)
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-2", 500))
    shop.terminal.resolve_doubts()
    shop.to(1, 10)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), Approved)

    assert shop.booked("sale") == [12_800]
    assert shop.booked("refund") == [2_800]
    shop.terminal.close()


@every_rule
@pytest.mark.parametrize("place", range(MESSAGE_AT), ids=lambda place: f"byte {place}")
def test_touched_byte_before_the_message_counts_where_the_mac_covers_it(
    tmp_path: Path, rule: MACRule, place: int
) -> None:
    shop = shop_of(tmp_path, rule)
    first = {"mti": MESSAGE_AT, "header": 5, "tpdu": 0}[rule.covers_from]
    shop.link.on_reply = flipping(place)
    outcome = shop.terminal.sale(sale("S-1", 100))

    assert isinstance(outcome, InDoubt if place >= first else Approved)
    shop.terminal.close()


def test_filler_behind_a_short_mac_is_zeros_and_nothing_else(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, RULES["four raw bytes and zeros"])
    keys = shop.terminal._procedures.keyring.present
    known = shop.dialect
    raw = seal({"t": "0820", "41": "12345678", "64": ""}, known, keys)

    assert raw[-4:] == bytes(4) != raw[-8:-4]
    assert unseal(raw, known, keys).mac == "valid"
    for place in range(1, 9):
        touched = raw[:-place] + bytes([raw[-place] ^ 0x80]) + raw[len(raw) - place + 1 :]
        assert unseal(touched, known, keys).mac == "wrong"
    shop.terminal.close()


def test_host_wants_zeros_behind_a_short_mac_too(tmp_path: Path) -> None:
    shop = shop_of(tmp_path, RULES["four raw bytes and zeros"])
    assert isinstance(shop.terminal.sale(sale("S-1", 100)), Approved)
    message = shop.link.sent[-1]
    shop.host.answer(message[:-1] + b"\x01")

    assert shop.host.ledger.refusals[-1].code == "A0"
    shop.terminal.close()
