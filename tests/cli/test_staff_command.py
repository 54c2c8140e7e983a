"""``posrefund staff`` and the PIN of ``approve`` and ``refund``, over pipes, files and a keyboard that shows nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from posrefund.cli import pin_entry
from posrefund.cli.app import app
from posrefund.cli.config import load, open_keystore, write
from posrefund.cli.init import make_keystore
from posrefund.cli.pin_entry import PINs
from posrefund.emulators.host import (
    EmulatedHost,
    HostProfile,
    HostServer,
    HostTime,
    TerminalRecord,
)
from posrefund.errors import ConfigError, InvalidRequestError, PosRefundError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CARD = "6200000000000005"
ZONE = timezone(timedelta(hours=8))
BOSS_PIN, LI_PIN, CLERK_PIN, FIRST_PIN = "482915", "739104", "590318", "190283"


class Counter:
    """The folder of a terminal, and its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def posrefund(self, *words: str, pins: tuple[str, ...] = ()) -> str:
        """Run a command with *pins* on standard input; return what it printed."""
        config = ["--config", str(self.folder / "posrefund.toml")]
        typed = "".join(f"{pin}\n" for pin in pins).encode("utf-8", "surrogateescape")
        result = CliRunner().invoke(app, [*words, *config], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    def refused(self, *words: str, pins: tuple[str, ...] = ()) -> str:
        with pytest.raises(RefusedError) as caught:
            self.posrefund(*words, pins=pins)
        return caught.value.code

    def people(self) -> dict[str, dict[str, object]]:
        told = json.loads(self.posrefund("staff", "list", "--json"))
        return {each["number"]: each for each in told["operators"]}

    def enrol(self) -> None:
        """A manager, a supervisor and a cashier, each with a PIN of the own choice."""
        self.posrefund("staff", "add", "09", "--name", "Zhao", "--first", pins=(BOSS_PIN,))
        for number, name, role, pin in (
            ("02", "Li", "supervisor", LI_PIN),
            ("01", "Sun", "cashier", CLERK_PIN),
        ):
            new = ("staff", "add", number, "--name", name, "--role", role, "--by", "09")
            self.posrefund(*new, pins=(BOSS_PIN, FIRST_PIN))
            self.posrefund("staff", "set-pin", number, pins=(FIRST_PIN, pin))


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    """A terminal whose host is never called."""
    make_keystore(tmp_path, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    write(tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1)
    return Counter(tmp_path)


def test_first_operator_then_the_others_by_a_manager(counter: Counter) -> None:
    assert "--first" in counter.posrefund("staff", "list")
    assert "--first" in counter.posrefund("staff", "list", "--lang", "zh")
    said = counter.posrefund("staff", "add", "09", "--name", "Zhao", "--first", pins=(BOSS_PIN,))
    assert said == "09  Zhao  manager  ready\n"
    again = ("staff", "add", "08", "--name", "Qian", "--first")
    assert counter.refused(*again, pins=(LI_PIN,)) == "staff_known"
    new = ("staff", "add", "02", "--name", "Li", "--role", "supervisor", "--by", "09")
    assert counter.refused(*new, pins=(LI_PIN, FIRST_PIN)) == "operator_pin_wrong"
    said = counter.posrefund(*new, pins=(BOSS_PIN, FIRST_PIN))
    assert said == "02  Li  supervisor  has to change the PIN\n"
    assert counter.posrefund("staff", "list", "--lang", "zh") == (
        "02  Li  supervisor  须先改密\n09  Zhao  manager  正常\n"
    )
    said = counter.posrefund("staff", "set-pin", "02", pins=(FIRST_PIN, LI_PIN))
    assert said == "02  Li  supervisor  ready\n"
    assert "all in order" in counter.posrefund("journal", "verify")


@pytest.mark.parametrize("extra", [(), ("--first", "--by", "09")])
def test_person_is_added_by_a_manager_or_is_the_first(
    counter: Counter, extra: tuple[str, ...]
) -> None:
    assert "either --by" in counter.posrefund("staff", "add", "01", "--name", "x", *extra)
    assert counter.people() == {}


def test_manager_changes_deactivates_and_unlocks(counter: Counter) -> None:
    counter.enrol()
    by = ("--by", "09")
    counter.posrefund("staff", "set-role", "01", "supervisor", *by, pins=(BOSS_PIN,))
    assert counter.people()["01"]["role"] == "supervisor"
    counter.posrefund("staff", "deactivate", "01", *by, pins=(BOSS_PIN,))
    assert "does not work here any more" in counter.posrefund("staff", "list")
    counter.posrefund("staff", "activate", "01", *by, pins=(BOSS_PIN,))
    for _ in range(3):
        counter.refused("staff", "set-pin", "02", pins=("271860", "615203"))
    assert counter.people()["02"]["is_locked"] is True
    assert "locked until" in counter.posrefund("staff", "list")
    said = counter.posrefund("staff", "unlock", "02", *by, pins=(BOSS_PIN,))
    assert said == "02  Li  supervisor  ready\n"
    counter.posrefund("staff", "set-pin", "02", *by, pins=(BOSS_PIN, FIRST_PIN))
    assert counter.people()["02"]["must_change_pin"] is True
    last = ("staff", "deactivate", "09", *by)
    assert counter.refused(*last, pins=(BOSS_PIN,)) == "operator_last_manager"


def test_right_to_approve_is_lent_and_taken_back(counter: Counter) -> None:
    counter.enrol()
    today = datetime.now().astimezone().date()
    week = ("--until", (today + timedelta(days=6)).isoformat())
    lend = ("staff", "delegate", "02", "01", *week, "--manager", "09")
    said = counter.posrefund(*lend, pins=(LI_PIN, BOSS_PIN))
    assert said == "#1: 02 lets 01 approve\n"
    (lent,) = json.loads(counter.posrefund("staff", "list", "--json"))["delegations"]
    assert (lent["giver"], lent["taker"], lent["manager"], lent["holds"]) == (
        "02",
        "01",
        "09",
        True,
    )
    assert lent["since"] == f"{today} 00:00"
    assert lent["until"] == f"{today + timedelta(days=7)} 00:00"
    assert "02 授权 01 代为复核" in counter.posrefund("staff", "list", "--lang", "zh")
    counter.posrefund("staff", "end-delegation", "1", "--by", "02", pins=(LI_PIN,))
    assert "ended by 02" in counter.posrefund("staff", "list")
    alone = ("staff", "delegate", "09", "01", *week)
    assert counter.posrefund(*alone, pins=(BOSS_PIN,)) == "#2: 09 lets 01 approve\n"


@pytest.mark.parametrize(
    ("option", "day"),
    [("--until", "tomorrow"), ("--since", "x"), ("--until", "9999-12-31")],
)
def test_day_that_is_none_is_named(counter: Counter, option: str, day: str) -> None:
    days = {"--until": "2026-12-01", "--since": "2026-11-30", option: day}
    words = [word for pair in days.items() for word in pair]

    assert f"{option} is YYYY-MM-DD" in counter.posrefund("staff", "delegate", "02", "01", *words)


# --- where a PIN comes from ------------------------------------------------------------------------


def test_pins_come_from_a_file_one_a_line(counter: Counter, tmp_path: Path) -> None:
    counter.enrol()
    file = tmp_path / "pins"
    file.write_bytes(f"{LI_PIN}\r\n615203\n".encode())
    counter.posrefund("staff", "set-pin", "02", "--pin-file", str(file))
    counter.posrefund("staff", "set-pin", "02", "--pin-file", "-", pins=("615203", LI_PIN))
    with pytest.raises(ConfigError, match="a PIN is missing"):
        counter.posrefund("staff", "set-pin", "02", pins=(LI_PIN,))
    with pytest.raises(ConfigError, match="cannot be read"):
        counter.posrefund("staff", "set-pin", "02", "--pin-file", str(tmp_path / "nothing"))
    with pytest.raises(ConfigError, match="what came is no text"):
        counter.posrefund("staff", "set-pin", "02", pins=("\udcff",))
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        counter.posrefund("staff", "set-pin", "02", "--pin-file", str(file))


def test_no_command_takes_a_pin_as_an_argument() -> None:
    """It would stand in the list of processes."""
    from typer.main import get_command

    group = get_command(app)
    seen = 0
    for name, command in walk("", group):
        for parameter in command.params:  # type: ignore[attr-defined]  # reason: click's own
            seen += 1
            if "pin" in parameter.name.split("_"):
                assert parameter.name == "pin_file", name
    assert seen > 100


def walk(prefix: str, command: object) -> Iterator[tuple[str, object]]:
    for name, each in getattr(command, "commands", {}).items():
        yield from walk(f"{prefix} {name}", each)
    if not hasattr(command, "commands"):
        yield prefix, command


class Keyboard:
    """What a person types, one answer for each question; nothing is shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *typed: str) -> None:
        self.questions: list[str] = []
        self._typed = iter(typed)
        monkeypatch.setattr(pin_entry, "getpass", self._answer)
        monkeypatch.setattr("sys.stdin", self)

    @staticmethod
    def isatty() -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("nothing is read where it would be shown")

    def _answer(self, question: str) -> str:
        self.questions.append(question)
        return next(self._typed)


def test_new_pin_is_typed_twice_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, BOSS_PIN, LI_PIN, FIRST_PIN, LI_PIN, LI_PIN)
    pins = PINs()

    assert (pins.ask("09"), pins.choose("02")) == (BOSS_PIN, LI_PIN)
    assert len(keyboard.questions) == 5
    assert "operator 09" in keyboard.questions[0]


def test_new_pin_that_is_never_typed_the_same_twice_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Keyboard(monkeypatch, *(BOSS_PIN, LI_PIN) * 3)
    with pytest.raises(InvalidRequestError, match="the same one twice"):
        PINs().choose("02")


# --- a day with a host -----------------------------------------------------------------------------

_POLICY = """
name = "careful"
base = "unionpay"

[policy]
approval_from_minor = 1
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    """A terminal with staff, S-1 of 128.00 sold the day before, and a host that pays."""
    make_keystore(tmp_path, bytes.fromhex("70F2A84CCBC2AE8625CBB0F2C22AB923"), test_keys=True)
    (tmp_path / "careful.toml").write_text(_POLICY, encoding="utf-8")
    path = write(
        tmp_path, terminal="12345678", merchant="123456789012345", address="127.0.0.1", port=1
    )
    tmk = open_keystore(load(path)).key("tmk")
    time = HostTime(datetime.now(UTC).astimezone(ZONE).replace(hour=14), runs=True)
    record = TerminalRecord("12345678", "123456789012345", tmk)
    with HostServer(EmulatedHost(HostProfile(), [record], clock=time)) as server:
        write(
            tmp_path,
            terminal="12345678",
            merchant="123456789012345",
            address="127.0.0.1",
            port=server.port,
            answer_s=1,
            dialect_name="careful.toml",
        )
        made = Counter(tmp_path)
        made.posrefund("sign-in", "--accept-clock")
        made.posrefund("sale", "S-1", "--amount", "128.00", "--card", CARD)
        time.advance(timedelta(days=1))
        made.posrefund("sign-in", "--accept-clock")
        made.enrol()
        yield made


def test_two_people_prove_themselves_and_the_refund_is_sent(shop: Counter) -> None:
    refund = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28")
    assert shop.refused(*refund, pins=("271860",)) == "operator_pin_wrong"
    assert shop.refused(*refund, pins=(CLERK_PIN,)) == "approval_needed"
    digest = shop.posrefund("approvals").split("digest ")[1].strip()
    yes = ("approve", "R-1", "--by", "02", "--digest", digest)
    assert shop.refused(*yes, pins=(CLERK_PIN,)) == "operator_pin_wrong"
    assert "approved by 02: make the refund again" in shop.posrefund(*yes, pins=(LI_PIN,))
    assert "退货(REFUND)" in shop.posrefund(*refund, "--lang", "zh")
    assert shop.refused(*refund[:1], "R-2", *refund[2:], "--operator", "77") == "operator_unknown"


def test_yes_in_another_one_s_role_says_so(shop: Counter) -> None:
    until = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 — a day of this machine
    lend = ("staff", "delegate", "09", "01", "--until", until)
    shop.posrefund(*lend, pins=(BOSS_PIN,))
    refund = ("refund", "R-1", "--original", "S-1", "--card", CARD, "--amount", "28")
    assert shop.refused(*refund, "--operator", "02", pins=(LI_PIN,)) == "approval_needed"
    digest = shop.posrefund("approvals").split("digest ")[1].strip()
    yes = ("approve", "R-1", "--by", "01", "--digest", digest)
    assert "approved by 01 in the role of 09" in shop.posrefund(*yes, pins=(CLERK_PIN,))


def test_refund_that_a_rule_refuses_asks_for_no_pin(shop: Counter) -> None:
    refund = ("refund", "R-1", "--original", "S-9", "--card", CARD)
    with pytest.raises(PosRefundError) as caught:
        shop.posrefund(*refund)
    assert getattr(caught.value, "code", "") == "original_unknown"
