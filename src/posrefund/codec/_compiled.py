"""The compiled engine: a decoder for each bitmap, stencils for its usual lengths, an encoder for each dict.

Floor 2. They are made when a shape comes back, for shapes come from the network and compiling one costs as much as
a hundred messages; the caches are bounded. What the generators do not understand stays with pyiso8583.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from posrefund.codec._decoder import Head, decoder_source, make_decoder
from posrefund.codec._encoder import encoder_source, make_encoder
from posrefund.codec._rule import rule_of
from posrefund.codec._stencil import NO_STENCIL, lay

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from posrefund.codec._rule import Rule
    from posrefund.codec._stencil import NoStencil, Stencil
    from posrefund.codec.check import Check

__all__ = ["COMPUTED", "NOT_SURE", "CompiledEngine"]

_SHAPES_MAX = 256
"""Compiled shapes kept; a terminal needs a dozen, a gateway a few dozen."""
_SEEN_MAX = 1024
"""Shapes seen once and not compiled; forgotten all together when there are more."""
_STENCILS_MAX = 16
"""Stencils of one bitmap; messages of other lengths are read by the decoder of their shape."""
_STENCILS_OF_ALL_MAX = 512
"""No more are made then: none is thrown away, or lengths from the network would keep us compiling."""

COMPUTED = frozenset({"p", "1", "65"})
"""Keys that an encoder computes; what the caller has there does not count, as in pyiso8583."""

NOT_SURE = (LookupError, ValueError, TypeError, AttributeError)
"""What generated code raises at a new shape, or at something to say no to."""

_NOTHING_FITS = slice(0, 0)


class _Lengths(dict[int, "Stencil | NoStencil"]):
    """Stencils of one bitmap by the length of the message."""

    def __missing__(self, length: int) -> NoStencil:
        return NO_STENCIL


class CompiledEngine:
    """Decoders and encoders of one specification.

    Attributes:
        head: Where MTI and bitmap stand; nothing, if the specification is not compiled.
        stencils: By the bytes of MTI and bitmap, then by the length of the message.
        decoders: By the bytes of MTI and bitmap.
        secondary: Those of messages with a secondary bitmap, by the bytes of MTI and both.
        encoders: By the keys of the dict, in its order.
        likely: The latest encoder by MTI and count of keys; it looks for its keys itself.
    """

    def __init__(
        self, specification: Mapping[str, Mapping[str, Any]], checks: Mapping[str, Check]
    ) -> None:
        self._specification = specification
        self._checks = checks
        self._rules: dict[str, Rule | None] = {}
        self._seen: set[Hashable] = set()
        self._stencil_count = 0
        self.stencils: dict[bytes, _Lengths] = {}
        self.decoders: dict[bytes, Callable[[bytes], dict[str, str]]] = {}
        self.secondary: dict[bytes, Callable[[bytes], dict[str, str]]] = {}
        self.encoders: dict[tuple[str, ...], Callable[[Mapping[str, str]], bytes]] = {}
        self.likely: dict[tuple[str, int], Callable[[Mapping[str, str]], bytes]] = {}
        self._mti_bytes = 2 if specification["t"]["data_enc"] == "b" else 4
        bitmap_bytes = 8 if specification["p"]["data_enc"] == "b" else 16
        self._start = self._header_bytes()
        end = self._start + self._mti_bytes + bitmap_bytes
        self._long_end = end + (8 if specification.get("1", {}).get("data_enc") == "b" else 16)
        self.head = slice(self._start, end) if self._start >= 0 else _NOTHING_FITS

    def stop(self) -> None:
        """Compile nothing from now on."""
        self.head = _NOTHING_FITS

    def decode(self, raw: bytes) -> dict[str, str] | None:
        """Return the fields of a message without a stencil, or None if the reference has to say."""
        try:
            fields = self.decoders[raw[self.head]](raw)
        except NOT_SURE:
            return None
        key = bytes(raw[self.head])
        lengths = self.stencils.get(key)
        if lengths is None:
            if len(self.stencils) >= _SHAPES_MAX:
                return fields
            lengths = self.stencils[key] = _Lengths()
        if (
            len(raw) not in lengths
            and self._has_room(lengths)
            and self._comes_back((key, len(raw)))
        ):
            self._stencil_count += 1
            lengths[len(raw)] = self._stencil(bytes(raw), fields) or NO_STENCIL
        return fields

    def _has_room(self, lengths: _Lengths) -> bool:
        return len(lengths) < _STENCILS_MAX and self._stencil_count < _STENCILS_OF_ALL_MAX

    def learn_decode(self, raw: bytes, fields: Mapping[str, str]) -> None:
        """Take note that the reference decoded *raw* to *fields*; compile its shape the second time."""
        if self.head is _NOTHING_FITS or len(fields.get("1", "")) > 16:
            return
        head = self._head(fields)
        key = raw[head.start : head.end]
        if not self._comes_back(key):
            return
        rules = self._understood(_names(fields))
        if rules is not None and "1" in fields:
            _keep(self.secondary, key, make_decoder(rules, head, self._checks))
            _keep(self.decoders, raw[self.head], self._decode_secondary)
        elif rules is not None:
            _keep(self.decoders, key, make_decoder(rules, head, self._checks))

    def learn_encode(self, fields: Mapping[str, str], raw: bytes) -> None:
        """Take note that the reference encoded *fields*; compile their shape the second time."""
        keys = (*fields,)
        if self.head is _NOTHING_FITS or not self._comes_back(keys):
            return
        rules = self._understood(self._line(fields))
        ignored = {name for name in fields if name in COMPUTED or name == "h"}
        if rules is None or any(int(rule.name) > 128 for rule in rules if rule.name.isdigit()):
            return
        if ignored & self._checks.keys():
            return  # a check of a value that is not sent: rare, and not worth a line here
        with suppress(LookupError):  # a field too long for a table
            encode = make_encoder(keys, rules, self._bitmaps(fields, raw), self._checks)
            _keep(self.encoders, keys, encode)
            _keep(self.likely, (fields["t"], len(keys)), encode)

    def source(self, fields: Mapping[str, str], raw: bytes, found: Mapping[str, str]) -> str:
        """Return the text of what is run for one shape, or a line that says why there is none.

        Args:
            fields: A caller's dict.
            raw: Its bytes.
            found: What they are read to.
        """
        rules = self._understood(_names(found))
        line = self._understood(self._line(fields))
        if self.head is _NOTHING_FITS or rules is None or line is None:
            return "# not compiled: pyiso8583 itself handles this shape"
        stencil = self._stencil(raw, found)
        decoder, _ = decoder_source(rules, self._head(found), self._checks)
        encoder, _ = encoder_source((*fields,), line, self._bitmaps(fields, raw), self._checks)
        texts = [stencil.source()] if stencil else []
        return "\n\n".join([*texts, decoder, encoder])

    def _header_bytes(self) -> int:
        """Bytes of the header; -1 for one that has no fixed length or ends within a byte."""
        if self._specification["h"]["max_len"] <= 0:
            return 0
        rule = self._rule("h")
        if rule is None or not rule.is_fixed or rule.is_odd:
            return -1
        return rule.bytes_of(rule.size_max)

    def _head(self, fields: Mapping[str, str]) -> Head:
        values = {name: fields[name] for name in ("t", "p", "1") if name in fields}
        return Head(values, self._start, self._long_end if "1" in fields else self.head.stop)

    def _decode_secondary(self, raw: bytes) -> dict[str, str]:
        return self.secondary[raw[self._start : self._long_end]](raw)

    def _stencil(self, raw: bytes, fields: Mapping[str, str]) -> Stencil | None:
        rules = self._understood(_names(fields))
        head = self._head(fields)
        if rules is None:
            return None
        return lay(raw, fields, rules, head.end - head.start, self._checks)

    def _line(self, fields: Mapping[str, str]) -> list[str]:
        """Names of what is sent, in the order of the line; bitmaps are made apart."""
        header = ["h"] if self._start > 0 else []
        return [*header, "t", *(name for name in _names(fields) if name != "h")]

    def _bitmaps(self, fields: Mapping[str, str], raw: bytes) -> list[tuple[str, str]]:
        start, end = self._start + self._mti_bytes, self.head.stop
        bitmaps = [_bitmap(raw[start:end], self._specification["p"]["data_enc"])]
        if any(int(name) > 64 for name in _names(fields) if name != "h"):
            encoding = self._specification["1"]["data_enc"]
            bitmaps.append(_bitmap(raw[end : self._long_end], encoding))
        return bitmaps

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


def _names(fields: Mapping[str, str]) -> list[str]:
    """Header and numbers in the order of the line, bitmaps left out."""
    numbers = (name for name in fields if name.isdigit() and name not in COMPUTED)
    return [*(["h"] if "h" in fields else []), *sorted(numbers, key=int)]


def _bitmap(octets: bytes, encoding: str) -> tuple[str, str]:
    return (octets.hex(), "") if encoding == "b" else (octets.decode(encoding), encoding)


def _keep(cache: dict[Any, Any], key: Hashable, value: object) -> None:
    """Keep *value*; the oldest goes when there are too many."""
    if len(cache) >= _SHAPES_MAX and key not in cache:
        for oldest in list(cache)[:1]:
            cache.pop(oldest, None)  # another thread may have been quicker
    cache[key] = value
