"""The MAC that is looked for is found, whatever stands around the message, and nothing is found that is not there."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from posrefund.crypto import Algorithm, Key, MACRule, Purpose, mac, verify
from posrefund.crypto.mac import MACAlgorithm
from posrefund.crypto.probe import Finding, probe
from posrefund.errors import ConfigError, KeyUsageError

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
# q.cnblogs.com/q/128930: a sale whose right MAC the asker knew and could not reproduce.
ASKED_KEY = bytes.fromhex("0723C80DB5F4CD3D0723C80DB5F4CD3D")
ASKED = bytes.fromhex(
    "02003020048000C08015000000000000001234000002030099303030303030303139353237313831383232313738"
    "373531353600192600000100060000000000435F01123238343431323334353637383930313233345F0306313630"
    "3033365F04063230303832365C023031"
)
HEAD = bytes.fromhex("00856000010000613100010001")
"""A length, a TPDU and a header, as they stand before a UnionPay message."""


def rules() -> list[MACRule]:
    found = []
    for name in get_args(MACAlgorithm):
        for cipher in Algorithm:
            for padding in (1, 2, 3):
                try:
                    found.append(MACRule(name, cipher, padding))
                except ConfigError:
                    continue
    return found


def mak(material: bytes = KEY, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, Purpose.MAC, algorithm)


@pytest.mark.parametrize("head", [b"", HEAD[:2], HEAD[2:7], HEAD])
@pytest.mark.parametrize("tail", [b"", b"B3A092AE"])
def test_case_that_the_asker_could_not_solve(head: bytes, tail: bytes) -> None:
    found = list(probe(mak(ASKED_KEY), head + ASKED + tail, b"B3A092AE"))

    wanted = MACRule("unionpay-ecb", length_bytes=4, encoding="hex")
    assert found == [Finding(wanted, "whole", len(head), len(head) + len(ASKED))]


@pytest.mark.parametrize(
    "rule", rules(), ids=lambda rule: f"{rule.algorithm}-{rule.cipher}-{rule.padding}"
)
@pytest.mark.parametrize("encoding", ["raw", "hex"])
def test_every_rule_is_found(rule: MACRule, encoding: Any) -> None:
    sent = HEAD + ASKED
    wanted = MACRule(rule.algorithm, rule.cipher, rule.padding, 4, encoding)
    tag = mac(mak(algorithm=rule.cipher), ASKED, wanted)

    found = list(probe(mak(), sent, tag))

    assert Finding(wanted, "whole", len(HEAD), len(sent)) in found
    assert {f.rule.algorithm for f in found} == {rule.algorithm}


@pytest.mark.parametrize(
    ("part", "material"),
    [("left half", KEY[:8]), ("right half", KEY[8:]), ("halves swapped", KEY[8:] + KEY[:8])],
)
def test_part_of_the_key_is_named(part: str, material: bytes) -> None:
    tag = mac(mak(material), ASKED, MACRule("iso9797-1"))

    assert {f.key_part for f in probe(mak(), ASKED, tag)} == {part}


@given(st.binary(min_size=12, max_size=40), st.data())
@settings(deadline=None, max_examples=30)
def test_range_in_the_middle_is_found_and_reproduces_the_mac(message: bytes, data: Any) -> None:
    start = data.draw(st.integers(0, len(message) - 9))
    end = data.draw(st.integers(start + 8, len(message)))
    rule = data.draw(st.sampled_from(rules()))
    key = mak(algorithm=rule.cipher)
    tag = mac(key, message[start:end], rule)
    assume(tag not in message)

    found = list(probe(mak(), message, tag))

    assert found  # by likelier ranges too, where padding hides a difference
    for finding in found:
        again = mak(algorithm=finding.rule.cipher)
        if finding.key_part == "whole":
            verify(again, message[finding.start : finding.end], tag, finding.rule)


def test_nothing_is_found_where_nothing_is() -> None:
    assert list(probe(mak(), ASKED, bytes(8))) == []


@pytest.mark.parametrize("tag", [b"", b"123", bytes(65)])
def test_mac_that_no_rule_gives_is_refused(tag: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^a MAC has 4 to 32 bytes"):
        probe(mak(), ASKED, tag)
    with pytest.raises(ConfigError, match=r"^a MAC has 4 to 32 bytes"):
        probe(mak(), b"", bytes(8))


def test_key_for_something_else_is_refused() -> None:
    with pytest.raises(KeyUsageError):
        probe(Key(KEY, Purpose.PIN), ASKED, bytes(8))
