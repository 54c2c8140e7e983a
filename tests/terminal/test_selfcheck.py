"""A self-check: each thing that can be broken is broken here, and exactly its check says so."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from posrefund.engine import InDoubt
from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.engine.versions import VersionRange
from posrefund.errors import (
    DeviceRefusedError,
    InvalidKeyError,
    InvalidRequestError,
    JournalWriteError,
    LocalProtocolError,
    RefusedError,
)
from posrefund.link import TCPLink
from shop import Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = SelfCheckPolicy(connect_s=0.3, answer_s=0.3, space_low_bytes=1, space_full_bytes=1)
GENEROUS = SelfCheckPolicy(space_low_bytes=1, space_full_bytes=1)
"""Whatever disk the tests run on, its space is none of their business."""


def reopen(shop: Shop, policy: SelfCheckPolicy | None = GENEROUS) -> None:
    """Restart the terminal with a policy."""
    shop.terminal.close()
    shop.checks = policy
    shop.terminal = shop.open()


@pytest.fixture
def checked(shop: Shop) -> Shop:
    """A shop whose terminal refunds only after a good self-check."""
    reopen(shop)
    return shop


# --- all is well -----------------------------------------------------------------------------------


def test_a_terminal_in_order_says_so_and_names_everything_it_looked_at(checked: Shop) -> None:
    report = checked.terminal.selfcheck()

    assert report.failing == ()
    assert report.verdict == "ok"
    assert [(check.name, check.verdict) for check in report.checks] == [
        ("storage", "ok"),
        ("space", "ok"),
        ("clock", "ok"),
        ("keys", "ok"),
        ("journal", "ok"),
        ("sign_in", "ok"),
        ("host", "ok"),
        ("device", "skipped"),
        ("version", "ok"),
        ("profile", "ok"),
        ("update", "skipped"),
        ("batch", "ok"),
        ("doubts", "ok"),
        ("shutdown", "ok"),
        ("faults", "ok"),
    ]
    assert report.check("keys").measured == {"kcv": checked.terminal.view().key_set_id}
    assert report.check("clock").measured == {"host_offset_s": -42}
    assert report.check("sign_in").measured == {"age_s": 0}
    assert checked.terminal.faults() == []


def test_only_an_echo_leaves_and_it_has_a_number_of_its_own(checked: Shop) -> None:
    checked.link.sent.clear()
    before = checked.terminal.view().stan

    checked.terminal.selfcheck()

    (message,) = checked.link.sent
    assert message[11:13] == b"\x08\x20"  # behind TPDU and header
    assert checked.terminal.view().stan == before.next()


def test_the_result_is_a_row_of_the_chain_and_the_journal_is_in_order(checked: Shop) -> None:
    checked.terminal.selfcheck()
    checked.link.is_down = True
    checked.terminal.selfcheck()

    notes = checked.terminal.journal.notes("selfcheck")
    assert [json.loads(note["selfcheck"])["block"] for note in notes] == [[], ["host.unreachable"]]
    assert notes[1]["host"] == "host.unreachable"
    checked.terminal.journal.verify()


def test_report_as_data_has_every_text_in_both_languages(checked: Shop) -> None:
    checked.link.is_down = True

    data = json.loads(json.dumps(checked.terminal.selfcheck().as_data()))

    (host,) = [check for check in data["checks"] if check["name"] == "host"]
    assert (host["verdict"], host["title_zh"], host["title_en"]) == ("block", "主机通讯", "host")
    assert host["remedy_zh"].startswith("检查网线")
    assert host["remedy_en"].startswith("look at cable")
    assert data["verdict"] == "block"


# --- one thing broken, one check failing -----------------------------------------------------------


def test_a_disk_that_fails_is_named(checked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    report = checked.terminal.selfcheck()

    assert report.failing == ("storage.failed",)
    assert report.check("storage").detail == "Input/output error"


def test_a_disk_that_gives_other_bytes_back_is_named(
    checked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.read

    def lies(descriptor: int, count: int) -> bytes:
        return bytes(count) if count == 4096 else real(descriptor, count)

    monkeypatch.setattr(os, "read", lies)

    report = checked.terminal.selfcheck()

    assert report.check("storage").detail == "other bytes came back"
    assert report.failing == ("storage.failed",)


def test_a_journal_that_takes_no_rows_is_named_though_the_folder_does(
    checked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise JournalWriteError("SQLITE_FULL: database or disk is full")

    monkeypatch.setattr(checked.terminal.journal, "remember", full)

    report = checked.terminal.selfcheck()

    assert report.failing == ("storage.failed",)
    assert report.check("storage").detail == "SQLITE_FULL: database or disk is full"


def test_the_probe_leaves_nothing_behind(checked: Shop) -> None:
    before = sorted(path.name for path in checked.folder.iterdir())

    checked.terminal.selfcheck()

    assert sorted(path.name for path in checked.folder.iterdir()) == before


def test_slow_writing_and_little_space_warn(shop: Shop) -> None:
    huge = 1 << 62
    for policy, failing in (
        (SelfCheckPolicy(space_low_bytes=huge, space_full_bytes=1), ("space.low",)),
        (SelfCheckPolicy(space_low_bytes=huge, space_full_bytes=huge), ("space.full",)),
        (
            SelfCheckPolicy(storage_slow_ms=0, space_low_bytes=1, space_full_bytes=1),
            ("storage.slow",),
        ),
    ):
        reopen(shop, policy)

        assert shop.terminal.selfcheck().failing == failing


@pytest.mark.parametrize(
    ("moment", "failing"),
    [
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), ("clock.insane",), id="battery dead"),
        pytest.param(
            datetime(2026, 3, 9, 5, 0, tzinfo=UTC), ("clock.backwards",), id="an hour back"
        ),
        pytest.param(datetime(2026, 3, 9, 6, 4, 30, tzinfo=UTC), (), id="a minute back"),
    ],
)
def test_clock_of_this_machine(checked: Shop, moment: datetime, failing: tuple[str, ...]) -> None:
    checked.clock.set(moment)

    assert checked.terminal.selfcheck().failing == failing


def test_clock_that_parted_from_the_hosts_by_more_than_the_dialect_lets_pass(shop: Shop) -> None:
    reopen(shop)
    shop.clock.advance(timedelta(hours=2))
    with pytest.raises(RefusedError, match="clock_differs"):
        shop.terminal.sign_in()
    shop.terminal.sign_in(accept_clock=True)

    accepted = shop.terminal.selfcheck()

    assert accepted.failing == ()  # somebody said yes to it
    assert accepted.check("clock").measured == {"host_offset_s": -7242}


def test_clock_of_the_last_sign_in_far_from_ours_warns(checked: Shop) -> None:
    now = checked.clock()
    checked.terminal.journal.remember(now, "test", host_offset_s="-901")

    assert checked.terminal.selfcheck().failing == ("clock.host_differs",)


def test_no_keys_and_no_sign_in(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.terminal.close()
    for name in ("journal.db", "keys.json", "keys.json.anchor"):
        (tmp_path / name).unlink()
    shop.make_keys()
    shop.checks = GENEROUS
    with shop.open() as terminal:
        report = terminal.selfcheck()

    assert report.failing == ("keys.missing", "sign_in.never")
    assert report.check("host").verdict == "ok"


def test_keys_that_are_not_those_of_the_sign_in(checked: Shop) -> None:
    checked.terminal.journal.remember(checked.clock(), "test", key_set_id="000000-111111")

    report = checked.terminal.selfcheck()

    assert report.failing == ("keys.differ",)
    assert report.check("keys").verdict == "block"


def test_key_store_that_was_changed(checked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(*_: object) -> None:
        raise InvalidKeyError("the key file was changed")

    monkeypatch.setattr(
        type(checked.terminal._procedures.keyring._keystore), "working_keys", changed
    )

    report = checked.terminal.selfcheck()

    assert report.failing == ("keys.unreadable",)
    assert report.check("keys").detail == "the key file was changed"


def test_old_sign_in_and_signed_off(checked: Shop) -> None:
    checked.clock.advance(timedelta(hours=24))
    assert checked.terminal.selfcheck().failing == ("sign_in.old",)
    checked.terminal.journal.remember(checked.clock(), "test", signed_off_at="now")
    assert checked.terminal.selfcheck().failing == ("sign_in.signed_off",)


def test_open_doubt(checked: Shop) -> None:
    checked.terminal.selfcheck()
    checked.fault("drop_reply", mti="0200")
    assert isinstance(checked.terminal.sale(sale("S-9", 100)), InDoubt)

    report = checked.terminal.selfcheck()

    assert report.failing == ("doubts.open",)
    assert report.check("doubts").measured == {"open": 1, "with_people": 0}


def test_journal_that_lost_rows(shop: Shop) -> None:
    shop.terminal.close()
    (shop.folder / "journal.db").unlink()
    shop.checks = GENEROUS
    with shop.open() as terminal:
        report = terminal.selfcheck()

    assert report.failing == ("journal.behind", "sign_in.never")
    assert report.check("journal").verdict == "block"


def test_batch_that_is_being_closed(checked: Shop) -> None:
    checked.fault("drop_reply", mti="0500")
    with pytest.raises(Exception, match="no answer in time"):
        checked.terminal.close_batch()

    assert checked.terminal.selfcheck().failing == ("batch.closing",)


def test_device_that_does_not_answer(checked: Shop) -> None:
    def silent() -> str:
        raise DeviceRefusedError("no answer", "", hint_zh="无应答", hint_en="no answer")

    assert checked.terminal.selfcheck(device=lambda: "pad 1").check("device").verdict == "ok"
    report = checked.terminal.selfcheck(device=silent)

    assert report.failing == ("device.failed",)
    assert report.check("device").detail == "the device refused (no answer): no answer"


def test_versions_out_of_range_warn_or_block_as_the_policy_says(shop: Shop) -> None:
    required = {"posrefund": VersionRange("9"), "capk": VersionRange("2026.3")}
    reopen(shop, SelfCheckPolicy(required=required, space_low_bytes=1, space_full_bytes=1))
    unknown = shop.terminal.selfcheck()
    assert (unknown.failing, unknown.blocking) == (("version.unknown",), ())
    assert unknown.check("version").detail == "capk"

    old = shop.terminal.selfcheck(versions={"capk": "2026.2"}).check("version")
    assert old.verdict == "warn"
    assert old.detail == "capk 2026.2: >=2026.3; posrefund 0.1.0: >=9"

    strict = frozenset({"version"})
    reopen(
        shop,
        SelfCheckPolicy(required=required, blocks=strict, space_low_bytes=1, space_full_bytes=1),
    )
    assert shop.terminal.selfcheck(versions={"capk": "2026.3"}).blocking == (
        "version.out_of_range",
    )


def test_a_caller_cannot_report_another_version_of_ours(shop: Shop) -> None:
    required = {"posrefund": VersionRange("9")}
    reopen(shop, SelfCheckPolicy(required=required, space_low_bytes=1, space_full_bytes=1))

    report = shop.terminal.selfcheck(versions={"posrefund": "9.9"})

    assert report.failing == ("version.out_of_range",)


def test_profile_that_is_not_the_required_one(shop: Shop) -> None:
    reopen(
        shop,
        SelfCheckPolicy(profiles=frozenset({"0" * 64}), space_low_bytes=1, space_full_bytes=1),
    )

    report = shop.terminal.selfcheck()

    assert report.failing == ("profile.differs",)
    digest = str(report.check("profile").measured["digest"])
    reopen(
        shop, SelfCheckPolicy(profiles=frozenset({digest}), space_low_bytes=1, space_full_bytes=1)
    )
    assert shop.terminal.selfcheck().failing == ()


def test_update_that_a_management_system_asks_for(checked: Shop) -> None:
    assert checked.terminal.selfcheck(update=lambda: "0.1").check("update").verdict == "ok"

    report = checked.terminal.selfcheck(update=lambda: "99.1")

    assert report.failing == ("update.wanted",)
    assert report.check("update").measured == {"min_version": "99.1"}


# --- the host: a dead port, a black hole and a slow one are three things ---------------------------


def of_host(shop: Shop, port: int, policy: SelfCheckPolicy = QUICK) -> tuple[str, str]:
    """Verdict and reason of the host check with a terminal that dials *port*."""
    shop.terminal.close()
    shop.other_link, shop.checks = TCPLink("127.0.0.1", port), policy
    with shop.open() as terminal:
        report = terminal.selfcheck()
    host = report.check("host")
    assert report.failing == ((host.code,) if host.reason else ())
    return host.verdict, host.reason


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@contextmanager
def answering(shop: Shop, after_s: float) -> Iterator[int]:
    """Serve one connection of the shop's host, each answer so much later."""

    def serve(server: socket.socket) -> None:
        line, _ = server.accept()
        with line:
            length = int.from_bytes(line.recv(2, socket.MSG_WAITALL), "big")
            delivery = shop.host.respond(line.recv(length, socket.MSG_WAITALL))
            time.sleep(after_s)
            for reply in delivery.replies:
                line.sendall(len(reply).to_bytes(2, "big") + reply)
            line.recv(1)

    with listening() as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_dead_port_refuses(shop: Shop) -> None:
    with listening() as server:
        port = server.getsockname()[1]

    assert of_host(shop, port) == ("block", "refused")


def test_a_host_that_takes_everything_and_says_nothing_is_a_black_hole(shop: Shop) -> None:
    with listening() as server:  # the system accepts for it
        assert of_host(shop, server.getsockname()[1]) == ("block", "black_hole")


def test_an_address_that_swallows_calls_is_a_black_hole(shop: Shop) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for line in waiting:  # its queue is full: what comes now is dropped
            line.setblocking(False)
            line.connect_ex(address)
        try:
            assert of_host(shop, address[1]) == ("block", "black_hole")
        finally:
            for line in waiting:
                line.close()


def test_a_host_that_answers_late_is_slow(shop: Shop) -> None:
    policy = SelfCheckPolicy(
        connect_s=5, answer_s=30, answer_slow_ms=200, space_low_bytes=1, space_full_bytes=1
    )
    with answering(shop, 0.25) as port:
        assert of_host(shop, port, policy) == ("warn", "slow")


def test_a_host_that_answers_soon_is_well(shop: Shop) -> None:
    policy = SelfCheckPolicy(
        connect_s=5, answer_s=30, answer_slow_ms=30_000, space_low_bytes=1, space_full_bytes=1
    )
    with answering(shop, 0) as port:
        assert of_host(shop, port, policy) == ("ok", "")


def test_a_host_that_hangs_up_refuses_or_mumbles(checked: Shop) -> None:
    checked.fault("close_before_reply", mti="0820")
    assert checked.terminal.selfcheck().failing == ("host.hung_up",)
    checked.link.on_reply = lambda reply: reply[:20]
    assert checked.terminal.selfcheck().failing == ("host.garbled",)
    checked.link.on_reply = None
    checked.fault("code", mti="0820", code="97")
    assert checked.terminal.selfcheck().failing == ("host.said_no",)


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
