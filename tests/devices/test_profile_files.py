"""A profile as a file: what it may say, and that every place is named where it says something else."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.devices import PROFILES, Can, profile, read_profile
from posrefund.errors import ConfigError
from posrefund.exchanges import ENQ, AckNak
from posrefund.framing import STXETX, Control, TagText


def text(name: str) -> str:
    return files("posrefund.devices.profiled").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def test_what_comes_with_the_package_is_what_its_file_says() -> None:
    assert sorted(PROFILES) == list(PROFILES)
    for name in PROFILES:
        assert profile(name).name == name
        assert read_profile(text(name)) == profile(name)
    with pytest.raises(ConfigError, match="known: caisse_ap, concert, transbank"):
        profile("../concert")


def test_the_three_families_differ_in_data() -> None:
    concert, caisse, transbank = map(profile, ("concert", "caisse_ap", "transbank"))

    assert (concert.can, caisse.can) == (Can.REFUND_UNLINKED, Can.REFUND_UNLINKED)
    assert transbank.can == Can.VOID_BY_REFERENCE
    signals = frozenset({Control.ENQ, Control.ACK, Control.NAK, Control.EOT})
    assert concert.line == STXETX(controls=signals, body_bytes_max=80)
    assert concert.rules == ENQ(signal_s=1.0, quiet_s=0.1, nak_discards=False)
    assert transbank.rules == AckNak(ack_s=1.5, quiet_s=0.1, nak_discards=False)
    assert (caisse.line, caisse.rules) == (TagText(), None)
    waits = [each.patience.answer_s for each in (concert, caisse, transbank)]
    assert waits == [120.0, 180.0, 150.0]


def test_no_profile_believes_that_nak_discards_and_none_skips_the_check() -> None:
    lines = [profile(name).line for name in PROFILES]

    assert not any(getattr(profile(name).rules, "nak_discards", False) for name in PROFILES)
    assert [line.check for line in lines if isinstance(line, STXETX)] == ["xor", "xor"]


CHANGES = [
    ('name = "concert"', "", "name: expected text"),
    ('name = "concert"', "name = 1", "name: expected text"),
    ('name = "concert"', 'name = "concert"\nnmae = ""', "nothing is known of nmae"),
    ('can = ["refund_unlinked"]', 'can = ["fly"]', "can: no such thing as fly"),
    ('framing = "stx_etx"', 'framing = "smoke"', "line.framing: expected stx_etx or tag_text"),
    ('"ENQ", "ACK"', '"ENQ", "ACH"', "line.controls: expected names of controls"),
    ("body_bytes_max = 80", 'body_bytes_max = "80"', "line.body_bytes_max: expected int"),
    ("body_bytes_max = 80", "body_bytes_max = 0", "a bound of 1 to 65535 bytes"),
    ("body_bytes_max = 80", "covers = true", "line: nothing is known of covers"),
    ('kind = "enq"', 'kind = "shout"', "exchange.kind: expected enq, ack_nak or bare"),
    ("signal_s = 1.0", "signal_s = 0", "a time for a signal"),
    ("answer_s = 120.0", 'answer_s = "long"', "patience.answer_s: expected float"),
    ('default = "01"', 'default = "1"', "settings.pos.default: expected its own form"),
    ('default = "01"', 'default = "01", no = 1', "nothing is known of no"),
    ("declined.host_refused", "declined.bad_luck", "codes.declined.bad_luck: no such reason"),
    ('unknown = ["9"]', 'unknown = ["7"]', "7 stands there twice"),
    ('approved = ["0"]', "approved = 0", "codes.approved: expected a list of texts"),
    ('form = "fixed"', 'form = "loose"', "form fixed, separated or tagged"),
    ('form = "fixed"', 'form = "tagged"', "names that are tags in tagged text"),
    ('carries = "amount" }', 'carries = "weight" }', "carries: expected what was asked"),
    ("digits = 8,", "digits = [1, 8],", "one length for each field of a fixed layout"),
    ("digits = 8,", "digits = [8, 1],", "the shorter length first"),
    ("digits = 8,", 'digits = "8",', "expected digits, text or always"),
    ('tells = "code"', 'tells = "story"', "tells code or number"),
    ('tells = "code"', 'tells = "number"', "expected a field that tells the code"),
    ("replies = [", "answers = [", "refund.replies: expected layouts"),
    ('name = "amount"', 'name = "pos number"', "fields of different names"),
    ("[patience]", "[patience", "expected TOML"),
    ('always = "A010"', 'always = "A010", carries = "pos"', "always or carries, not both"),
]


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES)
def test_what_is_wrong_in_a_file_is_named(old: str, new: str, expected: str) -> None:
    changed = text("concert").replace(old, new)
    assert changed != text("concert"), "the test changes something"

    with pytest.raises(ConfigError) as caught:
        read_profile(changed)

    assert expected in str(caught.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    changed = text("transbank").replace('"ACK", "NAK"', '"AKC"').replace("answer_s", "anser_s")

    with pytest.raises(ConfigError, match=r"line\.controls.*patience: nothing is known of anser_s"):
        read_profile(changed.replace("reference", "refrence"))


@given(st.sampled_from(PROFILES), st.data())
def test_a_file_with_one_line_missing_is_a_profile_or_refused(
    name: str, data: st.DataObject
) -> None:
    lines = text(name).splitlines()
    del lines[data.draw(st.integers(0, len(lines) - 1))]
    with suppress(ConfigError):
        read_profile("\n".join(lines))
