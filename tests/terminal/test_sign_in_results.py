"""Every state an item can stand in at a sign-in, and every way that the sign-in can end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.engine import OPEN_STATES, State
from posrefund.errors import PosRefundError
from shop import CHIP, Shop, sale
from terminal.forged import forge, key_block_of, recording, resealed
from terminal.test_key_sets import host_keys, late, lose_the_answer, old_sets

if TYPE_CHECKING:
    from collections.abc import Callable


def in_doubt(shop: Shop) -> bytes:
    return lose_the_answer(shop, lambda: shop.terminal.sale(sale("S-1", 500)))


def reversing(shop: Shop) -> bytes:
    reply = in_doubt(shop)
    shop.fault("drop_reply", "0400")

    class Gone(BaseException):
        """The machine, after the reversal has left."""

    def go(timeout_s: float) -> bytes:
        raise Gone

    receive, shop.link.receive = shop.link.receive, go  # type: ignore[method-assign]
    with pytest.raises(Gone):
        shop.terminal.resolve_doubts()
    shop.link.receive = receive  # type: ignore[method-assign]
    shop.restart()
    return reply


def in_people_s_hands(shop: Shop) -> bytes:
    reply = in_doubt(shop)
    shop.fault("drop_request", "0400", times=3)
    shop.terminal.resolve_doubts()
    return reply


def reversed_(shop: Shop) -> bytes:
    reply = in_doubt(shop)
    shop.terminal.resolve_doubts()
    return reply


def accepted(shop: Shop) -> bytes:
    heard = recording(shop)
    shop.terminal.sale(sale("S-1", 500))
    shop.link.on_reply = None
    return heard[0]


def declined(shop: Shop) -> bytes:
    shop.fault("code", "0200", code="51")
    return accepted(shop)


def not_sent(shop: Shop) -> bytes:
    shop.link.cut_before_send = True
    shop.terminal.sale(sale("S-1", 500))
    return b""


STATES: dict[State, Callable[[Shop], bytes]] = {
    State.IN_DOUBT: in_doubt,
    State.REVERSING: reversing,
    State.MANUAL: in_people_s_hands,
    State.REVERSED: reversed_,
    State.ACCEPTED: accepted,
    State.DECLINED: declined,
    State.NOT_SENT: not_sent,
}


def far_clock(shop: Shop) -> None:
    shop.host_time.advance(timedelta(hours=2))


def earlier_keys(shop: Shop) -> None:
    forge(shop, de62=shop.first_keys)  # type: ignore[attr-defined]


def fault(kind: str, **more: Any) -> Callable[[Shop], None]:
    return lambda shop: shop.fault(kind, "0800", **more)


RESULTS: dict[str, tuple[Callable[[Shop], object], bool]] = {
    "done": (lambda _: None, True),
    "next batch": (lambda shop: shop.host.close_batch("12345678"), True),
    "another batch": (lambda shop: forge(shop, batch="000099"), True),
    "far clock": (far_clock, False),
    "earlier keys": (earlier_keys, False),
    "wrong check value": (fault("wrong_kcv"), False),
    "half a set": (fault("half_key_set"), False),
    "host says no": (fault("code", code="97"), False),
    "no answer": (fault("drop_reply"), False),
    "garbage": (fault("garbage"), False),
    "cut short": (fault("truncate"), False),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("result", RESULTS)
def test_open_items_keep_keys_and_card_and_final_ones_do_not(
    shop: Shop, state: State, result: str
) -> None:
    heard = recording(shop)
    shop.terminal.sign_in()
    shop.link.on_reply = None
    shop.first_keys = key_block_of(heard[0])  # type: ignore[attr-defined]
    shop.terminal.sign_in()
    reply, sent_with = STATES[state](shop), shop.terminal.view().key_set_id
    keys = host_keys(shop)
    journal = shop.terminal.journal
    assert journal.attempt("S-1/1").state is state
    before = shop.terminal.view(), (shop.folder / "keys.json").read_bytes()
    arrange, is_done = RESULTS[result]
    arrange(shop)

    if is_done:
        shop.terminal.sign_in()
        assert shop.terminal.view().key_set_id != sent_with
        assert old_sets(shop) == ({sent_with} if state in OPEN_STATES else set())
    else:
        with pytest.raises(PosRefundError):
            shop.terminal.sign_in()
        after = shop.terminal.view()
        assert (after.key_set_id, after.batch, after.host_clock) == (
            before[0].key_set_id,
            before[0].batch,
            before[0].host_clock,
        )
        assert (shop.folder / "keys.json").read_bytes() == before[1]
    shop.link.on_reply = None
    assert journal.attempt("S-1/1").state is state
    if state in OPEN_STATES:
        assert journal.card("S-1/1") == CHIP.kept
        # What is being undone is not accepted behind its back, and a case stays with its people.
        expected = state if state in (State.REVERSING, State.MANUAL) else State.ACCEPTED
        assert late(shop, "S-1", reply) is expected
        assert journal.notes("inbound", "S-1/1")[-1]["mac"] == "valid"
        if is_done:
            assert late(shop, "S-1", resealed(reply, host_keys(shop))) is expected
            assert journal.notes("inbound", "S-1/1")[-1]["mac"] == "wrong"
    assert keys.key_set_id == sent_with
