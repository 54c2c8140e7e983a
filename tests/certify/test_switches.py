"""The switches of a host are found by asking it, and what is found is a dialect file that works there."""

from __future__ import annotations

from datetime import time

import pytest

from certify.bed import bed
from posrefund.certify import Switch, certify, fragment
from posrefund.crypto import ISO9797_1, ISO9797_3
from posrefund.dialects.file import load_dialect
from posrefund.emulators.host import Codes, HostProfile

pytestmark = pytest.mark.slow


def asked(profile: HostProfile, *, turns: bool = True) -> dict[str, Switch]:
    with bed(profile=profile, turns=turns) as found:
        run = found.run("echo", switches=True)
    return {switch.name: switch for switch in run.switches}


def test_the_switches_of_the_plain_host_agree_with_the_plain_profile() -> None:
    found = asked(HostProfile())

    assert {name: (each.seen.found, each.confidence) for name, each in found.items()} == {
        "sent_pad": ("either", "seen"),
        "key_block": ("40", "seen"),
        "de60_tail": ("600", "seen"),
        "mac": ("unionpay-ecb, TDEA, 4 bytes as text", "seen"),
        "number_from": ("left", "seen"),
        "pad": ("0", "seen"),
        "de61": ("either", "seen"),
        "de63": ("either", "seen"),
        "de38": ("either", "seen"),
        "de23": ("either", "seen"),
        "de52": ("without", "seen"),
        "keyed_refund": ("58", "likely"),
        "over_refund_code": ("61", "seen"),
        "not_found_code": ("25", "seen"),
        "other_card_code": ("14", "seen"),
        "original_state_code": ("12", "seen"),
        "mac_on_declines": ("no", "seen"),
        "same_day_refund": ("25", "likely"),
        "upload_mac": ("without", "seen"),
        "upload_track": ("without", "seen"),
        "preauth_completion": ("", "unknown"),
        "sm4_pin": ("", "unknown"),
        "tmk_download": ("", "unknown"),
        "signature_packets": ("", "unknown"),
        "refund_window_days": ("30", "seen"),
    }
    assert not [each for each in found.values() if each.seen.agrees is False]
    assert not [each for each in found.values() if each.seen.lines]


@pytest.mark.parametrize(
    ("profile", "name", "due"),
    [
        (HostProfile(pads="0"), "sent_pad", "0"),
        (HostProfile(pads="F"), "sent_pad", "F"),
        (HostProfile(pads="F0"), "pad", "F"),
        (HostProfile(number_from="right"), "number_from", "right"),
        (HostProfile(upload_mac="taken"), "upload_mac", "either"),
        (HostProfile(upload_mac="needed"), "upload_mac", "with"),
        (HostProfile(needs_uploaded_track=True), "upload_track", "30"),
        (HostProfile(codes=Codes(original_state="25")), "original_state_code", "25"),
        (HostProfile(de60_digits=(13,)), "de60_tail", "60"),
        (HostProfile(de60_digits=(11,)), "de60_tail", "none"),
        (HostProfile(mac_rule=ISO9797_1), "mac", "iso9797-1, TDEA, 8 bytes raw"),
        (
            HostProfile(mac_rule=ISO9797_3, double_length_mak=True),
            "mac",
            "iso9797-3, TDEA, 8 bytes raw",
        ),
        (HostProfile(same_day_refund_allowed=True), "same_day_refund", "taken"),
        (HostProfile(takes_keyed_refunds=True), "keyed_refund", "taken"),
        (HostProfile(mac_on_declines=True), "mac_on_declines", "yes"),
        (HostProfile(codes=Codes(over_refund="64")), "over_refund_code", "64"),
        (HostProfile(codes=Codes(over_refund="13")), "over_refund_code", "13"),
        (HostProfile(codes=Codes(other_card="63")), "other_card_code", "63"),
        (HostProfile(codes=Codes(no_original="12")), "not_found_code", "12"),
        (HostProfile(refund_window_days=90), "refund_window_days", "90"),
        (HostProfile(refund_window_days=45), "refund_window_days", "31-59"),
        (HostProfile(refund_window_days=365), "refund_window_days", ">181"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_switch_that_stands_otherwise_is_found(profile: HostProfile, name: str, due: str) -> None:
    found = asked(profile)

    assert found[name].seen.found == due


@pytest.mark.parametrize(
    "profile",
    [
        HostProfile(de60_digits=(13,)),
        HostProfile(de60_digits=(11,), mac_rule=ISO9797_1),
        HostProfile(mac_rule=ISO9797_3, double_length_mak=True, mac_on_declines=True),
        HostProfile(pads="F"),
        HostProfile(number_from="right"),
        HostProfile(upload_mac="needed"),
        HostProfile(pads="F", number_from="right", upload_mac="needed", mac_rule=ISO9797_1),
    ],
    ids=[
        "length",
        "length and MAC",
        "MAC of every answer",
        "filler",
        "side of a number",
        "MAC of uploads",
        "all of them",
    ],
)
def test_a_host_that_fails_the_plain_profile_passes_with_what_was_found(
    profile: HostProfile,
) -> None:
    with bed(profile=profile) as found:
        first = found.run(switches=True)
        text = fragment(first.switches, found.subject.dialect)
    learnt = load_dialect(text)
    with bed(profile=profile, known=learnt) as found:
        second = certify(found.subject)

    # A MAC more than is asked for is no fault; any other host fails before its switches are known.
    assert first.verdict == "failed"
    assert {result.name for result in second.results if result.verdict != "passed"} == set()


HOSTS_DIFFER_IN = {
    "DE60 length and 60.4": "de60_tail",
    "DE61.1/61.2 of a refund": "de61",
    "DE63.1 in a refund request": "de63",
    "DE38; DE26/52; DE23 on refund": "de38 de52 de23",
    "pad nibble": "sent_pad number_from pad",
    "MAC algorithm; second half of the MAK": "mac key_block",
    "same-day refund; codes": (
        "same_day_refund over_refund_code refund_window_days not_found_code original_state_code other_card_code"
    ),
    "track data in an uploaded refund; MAC of 0320": "upload_track upload_mac",
    "refund of a preauth completion": "preauth_completion",
    "other key blocks; TMK download; packet codes; SM4": (
        "key_block tmk_download signature_packets sm4_pin mac"
    ),
    "manual entry; MAC of declines": "keyed_refund mac_on_declines",
}
"""The points of the fact sheet on UnionPay (its section 9, and two of its field lists) in which hosts were seen to differ."""


def test_every_point_in_which_hosts_differ_is_asked_about_or_named_with_its_reason() -> None:
    found = asked(HostProfile())

    assert {name for names in HOSTS_DIFFER_IN.values() for name in names.split()} == set(found)
    for switch in found.values():
        assert switch.seen.said_zh
        assert switch.seen.said_en
        assert switch.title_zh != switch.title_en


def test_what_needs_another_day_is_unknown_where_nobody_can_turn_it() -> None:
    found = asked(HostProfile(), turns=False)

    assert found["mac"].confidence == "seen"
    for name in ("de61", "over_refund_code", "refund_window_days"):
        assert found[name].confidence == "unknown"
        assert "--original" in found[name].seen.said_en
        assert "--original" in found[name].seen.said_zh


@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"])
def test_what_a_profile_has_no_place_for_is_unknown_with_the_reason(name: str) -> None:
    with bed(name) as found:
        run = found.run("echo", switches=True)
    switches = {switch.name: switch for switch in run.switches}

    assert switches["mac"].confidence == "seen"
    assert switches["original_state_code"].seen.found == ("902" if "93" in name else "12")
    for lacking in ("sent_pad", "de60_tail", "de61", "de63", "upload_mac", "upload_track"):
        assert switches[lacking].confidence == "unknown", lacking
        assert switches[lacking].seen.said_en
        assert switches[lacking].seen.said_zh
    assert "not in this profile: message settlement" in switches["upload_mac"].seen.said_en


def test_what_is_unknown_stands_in_the_file_as_a_comment() -> None:
    with bed(turns=False) as found:
        run = found.run("echo", switches=True)
        text = fragment(run.switches, found.subject.dialect)

    assert "# preauth_completion: the profile has no pre-authorisation" in text
    assert load_dialect(text).cut_off == time(23)
