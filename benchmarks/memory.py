"""Memory under hostile messages: random bitmaps, some of them well-formed, some sent twice."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from posrefund.codec import Codec
from posrefund.dialects import dialect
from posrefund.errors import DecodeError

_WELL_FORMED = 100
"""One message in so many is read, with a set of fields that never was before."""
_TWICE = 1000
"""One in so many is sent until it has a decoder and a stencil of its own."""
_SHAPES = 2000
"""Sent before anything is measured: more than are ever kept."""
_FIXED = (
    "3",
    "4",
    "11",
    "12",
    "13",
    "14",
    "15",
    "22",
    "23",
    "25",
    "26",
    "27",
    "37",
    "38",
    "39",
    "41",
    "42",
    "49",
    "52",
    "53",
    "64",
)


def memory(messages: int) -> None:
    """Read *messages* hostile messages and print what the process holds on the way."""
    random = Random(8583)  # noqa: S311
    known = dialect("unionpay")
    codec = Codec(known.specification, accept_pads=known.accept_pads)
    noise = random.randbytes(1 << 16)
    for _ in range(min(messages, _SHAPES)):  # the caches are full before anything is measured
        _read(codec, random, noise, 1)
    held, refused, began = [resident_bytes()], 0, time.perf_counter()
    for _ in range(4):
        refused += _read(codec, random, noise, messages // 4)
        held.append(resident_bytes())
    took = time.perf_counter() - began
    engine = codec._engine  # noqa: SLF001
    print(f"{messages} hostile messages, {refused} refused, {took / messages * 1e6:.1f} µs each")
    print(
        f"  resident with full caches and after each quarter, MiB:"
        f" {', '.join(f'{size / 2**20:.1f}' for size in held)};"
        f" {len(engine.decoders)} decoders, {engine._stencil_count} stencils,"  # noqa: SLF001
        f" {len(engine.encoders)} encoders, {len(engine._seen)} shapes seen once"  # noqa: SLF001
    )


def _read(codec: Codec, random: Random, noise: bytes, messages: int) -> int:
    refused = 0
    for number in range(messages):
        if number % _WELL_FORMED == 0:
            times = 6 if number % _TWICE == 0 else 1
            raw = _well_formed(codec, random)
        else:
            at = random.randrange(len(noise) - 200)
            times, raw = 1, b"\x02\x20" + random.randbytes(8) + noise[at : at + 150]
        for _ in range(times):
            try:
                codec.decode(raw)
            except DecodeError:
                refused += 1
    return refused


def _well_formed(codec: Codec, random: Random) -> bytes:
    fields = {"t": "0220"}
    for name in _FIXED:
        if random.random() < 0.5:
            rule = codec.specification[name]
            packed = rule["data_enc"] == "b" and rule.get("len_count") != "nibbles"
            fields[name] = "1" * rule["max_len"] * (2 if packed else 1)
    return codec.encode(fields)


def resident_bytes() -> int:
    """Return the resident memory of this process, or the most it ever was where that is all there is."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024
