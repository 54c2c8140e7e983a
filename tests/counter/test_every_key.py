"""Every key on every screen, and any keys in any order: nothing raises, nothing is refunded twice, nothing secret shows."""

from __future__ import annotations

import json
from collections import Counter as Tally
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counter.desk import Clerk
from shop import CHIP, OTHER_PAN, PAN_16, PAN_19, Shop, sale

if TYPE_CHECKING:
    from pathlib import Path

KEYS = (*"0123456789", "enter", "esc", "r", "R", "x", "é", "", "退", "up", "enter ")
SECRETS = (PAN_16, PAN_19, OTHER_PAN, "590318")

PATHS: dict[str, tuple[str, ...]] = {
    "menu": (),
    "card": ("1",),
    "original": ("1", "1"),
    "original_typed by code": ("1", "0"),
    "original_typed": ("1", "1", "8"),
    "amount": ("1", "1", "1"),
    "check": ("1", "1", "1", "enter"),
    "order": ("1", "1", "1", "enter", "7"),
    "document": ("1", "1", "1", "enter", "8"),
    "document_number": ("1", "1", "1", "enter", "8", "1"),
    "sign": ("1", "1", "1", "enter", "enter"),
    "sign_in": ("2",),
    "signed_in": ("2", "enter"),
    "status": ("3",),
    "selfcheck": ("7",),
    "over": ("0",),
}


@pytest.mark.parametrize("name", list(PATHS))
def test_screen_takes_the_keys_it_shows_and_no_others(shop: Shop, name: str) -> None:
    clerk = Clerk(shop.terminal)
    shown = clerk.press(*PATHS[name])
    assert shown.name == name.partition(" ")[0]
    if shown.field is not None:
        assert set(shown.keys) <= {"enter", "esc"}
    for key in sorted(set(KEYS) - set(shown.keys) - {"r", "R"}):
        if not (key == "enter" and shown.field is not None):
            assert clerk.dialogue.press(key) is None
            assert clerk.screen == shown

    for key in shown.keys:
        other = Clerk(shop.terminal)
        other.press(*PATHS[name], key)
        assert other.screen.name


TYPED = (
    "", "S-1", "S-2", "1", "30", "0.01", "02", "C-1", "606814000002 0309", PAN_16, "'; --", "\x1b[2J"
)  # fmt: skip


def some_move(clerk: Clerk, number: int, text: str) -> None:
    """One of the keys that are shown, mostly; or something typed; or any key at all."""
    shown = clerk.screen
    options = [*shown.keys, *shown.keys, *shown.keys[:1] * 3, KEYS[number % len(KEYS)]]
    chosen = options[number % len(options)]
    if shown.field is not None and number % 3:
        clerk.enter(TYPED[number % len(TYPED)] if number % 2 else text)
    else:
        clerk.press(chosen)


@pytest.mark.slow
def test_any_keys_never_raise_never_refund_twice_and_show_no_secret(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    paid = {f"S-{number}": 3_000 for number in range(1, 9)}
    for name, minor in paid.items():
        shop.terminal.sale(sale(name, minor, CHIP))
    shop.to(1, 10)
    ids = iter(range(1, 100_000))
    faults = ["", "", "drop_reply", "drop_request", "code", "bad_mac"]
    seen: set[str] = set()

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(st.integers(0, 10_000), st.text(max_size=12)), min_size=20, max_size=60),
        st.sampled_from(["zh", "en"]),
        st.sampled_from(faults),
    )
    def play(made: list[tuple[int, str]], language: str, fault: str) -> None:
        shop.host.faults.clear()
        if fault:
            shop.fault(fault, **({"code": "96"} if fault == "code" else {}))
        clerk = Clerk(shop.terminal, language=language)
        clerk.counter.new_id = lambda: f"C-{next(ids)}"
        for number, text in made:
            some_move(clerk, number, text)
            shown = clerk.screen
            seen.add(shown.name)
            data = json.dumps(shown.as_data(), ensure_ascii=False)
            assert not [secret for secret in SECRETS if secret in data]
            assert shown.name != "doubt" or shown.keys == ("enter",)

    clerk = Clerk(shop.terminal)  # one refund for sure: chance alone may make none
    clerk.counter.new_id = lambda: f"C-{next(ids)}"
    for key in ("1", "1", "8", "esc", "1", "enter", "enter", "1"):
        clerk.press(key)
        seen.add(clerk.screen.name)
    assert len(shop.booked("refund")) == 1
    play()

    assert {"check", "sign", "amount", "slip", "original_typed"} <= seen
    booked = [entry for entry in shop.host.ledger.entries() if entry.kind == "refund"]
    once = Tally((entry.original_rrn, entry.stan, entry.batch) for entry in booked)
    assert booked
    assert max(once.values()) == 1
    back = Tally[str]()
    for attempt in shop.terminal.journal.attempts():
        if attempt.kind == "refund" and attempt.hold != "none":
            back[attempt.original_id or ""] += attempt.amount.minor
    assert all(minor <= paid[name] for name, minor in back.items())
    shop.terminal.close()
