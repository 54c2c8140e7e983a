"""Signatures on their way: packets by their numbers, what counts as taken, and the words of the slip."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import DIALECT, PROPERTY, attempt_in, original
from posrefund.dialects.signature import SignatureUpload
from posrefund.engine import Signature, State
from posrefund.engine.signature_upload import (
    packets_of,
    packets_taken,
    slip_facts,
    slip_tags,
    to_upload,
)
from posrefund.errors import ConfigError, InvalidRequestError

RULE = SignatureUpload()
DRAWN = Signature.of("bitmap", b"pad")


def note(place: int, of: int = 3, code: str = "00", picture: str = "a") -> dict[str, str]:
    return {"place": str(place), "of": str(of), "code": code, "picture": picture, "packet": "800"}


# --- packets ---------------------------------------------------------------------------------------


@PROPERTY
@given(st.binary(min_size=1, max_size=6 * 512))
def test_packets_are_the_picture_in_its_order_and_the_last_one_says_so(picture: bytes) -> None:
    packets = packets_of(picture, RULE)

    assert b"".join(each.part for each in packets) == picture
    assert [each.place for each in packets] == list(range(1, len(packets) + 1))
    assert {each.count for each in packets} == {len(packets)}
    assert packets[0].number == "800"
    assert len({each.number for each in packets}) == len(packets)
    assert (packets[-1].number == "805") is (len(packets) > 1)
    assert "part" not in repr(packets[0])


@pytest.mark.parametrize("picture", [b"", bytes(6 * 512 + 1)])
def test_no_picture_and_too_long_a_one_have_no_packets(picture: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="1 to 3072 bytes"):
        packets_of(picture, RULE)


def test_a_host_with_one_number_takes_one_packet() -> None:
    rule = SignatureUpload(single="301", numbered=(), packet_bytes=999)

    assert [each.number for each in packets_of(bytes(999), rule)] == ["301"]
    with pytest.raises(InvalidRequestError):
        packets_of(bytes(1000), rule)


@pytest.mark.parametrize(
    "wrong",
    [
        {"packet_bytes": 0},
        {"packet_bytes": 1000},
        {"last": "804"},
        {"numbered": ("800", "800")},
    ],
)
def test_a_rule_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="signature"):
        SignatureUpload(**wrong)  # type: ignore[arg-type]  # reason: what is wrong


@pytest.mark.parametrize(
    ("notes", "taken"),
    [
        ([], 0),
        ([note(1)], 1),
        ([note(1), note(2)], 2),
        ([note(2)], 0),
        ([note(1), note(3)], 1),
        ([note(1, code="30")], 0),
        ([note(1, code="30"), note(1)], 1),
        ([note(1, picture="b"), note(2)], 0),
        ([note(1), note(1), note(2)], 2),
    ],
)
def test_what_is_taken_is_counted_without_gaps(notes: list[dict[str, str]], taken: int) -> None:
    assert packets_taken(notes, "a", "00") == taken


# --- what waits ------------------------------------------------------------------------------------


def waits(state: State, notes: list[dict[str, str]], *, again: bool = False) -> bool:
    attempt = attempt_in(state)
    name = attempt.attempt_id
    signed = {name: [{"signature": DRAWN.said}]}
    return bool(to_upload([attempt], signed, {name: notes}, "00", again=again))


@pytest.mark.parametrize("state", list(State))
def test_only_what_was_accepted_waits(state: State) -> None:
    try:
        found = waits(state, [])
    except LookupError:
        pytest.skip("no builder makes this state")

    assert found is (state in (State.ACCEPTED, State.CONFIRMED))


@pytest.mark.parametrize(
    ("notes", "plain", "again"),
    [
        ([], True, True),
        ([note(1)], True, True),
        ([note(1), note(2), note(3)], False, False),
        ([note(1), note(2), note(3), note(1, picture="b")], False, False),
        ([note(1), note(3)], True, True),
        ([note(1), note(2, code="30")], False, True),
        ([note(1, code="30"), note(1, of=1)], False, False),
    ],
)
def test_what_is_up_or_refused_waits_no_more(
    notes: list[dict[str, str]], plain: bool, again: bool
) -> None:
    assert waits(State.ACCEPTED, notes) is plain
    assert waits(State.ACCEPTED, notes, again=again) is again


@pytest.mark.parametrize("signature", [Signature("paper"), Signature.of("qr", b"phone"), None])
def test_what_was_not_drawn_has_no_picture(signature: Signature | None) -> None:
    attempt = attempt_in(State.ACCEPTED)
    said = [{"signature": signature.said}] if signature else []

    assert to_upload([attempt], {attempt.attempt_id: said}, {}, "00") == []


# --- the words -------------------------------------------------------------------------------------

TOLD = {
    "operator": "07",
    "institutions": "01020000   48021000   ",
    "host_date": "0309",
    "host_time": "100203",
    "organisation": "CUP",
}


def test_a_refund_names_its_sale_and_a_void_its_number() -> None:
    attempt = replace(attempt_in(State.ACCEPTED), facts=TOLD)
    sale = original(auth_code="654321")
    refund = slip_facts(attempt, sale, DIALECT, merchant_name="店", prints=120)
    void = slip_facts(replace(attempt, kind="void"), sale, DIALECT)
    sold = slip_facts(replace(attempt, kind="sale"), None, DIALECT)

    assert refund["original_rrn"] == sale.rrn
    assert refund["original_mmdd"] == f"{sale.transaction_date:%m%d}"
    assert refund["original_auth_code"] == "654321"
    assert (refund["prints"], refund["transaction"], refund["merchant_name"]) == (
        "99",
        "退货",
        "店",
    )
    assert (refund["issuer"], refund["acquirer"]) == ("01020000", "48021000")
    assert (void["original_stan"], void["original_batch"]) == (sale.stan, sale.batch)
    assert "original_rrn" not in void
    assert not [name for name in sold if name.startswith("original")]
    assert sold["moment"].endswith("0309100203")


@pytest.mark.parametrize(
    "wrong", [{"host_date": "1399"}, {"host_date": ""}, {"host_time": "1002"}, {"host_time": ""}]
)
def test_a_moment_that_is_none_is_left_out(wrong: dict[str, str]) -> None:
    attempt = replace(attempt_in(State.ACCEPTED), facts=TOLD | wrong)

    assert "moment" not in slip_facts(attempt, None, DIALECT)


def test_digits_are_packed_and_words_are_chinese() -> None:
    facts = {"merchant_name": "店", "original_mmdd": "0309", "prints": "1", "operator": "A7"}

    assert slip_tags(facts, RULE).hex() == "ff0002b5eaff02024137ff63020309ff700101"


def test_packed_tags_take_digits_alone() -> None:
    with pytest.raises(InvalidRequestError, match="slip"):
        slip_tags({"prints": "1x"}, RULE)


@PROPERTY
@given(st.text(max_size=300), st.sampled_from(["sale", "void", "refund"]))
def test_the_words_fit_their_field_whatever_the_shop_is_called(name: str, kind: str) -> None:
    attempt = replace(attempt_in(State.ACCEPTED), facts=TOLD, kind=kind)  # type: ignore[arg-type]  # reason: one of them
    facts = slip_facts(attempt, original(auth_code="654321"), DIALECT, merchant_name=name)

    assert len(slip_tags(facts, RULE)) <= 255
