"""Who the people at a terminal are, proven by PINs: on a whole terminal, with a host that would pay."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.dialects import Policy
from posrefund.engine import Approved
from posrefund.engine.staff import ByRole, Operator, find
from posrefund.errors import (
    InvalidRequestError,
    JournalError,
    JournalWriteError,
    LocalProtocolError,
    PosRefundError,
    RefusedError,
)
from shop import UNIONPAY, Shop, refund, sale
from terminal.power import Fuse, PowerCut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from posrefund.engine import RefundRequest
    from posrefund.terminal import Terminal

BOSS, BOSS_PIN = "09", "482915"
LI, LI_PIN = "02", "739104"
CLERK, CLERK_PIN = "01", "590318"
CHEN, CHEN_PIN = "03", "615203"
WANG, WANG_PIN = "04", "830274"
NOT_IT = "271860"
PINS = {BOSS: BOSS_PIN, LI: LI_PIN, CLERK: CLERK_PIN, CHEN: CHEN_PIN, WANG: WANG_PIN}
ROLES = {CLERK: "cashier", LI: "supervisor", CHEN: "cashier", WANG: "supervisor"}


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as caught:
        call()
    assert caught.value.hint_zh
    assert "{" not in caught.value.hint_en + caught.value.hint_zh
    return caught.value.code


def enrol(terminal: Terminal) -> None:
    """Let the manager add everybody, and each of them choose a PIN."""
    terminal.staff.add_first(BOSS, "Zhao", BOSS_PIN)
    for number, role in ROLES.items():
        terminal.staff.add(number, f"name {number}", role, "190283", by=BOSS, pin=BOSS_PIN)
        terminal.staff.set_pin(number, PINS[number], by=number, pin="190283")


def shop_with(folder: Path, *, with_staff: bool = True, **policy: Any) -> Shop:
    dialect = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=10_000, **policy))
    made = Shop(folder, dialect=dialect)
    made.terminal.sale(sale("S-1", 12_800))
    made.to(1, 10)
    if with_staff:
        enrol(made.terminal)
    return made


@pytest.fixture
def staffed(tmp_path: Path) -> Iterator[Shop]:
    """A shop with five people, where a refund from 100.00 on needs a second one; S-1 of 128.00 was sold."""
    made = shop_with(tmp_path)
    yield made
    made.terminal.close()


WISH = refund("R-1", "S-1", 10_000)


def ask(terminal: Terminal, wanted: RefundRequest = WISH, pin: str | None = CLERK_PIN) -> str:
    """Ask for a second person; return the digest."""
    assert refused(lambda: terminal.refund(wanted, pin=pin)) == "approval_needed"
    return terminal.pending_approvals()[0].digest


def say_yes(terminal: Terminal, checker: str, pin: str | None, digest: str) -> str:
    """Return in whose role, or the code of the refusal."""
    try:
        given_ = terminal.approve("R-1", checker=checker, digest=digest, pin=pin)
    except RefusedError as refusal:
        return refusal.code
    assert given_.checker == checker
    return given_.in_role_of or "own"


# --- a yes is proven -----------------------------------------------------------------------------


def test_refund_asked_for_and_approved_by_two_proven_people_is_sent(staffed: Shop) -> None:
    terminal = staffed.terminal
    digest = ask(terminal)
    assert say_yes(terminal, LI, LI_PIN, digest) == "own"
    outcome = terminal.refund(WISH)

    assert isinstance(outcome, Approved)
    assert outcome.attempt.facts["approved_by"] == LI
    assert "approved_for" not in outcome.attempt.facts
    assert staffed.booked("refund") == [10_000]
    events = [
        (row.subject, row.facts["event"]) for row in terminal.journal.rows() if row.kind == "staff"
    ]
    assert events[-4:] == [(CLERK, "tried"), (CLERK, "proven"), (LI, "tried"), (LI, "proven")]
    terminal.journal.verify()


@pytest.mark.parametrize(
    ("checker", "pin", "code"),
    [
        (LI, None, "operator_pin_needed"),
        (LI, NOT_IT, "operator_pin_wrong"),
        (LI, BOSS_PIN, "operator_pin_wrong"),
        (LI, "", "operator_pin_wrong"),
        (CHEN, CHEN_PIN, "operator_may_not_approve"),
        (CHEN, NOT_IT, "operator_may_not_approve"),
        ("77", LI_PIN, "operator_unknown"),
        (CLERK, CLERK_PIN, "approval_same_person"),
        ("1", CLERK_PIN, "approval_same_person"),
    ],
)
def test_yes_of_anybody_else_is_none(
    staffed: Shop, checker: str, pin: str | None, code: str
) -> None:
    terminal = staffed.terminal
    digest = ask(terminal)

    assert say_yes(terminal, checker, pin, digest) == code
    assert refused(lambda: terminal.refund(WISH)) == "approval_needed"
    assert staffed.booked("refund") == []


def test_try_is_counted_only_where_a_pin_is_looked_at(staffed: Shop) -> None:
    """Who asks for what is refused anyway learns nothing of a PIN, and locks nobody."""
    terminal = staffed.terminal
    digest = ask(terminal)
    for checker, shown in ((LI, "0" * 64), (CLERK, digest), (CHEN, digest), (LI, digest)):
        say_yes(terminal, checker, NOT_IT, shown)

    assert {each.number: each.failures for each in terminal.staff.everyone()} == {
        CLERK: 0, LI: 1, CHEN: 0, WANG: 0, BOSS: 0,
    }  # fmt: skip


def test_pin_that_somebody_else_chose_proves_nothing_until_it_is_changed(staffed: Shop) -> None:
    terminal = staffed.terminal
    terminal.staff.set_pin(LI, "190283", by=BOSS, pin=BOSS_PIN)
    digest = ask(terminal)

    assert say_yes(terminal, LI, LI_PIN, digest) == "operator_pin_wrong"
    assert say_yes(terminal, LI, "190283", digest) == "operator_pin_change"
    assert refused(lambda: terminal.prove(LI, "190283")) == "operator_pin_change"
    with pytest.raises(InvalidRequestError, match="another one than before"):
        terminal.staff.set_pin(LI, "190283", by=LI, pin="190283")
    terminal.staff.set_pin("2", LI_PIN, by=LI, pin="190283")
    assert say_yes(terminal, LI, LI_PIN, digest) == "own"


def test_person_who_was_deactivated_approves_nothing(staffed: Shop) -> None:
    terminal = staffed.terminal
    digest = ask(terminal)
    terminal.staff.deactivate(LI, by=BOSS, pin=BOSS_PIN)
    assert say_yes(terminal, LI, LI_PIN, digest) == "operator_inactive"
    terminal.staff.activate(LI, by=BOSS, pin=BOSS_PIN)
    assert say_yes(terminal, LI, LI_PIN, digest) == "own"


def test_roles_that_may_approve_are_the_rules(staffed: Shop) -> None:
    terminal = staffed.terminal
    digest = ask(terminal)
    terminal._procedures.people.prover.permissions = ByRole(frozenset({"cashier"}))

    assert say_yes(terminal, LI, LI_PIN, digest) == "operator_may_not_approve"
    assert say_yes(terminal, CHEN, CHEN_PIN, digest) == "own"


def test_role_that_the_rules_do_not_know_is_given_to_nobody(staffed: Shop) -> None:
    terminal = staffed.terminal
    terminal._procedures.people.prover.permissions = ByRole(
        frozenset({"cashier"}), frozenset({"cashier", "keyholder"})
    )

    def add(number: str, role: str) -> None:
        terminal.staff.add(number, "Zhao", role, "190283", by=BOSS, pin=BOSS_PIN)

    assert refused(lambda: add("77", "supervisor")) == "role_unknown"
    assert (
        refused(lambda: terminal.staff.set_role(LI, "boss", by=BOSS, pin=BOSS_PIN))
        == "role_unknown"
    )
    assert {each.number: each.role for each in terminal.staff.everyone()}[LI] == "supervisor"
    add("77", "keyholder")
    terminal.staff.set_role("77", "manager", by=BOSS, pin=BOSS_PIN)  # whatever the rules say
    assert {each.number: each.role for each in terminal.staff.everyone()}["77"] == "manager"


# --- without staff -------------------------------------------------------------------------------


def test_terminal_that_knows_nobody_takes_people_at_their_word(tmp_path: Path) -> None:
    made = shop_with(tmp_path, with_staff=False)
    digest = ask(made.terminal, pin=None)
    assert not made.terminal.staff.asks_for_pin
    # A PIN that nobody can look at is not looked past.
    assert say_yes(made.terminal, LI, LI_PIN, digest) == "operator_unknown"
    assert say_yes(made.terminal, LI, None, digest) == "own"
    assert isinstance(made.terminal.refund(WISH), Approved)
    made.terminal.close()


def test_profile_may_want_a_pin_before_anybody_is_known(tmp_path: Path) -> None:
    made = shop_with(tmp_path, with_staff=False, approval_pin="always")
    digest = ask(made.terminal, pin=None)
    assert made.terminal.staff.asks_for_pin
    assert say_yes(made.terminal, LI, None, digest) == "operator_unknown"
    made.terminal.close()


# --- who asks ------------------------------------------------------------------------------------


def test_refund_by_nobody_who_is_known_is_refused_before_anything_is_sent(staffed: Shop) -> None:
    terminal = staffed.terminal
    terminal.staff.deactivate(CHEN, by=BOSS, pin=BOSS_PIN)
    rows = len(terminal.journal.rows())
    for operator, code in (("77", "operator_unknown"), (CHEN, "operator_inactive")):
        wish = replace_operator(refund("R-2", "S-1", 100), operator)
        assert refused(lambda wish=wish: terminal.refund(wish)) == code  # type: ignore[misc]  # reason: a default
    assert len(terminal.journal.rows()) == rows
    assert staffed.link.sent == []
    assert isinstance(terminal.refund(refund("R-2", "S-1", 100)), Approved)


def replace_operator(request: RefundRequest, operator: str) -> RefundRequest:
    return replace(request, operator=operator)


def test_refund_by_somebody_locked_waits(staffed: Shop) -> None:
    terminal = staffed.terminal
    for _ in range(3):
        with suppress(RefusedError):
            terminal.prove(CLERK, NOT_IT)

    assert refused(lambda: terminal.refund(refund("R-2", "S-1", 100))) == "operator_locked"
    terminal.staff.unlock(CLERK, by=BOSS, pin=BOSS_PIN)
    assert isinstance(terminal.refund(refund("R-2", "S-1", 100)), Approved)


def test_answer_that_stands_is_told_to_whoever_asks_again(staffed: Shop) -> None:
    terminal, wish = staffed.terminal, refund("R-2", "S-1", 100)
    terminal.refund(wish)
    terminal.staff.deactivate(CLERK, by=BOSS, pin=BOSS_PIN)

    assert isinstance(terminal.refund(wish), Approved)
    assert staffed.booked("refund") == [100]


@pytest.mark.parametrize(
    ("pin", "code"), [(None, "operator_pin_needed"), (NOT_IT, "operator_pin_wrong")]
)
def test_nobody_asks_in_another_one_s_name(staffed: Shop, pin: str | None, code: str) -> None:
    """Li asks as the clerk, and would approve as Li: one person, two numbers."""
    terminal = staffed.terminal

    assert refused(lambda: terminal.refund(WISH, pin=pin)) == code
    assert terminal.pending_approvals() == []
    ask(terminal)
    assert refused(lambda: terminal.refund(WISH)) == "approval_needed"  # asked for already


def test_pin_that_is_typed_is_looked_at_where_none_is_needed_too(staffed: Shop) -> None:
    terminal, wish = staffed.terminal, refund("R-2", "S-1", 100)

    assert refused(lambda: terminal.refund(wish, pin=NOT_IT)) == "operator_pin_wrong"
    assert isinstance(terminal.refund(wish, pin=CLERK_PIN), Approved)


def test_profile_may_take_who_asks_at_his_word(tmp_path: Path) -> None:
    made = shop_with(tmp_path, maker_pin=False)
    digest = ask(made.terminal, pin=None)
    assert say_yes(made.terminal, LI, LI_PIN, digest) == "own"
    made.terminal.close()


# --- the lock ------------------------------------------------------------------------------------


def test_three_wrong_pins_lock_and_the_right_one_does_not_help_until_it_is_over(
    staffed: Shop,
) -> None:
    terminal = staffed.terminal
    codes = [refused(lambda: terminal.prove(LI, NOT_IT)) for _ in range(3)]
    assert codes == ["operator_pin_wrong", "operator_pin_wrong", "operator_locked"]
    rows = len(terminal.journal.rows())
    assert refused(lambda: terminal.prove(LI, LI_PIN)) == "operator_locked"
    # A till that asks what is needed before it asks for a PIN hears of the lock.
    assert refused(lambda: terminal.prove(LI, None)) == "operator_locked"  # type: ignore[arg-type]  # reason: as approve hands it on
    assert (
        refused(lambda: terminal.staff.set_pin(LI, NOT_IT, by=LI, pin=LI_PIN)) == "operator_locked"
    )
    assert len(terminal.journal.rows()) == rows  # a try that is not looked at changes nothing

    locked_at = staffed.clock()
    staffed.clock.set(locked_at + timedelta(minutes=30) - timedelta(seconds=1))
    assert refused(lambda: terminal.prove(LI, LI_PIN)) == "operator_locked"
    staffed.clock.set(locked_at + timedelta(minutes=30))
    assert terminal.prove(LI, LI_PIN).failures == 0


def test_lock_stands_after_a_restart(staffed: Shop) -> None:
    for _ in range(3):
        with suppress(RefusedError):
            staffed.terminal.prove(LI, NOT_IT)
    staffed.restart()
    assert refused(lambda: staffed.terminal.prove(LI, LI_PIN)) == "operator_locked"


def test_unlocking_keeps_the_pin_and_takes_a_manager(staffed: Shop) -> None:
    terminal = staffed.terminal
    for _ in range(3):
        with suppress(RefusedError):
            terminal.prove(LI, NOT_IT)
    no = refused(lambda: terminal.staff.unlock(LI, by=WANG, pin=WANG_PIN))
    assert no == "operator_no_manager"
    terminal.staff.unlock(LI, by=BOSS, pin=BOSS_PIN)
    assert terminal.prove(LI, LI_PIN).number == LI


def test_profile_says_how_many_tries_and_how_long(tmp_path: Path) -> None:
    made = shop_with(tmp_path, pin_tries=1, pin_lock_minutes=5, pin_lock_minutes_max=8)
    lasted = []
    for _ in range(3):
        assert refused(lambda: made.terminal.prove(LI, NOT_IT)) == "operator_locked"
        (li,) = (each for each in made.terminal.staff.everyone() if each.number == LI)
        assert li.locked_until is not None
        lasted.append((li.locked_until - made.clock()) // timedelta(minutes=1))
        made.clock.set(li.locked_until)
    assert lasted == [5, 8, 8]
    made.terminal.close()


# --- a try is counted before it is looked at -------------------------------------------------------


def guess_until_dark(terminal: Terminal, fuse: Fuse, pin: str) -> bool:
    """Try *pin* with a fuse in every step of a try; say whether it was proven before the power failed."""
    journal: Any = terminal.journal
    for name in ("change_operator", "pin_is"):
        setattr(journal, name, fuse.guard(getattr(journal, name)))
    try:
        terminal.prove(LI, pin)
    except PowerCut:
        return False
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize("blow_at", range(1, 7))
def test_power_that_fails_anywhere_in_a_try_gives_no_try_for_nothing(
    staffed: Shop, blow_at: int
) -> None:
    """Six steps: before and after the count, the look, the proof. From the look on the try is in the journal."""
    for cut in range(1, 4):
        assert not guess_until_dark(staffed.terminal, Fuse(blow_at), LI_PIN)
        staffed.restart()
        (li,) = (each for each in staffed.terminal.staff.everyone() if each.number == LI)
        was_counted, was_proven = blow_at >= 2, blow_at == 6
        if was_proven or not was_counted:  # before the count nothing was looked at
            assert (li.failures, li.lockouts) == (0, 0)
        elif cut < 3:
            assert (li.failures, li.lockouts) == (cut, 0)
        else:
            assert refused(lambda: staffed.terminal.prove(LI, LI_PIN)) == "operator_locked"
        staffed.terminal.journal.verify()


@pytest.mark.parametrize("pin", [LI_PIN, NOT_IT])
def test_disk_that_takes_no_count_gives_no_answer(staffed: Shop, pin: str) -> None:
    """A full disk must not be a way to guess: what cannot be counted is not looked at."""
    terminal, journal = staffed.terminal, staffed.terminal.journal
    looked = spy_on_looks(terminal)
    db = journal._db
    for _ in range(200):
        before = len(looked), len(tries_of(terminal, LI))
        db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")
        try:
            terminal.prove(LI, pin)
        except JournalWriteError:
            break
        except RefusedError as refusal:
            if refusal.code == "operator_locked":
                db.execute("PRAGMA max_page_count = 1073741823")
                terminal.staff.unlock(LI, by=BOSS, pin=BOSS_PIN)
    else:
        pytest.fail("the disk was never full")

    assert len(looked) - before[0] <= len(tries_of(terminal, LI)) - before[1]


def spy_on_looks(terminal: Terminal) -> list[str]:
    """Return a list that grows with each PIN of Li that is looked at."""
    looked: list[str] = []
    journal: Any = terminal.journal
    pin_is = journal.pin_is

    def spy(number: str, typed: str) -> bool:
        if number == LI:
            looked.append(typed)
        return bool(pin_is(number, typed))

    journal.pin_is = spy
    return looked


def tries_of(terminal: Terminal, number: str) -> list[object]:
    rows = [row for row in terminal.journal.rows() if row.kind == "staff" and row.subject == number]
    return [row for row in rows if row.facts["event"] == "tried"]


@pytest.mark.parametrize("pin", [LI_PIN, NOT_IT])
def test_count_that_fails_looks_at_nothing(
    staffed: Shop, monkeypatch: pytest.MonkeyPatch, pin: str
) -> None:
    looked = spy_on_looks(staffed.terminal)

    def full(*_: object, **__: object) -> None:
        raise JournalWriteError("SQLITE_FULL")

    monkeypatch.setattr(staffed.terminal.journal, "change_operator", full)
    with pytest.raises(JournalWriteError):
        staffed.terminal.prove(LI, pin)
    assert looked == []


def test_two_threads_get_no_more_tries_than_one(staffed: Shop) -> None:
    codes: list[str] = []

    def guess() -> None:
        for _ in range(5):
            try:
                staffed.terminal.prove(LI, NOT_IT)
            except RefusedError as refusal:
                codes.append(refusal.code)

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes.count("operator_pin_wrong") == 2
    assert codes.count("operator_locked") == 18
    assert len(tries_of(staffed.terminal, LI)) == 1 + 3  # the first one chose the PIN


# --- any text ------------------------------------------------------------------------------------


def test_any_text_as_a_pin_ends_in_a_documented_error(staffed: Shop) -> None:
    terminal = staffed.terminal

    @given(typed=st.text())
    def guess(typed: str) -> None:
        with pytest.raises(PosRefundError) as caught:
            terminal.prove(LI, typed)
        assert len(typed) < 6 or typed not in str(caught.value)

    guess()
    for other in (None, 123456, b"482915"):
        with pytest.raises((InvalidRequestError, RefusedError)):
            terminal.prove(WANG, other)  # type: ignore[arg-type]  # reason: callers without a type checker


@given(number=st.text(max_size=5))
def test_any_text_as_a_number_is_somebody_or_nobody(number: str) -> None:
    people = [Operator("02", "Li", "supervisor")]
    found = find(people, number)

    assert (found is not None) == (number.strip().lstrip("0") == "2")


# --- managing --------------------------------------------------------------------------------------


def test_first_operator_is_made_once_and_is_a_manager(tmp_path: Path) -> None:
    made = shop_with(tmp_path, with_staff=False)
    staff = made.terminal.staff
    with pytest.raises(InvalidRequestError, match="harder to guess"):
        staff.add_first(BOSS, "Zhao", "123456")
    assert staff.everyone() == []
    first = staff.add_first(BOSS, "Zhao", BOSS_PIN)
    assert (first.role, first.must_change_pin) == ("manager", False)
    assert refused(lambda: staff.add_first("10", "Qian", NOT_IT)) == "staff_known"
    made.terminal.close()


def test_only_a_manager_with_the_right_pin_changes_people(staffed: Shop) -> None:
    staff = staffed.terminal.staff
    changes: list[Callable[..., object]] = [
        lambda **by: staff.add("05", "Sun", "cashier", "190283", **by),
        lambda **by: staff.set_pin(CHEN, "190283", **by),
        lambda **by: staff.set_role(CHEN, "supervisor", **by),
        lambda **by: staff.deactivate(CHEN, **by),
        lambda **by: staff.activate(CHEN, **by),
        lambda **by: staff.unlock(CHEN, **by),
    ]
    before = [each for each in staff.everyone() if each.number == CHEN]
    for change in changes:
        assert refused(lambda c=change: c(by=LI, pin=LI_PIN)) == "operator_no_manager"  # type: ignore[misc]  # reason: a default
        assert refused(lambda c=change: c(by=BOSS, pin=NOT_IT)) == "operator_pin_wrong"  # type: ignore[misc]  # reason: a default
        staffed.terminal.prove(BOSS, BOSS_PIN)
    assert [each for each in staff.everyone() if each.number == CHEN] == before
    for change in changes:
        change(by=BOSS, pin=BOSS_PIN)
    staffed.terminal.journal.verify()


def test_last_manager_can_neither_leave_nor_step_down(staffed: Shop) -> None:
    staff = staffed.terminal.staff
    for change in (
        lambda: staff.deactivate(BOSS, by=BOSS, pin=BOSS_PIN),
        lambda: staff.set_role(BOSS, "cashier", by=BOSS, pin=BOSS_PIN),
    ):
        assert refused(change) == "operator_last_manager"
    staff.set_role(LI, "manager", by=BOSS, pin=BOSS_PIN)
    staff.deactivate(BOSS, by=BOSS, pin=BOSS_PIN)
    assert refused(lambda: staff.deactivate(LI, by=LI, pin=LI_PIN)) == "operator_last_manager"


def test_number_that_is_taken_is_refused_however_it_is_written(staffed: Shop) -> None:
    staff = staffed.terminal.staff
    for number in ("02", "2", "002"):
        code = refused(lambda n=number: staff.add(n, "x", "cashier", NOT_IT, by=BOSS, pin=BOSS_PIN))  # type: ignore[misc]  # reason: a default
        assert code == "operator_known"


# --- for one another -------------------------------------------------------------------------------


def lend(terminal: Terminal, taker: str = CHEN, **changes: Any) -> None:
    now = terminal._procedures.clock()
    given_ = {
        "since": now,
        "until": now + timedelta(days=7),
        "pin": LI_PIN,
        "manager": BOSS,
        "manager_pin": BOSS_PIN,
        **changes,
    }
    terminal.staff.delegate(LI, taker, **given_)


def test_right_that_was_lent_is_used_and_both_are_named(staffed: Shop) -> None:
    terminal = staffed.terminal
    digest = ask(terminal)
    lend(terminal)
    assert say_yes(terminal, CHEN, NOT_IT, digest) == "operator_pin_wrong"
    assert say_yes(terminal, CHEN, CHEN_PIN, digest) == LI
    outcome = terminal.refund(WISH)

    assert isinstance(outcome, Approved)
    facts = outcome.attempt.facts
    assert (facts["approved_by"], facts["approved_for"]) == (CHEN, LI)
    (yes,) = (row for row in terminal.journal.rows() if row.kind == "approval")
    assert (yes.facts["by"], yes.facts["in_role_of"]) == (CHEN, LI)
    terminal.journal.verify()


def test_right_that_was_lent_never_serves_who_lent_it_nor_who_has_it(staffed: Shop) -> None:
    terminal = staffed.terminal
    lend(terminal)
    for maker in (LI, CHEN):
        digest = ask(terminal, replace_operator(WISH, maker), PINS[maker])
        assert say_yes(terminal, CHEN, CHEN_PIN, digest) == "approval_same_person"
        terminal.withdraw("R-1", by=maker)


def test_right_that_was_lent_ends_by_time_by_word_and_with_its_giver(staffed: Shop) -> None:
    terminal, staff = staffed.terminal, staffed.terminal.staff
    digest = ask(terminal)
    lend(terminal)
    no = refused(lambda: staff.end_delegation(1, by=WANG, pin=WANG_PIN))
    assert no == "operator_no_manager"
    staff.end_delegation(1, by=LI, pin=LI_PIN)
    assert say_yes(terminal, CHEN, CHEN_PIN, digest) == "operator_may_not_approve"
    for number in (1, 2):
        with pytest.raises(LocalProtocolError):
            staff.end_delegation(number, by=LI, pin=LI_PIN)
    lend(terminal)
    staff.end_delegation(2, by=BOSS, pin=BOSS_PIN)
    lend(terminal)
    staff.deactivate(LI, by=BOSS, pin=BOSS_PIN)
    assert say_yes(terminal, CHEN, CHEN_PIN, digest) == "operator_may_not_approve"
    staff.activate(LI, by=BOSS, pin=BOSS_PIN)
    staffed.clock.set(staffed.clock() + timedelta(hours=23))
    assert say_yes(terminal, CHEN, CHEN_PIN, digest) == LI
    assert [each.ended_by for each in staff.delegations()] == [LI, BOSS, ""]
    terminal.journal.verify()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"pin": NOT_IT}, "operator_pin_wrong"),
        ({"manager_pin": NOT_IT}, "operator_pin_wrong"),
        ({"manager_pin": None}, "operator_pin_needed"),
        ({"manager": WANG, "manager_pin": WANG_PIN}, "operator_no_manager"),
        ({"taker": "77"}, "operator_unknown"),
    ],
)
def test_right_is_lent_by_two_who_prove_it(
    staffed: Shop, changes: dict[str, Any], code: str
) -> None:
    assert refused(lambda: lend(staffed.terminal, **changes)) == code
    assert staffed.terminal.staff.delegations() == []


def test_manager_lends_his_own_right_alone(staffed: Shop) -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    staffed.terminal.staff.delegate(
        BOSS, CHEN, since=now, until=now + timedelta(days=1), pin=BOSS_PIN, manager=BOSS
    )
    (lent,) = staffed.terminal.staff.delegations()
    assert (lent.giver, lent.taker, lent.manager) == (BOSS, CHEN, BOSS)


# --- a journal that is not there -------------------------------------------------------------------


def test_closed_journal_proves_nobody(staffed: Shop) -> None:
    staffed.terminal.journal.close()
    with pytest.raises(JournalError):
        staffed.terminal.prove(LI, LI_PIN)


def test_digest_of_another_row_does_not_let_its_owner_in(staffed: Shop) -> None:
    """Chen may write to the file, and puts his digest into Li's row."""
    path = staffed.folder / "journal.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(
        "UPDATE staff SET pin = (SELECT pin FROM staff WHERE number = '03') WHERE number = '02'"
    )
    db.close()

    assert refused(lambda: staffed.terminal.prove(LI, CHEN_PIN)) == "operator_pin_wrong"


def test_nobody_is_changed_who_is_not_there_and_nothing_is_a_pin_but_text(staffed: Shop) -> None:
    staff = staffed.terminal.staff
    assert refused(lambda: staff.unlock("77", by=BOSS, pin=BOSS_PIN)) == "operator_unknown"
    assert refused(lambda: staff.set_pin("77", NOT_IT, by=BOSS, pin=BOSS_PIN)) == "operator_unknown"
    with pytest.raises(InvalidRequestError, match=r"^pin: expected text$"):
        staff.set_pin(CHEN, 615204, by=BOSS, pin=BOSS_PIN)  # type: ignore[arg-type]  # reason: callers without a type checker
    assert staffed.terminal.prove(CHEN, CHEN_PIN).number == CHEN
