"""DE59 of UnionPay, byte by byte: the payer's code of a sale, the voucher of a void and a refund."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import CHIP, DIALECT, NOW, PROPERTY, attempt_in, original, view
from posrefund.dialects import dialect
from posrefund.dialects.file import dump_dialect, load_dialect
from posrefund.dialects.redact import redactor
from posrefund.engine.compose import (
    compose_refund,
    compose_reversal,
    compose_sale,
    compose_void,
    keepable,
)
from posrefund.engine.table import State
from posrefund.errors import InvalidRequestError
from posrefund.framing import Envelope
from posrefund.values import Amount, BackToPayer, CodeRead, PayerCode, Voucher

CODE = CodeRead(PayerCode("6201234567890123451"))
VOUCHER = "58210526789789570802"
BACK = BackToPayer(Voucher(VOUCHER))
PUBLISHED = bytes.fromhex("41343032303538323130353236373839373839353730383032")
"""A4020 58210526789789570802, the only published one (answer of a TOPW terminal)."""


def test_a_sale_says_the_code_once_and_the_end_of_it_as_the_devices_random_factor() -> None:
    fields = compose_sale(view(), Amount(12_800), CODE, NOW)

    assert fields["59"] == "A20100306123451A30196201234567890123451"
    assert (fields["t"], fields["3"], fields["22"], fields["60"][:2]) == (
        "0200",
        "000000",
        "032",
        "22",
    )
    assert not {"2", "14", "23", "26", "35", "52", "53"} & fields.keys()


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_a_void_and_a_refund_say_the_voucher_of_the_published_dump(kind: str) -> None:
    sale = original(wallet="unionpay", voucher=VOUCHER)
    fields = (
        compose_void(view(), BACK, sale, NOW)
        if kind == "void"
        else compose_refund(view(), Amount(100), BACK, sale, NOW)
    )
    body = DIALECT.codec.encode(fields)

    assert fields["59"].encode("ascii") == PUBLISHED
    assert bytes.fromhex("0025") + PUBLISHED in body  # three digits of length in two bytes
    assert (fields["t"], fields["60"][:2], fields["22"]) == (
        ("0200", "23", "032") if kind == "void" else ("0220", "25", "032")
    )
    assert fields["37"] == sale.rrn
    assert fields["61"] == ("000001000003" if kind == "void" else "0000010000030308")
    assert not {"2", "35", "52"} & fields.keys()


def test_a_card_says_nothing_in_de59() -> None:
    assert "59" not in compose_sale(view(), Amount(1), CHIP, NOW)
    assert "59" not in compose_refund(view(), Amount(1), CHIP, original(), NOW)


def test_a_reversal_of_a_sale_by_code_needs_no_card_and_says_no_code() -> None:
    sent = compose_sale(view(), Amount(12_800), CODE, NOW)
    kept = keepable(sent, DIALECT)
    attempt = attempt_in(State.IN_DOUBT, "sale", fields=kept, card_masked="QR")
    fields = compose_reversal(attempt, view(), None, "no_reply", NOW)

    assert kept.keys().isdisjoint({"card", "2", "35", "59"})
    assert {"2", "14", "59"}.isdisjoint(fields)
    assert (fields["t"], fields["22"], fields["39"]) == ("0400", "032", "98")


@PROPERTY
@given(st.from_regex("62[0-9]{17}", fullmatch=True))
def test_every_code_stands_whole_under_its_tag_and_in_no_field_that_is_kept(digits: str) -> None:
    fields = compose_sale(view(), Amount(1), CodeRead(PayerCode(digits)), NOW)
    layout = DIALECT.fields["59"].layout
    assert layout is not None
    tags = {row["tag"]: row for row in layout.split(fields["59"])}

    assert list(tags) == ["A2", "A3"]
    assert tags["A3"]["value"] == digits
    assert layout.join(layout.split(fields["59"])) == fields["59"]
    assert DIALECT.inner_faults(fields) == ()
    assert DIALECT.codec.decode(DIALECT.codec.encode(fields))["59"] == fields["59"]
    assert digits not in "".join(keepable(fields, DIALECT).values())


@PROPERTY
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "A2", "A4", "A5", "ZZ"]), st.text("0123456789A", max_size=30)
        ),
        max_size=6,
    )
)
def test_the_voucher_is_found_wherever_it_stands_and_only_where_it_stands_once(
    tags: list[tuple[str, str]],
) -> None:
    value = "".join(f"{tag}{len(text):03d}{text}" for tag, text in tags)
    vouchers = [text for tag, text in tags if tag == "A4"]

    found = DIALECT.fact("voucher", {"59": value})

    assert found == (vouchers[0] if len(vouchers) == 1 else None)


@PROPERTY
@given(st.text(max_size=60))
def test_whatever_an_answer_says_there_is_a_voucher_or_none(value: str) -> None:
    found = DIALECT.fact("voucher", {"59": value})

    assert found is None or f"A4{len(found):03d}{found}" in value


@pytest.mark.parametrize(
    "text", ["5821052678978957080", "582105267897895708021", "5821052678978957080A"]
)
def test_a_voucher_of_another_form_is_no_unionpay_one_and_is_not_echoed(text: str) -> None:
    sale = original(wallet="unionpay")
    with pytest.raises(InvalidRequestError) as caught:
        compose_refund(view(), Amount(1), BackToPayer(Voucher(text)), sale, NOW)

    assert [path for path, _ in caught.value.faults] == ["DE59/A4"]
    assert text not in str(caught.value)


def test_another_acquirers_word_for_the_entry_mode_is_data() -> None:
    words = {**DIALECT.words, "entry_mode": {"032": "042"}}
    house = DIALECT.derive("my-bank", words=words)

    assert compose_sale(replace(view(), dialect=house), Amount(1), CODE, NOW)["22"] == "042"


def test_which_wallets_a_dialect_takes_is_data() -> None:
    assert dialect("unionpay").wallets == ("unionpay",)
    assert dialect("iso87-ascii").wallets == ()


def test_a_profile_says_it_in_a_line_and_one_that_knows_no_codes_stays_right() -> None:
    house = load_dialect(
        'name = "house"\nbase = "unionpay"\n[words.entry_mode]\n032 = "042"\n'
        '[messages.sale.holds]\n59 = "A3{payer_code_length}{payer_code}"\n'
    )
    fields = compose_sale(replace(view(), dialect=house), Amount(1), CODE, NOW)
    assert (fields["22"], fields["59"]) == ("042", "A30196201234567890123451")
    assert load_dialect(dump_dialect(house)) == house

    older = load_dialect(
        'name = "older"\nbase = "unionpay"\n[messages.sale]\n'
        'request = "2C 3 4 11 14C 22 23C 25 26C 35C 36C 41 42 49 52C 53C 60 64"\n'
    )
    assert not older.messages["sale"].says("payer_code")
    assert "59" not in compose_sale(replace(view(), dialect=older), Amount(1), CHIP, NOW)


@pytest.mark.parametrize("name", ["unionpay", "aggregator"])
def test_a_log_of_the_line_holds_neither_code_nor_voucher(name: str) -> None:
    known = dialect(name)
    here = replace(view(), dialect=known)
    sale = original(wallet="unionpay", voucher=VOUCHER)
    around = Envelope(known.tpdu, known.header)
    for fields in (
        compose_sale(here, Amount(1), CodeRead(PayerCode("6299887766554433222")), NOW),
        compose_refund(here, Amount(1), BACK, sale, NOW),
    ):
        message = around.wrap(known.codec.encode(fields))
        logged = redactor(known)(message)

        assert len(logged) == len(message)
        assert set(logged) != {0}  # it was read, and not merely wiped
        assert any(secret in message for secret in (b"6299887766554433222", VOUCHER.encode()))
        assert not any(secret in logged for secret in (b"998877", b"433222", b"5821", b"0802"))


@PROPERTY
@given(st.from_regex("(62[0-9]{17}|1[0-5][0-9]{16}|28[0-9]{14,22})", fullmatch=True))
def test_an_aggregator_says_the_code_in_de6_and_whose_in_de44(digits: str) -> None:
    known = dialect("aggregator")
    read = CodeRead(PayerCode(digits))
    fields = compose_sale(replace(view(), dialect=known), Amount(1), read, NOW)

    assert fields["6"] == digits
    assert fields["44"] == {"wechat": "002", "alipay": "003", "unionpay": "004"}[str(read.wallet)]
    assert (fields["t"], fields["3"], fields["60"]) == ("0200", "710000", "60000001000")
    assert known.codec.decode(known.codec.encode(fields))["6"] == digits
    assert digits not in "".join(keepable(fields, known).values())
