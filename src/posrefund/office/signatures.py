"""The customer's signature: drawn on a pad, or given by phone; kept by its digest. Floor 8.

The journal holds the SHA-256 of what was given (``Terminal.sign``); the thing itself lies where the shop keeps such things,
under its digest as its name. Whoever shows it later can be checked, and nobody can put another one in its place.
"""

from __future__ import annotations

import hmac
import os
import secrets
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from posrefund.engine import Signature
from posrefund.errors import ConfigError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from posrefund.engine import Attempt

__all__ = ["TextToSign", "draw", "fetch", "keep", "signed_by_phone"]

Point = tuple[int, int]

_BYTES_MAX = 256 * 1024
_SIDE_MAX = 2000
_POINTS_MAX = 20_000
_BLOCK_BYTES = 65_535
_KEY_BYTES_MIN = 16


# --- drawn -----------------------------------------------------------------------------------------


def draw(strokes: Iterable[Sequence[Point]], width: int = 384, height: int = 128) -> bytes:
    r"""Return what a pen did on a pad as a PNG, black on white; the same strokes give the same bytes, everywhere.

    Args:
        strokes: Each from pen down to pen up; points are (x, y) pixels from the upper left corner. What is outside of the
            picture is left out.
        width: Pixels.
        height: Pixels.

    Raises:
        InvalidRequestError: Path ``strokes``: nothing was drawn, or more than a signature takes; or ``size``.

    Example:
        >>> from posrefund.office.signatures import draw
        >>> draw([[(10, 10), (90, 30)]], 100, 40)[:4]
        b'\x89PNG'
    """
    drawn = [list(stroke) for stroke in strokes]
    faults = []
    if not 0 < sum(map(len, drawn)) <= _POINTS_MAX:
        faults.append(("strokes", "1 to 20000 points"))
    elif not all(abs(part) <= 2 * _SIDE_MAX for stroke in drawn for at in stroke for part in at):
        faults.append(("strokes", "points near the picture"))
    if not (0 < width <= _SIDE_MAX and 0 < height <= _SIDE_MAX):
        faults.append(("size", "1 to 2000 pixels each way"))
    if faults:
        raise InvalidRequestError(faults)
    paper = [bytearray(b"\xff" * -(-width // 8)) for _ in range(height)]
    for stroke in drawn:
        for x, y in _dots(stroke):
            for across, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
                _blacken(paper, x + across, y + down, width)
    return _png(paper, width)


def _dots(stroke: Sequence[Point]) -> Iterator[Point]:
    """Every pixel that the pen went over (Bresenham, in steps of the longer side)."""
    yield from stroke[:1]
    for (x, y), (to_x, to_y) in pairwise(stroke):
        steps = max(abs(to_x - x), abs(to_y - y))
        for step in range(1, steps + 1):
            yield (
                x + (2 * (to_x - x) * step + steps) // (2 * steps),
                y + (2 * (to_y - y) * step + steps) // (2 * steps),
            )


def _blacken(paper: list[bytearray], x: int, y: int, width: int) -> None:
    if 0 <= x < width and 0 <= y < len(paper):
        paper[y][x // 8] &= ~(0x80 >> x % 8)


def _png(rows: Sequence[bytearray], width: int) -> bytes:
    """A PNG of one bit a pixel, not compressed: what compresses differs from one library to the next."""
    header = struct.pack(">IIBBBBB", width, len(rows), 1, 0, 0, 0, 0)
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    parts = [raw[at : at + _BLOCK_BYTES] for at in range(0, len(raw), _BLOCK_BYTES)]
    stored = b"".join(
        struct.pack("<BHH", part is parts[-1], len(part), len(part) ^ 0xFFFF) + part
        for part in parts
    )
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(raw))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


# --- kept ------------------------------------------------------------------------------------------


def keep(picture: bytes, folder: Path | None) -> Signature:
    """Store *picture* in *folder* under its digest, for its owner alone, and return the signature for the journal.

    Kept twice is once: the file stays.

    Args:
        picture: As the pad gave it, or as ``draw`` did; at most 256 KiB.
        folder: Made, if it is not there; None where none is set.

    Raises:
        InvalidRequestError: Path ``picture``: nothing, or too much.
        ConfigError: It cannot be written there, or there is no folder.
    """
    folder = _set(folder)
    if not 0 < len(picture) <= _BYTES_MAX:
        raise InvalidRequestError([("picture", "1 byte to 256 KiB")])
    signature = Signature.of("bitmap", picture)
    file = folder / signature.sha256
    unfinished = folder / f".{signature.sha256}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (file.exists() and file.read_bytes() == picture):
            with open(unfinished, "xb", opener=_for_owner) as out:
                out.write(picture)
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(file)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ConfigError(f"{folder}: the signature cannot be kept: {error.strerror}") from None
    return signature


def fetch(signature: Signature, folder: Path | None) -> bytes:
    """Return what ``keep`` stored, if it still is what was given.

    Raises:
        ConfigError: It is not there, or cannot be read.
        InvalidRequestError: Path ``signature``: what is there is something else; or it was given on paper.
    """
    folder = _set(folder)
    if not signature.sha256:
        raise InvalidRequestError([("signature", "one that was not given on paper")])
    try:
        picture = (folder / signature.sha256).read_bytes()
    except OSError as error:
        raise ConfigError(f"{folder}: the signature cannot be read: {error.strerror}") from None
    signature.check(picture)
    return picture


def _set(folder: Path | None) -> Path:
    if folder is None:
        raise ConfigError("no folder is set to keep signatures in")
    return folder


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


# --- by phone --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextToSign:
    """What a customer signs on his own phone: this refund, this amount, of that sale, and no other.

    Attributes:
        request_id: Whose.
        terminal: DE41.
        minor: How much, in minor units.
        currency: ISO 4217 numeric.
        original_id: The sale; empty for none.
        nonce: 32 hexadecimal digits that were never used before.

    Example:
        >>> from posrefund.office.signatures import TextToSign
        >>> str(TextToSign("R-1", "12345678", 1000, "156", "S-1", "00" * 16))
        'posrefund-sign-1 R-1 12345678 156 1000 S-1 00000000000000000000000000000000'
    """

    request_id: str
    terminal: str
    minor: int
    currency: str
    original_id: str
    nonce: str

    @classmethod
    def of(cls, attempt: Attempt) -> TextToSign:
        """Return the text for *attempt*, with a nonce of its own each time; keep it until it is signed."""
        amount = attempt.amount
        return cls(
            attempt.request_id,
            attempt.terminal,
            amount.minor,
            amount.currency,
            attempt.original_id or "",
            secrets.token_hex(16),
        )

    def __str__(self) -> str:
        parts = (self.request_id, self.terminal, self.currency, self.minor)
        return " ".join(["posrefund-sign-1", *map(str, parts), self.original_id or "-", self.nonce])


def signed_by_phone(text: TextToSign, proof: bytes, *, key: bytes | Ed25519PublicKey) -> Signature:
    """Check what a phone sent for *text*, and return the signature for the journal: the digest of text, line end and proof.

    Args:
        text: What it was asked to sign, as it was shown.
        proof: HMAC-SHA256 (32 bytes) under a key that the phone's service shares with us, or Ed25519 (64 bytes).
        key: That key, 16 bytes or more; or the phone's public key.

    Raises:
        InvalidRequestError: Path ``signature``: it is not that key's, or not of this text.
        ConfigError: The key is too short.

    Source:
        RFC 2104 and RFC 8032.
    """
    said = str(text).encode("ascii")
    if isinstance(key, Ed25519PublicKey):
        try:
            key.verify(proof, said)
        except InvalidSignature:
            raise _not_signed() from None
    elif len(key) < _KEY_BYTES_MIN:
        raise ConfigError("a key for signatures has 16 bytes or more")
    elif not hmac.compare_digest(hmac.digest(key, said, "sha256"), proof):
        raise _not_signed()
    return Signature.of("qr", said + b"\n" + proof)


def _not_signed() -> InvalidRequestError:
    return InvalidRequestError([("signature", "the one of this text, made with that key")])
