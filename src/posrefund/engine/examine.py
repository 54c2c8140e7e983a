"""From what was measured to what it means: the judges of a self-check. Floor 4.

Each looks at one thing and knows no line, no file and no clock; ``posrefund.terminal`` measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from posrefund.engine.selfcheck import Check, heals
from posrefund.engine.selfcheck_table import CHECKS
from posrefund.engine.versions import release_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from posrefund.engine.faults import TerminalFault
    from posrefund.engine.selfcheck import SelfCheckPolicy
    from posrefund.engine.view import TerminalView

__all__ = ["Seen", "examine", "faults_left", "healed"]

_Found = tuple[str, str, Mapping[str, int | str]]
"""Reason (empty: all is well), detail, what was measured."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured; None for what there is nothing of.

    Attributes:
        now: Our time.
        view: The terminal.
        storage_error: Why a probe could not be written, synced and read again; empty if it could.
        storage_ms: How long that took.
        free_bytes: Where the journal is; None where it is in a server.
        last_row_at: Time of the journal's last row.
        keys_error: Why the key store could not be read.
        key_set_opened: KCVs of the working keys, opened anew; empty if there are none.
        key_set_remembered: The same as the journal has them from the last sign-in.
        host_reason: As in ``REASONS``; empty if the host answered, None if it could not be asked.
        host_detail: What the line said.
        connect_ms: How long dialling took.
        answer_ms: How long the echo took, from its sending.
        device_error: Why the device could not be asked; empty if it answered, None if there is none.
        versions: By name.
        profile: Name and digest of the dialect.
        min_version: What a host or a management system announced.
        doubts: How many attempts may still turn out either way.
        with_people: How many of them nobody but people can resolve.
        host_asks: What the host asks for in its headers and nobody has done, the weightiest first.
        unclean_since: When a run began that never ended; empty if each did.
    """

    now: datetime
    view: TerminalView
    storage_error: str = ""
    storage_ms: int = 0
    free_bytes: int | None = None
    last_row_at: datetime | None = None
    keys_error: str = ""
    key_set_opened: str = ""
    key_set_remembered: str = ""
    host_reason: str | None = None
    host_detail: str = ""
    connect_ms: int = 0
    answer_ms: int = 0
    device_error: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    profile: tuple[str, str] = ("", "")
    min_version: str = ""
    doubts: int = 0
    with_people: int = 0
    host_asks: tuple[str, ...] = ()
    unclean_since: str = ""


def examine(seen: Seen, policy: SelfCheckPolicy) -> tuple[Check, ...]:
    """Return every check but that of the fault log, in the order of ``CHECKS``."""
    found = ((name, _JUDGES[name](seen, policy)) for name in CHECKS if name in _JUDGES)
    return tuple(_check(name, what, policy) for name, what in found)


def healed(open_faults: Sequence[TerminalFault], checks: Sequence[Check]) -> list[TerminalFault]:
    """Return the faults that *checks* show to be gone: looked at again, not so any more, and no person's to look at."""
    seen = {check.name: check.code for check in checks if check.verdict != "skipped"}
    return [
        fault
        for fault in open_faults
        if seen.get(fault.kind.partition(".")[0], fault.kind) != fault.kind and heals(fault.kind)
    ]


def faults_left(
    open_faults: Sequence[TerminalFault], checks: Sequence[Check], policy: SelfCheckPolicy
) -> Check:
    """Return the check of the fault log: what is open there and no other check shows failing, or gone, now."""
    shown = {check.code for check in checks} | {fault.kind for fault in healed(open_faults, checks)}
    left = [fault for fault in open_faults if fault.kind not in shown]
    names = ", ".join(f"{fault.fault_id} {fault.kind}" for fault in left)
    found: _Found = ("open" if left else "", names[:150], {"open": len(left)})
    return _check("faults", found, policy)


def _check(name: str, found: _Found | None, policy: SelfCheckPolicy) -> Check:
    if found is None:
        return Check(name, "skipped")
    reason, detail, measured = found
    verdict = policy.verdict(f"{name}.{reason}") if reason else "ok"
    return Check(name, verdict, reason, detail, measured)


# --- the judges ------------------------------------------------------------------------------------


def _storage(seen: Seen, policy: SelfCheckPolicy) -> _Found:
    measured: Mapping[str, int | str] = {"write_ms": seen.storage_ms}
    if seen.storage_error:
        return "failed", seen.storage_error, {}
    return "slow" if seen.storage_ms >= policy.storage_slow_ms else "", "", measured


def _space(seen: Seen, policy: SelfCheckPolicy) -> _Found | None:
    free = seen.free_bytes
    if free is None:
        return None
    is_low = free < policy.space_low_bytes
    reason = "full" if free < policy.space_full_bytes else "low" if is_low else ""
    return reason, "", {"free_bytes": free}


def _clock(seen: Seen, policy: SelfCheckPolicy) -> _Found:
    first, last = policy.years
    offset = seen.view.host_clock.offset
    measured: dict[str, int | str] = {"host_offset_s": int(offset.total_seconds())}
    if not first <= seen.now.astimezone(UTC).year <= last:
        return "insane", f"{seen.now:%Y-%m-%d}", measured
    before = seen.last_row_at - seen.now if seen.last_row_at else timedelta(0)
    if before > timedelta(seconds=policy.clock_back_s):
        return "backwards", "", {**measured, "before_last_row_s": int(before.total_seconds())}
    is_known = seen.view.signed_in_at is not None
    gap = abs(offset - seen.view.accepted_offset)
    is_far = is_known and gap > timedelta(seconds=seen.view.dialect.clock_tolerance_s)
    return "host_differs" if is_far else "", "", measured


def _keys(seen: Seen, _policy: SelfCheckPolicy) -> _Found:
    opened, remembered = seen.key_set_opened, seen.key_set_remembered
    if seen.keys_error:
        return "unreadable", seen.keys_error, {}
    if not opened:
        return "missing", "", {}
    is_other = bool(remembered) and remembered != opened
    return "differ" if is_other else "", "", {"kcv": opened}


def _journal(seen: Seen, _policy: SelfCheckPolicy) -> _Found:
    return "behind" if seen.view.is_behind else "", "", {}


def _sign_in(seen: Seen, policy: SelfCheckPolicy) -> _Found:
    at = seen.view.signed_in_at
    if at is None:
        return "never", "", {}
    age_s = int((seen.now - at).total_seconds())
    if seen.view.is_signed_off:
        return "signed_off", "", {"age_s": age_s}
    return "old" if age_s >= policy.sign_in_s else "", "", {"age_s": age_s}


def _host(seen: Seen, policy: SelfCheckPolicy) -> _Found | None:
    if seen.host_reason is None:
        return None
    measured: Mapping[str, int | str] = {
        "connect_ms": seen.connect_ms,
        "answer_ms": seen.answer_ms,
    }
    if seen.host_reason:
        return seen.host_reason, seen.host_detail, {}
    is_slow = seen.connect_ms + seen.answer_ms >= policy.answer_slow_ms
    return "slow" if is_slow else "", "", measured


def _device(seen: Seen, _policy: SelfCheckPolicy) -> _Found | None:
    if seen.device_error is None:
        return None
    return "failed" if seen.device_error else "", seen.device_error, {}


def _version(seen: Seen, policy: SelfCheckPolicy) -> _Found:
    measured = dict(seen.versions)
    unknown = [name for name in sorted(policy.required) if name not in seen.versions]
    if unknown:
        return "unknown", ", ".join(unknown), measured
    wrong = [
        f"{name} {seen.versions[name]}: {wanted}"
        for name, wanted in sorted(policy.required.items())
        if not wanted.holds(seen.versions[name])
    ]
    return "out_of_range" if wrong else "", "; ".join(wrong)[:200], measured


def _profile(seen: Seen, policy: SelfCheckPolicy) -> _Found:
    name, digest = seen.profile
    measured: Mapping[str, int | str] = {"name": name, "digest": digest}
    is_other = bool(policy.profiles) and digest not in policy.profiles
    return "differs" if is_other else "", "", measured


def _update(seen: Seen, policy: SelfCheckPolicy) -> _Found | None:
    asked = max(filter(None, (policy.min_version, seen.min_version)), key=release_of, default="")
    if not asked:
        return None
    is_wanted = release_of(seen.versions["posrefund"]) < release_of(asked)
    return "wanted" if is_wanted else "", "", {"min_version": asked}


def _batch(seen: Seen, _policy: SelfCheckPolicy) -> _Found:
    return "closing" if seen.view.is_closing else "", "", {"batch": str(seen.view.batch)}


def _doubts(seen: Seen, _policy: SelfCheckPolicy) -> _Found:
    measured: Mapping[str, int | str] = {"open": seen.doubts, "with_people": seen.with_people}
    return "open" if seen.doubts else "", "", measured


def _host_asks(seen: Seen, _policy: SelfCheckPolicy) -> _Found:
    names = seen.host_asks
    return names[0] if names else "", ", ".join(names), {"waiting": len(names)}


def _shutdown(seen: Seen, _policy: SelfCheckPolicy) -> _Found:
    since = seen.unclean_since
    return "unclean" if since else "", f"the run of {since}" if since else "", {}


_JUDGES: Mapping[str, Callable[[Seen, SelfCheckPolicy], _Found | None]] = {
    "storage": _storage,
    "space": _space,
    "clock": _clock,
    "keys": _keys,
    "journal": _journal,
    "sign_in": _sign_in,
    "host": _host,
    "device": _device,
    "version": _version,
    "profile": _profile,
    "update": _update,
    "batch": _batch,
    "doubts": _doubts,
    "host_asks": _host_asks,
    "shutdown": _shutdown,
}
