"""One target under a plain mutation loop, where there is no Atheris: ``python -m fuzz.plain tlv --seconds 12``.

The same corpus, dictionary and invariants; no coverage, so it goes wide and not deep. Seeded.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from fuzz.corpus import keep_crash, words
from fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Mutator", "hunt"]

_STUCK_S = 30.0
"""So much longer than asked, and an input hangs: the traceback is printed and the process ends."""


class Mutator:
    """Makes new inputs of old ones.

    Args:
        random: Where the accidents come from.
        corpus: At least one input.
        words: Of the dictionary.
        length_max: Longest input made.
    """

    def __init__(
        self, random: Random, corpus: Sequence[bytes], words: Sequence[bytes], length_max: int
    ) -> None:
        self._random, self._corpus, self._words = random, corpus, words
        self._length_max = length_max

    def next(self) -> bytes:
        """Return an input of the corpus after one to four accidents."""
        data = bytearray(self._random.choice(self._corpus))
        for _ in range(self._random.randint(1, 4)):
            self._accident(data)
        return bytes(data[: self._length_max])

    def _accident(self, data: bytearray) -> None:
        random = self._random
        at = random.randrange(len(data) + 1)
        match random.randrange(8):
            case 0 if data:
                data[at % len(data)] ^= 1 << random.randrange(8)
            case 1:
                data[at : at + 1] = random.randbytes(1)
            case 2:
                del data[at : at + random.randint(1, 8)]
            case 3:
                data[at:at] = random.randbytes(random.randint(1, 8))
            case 4:
                word = random.choice(self._words)
                data[at : at + random.choice((0, len(word)))] = word
            case 5:
                other = random.choice(self._corpus)
                data[at:] = other[random.randrange(len(other) + 1) :]
            case 6:
                end = random.randrange(len(data) + 1)
                data[at:at] = data[end : end + random.randint(1, 32)]
            case _:
                del data[at:]


def hunt(
    check: Callable[[bytes], None], inputs: Mutator, *, seconds: float
) -> tuple[int, bytes | None]:
    """Feed *check* until the time is over or it raises; return the count and what it raised at."""
    count = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        data = inputs.next()
        count += 1
        try:
            check(data)
        except Exception:  # noqa: BLE001 — an escape is what we are looking for
            traceback.print_exc()
            return count, data
    return count, None


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    asked = parser.parse_args()
    faulthandler.dump_traceback_later(asked.seconds + _STUCK_S, exit=True)
    target = TARGETS[asked.target]
    files = [path for folder in asked.corpus for path in sorted(folder.iterdir())]
    corpus = [path.read_bytes() for path in files if path.is_file()] or [b""]
    inputs = Mutator(Random(asked.seed), corpus, words(), target.length_max)
    count, escape = hunt(target.check, inputs, seconds=asked.seconds)
    print(f"stat::number_of_executed_units: {count}")
    if escape is not None:
        sys.exit(f"ESCAPE seed {asked.seed} input {count}: {keep_crash(asked.target, escape)}")


if __name__ == "__main__":
    main()
