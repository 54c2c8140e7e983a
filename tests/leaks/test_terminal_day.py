"""A day on which everything fails: errors, outcomes, logs, slips and files hold no marked secret."""

from __future__ import annotations

import copy
import itertools
import json
import logging
import pickle
import pprint
import sqlite3
from contextlib import suppress
from dataclasses import asdict, astuple
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import shop as shop_module
from canary import (
    IK,
    MAK,
    PAN_16,
    PAN_19,
    PASSPHRASE,
    PIK,
    PIN_BLOCK,
    TDK,
    TMK,
    TRACK,
    everything_in,
    leaks_in,
    spellings,
)
from posrefund.codec.tlv import TLV
from posrefund.crypto import UNIONPAY_ECB, Key, KeySet, Purpose
from posrefund.crypto.dukpt import DUKPT
from posrefund.crypto.ksn import KSN
from posrefund.emulators.host.faults import EFFECTS
from posrefund.engine import Approved, Note
from posrefund.engine.machine import start_sale
from posrefund.engine.plan import Occasion
from posrefund.errors import PosRefundError
from posrefund.journal import SQLiteJournal
from posrefund.keystore import FileKeyStore
from posrefund.office import slip
from posrefund.seal import unseal
from posrefund.terminal.sign_in import SignInAnswer
from posrefund.values import PAN, BatchNumber, CardRead, TerminalID, Track2
from shop import UNIONPAY, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from posrefund.engine import Outcome

STRIPE = CardRead("021", PAN(PAN_16), expiry="3012", track2=Track2(TRACK), pin_block=PIN_BLOCK)
TAP = CardRead("071", PAN(PAN_19), expiry="3012", sequence_number="001", pin_block=PIN_BLOCK)
LOG = logging.getLogger("leaks")


class Watch:
    """Does things in a shop, and keeps all that could be seen of how they ended."""

    def __init__(self, made: Shop) -> None:
        self.shop = made
        self.seen: dict[str, str] = {}
        self.failed = 0

    def do(self, name: str, act: Callable[[], object]) -> object:
        try:
            result = act()
        except PosRefundError as error:
            LOG.exception("%s failed", name)
            LOG.warning("%r %s", error, error)
            self.seen[name] = everything_in(error)
            self.failed += 1
            return None
        self.seen[name] = shown(result)
        return result


def shown(value: object) -> str:
    """Return what the usual ways of showing, copying and saving *value* give."""
    LOG.info("%r %s", value, value)
    parts = [repr(value), str(value), f"{value}", f"{value!r:>3}", pprint.pformat(value)]
    parts.append(json.dumps({"value": value}, default=str))
    ways: tuple[Callable[[Any], object], ...]
    ways = (pickle.dumps, copy.copy, copy.deepcopy, vars, asdict, astuple)
    for way in ways:
        with suppress(TypeError, AttributeError, pickle.PicklingError):  # a refusal is an answer
            parts.append(repr(way(value)))
    return "\n".join(parts)


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    monkeypatch.setattr(shop_module, "TMK", TMK)
    monkeypatch.setattr(shop_module, "_PASSPHRASE", PASSPHRASE)
    made = Shop(tmp_path)
    keys = itertools.cycle((PIK, MAK))
    made.host.random_bytes = lambda size: next(keys)[:size]
    made.terminal.sign_in()
    yield Watch(made)
    made.terminal.close()


def found(watch: Watch) -> dict[str, set[str]]:
    return {name: each for name, text in watch.seen.items() if (each := leaks_in(text))}


def bytes_on_disk(watch: Watch) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in watch.shop.folder.iterdir()}


def every_request(made: Shop, card: CardRead) -> list[tuple[str, Callable[[str], object]]]:
    terminal = made.terminal
    return [
        ("0200", lambda name: terminal.sale(sale(f"S-{name}", 1_000, card))),
        ("0220", lambda name: terminal.refund(refund(f"R-{name}", "S-0", 100, card))),
        ("0400", lambda _: terminal.resolve_doubts()),
        ("0800", lambda _: terminal.sign_in()),
        ("0820", lambda _: terminal.echo()),
    ]


def test_day_of_failures_leaves_no_secret_anywhere(
    watch: Watch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    made = watch.shop
    slips: list[str] = []
    for card, kind in itertools.product((STRIPE, TAP), EFFECTS):
        for mti, act in every_request(made, card):
            made.fault(kind, mti)
            name = f"{kind}-{mti}-{card.entry_mode}"
            outcome = watch.do(name, partial(act, name))
            if isinstance(outcome, Approved):
                slips.append(slip(outcome, made.dialect))
            made.host.faults.clear()
        for fault in ("cut_before_send", "cut_after_send", "is_down"):
            setattr(made.link, fault, True)
            name = f"{fault}-{kind}-{card.entry_mode}"
            watch.do(name, partial(made.terminal.sale, sale(name, 1_000, card)))
            setattr(made.link, fault, False)
        watch.do("good sale", partial(made.terminal.sale, sale("S-0", 100_000, card)))

    assert watch.failed > 30
    assert len(slips) > 5
    assert found(watch) == {}
    assert leaks_in("\n".join(slips)) == set()
    assert leaks_in(caplog.text) == set()
    assert leaks_in("".join(capsys.readouterr())) == set()
    files = bytes_on_disk(watch)
    assert {"journal.db", "journal.db-wal", "keys.json"} <= set(files)
    assert {name: each for name, data in files.items() if (each := leaks_in(data))} == {}


def test_disk_that_fails_gives_no_message_away(watch: Watch) -> None:
    journal = watch.shop.terminal.journal
    watch.do("sale", lambda: watch.shop.terminal.sale(sale("S-1", 1_000, STRIPE)))
    journal._db.execute("PRAGMA query_only = ON")
    for name, act in (
        ("sale", lambda: watch.shop.terminal.sale(sale("S-2", 1_000, STRIPE))),
        ("refund", lambda: watch.shop.terminal.refund(refund("R-1", "S-1", 1_000, STRIPE))),
        ("sign-in", watch.shop.terminal.sign_in),
        ("remember", lambda: journal.remember(watch.shop.clock(), "note", pan=PAN_16)),
        ("commit", lambda: journal.commit([Note("note", watch.shop.clock(), {"pan": PAN_16})])),
    ):
        watch.do(f"{name} on a full disk", act)
    journal.close()
    watch.do("card of a closed journal", lambda: journal.card("S-1/1"))
    watch.do("sale on a closed journal", lambda: watch.shop.terminal.sale(sale("S-3", 9, STRIPE)))

    assert watch.failed == 7
    assert found(watch) == {}


def test_sealed_card_that_was_touched_gives_nothing_away(watch: Watch) -> None:
    journal = watch.shop.terminal.journal
    watch.do("sale", lambda: watch.shop.terminal.sale(sale("S-1", 1_000, TAP)))
    assert journal.card("S-1/1") is not None
    for column in ("item_key", "box"):
        journal._db.execute(f"UPDATE sealed_cards SET {column} = zeroblob(length({column}))")
        watch.do(f"touched {column}", lambda: journal.card("S-1/1"))

    assert watch.failed == 2
    assert found(watch) == {}


def test_journal_of_another_terminal_or_key_gives_no_key_away(watch: Watch) -> None:
    key = watch.shop.terminal.journal.fingerprint(PAN(PAN_16)).encode()
    watch.shop.terminal.close()
    path = watch.shop.folder / "journal.db"
    for name, terminal in (("other terminal", "87654321"), ("other key", "12345678")):
        watch.do(name, partial(SQLiteJournal, path, key=TMK + PIK, terminal=TerminalID(terminal)))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = 'none' WHERE key = 'version'")
    watch.do(
        "other version", lambda: SQLiteJournal(path, key=TMK + PIK, terminal=TerminalID("1" * 8))
    )
    path.write_bytes(b"no database at all" * 100)
    watch.do(
        "no database", lambda: SQLiteJournal(path, key=TMK + PIK, terminal=TerminalID("1" * 8))
    )

    assert key
    assert watch.failed == 4
    assert found(watch) == {}


def test_request_that_is_refused_does_not_repeat_what_it_said(watch: Watch) -> None:
    said = watch.shop.terminal
    for name, act in (
        (
            "note with a number",
            lambda: refund("R-1", "S-1", 1).__class__(
                "R-1",
                original="S-1",
                card=TAP,
                reason=refund("R", "S").reason,
                note=f"card {PAN_16}",
            ),
        ),
        ("card as text", lambda: sale("S-1", 1, card=PAN_16)),  # type: ignore[arg-type]  # reason: wrong on purpose
        ("unknown sale", lambda: said.refund(refund("R-1", "S-9", 1, STRIPE))),
        ("other card", lambda: said.refund(refund("R-2", "S-1", 1, TAP))),
    ):
        if name == "other card":
            said.sale(sale("S-1", 1_000, STRIPE))
        watch.do(name, act)
    assert watch.failed == 4
    assert found(watch) == {}


def test_not_signed_in_and_closed_terminals_give_nothing_away(watch: Watch) -> None:
    made = watch.shop
    made.terminal.close()
    watch.do("closed", lambda: made.terminal.sale(sale("S-1", 1_000, STRIPE)))
    watch.do("closed sign-in", made.terminal.sign_in)

    assert watch.failed == 2
    assert found(watch) == {}


def test_objects_of_a_day_show_no_secret(watch: Watch) -> None:
    terminal, journal = watch.shop.terminal, watch.shop.terminal.journal
    outcome = terminal.sale(sale("S-1", 1_000, STRIPE))
    keys = KeySet(Key(PIK, Purpose.PIN), Key(MAK, Purpose.MAC), Key(TDK, Purpose.DATA))
    answer = SignInAnswer(
        BatchNumber("000001"), BatchNumber("000002"), terminal.view().host_clock, TMK
    )
    pan, track = PAN(PAN_16), Track2(TRACK)
    values: list[object] = [
        terminal, terminal.view(), journal, journal.rows(), journal.card("S-1/1"), keys, keys.pik, outcome,
        STRIPE, TAP, STRIPE.kept, pan, track, sale("S-2", 1, STRIPE), refund("R-2", "S-1", 1, TAP),
        outcome_attempt(outcome), DUKPT(Key(IK, Purpose.DUKPT), KSN(bytes(10))), UNIONPAY_ECB,
    ]  # fmt: skip
    assert {repr(each): leaks for each in values if (leaks := leaks_in(shown(each)))} == {}
    # What holds the clear message by its purpose does not print it.
    received = unseal(b"0210" + TRACK.encode(), UNIONPAY, keys)
    plan = start_sale(sale("S-3", 1, STRIPE), terminal.view(), Occasion(1, "", watch.shop.clock()))
    opening = plan.opening(PAN_16.encode(), watch.shop.clock())
    for each in (answer, received, plan, opening, TLV(b"\x5a", bytes.fromhex(PAN_16))):
        assert leaks_in(f"{each!r} {each} {pprint.pformat(each)}") == set(), type(each)
    assert received.refusal is not None
    assert leaks_in(everything_in(received.refusal)) == set()


def outcome_attempt(outcome: Outcome) -> object:
    return outcome.attempt


def test_journal_shows_no_key_of_its_own(watch: Watch) -> None:
    journal, key = (
        watch.shop.terminal.journal,
        FileKeyStore(watch.shop.folder / "keys.json", PASSPHRASE).journal_key,
    )
    assert len(key) == 32
    text = shown(journal) + shown(watch.shop.terminal) + pprint.pformat(vars(journal))
    for material in (key, journal._keys.chain(1)):
        assert not [each for each in spellings(material) if each in text]
