"""Sign-in, sign-off and echo of the emulated host."""

from __future__ import annotations

import pytest

from emulators.host_peer import MERCHANT, PREFIX, TERMINAL, TMK, Peer, make_host, pack, unpack
from posrefund.crypto import Key, Purpose, unwrap_key_set
from posrefund.emulators.host import HostProfile, TerminalRecord


def test_sign_in_answers_the_literal_bytes() -> None:
    host, _ = make_host()
    request = bytes.fromhex(
        "6000030000603100311003"
        "0800"
        "0020000000C00012"  # 11 41 42 60 63
        "000021"
        "3132333435363738"
        "313233343536373839303132333435"
        "0011000000010030"
        "0003303120"
    )
    reply = host.answer(request)
    assert reply is not None
    assert reply.hex().upper() == (
        "6000000003603100311003"
        "0810"
        "003800010AC00014"  # 11 12 13 32 37 39 41 42 60 62
        "000021"
        "100000"
        "0309"
        "0848021000"
        "363036383130303030303031"
        "3030"
        "3132333435363738"
        "313233343536373839303132333435"
        "0011000000010030"
        "00403EB3B72576BBBE8345BF9F2868449343CE06D1A4"
        "9D4DD2E653AA407300000000000000008D7B8C71"
    )


def test_published_sign_in_of_a_real_terminal_is_understood() -> None:
    """A public dump (Kotlin POS sign-in): DE62 with a serial number, DE63 "01 "."""
    host, _ = make_host()
    host.terminals["12345676"] = TerminalRecord("12345676", MERCHANT, Key(TMK, Purpose.KEK))
    reply = host.answer(
        bytes.fromhex(
            "600003000060310031543208000020000000C0001600002131323334353637363132333435363738"
            "393031323334350011000000010030002953657175656E6365204E6F313633303831303338354E4C"
            "3234373533360003303120"
        )
    )
    assert reply is not None
    assert reply[:13].hex() == "60000000036031003154320810"
    assert unpack(reply[11:])[1][39] == "00"


@pytest.mark.parametrize(
    ("network_code", "size", "pik_bytes", "mak_bytes", "tdk_bytes"),
    [("001", 24, 8, 8, 0), ("003", 40, 16, 8, 0), ("004", 60, 16, 8, 16)],
)
def test_sign_in_hands_out_the_keys_of_its_network_code(
    network_code: str, size: int, pik_bytes: int, mak_bytes: int, tdk_bytes: int
) -> None:
    host, _ = make_host()
    peer = Peer(host)
    reply = peer.sign_in(network_code)
    assert len(bytes.fromhex(reply[62])) == size
    assert [len(key) for key in (peer.pik, peer.mak, peer.tdk)] == [pik_bytes, mak_bytes, tdk_bytes]
    assert peer.sale()[39] == "00"


def test_sign_in_hands_out_a_double_length_mak_when_the_profile_says_so() -> None:
    host, _ = make_host(HostProfile(double_length_mak=True))
    peer = Peer(host)
    peer.sign_in()
    assert len(peer.mak) == 16
    assert peer.sale()[39] == "00"


@pytest.mark.parametrize("network_code", ["001", "003", "004"])
def test_key_block_is_one_that_the_terminal_side_opens(network_code: str) -> None:
    host, _ = make_host()
    reply = Peer(host).sign_in(network_code)
    keys = unwrap_key_set(Key(TMK, Purpose.KEK), bytes.fromhex(reply[62]))
    assert (keys.tdk is not None) is (network_code == "004")


def test_every_sign_in_brings_fresh_keys_and_ends_the_old_ones() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    old = peer.mak
    peer.sign_in()
    assert peer.mak != old
    peer.mak = old
    assert peer.sale()[39] == "A0"


def test_sign_in_imposes_the_batch_of_the_host() -> None:
    host, _ = make_host()
    host.close_batch(TERMINAL)
    peer = Peer(host)
    reply = peer.sign_in()
    assert reply[60] == "00000002003"
    assert peer.sale()[39] == "00"


def test_batch_after_999998_is_000001() -> None:
    host, _ = make_host()
    host.terminals[TERMINAL].batch = "999998"
    assert host.close_batch(TERMINAL) == "000001"


@pytest.mark.parametrize(
    ("terminal", "merchant", "code"),
    [("99999999", MERCHANT, "97"), (TERMINAL, "999999999999999", "03")],
)
def test_sign_in_of_a_stranger_is_refused(terminal: str, merchant: str, code: str) -> None:
    host, _ = make_host()
    body = pack("0800", {11: "000001", 41: terminal, 42: merchant, 60: "00000001003"})
    reply = Peer(host).send(PREFIX + body)
    assert reply[39] == code
    assert 62 not in reply


def test_disabled_terminal_is_refused_with_58() -> None:
    host, _ = make_host()
    host.terminals[TERMINAL].is_disabled = True
    assert Peer(host).sign_in()[39] == "58"


def test_sign_off_ends_the_keys() -> None:
    host, _ = make_host()
    peer = Peer(host)
    peer.sign_in()
    body = pack("0820", {11: "000009", 41: TERMINAL, 42: MERCHANT, 60: "00000001002"})
    reply = peer.send(PREFIX + body)
    assert reply == {
        0: "0830",
        11: "000009",
        12: "100000",
        13: "0309",
        37: "606810000002",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        60: "00000001002",
    }
    assert peer.sale()[39] == "77"


@pytest.mark.parametrize("stan", [{}, {11: "000009"}])
def test_echo_is_answered_with_or_without_a_stan(stan: dict[int, str]) -> None:
    host, _ = make_host()
    body = pack("0820", {**stan, 41: TERMINAL, 42: MERCHANT, 60: "00000001301"})
    reply = Peer(host).send(PREFIX + body)
    assert reply == {
        0: "0830",
        **stan,
        12: "100000",
        13: "0309",
        39: "00",
        41: TERMINAL,
        42: MERCHANT,
        60: "00000001301",
    }
