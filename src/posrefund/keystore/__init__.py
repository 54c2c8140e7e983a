"""Keys at rest. Floor 5: I/O and only I/O.

One encrypted file per terminal: scrypt over a passphrase, AES-256-GCM per slot, the slot's name
authenticated. Keys that stay in a PKCS#11 token (an HSM, SoftHSM2) are stored and used through ``Token``.
"""

from posrefund.keystore.file import FileKeyStore
from posrefund.keystore.token import Token
from posrefund.keystore.token_key import TokenKey
from posrefund.keystore.token_lock import TokenLock

__all__ = ["FileKeyStore", "Token", "TokenKey", "TokenLock"]
