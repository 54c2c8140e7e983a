"""The customer's signature: once, under what was accepted, given before or after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.builders import NOW, attempt_in
from posrefund.engine import Note, Signature, State
from posrefund.engine.signing import SIGNED, sign, signature_of
from posrefund.errors import InvalidRequestError, RefusedError, RequestConflictError

PAPER = Signature("paper")
DRAWN = Signature.of("bitmap", b"abc")
# FIPS 180-2, appendix B.1: SHA-256 of "abc"
SAID = "bitmap ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
LATER = NOW + timedelta(minutes=1)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.CONFIRMED])
def test_what_was_accepted_is_signed_in_a_note(state: State) -> None:
    (note,) = sign(attempt_in(state), DRAWN, [], LATER)

    assert note == Note(SIGNED, LATER, {"signature": SAID}, "R-1/1")
    assert signature_of(attempt_in(state), [note.facts]) == DRAWN


@pytest.mark.parametrize("state", sorted(set(State) - {State.ACCEPTED, State.CONFIRMED}))
def test_nothing_else_is_signed(state: State) -> None:
    with pytest.raises(RefusedError) as caught:
        sign(attempt_in(state), DRAWN, [], NOW)

    assert caught.value.code == "nothing_to_sign"


def test_nothing_is_signed_that_is_not_known() -> None:
    with pytest.raises(RefusedError):
        sign(None, PAPER, [], NOW)


def test_the_same_again_is_one_and_another_is_refused() -> None:
    attempt, notes = attempt_in(State.ACCEPTED), [{"signature": SAID}]

    assert sign(attempt, DRAWN, notes, LATER) == []
    with pytest.raises(RequestConflictError):
        sign(attempt, PAPER, notes, LATER)


def test_a_signature_that_came_with_the_request_stands() -> None:
    attempt = attempt_in(State.ACCEPTED, facts={"signature": "paper"})

    assert signature_of(attempt) == PAPER
    assert sign(attempt, PAPER, [], LATER) == []
    with pytest.raises(RequestConflictError):
        sign(attempt, DRAWN, [], LATER)


def test_what_nobody_signed_has_no_signature() -> None:
    assert signature_of(attempt_in(State.ACCEPTED)) is None


def test_a_signature_is_read_as_it_is_said() -> None:
    assert [Signature.read(each.said) for each in (PAPER, DRAWN)] == [PAPER, DRAWN]
    for said in ("", "ink", "bitmap", "paper 00", "bitmap " + "0" * 63):
        with pytest.raises(InvalidRequestError):
            Signature.read(said)


def test_only_the_bytes_that_were_given_pass_the_check() -> None:
    DRAWN.check(b"abc")
    for signature in (DRAWN, PAPER):
        with pytest.raises(InvalidRequestError, match="signature"):
            signature.check(b"abd")
