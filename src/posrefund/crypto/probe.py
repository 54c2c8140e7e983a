"""Which MAC is this? One message, its key and the right MAC in; every rule and range that reproduces it out. Floor 2.

"A MAC of the host" names none of the seven things that vary between two hosts (decision 0021). An afternoon of
trying by hand is a second of trying by machine. Where no likely range fits, every range is tried: some ten
seconds for 300 bytes, and more than four times as long for twice as many.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, get_args

from posrefund.closed import closed, wipe
from posrefund.crypto._blockcipher import BLOCK_BYTES, Algorithm
from posrefund.crypto.keys import Key, Purpose
from posrefund.crypto.mac import MACAlgorithm, MACRule, mac
from posrefund.errors import ConfigError, CryptoError, InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Finding", "KeyPart", "probe"]

KeyPart = str
"""``whole``, ``left half``, ``right half`` or ``halves swapped``: hosts take a key apart in their own ways."""

_FURTHEST_START = 64
"""Length prefix, TPDU, header: no message begins later than that."""
_HEX = frozenset(b"0123456789ABCDEF")


@dataclass(frozen=True, slots=True)
class Finding:
    """One way to come to the MAC.

    Attributes:
        rule: Algorithm, cipher, padding, length and form.
        key_part: Which part of the key it takes.
        start: The first byte that is covered, from 0.
        end: The first byte after them.
    """

    rule: MACRule
    key_part: KeyPart
    start: int
    end: int


@closed
def probe(key: Key, message: bytes, tag: bytes) -> Iterator[Finding]:
    """Try every rule over the ranges a host may mean; if none fits, over every range.

    Args:
        key: A MAC key, whatever cipher it is said to be for: its bytes are tried with all of them.
        message: As it was sent, with or without framing and MAC field.
        tag: The right MAC as it stands in its field, raw or as hexadecimal text.

    Raises:
        KeyUsageError: The key is no MAC key.
        ConfigError: No rule gives a MAC of that length, or there is no message.

    Example:
        >>> from posrefund.crypto import Key, Purpose
        >>> from posrefund.crypto.probe import probe
        >>> mak = Key(bytes.fromhex("2222222222222222"), Purpose.MAC)
        >>> sent = bytes.fromhex("60000100001234567890ABCDEFABCDEF1234567890") + b"E267B6E2"
        >>> for found in probe(mak, sent, b"E267B6E2"):
        ...     print(found.rule.algorithm, found.start, found.end)
        unionpay-ecb 5 21
    """
    tries = [
        (attempt, rule, part)
        for part, attempt in _keys(key)
        for rule in _rules(attempt.algorithm, tag)
    ]
    if not (tries and tag and message):
        raise ConfigError("a MAC has 4 to 32 bytes, or twice as many hexadecimal digits")
    return _search(tries, message, tag)


def _search(
    tries: list[tuple[Key, MACRule, KeyPart]], message: bytes, tag: bytes
) -> Iterator[Finding]:
    try:
        likely = sorted(_likely(message, tag))
        is_found = False
        for start, end in likely:
            for found in _over(tries, message, tag, start, end):
                is_found = True
                yield found
        if not is_found:
            tried = set(likely)
            for start, end in _every(message):
                if (start, end) not in tried:
                    yield from _over(tries, message, tag, start, end)
    except BaseException as error:  # it takes seconds: somebody presses Ctrl-C
        del tries, message
        wipe(error)
        raise


def _over(
    tries: list[tuple[Key, MACRule, KeyPart]], message: bytes, tag: bytes, start: int, end: int
) -> Iterator[Finding]:
    covered = message[start:end]
    for key, rule, part in tries:
        if _gives(key, rule, covered, tag):
            yield Finding(rule, part, start, end)


def _gives(key: Key, rule: MACRule, covered: bytes, tag: bytes) -> bool:
    try:
        return mac(key, covered, rule) == tag
    except CryptoError:  # X9.19 with a key of 8 bytes and the like
        return False


def _likely(message: bytes, tag: bytes) -> set[tuple[int, int]]:
    """From any start to the MAC, to where a MAC may stand, and to the end."""
    size = len(message)
    ends = {size, *(size - width for width in (4, 8, 16))}
    place = message.find(tag)
    while place >= 0:
        ends.add(place)
        place = message.find(tag, place + 1)
    return {(start, end) for start in _starts(message) for end in ends if end > start}


def _every(message: bytes) -> Iterator[tuple[int, int]]:
    return ((start, end) for start in _starts(message) for end in range(len(message), start, -1))


def _starts(message: bytes) -> range:
    return range(min(len(message), _FURTHEST_START + 1))


def _keys(key: Key) -> Iterator[tuple[KeyPart, Key]]:
    material = key.use(Purpose.MAC, "a MAC probe")
    parts = {"whole": material}
    left, right = material[:BLOCK_BYTES], material[BLOCK_BYTES:]
    if len(right) == BLOCK_BYTES and left != right:
        parts |= {"left half": left, "right half": right, "halves swapped": right + left}
    for part, algorithm in ((p, a) for p in parts for a in Algorithm):
        if part == "whole" or algorithm is Algorithm.TDEA:
            try:
                yield part, Key(parts[part], Purpose.MAC, algorithm)
            except (InvalidKeyError, ConfigError):  # another length, or a cipher that is not here
                continue


def _rules(cipher: Algorithm, tag: bytes) -> Iterator[MACRule]:
    forms = [("raw", len(tag))]
    if len(tag) % 2 == 0 and _HEX.issuperset(tag):
        forms.append(("hex", len(tag) // 2))
    names: tuple[MACAlgorithm, ...] = get_args(MACAlgorithm)
    for name, padding in chain.from_iterable([(n, p) for p in (1, 2, 3)] for n in names):
        for encoding, length in forms:
            try:
                yield MACRule(name, cipher, padding, length, encoding)  # type: ignore[arg-type]
            except ConfigError:  # the parts do not go together
                continue
