"""A sign-in answer has no MAC: what it may change, what it may not, and what is said of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from posrefund.engine import Approved, InDoubt, State
from posrefund.errors import InvalidKeyError, RefusedError
from shop import CHIP, Shop, refund, sale
from terminal.forged import forge, key_block_of, recording
from terminal.power import Fuse, PowerCut, wire


def refused(shop: Shop, **accept: bool) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        shop.terminal.sign_in("01", **accept)
    return caught.value


def everything(shop: Shop) -> tuple[Any, ...]:
    """All that a sign-in may change."""
    view = shop.terminal.view()
    kept = view.key_set_id, view.batch, view.host_clock, view.accepted_offset, view.signed_in_at
    cards = shop.terminal.journal._rows("SELECT attempt_id FROM sealed_cards")
    return *kept, cards, (shop.folder / "keys.json").read_bytes()


def last_row(shop: Shop) -> dict[str, Any]:
    return shop.terminal.journal.notes("signed_in")[-1]


# --- the clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-30, -5, 5, 30])
def test_clock_far_from_ours_is_refused_as_a_whole_and_nothing_is_kept(
    shop: Shop, hours: int
) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.host.close_batch("12345678")
    shop.host_time.advance(timedelta(hours=hours))
    before = everything(shop)

    error = refused(shop)

    assert error.code == "clock_differs"
    assert ("ahead of" if hours > 0 else "behind") in error.hint_en
    assert everything(shop) == before
    assert shop.terminal.view().host_day(shop.clock()).isoformat() == "2026-03-09"


def test_clock_that_somebody_accepts_is_taken_and_from_then_on_expected(shop: Shop) -> None:
    shop.host_time.advance(timedelta(hours=5))
    done = shop.terminal.sign_in(accept_clock=True)
    assert done.clock_jump == timedelta(hours=5)
    assert done.host_offset == timedelta(hours=5, seconds=-42)

    shop.restart()
    assert shop.terminal.sign_in().clock_jump == timedelta(0)

    shop.host_time.advance(timedelta(hours=-5))  # and back is as far
    assert "was accepted before" in refused(shop).hint_en
    assert shop.terminal.sign_in(accept_clock=True).host_offset == timedelta(seconds=-42)


def test_small_steps_do_not_add_up(shop: Shop) -> None:
    """Ten minutes at each sign-in would have moved the settlement day by the evening."""
    steps = 0
    while steps < 100:
        shop.host_time.advance(timedelta(minutes=10))
        try:
            shop.terminal.sign_in()
        except RefusedError:
            break
        steps += 1

    assert steps == 1
    assert shop.terminal.view().host_clock.offset == timedelta(minutes=10, seconds=-42)


def test_forged_time_does_not_move_the_settlement_day(shop: Shop) -> None:
    """Else a part of a sale of today could go back today, and the absence of it be read from wrong files."""
    shop.terminal.sale(sale("S-1", 500))
    forge(shop, de13="0310", de12="100000")
    assert refused(shop).code == "clock_differs"
    shop.link.on_reply = None

    with pytest.raises(RefusedError) as too_early:
        shop.terminal.refund(refund("R-1", "S-1", 100))
    assert too_early.value.code == "not_before"


def test_jump_of_the_clock_within_the_tolerance_is_reported(shop: Shop) -> None:
    shop.host_time.advance(timedelta(minutes=3))

    assert shop.terminal.sign_in().clock_jump == timedelta(minutes=3)
    assert last_row(shop)["clock_jump_s"] == "180.0"


# --- the batch -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch", "jump"), [("000008", None), ("000009", 2), ("000006", -1), ("999998", 999_991)]
)
def test_batch_that_is_not_the_next_one_is_reported_and_written_down(
    shop: Shop, batch: str, jump: int | None
) -> None:
    forge(shop, batch=batch)
    done = shop.terminal.sign_in()

    assert (done.batch, done.batch_changed, done.batch_jump) == (batch, True, jump)
    row = last_row(shop)
    assert (row["batch_before"], row["batch"]) == ("000007", batch)
    assert row.get("batch_jump") == (f"{jump:+d}" if jump else None)


def test_first_sign_in_is_no_jump(shop: Shop) -> None:
    first = shop.terminal.journal.notes("signed_in")[0]

    assert (first["batch_before"], first["batch"]) == ("000001", "000007")
    assert not {"batch_jump", "clock_jump_s", "key_set_before"} & set(first)


def test_forged_batch_takes_no_card_from_what_may_have_to_be_undone(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 400))
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.sale(sale("S-2", 500)), InDoubt)
    forge(shop, batch="000123")
    shop.terminal.sign_in()
    journal = shop.terminal.journal
    assert journal.card("S-1/1") is None  # decided: nothing needs it
    assert journal.card("S-2/1") == CHIP.kept

    shop.link.on_reply = None
    shop.terminal.sign_in()  # the host's own answer: the right batch again
    shop.terminal.resolve_doubts()

    assert journal.attempt("S-2/1").state is State.REVERSED
    assert shop.booked("sale") == [400]


@pytest.mark.parametrize("kind", ["drop_request", "drop_reply"])
def test_reversing_and_given_up_items_keep_their_cards_through_a_forged_batch(
    shop: Shop, kind: str
) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.fault(kind, "0400", times=3)
    shop.terminal.resolve_doubts()
    assert shop.terminal.journal.attempt("S-1/1").state is State.MANUAL
    forge(shop, batch="000001")
    shop.terminal.sign_in()

    assert shop.terminal.journal.card("S-1/1") == CHIP.kept


def test_forged_batches_make_no_number_come_round_again(shop: Shop) -> None:
    """Back to an old batch: its STANs are taken for good, whatever number comes next."""
    used: list[tuple[str, str]] = []
    for index, batch in enumerate(["000006", "000007", "000006", "000008", "000007", "000006"]):
        forge(shop, batch=batch)
        shop.terminal.sign_in()
        shop.link.on_reply = None
        if index == 2:
            before = f"{int(used[0][1]) - 1:06d}"  # the numbers have gone round
            shop.terminal.journal.remember(shop.clock(), "stan_taken", stan=before)
        shop.terminal.sale(sale(f"S-{index}", 100))
        attempt = shop.terminal.journal.last_attempt(f"S-{index}")
        assert attempt is not None
        assert (attempt.batch, attempt.stan) not in used
        used.append((attempt.batch, attempt.stan))

    assert len(used) == 6


def test_forged_batch_makes_no_second_refund(next_day: Shop) -> None:
    for number, batch in enumerate(["000001", "000007", "000099", "000007"]):
        forge(next_day, batch=batch)
        next_day.terminal.sign_in()
        next_day.link.on_reply = None
        try:
            next_day.terminal.refund(refund(f"R-{number}", "S-1"))
        except RefusedError as refusal:
            assert refusal.code == "nothing_remaining"  # noqa: PT017 — either is right

    assert next_day.booked("refund") == [12_800]


def test_forged_batch_delays_a_void_and_the_host_s_own_answer_mends_it(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    forge(shop, batch="000099")
    shop.terminal.sign_in()
    shop.link.on_reply = None
    with pytest.raises(RefusedError) as too_early:
        shop.terminal.refund(refund("R-1", "S-1"))
    assert too_early.value.code == "not_before"

    shop.terminal.sign_in()

    assert isinstance(shop.terminal.refund(refund("R-1", "S-1")), Approved)


# --- the keys --------------------------------------------------------------------------------------


def test_keys_of_an_earlier_sign_in_are_refused_and_nothing_is_kept(shop: Shop) -> None:
    heard = recording(shop)
    shop.terminal.sign_in()
    old = key_block_of(heard[0])
    shop.link.on_reply = None
    shop.terminal.sign_in()
    before = everything(shop)
    forge(shop, de62=old, batch="000003")

    error = refused(shop)

    assert (error.code, error.effect) == ("keys_came_back", "nothing_sent")
    assert everything(shop) == before
    done = shop.terminal.sign_in(accept_keys=True)
    assert done.issue == last_row(shop)["issue"] == "earlier"


@pytest.mark.parametrize("old_part", ["PIK", "MAK", "PIK as MAK", "MAK as PIK"])
def test_half_of_an_earlier_answer_is_an_earlier_answer(shop: Shop, old_part: str) -> None:
    """Under ECB each key stands for itself: with one stolen MAK every approval could be forged."""
    heard = recording(shop)
    for _ in range(2):
        shop.terminal.sign_in()
    old, new = map(key_block_of, heard)
    parts = {"PIK": old[:40], "MAK": old[40:]}
    left = {"PIK": "PIK", "MAK as PIK": "MAK"}.get(old_part)
    right = {"MAK": "MAK", "PIK as MAK": "PIK"}.get(old_part)
    fresh = issue_block(shop)
    assert {len(old), len(new), len(fresh)} == {80}
    forge(
        shop,
        de62=(parts[left] if left else fresh[:40]) + (parts[right] if right else fresh[40:]),
    )

    if old_part == "MAK as PIK":  # of single length, behind it zeros: opened as a PIK it is no key
        with pytest.raises(InvalidKeyError, match=r"^PIK of the sign-in has a wrong check value"):
            shop.terminal.sign_in()
        return
    assert refused(shop).code == "keys_came_back"


def issue_block(shop: Shop) -> str:
    """Keys that the host never handed out, as it would."""
    from posrefund.emulators.host.terminals import KeyBlock, issue_keys

    tmk = shop.host.terminals["12345678"].tmk
    _, block = issue_keys(KeyBlock(16, 16), tmk, shop.host.random_bytes)
    return block.hex().upper()


def test_host_that_keeps_its_keys_is_taken_and_reported(shop: Shop) -> None:
    heard = recording(shop)
    shop.terminal.sign_in()
    present = shop.terminal.view().key_set_id
    forge(shop, de62=key_block_of(heard[0]))

    done = shop.terminal.sign_in()

    assert (done.issue, done.key_set_id) == ("same", present)
    assert last_row(shop)["issue"] == "same"


def test_keys_that_a_crash_kept_out_of_the_journal_are_known_all_the_same(shop: Shop) -> None:
    heard = recording(shop)
    wire(shop, Fuse(9))  # STAN taken, anchored, sent, received; then the row about it
    with pytest.raises(PowerCut):
        shop.terminal.sign_in()
    shop.restart()
    lost = key_block_of(heard[-1])
    cut_off = shop.terminal.view().key_set_id
    assert cut_off not in str(shop.terminal.journal.notes("signed_in"))
    shop.link.on_reply = None
    shop.terminal.sign_in()
    assert last_row(shop)["key_set_before"] == cut_off
    forge(shop, de62=lost)

    assert refused(shop).code == "keys_came_back"


@pytest.mark.parametrize("accept", [{}, {"accept_clock": True}, {"accept_keys": True}])
def test_ordinary_sign_in_needs_no_word_and_reports_nothing(
    shop: Shop, accept: dict[str, bool]
) -> None:
    before = shop.terminal.view().key_set_id
    done = shop.terminal.sign_in("01", **accept)

    assert (done.batch_jump, done.clock_jump, done.issue) == (None, timedelta(0), "new")
    assert last_row(shop)["key_set_before"] == before
    assert last_row(shop)["key_set_id"] == done.key_set_id
