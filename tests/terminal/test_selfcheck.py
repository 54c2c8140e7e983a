"""A self-check: each thing that can be broken is broken here, and exactly its check says so."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from posrefund.engine import InDoubt
from posrefund.engine.selfcheck import SelfCheckPolicy
from posrefund.engine.versions import VersionRange
from posrefund.errors import DeviceRefusedError, InvalidKeyError, JournalWriteError, RefusedError
from shop import Shop, sale
from terminal.checking import GENEROUS, reopen

if TYPE_CHECKING:
    from pathlib import Path

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
        ("host_asks", "ok"),
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
