"""One suite for every dialect that a host speaks: each message of the table out and back, and a shop's days.

The host has tables of its own, written from the same paper and not from ours. A new dialect passes this, or it
is not one to talk to a host with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from engine.builders import NOW, attempt_in, view
from posrefund.dialects import dialect, look_up
from posrefund.dialects.message import CLOSING
from posrefund.emulators.host import HostProfile
from posrefund.engine import Approved, Declined, InDoubt, State
from posrefund.engine.batch import Closing, Stage
from posrefund.engine.compose import (
    compose_details,
    compose_echo,
    compose_end,
    compose_inquiry,
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_settlement,
    compose_sign_in,
    compose_uploaded_refund,
    compose_void,
    keepable,
)
from posrefund.engine.interpret import Conclusion, interpret, interpret_reversal, stranger_to
from posrefund.engine.paid import with_voucher
from posrefund.engine.table import Event
from posrefund.errors import RefusedError
from posrefund.framing import Envelope, LengthPrefixFramer, frame
from posrefund.seal import seal, unseal
from posrefund.values import (
    PAN,
    STAN,
    Amount,
    BackToPayer,
    BatchNumber,
    CardRead,
    CodeRead,
    KeptCard,
    PayerCode,
    Received,
)
from shop import CHIP, MERCHANT, PAN_16, STRIPE, TAP, TERMINAL, Shop, refund, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from posrefund.dialects import Dialect
    from posrefund.engine import RefundRequest, SaleRequest
    from posrefund.engine.attempt import Kind

CARDS = ("unionpay", "iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary")
CODES = ("unionpay by code", "aggregator")
SPOKEN = (*CARDS, *CODES)
"""What the emulated host speaks, and how it is paid; the rest are there to read messages with."""
UNDONE = tuple(name for name in SPOKEN if name != "aggregator")
"""Where a sale or void in doubt is reversed."""

WITH_PIN = CardRead("051", PAN(PAN_16), expiry="3012", sequence_number="001", pin_block=bytes(8))


_BEGINNINGS = ("62{:016d}0", "13{:015d}0", "28{:015d}0")
"""UnionPay, WeChat, Alipay; the last digit says to the emulated host whose it is: that of ``PAN_16``."""


@dataclass(frozen=True)
class Way:
    """How a host is paid: in which dialect, and by cards or by codes."""

    name: str

    @property
    def dialect(self) -> Dialect:
        return dialect(self.name.partition(" ")[0])

    @property
    def is_by_code(self) -> bool:
        return self.name in CODES

    @property
    def back(self) -> CardRead | BackToPayer:
        return BackToPayer() if self.is_by_code else CHIP

    def pays(self, request_id: str) -> CardRead | CodeRead:
        """The card; or a code of one of the wallets, the same for the same request."""
        if not self.is_by_code:
            return CHIP
        number = crc32(request_id.encode("ascii"))
        among = _BEGINNINGS[:1] if self.dialect.wallets == ("unionpay",) else _BEGINNINGS
        return CodeRead(PayerCode(among[number % len(among)].format(number)))

    def sale(self, request_id: str, minor: int) -> SaleRequest:
        return sale(request_id, minor, self.pays(request_id))

    def refund(self, request_id: str, original: str, minor: int | None = None) -> RefundRequest:
        return refund(request_id, original, minor, self.back)


@pytest.fixture(params=SPOKEN)
def way(request: pytest.FixtureRequest) -> Way:
    return Way(request.param)


@pytest.fixture
def known(way: Way) -> Dialect:
    return way.dialect


@pytest.fixture
def shop(tmp_path: Path, known: Dialect) -> Iterator[Shop]:
    """A signed-in terminal at 14:05 host time of day 0, speaking *known*."""
    made = Shop(tmp_path, profile=HostProfile(dialect=known.name), dialect=known)
    yield made
    made.terminal.close()


@pytest.fixture
def next_day(shop: Shop, way: Way) -> Shop:
    assert isinstance(shop.terminal.sale(way.sale("S-1", 12_800)), Approved)
    shop.to(1, 10)
    return shop


# --- every message of the table --------------------------------------------------------------------


def one_of_each(way: Way, shop: Shop) -> dict[str, dict[str, str]]:
    """Requests in an order in which the host says yes to each: keys change last."""
    here, known = shop.terminal.view, way.dialect
    now = shop.clock()
    yesterday = shop.terminal.journal.originals("S-1")[0]
    today = shop.terminal.journal.originals("S-2")[0]
    amount = yesterday.amount
    terminal = {"stan": "000900", "batch": "000007", "terminal": TERMINAL, "merchant": MERCHANT}
    moment = {"utc_mmddhhmmss": "0310020042", "hhmmss": "100000", "mmdd": "0310"}
    sign_off = known.compose("sign_off", {**terminal, **moment, "yymmddhhmmss": "260310100000"})
    sent = compose_sale(replace(here(), stan=STAN("000901")), amount, way.pays("S-3"), now)
    doubt = attempt_in(
        State.IN_DOUBT, "sale", fields=keepable(sent, known), stan="000901", batch="000007"
    )
    card = None if way.is_by_code else KeptCard(PAN(PAN_16), "3012")
    undoes = known.messages["sale"].doubt == "reverse"
    return {
        "refund": compose_refund(
            replace(here(), stan=STAN("000904")),
            amount,
            with_voucher(way.back, yesterday),
            yesterday,
            now,
        ),
        "void": compose_void(
            replace(here(), stan=STAN("000905")), with_voucher(way.back, today), today, now
        ),
        "sale": sent,
        **({"reversal": compose_reversal(doubt, here(), card, "no_reply", now)} if undoes else {}),
        "sign_in": compose_sign_in(replace(here(), stan=STAN("000902")), "01", now),
        "echo": compose_echo(replace(here(), stan=STAN("000903")), now),
        "sign_off": sign_off,
    }


def closing_of_each(way: Way, shop: Shop) -> dict[str, dict[str, str]]:
    """The same of a closing, where the dialect has one: the refund that was made goes up, too, if a card paid."""
    if "settlement" not in way.dialect.messages or way.is_by_code:
        return {}
    now, here = shop.clock(), replace(shop.terminal.view(), stan=STAN("000910"))
    card = KeptCard(PAN(PAN_16), "3012")
    made = shop.terminal.journal.attempt("R-1/1")
    sold = shop.terminal.journal.attempt("S-2/1")
    closing = Closing(Stage.ENDING, BatchNumber("000007"), now, "01", verdict="unbalanced")
    return {
        "settlement": compose_settlement(here, closing, now),
        "upload_details": compose_details(here, [(sold, card)], now),
        "upload_refund": compose_uploaded_refund(made, card, here, now),
        "upload_end": compose_end(here, closing, 2, now),
        "balanced_end": compose_end(here, replace(closing, verdict="balanced"), 0, now),
    }


def question_of(known: Dialect, shop: Shop) -> dict[str, dict[str, str]]:
    """The inquiry about the refund that was made, where the dialect has one."""
    if "inquiry" not in known.messages:
        return {}
    here = replace(shop.terminal.view(), stan=STAN("000911"))
    made = shop.terminal.journal.attempt("R-1/1")
    return {"inquiry": compose_inquiry(made, here, shop.clock())}


def test_every_message_goes_out_and_comes_back(next_day: Shop, known: Dialect, way: Way) -> None:
    next_day.terminal.sale(way.sale("S-2", 500))
    next_day.terminal.refund(way.refund("R-1", "S-1", 100))
    keys = next_day.terminal._procedures.keyring.present
    requests = one_of_each(way, next_day)
    requests["refund"]["4"] = "000000000100"
    last = {name: requests.pop(name) for name in ("sign_in", "sign_off")}
    requests |= closing_of_each(way, next_day) | question_of(known, next_day) | last
    elsewhere = {
        "upload_signature",
        *(CLOSING if way.is_by_code else ()),
    }  # test_signature_upload.py
    assert requests.keys() == known.messages.keys() - elsewhere

    for name, fields in requests.items():
        table = known.messages[name]
        envelope = Envelope(known.tpdu, known.header)
        message = envelope.wrap(seal(fields, known, keys))
        framer = LengthPrefixFramer()
        fed = [whole for octet in frame(message) for whole in framer.feed(bytes([octet]))]
        assert fed == [message]

        reply = next_day.host.answer(fed[0])
        assert reply is not None, name
        around, body = Envelope.unwrap(reply, len(known.tpdu), len(known.header))
        assert around.tpdu == envelope.reply().tpdu
        received = unseal(body, known, keys)
        answer = received.fields
        assert received.refusal is None
        assert stranger_to(table.mti_reply, fields["11"], TERMINAL, answer) is None
        assert table.request_faults(fields) == ()
        assert table.response_faults(answer, approved=True) == (), name
        assert known.value_faults(answer) == (), name
        code = answer.get("39", "00")  # the answer to a settlement has none
        money = look_up(known.codes, code).money == "booked"
        others = known.reversed_codes if name == "reversal" else known.managed_codes
        if name == "inquiry" and known.inquiry:
            others = known.inquiry.told_codes
        assert money if name in ("sale", "void", "refund") else code in others, name
        has_mac = bool({"64", "128"} & table.templates.keys())
        assert received.mac == ("valid" if has_mac else "absent")
        assert [found.name for found in known.messages.values() if found.fits(fields)] == [name]


@pytest.mark.parametrize("kind", ["sale", "void", "refund"])
def test_the_answer_is_a_yes_and_with_any_bit_changed_it_is_none(
    next_day: Shop, known: Dialect, way: Way, kind: Kind
) -> None:
    next_day.terminal.sale(way.sale("S-2", 500))
    keys = next_day.terminal._procedures.keyring.present
    fields = one_of_each(way, next_day)[kind]
    message = Envelope(known.tpdu, known.header).wrap(seal(fields, known, keys))
    reply = next_day.host.answer(message)
    assert reply is not None
    body = reply[len(known.tpdu) + len(known.header) :]
    attempt = attempt_in(
        State.SENT,
        kind,
        fields=keepable(fields, known),
        stan=fields["11"],
        terminal=TERMINAL,
        card_masked=way.back.masked,
        facts={"entry": way.back.entry_mode},
    )
    table = known.messages[kind]

    verdict = interpret(attempt, table, unseal(body, known, keys), known)
    assert isinstance(verdict, Conclusion)
    assert verdict.event is Event.ACCEPT
    for at in range(len(body)):
        for bit in range(8):
            changed = body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]
            found = interpret(attempt, table, unseal(changed, known, keys), known)
            assert not isinstance(found, Conclusion) or found.event is not Event.ACCEPT
        cut = interpret(attempt, table, unseal(body[:at], known, keys), known)
        assert not isinstance(cut, Conclusion) or cut.event is not Event.ACCEPT


# --- a shop's days ---------------------------------------------------------------------------------


def test_echo_and_sign_in_are_answered(shop: Shop) -> None:
    shop.terminal.echo()
    signed_in = shop.terminal.sign_in()

    assert signed_in.batch == "000007"
    assert signed_in.host_offset.total_seconds() == -42


@pytest.mark.parametrize("way", CARDS, indirect=True)
@pytest.mark.parametrize(
    "card", [CHIP, TAP, STRIPE, WITH_PIN], ids=["chip", "tap", "stripe", "PIN"]
)
def test_every_way_of_reading_a_card_sells_and_refunds(shop: Shop, card: CardRead) -> None:
    assert isinstance(shop.terminal.sale(sale("S-1", 100, card)), Approved)
    shop.to(1, 10)

    assert isinstance(shop.terminal.refund(refund("R-1", "S-1", card=card)), Approved)
    assert (shop.booked("sale"), shop.booked("refund")) == ([100], [100])


def test_a_refund_in_parts_and_not_a_cent_more(next_day: Shop, way: Way) -> None:
    assert isinstance(next_day.terminal.refund(way.refund("R-1", "S-1", 2_800)), Approved)
    with pytest.raises(RefusedError, match="over_remaining"):
        next_day.terminal.refund(way.refund("R-2", "S-1", 10_001))
    assert isinstance(next_day.terminal.refund(way.refund("R-2", "S-1", 10_000)), Approved)
    with pytest.raises(RefusedError, match="nothing_remaining"):
        next_day.terminal.refund(way.refund("R-3", "S-1", 1))
    assert next_day.booked("refund") == [2_800, 10_000]


def test_asking_again_sends_nothing(next_day: Shop, way: Way) -> None:
    first = next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))
    sent = len(next_day.link.sent)
    second = next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))

    assert isinstance(first, Approved)
    assert isinstance(second, Approved)
    assert second.rrn == first.rrn
    assert len(next_day.link.sent) == sent


def test_a_refund_of_the_same_day_is_a_void(shop: Shop, way: Way) -> None:
    shop.terminal.sale(way.sale("S-1", 12_800))

    assert isinstance(shop.terminal.refund(way.refund("R-1", "S-1")), Approved)
    assert shop.booked("void") == [12_800]
    assert shop.booked("refund") == []


def test_a_decline_of_the_host_is_told_with_its_code(
    next_day: Shop, known: Dialect, way: Way
) -> None:
    code = "100" if "93" in known.name else "05"
    next_day.fault("code", known.messages["refund"].mti, code=code)

    outcome = next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))

    assert isinstance(outcome, Declined)
    assert outcome.code == code
    assert next_day.booked("refund") == []


def test_a_silent_host_leaves_a_refund_in_doubt_and_nothing_is_sent_again(
    next_day: Shop, known: Dialect, way: Way
) -> None:
    next_day.fault("drop_reply", known.messages["refund"].mti)

    assert isinstance(next_day.terminal.refund(way.refund("R-1", "S-1", 2_800)), InDoubt)
    assert isinstance(next_day.terminal.refund(way.refund("R-1", "S-1", 2_800)), InDoubt)
    assert next_day.booked("refund") == [2_800]


def test_an_answer_with_a_wrong_mac_is_no_yes(next_day: Shop, known: Dialect, way: Way) -> None:
    next_day.link.on_reply = lambda reply: reply[:-1] + bytes([reply[-1] ^ 1])

    outcome = next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "bad_mac"


@pytest.mark.parametrize("way", UNDONE, indirect=True)
def test_a_sale_in_doubt_is_reversed_before_the_next(shop: Shop, known: Dialect, way: Way) -> None:
    shop.fault("drop_reply", known.messages["sale"].mti)
    assert isinstance(shop.terminal.sale(way.sale("S-1", 100)), InDoubt)

    assert isinstance(shop.terminal.sale(way.sale("S-2", 200)), Approved)
    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED
    assert shop.booked("sale") == [200]


@pytest.mark.parametrize("way", UNDONE, indirect=True)
def test_a_reversal_whose_answer_is_lost_is_made_again_and_the_sale_counts_as_undone(
    shop: Shop, known: Dialect, way: Way
) -> None:
    shop.fault("drop_reply", known.messages["sale"].mti)
    assert isinstance(shop.terminal.sale(way.sale("S-1", 100)), InDoubt)
    shop.fault("drop_reply", known.messages["reversal"].mti)
    shop.terminal.resolve_doubts()
    assert shop.booked("sale") == []  # undone, and the terminal does not know it

    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED
    assert isinstance(shop.terminal.sale(way.sale("S-2", 200)), Approved)


@pytest.mark.parametrize("way", UNDONE, indirect=True)
def test_a_void_in_doubt_is_reversed_and_the_sale_stands_again(
    shop: Shop, known: Dialect, way: Way
) -> None:
    shop.terminal.sale(way.sale("S-1", 100))
    shop.fault("drop_reply", known.messages["void"].mti)
    assert isinstance(shop.terminal.refund(way.refund("R-1", "S-1")), InDoubt)

    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("R-1/1").state is State.REVERSED
    assert shop.booked("void") == []
    assert isinstance(shop.terminal.refund(way.refund("R-2", "S-1")), Approved)


@pytest.mark.parametrize("way", UNDONE, indirect=True)
def test_a_reversal_of_what_never_arrived_is_over_too(shop: Shop, known: Dialect, way: Way) -> None:
    shop.fault("drop_request", known.messages["sale"].mti)
    assert isinstance(shop.terminal.sale(way.sale("S-1", 100)), InDoubt)

    shop.terminal.resolve_doubts()

    assert shop.terminal.journal.attempt("S-1/1").state is State.REVERSED
    assert shop.booked("sale") == []


def test_settlement_files_agree_with_the_journal(next_day: Shop, way: Way) -> None:
    next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))
    next_day.to(2, 10)

    assert next_day.settle(0).count("MATCH") == 1
    assert next_day.settle(1).count("MATCH") == 1
    outcome = next_day.terminal.status("R-1")
    assert isinstance(outcome, Approved)
    assert outcome.confirmed


def test_no_card_number_reaches_the_journal(next_day: Shop, tmp_path: Path, way: Way) -> None:
    next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))
    next_day.terminal.close()

    data = b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))
    assert PAN_16.encode("ascii") not in data
    assert bytes.fromhex(PAN_16) not in data


@pytest.mark.parametrize("way", CODES, indirect=True)
def test_no_code_reaches_the_journal_and_no_card_takes_its_money_back(
    next_day: Shop, way: Way, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match="other_method"):
        next_day.terminal.refund(refund("R-1", "S-1", 2_800))
    next_day.terminal.refund(way.refund("R-1", "S-1", 2_800))
    next_day.fault("drop_reply", "0200")
    next_day.terminal.sale(way.sale("S-2", 100))
    next_day.terminal.resolve_doubts()
    next_day.terminal.close()

    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for name in ("S-1", "S-2"):
        read = way.pays(name)
        assert isinstance(read, CodeRead)
        assert read.code.reveal().encode("ascii") not in data


@pytest.mark.parametrize("way", ["aggregator"], indirect=True)
def test_where_nothing_is_reversed_a_doubt_waits_for_the_file_and_holds_up_nobody(
    shop: Shop, way: Way
) -> None:
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.sale(way.sale("S-1", 100)), InDoubt)
    assert isinstance(shop.terminal.sale(way.sale("S-2", 200)), Approved)
    shop.fault("drop_reply", "0200")
    assert isinstance(shop.terminal.refund(way.refund("R-1", "S-2")), InDoubt)
    with pytest.raises(RefusedError, match="original_in_doubt"):
        shop.terminal.refund(way.refund("R-2", "S-2"))
    with pytest.raises(RefusedError, match="original_unknown"):
        shop.terminal.refund(way.refund("R-3", "S-1"))
    assert (shop.booked("sale"), shop.booked("void")) == ([100, 200], [200])
    shop.to(1, 10)

    assert shop.settle(0).count("RESOLVED_YES") == 2
    assert isinstance(shop.terminal.status("R-1"), Approved)
    assert isinstance(shop.terminal.status("S-1"), Approved)


# --- what some dialects say and others do not --------------------------------------------------------


def test_a_clock_that_was_reset_is_mended_by_a_host_that_says_the_year(
    shop: Shop, known: Dialect
) -> None:
    shop.clock.set(datetime(2015, 1, 1, tzinfo=UTC))
    shop.terminal.sign_in(accept_clock=True)

    day = shop.terminal.view().host_clock.at(shop.clock())
    assert f"{day:%m%d}" == "0309"
    assert (day.year == 2026) is known.name.startswith("iso93")


@pytest.mark.parametrize("way", ["iso93-ascii", "iso93-binary"], indirect=True)
def test_an_approval_of_another_year_is_no_yes(shop: Shop, way: Way) -> None:
    shop.host_time.set(shop.host_time().replace(year=2027))

    outcome = shop.terminal.sale(way.sale("S-1", 100))

    assert isinstance(outcome, InDoubt)
    assert outcome.reason == "mismatch"


@pytest.mark.parametrize("way", UNDONE, indirect=True)
def test_a_no_to_a_reversal_has_to_have_the_form_of_one(known: Dialect, way: Way) -> None:
    here = view(dialect=known)
    sent = compose_sale(here, Amount(100), way.pays("S-1"), NOW)
    attempt = attempt_in(State.REVERSING, "sale", fields=keepable(sent, known), stan=sent["11"])
    not_found = "914" if known.name.startswith("iso93") else "25"
    table = known.messages["reversal"]
    bare = {"t": table.mti_reply, "11": sent["11"], "41": sent["41"], "39": not_found}
    mandatory = [entry for entry in table.response.split() if entry.isdigit() and entry in sent]
    whole = {**{name: sent[name] for name in mandatory}, **bare}

    def verdict(fields: dict[str, str]) -> object:
        received = Received(fields, "absent", None, 100)
        return interpret_reversal(attempt, received, known, is_same_day=True)

    assert verdict(bare) == Conclusion(
        Event.DOUBT,
        {"reason": "reversal_refused", "reversal_code": not_found, "reversal_mac": "absent"},
    )
    found = verdict(whole)
    assert isinstance(found, Conclusion)
    assert found.event is Event.UNDO
