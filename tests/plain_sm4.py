"""SM4, written from its standard in plain Python.

An oracle for tests and nothing else: slow, not constant-time, sharing no line with the package.

Source: GB/T 32907-2016, chapters 6 and 7; the table is its table 1.
"""

from __future__ import annotations

__all__ = ["decrypt", "encrypt"]

_BOX = bytes.fromhex(
    "D690E9FECCE13DB716B614C228FB2C05" "2B679A762ABE04C3AA44132649860699"
    "9C4250F491EF987A33540B43EDCFAC62" "E4B31CA9C908E89580DF94FA758F3FA6"
    "4707A7FCF37317BA83593C19E6854FA8" "686B81B27164DA8BF8EB0F4B70569D35"
    "1E240E5E6358D1A225227C3B01217887" "D40046579FD327524C3602E7A0C4C89E"
    "EABF8AD240C738B5A3F7F2CEF96115A1" "E0AE5DA49B341A55AD933230F58CB1E3"
    "1DF6E22E8266CA60C02923AB0D534E6F" "D5DB3745DEFD8E2F03FF6A726D6C5B51"
    "8D1BAF92BBDDBC7F11D95C411F105AD8" "0AC13188A5CD7BBD2D74D012B8E5B4B0"
    "8969974A0C96777E65B9F109C56EC684" "18F07DEC3ADC4D2079EE5F3ED7CB3948"
)  # fmt: skip
_FAMILY = (0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC)
_ROUNDS = 32


def _rotated(word: int, *counts: int) -> int:
    """XOR of *word* turned left by each of *counts*."""
    total = 0
    for count in counts:
        total ^= (word << count | word >> 32 - count) & 0xFFFFFFFF
    return total


def _boxed(word: int) -> int:
    return int.from_bytes(word.to_bytes(4, "big").translate(_BOX), "big")


def _split(block: bytes) -> list[int]:
    return [int.from_bytes(block[at : at + 4], "big") for at in (0, 4, 8, 12)]


def _constant(number: int) -> int:
    return int.from_bytes(bytes((4 * number + place) * 7 % 256 for place in range(4)), "big")


def _round_keys(key: bytes) -> list[int]:
    a, b, c, d = (each ^ fixed for each, fixed in zip(_split(key), _FAMILY, strict=True))
    found = []
    for number in range(_ROUNDS):
        new = a ^ _rotated(_boxed(b ^ c ^ d ^ _constant(number)), 0, 13, 23)
        found.append(new)
        a, b, c, d = b, c, d, new
    return found


def _crypt(round_keys: list[int], data: bytes) -> bytes:
    out = b""
    for start in range(0, len(data), 16):
        a, b, c, d = _split(data[start : start + 16])
        for each in round_keys:
            a, b, c, d = b, c, d, a ^ _rotated(_boxed(b ^ c ^ d ^ each), 0, 2, 10, 18, 24)
        out += b"".join(word.to_bytes(4, "big") for word in (d, c, b, a))
    return out


def encrypt(key: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks, each on its own."""
    return _crypt(_round_keys(key), data)


def decrypt(key: bytes, data: bytes) -> bytes:
    """Undo ``encrypt``."""
    return _crypt(_round_keys(key)[::-1], data)
