"""Keys and files for the tests of the key store. None of these keys was published before."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.crypto import Key

TMK = bytes.fromhex("3B5E7A1C94D20F68A7C3E15B2D8946F0")
PASSPHRASE = b"correct horse"
BLOCK = bytes.fromhex(
    "34E9D2189D0D9BF93924D2877019623EB1D5A085F4657944911545BC000000000000000068ABBC99"
)
"""DE62 of a sign-in answer under TMK, made once with this library's ECB and check values."""
SECOND_BLOCK = bytes.fromhex(
    "CAFE8D70479B54AAA26789DD0C2A3220984C3DB160C01FDC840702BE0000000000000000AE80DD03"
)
THIRD_BLOCK = bytes.fromhex(
    "FE178285B0EE82CFAB162B9AFCD04F45AC6CA85DB7F675AE855459D800000000000000004A66889E"
)
FIRST, SECOND, THIRD = "B1D5A0-68ABBC", "984C3D-AE80DD", "AC6CA8-4A6688"
PUBLISHED_TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
PUBLISHED_BLOCK = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
"""TMK and DE62 of a sign-in answer; published example of code456.com/article/3026509."""

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


class PowerCutError(BaseException):
    """Nothing catches it."""


def data_of(path: Path) -> dict[str, Any]:
    """Return the file's JSON."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return data


def write_data(path: Path, data: object) -> None:
    """Let the file hold *data*, its seal not renewed."""
    path.write_text(json.dumps(data), encoding="ascii")


def clear_material(key: Key) -> bytes:
    return key.use(key.purpose, "this test")
