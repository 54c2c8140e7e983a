"""Key blocks TR-31 and X9.143: a key, what it may do, and a MAC over both. Floor 2.

Versions A to E are read, B (under TDEA) and D (under AES) written. One refusal says nothing more than that,
whatever is wrong with a block. A key comes out only for a purpose of ours that fits its usage, algorithm and
mode of use: a MAC key that may only verify is one for ``MAC_VERIFY``. Two things that a block may say no
purpose of ours does: which MAC it is for (M1, M3, M6 are all ``MAC``), and that a key works one way only.
"""

from __future__ import annotations

from typing import NamedTuple

from posrefund.closed import closed
from posrefund.crypto._keyblock import open_block, seal_block
from posrefund.crypto._keyblock_header import Header
from posrefund.crypto.keys import Algorithm, Key, Purpose
from posrefund.errors import InvalidKeyError, KeyUsageError

__all__ = ["Header", "unwrap_key_block", "wrap_key_block"]


class _Usage(NamedTuple):
    purpose: Purpose
    modes: str


_PIN, _MAC = _Usage(Purpose.PIN, "EBN"), _Usage(Purpose.MAC, "CN")
_USAGES = {
    "B0": _Usage(Purpose.BDK, "XN"),
    "B1": _Usage(Purpose.DUKPT, "XN"),
    "D0": _Usage(Purpose.DATA, "EBN"),
    "K0": _Usage(Purpose.KEK, "DBN"),
    "K1": _Usage(Purpose.KEK, "DBN"),
    "M0": _MAC,
    "M1": _MAC,
    "M3": _MAC,
    "M6": _MAC,
    "P0": _PIN,
}
"""TR-31:2018: usage, and the modes in which a terminal may do with the key what it does by our purpose."""
_VERIFY_ONLY = "V"
"""The mode, under a usage of MACs, of a key that checks them and makes none."""
_ALGORITHMS = {"T": Algorithm.TDEA, "A": Algorithm.AES, "D": Algorithm.TDEA}
_LETTERS = {Algorithm.TDEA: "T", Algorithm.AES: "A"}
_DEFAULTS = {
    Purpose.BDK: ("B0", "X"),
    Purpose.DUKPT: ("B1", "X"),
    Purpose.DATA: ("D0", "B"),
    Purpose.KEK: ("K0", "B"),
    Purpose.MAC: ("M3", "C"),
    Purpose.MAC_VERIFY: ("M3", "V"),
    Purpose.PIN: ("P0", "E"),
}
_VERSIONS = dict.fromkeys("ABC", Algorithm.TDEA) | dict.fromkeys("DE", Algorithm.AES)


@closed
def unwrap_key_block(protection: Key, block: str, purpose: Purpose) -> Key:
    """Return the key of *block* for *purpose*.

    Shape:
        protection: the key block protection key, of TDEA for A, B and C, of AES for D and E.

    Raises:
        InvalidKeyError: The block is not whole, not under this key, or not of a form that is read here.
        KeyUsageError: *protection* is no key-encrypting key, or the block's key is not for *purpose*.

    Source:
        TR-31:2018, ANSI X9.143:2021, ISO 20038:2017 (test vectors).

    Example:
        >>> from posrefund.crypto import Key, Purpose
        >>> from posrefund.crypto.keyblock import unwrap_key_block
        >>> protection = Key(bytes.fromhex("DD7515F2BFC17F85CE48F3CA25CB21F6"), Purpose.KEK)
        >>> block = "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E"
        >>> unwrap_key_block(protection, block, Purpose.PIN)
        Key(PIN, KCV 57C409)
    """
    if not isinstance(block, str):
        raise _refusal()
    material = _protection(protection, block[:1])
    header, clear = open_block(material, block)
    named = f"{header.usage}/{header.algorithm}/{header.mode}"
    algorithm = _ALGORITHMS.get(header.algorithm)
    if algorithm is None or not _allows(header, purpose):
        raise KeyUsageError(named, purpose)
    return Key(clear, purpose, algorithm)


@closed
def wrap_key_block(protection: Key, key: Key, *, header: Header | None = None) -> str:
    """Return *key* in a block of version B or D, by the algorithm of *protection*; its length does not show.

    Shape:
        header: what the block says; without one, the usual usage and mode of the key's purpose, and not
            exportable.

    Raises:
        KeyUsageError: *protection* is no key-encrypting key, or *header* says something the key is not.
        InvalidKeyError: The protection key is weaker than the key, or the header cannot be written.
    """
    version = "B" if protection.algorithm is Algorithm.TDEA else "D"
    header = header or _header(version, key)
    material = _protection(protection, header.version)
    named = f"{header.usage}/{header.algorithm}/{header.mode}"
    if not _allows(header, key.purpose):
        raise KeyUsageError(key.purpose, named)
    if _ALGORITHMS.get(header.algorithm) is not key.algorithm:
        raise KeyUsageError(key.purpose, named)
    return seal_block(material, header, key.use(key.purpose, "wrapping"))


def _allows(header: Header, purpose: Purpose) -> bool:
    usage = _USAGES.get(header.usage)
    if usage is _MAC and purpose is Purpose.MAC_VERIFY:
        return header.mode == _VERIFY_ONLY
    return usage is not None and usage.purpose is purpose and header.mode in usage.modes


def _header(version: str, key: Key) -> Header:
    if key.algorithm not in _LETTERS:
        raise KeyUsageError(f"{key.algorithm} {key.purpose}", "a key block")
    usage, mode = _DEFAULTS[key.purpose]
    return Header(version, usage, _LETTERS[key.algorithm], mode)


def _protection(key: Key, version: str) -> bytes:
    material = key.use(Purpose.KEK, "a key block")
    if _VERSIONS.get(version) is not key.algorithm:
        raise _refusal()
    return material


def _refusal() -> InvalidKeyError:
    return InvalidKeyError("the key block is refused")
