"""A terminal and a host that speak SM4: sign-in, sale, refund, reversal; keys and MACs by the oracle of the tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import plain_sm4
from posrefund.crypto import UNIONPAY_SM4, Algorithm, Key, Purpose
from posrefund.dialects.file import dump_dialect, load_dialect
from posrefund.emulators.host import EmulatedHost, HostProfile, HostTime, TerminalRecord
from posrefund.engine import Approved, InDoubt
from posrefund.errors import InvalidKeyError
from posrefund.journal import SQLiteJournal
from posrefund.terminal import Terminal
from posrefund.testing import ManualClock, MemoryLink
from posrefund.values import PAN, CardRead, Track2
from shop import MERCHANT, PAN_16, TERMINAL, Shop, refund, sale
from terminal.memory_store import MemoryKeyStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.dialects import Dialect

TMK = bytes.fromhex("1234567890ABCDEFABCDEF0987654321")
TRACK = f"{PAN_16}D30122010000012345678"
STRIPE = CardRead("022", PAN(PAN_16), track2=Track2(TRACK))

HOUSE = """\
name = "my-bank-sm4"
base = "unionpay"
mac = { algorithm = "unionpay-ecb", cipher = "SM4" }
tracks = "encrypted"

[sign_in]
layouts = [{ cipher = "SM4", parts = "PIK:16 MAK:16 TDK:16", kcv_bytes = 8 }]

[messages.sign_in]
holds = { 60 = "00{batch}006" }

[words.security]
pin = "2300000000000000"
track = "0300000000000000"
sealed_track = "0310000000000000"
pin_sealed_track = "2310000000000000"
"""


@dataclass
class SM4Shop(Shop):
    """The shop with an SM4 TMK, and a key store that takes one."""

    def __post_init__(self) -> None:
        self.host_time = HostTime(self.start)
        self.clock = ManualClock(self.start.astimezone(UTC) + timedelta(seconds=42))
        tmk = Key(TMK, Purpose.KEK, Algorithm.SM4)
        self.store = MemoryKeyStore(tmk)
        record = TerminalRecord(TERMINAL, MERCHANT, tmk, batch="000007")
        self.host = EmulatedHost(self.profile, [record], clock=self.host_time)
        self.link = MemoryLink(self.host.respond)
        self.terminal = self.open()
        self.terminal.sign_in()

    def open(self) -> Terminal:
        store: Any = self.store
        return Terminal(
            TERMINAL,
            MERCHANT,
            dialect=self.dialect,
            keystore=store,
            journal=SQLiteJournal(
                self.folder / "journal.db", key=store.journal_key, terminal=TERMINAL
            ),
            link=self.link,
            clock=self.clock,
        )


def house(text: str = HOUSE) -> Dialect:
    """The dialect, once to a file and back."""
    return load_dialect(dump_dialect(load_dialect(text)))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SM4Shop]:
    profile = HostProfile(kcv_bytes=8, mac_rule=UNIONPAY_SM4)
    made = SM4Shop(tmp_path, profile=profile, dialect=house())
    yield made
    made.terminal.close()


def test_sign_in_hands_over_sixteen_bytes_of_each_key_under_the_tmk(shop: SM4Shop) -> None:
    (reply,) = [bytes(each) for each in [shop.host.answer(shop.link.sent[-1])] if each]
    de62 = bytes.fromhex(shop.dialect.codec.decode(reply[11:])["62"])
    assert len(de62) == 3 * (16 + 8)

    shop.terminal._procedures.keyring.present = shop.store.keep_sign_in(de62, UNIONPAY_SM4)
    keys = shop.terminal._procedures.keyring.present
    assert keys.tdk is not None
    for start, key in zip((0, 24, 48), (keys.pik, keys.mak, keys.tdk), strict=True):
        material = plain_sm4.decrypt(TMK, de62[start : start + 16])
        assert key.use(key.purpose, "a test") == material
        assert plain_sm4.encrypt(material, bytes(16))[:8] == de62[start + 16 : start + 24]
        assert key.algorithm is Algorithm.SM4


def test_sale_refund_and_void_go_through(shop: SM4Shop) -> None:
    assert isinstance(shop.terminal.sale(sale("S-1", 12_800)), Approved)
    assert isinstance(shop.terminal.sale(sale("S-2", 500, STRIPE)), Approved)
    assert isinstance(shop.terminal.sale(sale("S-3", 700)), Approved)
    assert isinstance(shop.terminal.refund(refund("V-3", "S-3")), Approved)
    assert shop.booked("void") == [700]
    shop.to(1, 10)

    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800)), Approved)
    assert isinstance(shop.terminal.refund(refund("R-2", "S-2", card=STRIPE)), Approved)
    assert shop.booked("refund") == [2_800, 500]


def test_mac_on_the_line_is_that_of_the_oracle(shop: SM4Shop) -> None:
    """Blocks of 16 XORed, 32 digits, SM4 over the first half, XOR, SM4 again, four bytes as text."""
    shop.link.sent.clear()
    shop.terminal.sale(sale("S-1", 12_800))
    (message,) = shop.link.sent
    body, tag = message[11:-8], message[-8:]
    fold = bytes(16)
    for start in range(0, len(body), 16):
        block = body[start : start + 16].ljust(16, b"\0")
        fold = bytes(a ^ b for a, b in zip(fold, block, strict=True))
    digits = fold.hex().upper().encode()
    keys = shop.store.working_keys()
    assert keys is not None
    mak = keys.mak.use(Purpose.MAC, "a test")
    first = plain_sm4.encrypt(mak, digits[:16])
    mixed = bytes(a ^ b for a, b in zip(first, digits[16:], strict=True))

    assert plain_sm4.encrypt(mak, mixed)[:4].hex().upper().encode() == tag


def test_silence_is_undone_and_a_restart_opens_the_same_keys(shop: SM4Shop) -> None:
    shop.fault("drop_reply", mti="0200")
    assert isinstance(shop.terminal.sale(sale("S-1", 100)), InDoubt)
    shop.restart()
    shop.terminal.resolve_doubts()
    assert shop.booked("sale") == []


def test_track_leaves_with_sixteen_bytes_of_it_hidden(shop: SM4Shop) -> None:
    shop.link.sent.clear()
    shop.terminal.sale(sale("S-1", 100, STRIPE))
    fields = shop.dialect.codec.decode(shop.link.sent[0][11:])
    keys = shop.store.working_keys()
    assert keys is not None
    assert keys.tdk is not None
    clear = plain_sm4.decrypt(
        keys.tdk.use(Purpose.DATA, "a test"), bytes.fromhex(fields["35"][4:36])
    )

    assert fields["53"] == "0310000000000000"
    assert fields["35"][:4] + clear.hex().upper() + fields["35"][36:] == TRACK
    assert PAN_16 not in fields["35"]


def test_sign_in_of_another_form_is_refused_and_the_old_keys_stay(shop: SM4Shop) -> None:
    before = shop.terminal._procedures.keyring.present
    shop.host.profile = replace(shop.host.profile, kcv_bytes=4)
    with pytest.raises(InvalidKeyError, match=r"^DE62 of a sign-in under SM4 has 72 bytes$"):
        shop.terminal.sign_in()
    assert shop.terminal._procedures.keyring.present is before
