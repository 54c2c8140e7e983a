"""Message authentication codes as rules: the algorithm is data, the two verbs are ``mac``/``verify``.

``verify`` raises, it never returns False. Note well: the UnionPay fold is no protection against an
active attacker (swapping two 8-byte blocks keeps it, and the tag has 32 bits); it finds errors and
strangers without the key. Padding method 1 does not say where a message ends: zeros appended to the
last block keep the tag. Every echoed field is compared besides. Decision 0016. Floor 2.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from posrefund.closed import wipe
from posrefund.crypto._blockcipher import Algorithm, block_bytes
from posrefund.crypto._mac_tools import MAKERS
from posrefund.crypto.keys import Purpose
from posrefund.errors import ConfigError, KeyUsageError, MACMismatchError

if TYPE_CHECKING:
    from posrefund.crypto._mac_tools import Tool
    from posrefund.crypto.keys import Key

__all__ = [
    "AES_CMAC",
    "HMAC_SHA256",
    "ISO9797_1",
    "ISO9797_3",
    "SM4_CBC",
    "UNIONPAY_ECB",
    "UNIONPAY_SM4",
    "MACRule",
    "mac",
    "verify",
]

MACAlgorithm = Literal[
    "unionpay-ecb", "xor-encrypt", "iso9797-1", "iso9797-3", "cmac", "hmac-sha256"
]
_MAC, _VERIFY = Purpose.MAC, Purpose.MAC_VERIFY
_TDEA, _AES, _SM4 = Algorithm.TDEA, Algorithm.AES, Algorithm.SM4
_SHORTEST_BYTES = 4
"""ANSI X9.9 sends 32 bits; a shorter tag is found by trying."""
_HMAC_BYTES = 32


class _Traits(NamedTuple):
    """What an algorithm takes, and how long and in what form its tag is where a rule does not say."""

    ciphers: tuple[Algorithm, ...]
    paddings: tuple[int, ...] = (1,)
    length_bytes: int = 0
    encoding: Literal["raw", "hex"] = "raw"


_TRAITS: dict[MACAlgorithm, _Traits] = {
    "unionpay-ecb": _Traits((_TDEA, _SM4), length_bytes=4, encoding="hex"),
    "xor-encrypt": _Traits((_TDEA, _SM4)),
    "iso9797-1": _Traits((_TDEA, _AES, _SM4), (1, 2, 3)),
    "iso9797-3": _Traits((_TDEA,), (1, 2, 3)),
    "cmac": _Traits((_TDEA, _AES, _SM4)),
    "hmac-sha256": _Traits((_AES,)),
}


@dataclass(frozen=True, slots=True)
class MACRule:
    """How a host computes the MAC.

    Attributes:
        algorithm: ``"unionpay-ecb"``: all blocks XORed into one, that in hexadecimal encrypted half by
            half. ``"xor-encrypt"``: the same block encrypted once. ``"iso9797-1"``: CBC-MAC, with a
            single DES key ANSI X9.9. ``"iso9797-3"``: ANSI X9.19, "retail". ``"cmac"``: ISO 9797-1
            algorithm 5. ``"hmac-sha256"``: takes a key of 16 to 32 bytes, held as one of AES.
        cipher: Which the key has to be for.
        padding: Method 1, 2 or 3 of ISO 9797-1.
        length_bytes: The leftmost bytes that are sent, 4 or more; 0 for what the algorithm is known by:
            4 of UnionPay, all of the others.
        encoding: ``"raw"``, or ``"hex"`` for upper-case hexadecimal text, two characters for a byte;
            ``""`` for what the algorithm is known by: text of UnionPay, else raw.
        covers_from: The first byte that is covered: the ``"mti"``, or the ``"header"`` or the ``"tpdu"``
            before it. For who knows the whole message; ``mac`` takes the bytes as they are given.

    Raises:
        ConfigError: The parts do not go together.

    Example:
        >>> from posrefund.crypto import MACRule
        >>> MACRule("iso9797-3", length_bytes=4, encoding="hex").tag_bytes
        8
    """

    algorithm: MACAlgorithm = "unionpay-ecb"
    cipher: Algorithm = Algorithm.TDEA
    padding: int = 1
    length_bytes: int = 0
    encoding: Literal["", "raw", "hex"] = ""
    covers_from: Literal["mti", "header", "tpdu"] = "mti"

    def __post_init__(self) -> None:
        named: object = self.algorithm
        traits = _TRAITS.get(self.algorithm) if isinstance(named, str) else None
        if traits is None:
            raise ConfigError(f"a MAC rule has one of the algorithms {', '.join(_TRAITS)}")
        _check_kinds(self.cipher, self.length_bytes)
        if self.cipher not in traits.ciphers:
            raise ConfigError(f"{self.algorithm} goes with {', '.join(traits.ciphers)}")
        if self.padding not in traits.paddings:
            methods = ", ".join(map(str, traits.paddings))
            raise ConfigError(f"{self.algorithm} goes with padding method {methods}")
        whole = _HMAC_BYTES if self.algorithm == "hmac-sha256" else block_bytes(self.cipher)
        length_bytes = self.length_bytes or traits.length_bytes or whole
        if not _SHORTEST_BYTES <= length_bytes <= whole:
            raise ConfigError(f"{self.algorithm} gives {_SHORTEST_BYTES} to {whole} bytes")
        if self.encoding not in ("", "raw", "hex"):
            raise ConfigError("a MAC is sent raw or as hex")
        if self.covers_from not in ("mti", "header", "tpdu"):
            raise ConfigError("a MAC covers from the mti, the header or the tpdu")
        object.__setattr__(self, "length_bytes", length_bytes)
        object.__setattr__(self, "encoding", self.encoding or traits.encoding)

    @property
    def tag_bytes(self) -> int:
        """Length of the MAC as it stands in its field."""
        return self.length_bytes * (2 if self.encoding == "hex" else 1)


def _check_kinds(cipher: object, length_bytes: object) -> None:
    if not isinstance(cipher, Algorithm):  # its text is equal to it, and yet fits no key
        raise ConfigError("the cipher of a MAC rule is an Algorithm")
    if not isinstance(length_bytes, int):
        raise ConfigError("the length of a MAC is a number of bytes")


UNIONPAY_ECB = MACRule()
UNIONPAY_SM4 = MACRule(cipher=Algorithm.SM4)
"""The same fold over blocks of 16 bytes. Known from one page without numbers: ask the acquirer."""
ISO9797_1 = MACRule("iso9797-1")
ISO9797_3 = MACRule("iso9797-3")
SM4_CBC = MACRule("iso9797-1", Algorithm.SM4, length_bytes=4, encoding="hex")
"""As one public toolkit for a Chinese acquirer sends it."""
AES_CMAC = MACRule("cmac", Algorithm.AES)
HMAC_SHA256 = MACRule("hmac-sha256", Algorithm.AES)


def mac(key: Key, data: bytes, rule: MACRule = UNIONPAY_ECB) -> bytes:
    """Return the MAC of *data* as it stands in the MAC field.

    Shape:
        data: from the MTI to the last field before the MAC, any length. Result: ``rule.tag_bytes``;
        UnionPay: the ASCII upper-case hexadecimal of four cipher bytes.

    Raises:
        KeyUsageError: The key is no MAC key, or for another cipher.
        InvalidKeyError: ISO 9797-1 algorithm 3 needs a key of 16 bytes, CMAC no single DES key.
        TypeError: *data* is no bytes.

    Source:
        UnionPay "ECB" MAC; five agreeing public pages, worked example CSDN 94665452 (test vectors).
        ISO/IEC 9797-1 and its Annex B, GB/T 15852.1-2020, NIST SP 800-38B, RFC 4231 (test vectors).

    Example:
        >>> from posrefund.crypto import Key, Purpose, mac
        >>> mak = Key(bytes.fromhex("2222222222222222"), Purpose.MAC)
        >>> mac(mak, bytes.fromhex("1234567890ABCDEFABCDEF1234567890"))
        b'E267B6E2'
    """
    try:
        return _tag(key, data, rule, _MAC)
    except BaseException as error:
        del key, data
        wipe(error)
        raise


def _tag(key: Key, data: bytes, rule: MACRule, purpose: Purpose) -> bytes:
    if data.__class__ is not bytes:
        data = _plain(data)
    idle = key.idle(purpose, "a MAC", rule.algorithm)
    if key.algorithm is not rule.cipher:
        raise KeyUsageError(
            f"{key.algorithm} {key.purpose}", f"{rule.algorithm} with {rule.cipher}"
        )
    try:
        tool: Tool = idle.pop()
    except IndexError:
        tool = MAKERS[rule.algorithm](key.use(purpose, "a MAC"), key.algorithm)
    found = tool(data, rule.padding)[: rule.length_bytes]
    idle.append(tool)
    return found.hex().upper().encode("ascii") if rule.encoding == "hex" else found


def _plain(data: object) -> bytes:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        message = "a MAC is made of bytes"
        raise TypeError(message)
    return bytes(data)


def verify(key: Key, data: bytes, tag: bytes, rule: MACRule = UNIONPAY_ECB) -> None:
    """Check that *tag* is the MAC of *data*, in constant time. A key for ``MAC_VERIFY`` serves, too.

    Raises:
        MACMismatchError: It is not, or its length is another: an empty or shortened one is none.
        KeyUsageError: The key is no MAC key, or for another cipher.
        InvalidKeyError: ISO 9797-1 algorithm 3 needs a key of 16 bytes, CMAC no single DES key.
        TypeError: *data* or *tag* is no bytes.
    """
    try:
        purpose = _VERIFY if key.purpose is _VERIFY else _MAC
        _compare(_tag(key, data, rule, purpose), tag)
    except BaseException as error:
        del key, data
        wipe(error)
        raise


def _compare(right: bytes, tag: bytes) -> None:
    if len(_plain(tag)) != len(right) or not hmac.compare_digest(right, tag):
        raise MACMismatchError
