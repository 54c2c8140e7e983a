"""Self-test: PIN blocks, from inputs to output. Floor 2.

Clear blocks of formats 0, 1 and 3 are looked at from behind: encrypted by ``soft`` and decrypted here.
"""

from __future__ import annotations

from posrefund.crypto._blockcipher import Algorithm, decrypt_ecb, encrypt_ecb
from posrefund.crypto._selftest_ciphers import Compute, Inputs, NotOffered, octets, shown
from posrefund.crypto._selftest_keys import aes_working_key, tdea_session_key
from posrefund.crypto.dukpt import KeyUse
from posrefund.crypto.keys import Key, Purpose
from posrefund.crypto.soft import (
    account_field,
    decrypt_pin_block,
    encrypt_pin_block,
    make_offline_pin_block,
    read_offline_pin_block,
)
from posrefund.values.card import PAN

__all__ = ["PINS"]

_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
_OFFLINE = 2


def _account(digits: str) -> PAN:
    """Digits of a paper's example, whose check digit need not be right, as ``PAN`` insists."""
    pan = PAN.__new__(PAN)
    object.__setattr__(pan, "_clear", digits)
    return pan


def _tdea_dukpt(inputs: Inputs) -> str:
    key = tdea_session_key(inputs, KeyUse.PIN)
    return shown(encrypt_pin_block(key, inputs["pin"], _account(inputs["pan"])))


def _aes_dukpt(inputs: Inputs) -> str:
    return _format_4(inputs, aes_working_key(inputs, "pin"))


def _format_4(inputs: Inputs, material: bytes) -> str:
    key = Key(material, Purpose.PIN, Algorithm.AES)
    chance = octets(inputs, "random")
    pan = _account(inputs["pan"])
    block = encrypt_pin_block(key, inputs["pin"], pan, pin_format=4, random_bytes=lambda _: chance)
    return shown(block)


def _format_4_enciphered(inputs: Inputs) -> str:
    return _format_4(inputs, octets(inputs, "key"))


def _format_4_deciphered(inputs: Inputs) -> str:
    key = Key(octets(inputs, "key"), Purpose.PIN, Algorithm.AES)
    return decrypt_pin_block(key, octets(inputs, "block"), _account(inputs["pan"]), pin_format=4)


def _account_field(inputs: Inputs) -> str:
    return shown(account_field(inputs["pan"]))


def _pin_field(inputs: Inputs) -> str:
    """What is encrypted first in format 4, without what is random: looked at from behind."""
    key, pan = Key(_KEY, Purpose.PIN, Algorithm.AES), _account("6200000000000005")
    block = encrypt_pin_block(key, inputs["pin"], pan, pin_format=4)
    mixed = decrypt_ecb(_KEY, block, Algorithm.AES)
    account = account_field(pan.reveal())
    clear = bytes(a ^ b for a, b in zip(mixed, account, strict=True))
    return shown(decrypt_ecb(_KEY, clear, Algorithm.AES)[:8])


def _format_0(inputs: Inputs) -> str:
    if inputs["format"] != 0:
        raise NotOffered
    key = Key(octets(inputs, "key"), Purpose.PIN, allow_weak=True)
    return shown(encrypt_pin_block(key, inputs["pin"], _account(inputs["pan"])))


def _encoded(inputs: Inputs) -> str:
    number, fill = inputs["format"], inputs.get("fill", "")
    if number == _OFFLINE:
        return shown(make_offline_pin_block(inputs["pin"]))
    if number not in (0, 1, 3):
        raise NotOffered
    block = encrypt_pin_block(
        Key(_KEY, Purpose.PIN),
        inputs["pin"],
        _account(inputs["pan"]) if "pan" in inputs else None,
        pin_format=number,
        random_bytes=lambda count: bytes.fromhex(fill.ljust(2 * count, "A")),
    )
    return shown(decrypt_ecb(_KEY, block))


def _decoded(inputs: Inputs) -> str:
    number, block = inputs["format"], octets(inputs, "block")
    if number == _OFFLINE:
        return read_offline_pin_block(block)
    if number not in (0, 1, 3):
        raise NotOffered
    pan = _account(inputs["pan"]) if "pan" in inputs else None
    sealed = encrypt_ecb(_KEY, block)
    return decrypt_pin_block(Key(_KEY, Purpose.PIN), sealed, pan, pin_format=number)


PINS: dict[str, Compute] = {
    "DUKPT-AES-PIN": _aes_dukpt,
    "DUKPT-TDES-PIN": _tdea_dukpt,
    "ISO9564-0-TDES": _format_0,
    "ISO9564-4-DECIPHER": _format_4_deciphered,
    "ISO9564-4-ENCIPHER": _format_4_enciphered,
    "ISO9564-4-PANFIELD": _account_field,
    "ISO9564-4-PINFIELD-PREFIX": _pin_field,
    "ISO9564-DECODE": _decoded,
    "ISO9564-ENCODE": _encoded,
}
