"""``posrefund inquire``, against a host on a port, with a profile of a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cli.test_shop_commands import CARD, ZONE, Counter
from inquiring import PROFILE
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.init import make_keystore
from posrefund.emulators.host import (
    EmulatedHost,
    Fault,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.errors import LinkTimeoutError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFUND = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28")


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Counter]:
    """A counter whose acquirer can be asked; a refund of 28.00 is booked, and its answer never came."""
    folder = tmp_path / "shop"
    folder.mkdir()
    profile = PROFILE.replace("answer_s = 10", "answer_s = 0.4")
    (folder / "house.toml").write_text(profile, encoding="utf-8")
    make_keystore(folder, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    ids = {"terminal": "12345678", "merchant": "123456789012345", "address": "127.0.0.1"}
    path = write(folder, port=1, **ids)  # type: ignore[arg-type]
    tmk = open_keystore(load(path)).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(ZONE).replace(hour=14), runs=True)
    record = TerminalRecord("12345678", "123456789012345", tmk)
    host = EmulatedHost(HostProfile(takes_inquiries=True), [record], clock=time)
    with HostServer(host) as server:
        write(folder, port=server.port, answer_s=1, **ids)  # type: ignore[arg-type]
        text = path.read_text(encoding="utf-8").replace('"unionpay"', '"house.toml"')
        path.write_text(text, encoding="utf-8")
        made = Counter(folder, server, time)
        made.posrefund("sign-in", "--accept-clock")
        made.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
        time.advance(timedelta(days=1))
        made.posrefund("sign-in", "--accept-clock")
        host.faults.add(Fault("drop_reply", mti="0220"))
        text = made.posrefund(*REFUND, exit_code=11)
        assert "the host can be asked / 可查询主机: posrefund inquire R-1" in text
        yield made


def test_a_doubt_is_asked_about_and_its_slip_printed(asking: Counter) -> None:
    text = asking.posrefund("inquire", "R-1")

    assert text.startswith("processed, code 00\n")
    assert "Merchant copy" in text
    assert CARD not in text
    assert "28.00" in asking.posrefund("status", "R-1")


def test_what_proves_nothing_says_why_and_is_in_doubt(asking: Counter) -> None:
    asking.server.host.faults.add(Fault("bad_mac", mti="0600"))
    text = asking.posrefund("inquire", "R-1", "--lang", "zh", exit_code=11)
    assert text.startswith("已处理，应答码 00: 应答未经认证，不采用\n")
    asking.server.host.faults.add(Fault("code", mti="0600", code="25"))
    text = asking.posrefund("inquire", "R-1", exit_code=11)
    assert text.startswith("not found: the message may still be on its way: no finding yet\n")
    assert "posrefund inquire R-1" in text


def test_programs_are_told_what_was_answered(asking: Counter) -> None:
    asking.server.host.faults.add(Fault("wrong_result", mti="0600", code="96"))
    doubt = json.loads(asking.posrefund("inquire", "R-1", "--json", exit_code=11))
    assert (doubt["type"], doubt["state"]) == ("InDoubt", "IN_DOUBT")
    told = doubt["inquiry"]
    assert (told["verdict"], told["code"], told["authenticated"], told["because"]) == (
        "processed",
        "96",
        "yes",
        "code_96",
    )
    text = asking.posrefund("inquire", "R-1", "--json")
    data = json.loads(text)
    assert (data["type"], data["inquiry"]["because"]) == ("Approved", "")
    assert CARD not in text


def test_a_no_has_the_exit_status_of_one(asking: Counter) -> None:
    asking.server.host.faults.add(Fault("wrong_result", mti="0600", code="61"))
    assert "declined 61" in asking.posrefund("inquire", "R-1", exit_code=10)


def test_no_answer_is_an_error_and_leaves_the_doubt(asking: Counter) -> None:
    asking.server.host.faults.add(Fault("drop_reply", mti="0600"))
    with pytest.raises(LinkTimeoutError):
        asking.posrefund("inquire", "R-1")
    asking.posrefund("status", "R-1", exit_code=11)


@pytest.mark.parametrize(("name", "code"), [("R-7", "request_unknown"), ("S-1", "no_inquiry")])
def test_what_cannot_be_asked_about_is_refused(asking: Counter, name: str, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        asking.posrefund("inquire", name)
    assert refused.value.code == code


def test_what_the_journal_has_of_it_is_told_in_words(asking: Counter) -> None:
    asking.posrefund("inquire", "R-1")
    text = asking.posrefund("dossier", "R-1")

    assert "the host was asked about it" in text
    assert "answer processed" in text
    assert "evidence inquiry" in text
