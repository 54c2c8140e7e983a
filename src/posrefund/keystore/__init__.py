"""Keys at rest. Floor 5: I/O and only I/O.

One encrypted file per terminal, opened by a ``Lock``: a passphrase over scrypt, or a token. AES-256-GCM seals each
slot and the file as a whole. Keys inside a PIN pad or a token stand in it by name; those in a PKCS#11 token (an
HSM, SoftHSM2) are stored and used through ``Token``.
"""

from posrefund.keystore.contract import Anchor, DeviceKey, HighWater, KeyStore, Lock
from posrefund.keystore.dukpt import Transaction
from posrefund.keystore.file import FileKeyStore
from posrefund.keystore.high_water import HighWaterFile
from posrefund.keystore.locks import PassphraseLock
from posrefund.keystore.slots import SlotInfo
from posrefund.keystore.token import Token
from posrefund.keystore.token_key import TokenKey
from posrefund.keystore.token_lock import TokenLock

__all__ = [
    "Anchor",
    "DeviceKey",
    "FileKeyStore",
    "HighWater",
    "HighWaterFile",
    "KeyStore",
    "Lock",
    "PassphraseLock",
    "SlotInfo",
    "Token",
    "TokenKey",
    "TokenLock",
    "Transaction",
]
