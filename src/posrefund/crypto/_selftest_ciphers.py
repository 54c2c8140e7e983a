"""Self-test: block ciphers, MACs, check values, hashes and password keys, from inputs to output. Floor 2."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from posrefund.crypto._blockcipher import (
    Algorithm,
    block_bytes,
    cmac,
    decrypt_ecb,
    encrypt_cbc,
    encrypt_ecb,
)
from posrefund.crypto._cryptography import seal_gcm
from posrefund.crypto._keyblock import counter_mode
from posrefund.crypto._mac_tools import fold, pad
from posrefund.crypto.components import Component, combine
from posrefund.crypto.keys import Key, Purpose, kcv
from posrefund.crypto.ladder import unwrap_key
from posrefund.crypto.mac import MACRule, mac, verify
from posrefund.errors import InvalidKeyError, MACMismatchError

__all__ = ["CIPHERS", "Compute", "Inputs", "NotOffered", "data_of", "octets", "shown"]

Inputs = Mapping[str, Any]
Compute = Callable[[Inputs], object]
_WHY = "the self-test"
_NAMES = {
    "DES": Algorithm.TDEA,
    "TDES": Algorithm.TDEA,
    "AES": Algorithm.AES,
    "SM4": Algorithm.SM4,
}


class NotOffered(Exception):  # noqa: N818 — no error: the package does not have this variant
    """The package does not have what an entry asks for."""


def octets(inputs: Inputs, name: str) -> bytes:
    """Return an input that is written in hexadecimal."""
    return bytes.fromhex(inputs[name])


def data_of(inputs: Inputs) -> bytes:
    """Return the data of an entry, written in hexadecimal or as text."""
    ascii_text = inputs.get("data_ascii")
    return octets(inputs, "data") if ascii_text is None else str(ascii_text).encode("utf-8")


def shown(value: bytes) -> str:
    """Return bytes as the files write them."""
    return value.hex().upper()


def _cipher(inputs: Inputs) -> Algorithm:
    found = _NAMES.get(inputs["cipher"])
    if found is None:
        raise NotOffered
    return found


def _ecb(inputs: Inputs) -> str:
    key, data = octets(inputs, "key"), octets(inputs, "plaintext")
    found = encrypt_ecb(key, data, _cipher(inputs))
    return shown(found) if decrypt_ecb(key, found, _cipher(inputs)) == data else ""


def _cbc(inputs: Inputs) -> str:
    key, data, iv = (octets(inputs, name) for name in ("key", "plaintext", "iv"))
    return shown(encrypt_cbc(key, data, _cipher(inputs), iv=iv))


def _ctr(inputs: Inputs) -> str:
    key, data, iv = (octets(inputs, name) for name in ("key", "plaintext", "iv"))
    return shown(counter_mode(key, data, iv, _cipher(inputs)))


def _sm4_iterated(inputs: Inputs) -> str:
    """A million times one block is CBC over blocks of zeros that begins with it."""
    key, block, count = octets(inputs, "key"), octets(inputs, "plaintext"), inputs["iterations"]
    size, step = block_bytes(Algorithm.SM4), 1 << 16
    while count:
        now = min(count, step)
        block = encrypt_cbc(key, bytes(now * size), Algorithm.SM4, iv=block)[-size:]
        count -= now
    return shown(block)


def _gcm(inputs: Inputs) -> str:
    cipher = _cipher(inputs)
    if cipher is Algorithm.TDEA:
        raise NotOffered
    key, iv, aad, data = (octets(inputs, name) for name in ("key", "iv", "aad", "plaintext"))
    return shown(seal_gcm(key, cipher, iv, data, aad))


def _cmac(inputs: Inputs) -> str:
    return shown(cmac(octets(inputs, "key"), data_of(inputs), _cipher(inputs))[: inputs.get("len")])


def _cmac_verify(inputs: Inputs) -> str:
    rule = MACRule("cmac", _cipher(inputs), length_bytes=inputs["tag_len"])
    try:
        key = Key(octets(inputs, "key"), Purpose.MAC, _cipher(inputs))
        verify(key, data_of(inputs), octets(inputs, "tag"), rule)
    except (MACMismatchError, InvalidKeyError):
        return "invalid"
    return "valid"


def _iso9797(inputs: Inputs) -> str:
    number, cipher, padding = inputs["mac_algorithm"], _cipher(inputs), inputs["padding"]
    key, data, other = octets(inputs, "key"), data_of(inputs), bytes.fromhex(inputs.get("key2", ""))
    if padding == 0 and (not data or len(data) % block_bytes(cipher)):
        raise NotOffered  # no padding: whole blocks only, and of these method 1 leaves all alone
    if number == 3 and cipher is Algorithm.TDEA:
        rule = MACRule("iso9797-3", padding=padding or 1, length_bytes=inputs["len"])
        return shown(mac(Key(key + other, Purpose.MAC), data, rule))
    rule = MACRule("iso9797-1", cipher, padding=padding or 1)
    found = mac(Key(key, Purpose.MAC, cipher), data, rule)
    if number == 2:
        found = encrypt_ecb(other, found, cipher)
    elif number == 3:
        found = encrypt_ecb(key, decrypt_ecb(other, found, cipher), cipher)
    elif number != 1:
        raise NotOffered
    return shown(found[: inputs["len"]])


def _pad(inputs: Inputs) -> str:
    return shown(pad(octets(inputs, "data"), inputs["method"], inputs["block"]))


def _unionpay(inputs: Inputs) -> dict[str, str]:
    key = Key(octets(inputs, "key"), Purpose.MAC, _cipher(inputs))
    tag = mac(key, octets(inputs, "mab"), MACRule(cipher=_cipher(inputs)))
    return {"field64_ascii": tag.decode("ascii")}


def _unionpay_steps(inputs: Inputs) -> dict[str, str]:
    key, data, cipher = octets(inputs, "key"), octets(inputs, "mab"), _cipher(inputs)
    block = fold(data, block_bytes(cipher))
    text = shown(block).encode("ascii")
    half = len(text) // 2
    first = encrypt_ecb(key, text[:half], cipher)
    mixed = bytes(a ^ b for a, b in zip(first, text[half:], strict=True))
    tag = mac(Key(key, Purpose.MAC, cipher), data, MACRule(cipher=cipher))
    steps = {"xor_block": block, "hex_expanded": text, "enc1": first, "enc1_xor_right": mixed}
    steps |= {"enc2": encrypt_ecb(key, mixed, cipher), "field64": tag}
    return {name: shown(value) for name, value in steps.items()}


def _kcv_zero(inputs: Inputs) -> str:
    cipher = _cipher(inputs)
    zeros = bytes(block_bytes(cipher))
    return shown(encrypt_ecb(octets(inputs, "key"), zeros, cipher)[: inputs["len"]])


def _kcv_cmac(inputs: Inputs) -> str:
    cipher = _cipher(inputs)
    if cipher is Algorithm.AES:
        return shown(kcv(octets(inputs, "key"), length_bytes=inputs["len"], algorithm=cipher))
    zeros = bytes(block_bytes(cipher))
    return shown(cmac(octets(inputs, "key"), zeros, cipher)[: inputs["len"]])


def _components(inputs: Inputs) -> object:
    clear = [bytes.fromhex(part) for part in inputs["components"]]
    # A sample may fill up with parts of zeros, which change nothing and which Component refuses.
    parts = [Component(part, _cipher(inputs)) for part in clear if any(part)]
    key = combine(parts, Purpose.MAC)
    check = {"kcv": key.kcv_hex}
    return check if inputs.get("kcv_only") else {"key": shown(key.use(Purpose.MAC, _WHY))} | check


def _unwrap(inputs: Inputs) -> str:
    cipher = _cipher(inputs)
    kek = Key(octets(inputs, "kek"), Purpose.KEK, cipher, allow_weak=True)
    key = unwrap_key(kek, octets(inputs, "wrapped"), Purpose.MAC)
    return shown(key.use(Purpose.MAC, _WHY))


def _hash(inputs: Inputs) -> str:
    if inputs["hash"] == "SM3":
        context = Hash(SM3())
        context.update(data_of(inputs))
        return shown(context.finalize())
    return shown(hashlib.new(_digest(inputs), data_of(inputs)).digest())


def _hmac(inputs: Inputs) -> str:
    key, length = octets(inputs, "key"), inputs.get("len")
    if inputs["hash"] == "SM3":
        context = HMAC(key, SM3())
        context.update(data_of(inputs))
        return shown(context.finalize()[:length])
    return shown(hmac.digest(key, data_of(inputs), _digest(inputs))[:length])


def _digest(inputs: Inputs) -> str:
    name = str(inputs["hash"]).lower().replace("-", "")
    if name not in ("sha256", "sha384", "sha512"):
        raise NotOffered
    return name


def _key_wrap(inputs: Inputs) -> str:
    wraps = {"KW": aes_key_wrap, "KWP": aes_key_wrap_with_padding}
    if inputs["variant"] not in wraps:
        raise NotOffered
    return shown(wraps[inputs["variant"]](octets(inputs, "kek"), octets(inputs, "key")))


def _scrypt(inputs: Inputs) -> str:
    password, salt = (inputs[f"{name}_ascii"].encode() for name in ("password", "salt"))
    n, r, p = (inputs[name] for name in "nrp")
    most = 128 * r * (n + p + 2) + (1 << 20)
    found = hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=inputs["len"])
    return shown(found)


def _argon2id(inputs: Inputs) -> str:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    made = Argon2id(
        salt=octets(inputs, "salt"),
        length=inputs["len"],
        iterations=inputs["iterations"],
        lanes=inputs["lanes"],
        memory_cost=inputs["memory_kib"],
        ad=octets(inputs, "ad"),
        secret=octets(inputs, "secret"),
    )
    return shown(made.derive(octets(inputs, "password")))


CIPHERS: dict[str, Compute] = {
    "AES-KEYWRAP": _key_wrap,
    "ARGON2ID": _argon2id,
    "BLOCK-CBC": _cbc,
    "BLOCK-CTR": _ctr,
    "BLOCK-ECB": _ecb,
    "CMAC": _cmac,
    "CMAC-VERIFY": _cmac_verify,
    "CUP-POS-ECB-MAC": _unionpay,
    "CUP-POS-ECB-MAC-STEPS": _unionpay_steps,
    "GCM": _gcm,
    "HASH": _hash,
    "HMAC": _hmac,
    "ISO9797-1-MAC": _iso9797,
    "KCV-CMAC": _kcv_cmac,
    "KCV-ZERO": _kcv_zero,
    "KEY-COMPONENTS": _components,
    "KEY-UNWRAP-ECB": _unwrap,
    "PAD": _pad,
    "SCRYPT": _scrypt,
    "SM4-ECB-ITERATED": _sm4_iterated,
}
