"""A shop whose key file opens only with a token, and whose TMK never leaves it: signs in, sells, refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from posrefund.crypto import Key, Purpose
from posrefund.engine.outcomes import Approved, Declined
from posrefund.errors import ConfigError
from posrefund.keystore import FileKeyStore, Token, TokenLock
from shop import TMK, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from softhsm import SoftHSM


@dataclass
class TokenShop(Shop):
    """The same shop with nothing but names in its key file."""

    token: Token | None = None

    def make_keys(self) -> None:
        assert self.token
        tmk = self.token.store(Key(TMK, Purpose.KEK), "tmk", test_keys=True)
        lock = TokenLock(self.token, "key file")
        FileKeyStore.create(self.folder / "keys.json", lock, tmk=tmk, test_keys=True)

    def open_keys(self) -> FileKeyStore:
        assert self.token
        lock = TokenLock(self.token, "key file")
        return FileKeyStore(self.folder / "keys.json", lock, token=self.token)


@pytest.fixture
def token_shop(tmp_path: Path, token: Token) -> Iterator[TokenShop]:
    """A signed-in terminal whose keys live in SoftHSM2."""
    made = TokenShop(tmp_path, token=token)
    yield made
    made.terminal.close()


def test_terminal_signs_in_sells_and_refunds_with_its_master_key_in_the_token(
    token_shop: TokenShop,
) -> None:
    sold = token_shop.terminal.sale(sale("S-1", 12_800))
    token_shop.to(1, 10)
    refunded = token_shop.terminal.refund(refund("R-1", "S-1", 2_800))

    assert isinstance(sold, Approved)
    assert isinstance(refunded, Approved)
    assert token_shop.booked("refund") == [2_800]
    assert repr(token_shop.open_keys().tmk) == "TokenKey('tmk', KEK, KCV 47F816)"


def test_restart_needs_the_token_and_goes_on_with_the_keys_of_the_last_sign_in(
    token_shop: TokenShop, softhsm: SoftHSM
) -> None:
    token_shop.terminal.sale(sale("S-1", 12_800))
    token_shop.terminal.close()
    assert token_shop.token
    token_shop.token.close()
    softhsm.lose_sessions()
    with pytest.raises(ConfigError, match=r"^the token 'till' was closed$"):
        token_shop.open_keys()

    with softhsm.open() as token_shop.token:
        token_shop.terminal = token_shop.open()
        assert isinstance(token_shop.terminal.sale(sale("S-2", 500)), Approved)
        token_shop.terminal.close()


def test_token_that_is_lost_at_a_sign_in_is_opened_again_for_the_next(
    token_shop: TokenShop, softhsm: SoftHSM
) -> None:
    softhsm.lose_sessions()
    with pytest.raises(ConfigError, match="session with the token 'till' was lost"):
        token_shop.terminal.sign_in()
    refused = token_shop.terminal.sale(sale("S-1", 100))
    assert isinstance(refused, Declined)  # the host has given out new keys, and nobody took them
    assert refused.sign_in_first

    with softhsm.open() as token_shop.token:
        token_shop.restart()
        token_shop.to(0, 15)
        assert isinstance(token_shop.terminal.sale(sale("S-1", 100)), Approved)
        token_shop.terminal.close()


def test_key_file_of_a_token_holds_no_key_at_all(token_shop: TokenShop) -> None:
    content = (token_shop.folder / "keys.json").read_bytes().lower()
    keys = token_shop.open_keys().working_keys()
    assert keys
    journal_key = token_shop.open_keys().journal_key
    for secret in (
        TMK,
        keys.pik.use(Purpose.PIN, "this test"),
        keys.mak.use(Purpose.MAC, "it"),
        journal_key,
    ):
        assert secret not in content
        assert secret.hex().encode() not in content
