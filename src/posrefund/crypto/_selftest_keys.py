"""Self-test: DUKPT and key blocks, from inputs to output. Floor 2."""

from __future__ import annotations

import hashlib
import hmac
from functools import partial

from posrefund.crypto import _dukpt_aes, _dukpt_tdea, dukpt
from posrefund.crypto._blockcipher import Algorithm, cmac, encrypt_cbc
from posrefund.crypto._dukpt_aes import Indicator, Kind
from posrefund.crypto._keyblock import derive, open_block
from posrefund.crypto._selftest_ciphers import (
    Compute,
    Inputs,
    NotOffered,
    data_of,
    octets,
    shown,
)
from posrefund.crypto.dukpt import KeyUse
from posrefund.crypto.keys import Key, Purpose
from posrefund.crypto.ksn import KSN
from posrefund.crypto.mac import MACRule, mac
from posrefund.crypto.variants import numbered_variant

__all__ = ["KEYS", "aes_working_key", "tdea_session_key"]

_USES = {
    "pin": Indicator.PIN_ENCRYPTION,
    "mac_gen": Indicator.MAC_GENERATION,
    "mac_ver": Indicator.MAC_VERIFICATION,
    "mac_both": Indicator.MAC_BOTH_WAYS,
    "data_enc": Indicator.DATA_ENCRYPTION,
    "data_dec": Indicator.DATA_DECRYPTION,
    "data_both": Indicator.DATA_BOTH_WAYS,
}
_WHY = "the self-test"


# --- TDEA DUKPT -------------------------------------------------------------------------------------


def _initial_key(inputs: Inputs) -> Key:
    bdk = Key(octets(inputs, "bdk"), Purpose.BDK, allow_weak=True)
    return dukpt.initial_key(bdk, KSN(octets(inputs, "ksn")))


def tdea_session_key(inputs: Inputs, use: KeyUse) -> Key:
    """Return the key of an entry's transaction for *use*."""
    return dukpt.session_key(_initial_key(inputs), KSN(octets(inputs, "ksn")), use)


def _tdea_initial(inputs: Inputs) -> str:
    return shown(_initial_key(inputs).use(Purpose.DUKPT, _WHY))


def _tdea_transaction(inputs: Inputs) -> str:
    initial = _initial_key(inputs).use(Purpose.DUKPT, _WHY)
    return shown(_dukpt_tdea.derive_transaction_key(initial, octets(inputs, "ksn")))


def _tdea_mac(inputs: Inputs, *, use: KeyUse) -> str:
    rule = MACRule("iso9797-3", length_bytes=inputs.get("len", 0))
    return shown(mac(tdea_session_key(inputs, use), data_of(inputs), rule))


def _tdea_cmac(inputs: Inputs, *, use: KeyUse) -> str:
    return shown(mac(tdea_session_key(inputs, use), data_of(inputs), MACRule("cmac")))


def _tdea_data(inputs: Inputs, *, use: KeyUse) -> str:
    data = data_of(inputs)
    key = tdea_session_key(inputs, use).use(Purpose.DATA, _WHY)
    return shown(encrypt_cbc(key, data + bytes(-len(data) % 8)))


# --- AES DUKPT --------------------------------------------------------------------------------------


def _aes_transaction_bytes(inputs: Inputs) -> bytes:
    ksn = octets(inputs, "ksn")
    initial = _dukpt_aes.derive_initial_key(octets(inputs, "bdk"), ksn[:8])
    return _dukpt_aes.derive_transaction_key(initial, ksn)


def aes_working_key(inputs: Inputs, use: str | None = None) -> bytes:
    """Return the working key of an entry."""
    found = _USES.get(use or inputs["usage"])
    if found is None or inputs["key_type"] not in Kind.__members__:
        raise NotOffered
    transaction, ksn = _aes_transaction_bytes(inputs), octets(inputs, "ksn")
    return _dukpt_aes.derive_working_key(transaction, ksn, found, Kind[inputs["key_type"]])


def _aes_initial(inputs: Inputs) -> str:
    return shown(_dukpt_aes.derive_initial_key(octets(inputs, "bdk"), octets(inputs, "ikid")))


def _aes_transaction(inputs: Inputs) -> str:
    return shown(_aes_transaction_bytes(inputs))


def _aes_working(inputs: Inputs) -> str:
    return shown(aes_working_key(inputs))


def _aes_update(inputs: Inputs) -> str:
    initial, device = octets(inputs, "ik"), octets(inputs, "ikid")
    return shown(_dukpt_aes.derive_update_key(initial, device, Kind[inputs["key_type"]]))


def _aes_cmac(inputs: Inputs) -> str:
    return shown(cmac(aes_working_key(inputs), data_of(inputs), Algorithm.AES))


def _aes_hmac(inputs: Inputs) -> str:
    return shown(hmac.digest(aes_working_key(inputs), data_of(inputs), hashlib.sha256))


def _aes_data(inputs: Inputs) -> str:
    data = data_of(inputs)
    return shown(encrypt_cbc(aes_working_key(inputs), data + bytes(-len(data) % 16), Algorithm.AES))


# --- key blocks -------------------------------------------------------------------------------------


def _derived(inputs: Inputs) -> dict[str, str]:
    encryption, authentication = derive(inputs["version"], octets(inputs, "kbpk"))
    return {"kbek": shown(encryption), "kbak": shown(authentication)}


def _unwrapped(inputs: Inputs) -> str:
    return shown(open_block(octets(inputs, "kbpk"), inputs["block"])[1])


def _variant(inputs: Inputs) -> str:
    kek = Key(octets(inputs, "key"), Purpose.KEK, allow_weak=True)
    return shown(numbered_variant(kek, inputs["variant"]).use(Purpose.KEK, _WHY))


KEYS: dict[str, Compute] = {
    "DUKPT-AES-CMAC": _aes_cmac,
    "DUKPT-AES-DATA": _aes_data,
    "DUKPT-AES-HMAC": _aes_hmac,
    "DUKPT-AES-IK": _aes_initial,
    "DUKPT-AES-TXNKEY": _aes_transaction,
    "DUKPT-AES-UPDATEKEY": _aes_update,
    "DUKPT-AES-WORKKEY": _aes_working,
    "DUKPT-TDES-CMAC-REQ": partial(_tdea_cmac, use=KeyUse.MAC_REQUEST),
    "DUKPT-TDES-CMAC-RESP": partial(_tdea_cmac, use=KeyUse.MAC_RESPONSE),
    "DUKPT-TDES-DATA-REQ": partial(_tdea_data, use=KeyUse.DATA_REQUEST),
    "DUKPT-TDES-DATA-RESP": partial(_tdea_data, use=KeyUse.DATA_RESPONSE),
    "DUKPT-TDES-IK": _tdea_initial,
    "DUKPT-TDES-MAC-REQ": partial(_tdea_mac, use=KeyUse.MAC_REQUEST),
    "DUKPT-TDES-MAC-RESP": partial(_tdea_mac, use=KeyUse.MAC_RESPONSE),
    "DUKPT-TDES-TXNKEY": _tdea_transaction,
    "KEY-VARIANT": _variant,
    "TR31-DERIVE": _derived,
    "TR31-UNWRAP": _unwrapped,
}
