"""A reader that nobody here wrote: Wireshark's dissector reads our ISO refunds field by field equal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.builders import CHIP, NOW, PAN_DIGITS, STRIPE, TAP, attempt_in, original, view
from posrefund.crypto import Key, KeySet, Purpose
from posrefund.dialects import dialect
from posrefund.engine import State
from posrefund.engine.compose import (
    compose_echo,
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_sign_in,
    compose_void,
    keepable,
)
from posrefund.seal import seal
from posrefund.values import PAN, Amount, CardRead, KeptCard
from tshark import needs_tshark, read_by_tshark

if TYPE_CHECKING:
    from posrefund.dialects import Dialect

pytestmark = [needs_tshark, pytest.mark.slow]

KEYS = KeySet(
    pik=Key(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), Purpose.PIN),
    mak=Key(bytes.fromhex("1032547698BADCFEEFCDAB8967452301"), Purpose.MAC),
)
WITH_PIN = CardRead("051", PAN(PAN_DIGITS), sequence_number="001", pin_block=bytes(range(8)))

LEFT_OUT = {
    "iso87-ascii": {"53"},  # read as n8
    "iso87-binary": {"35", "49", "53", "55"},  # track as bytes, currency as BCD, DE53 as n8
    "iso93-ascii": set(),
    "iso93-binary": {"35", "49", "55"},
}
"""What the dissector is known to misread, in tshark 4.0."""

every_dialect = pytest.mark.parametrize("name", sorted(LEFT_OUT))


def requests_of(known: Dialect) -> list[dict[str, str]]:
    """One of every request there is, and refunds by every way to read a card."""
    here = view(dialect=known)
    sent = compose_sale(here, Amount(10_000), CHIP, NOW)
    doubt = attempt_in(State.IN_DOUBT, "sale", fields=keepable(sent, known))
    cards = [CHIP, TAP, STRIPE, WITH_PIN]
    return [
        *(compose_refund(here, Amount(1_000), card, original(), NOW) for card in cards),
        compose_void(here, CHIP, original(), NOW),
        sent,
        compose_reversal(doubt, here, KeptCard(PAN(PAN_DIGITS), "3012"), "no_reply", NOW),
        compose_sign_in(here, "01", NOW),
        compose_echo(here, NOW),
    ]


@every_dialect
def test_dissector_reads_every_request_field_by_field_equal(name: str, tmp_path: Path) -> None:
    known = dialect(name)
    kept = [
        {number: value for number, value in fields.items() if number not in LEFT_OUT[name]}
        for fields in requests_of(known)
    ]
    messages = [seal(fields, known, KEYS) for fields in kept]
    expected = [
        {
            number: value
            for number, value in known.codec.decode(message).items()
            if number not in "p1"
        }
        for message in messages
    ]

    found = read_by_tshark(messages, known.encoding, tmp_path)

    assert len(found) == len(expected) == 9
    for theirs, ours in zip(found, expected, strict=True):
        # In raw mode a value may carry one junk character at its end: a fault of the dissector.
        cut = {number: value[: len(ours.get(number, value))] for number, value in theirs.items()}
        assert cut == ours


@every_dialect
def test_dissector_says_no_to_a_message_that_is_cut(name: str, tmp_path: Path) -> None:
    known = dialect(name)
    here = view(dialect=known)
    fields = compose_refund(here, Amount(1_000), CHIP, original(), NOW)
    whole = seal({n: v for n, v in fields.items() if n not in LEFT_OUT[name]}, known, KEYS)

    found = read_by_tshark([whole, whole[:-1]], known.encoding, tmp_path)

    assert found[0]
    assert not found[1]
