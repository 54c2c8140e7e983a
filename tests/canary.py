"""Marked secrets, every spelling they could leak in, and a look into all the corners of an error."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["everything_in", "leaks_in", "spellings"]

PIN = "48120957"
PAN_16, PAN_19 = "6200000000000005", "6205500000000000004"
TRACK = f"{PAN_16}D30122019384756"
TMK = bytes.fromhex("9B4C7F21D83A65E01C8D3F5A7B92E604")
PIK = bytes.fromhex("D3917A5CE2480F6B862F9D1BC47E50A3")
MAK = bytes.fromhex("4EA1B9C80D7356F2E89A17D42C60F5B3")
TDK = bytes.fromhex("C7E3518A9F2D046BB1580CD97E36A4F2")
LONG = bytes.fromhex("A85C19E7D2460FB37E93C1580AD4F62BB6D81F457C92E30A")
IK = bytes.fromhex("857D13F8E6C92AB05B1E94C7D0A36F82")
AES = bytes.fromhex("E19D5AC0738F2B46D4C3869E710FA5B82D6C97F18E40B3D5CA519E7F04D8A362")
PASSPHRASE = b"Meadowlark sings at 4"

KEYS = (TMK, PIK, MAK, TDK, LONG, IK, AES)
CARDS = (PIN, PAN_16, PAN_19, TRACK)
_TESTS = str(Path(__file__).parent)


def spellings(secret: str | bytes) -> set[str]:
    """Return the texts by which a program could give *secret* away, whole or by its half."""
    if isinstance(secret, str):
        packed = bytes.fromhex(secret[: len(secret) & ~1])
        return {secret, secret.replace("D", "="), *_of_bytes(packed)}
    return {*_of_bytes(secret), *_of_bytes(secret[:8]), *_of_bytes(secret[-8:])}


def _of_bytes(data: bytes) -> Iterator[str]:
    yield data.hex()
    yield data.hex().upper()
    yield repr(data)[2:-1]
    yield ", ".join(map(str, data))
    yield str(int.from_bytes(data, "big"))
    yield data.decode("latin-1")


PIN_BLOCK = bytes.fromhex("5D93E81A7C40B62F")
"""As a PIN pad gives it: encrypted, and yet nothing to keep or to show."""
_ALL = {text for secret in (*KEYS, *CARDS, PASSPHRASE, PIN_BLOCK) for text in spellings(secret)}


def leaks_in(text: str | bytes) -> set[str]:
    """Return the spellings of marked secrets that stand in *text*."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    text += text.replace("\\\\", "\\")  # a repr within a repr
    return {each for each in _ALL if each in text}


def everything_in(error: BaseException) -> str:
    """Return all that can be printed of *error*, of what it was raised from and of their frames.

    The frames of the tests are left out: what a caller holds is the caller's.
    """
    return "\n".join(part for each in _chain(error) for part in _parts(each))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and not any(each is other for other in seen):
            seen.append(each)
            yield each
            waiting += [each.__cause__, each.__context__]


def _parts(error: BaseException) -> Iterable[str]:
    yield from (str(error), repr(error), f"{error}", repr(error.args), repr(vars(error)))
    yield repr(getattr(error, "__notes__", ()))
    yield pickle.dumps(error).decode("latin-1")
    yield repr(vars(copy.deepcopy(error)))
    for frame in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
        if not frame.filename.startswith(_TESTS):
            yield f"{frame.filename}:{frame.lineno} {frame.name}"
            yield from (frame.locals or {}).values()
