"""Sealed boxes for data at rest: AES-256-GCM, a fresh nonce per box, the context authenticated. Floor 2.

Used by the key store and by the journal's side table of account numbers; never on the wire.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from posrefund.closed import closed
from posrefund.errors import InvalidKeyError

__all__ = ["open_box", "seal_box"]

_KEY_BYTES = 32
_NONCE_BYTES = 12


@closed
def seal_box(key: bytes, clear: bytes, *, context: bytes) -> bytes:
    """Encrypt *clear*; only the same key and the same *context* open it again.

    Shape:
        key: 32 bytes. Result: 12 bytes of nonce, the cipher text, 16 bytes of tag.

    Raises:
        InvalidKeyError: The key is no bytes or has another length.
        TypeError: *clear* or *context* is no bytes.

    Source:
        NIST SP 800-38D.
    """
    given: object = key
    if not isinstance(given, (bytes, bytearray, memoryview)) or len(given) != _KEY_BYTES:
        reason = f"a box is sealed with {_KEY_BYTES} bytes of key"
        raise InvalidKeyError(reason)
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, context)


@closed
def open_box(key: bytes, box: bytes, *, context: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        InvalidKeyError: Another key, another context, or bytes that were touched or are none.

    Example:
        >>> from posrefund.crypto import open_box, seal_box
        >>> box = seal_box(bytes(32), b"clear", context=b"item 7")
        >>> open_box(bytes(32), box, context=b"item 7")
        b'clear'
    """
    try:
        return AESGCM(key).decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], context)
    except (InvalidTag, ValueError, TypeError):
        reason = "the box does not open with this key"
        raise InvalidKeyError(reason) from None
