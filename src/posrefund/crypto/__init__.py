"""Keys, MACs, key check values and PIN blocks. Floor 2: pure bytes, no I/O, no clock.

What a caller imports confesses what it does: ``crypto.soft`` opens and makes clear PIN blocks and is
for emulators and host stubs only; a terminal passes on the block that its PIN pad encrypted.
"""

from posrefund.crypto.aead import open_box, seal_box
from posrefund.crypto.keys import Algorithm, Key, Purpose, is_well_known, kcv
from posrefund.crypto.ladder import (
    KeySet,
    claimed_key_set_id,
    unwrap_key,
    unwrap_key_set,
    wrap_key,
)
from posrefund.crypto.mac import (
    AES_CMAC,
    HMAC_SHA256,
    ISO9797_1,
    ISO9797_3,
    SM4_CBC,
    UNIONPAY_ECB,
    UNIONPAY_SM4,
    MACRule,
    mac,
    verify,
)

__all__ = [
    "AES_CMAC",
    "HMAC_SHA256",
    "ISO9797_1",
    "ISO9797_3",
    "SM4_CBC",
    "UNIONPAY_ECB",
    "UNIONPAY_SM4",
    "Algorithm",
    "Key",
    "KeySet",
    "MACRule",
    "Purpose",
    "claimed_key_set_id",
    "is_well_known",
    "kcv",
    "mac",
    "open_box",
    "seal_box",
    "unwrap_key",
    "unwrap_key_set",
    "verify",
    "wrap_key",
]
