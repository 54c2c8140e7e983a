"""TPDU and header: eleven bytes before the message, five or none; swapped in the answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import FramingError
from posrefund.framing import Envelope
from published import by_name

ASKED = Envelope(bytes.fromhex("6000030000"), bytes.fromhex("603100311003"))
tpdus, headers = st.binary(min_size=5, max_size=5), st.binary(min_size=6, max_size=6)
envelopes = st.builds(Envelope, tpdus, headers)
every_envelope = st.builds(Envelope, tpdus | st.just(b""), headers | st.just(b""))


def test_envelope_stands_before_the_body_and_comes_off_again() -> None:
    message = bytes.fromhex("60000300006031003110030820")

    assert ASKED.wrap(b"\x08\x20") == message
    assert Envelope.unwrap(message) == (ASKED, b"\x08\x20")


@given(every_envelope, st.binary(max_size=30))
def test_envelope_comes_off_as_it_was_put_on(envelope: Envelope, body: bytes) -> None:
    sizes = len(envelope.tpdu), len(envelope.header)

    assert Envelope.unwrap(envelope.wrap(body), *sizes) == (envelope, body)


def test_message_without_envelope_is_all_body() -> None:
    bare = Envelope(b"", b"")

    assert bare.wrap(b"0800") == b"0800"
    assert Envelope.unwrap(b"0800", 0, 0) == (bare, b"0800")
    assert Envelope.unwrap(b"", 0, 0) == (bare, b"")
    assert bare.reply(processing_request=3) == bare
    assert bare.processing_request == 0


def test_message_with_a_tpdu_alone_has_its_addresses_swapped_in_the_answer() -> None:
    envelope, body = Envelope.unwrap(bytes.fromhex("60000300000200"), header_bytes=0)

    assert envelope == Envelope(bytes.fromhex("6000030000"), b"")
    assert body == b"\x02\x00"
    assert envelope.reply(processing_request=3).wrap(b"") == bytes.fromhex("6000000003")
    assert envelope.processing_request == 0


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((5, 0), "a TPDU of 5 bytes and a header of 0"),
        ((0, 6), "a TPDU of 0 bytes and a header of 6"),
    ],
)
def test_envelope_of_one_part_is_refused_when_the_message_is_shorter(
    sizes: tuple[int, int], expected: str
) -> None:
    for size in range(sum(sizes)):
        with pytest.raises(FramingError) as caught:
            Envelope.unwrap(bytes(size), *sizes)
        assert (caught.value.offset_bytes, caught.value.expected) == (size, expected)


@pytest.mark.parametrize("size", range(11))
def test_envelope_is_refused_when_the_message_is_shorter(size: int) -> None:
    with pytest.raises(FramingError) as caught:
        Envelope.unwrap(bytes(size))

    assert caught.value.offset_bytes == size
    assert caught.value.expected == "a TPDU of 5 bytes and a header of 6"


@pytest.mark.parametrize(("tpdu", "header"), [(4, 6), (6, 6), (5, 5), (5, 7), (0, 5), (1, 0)])
def test_envelope_of_other_lengths_cannot_be_made(tpdu: int, header: int) -> None:
    with pytest.raises(FramingError, match=r"of TPDU or none, and 6 of header or none$"):
        Envelope(bytes(tpdu), bytes(header))


def test_reply_swaps_the_addresses_and_leaves_the_rest() -> None:
    reply = ASKED.reply()

    assert reply.tpdu == bytes.fromhex("6000000003")
    assert reply.header == ASKED.header


def test_reply_swaps_the_addresses_as_a_published_answer_shows() -> None:
    raw = by_name("sale_0210_ic_response_topwise").raw
    answer, _ = Envelope.unwrap(raw)

    assert raw[:5] == answer.tpdu
    assert answer.reply().tpdu == raw[:1] + raw[3:5] + raw[1:3]


@pytest.mark.parametrize(
    ("asked", "header"), [(0, "603100311003"), (3, "603103311003"), (15, "60310F311003")]
)
def test_reply_carries_what_the_terminal_shall_do_next(asked: int, header: str) -> None:
    reply = ASKED.reply(processing_request=asked)

    assert reply.header.hex().upper() == header
    assert reply.processing_request == asked


def test_reply_keeps_the_terminal_state_beside_the_request() -> None:
    testing = Envelope(ASKED.tpdu, bytes.fromhex("603110311003"))

    assert testing.reply(processing_request=3).header == bytes.fromhex("603113311003")


@given(envelopes)
def test_reply_to_a_reply_is_the_envelope_that_was_sent(envelope: Envelope) -> None:
    again = envelope.reply(processing_request=3).reply(
        processing_request=envelope.processing_request
    )

    assert again == envelope


@given(envelopes, st.integers(0, 15))
def test_reply_changes_one_digit_of_the_header_only(envelope: Envelope, asked: int) -> None:
    reply = envelope.reply(processing_request=asked)
    before, after = envelope.header.hex(), reply.header.hex()

    assert before[:5] + before[6:] == after[:5] + after[6:]
    assert sorted(reply.tpdu) == sorted(envelope.tpdu)
    assert reply.processing_request == asked
