"""Feeds damaged messages to everything that reads bytes, and counts; stops at the first escape.

``python -m fuzz.mutate --seconds 60`` or ``--messages 100000``; ``--seed`` repeats a run. The invariant
in one line: bytes are read, or refused with ``DecodeError``; what is read is written back the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from random import Random
from typing import TYPE_CHECKING

from fuzz.samples import sample_messages
from posrefund.dialects import dialect, names
from posrefund.dialects.capture import open_capture
from posrefund.errors import DecodeError
from posrefund.seal import seal, unseal

if TYPE_CHECKING:
    from posrefund.dialects import Dialect

_MAC_FIELDS = ("64", "128")
_MESSAGES_MAX = 10**9


def seeds(known: Dialect) -> list[bytes]:
    """Return one whole message of each kind the dialect can express."""
    return [
        known.tpdu + known.header + seal(_without_mac(fields), known, None)
        for _, fields in sample_messages(known)
    ]


def _without_mac(fields: dict[str, str]) -> dict[str, str]:
    return {number: value for number, value in fields.items() if number not in _MAC_FIELDS}


def damage(random: Random, message: bytes) -> bytes:
    """Return *message* after one to four accidents."""
    data = bytearray(message)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        match random.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << random.randrange(8)
            case 1:
                del data[at:]
            case 2:
                data[at:at] = random.randbytes(random.randint(1, 4))
            case 3:
                data[at:at] = data[: random.randint(0, len(data))]
            case 4 if len(data) >= 21:
                data[13:21] = random.randbytes(8)  # another bitmap
            case _:
                del data[at : at + random.randint(1, 8)]
    return bytes(data[:2048])


def check(raw: bytes, known: Dialect) -> bool:
    """Read *raw*; say whether it was a message."""
    unseal(raw[len(known.tpdu + known.header) :], known, None)
    try:
        capture = open_capture(raw, known)
    except DecodeError as error:
        assert error.path, "a refusal names its place"
        assert 0 <= error.offset_bytes <= len(raw), "a refusal points into the message"
        return False
    assert capture.rebuild(known) == raw, "what is read is written back the same"
    return True


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--messages", type=int, default=_MESSAGES_MAX)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    random = Random(asked.seed)
    dialects = [dialect(name) for name in names()]
    corpus = {known.name: seeds(known) for known in dialects}
    began = time.perf_counter()
    count = read = 0
    while count < asked.messages and time.perf_counter() - began < asked.seconds:
        known = dialects[count % len(dialects)]
        raw = damage(random, random.choice(corpus[known.name]))
        try:
            read += check(raw, known)
        except Exception as error:  # noqa: BLE001 — an escape is what we are looking for
            sys.exit(
                f"ESCAPE seed {asked.seed} message {count} {known.name}: {error!r}\n{raw.hex()}"
            )
        count += 1
    took = time.perf_counter() - began
    print(
        f"{count} messages in {took:.1f} s, {count / took:,.0f}/s; {read} could be read; 0 escapes"
    )


if __name__ == "__main__":
    main()
