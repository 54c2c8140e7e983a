"""The rest of the menu: sign-in, status, slips, the self-check, languages, training."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from counter.desk import Clerk
from posrefund.counter import Counter, Dialogue, Failed, NoReader, Tone
from posrefund.crypto import Key, Purpose
from posrefund.emulators.host import EmulatedHost, HostProfile, HostTime, TerminalRecord
from posrefund.engine import receipt_code
from posrefund.errors import JournalError
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.terminal import Terminal
from posrefund.testing import ManualClock, MemoryLink
from shop import HOST_ZONE, MERCHANT, TERMINAL, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PUBLISHED = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def test_menu_offers_what_is_possible_and_nothing_else(clerk: Clerk) -> None:
    assert list(clerk.screen.keys) == ["1", "2", "3", "7", "8", "0"]
    clerk.press("1", "1", "2", "enter", "enter", "1", "enter")

    assert list(clerk.screen.keys) == ["1", "2", "3", "6", "7", "8", "0"]


def test_language_changes_at_one_key_and_back(clerk: Clerk) -> None:
    assert clerk.screen.choices[0].label == "Refund"
    assert clerk.press("8").choices[0].label == "退货"
    assert clerk.press("8").choices[0].label == "Refund"


def test_sign_in_is_at_the_host(clerk: Clerk, shop: Shop) -> None:
    clerk.press("2", "enter")

    assert (clerk.screen.name, clerk.screen.tone) == ("signed_in", Tone.GOOD)
    assert len(shop.link.sent) == 1


def test_host_s_clock_that_differs_is_taken_only_after_a_yes(clerk: Clerk, shop: Shop) -> None:
    shop.host_time.advance(timedelta(hours=5))
    screen = clerk.press("2", "enter")

    assert [one.code for one in screen.objections] == ["clock_differs"]
    assert clerk.press("1").name == "signed_in"


def test_terminal_that_has_not_signed_in_says_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.terminal.close_batch()
    screen = Clerk(shop.terminal).screen

    assert screen.lines == ("Not signed in: press 2 first",)


def test_status_of_a_refund_by_its_reference(clerk: Clerk, shop: Shop) -> None:
    shop.terminal.refund(refund("R-7", "S-1", 100))
    clerk.press("3")
    screen = clerk.enter("R-7")
    assert (screen.name, screen.title) == ("accepted", "Accepted")
    assert any("REPRINT" in line or "Amount" in line for line in clerk.press("2").paper)

    clerk.press("enter", "3")
    screen = clerk.enter("nothing")
    assert screen.field is not None
    assert screen.field.error == "Nothing is known under that reference"


def test_last_slip_comes_again_as_a_reprint(clerk: Clerk) -> None:
    first = clerk.press("1", "1", "2", "enter", "enter", "1").paper
    again = clerk.press("enter", "6").paper

    assert not [line for line in first if "REPRINT" in line]
    assert [line for line in again if "REPRINT" in line]


def test_slip_that_cannot_be_written_down_does_not_hide_that_it_was_accepted(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise JournalError("the disk is full")

    clerk.press("1", "1", "2", "enter", "enter")
    monkeypatch.setattr("posrefund.terminal.desk.note_print", fail)
    screen = clerk.press("1")

    assert (screen.title, screen.tone) == ("Accepted, but there is no slip", Tone.GOOD)
    assert clerk.fact("reference") == "C-1"
    assert screen.objections


def test_selfcheck_lists_every_check(clerk: Clerk) -> None:
    screen = clerk.press("7")

    assert len(screen.facts) > 10
    assert screen.tone in (Tone.GOOD, Tone.PLAIN)


def test_receipt_code_is_scanned_without_a_key_before_it(clerk: Clerk, shop: Shop) -> None:
    code = receipt_code(shop.terminal.journal.originals("S-1")[0])
    clerk.press("1", "1")
    field = clerk.press("R").field
    assert field is not None
    assert field.typed == "R"
    assert clerk.enter(code).name == "amount"
    assert clerk.fact("sale") == "S-1"


def test_sale_is_found_by_number_and_date_and_a_wrong_one_is_told(clerk: Clerk, shop: Shop) -> None:
    rrn = shop.terminal.journal.originals("S-1")[0].rrn
    clerk.press("1", "1", "8")
    for wrong in ("R0AAAAAAAAAAAAAAAAAA", f"{rrn} 0310", f"{rrn} 2026-02-31", "x"):
        screen = clerk.enter(wrong)
        assert screen.field is not None, wrong
        assert screen.field.error, wrong

    assert clerk.enter(f"{rrn} 0309").name == "amount"


def test_counter_without_a_reader_says_how_to_get_one(shop: Shop) -> None:
    clerk = Clerk(shop.terminal, reader=NoReader())
    screen = clerk.press("1")

    assert screen.name == "refused"
    assert "--pad" in screen.objections[0].hint
    assert clerk.press("esc").name == "menu"


def test_operator_that_is_none_is_a_screen_and_no_traceback(shop: Shop) -> None:
    clerk = Clerk(shop.terminal, operator="00123")
    screen = clerk.press("1", "1", "2")

    assert [one.code for one in screen.objections] == ["operator"]


def test_quitting_is_the_end(clerk: Clerk) -> None:
    clerk.press("0")

    assert clerk.dialogue.is_over
    assert clerk.press("1").name == "over"


def test_journal_that_cannot_be_read_is_a_screen(shop: Shop) -> None:
    dialogue = Dialogue(Counter(new_id=lambda: "C-1", language="en"))
    dialogue.start()
    dialogue.resume(Failed(JournalError("gone")))

    assert dialogue.screen.name == "refused"
    assert dialogue.screen.objections[0].hint == "gone"


def test_every_screen_of_training_is_marked(tmp_path: Path) -> None:
    terminal = practice(tmp_path)
    clerk = Clerk(terminal)
    clerk.press("2", "enter", "enter", "1", "1", "esc", "3", "esc", "7", "enter", "8", "0")
    terminal.close()

    assert len({screen.name for screen in clerk.seen}) > 6
    assert {screen.watermark for screen in clerk.seen} == {"培训 TRAINING 无效"}


def practice(folder: Path) -> Terminal:
    """A terminal to practise on, with a host of its own and a sale of ¥128.00 of yesterday."""
    time = HostTime(datetime(2026, 3, 9, 14, 5, tzinfo=HOST_ZONE))
    record = TerminalRecord(TERMINAL, MERCHANT, Key(PUBLISHED, Purpose.KEK), batch="000001")
    host = EmulatedHost(HostProfile(), [record], clock=time)
    keys = FileKeyStore.create(folder / "keys.json", b"practice", tmk=PUBLISHED, test_keys=True)
    journal = SQLiteJournal(
        folder / "journal.db", key=keys.journal_key, terminal=TERMINAL, training=True
    )
    clock = ManualClock(time().astimezone(UTC))
    terminal = Terminal(
        TERMINAL,
        MERCHANT,
        dialect=UNIONPAY,
        keystore=keys,
        journal=journal,
        link=MemoryLink(host.respond),
        clock=clock,
    )
    terminal.sign_in()
    terminal.sale(sale("S-1", 12_800))
    time.advance(timedelta(days=1))
    clock.advance(timedelta(days=1))
    terminal.sign_in()
    return terminal
