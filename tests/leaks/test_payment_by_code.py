"""A day of payments by code on which everything fails: no error, outcome, log, slip or file holds a code."""

from __future__ import annotations

import itertools
import logging
from functools import partial
from typing import TYPE_CHECKING

import pytest

from leaks.test_terminal_day import Watch, bytes_on_disk, shown
from posrefund.dialects import dialect
from posrefund.emulators.host import HostProfile
from posrefund.emulators.host.faults import EFFECTS
from posrefund.engine import Approved
from posrefund.office import slip
from posrefund.values import BackToPayer, CodeRead, PayerCode
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MARK = "48120957"
"""In every code; packed it stands there from either half of a byte."""
_SPELLINGS = (
    MARK,
    bytes.fromhex(MARK).decode("latin-1"),
    bytes.fromhex(f"2{MARK}3").decode("latin-1"),
)


def leaks_in(text: str | bytes) -> list[str]:
    text = text.decode("latin-1") if isinstance(text, bytes) else text
    return [each for each in _SPELLINGS if each in text]


@pytest.fixture(params=["unionpay", "aggregator"])
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watch]:
    name = request.param
    made = Shop(tmp_path, profile=HostProfile(dialect=name), dialect=dialect(name))
    yield Watch(made)
    made.terminal.close()


def test_day_of_failures_leaves_no_code_anywhere(
    watch: Watch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    made, numbers = watch.shop, itertools.count()
    terminal, slips = made.terminal, []
    refund_mti = made.dialect.messages["refund"].mti

    def code() -> CodeRead:
        return CodeRead(PayerCode(f"62{MARK}{next(numbers):08d}0"))

    def pay(name: str, minor: int = 1_000) -> object:
        return terminal.sale(sale(f"S-{name}", minor, code()))

    watch.do("first", partial(pay, "0", 100_000))
    made.to(1, 10)
    acts: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("0200", pay),
        (refund_mti, lambda name: terminal.refund(refund(f"R-{name}", "S-0", 100, BackToPayer()))),
        ("0400", lambda _: terminal.resolve_doubts()),
    )
    acts = acts[: 3 if "reversal" in made.dialect.messages else 2]
    for kind, (mti, act) in itertools.product(EFFECTS, acts):
        made.fault(kind, mti)
        name = f"{kind}-{mti}-{next(numbers)}"
        outcome = watch.do(name, partial(act, name))
        if isinstance(outcome, Approved):
            slips.append(slip(outcome, made.dialect))
        made.host.faults.clear()
    for fault in ("cut_before_send", "cut_after_send", "is_down"):
        setattr(made.link, fault, True)
        watch.do(fault, partial(pay, fault))
        setattr(made.link, fault, False)
    watch.do("to a code", lambda: terminal.refund(refund("R-9", "S-0", 100, code())))
    watch.do("a code of nobody", lambda: pay("9"))
    logging.getLogger("leaks").info("%s", shown(code()))

    sent = b"".join(made.link.sent)
    assert sent.count(f"62{MARK}".encode("ascii")) > len(
        EFFECTS
    )  # they did leave, each in its sale
    assert {name: each for name, text in watch.seen.items() if (each := leaks_in(text))} == {}
    assert leaks_in("\n".join(slips)) == []
    assert leaks_in(caplog.text) == []
    assert leaks_in("".join(capsys.readouterr())) == []
    files = bytes_on_disk(watch)
    assert {name: each for name, data in files.items() if (each := leaks_in(data))} == {}
    assert leaks_in("\n".join(made.host.log)) == []


def test_a_code_that_is_none_is_not_repeated() -> None:
    watch = Watch.__new__(Watch)
    watch.seen, watch.failed = {}, 0
    for number, wrong in enumerate((f"62{MARK}", f"62{MARK}" + "1" * 30, f"62{MARK}1234567x9")):
        watch.do(f"code {number}", partial(PayerCode, wrong))

    assert watch.failed == 3
    assert {name: each for name, text in watch.seen.items() if (each := leaks_in(text))} == {}
