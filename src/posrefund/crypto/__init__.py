"""Keys, MACs, key check values and PIN blocks. Floor 2: pure bytes, no I/O, no clock.

What a caller imports confesses what it does: ``crypto.soft`` opens and makes clear PIN blocks and is
for emulators and host stubs only; a terminal passes on the block that its PIN pad encrypted.
"""

from posrefund.crypto._blockcipher import require, use_tdea_provider
from posrefund.crypto.aead import open_box, seal_box
from posrefund.crypto.components import Component, combine
from posrefund.crypto.kek import KeyEncryptingKey
from posrefund.crypto.keys import Algorithm, Key, Purpose, is_well_known, kcv
from posrefund.crypto.ladder import (
    KeySet,
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
from posrefund.crypto.sign_in import (
    SIGN_IN_DOUBLE,
    SIGN_IN_DOUBLE_TDK,
    SIGN_IN_SINGLE,
    SIGN_IN_SM4,
    SIGN_IN_SM4_TDK,
    UNIONPAY_SIGN_IN,
    SignInLayout,
    SignInRule,
    WeakKeyWarning,
)
from posrefund.crypto.track import decrypt_track, encrypt_track
from posrefund.crypto.variants import numbered_variant, tr31_variants

__all__ = [
    "AES_CMAC",
    "HMAC_SHA256",
    "ISO9797_1",
    "ISO9797_3",
    "SIGN_IN_DOUBLE",
    "SIGN_IN_DOUBLE_TDK",
    "SIGN_IN_SINGLE",
    "SIGN_IN_SM4",
    "SIGN_IN_SM4_TDK",
    "SM4_CBC",
    "UNIONPAY_ECB",
    "UNIONPAY_SIGN_IN",
    "UNIONPAY_SM4",
    "Algorithm",
    "Component",
    "Key",
    "KeyEncryptingKey",
    "KeySet",
    "MACRule",
    "Purpose",
    "SignInLayout",
    "SignInRule",
    "WeakKeyWarning",
    "combine",
    "decrypt_track",
    "encrypt_track",
    "is_well_known",
    "kcv",
    "mac",
    "numbered_variant",
    "open_box",
    "require",
    "seal_box",
    "tr31_variants",
    "unwrap_key",
    "unwrap_key_set",
    "use_tdea_provider",
    "verify",
    "wrap_key",
]
