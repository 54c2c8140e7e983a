"""Our codec beside pyiso8583 with the same specification, and beside every other Python codec that installs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import iso8583
from iso8583.specs import default

from benchmarks.messages import ANSWER, REFUND, in_ascii
from benchmarks.peers import PACKED, Peer, peers
from benchmarks.timing import measure, ratio, report
from posrefund.codec import Codec
from posrefund.dialects import dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.codec import Check, View

Fields = dict[str, str]
Spec = dict[str, dict[str, Any]]

_WARM = 6
"""A shape is compiled when it comes back, a stencil when its lengths do."""
_HEAVY = ("serial", "sqlite3", "typer", "rich", "posrefund.cli", "posrefund.journal")


@dataclass
class _Cells:
    """Ratios to pyiso8583, one for each form."""

    found: dict[str, list[float]] = field(default_factory=dict)

    def add(self, verb: str, times: dict[str, list[float]]) -> None:
        for name in times:
            if name.startswith("posrefund"):
                cell = ratio(times, name, peer="pyiso8583")
                self.found.setdefault(f"{verb:<7} {name}", []).append(cell)

    def report(self) -> None:
        print("ratios to pyiso8583: 0220 packed, 0230 packed, 0220 ASCII, 0230 ASCII; mean; lowest")
        for name, cells in self.found.items():
            shown = "  ".join(f"{cell:5.1f}" for cell in cells)
            print(f"  {name:<42} {shown}  {statistics.mean(cells):6.1f} {min(cells):6.1f}")


def codec() -> None:
    """Measure decoding, encoding, construction and import."""
    table = dialect("unionpay")
    checks = {number: row.check() for number, row in table.fields.items()}
    packed = table.specification
    cells = _Cells()
    for form, spec in (("packed", packed), ("ASCII", in_ascii(packed))):
        for name, fields in (("0220", REFUND), ("0230", ANSWER)):
            _message(f"{name} {form}", fields, spec, checks, cells)
    cells.report()
    construction()
    imports()


def _message(
    title: str, fields: Fields, spec: Spec, checks: dict[str, Check], cells: _Cells
) -> None:
    raw = bytes(iso8583.encode(dict(fields), spec)[0])
    able, unable = _peers(title, fields, spec, raw)
    plain, checked = Codec(spec), Codec(spec, checks=checks)
    reference = Codec(spec, engine="reference")
    _warm((plain, checked), fields, raw, spec)
    decoding = measure(
        {
            "pyiso8583": lambda: iso8583.decode(raw, spec),
            **_decoders(plain, raw, ""),
            **_decoders(checked, raw, ", checks"),
            "posrefund, other lengths": lambda: plain._engine.decode(raw),  # noqa: SLF001
            "reference engine": lambda: reference.decode(raw),
            **{peer.name: peer.decode for peer in able},
        }
    )
    encoding = measure(
        {
            "pyiso8583": lambda: iso8583.encode(dict(fields), spec),
            "posrefund": lambda: plain.encode(fields),
            "posrefund, checks": lambda: checked.encode(fields),
            "reference engine": lambda: reference.encode(fields),
            **{peer.name: peer.encode for peer in able},
        }
    )
    report(
        f"decode {title}, {len(fields) - 1} fields, {len(raw)} bytes", decoding, peer="pyiso8583"
    )
    report(f"encode {title}", encoding, peer="pyiso8583")
    for line in unable:
        print(f"  {line}")
    cells.add("decode", decoding)
    cells.add("encode", encoding)


def _peers(title: str, fields: Fields, spec: Spec, raw: bytes) -> tuple[list[Peer], list[str]]:
    """Who is measured, and the lines about all of them."""
    if title.endswith("packed"):
        return [], [f"not measured: {peer} ({why})" for peer, why in PACKED.items()]
    able, unable = peers(fields, spec, raw)
    said = [f"{peer.name}: {peer.note}" for peer in able]
    return able, said + [f"not measured: {line}" for line in unable]


def _warm(codecs: tuple[Codec, ...], fields: Fields, raw: bytes, spec: Spec) -> None:
    expected = iso8583.decode(raw, spec)[0]
    for one in codecs:
        for _ in range(_WARM):
            assert one.decode(raw) == one.record(raw).fields() == dict(one.lazy(raw)) == expected
            assert one.encode(fields) == raw


def _decoders(one: Codec, raw: bytes, with_checks: str) -> dict[str, Callable[[], object]]:
    return {
        f"posrefund{with_checks}": lambda: one.decode(raw),
        f"posrefund record{with_checks}": lambda: one.record(raw),
        f"posrefund lazy{with_checks}": lambda: one.lazy(raw),
        f"posrefund lazy{with_checks}, 3 fields": lambda: _three(one.lazy(raw)),
    }


def _three(view: View) -> tuple[str, str, str]:
    return view["3"], view["11"], view["41"]


def construction() -> None:
    """A codec of a full specification, and what the first messages of a shape cost."""
    times = []
    for _ in range(101):
        began = time.perf_counter()
        Codec(default)
        times.append(time.perf_counter() - began)
    print(f"construction, {len(default)} rules: {statistics.median(times) * 1e3:.3f} ms")
    spec = dialect("unionpay").specification
    raw = bytes(iso8583.encode(dict(REFUND), spec)[0])
    rounds = []
    for _ in range(31):
        one, costs = Codec(spec), []
        for _ in range(_WARM):
            began = time.perf_counter()
            one.decode(raw)
            costs.append((time.perf_counter() - began) * 1e6)
        rounds.append(costs)
    medians = [statistics.median(costs) for costs in zip(*rounds, strict=True)]
    print(f"first messages of a shape, µs: {', '.join(f'{cost:.0f}' for cost in medians)}")


def imports() -> None:
    """What ``import posrefund.codec`` loads, and how long it takes in a fresh process."""
    code = (
        "import sys, time; began = time.perf_counter(); import posrefund.codec;"
        "print(round((time.perf_counter() - began) * 1e3, 1),"
        f" sorted(name for name in {_HEAVY!r} if name in sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    took, _, found = done.stdout.strip().partition(" ")
    print(f"import posrefund.codec: {took} ms; of {', '.join(_HEAVY)} it loads: {found}")
