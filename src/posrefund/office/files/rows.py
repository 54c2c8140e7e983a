"""The values of a line into a row that the engine judges. Floor 8."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from posrefund.engine.evidence import FileRow
from posrefund.errors import DecodeError
from posrefund.office.files.patterns import minor_of, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posrefund.office.files.layout import Column, FileLayout, RowKind

__all__ = ["RowMaker"]

_GIVES_BACK = frozenset({"refund", "void", "return"})
_TEXT_ROLES = (
    "terminal",
    "merchant",
    "stan",
    "rrn",
    "original_stan",
    "original_time",
    "auth_code",
    "reference",
    "original_reference",
)
_KINDS_KEPT = 1_024
"""Combinations of values that are remembered; a hostile file has more and is only slower."""


class RowMaker:
    """Makes rows of the values of one file's lines.

    Args:
        layout: Of the file.
        used: The columns that the values are of.
        fingerprint: Makes a keyed digest of a card number's digits.
    """

    def __init__(
        self,
        layout: FileLayout,
        used: Sequence[Column],
        fingerprint: Callable[[bytes], str] | None,
    ) -> None:
        self._layout, self._fingerprint = layout, fingerprint
        self._encoding = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
        self._used = tuple(used)
        self._at = {column.role: at for at, column in enumerate(used) if column.role}
        ruled = {name for rule in layout.kinds for name in rule.when} | set(layout.booked)
        self._ruled = [at for at, column in enumerate(used) if column.name in ruled]
        self._key = itemgetter(*(self._ruled or [0]))
        self._known: dict[bytes | tuple[bytes, ...], tuple[RowKind, bool]] = {}
        self._to_minor = {
            role: minor_of(used[at])
            for role, at in self._at.items()
            if role.removeprefix("refund_") in ("amount", "fee")
        }
        self._amount_at, self._time_at = self._at["amount"], self._at["time"]
        self._amount = self._to_minor["amount"]
        self._terminal_at = self._at.get("terminal", -1)
        form = used[self._time_at].form
        self._month, self._day = form.index("MM"), form.index("DD")
        self._has_plain_day = self._day == self._month + 2
        self._plan_texts()

    def _plan_texts(self) -> None:
        """Which values become text, all at once: no card number is among them."""
        texts = [at for at, column in enumerate(self._used) if column.type != "card"]
        self._texts = itemgetter(*texts) if len(texts) > 1 else None
        place = {at: index for index, at in enumerate(texts)}
        self._place = {role: place[at] for role, at in self._at.items() if at in place}
        self._padded = [place[at] for at in texts if self._used[at].type == "word"]
        self._fields = tuple(self._place.get(role, -1) for role in _TEXT_ROLES)

    def money(self, values: tuple[bytes, ...], number: int) -> tuple[tuple[RowKind, bool], int]:
        """Return what kind of row it is, whether it was booked, and its amount, which is not negative.

        Raises:
            DecodeError: It gives money back and does not say how much.
        """
        key = self._key(values)
        kind = self._known.get(key) or self._learn(key, values)
        if kind[0] in _GIVES_BACK and "refund_amount" in self._at:
            found = self._to_minor["refund_amount"](values[self._at["refund_amount"]])
        else:
            found = self._amount(values[self._amount_at])
        if found is None:
            raise DecodeError(f"line {number}", "an amount", offset_bytes=0)
        return kind, abs(found)

    def is_of(self, values: tuple[bytes, ...], terminal: bytes) -> bool:
        """Say whether a row is of *terminal*; a file that names none is all of one."""
        at = self._terminal_at
        return at < 0 or values[at].rstrip() == terminal

    def day(self, values: tuple[bytes, ...]) -> str:
        """Return MMDD of a row."""
        raw, month, day = values[self._time_at], self._month, self._day
        if self._has_plain_day:
            return raw[month : month + 4].decode("ascii")
        return (raw[month : month + 2] + raw[day : day + 2]).decode("ascii")

    def row(
        self, values: tuple[bytes, ...], number: int, kind: tuple[RowKind, bool], amount: int
    ) -> FileRow:
        """Return the row.

        Raises:
            DecodeError: Bytes that are no text of the file's encoding, or a currency that is not known.
        """
        texts = self._decoded(values, number)
        terminal, merchant, stan, rrn, original, when, auth, name, sale = [
            texts[at] for at in self._fields
        ]
        gives_back = kind[0] in _GIVES_BACK
        if gives_back:
            rrn = texts[self._place.get("refund_rrn", -1)] or rrn
            name = texts[self._place.get("refund_reference", -1)] or name
        year, moment = self._moment(texts, gives_back=gives_back)
        return FileRow(
            kind[0],
            terminal,
            merchant,
            stan,
            rrn,
            amount,
            moment,
            original,
            number,
            kind[1],
            when,
            self._currency(texts, number),
            self._sign(values),
            auth,
            self._card(values) if self._fingerprint else "",
            name,
            sale,
            self._fee(values, gives_back=gives_back),
            year,
        )

    # --- inside ------------------------------------------------------------------------------

    def _decoded(self, values: tuple[bytes, ...], number: int) -> list[str]:
        """All values as text, none of which holds a zero; the last one is empty, for what is not there."""
        raw = b"\0".join(self._texts(values) if self._texts else values)
        try:
            texts = raw.decode(self._encoding).split("\0")
        except UnicodeDecodeError:
            raise DecodeError(f"line {number}", "text of its encoding", offset_bytes=0) from None
        for at in self._padded:
            texts[at] = texts[at].strip()
        texts.append("")
        return texts

    def _learn(
        self, key: bytes | tuple[bytes, ...], values: tuple[bytes, ...]
    ) -> tuple[RowKind, bool]:
        said = {}
        for at in self._ruled:
            column, text = self._used[at], values[at].decode(self._encoding, "replace")
            text = text.strip() if column.type == "word" else text
            said[column.name] = text[: column.take] if column.take else text
        found: tuple[RowKind, bool] = (self._kind(said), self._is_booked(said))
        if len(self._known) >= _KINDS_KEPT:
            self._known.clear()
        self._known[key] = found
        return found

    def _kind(self, said: dict[str, str]) -> RowKind:
        for rule in self._layout.kinds:
            if all(said.get(name) == value for name, value in rule.when.items()):
                return rule.kind
        return "other"

    def _is_booked(self, said: dict[str, str]) -> bool:
        booked = self._layout.booked
        return all(said.get(name, "") in values for name, values in booked.items())

    def _moment(self, texts: list[str], *, gives_back: bool) -> tuple[str, str]:
        role = "refund_time" if gives_back and texts[self._place.get("refund_time", -1)] else "time"
        form = self._used[self._at[role]].form
        text = texts[self._place[role]]
        return ("", text) if form == "MMDDhhmmss" else moment_of(text, form)

    def _currency(self, texts: list[str], number: int) -> str:
        said = texts[self._place.get("currency", -1)].strip()
        if not said:
            return self._layout.currency
        known = self._layout.currencies
        if known and said not in known:
            raise DecodeError(f"line {number}", "a currency of the layout", offset_bytes=0)
        return known.get(said, said)

    def _sign(self, values: tuple[bytes, ...]) -> int:
        """1 to the merchant, -1 from it: by what is settled, or by an amount that may have a minus."""
        at = self._at.get("net", -1)
        if at >= 0 and self._used[at].type == "signed":
            return {b"C": 1, b"D": -1}.get(values[at][:1], 0)
        if at >= 0 or self._used[self._amount_at].minus:
            raw = values[at if at >= 0 else self._amount_at].strip()
            return 0 if not raw.strip(b"-0.") else -1 if raw[:1] == b"-" else 1
        return 0

    def _fee(self, values: tuple[bytes, ...], *, gives_back: bool) -> int | None:
        role = "refund_fee" if gives_back and "refund_fee" in self._at else "fee"
        at = self._at.get(role, -1)
        return self._to_minor[role](values[at]) if at >= 0 else None

    def _card(self, values: tuple[bytes, ...]) -> str:
        at = self._at.get("card", -1)
        digits = values[at].strip() if at >= 0 else b""
        return self._fingerprint(digits) if self._fingerprint and digits else ""
