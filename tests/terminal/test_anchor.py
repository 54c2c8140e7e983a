"""A journal that was put back, lost, swapped or forked refunds nothing until it is reconciled."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.engine import Approved, InDoubt, NotSent, State
from posrefund.errors import (
    ConfigError,
    InvalidRequestError,
    JournalCorruptError,
    JournalWriteError,
    LocalProtocolError,
    RefusedError,
)
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from shop import MERCHANT, TERMINAL, Shop, refund, sale
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

PEOPLE = ("ann", "bo")


def copy_of(shop: Shop, name: str = "copy.db") -> Path:
    """A copy of the journal as it is now."""
    path = shop.folder / name
    assert isinstance(shop.terminal.journal, SQLiteJournal)
    shop.terminal.journal.backup(path)
    return path


def put_back(shop: Shop, copy: Path | None) -> None:
    """Close, put *copy* in the place of the journal, or nothing, open again."""
    shop.terminal.close()
    for file in shop.folder.glob("journal.db*"):
        file.unlink()
    if copy:
        shutil.copy(copy, shop.folder / "journal.db")
    shop.terminal = shop.open()


def why(shop: Shop) -> list[str]:
    return [note["why"] for note in shop.terminal.journal.notes("epoch")]


def refused(shop: Shop, *asked: Any) -> str:
    with pytest.raises(RefusedError) as error:
        shop.terminal.refund(refund(*asked))
    return error.value.code


# --- noticed ---------------------------------------------------------------------------------------


def test_ordinary_restarts_begin_no_epoch(next_day: Shop) -> None:
    next_day.restart()
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), Approved)
    next_day.restart()
    assert why(next_day) == []
    assert not next_day.terminal.view().is_behind


def test_older_copy_refunds_nothing(next_day: Shop) -> None:
    copy = copy_of(next_day)
    next_day.terminal.refund(refund("R-1", "S-1", 12_800))
    put_back(next_day, copy)

    assert why(next_day) == ["rows_missing"]
    assert refused(next_day, "R-1", "S-1", 12_800) == "journal_behind"
    assert refused(next_day, "R-2", "S-unknown", 1) == "journal_behind"
    assert next_day.booked("refund") == [12_800]
    assert next_day.terminal.journal.verify() > 0


def test_hint_says_which_command_to_run_in_both_languages(next_day: Shop) -> None:
    copy = copy_of(next_day)
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    put_back(next_day, copy)
    with pytest.raises(RefusedError) as error:
        next_day.terminal.refund(refund("R-2", "S-1", 100))
    assert error.value.owner == "merchant"
    for hint in (error.value.hint_zh, error.value.hint_en):
        assert "posrefund journal accept" in hint


def test_copy_of_the_last_row_that_was_sent_is_taken_and_doubts(next_day: Shop) -> None:
    """It has all that left, and of the rest only less: every start after a crash is like that."""
    next_day.fault("drop_reply")
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    put_back(next_day, copy_of(next_day))
    assert why(next_day) == []
    assert isinstance(next_day.terminal.status("R-1"), InDoubt)


def test_lost_journal_is_not_a_new_shop(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    last = next_day.terminal.journal.terminal_facts()["stan"]
    put_back(next_day, None)
    assert why(next_day) == ["other_journal"]
    assert refused(next_day, "R-1", "S-1", 100) == "journal_behind"
    assert int(next_day.terminal.view().stan) == int(last) + 1


def test_copy_that_ran_on_elsewhere_is_not_taken_for_the_journal(
    next_day: Shop, tmp_path: Path
) -> None:
    """Two copies, each with its own row after the same one, and more of them than the other has."""
    copy = copy_of(next_day)
    next_day.terminal.echo()
    other = tmp_path / "elsewhere.db"
    shutil.copy(copy, other)
    key = next_day.open_keys().journal_key
    with SQLiteJournal(other, key=key, terminal=TERMINAL) as fork:
        for stan in range(20, 40):
            fork.remember(next_day.clock(), "stan_taken", stan=f"{stan:06d}")
        fork.verify()
    put_back(next_day, other)
    assert why(next_day) == ["other_rows"]
    assert next_day.terminal.view().stan == "000040", "the further one of the two"


def test_anchor_that_was_taken_away_is_missed(next_day: Shop) -> None:
    last = int(next_day.terminal.journal.terminal_facts()["stan"])
    next_day.terminal.close()
    (next_day.folder / "keys.json.anchor").unlink()
    next_day.terminal = next_day.open()
    assert why(next_day) == ["anchor_missing"]
    assert refused(next_day, "R-1", "S-1", 100) == "journal_behind"
    assert int(next_day.terminal.view().stan) == last + 100_001


def test_anchor_that_was_forged_counts_as_nothing(next_day: Shop) -> None:
    next_day.terminal.close()
    path = next_day.folder / "keys.json.anchor"
    path.write_bytes(path.read_bytes().replace(b'"12345678"', b'"12345679"'))
    next_day.terminal = next_day.open()
    assert why(next_day) == ["anchor_changed"]


def test_older_anchor_lets_the_newer_journal_open(next_day: Shop) -> None:
    """What was anchored is still there; both put back together is what nobody can see."""
    path = next_day.folder / "keys.json.anchor"
    older = path.read_bytes()
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.terminal.close()
    path.write_bytes(older)
    next_day.terminal = next_day.open()
    assert why(next_day) == []


def test_crash_between_the_epoch_and_its_anchor_begins_no_second_one(next_day: Shop) -> None:
    copy = copy_of(next_day)
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    path = next_day.folder / "keys.json.anchor"
    before = path.read_bytes()
    put_back(next_day, copy)
    rows = len(next_day.terminal.journal.rows())
    next_day.terminal.close()
    path.write_bytes(before)
    next_day.terminal = next_day.open()
    assert why(next_day) == ["rows_missing"]
    assert len(next_day.terminal.journal.rows()) == rows


def test_copy_of_the_epoch_before_is_noticed_again(next_day: Shop) -> None:
    copy = copy_of(next_day)
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    newest = copy_of(next_day, "newest.db")
    put_back(next_day, copy)
    put_back(next_day, newest)  # it has every row of its own, and none of the new epoch
    assert why(next_day) == ["other_journal"]
    assert refused(next_day, "R-2", "S-1", 100) == "journal_behind"


# --- swapped ---------------------------------------------------------------------------------------


def open_as(shop: Shop, terminal: str, merchant: str, journal: SQLiteJournal) -> Terminal:
    return Terminal(
        type(TERMINAL)(terminal),
        type(MERCHANT)(merchant),
        dialect=shop.dialect,
        keystore=shop.open_keys(),
        journal=journal,
        link=shop.link,
        clock=shop.clock,
    )


@pytest.mark.parametrize("whose", [("87654321", MERCHANT), (TERMINAL, "543210987654321")])
def test_key_store_of_another_terminal_or_merchant_opens_nothing(
    shop: Shop, whose: tuple[str, str]
) -> None:
    shop.terminal.close()
    terminal, merchant = whose
    path = shop.folder / "other.db"
    with (
        SQLiteJournal(
            path, key=shop.open_keys().journal_key, terminal=type(TERMINAL)(terminal)
        ) as journal,
        pytest.raises(ConfigError, match=r"12345678 of merchant 123456789012345.*belongs to this"),
    ):
        open_as(shop, terminal, merchant, journal)
    shop.terminal = shop.open()
    assert why(shop) == []


def test_journal_of_another_terminal_names_both_sides(shop: Shop, tmp_path: Path) -> None:
    shop.terminal.close()
    (tmp_path / "b").mkdir()
    other = Shop(tmp_path / "b")
    other.terminal.close()
    shutil.copy(other.folder / "journal.db", shop.folder / "journal.db")
    with pytest.raises(JournalCorruptError, match="key file and journal belong together"):
        shop.open()


# --- meanwhile -------------------------------------------------------------------------------------


def behind(shop: Shop) -> Shop:
    """A journal that does not know of the refund R-1 of 30.00, on day 1 at 10:00."""
    copy = copy_of(shop)
    shop.terminal.refund(refund("R-1", "S-1", 3_000))
    put_back(shop, copy)
    return shop


def test_everything_but_giving_back_goes_on(next_day: Shop) -> None:
    shop = behind(next_day)
    shop.terminal.echo()
    shop.terminal.sign_in()
    assert shop.terminal.status("R-1") is None
    assert isinstance(shop.terminal.sale(sale("S-2", 500)), Approved)
    assert refused(shop, "V-2", "S-2") == "journal_behind"
    assert shop.booked("void") == []


def test_batch_and_clock_of_the_copy_are_not_trusted(next_day: Shop) -> None:
    shop = behind(next_day)
    for _ in range(2):
        with pytest.raises(RefusedError) as error:
            shop.terminal.sale(sale("S-2", 500))
        assert error.value.code == "not_signed_in"
        shop.restart()
    shop.terminal.sign_in()
    assert isinstance(shop.terminal.sale(sale("S-2", 500)), Approved)


def test_no_number_of_the_lost_rows_is_used_again(next_day: Shop) -> None:
    shop = next_day
    copy = copy_of(shop)
    for number in range(3):
        shop.terminal.sale(sale(f"S-lost-{number}", 100))
    used = {entry.stan for entry in shop.host.ledger.entries()}
    put_back(shop, copy)
    shop.terminal.sign_in()
    for number in range(3):
        assert isinstance(shop.terminal.sale(sale(f"S-new-{number}", 100)), Approved)
    stans = [entry.stan for entry in shop.host.ledger.entries()]
    assert len(stans) == len(set(stans)) == len(used) + 3


def test_sale_that_the_copy_doubts_is_not_undone_behind_the_customers_back(next_day: Shop) -> None:
    """In the rows that were lost its yes had come from the file, and the goods are gone."""
    shop = next_day
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-2", 700))
    copy = copy_of(shop)
    shop.terminal.echo()  # something more leaves, whatever it is
    put_back(shop, copy)
    shop.terminal.sign_in()
    shop.terminal.resolve_doubts()
    assert shop.terminal.journal.last_attempt("S-2").state is State.MANUAL  # type: ignore[union-attr]
    assert isinstance(shop.terminal.sale(sale("S-3", 500)), Approved)
    assert "reversal" not in [entry.kind for entry in shop.host.ledger.entries()]
    shop.settle(0)
    shop.settle(1)
    assert shop.terminal.journal.last_attempt("S-2").state is State.CONFIRMED  # type: ignore[union-attr]


def test_yes_to_a_sale_is_anchored_so_that_no_copy_without_it_undoes_it(shop: Shop) -> None:
    copies: list[Path] = []

    def copied(body: bytes) -> bytes:
        copies.append(copy_of(shop))
        return body

    shop.link.on_reply = copied
    shop.terminal.sale(sale("S-1", 12_800))
    shop.link.on_reply = None
    put_back(shop, copies[0])
    assert why(shop) == ["rows_missing"]
    shop.terminal.resolve_doubts()
    assert shop.booked("sale") == [12_800]


# --- reconciled ------------------------------------------------------------------------------------


def test_journal_is_accepted_when_every_day_in_question_was_read(next_day: Shop) -> None:
    shop = behind(next_day)
    epoch = shop.terminal.journal.notes("epoch")[-1]
    assert (epoch["from_day"], epoch["to_day"]) == ("2026-03-09", "2026-03-11")
    shop.to(3, 9)
    with pytest.raises(LocalProtocolError, match=r"2026-03-09 2026-03-10 2026-03-11$"):
        shop.terminal.accept_journal(people=PEOPLE, evidence="files")
    shop.settle(0)
    shop.settle(2)
    with pytest.raises(LocalProtocolError, match=r": 2026-03-10$"):
        shop.terminal.accept_journal(people=PEOPLE, evidence="files")
    assert refused(shop, "R-2", "S-1", 1) == "journal_behind"
    assert shop.settle(1).count("HOST_ONLY") == 1

    shop.terminal.accept_journal(people=PEOPLE, evidence="files of 9 to 11 March")

    (accepted,) = shop.terminal.journal.notes("journal_accepted")
    assert accepted["accepted_by"] == "ann, bo"
    assert refused(shop, "R-1", "S-1", 3_000) == "original_has_case"
    assert refused(shop, "R-2", "S-1", 12_800) == "original_has_case"
    assert shop.booked("refund") == [3_000]
    shop.restart()
    assert not shop.terminal.view().is_behind
    assert shop.terminal.journal.verify() > 0


def test_other_sales_are_refunded_again(next_day: Shop) -> None:
    shop = next_day
    shop.terminal.sale(sale("S-2", 900))
    behind(shop)
    shop.to(3, 9)
    for day in (0, 1, 2):
        shop.settle(day)
    shop.terminal.accept_journal(people=PEOPLE, evidence="files")
    assert isinstance(shop.terminal.refund(refund("R-9", "S-2", 900)), Approved)


def days_of(shop: Shop) -> tuple[str, str]:
    told = shop.terminal.journal.notes("epoch")[-1]
    return told["from_day"], told["to_day"]


def test_days_begin_before_the_last_row_of_the_copy_whatever_a_start_writes(next_day: Shop) -> None:
    """The key file is newer, a sale is under way: the start has rows of its own to write."""
    shop = next_day
    wire(shop, Fuse(6))
    with suppress(PowerCut):
        shop.terminal.sale(sale("S-2", 100))
    shop.terminal.close()
    shop.terminal = None  # type: ignore[assignment]  # it was cut off
    copy = shop.folder / "copy.db"
    shutil.copy(shop.folder / "journal.db", copy)
    shop.terminal = shop.open()
    for day in (3, 5, 6):
        shop.to(day, 10)
    put_back(shop, copy)
    assert days_of(shop) == ("2026-03-09", "2026-03-16")
    assert shop.terminal.journal.last_attempt("S-2").state is State.MANUAL  # type: ignore[union-attr]


def test_second_loss_does_not_excuse_the_first(next_day: Shop) -> None:
    shop = behind(next_day)
    shop.to(4, 10)
    copy = copy_of(shop, "second.db")
    shop.terminal.sign_in()
    put_back(shop, copy)
    assert len(why(shop)) == 2
    assert days_of(shop) == ("2026-03-09", "2026-03-14")


@pytest.mark.parametrize("blow_at", range(1, 13))
def test_power_may_fail_while_a_loss_is_written_down(
    next_day: Shop, blow_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = next_day
    shop.fault("drop_reply", mti="0200")
    shop.terminal.sale(sale("S-2", 700))
    copy = copy_of(shop)
    for day in (2, 4):
        shop.to(day, 10)
    shop.terminal.close()
    for file in shop.folder.glob("journal.db*"):
        file.unlink()
    path = shop.folder / "journal.db"
    shutil.copy(copy, path)
    fuse = Fuse(blow_at)
    with (
        SQLiteJournal(path, key=shop.open_keys().journal_key, terminal=TERMINAL) as journal,
        monkeypatch.context() as patch,
        suppress(PowerCut),
    ):
        for owner, name in _WRITING:
            patch.setattr(owner, name, guarded(fuse, getattr(owner, name)))
        open_as(shop, TERMINAL, MERCHANT, journal)
    shop.terminal = shop.open()
    assert why(shop) == ["rows_missing"]
    assert days_of(shop) == ("2026-03-09", "2026-03-14")
    assert shop.terminal.journal.last_attempt("S-2").state is State.MANUAL  # type: ignore[union-attr]
    rows = len(shop.terminal.journal.rows())
    shop.restart()
    assert len(shop.terminal.journal.rows()) <= rows + 1  # a key file that forgot sets is newer
    assert shop.terminal.journal.verify() > 0


_WRITING = (
    (SQLiteJournal, "commit"),
    (SQLiteJournal, "remember"),
    (SQLiteJournal, "begin_epoch"),
    (FileKeyStore, "keep_anchor"),
)


def guarded(fuse: Fuse, real: Any) -> Any:
    def call(*args: Any, **more: Any) -> Any:
        return fuse.guard(real)(*args, **more)

    return call


@pytest.mark.parametrize(
    ("people", "evidence"),
    [(("ann", "ann"), "files"), (("ann", ""), "files"), (PEOPLE, ""), (PEOPLE, "6" * 16)],
)
def test_it_takes_two_people_and_evidence(
    next_day: Shop, people: tuple[str, str], evidence: str
) -> None:
    shop = behind(next_day)
    shop.to(3, 9)
    for day in (0, 1, 2):
        shop.settle(day)
    with pytest.raises(InvalidRequestError):
        shop.terminal.accept_journal(people=people, evidence=evidence)
    assert shop.terminal.view().is_behind


def test_file_without_a_line_count_does_not_reconcile(next_day: Shop) -> None:
    from posrefund.office import reconcile

    shop = behind(next_day)
    shop.to(3, 9)
    shop.settle(0)
    shop.settle(1)
    day = shop.host_time().date().replace(day=11)
    reconcile(shop.terminal.journal, "", file_day=day, now=shop.clock())
    with pytest.raises(LocalProtocolError, match=r": 2026-03-11$"):
        shop.terminal.accept_journal(people=PEOPLE, evidence="files")


def test_accepting_a_whole_journal_does_nothing(shop: Shop) -> None:
    rows = len(shop.terminal.journal.rows())
    shop.terminal.accept_journal(people=PEOPLE, evidence="nothing")
    assert len(shop.terminal.journal.rows()) == rows


def test_word_that_nothing_was_lost_counts_only_in_the_chain(next_day: Shop) -> None:
    """Who may write the file could strike the fact out; the chain says it again at the next start."""
    shop = behind(next_day)
    shop.terminal.journal._db.execute("UPDATE meta SET value = '' WHERE key = 'behind'")
    shop.terminal.close()
    with pytest.raises(JournalCorruptError, match="not what the chain says"):
        shop.open()
    shop.terminal = Shop(_made(shop.folder / "another")).terminal


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_sale_known_later_from_a_feed_is_refused_as_well(next_day: Shop) -> None:
    shop = next_day
    (known,) = shop.terminal.journal.originals("S-1")
    shop.terminal.refund(refund("R-1", "S-1", 3_000))
    put_back(shop, None)
    shop.to(3, 9)
    for day in (0, 1, 2):
        shop.settle(day)
    shop.terminal.accept_journal(people=PEOPLE, evidence="files")
    shop.terminal.record_sale(replace(known, has_open_attempt=False))
    assert refused(shop, "R-1", "S-1", 12_800) == "original_has_case"


# --- power -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("blow_at", range(1, 13))
def test_power_may_fail_around_commit_anchor_and_send(next_day: Shop, blow_at: int) -> None:
    """Whatever was sent is anchored: an older copy is noticed exactly then, or lacks nothing that left."""
    shop = next_day
    copy = copy_of(shop)
    wire(shop, Fuse(blow_at))
    with suppress(PowerCut):
        shop.terminal.refund(refund("R-1", "S-1", 100))
    left = len(shop.link.sent)
    put_back(shop, copy)
    if left:
        assert why(shop) == ["rows_missing"]
    if not why(shop):
        assert left == 0
        assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 100)), Approved)
    assert len(shop.booked("refund")) <= 1


@pytest.mark.parametrize("blow_at", range(1, 13))
def test_power_cut_alone_begins_no_epoch(next_day: Shop, blow_at: int) -> None:
    wire(next_day, Fuse(blow_at))
    with suppress(PowerCut):
        next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.terminal.close()
    next_day.terminal = next_day.open()
    assert why(next_day) == []


def fails(*_: object) -> None:
    raise ConfigError("the disk is gone")


def test_refund_that_cannot_be_anchored_is_not_sent(next_day: Shop) -> None:
    keystore: Any = next_day.terminal._procedures.keyring._keystore
    keystore.keep_anchor = fails
    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "not_anchored"
    assert next_day.link.sent == []
    del keystore.keep_anchor
    assert isinstance(next_day.terminal.refund(refund("R-1", "S-1", 100)), Approved)


def test_reversal_that_cannot_be_anchored_is_not_sent_and_comes_later(next_day: Shop) -> None:
    next_day.fault("drop_reply", mti="0200")
    next_day.terminal.sale(sale("S-2", 700))
    keystore: Any = next_day.terminal._procedures.keyring._keystore
    keystore.keep_anchor = fails
    next_day.link.sent.clear()
    with pytest.raises(JournalWriteError, match="could not be anchored"):
        next_day.terminal.resolve_doubts()
    with pytest.raises(ConfigError):
        next_day.terminal.echo()
    assert next_day.link.sent == []
    del keystore.keep_anchor
    next_day.terminal.resolve_doubts()
    assert next_day.terminal.journal.last_attempt("S-2").state is State.REVERSED  # type: ignore[union-attr]


@settings(max_examples=25)
@given(
    done=st.lists(st.sampled_from(["sale", "refund", "echo", "sign_in", "restart"]), max_size=6),
    at=st.integers(0, 6),
)
def test_copy_is_noticed_exactly_when_it_lacks_something_that_was_sent(
    tmp_path_factory: pytest.TempPathFactory, done: list[str], at: int
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.terminal.sale(sale("S-1", 12_800))
    shop.to(1, 10)
    copy = copy_of(shop) if at == 0 else None
    sent_since = 0
    for number, what in enumerate(done, start=1):
        before = len(shop.link.sent)
        match what:
            case "sale":
                shop.terminal.sale(sale(f"S-x{number}", 100))
            case "refund":
                shop.terminal.refund(refund(f"R-{number}", "S-1", 100))
            case _:
                getattr(shop if what == "restart" else shop.terminal, what)()
        sent_since += (len(shop.link.sent) - before) if copy else 0
        if number == at:
            copy = copy_of(shop)
    put_back(shop, copy or copy_of(shop))
    assert bool(why(shop)) == bool(sent_since)
    shop.terminal.close()
