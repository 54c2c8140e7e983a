"""The values of a line into a row that the engine judges. Floor 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.engine.evidence import FileRow
from posrefund.errors import DecodeError
from posrefund.office.files.patterns import minor_of, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from posrefund.office.files.layout import Column, FileLayout, RowKind

__all__ = ["RowMaker"]

_GIVES_BACK = frozenset({"refund", "void", "return"})
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
        self._known: dict[tuple[bytes, ...], tuple[RowKind, bool]] = {}
        self._to_minor = {
            role: minor_of(used[at])
            for role, at in self._at.items()
            if role.removeprefix("refund_") in ("amount", "fee")
        }
        self._amount_at, self._time_at = self._at["amount"], self._at["time"]
        self._amount = self._to_minor["amount"]
        self._terminal_at = self._at.get("terminal", -1)
        self._month = used[self._time_at].form.index("MM")
        self._day = used[self._time_at].form.index("DD")

    def money(self, values: tuple[bytes, ...], number: int) -> tuple[tuple[RowKind, bool], int]:
        """Return what kind of row it is, whether it was booked, and its amount, which is not negative.

        Raises:
            DecodeError: It gives money back and does not say how much.
        """
        key = tuple([values[at] for at in self._ruled])
        kind = self._known.get(key) or self._learn(key)
        if kind[0] in _GIVES_BACK and "refund_amount" in self._at:
            found = self._to_minor["refund_amount"](values[self._at["refund_amount"]])
        else:
            found = self._amount(values[self._amount_at])
        if found is None:
            raise DecodeError(f"line {number}", "an amount", offset_bytes=0)
        return kind, abs(found)

    def is_of(self, values: tuple[bytes, ...], terminal: str) -> bool:
        """Say whether a row is of *terminal*; a file that names none is all of one."""
        at = self._terminal_at
        return at < 0 or values[at].rstrip() == terminal.encode("ascii", "replace")

    def day(self, values: tuple[bytes, ...]) -> str:
        """Return MMDD of a row."""
        raw, month, day = values[self._time_at], self._month, self._day
        return (raw[month : month + 2] + raw[day : day + 2]).decode("ascii")

    def row(
        self, values: tuple[bytes, ...], number: int, kind: tuple[RowKind, bool], amount: int
    ) -> FileRow:
        """Return the row.

        Raises:
            DecodeError: Bytes that are no text of the file's encoding, or a currency that is not known.
        """
        gives_back = kind[0] in _GIVES_BACK
        taken = {role: self._text(values, role, number) for role in self._at if role in _TEXT_ROLES}
        if gives_back:
            for role in ("rrn", "reference"):
                taken[role] = self._text(values, f"refund_{role}", number) or taken.get(role, "")
        year, moment = self._moment(values, gives_back=gives_back)
        return FileRow(
            kind=kind[0],
            terminal=taken.get("terminal", ""),
            merchant=taken.get("merchant", ""),
            stan=taken.get("stan", ""),
            rrn=taken.get("rrn", ""),
            amount_minor=amount,
            transmitted=moment,
            original_stan=taken.get("original_stan", ""),
            row=number,
            is_booked=kind[1],
            original_transmitted=taken.get("original_time", ""),
            currency=self._currency(values, number),
            sign=self._sign(values),
            auth_code=taken.get("auth_code", ""),
            card_fingerprint=self._card(values),
            reference=taken.get("reference", ""),
            original_reference=taken.get("original_reference", ""),
            fee_minor=self._fee(values, gives_back=gives_back),
            year=year,
        )

    # --- inside ------------------------------------------------------------------------------

    def _learn(self, key: tuple[bytes, ...]) -> tuple[RowKind, bool]:
        said = {}
        for at, raw in zip(self._ruled, key, strict=True):
            column, text = self._used[at], raw.decode(self._encoding, "replace")
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

    def _text(self, values: tuple[bytes, ...], role: str, number: int) -> str:
        at = self._at.get(role, -1)
        if at < 0:
            return ""
        try:
            text = values[at].decode(self._encoding)
        except UnicodeDecodeError:
            raise DecodeError(f"line {number}", "text of its encoding", offset_bytes=0) from None
        return text.strip() if self._used[at].type == "word" else text

    def _moment(self, values: tuple[bytes, ...], *, gives_back: bool) -> tuple[str, str]:
        at = self._at.get("refund_time", -1) if gives_back else -1
        if at < 0 or not values[at]:
            at = self._time_at
        return moment_of(values[at].decode("ascii"), self._used[at].form)

    def _currency(self, values: tuple[bytes, ...], number: int) -> str:
        said = self._text(values, "currency", number).strip()
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


_TEXT_ROLES = frozenset(
    "terminal merchant stan rrn original_stan original_time auth_code reference original_reference".split()
)
