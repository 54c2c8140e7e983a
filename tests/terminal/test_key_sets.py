"""Each answer is judged by the keys its message was sent under; replaced ones go when nothing needs them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.builders import PROPERTY
from posrefund.crypto import Purpose
from posrefund.dialects.capture import open_capture
from posrefund.engine import Approved, InDoubt, State
from posrefund.errors import (
    InvalidKeyError,
    KeyUsageError,
    LocalProtocolError,
    PosRefundError,
    RefusedError,
)
from posrefund.framing import Envelope
from posrefund.keystore import FileKeyStore
from posrefund.seal import seal, unseal
from shop import UNIONPAY, Shop, refund, sale
from terminal.forged import body_of, resealed
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from posrefund.crypto import KeySet


def old_sets(shop: Shop) -> set[str]:
    """Names of the replaced sets that the key file still has, of all there ever were."""
    notes = shop.terminal.journal.notes("signed_in")
    names = {note[key] for note in notes for key in ("key_set_id", "key_set_before") if key in note}
    store = FileKeyStore(shop.folder / "keys.json", b"only for tests")
    return {name for name in names if store.key_set(name)} - {shop.terminal.view().key_set_id}


def sealed_block(shop: Shop) -> str:
    """The present set as it stands in the key file."""
    return sealed_in(shop, "sign_in")


def sealed_in(shop: Shop, slot: str) -> str:
    found: str = json.loads((shop.folder / "keys.json").read_text())["slots"][slot]["sealed"]
    return found


def host_keys(shop: Shop) -> KeySet:
    keys = shop.host.terminals["12345678"].keys
    assert keys is not None
    return keys


def late(shop: Shop, request_id: str, reply: bytes) -> State:
    """Let an answer come after all, and say where its attempt stands then."""
    attempt = shop.terminal.journal.last_attempt(request_id)
    assert attempt is not None
    shop.terminal._procedures.exchange.judge(attempt, body_of(reply))
    return shop.terminal.journal.attempt(attempt.attempt_id).state


def lose_the_answer(shop: Shop, ask: Callable[[], object]) -> bytes:
    """Ask, with the answer held back on the line (not that to a reversal that goes first); return it."""
    heard: list[bytes] = []

    def hold(reply: bytes) -> bytes:
        if body_of(reply).startswith(b"\x04\x10"):
            return reply
        heard.append(reply)
        shop.link.on_reply = None
        return b""

    shop.link.on_reply = hold
    assert isinstance(ask(), InDoubt)
    return heard[0]


# --- which set judges ------------------------------------------------------------------------------


def test_sign_in_between_a_message_and_its_answer_changes_nothing_for_the_answer(
    next_day: Shop,
) -> None:
    sent_with = next_day.terminal.view().key_set_id

    def sign_in_first(reply: bytes) -> bytes:
        next_day.link.on_reply = None
        next_day.terminal.sign_in()
        return reply

    next_day.link.on_reply = sign_in_first
    outcome = next_day.terminal.refund(refund("R-1", "S-1", 100))

    assert isinstance(outcome, Approved)
    assert outcome.attempt.key_set_id == sent_with != next_day.terminal.view().key_set_id
    assert next_day.booked("refund") == [100]


@pytest.mark.parametrize("restart", [False, True])
def test_late_answer_is_judged_by_the_set_of_its_message(next_day: Shop, restart: bool) -> None:
    reply = lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    for _ in range(3):
        next_day.terminal.sign_in()
    if restart:
        next_day.restart()

    assert late(next_day, "R-1", reply) is State.ACCEPTED


def test_answer_under_an_old_set_to_a_message_of_the_new_one_is_not_believed(
    shop: Shop,
) -> None:
    """Whoever has a stolen set can speak for its own messages, and never for later ones."""
    for name in ("S-1", "S-2"):
        shop.terminal.sale(sale(name, 500))
    shop.to(1, 10)
    stolen = host_keys(shop)
    first = lose_the_answer(shop, lambda: shop.terminal.refund(refund("R-1", "S-1", 100)))
    shop.terminal.sign_in()  # the old set stays: R-1 is in doubt
    assert old_sets(shop) == {stolen.key_set_id}
    second = lose_the_answer(shop, lambda: shop.terminal.refund(refund("R-2", "S-2", 100)))

    assert late(shop, "R-2", resealed(second, stolen)) is State.IN_DOUBT
    note = shop.terminal.journal.notes("inbound", "R-2/1")[-1]
    assert (note["mac"], note["key_set_id"]) == ("wrong", shop.terminal.view().key_set_id)
    assert late(shop, "R-1", resealed(first, host_keys(shop))) is State.IN_DOUBT
    assert late(shop, "R-2", second) is State.ACCEPTED
    assert late(shop, "R-1", resealed(first, stolen)) is State.ACCEPTED


def test_the_engine_believes_no_mac_of_another_set_whoever_checked_it(next_day: Shop) -> None:
    from posrefund.engine import answers

    reply = lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    next_day.terminal.sign_in()
    attempt = next_day.terminal.journal.attempt("R-1/1")
    new = host_keys(next_day)
    received = unseal(body_of(resealed(reply, new)), UNIONPAY, new)
    assert received.mac == "valid"

    actions = answers.receive(attempt, received, next_day.terminal.view(), next_day.clock())

    events = [getattr(action, "event", None) for action in actions]
    assert "accept" not in map(str, events)


def test_reversal_is_sealed_and_judged_by_the_set_that_is_present_when_it_goes(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    sold_with = shop.terminal.view().key_set_id
    shop.terminal.sign_in()
    undone_with = shop.terminal.view().key_set_id
    shop.terminal.resolve_doubts()

    journal = shop.terminal.journal
    assert journal.attempt("S-1/1").facts["reversal_mac"] == "valid"
    assert {note["key_set_id"] for note in journal.notes("reversal_sent")} == {undone_with}
    assert journal.attempt("S-1/1").key_set_id == sold_with != undone_with


def test_sign_in_between_a_reversal_and_its_answer(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.sign_in()  # so three sets: of the sale, of its reversal, of what comes after

    def sign_in_first(reply: bytes) -> bytes:
        shop.link.on_reply = None
        shop.terminal.sign_in()
        return reply

    shop.link.on_reply = sign_in_first
    shop.terminal.resolve_doubts()

    attempt = shop.terminal.journal.attempt("S-1/1")
    assert (attempt.state, attempt.facts["reversal_mac"]) == (State.REVERSED, "valid")


def test_set_of_a_reversal_is_kept_while_the_item_is_open(shop: Shop) -> None:
    shop.fault("drop_reply", "0200")
    shop.terminal.sale(sale("S-1", 500))
    sets = [shop.terminal.view().key_set_id]
    shop.terminal.sign_in()
    sets.append(shop.terminal.view().key_set_id)
    shop.fault("drop_reply", "0400", times=3)
    shop.terminal.resolve_doubts()
    assert shop.terminal.journal.attempt("S-1/1").state is State.MANUAL

    shop.terminal.sign_in()

    assert old_sets(shop) == set(sets)


# --- what an old set can do ------------------------------------------------------------------------


def test_old_set_seals_nothing(next_day: Shop) -> None:
    lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    sent_with = next_day.terminal.view().key_set_id
    next_day.terminal.sign_in()
    old = next_day.terminal._procedures.keyring._set(sent_with)
    assert old is not None
    assert old.mak.purpose is Purpose.MAC_VERIFY

    with pytest.raises(KeyUsageError):
        seal({"t": "0200", "11": "000001", "64": "00" * 8}, UNIONPAY, old)
    for key in (old.pik, old.tdk):
        assert key is None or bytes(key._material) == b""


def test_message_is_sealed_under_the_present_set_alone(next_day: Shop) -> None:
    lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    next_day.terminal.sign_in()
    next_day.link.sent.clear()
    assert isinstance(next_day.terminal.sale(sale("S-2", 100)), Approved)

    sent = next_day.link.sent[0]
    assert unseal(body_of(sent), UNIONPAY, host_keys(next_day)).mac == "valid"


# --- how long it stays -----------------------------------------------------------------------------


@pytest.mark.parametrize("occasion", ["sign_in", "close"])
def test_old_set_is_gone_at_the_next_occasion_after_its_last_item_is_final(
    next_day: Shop, occasion: str
) -> None:
    reply = lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    sent_with = next_day.terminal.view().key_set_id
    next_day.terminal.sign_in()
    next_day.restart()
    assert old_sets(next_day) == {sent_with}
    box = sealed_in(next_day, f"sign_in.{sent_with.lower()}")
    next_day.settle(1)
    assert isinstance(next_day.terminal.status("R-1"), Approved)

    if occasion == "sign_in":
        next_day.terminal.sign_in()
    else:
        next_day.restart()

    assert old_sets(next_day) == set()
    assert box not in (next_day.folder / "keys.json").read_text()
    attempt = next_day.terminal.journal.attempt("R-1/1")
    received = next_day.terminal._procedures.keyring.unseal(
        body_of(reply), Envelope(b"", b""), attempt.key_set_id
    )
    assert (received.mac, received.key_set_id) == ("no_key", "")


def test_set_that_nothing_was_left_open_under_is_gone_with_the_sign_in(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    before = sealed_block(next_day)
    next_day.terminal.sign_in()

    assert old_sets(next_day) == set()
    assert before not in (next_day.folder / "keys.json").read_text()


def test_refused_sign_in_destroys_no_set(next_day: Shop) -> None:
    lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    next_day.terminal.sign_in()
    next_day.settle(1)
    before = (next_day.folder / "keys.json").read_bytes()
    next_day.fault("wrong_kcv", "0800")
    with pytest.raises(PosRefundError):
        next_day.terminal.sign_in()

    assert (next_day.folder / "keys.json").read_bytes() == before


def test_key_file_that_cannot_be_written_does_not_keep_a_terminal_open(next_day: Shop) -> None:
    lose_the_answer(next_day, lambda: next_day.terminal.refund(refund("R-1", "S-1", 100)))
    next_day.terminal.sign_in()
    next_day.settle(1)
    blocked = next_day.folder / "keys.json.new"
    blocked.mkdir()
    next_day.terminal.close()
    blocked.rmdir()

    next_day.terminal = next_day.open()  # the lock was let go
    assert len(old_sets(next_day)) == 1
    next_day.terminal.sign_in()
    assert old_sets(next_day) == set()


# --- every item names its set ----------------------------------------------------------------------


def test_every_item_and_every_judged_answer_names_the_keys(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.fault("bad_mac", "0200")
    shop.terminal.sale(sale("S-2", 500))
    shop.terminal.resolve_doubts()
    shop.terminal.sale(sale("S-3", 700))
    shop.terminal.refund(refund("R-1", "S-3"))

    known = {shop.terminal.view().key_set_id}
    rows = shop.terminal.journal.rows()
    opened = [row.facts["attempt"] for row in rows if row.kind == "open"]
    judged = [row.facts for row in rows if row.kind == "inbound"]
    undone = [row.facts for row in rows if row.kind == "reversal_sent"]
    assert (len(opened), len(judged), len(undone)) == (4, 5, 1)
    for facts in (*opened, *judged, *undone):
        assert facts["key_set_id"] in known


# --- anything, in any order ------------------------------------------------------------------------


class Play:
    """One shop, the answers that were held back, and every key set that its host ever had."""

    def __init__(self, folder: Path) -> None:
        self.shop = Shop(folder)
        self.held: list[tuple[str, bytes, str]] = []
        self.number = 0
        for day_0 in range(8):
            self.shop.terminal.sale(sale(f"D-{day_0}", 100))
        self.shop.to(1, 10)
        self.stolen = [host_keys(self.shop)]

    def step(self, event: str) -> None:
        self.number += 1
        EVENTS[event](self)

    def ask(self, kind: str, *, lose: bool = False) -> None:
        name = f"{kind}-{self.number}"
        terminal = self.shop.terminal

        def asked() -> object:
            if kind == "S":
                return terminal.sale(sale(name, 10))
            return terminal.refund(refund(name, f"D-{self.number % 8}", 10))

        with suppress(RefusedError):  # the original is in doubt
            if not lose:
                asked()
                return
            reply = lose_the_answer(self.shop, asked)
            if open_capture(reply, UNIONPAY).fields["39"] == "00":
                self.held.append((name, reply, terminal.view().key_set_id))

    def sign_in(self) -> None:
        self.shop.terminal.sign_in()
        self.stolen.append(host_keys(self.shop))

    def wrong_keys(self) -> None:
        self.shop.fault("wrong_kcv", "0800")
        with pytest.raises(InvalidKeyError):
            self.shop.terminal.sign_in()

    def kill(self) -> None:
        wire(self.shop, Fuse(1 + self.number % 8))
        with suppress(PowerCut):
            self.shop.terminal.sign_in()
        self.shop.restart()
        self.stolen.append(host_keys(self.shop))

    def late(self, forger: str) -> None:
        """An answer that was held back comes, as it is or under another set that somebody has."""
        if not self.held:
            return
        name, reply, sent_with = self.held[self.number % len(self.held)]
        before = self.shop.terminal.journal.attempt(f"{name}/1").state
        keys = self.stolen[-1 if forger == "present" else self.number % len(self.stolen)]
        state = late(self.shop, name, resealed(reply, keys) if forger else reply)
        if forger and keys.key_set_id != sent_with:
            assert state is before
        elif before in (State.IN_DOUBT, State.MANUAL):
            assert state is State.ACCEPTED  # so its set was still there
        else:
            assert state in (before, State.MISMATCHED)

    def needed(self) -> set[str]:
        journal = self.shop.terminal.journal
        names = set()
        for attempt in journal.open_attempts():
            names.add(attempt.key_set_id)
            notes = journal.notes("reversal_sent", attempt.attempt_id)
            names |= {note["key_set_id"] for note in notes}
        return names

    def end(self) -> None:
        """Everything final that can be; then a sign-in leaves what is needed, and nothing else."""
        terminal = self.shop.terminal
        terminal.resolve_doubts()
        for day in range(3):
            self.shop.settle(day)
        for attempt in terminal.journal.open_attempts():
            with suppress(LocalProtocolError):  # a file shows something of it: for people
                terminal.release(attempt.request_id, people=("a", "b"), evidence="three files")
        needed = self.needed()
        terminal.sign_in()
        assert old_sets(self.shop) == needed
        for row in terminal.journal.rows():
            if row.kind == "move" and row.facts["facts"].get("mac") == "valid":
                notes = terminal.journal.notes("inbound", row.subject)
                judged_by = {
                    note["key_set_id"]
                    for note in notes
                    if note["mac"] == "valid" and note["mti"] != "0410"
                }
                assert judged_by == {terminal.journal.attempt(row.subject).key_set_id}
        terminal.close()


EVENTS: dict[str, Callable[[Play], object]] = {
    "sale": lambda play: play.ask("S"),
    "refund": lambda play: play.ask("R"),
    "lost sale": lambda play: play.ask("S", lose=True),
    "lost refund": lambda play: play.ask("R", lose=True),
    "sign in": Play.sign_in,
    "sign in with wrong keys": Play.wrong_keys,
    "late": lambda play: play.late(""),
    "late under the present set": lambda play: play.late("present"),
    "late under a stolen set": lambda play: play.late("stolen"),
    "undo": lambda play: play.shop.terminal.resolve_doubts(),
    "settle": lambda play: play.shop.settle(1),
    "restart": lambda play: play.shop.restart(),
    "kill": Play.kill,
}


@settings(PROPERTY, max_examples=40)
@given(st.lists(st.sampled_from(sorted(EVENTS)), min_size=4, max_size=14))
@example(["lost refund", "sign in", "lost refund", "sign in", "late", "late under a stolen set"])
@example(["lost refund", "kill", "late", "settle", "restart", "late under the present set"])
@example(["lost sale", "sign in", "undo", "late", "settle", "sign in with wrong keys"])
def test_no_answer_counts_under_other_keys_and_no_set_outlives_its_items(events: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        play = Play(Path(folder))
        for event in events:
            play.step(event)
            kept = old_sets(play.shop) | {play.shop.terminal.view().key_set_id}
            assert play.needed() <= kept, event
        play.end()
