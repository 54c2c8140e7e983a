"""Whatever comes, the host neither raises nor books a refund that nobody asked for."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulators.host_peer import CARD, MERCHANT, PREFIX, TERMINAL, Peer, make_host, pack
from posrefund.emulators.host import EmulatedHost, Fault, HostProfile
from posrefund.emulators.host.faults import EFFECTS


def ready() -> tuple[EmulatedHost, Peer, bytes]:
    """Return a host, a signed-in peer, and a refund of 100 that would be approved."""
    host, clock = make_host()
    peer = Peer(host)
    peer.sign_in()
    sale = peer.sale(10_000)
    clock.advance(timedelta(days=1))
    return host, peer, peer.sealed("0220", peer.refund_fields(sale, 100))


def booked(host: EmulatedHost) -> list[tuple[str, int]]:
    return [(entry.kind, entry.amount_minor) for entry in host.ledger.entries()]


def test_refund_with_one_bit_flipped_is_never_booked() -> None:
    host, _, message = ready()
    for place in range(len(PREFIX), len(message)):
        for bit in range(8):
            broken = bytearray(message)
            broken[place] ^= 1 << bit
            host.answer(bytes(broken))
    assert booked(host) == [("sale", 10_000)]
    assert host.answer(message) is not None
    assert booked(host) == [("sale", 10_000), ("refund", 100)]


def test_envelope_is_outside_the_mac_and_changes_no_amount() -> None:
    for place in range(len(PREFIX)):
        host, _, message = ready()
        broken = bytearray(message)
        broken[place] ^= 0x01
        host.answer(bytes(broken))
        assert booked(host)[1:] in ([], [("refund", 100)])


def test_refund_cut_short_or_lengthened_is_never_booked() -> None:
    host, _, message = ready()
    for size in range(len(message)):
        host.answer(message[:size])
    host.answer(message + b"\0")
    host.answer(message + message)
    assert booked(host) == [("sale", 10_000)]


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer_or_none(message: bytes) -> None:
    host, _ = make_host()
    reply = host.answer(message)
    assert reply is None or isinstance(reply, bytes)


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["0200", "0220", "0400", "0800", "0820"]))
def test_any_body_after_a_sound_beginning_gets_an_answer_or_none(tail: bytes, mti: str) -> None:
    host, _ = make_host()
    reply = host.answer(PREFIX + bytes.fromhex(mti) + tail)
    assert reply is None or isinstance(reply, bytes)


_VALUES = {
    2: st.sampled_from([CARD, "6200000000000006", "00", "F" * 19]),
    3: st.sampled_from(["000000", "200000", "ABCDEF"]),
    4: st.sampled_from(["000000000000", "000000000001", "999999999999", "FFFFFFFFFFFF"]),
    11: st.sampled_from(["000000", "000001", "999999", "FFFFFF"]),
    14: st.sampled_from(["3012", "0000", "FFFF"]),
    22: st.sampled_from(["072", "022", "012", "FFF"]),
    23: st.sampled_from(["001", "FFF"]),
    25: st.sampled_from(["00", "FF"]),
    26: st.sampled_from(["06", "FF"]),
    35: st.sampled_from(["", CARD + "D3012201", "F" * 37]),
    37: st.sampled_from(["606810000002", "\x00" * 12]),
    38: st.sampled_from(["000002", "@@@@@@"]),
    39: st.sampled_from(["00", "98", "\x00\x00"]),
    41: st.sampled_from([TERMINAL, "99999999", "\x7f" * 8]),
    42: st.sampled_from([MERCHANT, " " * 15]),
    49: st.sampled_from(["156", "840", "\x00" * 3]),
    52: st.just("00" * 8),
    53: st.sampled_from(["0610000000000000", "2600000000000000", "F" * 16]),
    55: st.sampled_from(["", "9F26"]),
    60: st.sampled_from(["22000001000600", "25000001000600", "00000001003", "F" * 17, ""]),
    61: st.sampled_from(["0000000000000309", "000001000002", "", "F" * 29, "0000000000001301"]),
    62: st.sampled_from(["", "00"]),
    63: st.sampled_from(["000", "", "\x00" * 3]),
    64: st.just("00" * 8),
}
messages = st.builds(
    lambda mti, fields: PREFIX + pack(mti, fields),
    st.sampled_from(["0200", "0220", "0400", "0800", "0820", "0320", "0100", "0210", "FFFF"]),
    st.fixed_dictionaries({}, optional=_VALUES),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(messages, st.none() | st.sampled_from(sorted(EFFECTS)))
def test_any_message_of_the_dialect_gets_an_answer_or_none(
    message: bytes, kind: str | None
) -> None:
    host, _ = make_host(HostProfile(mac_on_declines=True))
    Peer(host).sign_in()
    if kind:
        host.faults.add(
            Fault(kind, mti=message[11:13].hex()) if message[11] != 0xFF else Fault(kind)
        )
    reply = host.answer(message)
    assert reply is None or isinstance(reply, bytes)
    assert host.ledger.entries() == ()


steps = st.lists(
    st.tuples(
        st.sampled_from(["sale", "void", "refund", "reverse", "repeat", "day", "batch"]),
        st.integers(1, 400),
        st.integers(0, 5),
    ),
    max_size=12,
)


class Shop:
    """A peer that does one step after the other and remembers its sales."""

    def __init__(self) -> None:
        self.host, self.clock = make_host()
        self.peer = Peer(self.host)
        self.peer.sign_in()
        self.sales = [self.peer.sale(500)]

    def do(self, step: str, amount: int, pick: int) -> None:
        """Do one step to one of the sales."""
        sale = self.sales[pick % len(self.sales)]
        match step:
            case "sale":
                self.sales.append(self.peer.sale(amount))
            case "refund":
                self.peer.refund(sale, amount)
            case "repeat":
                self.host.answer(self.peer.last_sent)
            case "day":
                self.clock.advance(timedelta(days=1))
            case "batch":
                self.host.close_batch(TERMINAL)
                self.peer.sign_in()
            case _:
                getattr(self.peer, step)(sale)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_refunds_never_exceed_their_sale_whatever_is_asked(
    todo: list[tuple[str, int, int]],
) -> None:
    shop = Shop()
    for step in todo:
        shop.do(*step)
    ledger = shop.host.ledger
    for entry in (entry for entry in ledger.entries() if entry.kind == "sale"):
        assert ledger.refunded_minor(entry) <= entry.amount_minor
        assert entry.state == "booked" or ledger.refunded_minor(entry) == 0
