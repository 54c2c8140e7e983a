"""What a sign-in answer may change without being asked, and what it says has jumped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.builders import DIALECT, KEY_SET_ID, NOW, PROPERTY, view
from posrefund.engine.sign_in import Accept, SignInChanges, judge_sign_in, span_in_words
from posrefund.errors import RefusedError
from posrefund.values import BatchNumber, HostClock

NEW, EARLIER = "AAAAAA-BBBBBB", "C0FFEE-123456"
seconds = st.integers(-40_000_000, 40_000_000)


def judged(
    *,
    offset_s: int = 0,
    batch: str = "000001",
    keys: str = NEW,
    accept: Accept = Accept(),  # noqa: B008 — frozen
    **view_changes: object,
) -> SignInChanges:
    here = view(**{"batch": BatchNumber("000001"), "signed_in_at": NOW, **view_changes})
    return judge_sign_in(
        here,
        BatchNumber(batch),
        HostClock(offset=timedelta(seconds=offset_s)),
        accept,
        key_set_id=keys,
        earlier=[EARLIER, KEY_SET_ID],
    )


def refused(**words: object) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        judged(**words)  # type: ignore[arg-type]
    return caught.value


# --- the clock -------------------------------------------------------------------------------------


def test_tolerance_is_a_quarter_of_an_hour_unless_the_dialect_says_otherwise() -> None:
    assert DIALECT.clock_tolerance_s == 900


@pytest.mark.parametrize("offset_s", [0, 1, -1, 900, -900])
def test_clock_within_the_tolerance_is_taken(offset_s: int) -> None:
    assert judged(offset_s=offset_s).clock_jump == timedelta(seconds=offset_s)


@pytest.mark.parametrize("offset_s", [901, -901, 86_400, -31_536_000])
def test_clock_beyond_the_tolerance_is_refused_and_taken_when_it_is_accepted(offset_s: int) -> None:
    error = refused(offset_s=offset_s)

    assert (error.code, error.owner, error.effect) == (
        "clock_differs",
        "merchant",
        "nothing_sent",
    )
    taken = judged(offset_s=offset_s, accept=Accept(clock=True))
    assert taken.clock_jump == timedelta(seconds=offset_s)


def test_refusal_says_in_words_how_far_the_clock_is_off() -> None:
    error = refused(offset_s=5 * 3600 + 12 * 60)

    assert error.hint_en == (
        "the host's clock is 5 h 12 min ahead of this terminal's: set the one that is wrong, or sign"
        " in and accept the host's"
    )
    assert error.hint_zh == (
        "主机时钟比本机快 5 小时 12 分：请校准不准的一方，或确认接受主机时钟后再签到"
    )


def test_refusal_says_what_was_accepted_before() -> None:
    error = refused(accepted_offset=timedelta(days=1))

    assert "is that of this terminal (1 d ahead of this terminal's was accepted before)" in (
        error.hint_en
    )
    assert "与本机一致（以前确认的是比本机快 1 天）" in error.hint_zh


def test_tolerance_is_the_dialects() -> None:
    strict = DIALECT.derive("strict", clock_tolerance_s=5)

    assert refused(offset_s=6, dialect=strict).code == "clock_differs"
    assert judged(offset_s=5, dialect=strict).clock_jump == timedelta(seconds=5)


@PROPERTY
@given(seconds, seconds, seconds)
@example(900, 0, 0)
@example(901, 0, 0)
def test_clock_is_measured_from_what_people_accepted_and_never_from_the_last_sign_in(
    offset_s: int, accepted_s: int, last_s: int
) -> None:
    """Else many small steps would go as far as one great one."""
    words = {
        "offset_s": offset_s,
        "accepted_offset": timedelta(seconds=accepted_s),
        "host_clock": HostClock(offset=timedelta(seconds=last_s)),
    }
    if abs(offset_s - accepted_s) > 900:
        assert refused(**words).code == "clock_differs"
    else:
        found = judged(**words)  # type: ignore[arg-type]
        assert found.clock_jump == timedelta(seconds=offset_s - last_s)


@pytest.mark.parametrize(
    ("span_s", "zh", "en"),
    [
        (0, "与本机一致", "that of this terminal"),
        (0.4, "与本机一致", "that of this terminal"),
        (42, "比本机快 42 秒", "42 s ahead of this terminal's"),
        (-42, "比本机慢 42 秒", "42 s behind this terminal's"),
        (901, "比本机快 15 分 1 秒", "15 min 1 s ahead of this terminal's"),
        (3600, "比本机快 1 小时", "1 h ahead of this terminal's"),
        (3601, "比本机快 1 小时 1 秒", "1 h 1 s ahead of this terminal's"),
        (-90_061, "比本机慢 1 天 1 小时", "1 d 1 h behind this terminal's"),
    ],
)
def test_span_in_words_names_its_two_greatest_units(span_s: float, zh: str, en: str) -> None:
    assert span_in_words(timedelta(seconds=span_s)) == (zh, en)


# --- the batch -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "jump"),
    [
        ("000007", "000007", None),
        ("000007", "000008", None),
        ("000007", "000009", 2),
        ("000007", "000006", -1),
        ("000007", "000001", -6),
        ("999998", "000001", None),
        ("999998", "999999", None),
        ("999999", "000001", None),
        ("999999", "000000", None),
        ("999998", "000002", -999_996),
        ("999997", "000001", -999_996),
        ("000001", "999998", 999_997),
    ],
)
def test_next_batch_is_what_settlement_brings_and_any_other_is_a_jump(
    before: str, after: str, jump: int | None
) -> None:
    found = judge_sign_in(
        view(batch=BatchNumber(before), signed_in_at=NOW),
        BatchNumber(after),
        HostClock(),
        Accept(),
        key_set_id=NEW,
        earlier=(),
    )
    assert found.batch_jump == jump


def test_first_sign_in_has_nothing_to_jump_from() -> None:
    found = judged(batch="000777", offset_s=5, signed_in_at=None)

    assert (found.batch_jump, found.clock_jump) == (None, None)


# --- the keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "issue"),
    [
        (NEW, "new"),
        (KEY_SET_ID, "same"),  # 8D0A74-AB7153
        ("8D0A74-BBBBBB", "new"),  # the PIK stays, the MAK is renewed
        ("AAAAAA-AB7153", "new"),
        (EARLIER, "earlier"),
        ("C0FFEE-BBBBBB", "earlier"),  # half of an earlier answer
        ("AAAAAA-123456", "earlier"),
        ("123456-AAAAAA", "earlier"),  # in the other place
        ("AAAAAA-8D0A74", "earlier"),  # our PIK for a MAK
        ("AB7153-8D0A74", "earlier"),
        ("AAAAAA-BBBBBB-CCCCCC", "new"),  # with a TDK, where there was none
        ("AAAAAA-BBBBBB-123456", "earlier"),  # a TDK that was another key before
        ("8D0A74-AB7153-123456", "earlier"),
    ],
)
def test_keys_that_were_here_before_are_taken_only_when_somebody_accepts_them(
    keys: str, issue: str
) -> None:
    if issue == "earlier":
        error = refused(keys=keys)
        assert (error.code, error.owner) == ("keys_came_back", "acquirer")
    assert judged(keys=keys, accept=Accept(keys=True)).issue == issue


def test_accepting_one_thing_accepts_no_other() -> None:
    assert refused(offset_s=901, accept=Accept(keys=True)).code == "clock_differs"
    assert refused(keys=EARLIER, accept=Accept(clock=True)).code == "keys_came_back"


def test_first_keys_of_a_terminal_are_new() -> None:
    assert judged(key_set_id="").issue == "new"
