"""The pipelined exchange without a line: whose an answer is, and what a broken connection proves of each request."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.aio import Pipeline, acquirer_matcher
from posrefund.aio.pipeline import Key, Request
from posrefund.dialects import dialect
from posrefund.errors import LinkClosedError
from shop import UNIONPAY

HEAD = bytes.fromhex("6000030000") + bytes.fromhex("603200000000")


def read(message: bytes) -> Key | None:
    """A message of these tests: kind, terminal and STAN, with blanks between."""
    parts = message.decode().split()
    return (parts[0], parts[1], parts[2] if len(parts) > 2 else "") if len(parts) > 1 else None


def ask(pipeline: Pipeline, message: str, now: float = 0.0) -> Request:
    return pipeline.ask(message.encode(), b"framed " + message.encode(), now, lambda: None)


def write_all(pipeline: Pipeline) -> list[bytes]:
    written = []
    while pipeline.next_to_write():
        written.append(pipeline.take_bytes())
    return written


def test_answers_find_their_requests_in_any_order() -> None:
    pipeline = Pipeline(read)
    first, second = ask(pipeline, "A T1 000001"), ask(pipeline, "A T2 000001")
    write_all(pipeline)

    assert pipeline.received(b"A T2 000001 yes") is second
    assert pipeline.received(b"A T1 000001 no") is first
    assert list(second.answers) == [b"A T2 000001 yes"]
    assert list(first.answers) == [b"A T1 000001 no"]


@pytest.mark.parametrize(
    "message", ["A T1 000002", "B T1 000001", "A T3 000001", "noise", "A T3"], ids=str
)
def test_message_that_answers_nothing_open_is_the_callers(message: str) -> None:
    pipeline = Pipeline(read)
    request = ask(pipeline, "A T1 000001")
    write_all(pipeline)

    assert pipeline.received(message.encode()) is None
    assert not request.answers


def test_answer_without_a_number_belongs_to_the_only_one_that_it_can_answer() -> None:
    pipeline = Pipeline(read)
    echo = ask(pipeline, "E T1 000001")
    ask(pipeline, "A T1 000002")
    write_all(pipeline)
    assert pipeline.received(b"E T1") is echo
    ask(pipeline, "E T1 000003")
    write_all(pipeline)
    assert pipeline.received(b"E T1") is None


def test_answer_to_what_has_not_left_is_nobodys() -> None:
    pipeline = Pipeline(read)
    ask(pipeline, "A T1 000001")

    assert pipeline.received(b"A T1 000001 yes") is None


def test_connection_that_dies_leaves_a_doubt_only_of_what_was_written() -> None:
    pipeline = Pipeline(read)
    written, waiting = ask(pipeline, "A T1 000001"), ask(pipeline, "A T2 000001")
    assert pipeline.take_bytes() == b"framed A T1 000001"
    pipeline.lost()

    assert (written.ended, waiting.ended) == ("in_doubt", "nothing_sent")
    assert pipeline.next_to_write() is None
    assert len(pipeline) == 0


def test_request_that_is_given_up_before_it_left_never_leaves() -> None:
    pipeline = Pipeline(read)
    first, second = ask(pipeline, "A T1 000001"), ask(pipeline, "A T2 000001")

    assert pipeline.give_up(first) == []
    assert write_all(pipeline) == [b"framed A T2 000001"]
    assert pipeline.received(b"A T1 000001") is None
    assert len(pipeline) == 1
    assert pipeline.give_up(second) == pipeline.give_up(second) == []


def test_answers_that_nobody_took_come_back_from_giving_up() -> None:
    pipeline = Pipeline(read)
    request = ask(pipeline, "A T1 000001")
    write_all(pipeline)
    for text in (b"A T1 000001 yes", b"A T1 000001 again"):
        pipeline.received(text)

    assert request.answers.popleft() == b"A T1 000001 yes"
    assert pipeline.give_up(request) == [b"A T1 000001 again"]


@pytest.mark.parametrize("message", ["A T1 000001", "noise", "A T1"])
def test_request_whose_answer_could_not_be_told_apart_is_not_taken(message: str) -> None:
    pipeline = Pipeline(read)
    ask(pipeline, "A T1 000001")
    with pytest.raises(LinkClosedError) as caught:
        ask(pipeline, message)

    assert caught.value.effect == "nothing_sent"
    assert len(write_all(pipeline)) == 1


def test_more_requests_than_the_bound_are_not_taken() -> None:
    pipeline = Pipeline(read, open_max=1)
    ask(pipeline, "A T1 000001")
    with pytest.raises(LinkClosedError, match="too many") as caught:
        ask(pipeline, "A T2 000001")
    assert caught.value.effect == "nothing_sent"


def test_oldest_question_tells_how_long_the_host_has_been_silent() -> None:
    pipeline = Pipeline(read)
    assert pipeline.oldest_s(50.0) == 0
    ask(pipeline, "A T1 000001", now=100.0)
    ask(pipeline, "A T2 000001", now=103.0)
    write_all(pipeline)
    assert pipeline.oldest_s(110.0) == 10.0
    pipeline.received(b"A T1 000001")
    assert pipeline.oldest_s(110.0) == 7.0


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "write", "answer", "give up", "lose"]), st.integers(0, 4)),
    max_size=40,
)


@given(STEPS)
def test_whatever_happens_each_request_leaves_at_most_once_and_each_answer_is_accounted_for(  # noqa: C901 — a model of steps
    steps: list[tuple[str, int]],
) -> None:
    pipeline = Pipeline(read)
    open_now: dict[int, Request] = {}
    written: Counter[bytes] = Counter()
    given, taken, nobodys = 0, 0, 0
    for number, (what, terminal) in enumerate(steps):
        if what == "ask" and terminal not in open_now:
            open_now[terminal] = ask(pipeline, f"A T{terminal} {number:06d}")
        elif what == "write" and pipeline.next_to_write():
            written[pipeline.take_bytes()] += 1
        elif what == "answer" and terminal in open_now:
            given += 1
            if pipeline.received(" ".join(open_now[terminal].key).encode()) is None:
                nobodys += 1
        elif what == "give up" and terminal in open_now:
            taken += len(pipeline.give_up(open_now.pop(terminal)))
        elif what == "lose":
            pipeline.lost()
            for request in open_now.values():
                left = written[b"framed " + " ".join(request.key).encode()]
                assert request.ended == ("in_doubt" if left else "nothing_sent")
                taken += len(request.answers)
            pipeline = Pipeline(read)
            open_now.clear()

    assert set(written.values()) <= {1}
    assert given == taken + nobodys + sum(len(each.answers) for each in open_now.values())


# --- keys of real messages -------------------------------------------------------------------------


def test_request_and_answer_of_a_dialect_have_the_same_key() -> None:
    matcher = acquirer_matcher(UNIONPAY)
    fields = {"t": "0820", "11": "000042", "41": "12345678", "42": "123456789012345"}
    fields["60"] = "00000007301"
    request = HEAD + UNIONPAY.codec.encode(fields)
    answer = HEAD + UNIONPAY.codec.encode({**fields, "t": "0830", "39": "00"})

    assert matcher(request) == ("083", "12345678", "000042")
    assert matcher(answer) == matcher(request)


@pytest.mark.parametrize("name", ["unionpay", "iso87-ascii"])
@given(st.binary(max_size=300))
def test_garbage_has_no_key_and_raises_nothing(name: str, message: bytes) -> None:
    key = acquirer_matcher(dialect(name))(message)

    assert key is None or len(key) == 3
