"""A pytest plugin that lets pyiso8583's own tests judge our codec.

Every call of ``iso8583.decode`` and ``iso8583.encode`` in them is answered by pyiso8583, as written, and by
``Codec`` besides, often enough for the shape to be compiled; the answers have to be the same, or the same
refusing field and offset.
"""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import Any

import iso8583

from posrefund.codec import Codec
from posrefund.errors import CodecError, DecodeError, EncodeError

_decode, _encode = iso8583.decode, iso8583.encode
_NAMES = {"MTI": "t", "bitmap": "p", "bitmap.secondary": "1", "header": "h"}
_CALLS = 5
compared = {"decode": 0, "encode": 0, "refused": 0}
_inside = False


def decode(s: Any, spec: Any) -> Any:
    """Decode as pyiso8583 does, and compare."""
    if _inside:
        return _decode(s, spec)
    try:
        answer = _decode(s, spec)
    except iso8583.DecodeError as error:
        compared["refused"] += 1
        ours = _ours(Codec(spec), "decode", s)
        assert isinstance(ours, DecodeError), (ours, error)
        assert (_name(ours), ours.offset_bytes) == (error.field, error.pos), (ours, error)
        raise
    ours = _ours(Codec(spec), "decode", s)
    assert ours == answer[0], (ours, answer[0])
    compared["decode"] += 1
    return answer


def encode(doc_dec: Any, spec: Any) -> Any:
    """Encode as pyiso8583 does, and compare."""
    if _inside:
        return _encode(doc_dec, spec)
    given = dict(doc_dec) if isinstance(doc_dec, dict) else doc_dec
    try:
        answer = _encode(doc_dec, spec)
    except iso8583.EncodeError as error:
        compared["refused"] += 1
        ours = _ours(Codec(spec), "encode", given)
        assert isinstance(ours, EncodeError), (ours, error)
        raise
    ours = _ours(Codec(spec), "encode", given)
    assert ours == bytes(answer[0]), (ours, answer[0])
    compared["encode"] += 1
    return answer


def _ours(codec: Codec, verb: str, argument: Any) -> Any:
    global _inside  # noqa: PLW0603 — the codec calls pyiso8583 itself
    _inside = True
    try:
        answers = []
        for _ in range(_CALLS):
            try:
                answers.append(getattr(codec, verb)(argument))
            except CodecError as error:
                answers.append(error)
    finally:
        _inside = False
    assert len({repr(answer) for answer in answers}) == 1, answers
    return answers[-1]


def _name(error: CodecError) -> str:
    return _NAMES.get(error.path, error.path.removeprefix("DE"))


def _report() -> None:
    Path(os.environ["POSREFUND_SHIM_REPORT"]).write_text(repr(compared), encoding="ascii")


iso8583.decode, iso8583.encode = decode, encode
atexit.register(_report)
