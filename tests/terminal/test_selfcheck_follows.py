"""What follows from a self-check: refunds that wait, faults that people close, a killed run that is not forgotten."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.errors import (
    DeviceRefusedError,
    InvalidRequestError,
    JournalWriteError,
    LocalProtocolError,
    RefusedError,
)
from shop import Shop, refund
from terminal.checking import GENEROUS, reopen

# --- what follows: refunds -------------------------------------------------------------------------


@pytest.fixture
def next_day_checked(next_day: Shop) -> Shop:
    reopen(next_day)
    return next_day


def refused(shop: Shop, request_id: str = "R-1") -> RefusedError:
    """Ask for a refund that is refused; nothing leaves."""
    shop.link.sent.clear()
    with pytest.raises(RefusedError) as caught:
        shop.terminal.refund(refund(request_id, "S-1", 1_000))
    assert caught.value.code == "selfcheck_failed"
    assert shop.link.sent == []
    assert shop.terminal.status(request_id) is None
    assert shop.booked("refund") == []
    return caught.value


def test_no_refund_without_a_self_check_once_a_policy_asks_for_one(next_day_checked: Shop) -> None:
    error = refused(next_day_checked)
    assert "too_old" in error.hint_en
    assert "没有近期的自检结果" in error.hint_zh

    next_day_checked.terminal.selfcheck()
    next_day_checked.terminal.refund(refund("R-1", "S-1", 1_000))
    assert next_day_checked.booked("refund") == [1_000]


def test_no_refund_while_the_last_self_check_blocks_and_the_check_is_named(
    next_day_checked: Shop,
) -> None:
    next_day_checked.link.is_down = True
    next_day_checked.terminal.selfcheck()
    next_day_checked.link.is_down = False

    error = refused(next_day_checked)

    assert "host.unreachable" in error.hint_en
    assert "网络不通" in error.hint_zh
    next_day_checked.terminal.selfcheck()
    next_day_checked.terminal.refund(refund("R-1", "S-1", 1_000))


def test_a_result_counts_so_long_and_a_clock_that_went_back_makes_none_newer(
    next_day_checked: Shop,
) -> None:
    next_day_checked.terminal.selfcheck()
    next_day_checked.clock.advance(timedelta(hours=12, seconds=1))
    assert "too_old" in refused(next_day_checked).hint_en
    next_day_checked.clock.advance(timedelta(hours=-13))
    assert "too_old" in refused(next_day_checked).hint_en


def test_a_refund_that_has_its_outcome_is_told_whatever_the_self_check_says(
    next_day_checked: Shop,
) -> None:
    next_day_checked.terminal.selfcheck()
    first = next_day_checked.terminal.refund(refund("R-1", "S-1", 1_000))
    next_day_checked.link.is_down = True
    next_day_checked.terminal.selfcheck()

    assert next_day_checked.terminal.refund(refund("R-1", "S-1", 1_000)) == first


def test_the_policy_of_now_judges_the_result_of_then(next_day: Shop) -> None:
    reopen(next_day)
    next_day.clock.advance(timedelta(hours=25))
    assert next_day.terminal.selfcheck().failing == ("sign_in.old",)  # a warning
    strict = SelfCheckPolicy(
        blocks=frozenset({"sign_in.old"}), space_low_bytes=1, space_full_bytes=1
    )
    reopen(next_day, strict)

    assert "sign_in.old" in refused(next_day).hint_en


def test_without_a_policy_nothing_is_asked_for(next_day: Shop) -> None:
    next_day.link.is_down = True
    assert next_day.terminal.selfcheck().verdict == "block"
    next_day.link.is_down = False

    next_day.terminal.refund(refund("R-1", "S-1", 1_000))

    assert next_day.booked("refund") == [1_000]


def test_a_result_that_the_journal_did_not_take_counts_all_the_same(
    next_day_checked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_day_checked.terminal.selfcheck()

    def full(*_: object, **__: object) -> None:
        raise JournalWriteError("SQLITE_FULL: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(next_day_checked.terminal.journal, "remember", full)
        next_day_checked.terminal.selfcheck()

    assert "storage.failed" in refused(next_day_checked).hint_en


# --- the fault log ---------------------------------------------------------------------------------


def test_a_failing_check_opens_a_fault_once_and_a_good_one_closes_what_heals(checked: Shop) -> None:
    checked.link.is_down = True
    checked.terminal.selfcheck()
    checked.terminal.selfcheck()
    (fault,) = checked.terminal.faults()
    assert fault.kind == "host.unreachable"
    checked.link.is_down = False

    assert checked.terminal.selfcheck().failing == ()

    assert checked.terminal.faults() == []
    (closed,) = checked.terminal.faults(open_only=False)
    assert (closed.fault_id, closed.closed_by) == (fault.fault_id, "selfcheck")
    checked.terminal.journal.verify()


def test_what_a_person_has_to_look_at_stays_until_a_person_has(checked: Shop) -> None:
    checked.clock.advance(timedelta(hours=-1))
    assert checked.terminal.selfcheck().failing == ("clock.backwards",)
    checked.clock.advance(timedelta(hours=1))

    report = checked.terminal.selfcheck()

    assert report.failing == ("faults.open",)
    (fault,) = checked.terminal.faults()
    assert report.check("faults").detail == f"{fault.fault_id} clock.backwards"
    for by, done in (("", "set"), ("07", ""), ("07", "  "), ("selfcheck", "set")):
        with pytest.raises(InvalidRequestError):
            checked.terminal.close_fault(fault.fault_id, by=by, done=done)
    checked.terminal.close_fault(fault.fault_id, by="07", done="new battery, clock set")
    assert checked.terminal.selfcheck().failing == ()
    with pytest.raises(LocalProtocolError, match="no open fault"):
        checked.terminal.close_fault(fault.fault_id, by="07", done="again")


def test_faults_of_the_shop_and_maintenance(checked: Shop) -> None:
    opened = checked.terminal.open_fault("printer", "no paper comes")
    assert checked.terminal.open_fault("printer", "still none") == opened
    assert checked.terminal.selfcheck().failing == ("faults.open",)
    checked.restart()
    assert checked.terminal.faults() == [opened]

    checked.terminal.close_fault(opened.fault_id, by="07", done="new roll")
    checked.terminal.maintained("cleaned the reader", by="07")

    assert checked.terminal.selfcheck().failing == ()
    assert checked.terminal.journal.notes("maintenance") == [
        {"by": "07", "done": "cleaned the reader"}
    ]
    checked.terminal.journal.verify()


def test_what_a_device_says_is_left_out_of_the_log_where_it_could_be_a_card_number(
    checked: Shop,
) -> None:
    def fails() -> None:
        raise DeviceRefusedError("serial 6200000000000005", "", hint_zh="无", hint_en="none")

    assert checked.terminal.selfcheck(device=fails).failing == ("device.failed",)
    (fault,) = checked.terminal.faults()
    assert (fault.kind, fault.detail) == ("device.failed", "DeviceRefusedError")


def test_the_self_checks_own_kinds_are_not_a_persons_to_open(checked: Shop) -> None:
    with pytest.raises(InvalidRequestError, match="without a dot"):
        checked.terminal.open_fault("host.refused", "")


def test_no_fault_holds_a_card_number(checked: Shop) -> None:
    rows = len(checked.terminal.journal.rows())
    with pytest.raises(InvalidRequestError) as caught:
        checked.terminal.open_fault("reader", "does not read 6200 0000 0000 0005")
    with pytest.raises(InvalidRequestError):
        checked.terminal.maintained("tried 6200000000000005", by="07")

    assert "6200" not in str(caught.value)
    assert len(checked.terminal.journal.rows()) == rows


# --- the last shutdown -----------------------------------------------------------------------------

CHILD = """
import os, signal, sys
from pathlib import Path
from shop import Shop, sale
shop = Shop(Path(sys.argv[1]))
shop.terminal.sale(sale("S-1", 100))
if sys.argv[2] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
shop.terminal.close()
"""


class Again(Shop):
    """A shop in a folder where one was before."""

    def make_keys(self) -> None:
        pass


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is for POSIX systems")
@pytest.mark.parametrize("how", ["kill", "close"])
def test_a_run_that_was_killed_is_known_until_a_person_has_looked(tmp_path: Path, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), how],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == (-9 if how == "kill" else 0), done.stderr
    shop = Again(tmp_path, checks=GENEROUS)  # it signs in: a row of a run of its own
    for _ in range(2):  # clean ends between do not make it forgotten
        failing = shop.terminal.selfcheck().failing
        assert failing == (("shutdown.unclean",) if how == "kill" else ())
        shop.restart()

    for fault in shop.terminal.faults():
        shop.terminal.close_fault(fault.fault_id, by="07", done="power strip replaced")

    assert shop.terminal.selfcheck().failing == ()
    shop.terminal.journal.verify()
    shop.terminal.close()


def test_a_run_that_wrote_nothing_leaves_no_mark(shop: Shop) -> None:
    shop.terminal.close()
    with shop.open() as terminal:  # were it killed now, the file would say no more than this
        rows = len(terminal.journal.rows())
        marks = terminal.journal._facts()
        assert marks["running"] == ""
        assert "unclean" not in marks
    with shop.open() as terminal:
        assert len(terminal.journal.rows()) == rows
