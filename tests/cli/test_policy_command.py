"""``posrefund policy`` and ``posrefund hold``, against an emulated host in this process."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from posrefund.cli.app import app, run
from posrefund.cli.config import load, open_keystore, open_terminal, write
from posrefund.cli.init import make_keystore
from posrefund.cli.request_file import read_request
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.engine import Document, RefundRequest, Signature
from posrefund.errors import ConfigError, InvalidRequestError
from posrefund.values import Amount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CARD = "6200000000000005"
RULES = """
platform = "wechat"
terminal_max = { 156 = 10000 }
order_required = true
default_role = "clerk"
[roles.clerk]
alone_max = { 156 = 2000 }
[contacts.merchant]
zh = "客服"
phone = "010-12345"
"""
REQUEST: dict[str, Any] = {
    "request_id": "R-1",
    "original": "S-1",
    "card": {"number": CARD},
    "amount": "10.00",
    "order_ref": "A-1",
}


class Desk:
    """The folder of a terminal that has sold, and its host's server."""

    def __init__(self, folder: Path, server: HostServer) -> None:
        self.folder, self.server = folder, server
        self.config = ["--config", str(folder / "posrefund.toml")]

    def posrefund(self, *words: str, exit_code: int = 0) -> str:
        result = CliRunner().invoke(app, [*words, *self.config])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        return result.output

    def request(self, **changes: Any) -> str:
        path = self.folder / "request.json"
        path.write_text(json.dumps({**REQUEST, **changes}), encoding="utf-8")
        return str(path)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    zone = timezone(timedelta(hours=8))
    where: dict[str, Any] = {
        "terminal": "12345678",
        "merchant": "123456789012345",
        "address": "127.0.0.1",
    }
    make_keystore(tmp_path, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    tmk = open_keystore(load(write(tmp_path, port=1, **where))).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(zone).replace(hour=14), runs=True)
    record = TerminalRecord("12345678", "123456789012345", tmk)
    with HostServer(EmulatedHost(HostProfile(), [record], clock=time)) as server:
        path = write(tmp_path, port=server.port, answer_s=5, **where)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("[profile]", '[profile]\nrules = "rules.toml"'), "utf-8")
        (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
        made = Desk(tmp_path, server)
        made.posrefund("sign-in", "--accept-clock")
        made.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
        time.advance(timedelta(days=1))
        made.posrefund("sign-in", "--accept-clock")
        yield made


def rows(desk: Desk) -> int:
    with open_terminal(load(desk.folder / "posrefund.toml")) as terminal:
        return len(terminal.journal.rows())


def test_rules_are_explained_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    english = CliRunner().invoke(app, ["policy", "explain", str(path)])
    chinese = CliRunner().invoke(app, ["policy", "explain", str(path), "--lang", "zh"])

    assert english.exit_code == chinese.exit_code == 0
    assert "- A sale is refunded at most 50 times.\n" in english.output
    assert "Merchant: 客服, 010-12345\n" in english.output
    assert "- 同一交易最多退款 50 次。\n" in chinese.output


def test_wrong_rules_file_is_told_with_every_fault_before_anything_opens(desk: Desk) -> None:
    (desk.folder / "rules.toml").write_text("gap = 1\nwindow_days = -1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        desk.posrefund("status", "S-1")

    assert "line 1: gap" in str(caught.value)
    assert "line 2: window_days" in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_missing(desk)


def load_missing(desk: Desk) -> None:
    (desk.folder / "rules.toml").unlink()
    load(desk.folder / "posrefund.toml")


def test_check_says_what_would_happen_and_neither_sends_nor_writes(desk: Desk) -> None:
    before, seen = rows(desk), len(desk.server.host.log)

    assert desk.posrefund("policy", "check", desk.request()) == (
        "R-1: would be sent (refund): ¥10.00\namounts that may be asked for: ¥0.01 - ¥100.00\n"
    )
    large = desk.posrefund("policy", "check", desk.request(amount="20.01"), "--lang", "zh")
    assert large == (
        "R-1: 将发出 (退货): ¥20.01\n须另一人复核\n"
        "- review_amount: 超过角色“clerk”可独自办理的金额 ¥20.00：须另一人复核 (请联系: 客服, 010-12345)\n"
        "可退金额: ¥0.01 - ¥100.00\n"
    )
    refused = desk.posrefund(
        "policy", "check", desk.request(amount="128.01", order_ref=""), exit_code=3
    )
    assert refused == (
        "R-1: would be refused\n"
        "- over_remaining: the amount is more than what is left of that sale (call: 客服, 010-12345)\n"
        "- over_terminal_cap: more than one refund on this terminal may be, ¥100.00: tell your manager"
        " (call: 客服, 010-12345)\n"
        "- order_ref_required: name the order, or the reference on the slip: ask the shop's service for it"
        " (call: 客服, 010-12345)\n"
        "amounts that may be asked for: ¥0.01 - ¥100.00\n"
    )
    assert (rows(desk), len(desk.server.host.log)) == (before, seen)


def test_check_as_data(desk: Desk) -> None:
    output = desk.posrefund("policy", "check", desk.request(order_ref=""), "--json", exit_code=3)
    found = json.loads(output)

    assert [fault["code"] for fault in found["faults"]] == ["order_ref_required"]
    assert found["faults"][0]["contact"] == "客服, 010-12345"
    assert (found["route"], found["most_minor"], found["outcome"]) == (None, 10_000, None)


def test_refund_goes_by_the_same_rules(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "128.01"]
    monkeypatch.setattr("sys.argv", ["posrefund", *words, *desk.config])
    with pytest.raises(SystemExit) as caught:
        run()

    assert caught.value.code == 3
    said = capsys.readouterr().err
    assert "refused (over_remaining)" in said
    assert "refused (order_ref_required)" in said
    assert "call / 请联系: 客服, 010-12345" in said
    slip = desk.posrefund(*words[:-1], "10.00", "--order", "A-1")
    assert "accepted" in slip
    assert "was made already" in desk.posrefund("policy", "check", desk.request())


def test_sale_is_held_and_let_go(desk: Desk) -> None:
    why = ["--by", "07", "--why", "chargeback 4711"]
    assert desk.posrefund("hold", "S-1", *why) == "S-1: dispute hold\n"
    said = desk.posrefund("policy", "check", desk.request(), exit_code=3)
    assert "dispute_hold" in said
    assert desk.posrefund("hold", "S-1", *why, "--lift") == "S-1: no hold\n"
    assert "would be sent" in desk.posrefund("policy", "check", desk.request())


def test_request_file_is_read_with_all_that_may_stand_in_it(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    whole = {
        **REQUEST,
        "reason": "defect",
        "operator": "07",
        "note": "broken",
        "corrects": "R-0",
        "contact": "13800",
        "documents": [{"kind": "fapiao", "number": "044001900111"}],
        "signature": {"kind": "paper"},
    }
    path.write_text(json.dumps(whole), encoding="utf-8")
    found = read_request(path)

    assert isinstance(found, RefundRequest)
    assert (found.amount, found.reason, found.operator) == (Amount(1_000), "defect", "07")
    assert found.documents == (Document("fapiao", "044001900111"),)
    assert found.signature == Signature("paper")


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"amount": 10.0, "reason": "because", "documents": 3}, ["amount", "reason", "documents"]),
        ({"card": CARD}, ["card"]),
        ({"card": {"voucher": "123"}}, ["voucher"]),
        ({"card": {"number": CARD, "voucher": "58210526789789570802"}}, ["card"]),
        ({"card": {"number": CARD, "cvv": "123"}}, ["card"]),
        ({"request_id": None}, ["request_id"]),
        ({"documents": [{"kind": "fapiao"}]}, ["documents"]),
        ({"signature": {"kind": "ink"}}, ["signature.kind"]),
        ({"pin": "1234"}, ["request"]),
    ],
)
def test_request_file_with_faults_names_them_all(
    tmp_path: Path, changes: dict[str, Any], paths: list[str]
) -> None:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({**REQUEST, **changes}), encoding="utf-8")
    with pytest.raises(InvalidRequestError) as caught:
        read_request(path)

    assert [found for found, _ in caught.value.faults] == paths
    assert CARD not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1", "3", "[]"])
def test_file_that_is_no_request_is_an_error_of_ours(tmp_path: Path, text: str) -> None:
    path = tmp_path / "request.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((ConfigError, InvalidRequestError)):
        read_request(path)
