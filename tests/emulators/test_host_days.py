"""Settlement days, the cut-over at 23:00, the window, and the year that DE61 does not carry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emulators.host_peer import Peer, at, make_host
from posrefund.emulators.host import HostProfile, HostTime


@pytest.mark.parametrize(
    ("sold", "refunded", "code"),
    [
        ("2026-03-09T10:00:00", "2026-03-09T22:59:59", "25"),
        ("2026-03-09T22:59:59", "2026-03-09T23:00:00", "00"),
        ("2026-03-09T23:00:00", "2026-03-10T22:59:59", "25"),
        ("2026-03-09T23:00:00", "2026-03-10T23:00:00", "00"),
        ("2025-12-31T10:00:00", "2025-12-31T23:30:00", "00"),
        ("2025-12-31T23:30:00", "2026-01-01T22:00:00", "25"),
        ("2025-12-31T23:30:00", "2026-01-01T23:00:00", "00"),
        ("2025-12-30T10:00:00", "2026-01-02T10:00:00", "00"),
        ("2026-03-09T10:00:00", "2026-04-08T22:59:59", "00"),
        ("2026-03-09T10:00:00", "2026-04-08T23:00:00", "22"),
        ("2026-03-09T10:00:00", "2027-03-08T10:00:00", "22"),
        ("2026-03-09T10:00:00", "2027-03-09T10:00:00", "25"),
        ("2028-02-29T10:00:00", "2028-03-01T10:00:00", "00"),
        ("2028-02-29T10:00:00", "2029-02-28T10:00:00", "22"),
    ],
)
def test_refund_is_judged_by_the_settlement_day(sold: str, refunded: str, code: str) -> None:
    host, clock = make_host(start=sold)
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    clock.set(at(refunded))
    assert peer.refund(sale, 1)[39] == code


def test_same_day_refund_is_accepted_when_the_profile_allows_it() -> None:
    host, _ = make_host(HostProfile(same_day_refund_allowed=True))
    peer = Peer(host)
    peer.sign_in()
    assert peer.refund(peer.sale(), 1)[39] == "00"


@pytest.mark.parametrize(
    ("now", "de13", "de15"),
    [
        ("2026-03-09T22:59:59", "0309", "0309"),
        ("2026-03-09T23:00:00", "0309", "0310"),
        ("2025-12-31T23:00:00", "1231", "0101"),
        ("2028-02-28T23:00:00", "0228", "0229"),
    ],
)
def test_sale_names_the_settlement_day(now: str, de13: str, de15: str) -> None:
    host, _ = make_host(start=now)
    peer = Peer(host)
    peer.sign_in()
    reply = peer.sale()
    assert (reply[13], reply[15]) == (de13, de15)


@pytest.mark.parametrize(
    ("voided", "code"), [("2026-03-09T22:59:59", "00"), ("2026-03-09T23:00:00", "25")]
)
def test_void_ends_with_the_settlement_day(voided: str, code: str) -> None:
    host, clock = make_host(start="2026-03-09T22:00:00")
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale()
    clock.set(at(voided))
    assert peer.void(sale)[39] == code


def test_host_time_is_the_hosts_own_zone() -> None:
    host, clock = make_host()
    clock.set(at("2026-03-09T23:30:00").astimezone(tz=None))
    assert Peer(host).sign_in()[12] == "233000"


def test_running_clock_goes_on_from_where_it_was_set() -> None:
    seconds = iter([100.0, 101.5, 101.5, 102.0, 105.0])
    clock = HostTime(at("2026-03-09T10:00:00"), runs=True, seconds=lambda: next(seconds))
    assert clock() == at("2026-03-09T10:00:01.500")
    clock.advance(timedelta(hours=1))
    assert clock() == at("2026-03-09T11:00:04.500")


def test_a_clock_needs_a_zone() -> None:
    _, clock = make_host()
    with pytest.raises(ValueError, match="zone"):
        clock.set(at("2026-03-09T23:30:00").replace(tzinfo=None))
