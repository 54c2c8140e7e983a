"""A dialect file: what it says, what is wrong with it and on which line, and the way back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posrefund.codec import BERTLV, Check, Field, Layout, Nested, Part, Tag, Tagged, specification
from posrefund.dialects import Dialect, Policy, dialect, names
from posrefund.dialects.file import dialect_data, dump_dialect, load_dialect, read_dialect
from posrefund.errors import ConfigError, DialectFileError

UNIONPAY = dialect("unionpay")
PROPERTY = settings(deadline=None, derandomize=True, database=None)

SMALL = """\
name = "small"
encoding = "ascii"
kept = "3 11"

[fields]
3 = { format = "n6", zh = "处理码", en = "processing code" }
11 = { format = "n6", zh = "流水号", en = "STAN" }
39 = { format = "an2", zh = "应答码", en = "response code" }
41 = { format = "ans8", zh = "终端", en = "terminal" }

[messages.echo]
zh = "回响"
en = "echo"
mti = "0800"
request = "3 11 41"
response = "11 39"

[messages.echo.holds]
3 = "990000"
11 = "{stan}"
41 = "{terminal}"

[codes]
00 = { as = "00" }
"""


def faults(text: str, suffix: Any = "toml") -> list[str]:
    with pytest.raises(DialectFileError) as caught:
        load_dialect(text, suffix=suffix)
    return [f"{line}: {path}: {expected}" for line, path, expected in caught.value.faults]


def derived(text: str) -> Dialect:
    return load_dialect(f'name = "house"\nbase = "unionpay"\n{text}')


def faults_of(text: str) -> list[str]:
    return faults(f'name = "house"\nbase = "unionpay"\n{text}')


# --- what it says ----------------------------------------------------------------------------------


def test_two_lines_are_a_dialect() -> None:
    assert derived("") == replace(UNIONPAY, name="house")


@pytest.mark.parametrize(
    "mac",
    [
        '"cmac"',
        '"iso9797-1"',
        '{ algorithm = "iso9797-1", padding = 2 }',
        '{ algorithm = "iso9797-3", length_bytes = 4, encoding = "hex" }',
        '{ algorithm = "iso9797-1", length_bytes = 4, covers_from = "header" }',
        '{ algorithm = "cmac", cipher = "AES", length_bytes = 8, covers_from = "tpdu" }',
    ],
)
def test_a_mac_is_a_name_or_its_parts_and_comes_back(mac: str) -> None:
    house = derived(f"mac = {mac}")

    assert house.mac.algorithm in mac
    assert house.mac.tag_bytes <= 8
    assert load_dialect(dump_dialect(house)).mac == house.mac


def test_a_file_says_only_what_differs() -> None:
    house = derived("""
tpdu = "6000060000"
cut_off = "22:30"
zone = "-03:30"
clock_tolerance_s = 60
reversed_codes = ["00"]
managed_codes = ["00", "11"]

[slip_title]
en = "Corner shop"

[timers]
answer_s = 40

[constants]
de60_tail = "50"

[fields]
47 = { format = "ans...999", zh = "自定义域47", en = "terminal data", show = "never" }
54 = { show = "clear" }
58 = false

[messages.refund]
request = "2C 3 4 11 14C 22 23C 25 26C 35C 36C 37 38C 41 42 47C 49 52C 53C 60 61 63 64"
holds = { 61 = "{original_batch}{original_stan}" }

[messages]
sign_off = false

[codes]
94.money = "not_booked"
01 = false
ZY = { as = "05", en = "our own no" }
ZX = { as = "iso87-ascii:63" }

[echoed]
60 = false

[words]
reason = false
""")

    assert house.tpdu == bytes.fromhex("6000060000")
    assert house.header == UNIONPAY.header
    assert (house.cut_off, house.zone) == (time(22, 30), timezone(-timedelta(hours=3, minutes=30)))
    assert (house.clock_tolerance_s, UNIONPAY.clock_tolerance_s) == (60, 900)
    assert load_dialect(dump_dialect(house)).clock_tolerance_s == 60
    assert (house.timers.answer_s, house.timers.connect_s) == (40.0, 10.0)
    assert house.reversed_codes == {"00"}
    assert house.managed_codes == {"00", "11"}
    assert house.slip_title == {"zh": "银联签购单", "en": "Corner shop"}
    assert house.constants["de60_tail"] == "50"
    assert house.fields["47"].show == "never"
    assert house.fields["54"] == UNIONPAY.fields["54"].renamed(show="clear")
    assert "58" not in house.fields
    refund = house.messages["refund"]
    assert refund.templates["61"] == "{original_batch}{original_stan}"
    assert refund.templates["37"] == "{rrn}"
    assert "47C" in refund.request
    assert "sign_off" not in house.messages
    assert house.codes["94"].money == "not_booked"
    assert (house.codes["ZY"].kind, house.codes["ZY"].en) == ("declined", "our own no")
    assert house.codes["ZX"] == replace(dialect("iso87-ascii").codes["63"], code="ZX")
    assert "60" not in house.echoed
    assert "01" not in house.codes
    assert "reason" not in house.words


def test_a_whole_dialect_needs_no_base() -> None:
    small = load_dialect(SMALL)

    fields = small.compose("echo", {"stan": "000007", "terminal": "12345678"})
    assert (
        small.codec.encode(fields) == b"0800" + b"2020000000800000" + b"990000" + b"00000712345678"
    )
    assert small.approval == "00"


def test_mti_and_bitmap_may_be_written_otherwise_than_the_fields() -> None:
    mixed = load_dialect(SMALL.replace("kept =", 'bitmap_enc = "b"\nmti_enc = "cp037"\nkept ='))

    line = mixed.codec.encode({"t": "0800", "11": "000007"})
    assert line == bytes.fromhex("f0f8f0f00020000000000000") + b"000007"


def test_a_rule_says_what_no_encoding_does() -> None:
    house = derived("""
[fields.54]
rule = { data_enc = "cp500", len_enc = "b", len_type = 1, max_len = 40 }
""")

    line = house.codec.encode({"t": "0800", "54": "AB"})
    assert line == bytes.fromhex("0800000000000000040002c1c2")


def test_every_kind_of_layout_is_read() -> None:
    house = derived("""
[fields.47]
format = "b...99"
zh = "域47"
en = "subfields"
show = "never"
[fields.47.layout]
spelling = "hex"
bitmap_enc = "ascii"
[fields.47.layout.subfields]
2 = { format = "ans..32", zh = "键", en = "key" }
3 = { format = "n4", zh = "日", en = "day", layout = [
    { name = "day", width = 4, zh = "日", en = "day", check = { calendar = "MMDD", zeros = true } },
] }

[fields.46]
format = "ans...99"
zh = "域46"
en = "tags"
layout = { tag_width = 3, length_width = 2, tags = [
  { tag = "A01", zh = "甲", en = "first", show = "never", layout = [{ name = "x", width = 2, zh = "x", en = "x" }] },
] }

[fields.56]
format = "b...99"
zh = "域56"
en = "chip"
layout = { ber_tlv = { 9F36 = "counter" } }

[fields.61.layout]
open = true
width = 10
parts = [{ name = "batch", width = 6, zh = "批次", en = "batch" }]

[fields.60]
layout = false
""")

    day = Part("day", 4, "日", "day", check=Check(calendar="MMDD", zeros=True))
    rows = [Field(2, "ans..32", "键", "key"), Field(3, "n4", "日", "day", layout=Layout((day,)))]
    rules = specification(rows)
    for name in ("p", "1"):
        rules[name] |= {"data_enc": "ascii", "max_len": 16}
    assert house.fields["47"].layout == Nested({"2": rows[0], "3": rows[1]}, rules, "hex")
    inner = Layout((Part("x", 2, "x", "x"),))
    tags = Tagged((Tag("A01", "甲", "first", "never", layout=inner),), 3, 2)
    assert house.fields["46"].layout == tags
    assert house.fields["56"].layout == BERTLV({"9F36": "counter"})
    assert house.fields["61"].layout == Layout(
        (Part("batch", 6, "批次", "batch"),), 10, is_open=True
    )
    assert house.fields["60"].layout is None
    assert load_dialect(dump_dialect(house)) == house


# --- and back --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_a_dialect_is_equal_to_what_its_file_gives(name: str) -> None:
    known = dialect(name)

    again = load_dialect(dump_dialect(known))
    assert again == known
    assert again.specification == known.specification
    assert list(again.codes) == list(known.codes)  # the first that approves is the plain one
    assert load_dialect(json.dumps(dialect_data(known)), suffix="json") == known


@pytest.mark.parametrize("name", names())
def test_a_built_in_dialect_has_no_fault_and_no_warning(name: str) -> None:
    reading = read_dialect(dump_dialect(dialect(name)))

    assert (reading.faults, reading.warnings) == ((), ())


def test_a_layout_of_a_fifth_kind_cannot_be_written() -> None:
    odd = UNIONPAY.derive("odd", fields=[Field(47, "n4", "x", "x", layout=object())])  # type: ignore[arg-type]

    with pytest.raises(ConfigError, match="none of the four kinds"):
        dump_dialect(odd)


# --- what is wrong with it -------------------------------------------------------------------------

WRONG = [
    ('kept = "3 47"', '3: kept: fields of the table; DE47 is not in it'),
    ('kept = "2 3"', "3: kept: fields that are shown; DE2 is not"),
    ('kept = "3 4x"', "3: kept: numbers of fields, with a width where not all is kept: 3 4 63:3"),
    ('tpdu = "60"', "3: tpdu: 10 hexadecimal digits, or none"),
    ("encoding = 1", "3: encoding: one of packed, ascii"),
    ('cut_off = "24:00"', "3: cut_off: hh:mm"),
    ("clock_tolerance_s = 0", "3: clock_tolerance_s: a whole number from 1 to 86400"),
    ("clock_tolerance_s = 86401", "3: clock_tolerance_s: a whole number from 1 to 86400"),
    ("clock_tolerance_s = 1.5", "3: clock_tolerance_s: a whole number from 1 to 86400"),
    ('zone = "CST"', "3: zone: an offset like +08:00, -14:59 to +14:59"),
    ('kpet = "3"', "3: kpet: a key that is known; did you mean kept?"),
    ("timers.answer_s = 0", "3: timers.answer_s: seconds, above 0 and at most 600"),
    ("timers.reversal_tries = 0", "3: timers.reversal_tries: a whole number from 1 to 99"),
    ("timers = 3", "3: timers: a table"),
    ('policy.ceiling = "none"', "3: policy.ceiling: one of journal, host_only"),
    ("policy.case_people = 0", "3: policy.case_people: a whole number from 1 to 2"),
    ("policy.approval_from_minor = -1",
     "3: policy.approval_from_minor: a whole number from 0 to …"),
    ("policy.approval_hours = 0", "3: policy.approval_hours: a whole number from 1 to 744"),
    ('policy.approval_pin = "never"', "3: policy.approval_pin: one of staff, always"),
    ("policy.pin_tries = 11", "3: policy.pin_tries: a whole number from 1 to 10"),
    ("policy.pin_lock_minutes = 0", "3: policy.pin_lock_minutes: a whole number from 1 to 10080"),
    ("policy.ceilings = 1", "3: policy.ceilings: a key that is known; did you mean ceiling?"),
    ("constants.a = 3", "3: constants.a: text"),
    ('answers.rrm = "37"', "3: answers.rrm: a fact that is known; did you mean rrn?"),
    ('answers.rrn = "47"', "3: answers.rrn: a field of the table; DE47 is not in it"),
    ('answers.rrn = "37[5:3]"', "3: answers.rrn: characters that DE37 has, the first one first"),
    ('answers.rrn = "37[0:13]"', "3: answers.rrn: characters that DE37 has, the first one first"),
    ('answers.rrn = "x"', "3: answers.rrn: a field, characters or a tag of it: 37, 60[2:8], 59/A4"),
    ("echoed.47 = 3", "3: echoed.47: a field of the table; DE47 is not in it"),
    ("echoed.4 = true", "3: echoed.4: a whole number from 1 to 9999"),
    ('words.reasn = { "*" = "1" }', "3: words.reasn: a fact that messages hold"),
    ('reversed_codes = ["ZZ"]', "3: reversed_codes: codes of the table; ZZ is not in it"),
    ('mac = "md5"', "3: mac: one of unionpay-ecb, xor-encrypt, iso9797-1, iso9797-3, cmac"),
    ('mac = { algorithm = "hmac-sha256" }', "3: mac.algorithm: one of unionpay-ecb, xor-encrypt, iso9797-1, iso9797-3, cmac"),
    ('mac = { algorithm = "cmac", cipher = "AES" }', "3: mac: a MAC of 4 to 8 bytes, as many as its field has"),
    ('mac = { algorithm = "cmac", covers_from = "DE2" }', "3: mac.covers_from: one of mti, header, tpdu"),
    ('mac = { algorithm = "cmac", padding = 2 }', "3: mac: cmac goes with padding method 1"),
    ('managed_codes = ["ZZ"]', "3: managed_codes: codes of the table; ZZ is not in it"),
    ("reversed_codes = [0]", "3: reversed_codes: a list of texts"),
    ('accept_pads = "G"', "3: accept_pads: digits and A to F"),
    ("fields.1 = {}", "3: fields.1: a field from 2 to 128, not 65"),
    ("fields.65 = {}", "3: fields.65: a field from 2 to 128, not 65"),
    ("fields.129 = {}", "3: fields.129: a field from 2 to 128, not 65"),
    ('fields.60.fromat = "n3"', "3: fields.60.fromat: a key that is known; did you mean format?"),
    (
        'fields.60.format = "q3"',
        "3: fields.60.format: a format like n6, n3<, n..19, z..37, an12, ans...999, x+n8, b64 or b...255",
    ),
    ('fields.64.format = "b63"', "3: fields.64.format: bits in whole bytes: b64"),
    (
        'fields.11.format = "n0"',
        "3: fields.11.format: a format like n6, n3<, n..19, z..37, an12, ans...999, x+n8, b64 or b...255",
    ),
    ('fields.2.format = "n..190"', "3: fields.2.format: a length of at most 99, what its digits can count"),
    (
        'fields.61.format = "n...28"',
        "3: fields.61.format: room for the layout of the base; say another, or layout = false",
    ),
    (
        'fields.55.layout = { ber_tlv = "emv", spelling = "latin-1" }',
        '3: fields.55.layout: spelling = "hex", for the field holds bytes',
    ),
    ('fields.47 = { format = "n3", zh = "x" }', "3: fields.47.en: text, not empty; it is missing"),
    ('fields.60.show = "some"', "3: fields.60.show: one of clear, pan, never"),
    (
        'fields.54.rule = { data_enc = "b" }',
        "3: fields.54.rule.len_enc: a value; a rule is whole: data_enc, len_enc, len_type, max_len",
    ),
    (
        'fields.54.rule = { data_enc = "rot13", len_enc = "b", len_type = 1, max_len = 9 }',
        "3: fields.54.rule.data_enc: one of b, ascii, latin-1, cp037, cp500, cp1140, cp273, cp1252",
    ),
    (
        'fields.54.rule = { data_enc = "b", len_enc = "b", len_type = 0, max_len = 9, len_count = "nibbles" }',
        "3: fields.54: a rule that writes a value of 9 characters and reads it again",
    ),
    (
        'fields.54.rule = { data_enc = "ascii", len_enc = "b", len_type = 1, max_len = 9, len_count = "nibbles" }',
        "3: fields.54.rule.len_count: bytes: only packed data is counted in nibbles",
    ),
    ("messages.Echo = {}", "3: messages.Echo: a name of small letters, digits and _"),
    ("messages.echo.doubt = 1", "3: messages.echo.doubt: one of resolve, reverse"),
    (
        'messages.refund.doubt = "reverse"',
        "3: messages.refund.doubt: resolve: only a sale or a void is reversed",
    ),
    (
        'messages.sale.repeat = "same_mti"',
        "3: messages.sale.repeat: none: what is reversed is not sent again",
    ),
    (
        'messages.echo.repeat = "same_mti"',
        "3: messages.echo.repeat: none: only what moves money is in doubt",
    ),
    (
        'messages.refund = { mti = "0221", repeat = "next_mti" }',
        "3: messages.refund.repeat: same_mti: only 0, 2 or 4 at the end of an MTI has a repeat",
    ),
    ('messages.refund.repeat = "0221"', "3: messages.refund.repeat: one of none, same_mti, next_mti"),
    ("messages.reversal = false", "3: messages.sale.doubt: resolve, for there is no reversal message"),
    ("timers.repeat_tries = 0", "3: timers.repeat_tries: a whole number from 1 to 99"),
    ("timers.repeat_after_s = 0", "3: timers.repeat_after_s: seconds, above 0 and at most 600"),
    ('received_codes = ["XX"]', "3: received_codes: codes of the table; XX is not in it"),
    ('unread_codes = ["XX"]', "3: unread_codes: codes of the table; XX is not in it"),
    ("fields.59.layout.tags = 1", "3: fields.59.layout.tags: a list of tables"),
    ("fields.59.layout.tags = []", "3: fields.59.layout.tags: at least one tag"),
    (
        'fields.60.layout = { width = 3, parts = [{ name = "a", width = 4, zh = "a", en = "a" }] }',
        "3: fields.60.layout.width: at least 4, what the parts take",
    ),
    ("fields.60.layout = 3", "3: fields.60.layout: a table"),
    (
        "fields.60.layout = { parts = [], tags = [] }",
        "3: fields.60.layout: a list of parts, or one of parts, tags, ber_tlv, subfields",
    ),
    ("fields.60.layout = []", "3: fields.60.layout: at least one part"),
    (
        'fields.60.layout = [{ name = "a", width = 18, zh = "a", en = "a" }]',
        "3: fields.60.layout: at most 17 characters in all; these are 18",
    ),
    (
        'fields.60.layout = [{ name = "a", width = 8, zh = "a", en = "a" }, { name = "a", width = 1, zh = "a", en = "a" }]',
        "3: fields.60.layout[1].name: a name of its own, not rest",
    ),
    (
        'fields.55.layout = { ber_tlv = { 9f36 = "counter" } }',
        "3: fields.55.layout.ber_tlv.9f36: a tag in upper-case hexadecimal: 9F26",
    ),
    (
        'fields.59.layout = { tags = [{ tag = "A", zh = "a", en = "a" }] }',
        "3: fields.59.layout.tags[0].tag: a tag of 2 characters",
    ),
    ('messages.echo.mti = "820"', "3: messages.echo.mti: four digits of a request, whose answer is ten more"),
    ('messages.echo.mti = "0830"', "3: messages.echo.mti: four digits of a request, whose answer is ten more"),
    ('messages.echo.request = "41 42 47C 60 11"', "3: messages.echo.request: fields of the table; DE47 is not in it"),
    ('messages.echo.request = "11 41 42 60 41C"', "3: messages.echo.request: each field once; DE41 stands there twice"),
    (
        'messages.echo.request = "11 41 42 60 M3"',
        "3: messages.echo.request: numbers of fields, with C or A where not mandatory: 2C 3 4 64A",
    ),
    ('messages.echo.request = "11C 41 42 60 37"', "3: messages.echo.holds: what DE37 holds, for the request needs it"),
    ('messages.echo.holds.37 = "1"', "3: messages.echo.holds.37: a field that the request lists"),
    ('messages.echo.holds.60 = "{rrn}"', "3: messages.echo.holds.60: a fact of this message or a constant; rrn is none"),
    (
        'messages.reversal.holds.61 = "{sent.35}"',
        "3: messages.reversal.holds.61: a fact of this message or a constant; sent.35 is none",
    ),
    ('messages.echo.holds.60 = "{Batch}"', "3: messages.echo.holds.60: facts in braces, small letters: {stan}"),
    (f'messages.echo.holds.60 = "{"0" * 18}"', "3: messages.echo.holds.60: at most 17 characters"),
    ('messages.sale.holds.60 = "{mac}"', "3: messages.sale.holds.60: the MAC alone in DE64 or DE128"),
    ('codes.0000 = { as = "05" }', "3: codes.0000: one to three letters or digits, as in DE39"),
    ('codes.000 = { as = "05" }', "3: codes.000: 2 characters, as many as DE39 has"),
    ('codes.ZY = { as = "ZZ" }', "3: codes.ZY.as: a code of the base, or NAME:CODE of a built-in dialect"),
    ('codes.05.money = "maybe"', "3: codes.05.money: one of booked, not_booked, unknown"),
    ('base2 = "x"', "3: base2: a key that is known; did you mean base?"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "fault"), WRONG, ids=[line[:60] for line, _ in WRONG])
def test_a_fault_names_its_line_and_what_is_expected(line: str, fault: str) -> None:
    assert fault in faults_of(line)


def test_all_faults_are_told_at_once_in_the_order_of_the_lines() -> None:
    assert faults_of("""\
kept = "3 4 11 22 23 25 37 38 41 42 47 49 60 61 63:3"
[fields.60]
format = "n...x"
shwo = "clear"
[messages.refund]
reqest = "3"
[codes.05]
kind = "no"
""") == [
        "3: kept: fields of the table; DE47 is not in it",
        "5: fields.60.format: a format like n6, n3<, n..19, z..37, an12, ans...999, x+n8, b64 or b...255",
        "6: fields.60.shwo: a key that is known; did you mean show?",
        "8: messages.refund.reqest: a key that is known; did you mean request?",
        "10: codes.05.kind: one of approved, retry, declined, operator, system",
    ]  # fmt: skip


def test_what_a_base_gave_and_no_longer_fits_is_a_fault_of_the_base_line() -> None:
    found = faults_of("fields.37 = false")

    assert "2: kept: fields of the table; DE37 is not in it" in found
    assert "2: answers.rrn: a field of the table; DE37 is not in it" in found


def test_nothing_stands_after_the_mac() -> None:
    found = faults_of("""
[fields]
70 = { format = "n3", zh = "x", en = "x" }
[messages.echo]
response = "39 64 70"
""")

    assert found == ["7: messages.echo.response: no field after the MAC in DE64"]


def test_a_mac_has_eight_bytes() -> None:
    assert faults_of('fields.64.format = "b32"') == [
        "3: fields.64: b64 for the MAC: eight bytes, or their digits in ASCII"
    ]


def test_without_a_base_the_whole_is_needed() -> None:
    assert faults('kept = ""') == [
        "1: encoding: a value, for there is no base",
        "1: fields: a value, for there is no base",
        "1: name: text, not empty; it is missing".replace(
            "text, not empty", "a name of small letters, digits, - and ."
        ),
    ]
    assert faults('name = "x"\nbase = "visa"')[0].startswith(
        "2: base: one of unionpay, iso87-ascii"
    )


def test_words_where_a_code_paid_are_said_alone_or_go_with_those_for_a_card() -> None:
    base = dialect("unionpay").codes["14"]
    text = """
[codes]
14 = { clerk_zh = "未受理：请致电甲", clerk_en = "not accepted: call A" }
42 = { clerk_en_by_code = "not accepted: call B" }
ZX = { as = "14" }
"""
    house = load_dialect(f'name = "house"\nbase = "unionpay"\n{text}')
    codes = house.codes

    assert codes["14"].clerk(is_by_code=True) == ("未受理：请致电甲", "not accepted: call A")
    assert codes["42"].clerk(is_by_code=True) == (base.clerk_zh_by_code, "not accepted: call B")
    assert codes["42"].clerk(is_by_code=False) == (base.clerk_zh, base.clerk_en)
    assert codes["ZX"] == replace(base, code="ZX")
    again = load_dialect(dump_dialect(house))
    assert again.codes == codes


def test_some_code_approves() -> None:
    assert faults(SMALL.replace('as = "00"', 'as = "05"')) == [
        '23: codes: a code that approves: money = "booked"'
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('name = "x"\nkept = \n', "2: file: TOML (Invalid value)"),
        ('name = "x"\nname = "y"', "2: file: TOML (Cannot overwrite a value)"),
        ("[fields", "1: file: TOML (Expected ']' at the end of a table declaration)"),
        ("a = " + "[" * 3000, "1: file: TOML with plain numbers, nested less deep"),
        ("a = " + "9" * 5000, "1: file: TOML with plain numbers, nested less deep"),
        ("#" * 1_000_001, "1: file: at most 1000000 characters"),
    ],
    ids=range(6),
)
def test_what_is_no_toml_says_where(text: str, fault: str) -> None:
    assert faults(text) == [fault]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{\n"name": }', "2: file: JSON (Expecting value)"),
        ("[]", "1: file: an object with keys"),
        ('{"name": NaN}', "1: file: JSON with plain numbers, nested less deep"),
        ('{"name": "x",\n"base": "unionpay",\n"base": "unionpay"}', "3: base: a key once only"),
        ('{"name": "x",\n"base": "unionpay",\n"timers":\n{"a": [1, {"b": 2}],\n"answer_s": "x"}}',
         "5: timers.answer_s: seconds, above 0 and at most 600"),
    ],
)  # fmt: skip
def test_json_has_lines_too(text: str, fault: str) -> None:
    assert fault in faults(text, "json")


def test_lines_are_found_in_every_way_that_toml_writes_a_table() -> None:
    text = '''\
name = "house" # a comment = [with] "signs"
base = "unionpay"
"tpdu" = """
60 """
answers = { rrn = "37", "auth_code" = "x" }
timers.answer_s = -1
[[fields.61.layout.tags]]
tag = "A1"
zh = 'a'
en = """b
""c"" """
[[fields.61.layout.tags]]
tag = "A1"
zh = "a"
en = ''
[fields.61.layout.tags.check]
calendar = "MD"
'''

    assert [": ".join(found.split(": ")[:2]) for found in faults(text)] == [
        "3: tpdu",
        "5: answers.auth_code",
        "6: timers.answer_s",
        "13: fields.61.layout.tags[1].tag",
        "15: fields.61.layout.tags[1].en",
        "17: fields.61.layout.tags[1].check.calendar",
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "subfields = { 2 = { format = 'b...999', zh = 'x', en = 'x', layout = { %s } } }",
        "tags = [{ tag = 'A1', zh = 'x', en = 'x', layout = { %s } }]",
    ],
)
def test_layouts_stand_four_deep_at_most(kind: str) -> None:
    for depth in (4, 5, 60):
        inner = "ber_tlv = 'emv'"
        for _ in range(depth - 1):
            inner = kind % inner
        text = f"fields.47 = {{ format = 'b...999', zh = 'x', en = 'x', layout = {{ {inner} }} }}"
        found = read_dialect(TWO_LINES + text).faults
        assert [fault.expected for fault in found] == (
            [] if depth == 4 else ["a list of parts, or one of parts, tags, ber_tlv, subfields"]
        )


def test_a_file_of_nonsense_is_told_in_good_time() -> None:
    found = faults_of("".join(f"key{number} = 1\n" for number in range(50_000)))

    assert len(found) == 500


# --- what is legal and surprises -------------------------------------------------------------------


def warnings(text: str) -> list[str]:
    reading = read_dialect(text)
    assert reading.faults == ()
    return [f"{line}: {path}: {expected}" for line, path, expected in reading.warnings]


def test_a_table_without_messages_can_only_read() -> None:
    assert warnings(SMALL) == [
        "11: messages: no sign_in, sale, refund, void, reversal: can read, cannot talk to a host"
    ]
    read_only = SMALL[: SMALL.index("[messages")]
    assert warnings(read_only)[0].startswith("1: messages: no sign_in, echo, sale")


def test_what_surprises_is_told() -> None:
    assert warnings("""\
name = "house"
base = "unionpay"
answers.key_block = false
fields.61.show = "never"
echoed.61 = 4
kept = "3 4 11 12 13 15 22 23 25 26 32 37 38 39 41 42 44 49 53 60 63:3"
words.reason."*" = false
messages.reversal = { request = "3 4 11 22 23C 25 39 41 42 49 60", holds = { 64 = false, 61 = false, 2 = false, 14 = false, 38 = false } }
messages.upload_refund = false
""") == [
        "3: answers.key_block: no place for it: nobody can sign in",
        "5: echoed.61: DE61 is never shown: who compares answers cannot see it",
        "7: words.reason: no word for any other reason: *",
        "8: messages: no upload_refund: no batch can be closed",
        "8: messages.reversal.holds: no MAC: it is sent without one",
    ]


def test_a_dialect_closes_batches_wholly_or_not_at_all() -> None:
    gone = [
        f"messages.{name} = false"
        for name in ("settlement", "upload_details", "upload_refund", "upload_end", "balanced_end")
    ]
    base = ['name = "house"', 'base = "unionpay"']

    assert warnings("\n".join([*base, *gone])) == []
    assert warnings("\n".join([*base, *gone[1:3]])) == [
        "3: messages: no upload_details, upload_refund: no batch can be closed"
    ]
    assert warnings("\n".join([*base, "words.verdict.balanced = false"])) == [
        "3: words.verdict: no word for balanced and unbalanced: no batch ends"
    ]
    assert warnings("\n".join([*base, "messages.sign_off = false"])) == []


def test_an_upload_copies_only_what_the_journal_keeps_of_its_refund() -> None:
    found = faults_of('kept = "3 4 11 22 23 25 38 41 42 49 60 61 63:3"')

    assert found == [
        "2: messages.upload_refund.holds.37: a fact of this message or a constant; sent.37 is none"
    ]


@pytest.mark.parametrize(("tolerance_s", "count"), [(3600, 0), (3601, 1), (86_400, 1)])
def test_a_wide_tolerance_of_the_clock_is_told(tolerance_s: int, count: int) -> None:
    told = f'name = "x"\nbase = "unionpay"\nclock_tolerance_s = {tolerance_s}\n'

    assert warnings(told) == count * [
        "3: clock_tolerance_s: more than an hour: a forged time can move the day unasked"
    ]


# --- whatever stands there -------------------------------------------------------------------------

CARD = "6200000000000005"
GOOD = dump_dialect(dialect("unionpay-botim"))
TWO_LINES = 'name = "x"\nbase = "unionpay"\n'
JUNK = st.sampled_from(
    [CARD, f'"{CARD}"', f'{CARD} = "{CARD}"', "=", "[", "]", "{", "}", '"', "'", "\n", ".", "#", "\\", "-1", "false",
     "[[a]]", "[fields.2]", "1979-05-27", "0x", '"""', "'''", "\x00", "\ud800", "é", "{mac}", "nan", "\ufeff", ","]
)  # fmt: skip


def is_sound(text: str, suffix: Any) -> None:
    reading = read_dialect(text, suffix=suffix)

    assert (reading.dialect is None) == bool(reading.faults)
    for line, path, expected in (*reading.faults, *reading.warnings):
        assert 1 <= line <= text.count("\n") + 1
        assert path
        assert expected
        assert CARD not in path + expected


@PROPERTY
@given(st.text() | JUNK, st.sampled_from(["toml", "json"]))
def test_any_text_is_a_dialect_or_has_faults(text: str, suffix: Any) -> None:
    is_sound(text, suffix)
    is_sound(TWO_LINES + text, suffix)


@settings(PROPERTY, max_examples=60)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), JUNK | st.text(max_size=5))
def test_any_change_of_a_good_file_is_a_dialect_or_has_faults(at: int, cut: int, put: str) -> None:
    is_sound(GOOD[:at] + put + GOOD[at + cut :], "toml")


@settings(PROPERTY, max_examples=60)
@given(st.data())
def test_any_value_in_any_place_is_a_dialect_or_has_faults(data: st.DataObject) -> None:
    tree = json.loads(json.dumps(dialect_data(UNIONPAY)))
    value = data.draw(
        st.sampled_from(
            [CARD, 7, -1, 1.5, True, False, [], {}, [CARD], {CARD: CARD}, [[]], {"": {}}, ""]
        )
    )
    place = tree
    while True:
        key = data.draw(st.sampled_from([*place] if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
    place[key] = value
    is_sound(json.dumps(tree, indent=1), "json")


def test_a_number_that_could_be_a_card_is_in_no_fault() -> None:
    found = faults_of(f'{CARD} = "{CARD}"\n[messages.echo.holds]\n60 = "{{{CARD}}}"')

    assert len(found) == 2
    assert not re.search(CARD, "".join(found))


def test_what_is_left_to_people_is_data_and_strict_until_somebody_says_otherwise() -> None:
    plain = load_dialect('name = "x"\nbase = "unionpay"')
    assert plain.policy == Policy("journal", 0, 24, 2)
    opened = load_dialect(
        'name = "x"\nbase = "unionpay"\n[policy]\nceiling = "host_only"\napproval_from_minor = 50000\n'
        "approval_hours = 2\ncase_people = 1"
    )
    assert opened.policy == Policy("host_only", 50_000, 2, 1)
    assert load_dialect(dump_dialect(opened)) == opened


def test_how_people_prove_who_they_are_is_data_and_strict_until_somebody_says_otherwise() -> None:
    plain = load_dialect('name = "x"\nbase = "unionpay"').policy
    assert (plain.approval_pin, plain.maker_pin, plain.pin_tries) == ("staff", True, 3)
    assert (plain.pin_lock_minutes, plain.pin_lock_minutes_max) == (30, 1440)
    opened = load_dialect(
        'name = "x"\nbase = "unionpay"\n[policy]\napproval_pin = "always"\nmaker_pin = false\n'
        "pin_tries = 10\npin_lock_minutes = 5\npin_lock_minutes_max = 60"
    )
    assert opened.policy == Policy(
        approval_pin="always",
        maker_pin=False,
        pin_tries=10,
        pin_lock_minutes=5,
        pin_lock_minutes_max=60,
    )
    assert load_dialect(dump_dialect(opened)) == opened
