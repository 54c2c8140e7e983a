"""Answers of terminals that a profile describes, under fuzz: judged without an error, and approved only if they repeat it all.

The first byte of an input chooses the profile; the rest is the body of a frame whose check was right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.devices import PROFILES, DeviceApproved, DeviceDeclined, DeviceVoid, profile
from posrefund.devices.profiled.judge import judge
from posrefund.values import Amount, RequestID

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check", "terminal_seeds"]

_REQUEST = DeviceVoid(RequestID("R1"), Amount(1234, "978"), "123")
_ANSWERS = {
    "caisse_ap": b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0011CB0041234AE00210",
    "concert": b"01000001234" + b"1978" + b" " * 10,
    "transbank": b"1210|00|597029414300|75001088|794981|123",
}
_SAID = {
    "caisse_ap": (b"978", b"1234", b"AE"),
    "concert": (b"978", b"1234"),
    "transbank": (b"123",),
}


def check(data: bytes) -> None:
    """Nothing is raised; a yes or a no repeats what was asked; what is kept is as long and keeps the verdict."""
    name = PROFILES[data[0] % len(PROFILES)] if data else PROFILES[0]
    body = data[1:]
    known = profile(name)
    operation = known.void or known.refund
    assert operation is not None
    asked = {"amount": "1234", "currency": "978", "reference": "123"}
    asked |= {key: setting.default for key, setting in known.settings.items()}
    result = judge(known, operation, asked, _REQUEST, body)
    kept = known.redact(body)
    assert len(kept) == len(body), "what is kept is as long"
    if isinstance(result, DeviceApproved | DeviceDeclined):
        assert all(each in body for each in _SAID[name]), "it repeats what was asked"
        again = judge(known, operation, asked, _REQUEST, kept)
        assert (type(again), again.raw_code) == (type(result), result.raw_code), "kept as it was"


def terminal_seeds() -> Iterator[tuple[str, bytes]]:
    """Yield an answer of each profile, whole, cut, and with another result."""
    for at, name in enumerate(PROFILES):
        head, body = bytes((at,)), _ANSWERS[name]
        yield f"{name}-yes", head + body
        yield f"{name}-cut", head + body[:-1]
        yield f"{name}-twice", head + body + body
        yield (
            f"{name}-no",
            head + body.replace(b"|00|", b"|05|").replace(b"AE00210", b"AE00201AF00204"),
        )
