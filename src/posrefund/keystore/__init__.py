"""Keys at rest. Floor 5: I/O and only I/O.

One encrypted file per terminal: scrypt over a passphrase, AES-256-GCM per slot, the slot's name
authenticated. Keys inside a PIN pad or an HSM are another store with the same face, later.
"""

from posrefund.keystore.contract import DeviceKey, HighWater, KeyStore, Lock
from posrefund.keystore.file import FileKeyStore

__all__ = ["DeviceKey", "FileKeyStore", "HighWater", "KeyStore", "Lock"]
