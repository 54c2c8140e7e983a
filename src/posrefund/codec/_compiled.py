"""The compiled engine: a decoder for each bitmap and an encoder for each set of fields. Floor 2.

They are made when a shape comes back, for shapes come from the network and compiling one costs as much as
a hundred messages; the caches are bounded. What the generators do not understand stays with pyiso8583.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from posrefund.codec._decoder import decoder_source, make_decoder
from posrefund.codec._encoder import encoder_source, make_encoder
from posrefund.codec._rule import rule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from posrefund.codec._rule import Rule

__all__ = ["COMPUTED", "CompiledEngine"]

_SHAPES_MAX = 256
"""Compiled shapes kept; a terminal needs a dozen, a gateway a few dozen."""
_SEEN_MAX = 1024
"""Shapes seen once and not compiled; forgotten all together when there are more."""

COMPUTED = frozenset({"p", "1", "65"})
"""Keys that an encoder computes; what the caller has there does not count, as in pyiso8583."""


class CompiledEngine:
    """Decoders and encoders of one specification.

    Attributes:
        decoders: By the bytes of MTI and bitmap.
        encoders: By the keys of the dict, in its order.
        head_bytes: Bytes of MTI and bitmap; 0 for a specification with a header: it is not compiled.
    """

    def __init__(self, specification: Mapping[str, Mapping[str, Any]]) -> None:
        self._specification = specification
        self._rules: dict[str, Rule | None] = {}
        self._seen: set[Hashable] = set()
        self.decoders: dict[bytes, Callable[[bytes], dict[str, str]]] = {}
        self.encoders: dict[tuple[str, ...], Callable[..., bytes]] = {}
        has_header = specification["h"]["max_len"] > 0
        self._mti_bytes = 2 if specification["t"]["data_enc"] == "b" else 4
        bitmap_bytes = 8 if specification["p"]["data_enc"] == "b" else 16
        self.head_bytes = 0 if has_header else self._mti_bytes + bitmap_bytes

    def learn_decode(self, raw: bytes, fields: Mapping[str, str]) -> None:
        """Take note that the reference decoded *raw* to *fields*; compile its shape the second time."""
        key = raw[: self.head_bytes]
        if self.head_bytes and "1" not in fields and self._comes_back(key):
            rules = self._understood([name for name in fields if name not in ("t", "p")])
            if rules is not None:
                head = {"t": fields["t"], "p": fields["p"]}
                _keep(self.decoders, key, make_decoder(rules, head, self.head_bytes))

    def learn_encode(self, fields: Mapping[str, str], raw: bytes) -> None:
        """Take note that the reference encoded *fields*; compile their shape the second time."""
        order = (*fields,)
        if self.head_bytes and self._comes_back(order):
            rules = self._understood(["t", *_numbers(fields)])
            if rules is not None and all(
                rule.name == "t" or int(rule.name) <= 64 for rule in rules
            ):
                with suppress(LookupError):  # a field too long for a table
                    _keep(self.encoders, order, make_encoder(order, rules, self._bitmap(raw)))

    def source(self, fields: Mapping[str, str], raw: bytes) -> str:
        """Return the text of decoder and encoder of one shape, or a line that says why there is none."""
        rules = self._understood(["t", *_numbers(fields)])
        if not self.head_bytes or rules is None:
            return "# not compiled: pyiso8583 itself handles this shape"
        head = {"t": fields["t"], "p": self._bitmap(raw)[0].upper()}
        decoder, _ = decoder_source(rules[1:], head, self.head_bytes)
        encoder, _ = encoder_source((*fields,), rules, self._bitmap(raw))
        return f"{decoder}\n\n{encoder}"

    def _bitmap(self, raw: bytes) -> tuple[str, str]:
        encoding = self._specification["p"]["data_enc"]
        octets = raw[self._mti_bytes : self.head_bytes]
        return (octets.hex(), "") if encoding == "b" else (octets.decode(encoding), encoding)

    def _understood(self, names: Sequence[str]) -> list[Rule] | None:
        rules = [self._rule(name) for name in names]
        return None if None in rules else [rule for rule in rules if rule is not None]

    def _rule(self, name: str) -> Rule | None:
        if name not in self._rules:
            row = self._specification[name]
            if name == "t":
                row = {**row, "len_type": 0, "max_len": self._mti_bytes, "len_count": "bytes"}
            self._rules[name] = rule_of(name, row)
        return self._rules[name]

    def _comes_back(self, key: Hashable) -> bool:
        if key in self._seen:
            return True
        if len(self._seen) >= _SEEN_MAX:
            self._seen.clear()
        self._seen.add(key)
        return False


def _numbers(fields: Mapping[str, str]) -> list[str]:
    return sorted((name for name in fields if name.isdigit() and name not in COMPUTED), key=int)


def _keep(cache: dict[Any, Any], key: Hashable, value: object) -> None:
    """Keep *value*; the oldest goes when there are too many."""
    if len(cache) >= _SHAPES_MAX:
        for oldest in list(cache)[:1]:
            cache.pop(oldest, None)  # another thread may have been quicker
    cache[key] = value
