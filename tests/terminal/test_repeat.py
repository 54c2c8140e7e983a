"""A refund in doubt leaves once more only where the host stores its answer and repeats it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.dialects.capture import open_capture
from posrefund.dialects.file import dump_dialect, load_dialect
from posrefund.emulators.host import HostProfile
from posrefund.engine import Approved, Declined, InDoubt, State
from posrefund.errors import LinkClosedError
from shop import CHIP, STRIPE, UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from posrefund.dialects import Dialect
    from posrefund.dialects.message import Repeat
    from posrefund.values import CardRead

PIN = replace(CHIP, pin_block=bytes.fromhex("0123456789ABCDEF"))


def house(repeat: Repeat) -> Dialect:
    """A dialect file of an acquirer whose host repeats its answers."""
    text = f'name = "house"\nbase = "unionpay"\nmessages.refund.repeat = "{repeat}"\n'
    return load_dialect(dump_dialect(load_dialect(text)))


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    made = []

    def open_one(repeat: Repeat = "same_mti", **profile: Any) -> Shop:
        rules = HostProfile(**{"repeat": "stored_answer", **profile})
        shop = Shop(tmp_path, dialect=house(repeat), profile=rules)
        made.append(shop)
        shop.terminal.sale(sale("S-1", 12_800))
        shop.to(1, 10)
        return shop

    yield open_one
    made[0].terminal.close()


def in_doubt(shop: Shop, fault: str = "drop_reply", card: CardRead = CHIP, **more: Any) -> None:
    """Leave R-1 in doubt."""
    shop.fault(fault, **more)
    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", 2_800, card)), InDoubt)


def later(shop: Shop, seconds: float = 60) -> None:
    """Let time pass for both."""
    shop.clock.set(shop.clock() + timedelta(seconds=seconds))
    shop.host_time.set(shop.host_time() + timedelta(seconds=seconds))


def mtis(shop: Shop) -> list[str]:
    return [message[11:13].hex() for message in shop.link.sent]


@pytest.mark.parametrize(("repeat", "again"), [("same_mti", "0220"), ("next_mti", "0221")])
def test_a_lost_answer_is_said_again(
    open_shop: Callable[..., Shop], repeat: Repeat, again: str
) -> None:
    shop = open_shop(repeat)
    in_doubt(shop)
    later(shop)
    shop.terminal.resolve_doubts()

    assert isinstance(shop.terminal.status("R-1"), Approved)
    assert mtis(shop) == ["0220", again]
    assert shop.booked("refund") == [2_800]
    assert shop.terminal.journal.attempt("R-1/1").copies == 2


def test_a_repeat_is_the_same_message_but_for_its_mti_and_mac(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop("next_mti")
    in_doubt(shop)
    later(shop)
    shop.terminal.resolve_doubts()
    first, again = shop.link.sent

    assert again[:11] == first[:11]
    assert again[11:13] == bytes.fromhex("0221")
    assert again[13:-8] == first[13:-8]


def test_a_repeat_under_the_same_mti_is_the_same_bytes(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop("same_mti")
    in_doubt(shop, "drop_request")
    later(shop)
    shop.terminal.resolve_doubts()

    assert shop.link.sent[0] == shop.link.sent[1]
    assert shop.booked("refund") == [2_800]  # the first one had never arrived


@pytest.mark.parametrize("card", [STRIPE, PIN], ids=["track", "PIN"])
@pytest.mark.parametrize("repeat", ["same_mti", "next_mti"])
def test_what_carried_a_track_or_a_pin_is_never_sent_again(
    open_shop: Callable[..., Shop], repeat: Repeat, card: CardRead
) -> None:
    shop = open_shop(repeat)
    in_doubt(shop, card=card)
    for _ in range(9):
        later(shop, 600)
        shop.terminal.resolve_doubts()

    assert mtis(shop) == ["0220"]
    assert shop.terminal.journal.attempt("R-1/1").state is State.IN_DOUBT


def test_nothing_is_repeated_where_no_dialect_says_so(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop("none")
    in_doubt(shop)
    later(shop, 600)
    shop.terminal.resolve_doubts()

    assert mtis(shop) == ["0220"]


def test_a_try_before_its_time_is_not_made_and_nobody_waits_for_it(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop, 59)
    assert isinstance(shop.terminal.sale(sale("S-2", 500)), Approved)
    assert mtis(shop) == ["0220", "0200"]
    later(shop, 1)
    assert isinstance(shop.terminal.sale(sale("S-3", 500)), Approved)

    assert mtis(shop) == ["0220", "0200", "0220", "0200"]


def test_the_tries_end_and_the_doubt_stays_for_the_settlement_files(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    in_doubt(shop, times=9)
    for _ in range(9):
        later(shop, 600)
        shop.terminal.resolve_doubts()

    assert mtis(shop) == ["0220"] * 4
    assert shop.terminal.journal.attempt("R-1/1").state is State.IN_DOUBT
    shop.settle(1)
    assert shop.terminal.journal.attempt("R-1/1").state is State.CONFIRMED


def test_94_to_our_own_repeat_is_a_receipt_and_no_yes(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(repeat="same_mti")
    shop.host.profile = replace(shop.host.profile, repeat="none")  # it does not do what was said
    in_doubt(shop)
    later(shop)
    shop.terminal.resolve_doubts()
    outcome = shop.terminal.status("R-1")

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "received"


@pytest.mark.parametrize("mac_on_declines", [True, False])
def test_a_no_that_is_said_again_counts_if_it_is_signed(
    open_shop: Callable[..., Shop], mac_on_declines: bool
) -> None:
    shop = open_shop(mac_on_declines=mac_on_declines, refund_window_days=0)
    in_doubt(shop)
    later(shop)
    shop.terminal.resolve_doubts()
    outcome = shop.terminal.status("R-1")

    assert shop.booked("refund") == []
    if mac_on_declines:
        assert isinstance(outcome, Declined)
        assert outcome.code == "22"
    else:
        assert isinstance(outcome, InDoubt)
        assert outcome.reason == "declined_after_repeat"


@pytest.mark.parametrize("code", ["03", "12", "30", "40", "58", "77", "97", "99", "A0"])
def test_a_signed_no_to_a_copy_that_the_host_could_not_read_says_nothing_of_the_first(
    open_shop: Callable[..., Shop], code: str
) -> None:
    shop = open_shop(mac_on_declines=True)
    in_doubt(shop)
    later(shop)
    shop.fault("code", code=code)
    shop.terminal.resolve_doubts()
    outcome = shop.terminal.status("R-1")

    assert shop.booked("refund") == [2_800]
    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "declined_after_repeat"


def test_a_repeat_that_did_not_leave_leaves_the_doubt(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop)
    shop.link.cut_before_send = True
    shop.terminal.resolve_doubts()
    attempt = shop.terminal.journal.attempt("R-1/1")

    assert (attempt.state, attempt.hold) == (State.IN_DOUBT, "reserved")
    assert mtis(shop) == ["0220"]


def test_a_host_that_is_away_costs_no_try_and_stops_nobody(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop)
    shop.link.is_down = True
    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("R-1/1").copies == 1


def test_other_keys_or_another_day_make_another_message(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop)
    shop.terminal.sign_in()
    shop.terminal.resolve_doubts()
    assert mtis(shop) == ["0220", "0800"]


def test_another_settlement_day_would_be_another_booking(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop, 13 * 3600)  # past 23:00, with the keys of the morning
    shop.terminal.resolve_doubts()

    assert mtis(shop) == ["0220"]


def test_without_the_card_or_under_another_envelope_nothing_is_repeated(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    in_doubt(shop)
    shop.dialect = replace(shop.dialect, tpdu=bytes.fromhex("6000060000"))
    shop.restart()
    later(shop)
    shop.terminal.resolve_doubts()

    assert mtis(shop) == ["0220"]


def test_power_that_fails_between_announcing_and_sending_leaves_a_doubt(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop)

    def die(_: bytes) -> bytes:
        raise KeyboardInterrupt

    shop.link.on_reply = die
    with pytest.raises(KeyboardInterrupt):
        shop.terminal.resolve_doubts()
    attempt = shop.terminal.journal.attempt("R-1/1")

    assert (attempt.state, attempt.copies) == (State.IN_DOUBT, 2)


def test_a_repeat_on_a_line_that_breaks_is_a_doubt(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    in_doubt(shop)
    later(shop)

    def hang_up(_: bytes) -> bytes:
        raise LinkClosedError("the link is not open", effect="nothing_sent")

    shop.link.on_reply = hang_up
    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("R-1/1").state is State.IN_DOUBT


def test_an_answer_to_a_repeat_with_any_bit_changed_is_no_yes(
    open_shop: Callable[..., Shop],
) -> None:
    shop = open_shop("next_mti")
    in_doubt(shop)
    later(shop)
    replies: list[bytes] = []

    def cut(reply: bytes) -> bytes:
        replies.append(reply)
        return reply[:40]

    shop.link.on_reply = cut
    shop.terminal.resolve_doubts()
    shop.link.on_reply = None
    [reply] = replies

    for place in range(11, len(reply)):
        bent = reply[:place] + bytes([reply[place] ^ 1]) + reply[place + 1 :]
        shop.terminal.receive_late(bent)
        assert shop.terminal.journal.attempt("R-1/1").state is State.IN_DOUBT
    assert open_capture(reply, UNIONPAY).fields["39"] == "00"
    assert isinstance(shop.terminal.receive_late(reply), Approved)
