"""AES DUKPT: every printed key of the standard's supplement comes out."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from posrefund.crypto._blockcipher import Algorithm, cmac, encrypt_cbc
from posrefund.crypto._dukpt_aes import (
    Indicator,
    Kind,
    derive_initial_key,
    derive_transaction_key,
    derive_update_key,
    derive_working_key,
)
from published import known_answers

USES = {
    "pin": Indicator.PIN_ENCRYPTION,
    "mac_gen": Indicator.MAC_GENERATION,
    "mac_ver": Indicator.MAC_VERIFICATION,
    "data_enc": Indicator.DATA_ENCRYPTION,
    "data_dec": Indicator.DATA_DECRYPTION,
}


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("dukpt_aes", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


def transaction(case: dict[str, str]) -> tuple[bytes, bytes]:
    bdk, ksn = bytes.fromhex(case["bdk"]), bytes.fromhex(case["ksn"])
    return derive_transaction_key(derive_initial_key(bdk, ksn[:8]), ksn), ksn


def working(case: dict[str, str]) -> bytes:
    key, ksn = transaction(case)
    return derive_working_key(key, ksn, USES[case["usage"]], Kind[case["key_type"]])


# --- published numbers ------------------------------------------------------------------------------


@cases("initial_key")
def test_initial_key_is_the_published_one(case: dict[str, str]) -> None:
    found = derive_initial_key(bytes.fromhex(case["bdk"]), bytes.fromhex(case["ikid"]))

    assert found.hex().upper() == case["output"]


@cases("transaction_key")
def test_transaction_key_is_the_published_one(case: dict[str, str]) -> None:
    assert transaction(case)[0].hex().upper() == case["output"]


@cases("working_key")
def test_working_key_is_the_published_one(case: dict[str, str]) -> None:
    assert working(case).hex().upper() == case["output"]


@cases("update_key")
def test_key_for_updates_is_the_published_one(case: dict[str, str]) -> None:
    initial, device = bytes.fromhex(case["ik"]), bytes.fromhex(case["ikid"])

    assert (
        derive_update_key(initial, device, Kind[case["key_type"]]).hex().upper() == case["output"]
    )


@cases("cmac")
def test_cmac_under_a_working_key_is_the_published_one(case: dict[str, str]) -> None:
    found = cmac(working(case), case["data_ascii"].encode(), Algorithm.AES)

    assert found.hex().upper() == case["output"]


@cases("hmac")
def test_hmac_under_a_working_key_is_the_published_one(case: dict[str, str]) -> None:
    found = hmac.digest(working(case), case["data_ascii"].encode(), hashlib.sha256)

    assert found.hex().upper() == case["output"]


@cases("data")
def test_data_under_a_working_key_is_the_published_one(case: dict[str, str]) -> None:
    data = case["data_ascii"].encode()

    found = encrypt_cbc(working(case), data + bytes(-len(data) % 16), Algorithm.AES)

    assert found.hex().upper() == case["output"]
