"""Keys, PINs and tracks in a dialect file: what it says, what is wrong with it, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.crypto import (
    SIGN_IN_SM4_TDK,
    UNIONPAY_SIGN_IN,
    Algorithm,
    MACRule,
    SignInLayout,
    SignInRule,
)
from posrefund.dialects import Dialect, dialect, names
from posrefund.dialects.file import dialect_data, dump_dialect, load_dialect, read_dialect
from posrefund.errors import ConfigError, DialectFileError

UNIONPAY = dialect("unionpay")
PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=40)
BASE = 'name = "house"\nbase = "unionpay"\n'


def faults_of(text: str) -> list[str]:
    with pytest.raises(DialectFileError) as caught:
        load_dialect(BASE + text)
    return [f"{line}: {path}: {expected}" for line, path, expected in caught.value.faults]


# --- what it says ----------------------------------------------------------------------------------


def test_a_file_says_what_a_sign_in_may_bring() -> None:
    house = load_dialect(
        BASE
        + """\
mac = { algorithm = "unionpay-ecb", cipher = "SM4" }
tracks = "encrypted"

[sign_in]
strict_parity = true
layouts = [
  { cipher = "SM4", parts = "PIK:16 MAK:16 TDK:16" },
  { parts = "MAK:8 PIK:24", kcv_bytes = 3 },
]

[messages]
refund.pin = "never"
sale.pin = "required"
"""
    )

    assert house.mac == MACRule(cipher=Algorithm.SM4)
    assert house.tracks == "encrypted"
    turned = SignInLayout(parts=(("MAK", 8), ("PIK", 24)), kcv_bytes=3)
    assert house.sign_in == SignInRule((SIGN_IN_SM4_TDK, turned), strict_parity=True)
    assert [house.messages[name].pin for name in ("refund", "sale", "void")] == [
        "never",
        "required",
        "if_entered",
    ]
    assert house.messages["refund"] == replace(UNIONPAY.messages["refund"], pin="never")
    assert load_dialect(dump_dialect(house)) == house


def test_what_a_file_does_not_say_is_unionpay_s() -> None:
    house = load_dialect(BASE + "sign_in.equal_halves_mak = true")

    assert house.sign_in == replace(UNIONPAY_SIGN_IN, equal_halves_mak=True)
    assert (house.tracks, house.messages["refund"].pin) == ("clear", "if_entered")


@pytest.mark.parametrize("name", names())
def test_every_dialect_shows_its_keys_tracks_and_pins(name: str) -> None:
    data = dialect_data(dialect(name))

    assert data["tracks"] == "clear"
    assert data["sign_in"]["layouts"][2] == {
        "cipher": "TDEA",
        "parts": "PIK:16 MAK:16 TDK:16",
        "kcv_bytes": 4,
    }
    pins = {name: row["pin"] for name, row in data["messages"].items() if "pin" in row}
    asked = "never" if name == "aggregator" else "if_entered"  # on the payer's own telephone
    assert pins == dict.fromkeys(("sale", "refund", "void"), asked)


layouts = st.builds(
    SignInLayout,
    st.just(Algorithm.TDEA),
    st.permutations([("PIK", 16), ("MAK", 8), ("TDK", 24)]).map(tuple),
    st.integers(2, 8),
)
rules = st.builds(
    SignInRule,
    st.lists(layouts, min_size=1, max_size=3, unique_by=lambda each: each.length_bytes).map(tuple),
    equal_halves_mak=st.booleans(),
    strict_parity=st.booleans(),
)


@PROPERTY
@given(
    rules,
    st.sampled_from(["never", "if_entered", "required"]),
    st.sampled_from(["clear", "encrypted"]),
)
def test_every_rule_comes_back_from_its_file(rule: SignInRule, pin: Any, tracks: Any) -> None:
    messages = {**UNIONPAY.messages, "void": replace(UNIONPAY.messages["void"], pin=pin)}
    house: Dialect = UNIONPAY.derive("house", sign_in=rule, tracks=tracks, messages=messages)

    assert load_dialect(dump_dialect(house)) == house


# --- what is wrong with it -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('tracks = "sealed"', "3: tracks: one of clear, encrypted"),
        ("sign_in = 1", "3: sign_in: a table"),
        ("sign_in.parity = true", "3: sign_in.parity: a key that is known; did you mean strict_parity?"),
        ("sign_in.strict_parity = 1", "3: sign_in.strict_parity: true or false"),
        ("sign_in.layouts = []", "3: sign_in.layouts: layouts that cipher and length tell apart"),
        ("sign_in.layouts = 3", "3: sign_in.layouts: a list of tables"),
        (
            'sign_in.layouts = [{ parts = "PIK:16 MAK:16", kcv = 3 }]',
            "3: sign_in.layouts[0].kcv: a key that is known: cipher, parts, kcv_bytes",
        ),
        (
            'sign_in.layouts = [{ cipher = "DES", parts = "PIK:16 MAK:16" }]',
            "3: sign_in.layouts[0].cipher: one of TDEA, AES, SM4",
        ),
        (
            'sign_in.layouts = [{ parts = "PIK16 MAK:16" }]',
            "3: sign_in.layouts[0].parts: names and bytes of the keys: PIK:16 MAK:16 TDK:16",
        ),
        (
            'sign_in.layouts = [{ parts = "PIK:16 MAK:12" }]',
            "3: sign_in.layouts[0].parts: 8, 16 or 24 bytes for a key under TDEA",
        ),
        (
            'sign_in.layouts = [{ parts = "PIK:16 MAK:16", kcv_bytes = 9 }]',
            "3: sign_in.layouts[0].kcv_bytes: a whole number from 2 to 8",
        ),
        (
            'sign_in.layouts = [{ kcv_bytes = 4 }]',
            "3: sign_in.layouts[0].parts: text, not empty; it is missing",
        ),
        (
            'sign_in.layouts = [{ parts = "PIK:16 MAK:16" }, { parts = "MAK:16 PIK:16" }]',
            "3: sign_in.layouts: layouts that cipher and length tell apart",
        ),
        (
            'sign_in.layouts = [{ parts = "PIK:16 MAK:16" }]\ntracks = "encrypted"',
            "4: tracks: clear, or a layout of the sign-in with a TDK",
        ),
        ('messages.refund.pin = "maybe"', "3: messages.refund.pin: one of never, if_entered, required"),
        ('messages.echo.pin = "never"', "3: messages.echo.pin: if_entered: it has no PIN"),
        (
            'messages.sale = { pin = "required", holds = { 52 = false } }',
            "3: messages.sale.pin: a field that holds the PIN block alone",
        ),
        ('fields.52.show = "clear"', "3: fields.52.show: never, for it holds a track or a PIN block"),
        ('fields.35.show = "clear"', "3: fields.35.show: never, for it holds a track or a PIN block"),
        (
            "words.security = false",
            "3: words.security: words for pin, track, sealed_track, pin_sealed_track, or *: DE53 holds one of them",
        ),
        (
            'words.security.pni = "23"',
            "3: words.security.pni: one of pin, track, sealed_track, pin_sealed_track, or *",
        ),
        ('mac = { algorithm = "cmac", cipher = "DES" }', "3: mac.cipher: one of TDEA, AES, SM4"),
        ('mac = { algorithm = "iso9797-3", cipher = "SM4" }', "3: mac: iso9797-3 goes with TDEA"),
    ],
)  # fmt: skip
def test_fault_has_its_line_and_its_path(text: str, expected: str) -> None:
    assert expected in faults_of(text)


def test_mac_under_a_cipher_that_no_key_set_brings_is_told() -> None:
    reading = read_dialect(BASE + 'mac = { algorithm = "cmac", cipher = "AES", length_bytes = 8 }')

    assert [(path, what) for _, path, what in reading.warnings] == [
        ("sign_in.layouts", "no layout under AES, which the MAC needs: no key set will do")
    ]


@pytest.mark.parametrize("number", ["35", "36", "45", "52"])
def test_no_journal_keeps_a_track_or_a_pin_block_even_if_its_field_is_shown(number: str) -> None:
    row = UNIONPAY.fields.get(number) or UNIONPAY.fields["4"].renamed(number=int(number))
    with pytest.raises(ConfigError, match=rf"fields {number} may not be kept"):
        UNIONPAY.derive("leaky", fields=[row.renamed(show="clear")], kept=f"3 4 {number}")
    assert f"4: kept: fields that are shown; DE{number} is not" in faults_of(
        f'fields.{number} = {{ format = "n..9", zh = "x", en = "x", show = "clear" }}\nkept = "3 {number}"'
    )
