"""Signatures go up to the host: each packet once in the books, resumed where an answer is missing, and never in money's way."""

from __future__ import annotations

import asyncio
import hashlib
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from aio.tills import till
from posrefund.codec.jbig import encode_jbig
from posrefund.dialects.signature import SignatureUpload
from posrefund.engine import Approved, InDoubt, Signature
from posrefund.engine.signature_upload import SignatureSent
from posrefund.errors import ConfigError, InvalidRequestError, JournalWriteError, RefusedError
from posrefund.office.signature_pictures import pictures_in
from posrefund.office.signatures import draw, keep
from shop import PAN_16, STRIPE, TERMINAL, UNIONPAY, Shop, refund, sale
from terminal.awaited import Awaited
from terminal.power import Fuse, PowerCut, wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = encode_jbig(bytes(4 * 16), 32, 16)
LARGE = encode_jbig(random.Random(7).randbytes(48 * 34), 384, 34)
"""Noise of 1632 bytes, which nothing makes shorter: four packets."""
DRAWN = Signature.of("bitmap", b"what the pad gave")
KEY = (str(TERMINAL), "000007", "000003")


def small(_: Signature) -> bytes:
    return SMALL


def large(_: Signature) -> bytes:
    return LARGE


@pytest.fixture
def signed(next_day: Shop) -> Shop:
    """A refund R-1 of ¥28.00, signed on a pad."""
    next_day.terminal.refund(refund("R-1", "S-1", 2_800))
    next_day.terminal.sign("R-1", DRAWN)
    next_day.link.sent.clear()
    return next_day


def uploads(shop: Shop) -> list[dict[str, str]]:
    """The uploads that left, decoded."""
    fields = [UNIONPAY.codec.decode(message[11:]) for message in shop.link.sent]
    return [each for each in fields if (each["t"], each["60"][:2]) == ("0820", "07")]


def packets(shop: Shop) -> list[str]:
    return [each["60"][8:] for each in uploads(shop)]


# --- goes up ---------------------------------------------------------------------------------------


def test_a_signature_goes_up_with_the_words_of_its_slip(signed: Shop) -> None:
    signed.terminal.note_print("R-1", "merchant")
    (sent,) = signed.terminal.upload_signatures(small, merchant_name="南京路百货")
    (fields,) = uploads(signed)
    attempt = signed.terminal.journal.last_attempt("R-1")
    assert attempt is not None
    (stored,) = signed.host.signatures.values()

    assert sent == SignatureSent("R-1/1", "uploaded", "00")
    assert {"2", "4", "11", "15", "37", "41", "42", "55", "60", "62", "64"} == {
        number for number in fields if number.isdigit()
    }
    assert (fields["2"], fields["4"], fields["11"]) == (PAN_16, "000000002800", attempt.stan)
    assert (fields["37"], fields["15"]) == (attempt.facts["rrn"], "0310")
    assert fields["60"] == "07000007800"
    assert stored.picture == SMALL
    assert stored.tags == {
        "FF00": "南京路百货",
        "FF01": "退货",
        "FF02": "01",
        "FF03": "48021000",
        "FF04": "01020000",
        "FF06": "20260310100000",
        "FF09": "CUP",
        "FF0A": "156",
        "FF62": signed.host.ledger.entries()[0].rrn,
        "FF63": "0309",
        "FF64": signed.host.ledger.entries()[0].auth,
        "FF70": "01",
    }
    assert signed.terminal.signatures_waiting() == ()
    assert signed.terminal.upload_signatures(small) == ()


def test_a_long_one_goes_in_numbered_packets_and_the_host_has_it_whole(signed: Shop) -> None:
    (sent,) = signed.terminal.upload_signatures(large)
    (stored,) = signed.host.signatures.values()

    assert sent.result == "uploaded"
    assert packets(signed) == ["800", "801", "802", "805"]
    assert stored.is_whole
    assert stored.picture == LARGE


def test_a_sale_and_a_void_go_up_too_and_a_stripe_sends_its_number_in_field_2(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.sale(sale("S-2", 700, STRIPE))
    shop.terminal.refund(refund("R-1", "S-1"))
    for request in ("S-1", "S-2", "R-1"):
        shop.terminal.sign(request, DRAWN)
    done = shop.terminal.upload_signatures(small)

    assert [each.result for each in done] == ["uploaded", "uploaded", "uploaded"]
    assert [each["2"] for each in uploads(shop)] == [PAN_16] * 3
    tags = {key[2]: found.tags for key, found in shop.host.signatures.items()}
    assert [each["FF01"] for each in tags.values()] == ["消费", "消费", "消费撤销"]
    assert [each.get("FF60") for each in tags.values()] == [None, None, uploads(shop)[0]["11"]]


def test_what_a_pad_drew_goes_up_from_its_folder(signed: Shop, tmp_path: Path) -> None:
    signed.terminal.refund(refund("R-2", "S-1", 100))
    signed.terminal.sign("R-2", keep(draw([[(3, 3), (90, 30)]], 100, 40), tmp_path / "signatures"))
    done = signed.terminal.upload_signatures(pictures_in(tmp_path / "signatures"))

    assert [(each.attempt_id, each.result) for each in done] == [
        ("R-1/1", "no_picture"),
        ("R-2/1", "uploaded"),
    ]
    assert signed.terminal.signatures_waiting() == ("R-1",)


def test_an_event_loop_uploads_the_same(signed: Shop) -> None:
    signed.terminal.close()

    async def go() -> list[str]:
        async with till(signed, Awaited(signed.link)) as terminal:
            done = await terminal.upload_signatures(large, merchant_name="店")
            left = await terminal.at_desk(lambda desk: desk.signatures_waiting())
            assert left == ()
            return [each.result for each in done]

    assert asyncio.run(go()) == ["uploaded"]
    assert packets(signed) == ["800", "801", "802", "805"]
    (stored,) = signed.host.signatures.values()
    assert stored.picture == LARGE
    signed.terminal = signed.open()


# --- what does not ---------------------------------------------------------------------------------


def test_only_pictures_under_what_was_accepted_go_up(next_day: Shop) -> None:
    next_day.terminal.refund(refund("R-1", "S-1", 100))
    next_day.terminal.sign("R-1", Signature("paper"))
    next_day.terminal.refund(refund("R-2", "S-1", 100))
    next_day.terminal.sign("R-2", Signature.of("qr", b"by phone"))
    given = replace(refund("R-3", "S-1", 100), signature=DRAWN)
    next_day.fault("drop_reply")
    assert isinstance(next_day.terminal.refund(given), InDoubt)

    assert next_day.terminal.signatures_waiting() == ()
    assert next_day.terminal.upload_signatures(small) == ()


def test_one_that_came_with_its_request_goes_up(next_day: Shop) -> None:
    given = replace(refund("R-3", "S-1", 100), signature=DRAWN)
    assert isinstance(next_day.terminal.refund(given), Approved)

    assert next_day.terminal.signatures_waiting() == ("R-3",)
    (sent,) = next_day.terminal.upload_signatures(small)
    assert sent.result == "uploaded"


def missing(_: Signature) -> bytes:
    raise ConfigError("not there")


def changed(_: Signature) -> bytes:
    raise InvalidRequestError([("signature", "the bytes whose digest is in the journal")])


@pytest.mark.parametrize(
    ("pictures", "result"),
    [
        pytest.param(missing, "no_picture", id="missing"),
        pytest.param(changed, "no_picture", id="changed"),
        pytest.param(lambda _: bytes(6 * 512 + 1), "does_not_fit", id="too long"),
        pytest.param(lambda _: b"", "does_not_fit", id="empty"),
    ],
)
def test_what_cannot_go_up_is_said_and_waits(
    signed: Shop, pictures: Callable[[Signature], bytes], result: str
) -> None:
    (sent,) = signed.terminal.upload_signatures(pictures)

    assert sent.result == result
    assert signed.link.sent == []
    assert signed.terminal.signatures_waiting() == ("R-1",)


def test_after_the_batch_the_number_of_the_card_is_gone_and_nothing_goes_up(signed: Shop) -> None:
    signed.terminal.close_batch()
    signed.terminal.sign_in()

    assert signed.terminal.signatures_waiting() == ()
    assert signed.terminal.upload_signatures(small) == ()


def test_a_card_that_was_wiped_is_said(signed: Shop) -> None:
    signed.terminal.journal.wipe_cards()
    (sent,) = signed.terminal.upload_signatures(small)

    assert sent.result == "no_card"


def test_a_host_without_the_message_is_refused(tmp_path: Path) -> None:
    fewer = {n: t for n, t in UNIONPAY.messages.items() if n != "upload_signature"}
    shop = Shop(tmp_path, dialect=UNIONPAY.derive("fewer", messages=fewer))
    with pytest.raises(RefusedError) as caught:
        shop.terminal.upload_signatures(small)
    shop.terminal.close()

    assert caught.value.code == "no_signature_upload"


def test_a_host_without_the_message_waits_for_none(tmp_path: Path) -> None:
    fewer = {n: t for n, t in UNIONPAY.messages.items() if n != "upload_signature"}
    rule = SignatureUpload(before_close="refuse")
    shop = Shop(tmp_path, dialect=UNIONPAY.derive("fewer", messages=fewer, signature=rule))
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.sign("S-1", DRAWN)

    assert shop.terminal.signatures_waiting() == ()
    assert shop.terminal.close_batch().verdict == "balanced"
    shop.terminal.close()


# --- the host says otherwise -----------------------------------------------------------------------


def test_what_the_host_refuses_is_refused_until_it_is_asked_for_again(signed: Shop) -> None:
    signed.fault("code", "0820", code="30")
    (first,) = signed.terminal.upload_signatures(small)

    assert first == SignatureSent("R-1/1", "refused", "30")
    assert signed.terminal.signatures_waiting() == ()
    assert signed.terminal.upload_signatures(small) == ()
    (second,) = signed.terminal.upload_signatures(small, again=True)
    assert second.result == "uploaded"


def test_a_host_that_wants_a_sign_in_first_says_so(signed: Shop) -> None:
    signed.fault("code", "0820", code="77")
    with pytest.raises(RefusedError) as caught:
        signed.terminal.upload_signatures(small)

    assert caught.value.code == "host_77"
    assert signed.terminal.signatures_waiting() == ("R-1",)


@pytest.mark.parametrize("fault", ["drop_request", "drop_reply", "flip_mac_byte", "garbage"])
@pytest.mark.parametrize("at", [0, 1, 3])
def test_without_an_answer_it_goes_on_at_that_packet(signed: Shop, fault: str, at: int) -> None:
    take = signed.link._respond
    count = 0

    def respond(message: bytes) -> Any:
        nonlocal count
        if count == at:
            signed.fault(fault, "0820")
        count += 1
        return take(message)

    signed.link._respond = respond
    (first,) = signed.terminal.upload_signatures(large)
    assert first.result == "unanswered"
    signed.restart()
    signed.link.sent.clear()
    (second,) = signed.terminal.upload_signatures(large)
    (stored,) = signed.host.signatures.values()

    assert second.result == "uploaded"
    assert packets(signed) == ["800", "801", "802", "805"][at:]
    assert stored.picture == LARGE


def test_where_nobody_answers_the_rest_waits_and_refunds_go_on(signed: Shop) -> None:
    signed.terminal.refund(refund("R-2", "S-1", 100))
    signed.terminal.sign("R-2", DRAWN)
    signed.fault("drop_request", "0820")
    done = signed.terminal.upload_signatures(small)

    assert [each.result for each in done] == ["unanswered"]
    assert isinstance(signed.terminal.refund(refund("R-3", "S-1", 100)), Approved)
    signed.link.is_down = True
    assert [each.result for each in signed.terminal.upload_signatures(small)] == ["unanswered"]
    signed.link.is_down = False
    assert [each.result for each in signed.terminal.upload_signatures(small)] == ["uploaded"] * 2


def test_another_picture_begins_anew(signed: Shop) -> None:
    """The picture is written anew for each upload: if that came out otherwise, the host's half is worth nothing."""
    signed.fault("drop_request", "0820", times=1)
    other = encode_jbig(random.Random(8).randbytes(48 * 34), 384, 34)
    take, count = signed.link._respond, 0

    def half(message: bytes) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            signed.fault("drop_request", "0820")
        return take(message)

    signed.host.faults.clear()
    signed.link._respond = half
    signed.terminal.upload_signatures(large)
    signed.link.sent.clear()
    (sent,) = signed.terminal.upload_signatures(lambda _: other)
    (stored,) = signed.host.signatures.values()

    assert sent.result == "uploaded"
    assert packets(signed)[0] == "800"
    assert stored.picture == other


def test_an_answer_to_another_packet_is_none(signed: Shop) -> None:
    """All go under one number: a late answer to the first must not speak for the second."""
    signed.host.profile = replace(
        signed.host.profile, mac_codes=()
    )  # nor is there a MAC to tell them apart
    ours, another = bytes.fromhex("0011070000078000"), bytes.fromhex("0011070000078010")
    signed.link.on_reply = lambda reply: reply.replace(ours, another)
    (sent,) = signed.terminal.upload_signatures(small)
    assert sent.result == "unanswered"

    signed.link.on_reply = None
    (sent,) = signed.terminal.upload_signatures(small)
    assert sent.result == "uploaded"
    assert all(ours in message for message in signed.link.sent)


def test_a_note_that_is_not_taken_sends_the_packet_once_more(
    signed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> None:
        raise JournalWriteError("full")

    monkeypatch.setattr(signed.terminal.journal, "commit", full)
    with pytest.raises(JournalWriteError):
        signed.terminal.upload_signatures(small)
    monkeypatch.undo()
    (sent,) = signed.terminal.upload_signatures(small)

    assert sent.result == "uploaded"
    assert packets(signed) == ["800", "800"]


@pytest.mark.slow
def test_power_may_fail_anywhere_and_the_host_has_it_whole_and_once(tmp_path: Path) -> None:
    blow_at, has_blown = 0, True
    while has_blown:
        blow_at += 1
        folder = tmp_path / str(blow_at)
        folder.mkdir()
        shop = Shop(folder)
        shop.terminal.sale(sale("S-1", 12_800))
        shop.terminal.sign("S-1", DRAWN)
        wire(shop, Fuse(blow_at))
        try:
            shop.terminal.upload_signatures(large)
            has_blown = False
        except PowerCut:
            pass
        shop.terminal.close()
        shop.terminal = shop.open()
        shop.terminal.upload_signatures(large)
        (stored,) = shop.host.signatures.values()

        assert stored.picture == LARGE
        assert shop.terminal.signatures_waiting() == ()
        assert shop.booked("sale") == [12_800]
        assert len(shop.link.sent) in (
            5,
            6,
        )  # the sale, four packets, and at most one of them again
        shop.terminal.journal.verify()
        shop.terminal.close()
    assert blow_at > 16


# --- before the batch is closed --------------------------------------------------------------------


@pytest.fixture
def strict(tmp_path: Path) -> Any:
    """A host that wants its signatures before the batch is closed."""
    rule = SignatureUpload(before_close="refuse")
    shop = Shop(tmp_path, dialect=UNIONPAY.derive("strict", signature=rule))
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.sign("S-1", DRAWN)
    yield shop
    shop.terminal.close()


def test_a_batch_whose_signatures_have_to_go_up_first_is_not_closed_before(strict: Shop) -> None:
    with pytest.raises(RefusedError) as caught:
        strict.terminal.close_batch()
    assert caught.value.code == "signatures_waiting"
    strict.terminal.upload_signatures(small)

    assert strict.terminal.close_batch().verdict == "balanced"


def test_what_the_host_refused_or_cannot_go_up_any_more_keeps_no_batch_open(strict: Shop) -> None:
    strict.fault("code", "0820", code="30")
    strict.terminal.upload_signatures(small)
    strict.terminal.sale(sale("S-2", 700))
    strict.terminal.sign("S-2", DRAWN)
    strict.terminal.journal.wipe_cards()

    assert strict.terminal.close_batch().verdict == "balanced"


def test_a_closing_that_is_under_way_is_not_stopped_again(strict: Shop) -> None:
    strict.terminal.upload_signatures(small)
    strict.fault("drop_reply", "0500")
    with pytest.raises(Exception, match="no answer"):
        strict.terminal.close_batch()
    strict.terminal.sign("S-1", DRAWN)

    assert strict.terminal.close_batch().verdict == "balanced"


def test_numbers_of_packets_are_the_profiles(tmp_path: Path) -> None:
    rule = SignatureUpload(single="809", numbered=(), last="805")
    shop = Shop(tmp_path, dialect=UNIONPAY.derive("other", signature=rule))
    shop.terminal.sale(sale("S-1", 500))
    shop.terminal.sign("S-1", DRAWN)
    (sent,) = shop.terminal.upload_signatures(small)
    shop.terminal.close()

    assert packets(shop) == ["809"]
    assert sent == SignatureSent("S-1/1", "refused", "30")  # this host begins with 800


# --- what stays out of sight -----------------------------------------------------------------------


def test_no_row_and_no_word_holds_the_card_or_the_picture(
    signed: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    done = signed.terminal.upload_signatures(large)
    rows = "".join(row.body for row in signed.terminal.journal.rows())
    said = rows + caplog.text + repr(done)

    assert PAN_16 not in said
    assert LARGE[20:40].hex() not in said.lower()
    assert hashlib.sha256(LARGE).hexdigest() in rows
