"""Compiled codec against pyiso8583 itself, on generated specifications and messages. Seeded.

``python -m fuzz.differential --messages 1000000``. For every message, whole or damaged: the same fields or
the same refusing field and offset; the same bytes or the same refusing field. The caller's dict is left
alone. Wanted differences, listed in the documents, are taken out where they are compared.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import iso8583

from posrefund.codec import Check, Codec
from posrefund.errors import CodecError, DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.codec.check import Characters

Spec = dict[str, dict[str, Any]]
_TEXTS = ("ascii", "ascii", "latin-1", "cp500", "utf-8")
_MESSAGES_OF_A_SPEC = 24
_HEX = "0123456789ABCDEF"


@dataclass
class Report:
    """What a run compared."""

    specifications: int = 0
    messages: int = 0
    encoded: int = 0
    decoded: int = 0
    refused: int = 0
    compiled: int = 0
    stencils: int = 0
    secondary: int = 0


def specification(random: Random) -> Spec:
    """Return a specification that pyiso8583 accepts, plain or odd."""
    flat = {"data_enc": "b", "len_enc": "b", "len_type": 0, "max_len": 0, "desc": ""}
    head = random.choice(("b", "ascii", "cp500"))
    spec = {
        "h": _header(random, flat),
        "t": {**flat, "data_enc": random.choice(("b", head)), "max_len": 2},
        "p": {**flat, "data_enc": random.choice(("b", head)), "max_len": 8},
        "1": {**flat, "data_enc": random.choice(("b", head)), "max_len": 8},
    }
    numbers = random.sample(range(2, 65), random.randint(1, 12))
    if random.random() < 0.4:
        numbers += random.sample(range(66, 129), random.randint(1, 3))
    if random.random() < 0.1:
        numbers += random.sample(range(129, 193), random.randint(1, 2))
    favourite = _rule(random)
    for number in numbers:
        spec[str(number)] = favourite if random.random() < 0.3 else _rule(random)
    return spec


def _header(random: Random, flat: dict[str, Any]) -> dict[str, Any]:
    """None, mostly; of a fixed length, seldom of a variable one."""
    if random.random() < 0.7:
        return {**flat, "max_len": 0}
    fixed = {**flat, "data_enc": random.choice(("b", "ascii", "cp500")), "max_len": 4}
    fixed["len_type"] = random.choice((0, 0, 0, 1))
    return fixed | random.choice(({}, {}, {"len_count": "nibbles", "left_pad": "0"}))


def _checks(random: Random, spec: Spec) -> dict[str, Check]:
    """Return checks of some fields that messages meet now and then."""
    classes: tuple[Characters | None, ...] = (None, "n", "an", "ans", "z", "b", "x+n")
    names = [name for name in spec if name not in ("h", "p", "1") or random.random() < 0.1]
    checks = {}
    for name in random.sample(names, random.randint(0, len(names))):
        least = random.choice((0, 0, 0, 2))
        check = Check(random.choice(classes), length_min=least)
        if random.random() < 0.1:
            check = Check(luhn=True) if random.random() < 0.5 else Check(calendar="MMDD")
        checks[name] = check
    return checks


def _rule(random: Random) -> dict[str, Any]:
    binary = random.random() < 0.55
    rule: dict[str, Any] = {
        "data_enc": "b" if binary else random.choice(_TEXTS),
        "len_enc": random.choice(("bcd", "b", "ascii", "cp500")),
        "len_type": random.choice((0, 0, 0, 1, 2, 3, 4)),
        "max_len": random.choice((0, 1, 2, 3, 4, 5, 6, 8, 12, 15, 16, 19, 40, 99, 999, 1200)),
        "desc": "",
    }
    if random.random() < (0.6 if binary else 0.05):
        rule["len_count"] = "nibbles"
        pad = random.choice(("0", "F", "0", "", "f", "01"))
        rule[random.choice(("left_pad", "right_pad"))] = pad
    return rule


def message(random: Random, spec: Spec) -> dict[str, str]:
    """Return fields that fit, mostly."""
    doc = {"t": "".join(random.choices("0123456789", k=4))}
    if spec["h"]["max_len"]:
        doc["h"] = _value(random, spec["h"])
    numbers = [name for name in spec if name.isdigit() and name != "1"]
    for name in random.sample(numbers, random.randint(0, len(numbers))):
        doc[name] = _value(random, spec[name])
    if random.random() < 0.1:
        doc["p"] = "whatever"
    return doc


def _again(random: Random, spec: Spec, shape: dict[str, str]) -> dict[str, str]:
    """Return other values for the same fields; those of variable length often as long as before."""
    doc = {}
    for name, value in shape.items():
        if not name.isdigit() and name != "h":
            doc[name] = value
            continue
        other = _value(random, spec[name])
        keep = spec[name]["len_type"] and random.random() < 0.8
        doc[name] = (other * (len(value) + 1))[: len(value)] if keep and other else other
        if not other and keep:
            doc[name] = value
    return doc


def _value(random: Random, rule: dict[str, Any]) -> str:
    most = min(rule["max_len"], 40 if random.random() < 0.9 else 1200)
    size = most if rule["len_type"] == 0 else random.randint(0, most)
    if rule["len_type"] == 0:
        size = rule["max_len"]
    if random.random() < 0.03:
        size += random.choice((-1, 1, 2))
    size = max(size, 0)
    if rule["data_enc"] != "b":
        odd = random.random() < 0.03
        return "".join(random.choices("AZ09 é€" if odd else "ABCZ0189 ", k=size))
    digits = size if rule.get("len_count") == "nibbles" else 2 * size
    alphabet = "0123456789" if random.random() < 0.8 else "0123456789ABCDEFabcdef"
    return "".join(random.choices(alphabet + ("G" if random.random() < 0.02 else ""), k=digits))


def damage(random: Random, raw: bytes) -> bytes:
    """Return *raw* with an accident in it."""
    data = bytearray(raw)
    at = random.randrange(len(data) + 1)
    match random.randrange(4):
        case 0 if data:
            data[at % len(data)] ^= 1 << random.randrange(8)
        case 1:
            del data[at:]
        case 2:
            data[at:at] = random.randbytes(1)
        case _:
            data[at : at + 1] = random.randbytes(1)
    return bytes(data)


def expected_fields(raw: bytes, spec: Spec) -> dict[str, str] | tuple[str, int]:
    """Return what pyiso8583 says of *raw*: fields, or the refusing field and offset."""
    try:
        return iso8583.decode(raw, spec)[0]
    except iso8583.DecodeError as error:
        return error.field, error.pos
    except KeyError as error:  # a field the specification lacks: ours is a DecodeError there
        return str(error.args[0]), -1


def check_decode(raw: bytes, spec: Spec, codec: Codec, report: Report) -> None:
    """Compare one message."""
    expected = expected_fields(raw, spec)
    found = _answer(lambda: codec.decode(raw))
    check_others(raw, codec, found)
    if isinstance(expected, tuple):
        report.refused += 1
        assert isinstance(found, tuple), (expected, found)
        if (
            found[0] != "1"
        ):  # ours may refuse a secondary bitmap before pyiso8583 comes to the field
            assert found[0] == expected[0], (expected, found)
            assert expected[1] in (-1, found[1]), (expected, found)
    elif isinstance(found, tuple):
        # Wanted: a secondary bitmap that announces nothing this specification has, and lengths of digits.
        assert found[0] == "1" or _has_odd_length(raw, spec), (expected, found)
    else:
        report.decoded += 1
        report.secondary += "1" in expected
        assert found == expected
        assert isinstance(found, dict)
        assert list(found) == list(expected)


def _has_odd_length(raw: bytes, spec: Spec) -> bool:
    """Whether a length in characters is something else than digits, which pyiso8583 reads: " 7", "+7"."""
    parts = iso8583.decode(raw, spec)[1]
    lengths = [
        part["len"].decode(spec[name]["len_enc"])
        for name, part in parts.items()
        if part["len"] and spec[name]["len_enc"] not in ("b", "bcd")
    ]
    return not all(text.isascii() and text.isdigit() for text in lengths)


def check_others(raw: bytes, codec: Codec, expected: object) -> None:
    """Compare record and view of one message with its dict."""
    assert _answer(lambda: codec.record(raw).fields()) == expected
    assert _answer(lambda: dict(codec.lazy(raw))) == expected


def check_checked(doc: dict[str, str], raws: list[bytes], ours: Codec, plain: Codec) -> None:
    """Compare a codec with checks, compiled and not."""
    expected = _answer(lambda: plain.encode(doc))
    assert _answer(lambda: ours.encode(doc)) == expected, expected
    for raw in raws:
        expected = _answer(functools.partial(plain.decode, raw))
        assert _answer(functools.partial(ours.decode, raw)) == expected, expected
        check_others(raw, ours, expected)


def _answer(call: Callable[[], object]) -> object:
    """What a call returns, or the field that it refuses and why."""
    try:
        return call()
    except DecodeError as error:
        return _name(error), error.offset_bytes, error.expected
    except EncodeError as error:
        return _name(error), error.expected


def check_encode(doc: dict[str, str], spec: Spec, codec: Codec, report: Report) -> bytes | None:
    """Compare one set of fields; return its bytes."""
    before = dict(doc)
    try:
        expected = bytes(iso8583.encode(dict(doc), spec)[0])
    except iso8583.EncodeError as error:
        report.refused += 1
        try:
            codec.encode(doc)
        except EncodeError as ours:
            assert _name(ours) == error.field, (ours, error)
            return None
        raise AssertionError(f"pyiso8583 refuses {error.field}, ours encodes it") from error
    found = codec.encode(doc)
    assert found == expected, (found.hex(), expected.hex())
    assert doc == before, "the caller's dict is left alone"
    assert list(doc) == list(before)
    report.encoded += 1
    return expected


def _name(error: CodecError) -> str:
    names = {"MTI": "t", "bitmap": "p", "bitmap.secondary": "1", "header": "h"}
    return names.get(error.path, error.path.removeprefix("DE"))


def run(seed: int, messages: int, seconds: float = 1e9) -> Report:
    """Compare *messages* messages, or as many as *seconds* allow."""
    random = Random(seed)
    report = Report()
    began = time.perf_counter()
    while report.messages < messages and time.perf_counter() - began < seconds:
        spec = specification(random)
        codec, checks = Codec(spec), _checks(random, spec)
        checked = [Codec(spec, checks=checks), Codec(spec, checks=checks, engine="reference")]
        report.specifications += 1
        shapes = [message(random, spec) for _ in range(random.choice((1, 3)))]
        for _ in range(_MESSAGES_OF_A_SPEC):
            doc = _again(random, spec, random.choice(shapes))
            raw = check_encode(doc, spec, codec, report)
            if raw is not None:
                broken = damage(random, raw)
                check_decode(raw, spec, codec, report)
                check_decode(broken, spec, codec, report)
                if checks:
                    check_checked(doc, [raw, broken], *checked)
            report.messages += 1
        for one in (codec, checked[0]):
            report.compiled += len(one._engine.decoders) + len(one._engine.encoders)
            report.stencils += one._engine._stencil_count
    return report


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began = time.perf_counter()
    try:
        report = run(asked.seed, asked.messages, asked.seconds)
    except AssertionError as difference:
        sys.exit(f"DIFFERENCE with seed {asked.seed}: {difference}")
    print(f"{report} in {time.perf_counter() - began:.1f} s; 0 differences")


if __name__ == "__main__":
    main()
