"""Mass refunds: looked at, approved as a whole, made once each, and gone on with after anything."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.dialects import Policy
from posrefund.emulators.host import HostProfile
from posrefund.engine import Reason
from posrefund.engine.policy import Role, Rules
from posrefund.errors import InvalidRequestError, RefusedError
from posrefund.office.mass import MassDesk, MassFile, MassState, read_mass_file
from posrefund.values import BackToPayer, CodeRead, PayerCode, Voucher
from shop import OTHER_PAN, PAN_16, UNIONPAY, Shop, sale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SALES = 6
RULES = Rules(
    roles=(Role("lead", may_key=True, may_approve=True), Role("clerk", may_key=True)),
    default_role="lead",
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Six sales of yesterday, and a host that takes typed card numbers."""
    yield from opened(tmp_path, approval_from_minor=0)


@pytest.fixture
def careful(tmp_path: Path) -> Iterator[Shop]:
    """The same, and from 30.00 on a refund needs a second person."""
    yield from opened(tmp_path, approval_from_minor=3_000)


def opened(folder: Path, *, approval_from_minor: int) -> Iterator[Shop]:
    known = UNIONPAY.derive("unionpay", policy=Policy(approval_from_minor=approval_from_minor))
    made = Shop(folder, HostProfile(takes_keyed_refunds=True), dialect=known, rules=RULES)
    for number in range(1, SALES + 1):
        made.terminal.sale(sale(f"S-{number}", 1_000 * number))
    made.to(1, 10)
    yield made
    made.terminal.close()


def read(*lines: str, head: str = "original,card", name: str = "RECALL-7") -> MassFile:
    text = "\n".join([head, *lines]) + "\n"
    return read_mass_file(text, name=name, maker="01", reason=Reason.DEFECT)


def everything() -> MassFile:
    return read(*(f"S-{number},{PAN_16}" for number in range(1, SALES + 1)))


def desk(shop: Shop, file: MassFile) -> MassDesk:
    return MassDesk(shop.terminal, file, shop.clock)


def approved(shop: Shop, file: MassFile) -> MassDesk:
    made = desk(shop, file)
    made.approve(checker="02", digest=made.digest)
    return made


VOUCHER = "58210526789789570802"


# --- the file ------------------------------------------------------------------------------------


def test_every_wrong_line_is_named_at_once_and_never_its_card() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(
            f"S-1,{PAN_16},3012,500",
            "S-2,6200000000000006,3012,500",
            f"S 3,{PAN_16},3012,500",
            f"S-4,{PAN_16},3012,5.00",
            f"S-1,{PAN_16},3012,",
            f"S-5,{PAN_16}",
            head="original,card,expiry,amount_minor",
        )
    assert [path for path, _ in caught.value.faults] == [
        "line 3.pan",
        "line 4.request_id",
        "line 4.original",
        "line 5.amount_minor",
        "line 6.original",
        "line 7",
    ]
    assert "6200000000000006" not in str(caught.value)


@pytest.mark.parametrize(
    "head",
    ["original", "card", "original,card,card", "original,card,pin", "original,card,cvv", "", "S-1"],
)
def test_columns_are_known_ones_each_once_and_no_secret_has_one(head: str) -> None:
    with pytest.raises(InvalidRequestError, match="line 1"):
        read(f"S-1,{PAN_16}", head=head)


def test_line_says_the_card_or_the_way_back_and_never_means_it_by_saying_nothing() -> None:
    head = "original,card,expiry,voucher,back_to_payer"
    file = read(f"S-1,{PAN_16},3012,,", f"S-2,,,{VOUCHER},", "S-3,,,,yes", head=head)
    assert [row.request.card for row in file.rows[1:]] == [
        BackToPayer(Voucher(VOUCHER)),
        BackToPayer(),
    ]
    with pytest.raises(InvalidRequestError) as caught:
        read(
            "S-1,,,,",
            f"S-2,{PAN_16},,,yes",
            f"S-3,{PAN_16},,{VOUCHER},",
            "S-4,,,,true",
            f"S-5,,,{PAN_16},",
            "S-6,,,short,",
            "S-7,,3012,,yes",
            head=head,
        )
    assert [path for path, _ in caught.value.faults] == [
        "line 2.card",
        "line 3.card",
        "line 4.card",
        "line 5.back_to_payer",
        "line 6.voucher",
        "line 7.voucher",
        "line 8.expiry",
    ]
    assert PAN_16 not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "x" * 25, "a:b", "中"])
def test_name_is_part_of_every_request_id(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="name"):
        read(f"S-1,{PAN_16}", name=name)


def test_file_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="at least one line"):
        read()


def test_bom_empty_lines_and_quotes_are_what_a_spreadsheet_writes() -> None:
    text = f'\ufeff"original","card","note"\r\n\r\n"S-1","{PAN_16}","a, ""b"""\r\n'
    file = read_mass_file(text, name="A", maker="01", reason=Reason.DEFECT)
    (row,) = file.rows
    assert (row.line, row.request.request_id, row.request.note) == (3, "A:S-1", 'a, "b"')


@given(st.text(max_size=200))
def test_any_text_is_a_file_or_named_faults(text: str) -> None:
    for whole in (text, f"original,card\n{text}"):
        with pytest.raises(InvalidRequestError):
            read_mass_file(whole, name="A", maker="01", reason=Reason.DEFECT)


@given(
    st.lists(
        st.sampled_from(["S-1", "S-2", "", "6200000000000005", "5.00", "\x00", '"']), max_size=9
    )
)
def test_any_cells_are_a_file_or_named_faults(cells: list[str]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [["original", "card", "amount_minor"], cells[:3], cells[3:6], cells[6:]]
    )
    try:
        file = read_mass_file(out.getvalue(), name="A", maker="01", reason=Reason.DEFECT)
    except InvalidRequestError as error:
        assert error.faults  # noqa: PT017 — any other error fails
    else:
        assert {row.request.original for row in file.rows} <= {"S-1", "S-2"}


# --- looking and saying yes ----------------------------------------------------------------------


def test_looking_sends_nothing_and_writes_nothing(shop: Shop) -> None:
    before = len(shop.terminal.journal.rows())
    file = read(f"S-1,{PAN_16}", f"S-2,{OTHER_PAN}", f"S-99,{PAN_16}")
    report = desk(shop, file).preview()

    assert [(line.state, line.code) for line in report.lines] == [
        (MassState.READY, ""),
        (MassState.REFUSED, "account_mismatch"),
        (MassState.REFUSED, "original_unknown"),
    ]
    assert report.counts()[MassState.READY] == 1
    assert report.sums(MassState.READY) == {"156": 1_000}
    assert shop.link.sent == []
    assert len(shop.terminal.journal.rows()) == before


def test_nothing_is_made_of_a_file_that_nobody_said_yes_to(shop: Shop) -> None:
    with pytest.raises(RefusedError, match="approval_needed"):
        next(desk(shop, everything()).run())
    assert shop.link.sent == []


def test_who_made_the_file_does_not_say_yes_to_it(shop: Shop) -> None:
    made = desk(shop, everything())
    for same in ("01", "1"):
        with pytest.raises(RefusedError, match="approval_same_person"):
            made.approve(checker=same, digest=made.digest)


@pytest.mark.parametrize(
    "changed",
    [
        [f"S-1,{PAN_16},,900"],
        [f"S-1,{PAN_16},,1000"],
        [f"S-2,{PAN_16},,"],
        [f"S-1,{OTHER_PAN},,"],
        [f"S-1,{PAN_16},O-1,"],
        [f"S-1,{PAN_16},,", f"S-2,{PAN_16},,"],
    ],
)
def test_yes_is_to_everything_in_the_file(shop: Shop, changed: list[str]) -> None:
    head = "original,card,order_ref,amount_minor"
    yes = approved(shop, read(f"S-1,{PAN_16},,", head=head))
    other = desk(shop, read(*changed, head=head))
    assert other.digest != yes.digest
    with pytest.raises(RefusedError, match="approval_changed"):
        other.approve(checker="02", digest=yes.digest)
    with pytest.raises(RefusedError, match="approval_needed"):
        next(other.run())


def test_order_of_the_lines_is_not_part_of_it(shop: Shop) -> None:
    one = desk(shop, read(f"S-1,{PAN_16}", f"S-2,{PAN_16}"))
    other = desk(shop, read(f"S-2,{PAN_16}", f"S-1,{PAN_16}"))
    assert one.digest == other.digest


def test_yes_to_the_file_is_one_to_each_refund_that_needs_it(careful: Shop) -> None:
    mass = desk(careful, everything())
    assert mass.preview().counts()[MassState.NEEDS_APPROVAL] == 4
    mass.approve(checker="02", digest=mass.digest)
    mass.approve(checker="02", digest=mass.digest)
    assert len(careful.terminal.pending_approvals()) == 4
    assert careful.link.sent == []
    assert mass.report(list(mass.run())).is_done
    assert careful.terminal.pending_approvals() == []
    approvals = careful.terminal.journal.approvals()
    assert [(each.maker, each.checker, each.attempt) for each in approvals] == 4 * [("01", "02", 1)]


# --- making them ---------------------------------------------------------------------------------


def test_every_sale_of_the_file_is_refunded_once_however_often_it_runs(shop: Shop) -> None:
    made = approved(shop, everything())
    first = made.report(list(made.run()))
    again = made.report(list(desk(shop, everything()).run()))

    assert first.is_done
    assert first.lines == again.lines
    assert first.counts()[MassState.APPROVED] == SALES
    assert first.sums(MassState.APPROVED) == {"156": 21_000}
    assert sorted(shop.booked("refund")) == [1_000 * n for n in range(1, SALES + 1)]


@pytest.mark.parametrize("stop_after", range(SALES + 1))
def test_run_that_dies_anywhere_is_gone_on_with(shop: Shop, stop_after: int) -> None:
    run = approved(shop, everything()).run()
    for _ in range(stop_after):
        next(run)
    shop.restart()

    made = desk(shop, everything())
    assert made.report(list(made.run())).is_done
    assert sorted(shop.booked("refund")) == [1_000 * n for n in range(1, SALES + 1)]


def test_doubt_is_not_made_again_and_the_others_go_on(shop: Shop) -> None:
    shop.fault("drop_reply")
    made = approved(shop, everything())
    report = made.report(list(made.run()))

    assert report.counts()[MassState.IN_DOUBT] == 1
    assert report.counts()[MassState.APPROVED] == SALES - 1
    assert not report.is_done
    assert len(shop.booked("refund")) == SALES  # the host had booked the one nobody heard of
    list(desk(shop, everything()).run())
    assert len(shop.booked("refund")) == SALES


def test_host_that_cannot_be_reached_ends_the_run_and_the_rest_waits(shop: Shop) -> None:
    made = approved(shop, everything())
    shop.link.is_down = True
    report = made.report(list(made.run()))
    assert report.stopped
    assert report.counts()[MassState.NOT_SENT] == 3
    assert report.counts()[MassState.READY] == SALES - 3
    shop.link.is_down = False
    assert made.report(list(made.run())).is_done
    assert len(shop.booked("refund")) == SALES


def test_no_card_number_of_the_file_is_in_the_journal_or_a_repr(shop: Shop) -> None:
    file = everything()
    made = approved(shop, file)
    report = made.report(list(made.run()))
    assert PAN_16 not in repr(file) + repr(report)
    assert PAN_16.encode() not in (shop.folder / "journal.db").read_bytes()


# --- what codes paid ---------------------------------------------------------------------------------


def test_what_codes_paid_goes_back_to_whoever_paid_once_each_and_no_card_is_needed(
    tmp_path: Path,
) -> None:
    for shop in opened(tmp_path, approval_from_minor=0):
        for number in range(3):
            code = CodeRead(PayerCode(f"62{number:016d}0"))
            shop.terminal.sale(sale(f"C-{number}", 500 + number, code))
        shop.to(2, 10)
        known = shop.terminal.journal.originals("C-1")[0]
        lines = (f"S-1,{PAN_16},,", "C-0,,,yes", f"C-1,,{known.voucher},", f"C-2,,{VOUCHER},")
        file = read(*lines, "S-2,,,yes", head="original,card,voucher,back_to_payer")
        preview = desk(shop, file).preview()
        assert [(line.state, line.code) for line in preview.lines] == [
            (MassState.READY, ""),
            (MassState.READY, ""),
            (MassState.READY, ""),
            (MassState.REFUSED, "other_voucher"),
            (MassState.REFUSED, "card_needed"),
        ]
        made = approved(shop, file)
        report = made.report(list(made.run()))
        again = desk(shop, file)

        assert again.report(list(again.run())).lines == report.lines
        assert report.sums(MassState.APPROVED) == {"156": 2_001}
        assert shop.booked("refund") == [1_000, 500, 501]
        sold = {entry.rrn: entry.voucher for entry in shop.host.ledger.entries()}
        given = [entry for entry in shop.host.ledger.entries() if entry.kind == "refund"][1:]
        assert [each.voucher for each in given] == [sold[each.original_rrn] for each in given]


def test_yes_is_to_the_way_back_too(shop: Shop) -> None:
    head = "original,card,voucher,back_to_payer"
    ways = ("S-1,,,yes", f"S-1,,{VOUCHER},", f"S-1,{PAN_16},,")
    assert len({desk(shop, read(line, head=head)).digest for line in ways}) == 3


def test_yes_to_the_file_takes_the_pin_of_somebody_who_may(careful: Shop) -> None:
    shop, terminal = careful, careful.terminal
    staff = terminal.staff
    staff.add_first("09", "Wang", "846201")
    for number, role in (("01", "clerk"), ("02", "clerk"), ("03", "lead")):
        staff.add(number, f"N{number}", role, "973154", by="09", pin="846201")
        staff.set_pin(number, "604728", by=number, pin="973154")
    made = desk(shop, everything())
    with pytest.raises(RefusedError, match="operator_may_not_approve"):
        made.approve(checker="02", digest=made.digest, pin="604728")
    with pytest.raises(RefusedError, match="operator_pin_needed"):
        made.approve(checker="03", digest=made.digest)
    with pytest.raises(RefusedError, match="operator_pin_wrong"):
        made.approve(checker="03", digest=made.digest, pin="604729")
    with pytest.raises(RefusedError, match="operator_pin_needed"):  # who asks for the large ones
        made.approve(checker="03", digest=made.digest, pin="604728")
    assert not terminal.journal.notes("mass_approved")
    made.approve(checker="03", digest=made.digest, pin="604728", maker_pin="604728")
    assert made.report(list(made.run())).is_done
