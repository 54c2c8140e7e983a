"""Every invariant bites: a good history passes it, and each hand-made bad one breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from posrefund.testing.simulator import INVARIANTS
from posrefund.testing.simulator import invariants as money
from posrefund.testing.simulator import invariants_batch as closing
from posrefund.testing.simulator import invariants_books as books
from posrefund.testing.simulator import invariants_people as people
from posrefund.testing.simulator.checker import Checker, ViolationError
from posrefund.testing.simulator.evidence import Demands
from testing.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from posrefund.testing.simulator.evidence import Evidence

    Check = Callable[[Evidence], Iterator[str]]


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """A sale of 10.00 on 9 March, in the journal and at the host; nothing was given back yet."""
    made = History(tmp_path)
    made.sell()
    made.look()
    yield made
    made.close()


def refunded(history: History) -> None:
    """The whole of it was given back on the 10th, by the book."""
    history.open("R-1")
    history.look()
    history.leave("R-1")
    history.book()
    history.inbound("R-1")
    history.move("R-1", "accept", "ACCEPTED", "accepted")
    history.db.execute("UPDATE originals SET accepted_minor = 1000")


EVERY = (
    money.ceiling_holds,
    money.request_has_one_effect,
    money.nothing_is_lost,
    money.every_yes_and_message_has_its_reason,
    money.release_needs_proof,
    money.identity_is_one,
    money.final_stays_final,
    money.day_decides_the_route,
    books.chain_is_whole,
    books.books_agree,
)


@pytest.mark.parametrize("check", EVERY)
def test_a_refund_by_the_book_breaks_nothing(history: History, check: Check) -> None:
    refunded(history)

    assert list(check(history.look())) == []


def test_I1_sees_more_held_than_was_paid(history: History) -> None:
    refunded(history)
    history.open("R-2", stan="000003", amount_minor=1)

    assert list(money.ceiling_holds(history.look())) == [
        "S-1: 1 reserved and 1000 given back of 1000"
    ]


def test_I1_sees_more_given_back_by_the_host_than_was_paid(history: History) -> None:
    history.book(amount_minor=1001)

    assert list(money.ceiling_holds(history.look())) == ["the host gave back 1001 of 1000"]


def test_I2_sees_two_effects_of_one_request(history: History) -> None:
    refunded(history)
    history.book()

    assert list(money.request_has_one_effect(history.look())) == [
        "R-1 stands 2 times in the host's books"
    ]


def test_I2_sees_two_open_attempts_of_one_request(history: History) -> None:
    history.open("R-1")
    history.open("R-1", number=2, stan="000003")
    history.row("move", "R-1/2", {"event": "send", "state": "SENT", "facts": {}})

    assert list(money.request_has_one_effect(history.look())) == ["R-1 has 2 open attempts"]


def test_I3_sees_what_only_the_host_knows(history: History) -> None:
    history.book("refund", "000009")

    assert list(money.nothing_is_lost(history.look())) == [
        "the journal knows nothing of refund 000007/000009"
    ]


def test_I4_sees_a_message_that_was_not_written_down_before(history: History) -> None:
    history.look()
    history.leave("R-1")

    assert list(money.every_yes_and_message_has_its_reason(history.evidence)) == [
        "0220 000002 left and was not written down before"
    ]


def test_I4_sees_the_reversal_of_a_refund(history: History) -> None:
    history.open("R-1")
    history.move("R-1", "doubt", "IN_DOUBT")
    history.move("R-1", "reverse", "REVERSING")
    history.look()
    history.leave("-", mti="0400")

    assert list(money.every_yes_and_message_has_its_reason(history.evidence)) == [
        "a reversal of 000007/000002 left, which is no sale or void that is being undone"
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mac", "wrong"),
        ("mti", "0210"),
        ("DE4", "000000001001"),
        ("DE11", "000003"),
        ("DE39", "94"),
        ("DE39", "10"),
        ("DE41", "87654321"),
        ("DE42", "543210987654321"),
        ("DE49", "840"),
    ],
)
def test_I4_sees_a_yes_on_an_answer_that_does_not_fit(
    history: History, field: str, value: str
) -> None:
    history.open("R-1")
    history.book()
    history.inbound("R-1", **{field: value})
    history.move("R-1", "accept", "ACCEPTED", "accepted")

    assert list(money.every_yes_and_message_has_its_reason(history.look())) == [
        f"R-1/1 ACCEPTED: the answer's {field} says something else"
    ]


def test_I4_sees_a_yes_out_of_nothing(history: History) -> None:
    history.open("R-1")
    history.move("R-1", "accept", "ACCEPTED", "accepted")

    assert list(money.every_yes_and_message_has_its_reason(history.look())) == [
        "R-1/1 ACCEPTED: no answer was kept before",
        "R-1/1 is ACCEPTED, and the host has never booked it",
    ]


def test_I5_sees_a_release_by_time(history: History) -> None:
    history.open("R-1")
    history.look()
    history.leave("R-1")
    history.move("R-1", "fail", "NOT_SENT", "none", reason="no_reply")

    assert list(money.release_needs_proof(history.look())) == ["R-1/1 NOT_SENT: 1 copies have left"]


@pytest.mark.parametrize("answer", [{"DE39": "96"}, {"DE39": "00"}, {"DE39": "61", "mac": "wrong"}])
def test_I5_sees_a_no_on_an_answer_that_says_no_such_thing(
    history: History, answer: dict[str, str]
) -> None:
    history.open("R-1")
    history.inbound("R-1", **answer)
    history.move("R-1", "decline", "DECLINED", "none")

    assert list(money.release_needs_proof(history.look())) == ["R-1/1 DECLINED: no answer says so"]


def test_I5_sees_a_no_to_what_the_host_has_booked(history: History) -> None:
    history.open("R-1")
    history.book()
    history.inbound("R-1", DE39="61")
    history.move("R-1", "decline", "DECLINED", "none")

    assert list(money.release_needs_proof(history.look())) == [
        "R-1/1 is DECLINED, and stands in the host's books"
    ]


def test_I5_sees_an_undoing_without_the_hosts_answer(history: History) -> None:
    history.open("S-2", kind="sale", original_id=None)
    history.inbound("S-2", mti="0410", DE39="96")
    history.move("S-2", "undo", "REVERSED", "none")

    assert list(money.release_needs_proof(history.look())) == ["S-2/1 REVERSED: no answer says so"]


@pytest.mark.parametrize(
    ("absent", "people"), [("", "ann, bo"), ("three files", "ann"), ("three files", "ann, ann")]
)
def test_I5_sees_a_release_by_one_or_without_proof(
    history: History, absent: str, people: str
) -> None:
    history.open("R-1")
    history.move("R-1", "doubt", "IN_DOUBT")
    history.move("R-1", "give_up", "MANUAL", absent=absent)
    history.move("R-1", "release", "RELEASED", "none", released_by=people)

    assert list(money.release_needs_proof(history.look())) == [
        "R-1/1 RELEASED: not by two people after a proven absence"
    ]


def test_I6_sees_a_copy_that_was_not_announced(history: History) -> None:
    history.open("R-1")
    history.look()
    history.leave("R-1")
    history.leave("R-1")

    assert list(money.identity_is_one(history.evidence)) == ["R-1/1 left 2 times"]


def test_I6_sees_a_number_in_use_twice(history: History) -> None:
    history.open("R-1")
    history.open("R-2", batch="000008")

    assert list(money.identity_is_one(history.look())) == ["STAN 000002 is in use 2 times"]


def test_I6_sees_another_identity_on_the_line(history: History) -> None:
    history.open("R-1")
    history.look()
    history.leave("R-1", stan="000003")

    assert list(money.identity_is_one(history.evidence)) == [
        "R-1/1 left under another identity than the journal's"
    ]


def test_I7_sees_a_changed_row(history: History) -> None:
    refunded(history)
    history.look()
    history.db.execute("UPDATE chain SET body = replace(body, '000002', '000003') WHERE seq = 6")

    assert list(books.chain_is_whole(history.evidence)) == [
        "row 6 is not bound to the one before it"
    ]


def test_I7_sees_another_history_with_a_chain_of_its_own(tmp_path: Path) -> None:
    one, other = History(_folder(tmp_path, "one")), History(_folder(tmp_path, "other"))
    one.know()
    one.look()
    other.know(minor=2000)
    one.evidence.witness.close()
    one.evidence.witness.path = tmp_path / "other" / "journal.db"

    assert next(iter(books.chain_is_whole(one.evidence))) == "row 1 was another one before"
    one.close()
    other.close()


def _folder(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_I7_sees_a_tail_cut_off(history: History) -> None:
    history.look()
    history.db.execute("DELETE FROM chain")

    assert list(books.chain_is_whole(history.evidence)) == ["rows are missing at the end"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE attempts SET state = 'DECLINED'",
            "the table of attempts is not what the rows say",
        ),
        ("DELETE FROM attempts", "the table of attempts is not what the rows say"),
        (
            "UPDATE originals SET accepted_minor = 0",
            "the sums of the originals are not what the rows say",
        ),
    ],
)
def test_I7_sees_a_table_that_is_not_the_replay(history: History, change: str, found: str) -> None:
    refunded(history)
    history.db.execute(change)

    assert list(books.chain_is_whole(history.look())) == [found]


def test_I8_sees_a_difference_that_nobody_holds(history: History) -> None:
    history.open("R-1")
    history.move("R-1", "doubt", "IN_DOUBT")
    history.book()

    assert list(books.books_agree(history.look())) == [
        "R-1/1 is IN_DOUBT: 0 here, 1000 at the host"
    ]


def test_I8_leaves_a_case_to_the_people_who_hold_it(history: History) -> None:
    history.open("R-1")
    history.move("R-1", "doubt", "IN_DOUBT")
    history.move("R-1", "give_up", "MANUAL")
    history.book()

    assert list(books.books_agree(history.look())) == []


def test_I11_sees_a_card_number_in_a_row_and_in_a_file(history: History) -> None:
    history.open("R-1", card_masked="6200000000000005")
    evidence = history.look()

    assert list(books.secrets_stay_out(evidence, ["6200000000000005"])) == [
        "a row holds card data in clear"
    ]
    assert list(books.secrets_stay_out(evidence, ["6200000000000047"], b"..6200000000000047")) == [
        "the journal's files hold card data in clear"
    ]


def test_I12_sees_what_a_start_left_under_way_and_what_a_second_one_wrote(
    history: History,
) -> None:
    history.open("R-1")
    evidence = history.look()

    assert list(books.recovery_is_total(evidence, rows_before_again=6)) == [
        "R-1/1 is SENT after a start",
        "a second start wrote rows",
    ]


@pytest.mark.parametrize(("event", "state"), [("decline", "DECLINED"), ("doubt", "IN_DOUBT")])
def test_I13_sees_a_yes_that_is_flipped(history: History, event: str, state: str) -> None:
    refunded(history)
    history.move("R-1", event, state)

    assert list(money.final_stays_final(history.look())) == [f"R-1/1 went from ACCEPTED to {state}"]


@pytest.mark.parametrize(
    ("made", "route", "found"),
    [
        ({"host_day": "2026-03-09"}, "refund", "R-1/1 is of 2026-03-10, not of 2026-03-09"),
        ({}, "void", "R-1/1 is a void on 2026-03-10 of a sale of 2026-03-09"),
        (
            {"created_at": "2026-03-08T23:00:00+08:00", "host_day": "2026-03-09"},
            "refund",
            "R-1/1 is a refund on 2026-03-09 of a sale of 2026-03-09",
        ),
    ],
)
def test_I14_sees_the_wrong_day_and_the_wrong_route(
    history: History, made: dict[str, str], route: str, found: str
) -> None:
    history.open("R-1", kind=route, **made)

    assert list(money.day_decides_the_route(history.look())) == [found]


def test_I14_sees_a_sale_of_another_year(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.book("sale", "000001", day=9)
    history.know(transaction_date="2025-03-09")

    assert list(money.day_decides_the_route(history.look())) == [
        "S-1 has other dates than in the host's ledger"
    ]
    history.close()


SALE_ITEM = "0000000100006200000000000005000000001000"
"""Class 2, STAN 6, number 20, amount 12."""
TOTALS = "000000001000001000000001000001" + "0" * 32
"""One debit and one credit of 10.00; no verdict, and no foreign cards."""


def closed_by_the_book(history: History) -> None:
    """The sale and the refund of batch 7: stated, uploaded, ended by the host, then here."""
    refunded(history)
    history.say("settlement", de48=TOTALS)
    history.say("upload_details", de48=f"01{SALE_ITEM}")
    history.say("upload_refund", de11="000002", de4="000000001000")
    history.ledger.batches["12345678"] = "000008"
    history.end_batch("000007")


def faults_of_closing(history: History) -> list[str]:
    return list(closing.closing_says_what_was_accepted(history.look()))


def test_a_closing_by_the_book_breaks_nothing(history: History) -> None:
    closed_by_the_book(history)

    assert faults_of_closing(history) == []


@pytest.mark.parametrize(
    "de48",
    [
        "000000001000001000000000000000" + "0" * 32,
        "000000001000001000000001000002" + "0" * 32,
        "000000001000001000000001001001" + "0" * 32,
        TOTALS[:61] + "1",
        TOTALS[:45] + "1" + TOTALS[46:],
    ],
)
def test_I16_sees_totals_that_are_not_those_of_what_was_accepted(
    history: History, de48: str
) -> None:
    refunded(history)
    history.say("settlement", de48=de48)

    assert faults_of_closing(history) == [
        "the totals of batch 000007 are not those of its accepted items"
    ]


def test_I16_sees_an_item_counted_in_another_batch(history: History) -> None:
    history.say("settlement", batch="000008", de48="000000001000001" + "0" * 47)

    assert len(faults_of_closing(history)) == 1


def test_I16_sees_a_doubt_in_the_totals_and_in_the_upload(history: History) -> None:
    history.open("R-1")
    history.move("R-1", "doubt", "IN_DOUBT")
    history.say("settlement", de48=TOTALS)
    history.say("upload_refund", de11="000002", de4="000000001000")

    assert faults_of_closing(history) == [
        "the totals of batch 000007 are not those of its accepted items",
        "000007/000002 was uploaded, and is no accepted refund",
    ]


@pytest.mark.parametrize(
    "item",
    [
        "0000000900006200000000000005000000001000",  # a number of its own
        "0000000100006200000000000005000000001001",
        "0000000200006200000000000005000000001000",  # that is the refund
    ],
)
def test_I16_sees_an_upload_of_what_is_not_there(history: History, item: str) -> None:
    refunded(history)
    history.say("upload_details", de48=f"02{SALE_ITEM}{item}")

    assert faults_of_closing(history) == [
        f"000007/{item[2:8]} was uploaded, and is no accepted sale or void"
    ]


def test_I16_sees_a_refund_uploaded_under_a_new_number(history: History) -> None:
    refunded(history)
    history.say("upload_refund", de11="000003", de4="000000001000")

    assert faults_of_closing(history) == ["000007/000003 was uploaded, and is no accepted refund"]


@pytest.mark.parametrize("at_host", ["", "000007"])
def test_I16_sees_a_batch_that_is_over_before_the_host_said_so(
    history: History, at_host: str
) -> None:
    if at_host:
        history.ledger.batches["12345678"] = at_host
    history.end_batch("000007")

    assert faults_of_closing(history) == ["batch 000007 is over here, and open at the host"]


def test_L3_sees_a_closing_that_never_ends(history: History) -> None:
    assert list(closing.closing_is_over(history.look())) == []
    history.db.execute("INSERT INTO meta VALUES ('closing', '{}')")

    assert list(closing.closing_is_over(history.look())) == ["a batch is still being closed"]


def test_L1_and_L2_see_what_is_not_decided(history: History) -> None:
    history.open("S-2", kind="sale", original_id=None)
    history.move("S-2", "doubt", "IN_DOUBT")
    evidence = history.look()

    assert list(books.everything_is_decided(evidence)) == [
        "S-1/1 is still ACCEPTED",
        "S-2/1 is still IN_DOUBT",
    ]
    assert list(books.nothing_waits_to_be_sent(evidence)) == ["S-2/1 still waits to be undone"]


# --- rows that were taken away ---------------------------------------------------------------


@pytest.fixture
def restored(history: History) -> History:
    """The refund R-1 was given back on the 10th; then a copy without it was put back, and noticed."""
    rows = history.evidence.witness.rows
    refunded(history)
    history.look()
    history.put_back(rows)
    return history


def test_lost_rows_are_no_violation_by_themselves(restored: History) -> None:
    evidence = restored.evidence
    assert [seen.name for seen in evidence.lost] == ["R-1/1"]
    assert list(money.nothing_is_lost(evidence)) == []
    assert list(money.request_has_one_effect(evidence)) == []
    assert list(books.chain_is_whole(evidence)) == []


def test_I2_sees_a_lost_refund_that_is_given_again(restored: History) -> None:
    restored.open("R-1", stan="000003")
    restored.book(stan="000003")
    assert list(money.request_has_one_effect(restored.look())) == [
        "R-1 stands 2 times in the host's books"
    ]
    assert list(money.ceiling_holds(restored.evidence)) == ["the host gave back 2000 of 1000"]


def test_I1_sees_an_attempt_at_a_sale_of_which_a_file_knows_more(restored: History) -> None:
    told = {"stan": "000002", "rrn": "610012000002", "original_transmitted": "0309120000"}
    restored.row("host_only", "000001", told)
    restored.look()
    restored.open("R-2", stan="000003")
    assert list(money.ceiling_holds(restored.look())) == [
        "R-2/1 is about a sale of which a file knows more than the journal"
    ]


def test_I5_sees_a_word_that_was_taken_before_the_files_were_read(restored: History) -> None:
    restored.row("epoch", "", {"epoch": "2", "journal_id": "ab"})
    restored.row("journal_accepted", "", {})
    assert list(money.release_needs_proof(restored.look())) == [
        "R-1/1 was lost, and its file unread when people were let accept it"
    ]
    restored.row("file", "", {"day": "2026-03-10"})
    restored.row("journal_accepted", "", {})
    assert list(money.release_needs_proof(restored.look())) == []


def test_I6_sees_a_lost_number_that_is_used_again(restored: History) -> None:
    restored.open("R-2")
    assert list(money.identity_is_one(restored.look())) == [
        "R-2/1 has the number of one that left before the journal was put back"
    ]


def test_I8_sees_a_lost_refund_that_no_file_brought_back(restored: History) -> None:
    (entry,) = [each for each in restored.ledger.entries() if each.kind == "refund"]
    assert list(books.books_agree(restored.evidence)) == [
        "R-1/1 was lost, and no file has brought it back"
    ]
    told = {"stan": entry.stan, "rrn": entry.rrn, "original_transmitted": "0309120000"}
    restored.row("host_only", "000001", told)
    assert list(books.books_agree(restored.look())) == []


def test_I7_follows_the_chain_into_an_epoch_and_sees_one_that_is_signed_as_before(
    restored: History,
) -> None:
    restored.row("epoch", "", {"epoch": "2", "journal_id": "ab"})
    assert list(books.chain_is_whole(restored.look())) == [
        f"row {restored.evidence.witness.rows} is not bound to the one before it"
    ]


def test_L1_sees_a_journal_that_nobody_reconciles(restored: History) -> None:
    restored.row("epoch", "", {"epoch": "2", "journal_id": "ab"})
    assert list(books.everything_is_decided(restored.look()))[-1] == (
        "the journal lost rows, and was never reconciled"
    )
    restored.row("journal_accepted", "", {})
    assert "reconciled" not in str(list(books.everything_is_decided(restored.look())))


def test_witness_takes_only_an_older_copy_of_what_it_has_read(
    history: History, tmp_path: Path
) -> None:
    history.db.execute("UPDATE chain SET link = zeroblob(32) WHERE seq = 1")
    with pytest.raises(ValueError, match="no older copy"):
        history.evidence.witness.put_back()


def test_the_checker_names_the_invariant(history: History) -> None:
    history.book("refund", "000009")

    with pytest.raises(ViolationError, match=r"^I3: the journal knows nothing") as caught:
        Checker(history.evidence, ()).step()
    assert caught.value.invariant == "I3"


def test_the_list_is_complete_and_says_what_is_not_checked() -> None:
    assert [each.name for each in INVARIANTS] == [
        *(f"I{n}" for n in range(1, 17)),
        "L1",
        "L2",
        "L3",
    ]
    assert [each.name for each in INVARIANTS if each.when == "never"] == ["I10"]


# --- what people decide ----------------------------------------------------------------------------

DIGEST_OF_R1 = "031bd7c07f63f5cd702aa0b69b5703c76afa8657a1e88ba52c0724410a50068a"
"""By sha256sum, of ["content of R-1",1000,"156","S-1","0011"]."""


def asked(history: History, checker: str = "02", **more: str) -> None:
    """Operator 01 asks for R-1, and somebody says yes."""
    data = {
        "request_id": "R-1", "number": 1, "state": "AWAITING_APPROVAL", "maker": "01",
        "digest": DIGEST_OF_R1, "expires_at": "2026-03-11T12:00:00+08:00", **more,
    }  # fmt: skip
    history.row("ask", "R-1#1", data)
    history.row("approval", "R-1#1", {"event": "clear", "state": "CLEARED", "by": checker})


def begun(history: History, name: str = "R-1", *, number: int = 1, **more: Any) -> None:
    history.open(name, card_fingerprint="0011", number=number, **more)


@pytest.fixture
def careful(history: History) -> History:
    """The same shop, where every refund needs a second person."""
    history.evidence.demands = Demands(approval_from_minor=1, case_people=1)
    return history


def test_I9_takes_a_refund_that_somebody_else_approved(careful: History) -> None:
    asked(careful)
    begun(careful, approval="R-1#1", content="content of R-1")

    assert list(people.approved_is_executed(careful.look())) == []


@pytest.mark.parametrize("checker", ["01", "1"])
def test_I9_sees_who_approves_his_own_request(careful: History, checker: str) -> None:
    asked(careful, checker)

    assert list(people.approved_is_executed(careful.look())) == [
        "R-1 was approved by who asked for it"
    ]


def test_I9_sees_what_nobody_approved(careful: History) -> None:
    begun(careful)

    assert list(people.approved_is_executed(careful.look())) == [
        "R-1/1 was begun and nobody had approved it"
    ]


@pytest.mark.parametrize(
    "change", [{"amount_minor": 999}, {"original_id": "S-2"}, {"content": "other"}]
)
def test_I9_sees_what_is_not_what_was_approved(careful: History, change: dict[str, Any]) -> None:
    careful.know("S-2", rrn="1")
    asked(careful)
    begun(careful, approval="R-1#1", **{"content": "content of R-1", **change})

    assert list(people.approved_is_executed(careful.look())) == ["R-1/1 is not what R-1#1 approved"]


def test_I9_sees_a_yes_that_is_used_twice(careful: History) -> None:
    asked(careful)
    begun(careful, approval="R-1#1", content="content of R-1")
    careful.move("R-1", "fail", "NOT_SENT", "none")
    begun(careful, number=2, approval="R-1#1", content="content of R-1")

    assert list(people.approved_is_executed(careful.look())) == [
        "R-1/1 used R-1#1, which was not there to be used",
        "R-1/2 used R-1#1, which was not there to be used",
    ]


def test_I9_sees_a_yes_that_was_too_old(careful: History) -> None:
    asked(careful, expires_at="2026-03-10T12:00:00+08:00")
    begun(careful, approval="R-1#1", content="content of R-1")

    assert list(people.approved_is_executed(careful.look())) == ["R-1/1 used R-1#1 after its time"]


def test_I9_sees_a_slip_that_goes_round_a_ceiling(history: History) -> None:
    history.know("sale:1", ceiling="host_only")
    history.open("R-1", original_id="sale:1")

    assert list(people.approved_is_executed(history.look())) == [
        "R-1/1 was begun and nobody had approved it",
        "R-1/1 is a refund of a sale that is not known",
        "R-1/1 goes round the ceiling of S-1",
    ]


def said(**more: str) -> dict[str, str]:
    return {"evidence": "people", "closed_by": "ann, bo", "document": "letter", **more}


def doubted(history: History) -> None:
    history.open("R-1")
    history.move("R-1", "doubt", "IN_DOUBT")
    history.move("R-1", "give_up", "MANUAL")


def test_I4_and_I5_take_the_word_of_people(history: History) -> None:
    doubted(history)
    history.move("R-1", "accept", "ACCEPTED", "accepted", **said())

    assert list(money.every_yes_and_message_has_its_reason(history.look())) == []


@pytest.mark.parametrize(
    "wrong", [{"closed_by": "ann"}, {"closed_by": "ann, Ann"}, {"document": ""}]
)
def test_I4_and_I5_see_too_few_people_or_no_document(
    history: History, wrong: dict[str, str]
) -> None:
    doubted(history)
    history.move("R-1", "accept", "ACCEPTED", "accepted", **said(**wrong))
    assert len(list(money.every_yes_and_message_has_its_reason(history.look()))) == 1


def test_I5_sees_a_no_of_one_person_against_a_file(careful: History) -> None:
    doubted(careful)
    careful.move("R-1", "decline", "DECLINED", "none", **said(closed_by="ann", against="file"))

    assert list(money.release_needs_proof(careful.look())) == [
        "R-1/1 DECLINED: 1 of 2 people, or no document"
    ]


def test_I8_finds_people_who_were_wrong(history: History) -> None:
    doubted(history)
    history.book()
    history.move("R-1", "decline", "DECLINED", "none", **said())

    assert list(books.books_agree(history.look())) == [
        "R-1/1 is DECLINED: 0 here, 1000 at the host"
    ]
