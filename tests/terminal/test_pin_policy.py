"""A PIN block from the counter to the host and to nowhere else, and what an acquirer wants with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.dialects.file import dump_dialect, load_dialect
from posrefund.engine import Approved, InDoubt
from posrefund.errors import InvalidRequestError, RefusedError
from shop import CHIP, STRIPE, Shop, refund, sale

if TYPE_CHECKING:
    from pathlib import Path

    from posrefund.dialects import Dialect
    from posrefund.engine import Outcome

BLOCK = bytes.fromhex("C0FFEE00C0FFEE11")
WITH_PIN = replace(CHIP, pin_block=BLOCK)
BYPASSED = replace(CHIP, pin_bypassed=True)


def house(**policies: str) -> Dialect:
    lines = [f'messages.{name}.pin = "{policy}"' for name, policy in policies.items()]
    text = "\n".join(['name = "house"', 'base = "unionpay"', *lines])
    return load_dialect(dump_dialect(load_dialect(text)))


def sent(shop: Shop) -> list[dict[str, str]]:
    return [dict(shop.dialect.codec.decode(message[11:])) for message in shop.link.sent]


@pytest.mark.parametrize("kind", ["sale", "refund", "void"])
@pytest.mark.parametrize(
    ("policy", "card", "code"),
    [
        ("never", CHIP, None),
        ("never", BYPASSED, None),
        ("never", WITH_PIN, "pin_unwanted"),
        ("if_entered", CHIP, None),
        ("if_entered", BYPASSED, None),
        ("if_entered", WITH_PIN, None),
        ("required", CHIP, "pin_required"),
        ("required", BYPASSED, "pin_required"),
        ("required", WITH_PIN, None),
    ],
)
def test_policy_is_held_before_anything_is_sent(
    tmp_path: Path, kind: str, policy: str, card: Any, code: str | None
) -> None:
    shop = Shop(tmp_path, dialect=house(**{kind: policy}))
    if kind != "sale":
        shop.terminal.sale(sale("S-0", 500))

    def ask() -> Outcome:
        if kind == "sale":
            return shop.terminal.sale(sale("S-1", 500, card))
        return shop.terminal.refund(refund("R-1", "S-0", card=card))

    if kind == "refund":
        shop.to(1, 10)
    shop.link.sent.clear()
    if code is None:
        assert isinstance(ask(), Approved)
        (fields,) = sent(shop)
        assert fields.get("52") == (BLOCK.hex().upper() if card.pin_block else None)
    else:
        with pytest.raises(RefusedError) as caught:
            ask()
        assert caught.value.code == code
        assert caught.value.hint_zh
        assert "PIN" in caught.value.hint_en
        assert shop.link.sent == []
        assert shop.terminal.status("S-1") is None
        assert shop.terminal.status("R-1") is None
    shop.terminal.close()


@pytest.mark.parametrize(
    ("policy", "card", "expected"),
    [
        ("if_entered", WITH_PIN, {"22": "051", "26": "12", "52": "x", "53": "2600000000000000"}),
        ("if_entered", replace(WITH_PIN, entry_mode="052"), {"22": "051", "26": "12", "52": "x", "53": "2600000000000000"}),
        ("if_entered", CHIP, {"22": "051"}),
        ("if_entered", replace(CHIP, entry_mode="052"), {"22": "052"}),
        ("if_entered", BYPASSED, {"22": "052"}),
        ("never", CHIP, {"22": "052"}),
        ("if_entered", STRIPE, {"22": "021", "53": "0600000000000000"}),
        ("if_entered", replace(STRIPE, pin_bypassed=True), {"22": "022", "53": "0600000000000000"}),
    ],
)  # fmt: skip
def test_entry_mode_capture_code_and_security_control_follow(
    tmp_path: Path, policy: str, card: Any, expected: dict[str, str]
) -> None:
    shop = Shop(tmp_path, dialect=house(sale=policy))
    assert isinstance(shop.terminal.sale(sale("S-1", 500, card)), Approved)
    (fields,) = sent(shop)
    found = {number: fields[number] for number in ("22", "26", "52", "53") if number in fields}

    assert found == {**expected, **({"52": BLOCK.hex().upper()} if "52" in expected else {})}
    shop.terminal.close()


def test_bypassed_is_not_the_same_as_not_asked_and_stands_in_the_record(shop: Shop) -> None:
    shop.terminal.sale(sale("S-1", 100, BYPASSED))
    shop.terminal.sale(sale("S-2", 100))
    shop.restart()
    asked, not_asked = (shop.terminal.status(name) for name in ("S-1", "S-2"))
    assert asked is not None
    assert not_asked is not None
    assert asked.attempt.facts["pin"] == "bypassed"
    assert "pin" not in not_asked.attempt.facts


def test_card_with_a_block_that_was_bypassed_is_none() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"^card.pin_bypassed: expected true or false, and"
    ):
        replace(WITH_PIN, pin_bypassed=True)
    with pytest.raises(InvalidRequestError, match=r"^card.pin_bypassed"):
        replace(CHIP, pin_bypassed=1)  # type: ignore[arg-type]  # reason: wrong on purpose


@pytest.mark.parametrize("fault", ["drop_reply", None])
def test_pin_block_is_sent_once_and_kept_nowhere(shop: Shop, fault: str | None) -> None:
    """Not in the reversal, not in the journal's bytes, and not in what the terminal still holds."""
    if fault:
        shop.fault(fault, mti="0200")
    outcome = shop.terminal.sale(sale("S-1", 100, WITH_PIN))
    assert isinstance(outcome, InDoubt if fault else Approved)
    shop.terminal.resolve_doubts()

    hexadecimal = BLOCK.hex().upper()
    assert [fields.get("52") for fields in sent(shop)] == [hexadecimal, None][: 1 + bool(fault)]
    stored = b"".join(path.read_bytes() for path in shop.folder.iterdir())
    for form in (BLOCK, hexadecimal.encode(), hexadecimal.lower().encode()):
        assert form not in stored
    assert "C0FFEE" not in repr(vars(shop.terminal)).upper()
    assert "C0FFEE" not in repr(outcome.attempt).upper()


def test_block_that_no_field_holds_is_refused_and_not_left_out(tmp_path: Path) -> None:
    deaf = load_dialect('name = "deaf"\nbase = "unionpay"\nmessages.sale.holds.52 = false')
    shop = Shop(tmp_path, dialect=deaf)
    with pytest.raises(RefusedError, match=r"^refused \(pin_unwanted\)"):
        shop.terminal.sale(sale("S-1", 100, WITH_PIN))
    shop.terminal.close()


def test_block_of_sixteen_bytes_goes_where_the_field_takes_it(tmp_path: Path) -> None:
    """ISO 9564-1 format 4; UnionPay's DE52 has eight, and says so before anything is sent."""
    block = BLOCK * 2
    shop = Shop(tmp_path)
    with pytest.raises(InvalidRequestError, match=r"^card.pin_block: expected as many"):
        shop.terminal.sale(sale("S-1", 100, replace(CHIP, pin_block=block)))
    assert shop.link.sent == []
    shop.terminal.close()
    wide = load_dialect('name = "wide"\nbase = "unionpay"\nfields.52.format = "b128"')
    (tmp_path / "wide").mkdir()
    other = Shop(tmp_path / "wide", dialect=wide)
    other.fault("drop_request", mti="0200")
    other.terminal.sale(sale("S-1", 100, replace(CHIP, pin_block=block)))
    assert sent(other)[0]["52"] == block.hex().upper()
    other.terminal.close()
