"""``posrefund notices`` and ``[notify]``: from a refund at the counter to a signed POST."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cli.test_shop_commands import CARD, Counter, counter
from journal.builders import open_journal as open_journal_of_tests
from office.notices.test_webhook import receiving
from posrefund.cli.config import load, open_journal, open_keystore
from posrefund.cli.notices import _WORDS as WORDS
from posrefund.cli.notify_settings import notify_settings
from posrefund.engine.notices import NoticeKind
from posrefund.errors import (
    ConfigError,
    InvalidRequestError,
    JournalCorruptError,
    LocalProtocolError,
)
from posrefund.journal import DeliveryState
from posrefund.office.notices import Call, CallOutcome, verify_webhook

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["counter"]

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "a secret of 24 characters"
PHONE = "+8613800138000"
NOTIFY = """
[notify]
merchant = "面馆"
phone = "4008"
"""
TO_FILE = '\n[[notify.channel]]\nname = "log"\nurl = "file:told.jsonl"\n'


def settings(counter: Counter, more: str = NOTIFY + TO_FILE) -> None:
    path = counter.folder / "posrefund.toml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")


def void(counter: Counter, *more: str) -> None:
    """A sale and, on the same day, its void."""
    counter.posrefund("sign-in", "--accept-clock")
    counter.posrefund("sale", "S-1", "--amount", "12.30", "--card", CARD)
    counter.posrefund("refund", "R-1", "--card", CARD, "--original", "S-1", *more)


def test_from_the_counter_to_a_file(counter: Counter) -> None:
    settings(counter)
    void(counter, "--contact", PHONE)
    assert "R-1:1" in counter.posrefund("notices", "list")
    counter.posrefund("notices", "deliver", "--once")
    counter.posrefund("notices", "deliver", "--once")
    (line,) = (counter.folder / "told.jsonl").read_text(encoding="utf-8").splitlines()

    told = json.loads(line)
    assert (told["id"], told["kind"], told["amount_minor"]) == ("R-1:1", "accepted", 1_230)
    (listed,) = json.loads(counter.posrefund("notices", "list", "--json", "--last", "1"))
    assert listed["channels"] == {"log": "delivered"}
    shown = counter.posrefund("notices", "show", "R-1")
    assert re.search(
        r"【面馆】您的退款RMB 12\.30已受理，退回尾号0005的卡，预计[-\d]{10}前可在账单中看到。单号R-1，咨询4008",
        shown,
    )
    assert "log: delivered" in shown
    assert counter.posrefund("notices", "show", "R-9") == "nobody was told anything of R-9\n"
    assert counter.posrefund("notices", "calls") == "nobody has to be called\n"
    counter.posrefund("journal", "verify")
    assert PHONE[3:] not in counter.posrefund("journal", "show", "--rows", "--json") + shown + line


def test_from_the_counter_to_a_signed_post(counter: Counter) -> None:
    (counter.folder / "erp.secret").write_text(SECRET + "\n", encoding="utf-8")
    with receiving() as (port, posted):
        settings(
            counter,
            f'{NOTIFY}[[notify.channel]]\nname = "erp"\nurl = "http://127.0.0.1:{port}/told"\n'
            'secret_file = "erp.secret"\n',
        )
        void(counter)
        assert "1 delivered, 0 put off, 0 given up" in counter.posrefund(
            "notices", "deliver", "--once"
        )
    ((_, headers, body),) = posted

    now = datetime.now(UTC)
    received = verify_webhook(headers, body, secrets=[SECRET.encode()], now=now)
    assert (received.notice_id, received.kind) == ("R-1:1", "accepted")


def test_what_fails_is_said_and_tried_again_later(counter: Counter) -> None:
    settings(counter, NOTIFY + TO_FILE.replace("told.jsonl", "nowhere/told.jsonl"))
    void(counter)
    said = counter.posrefund("notices", "deliver", "--once")
    assert "0 delivered, 1 put off, 0 given up" in said
    assert "nothing was given up" in counter.posrefund("notices", "list", "--stuck")
    shown = counter.posrefund("notices", "show", "R-1")

    assert re.search(r"log: waiting, again 20.* UTC: the file cannot be written", shown)
    assert "0 to be tried anew" in counter.posrefund("notices", "retry", "R-1")


def test_all_of_it_is_said_in_chinese_where_that_is_asked_for(counter: Counter) -> None:
    lost = TO_FILE.replace("log", "lost").replace("told.jsonl", "nowhere/told.jsonl")
    settings(counter, NOTIFY + TO_FILE + lost)
    void(counter)

    def said(*words: str) -> str:
        return counter.posrefund("notices", *words, "--lang", "zh")

    assert said("list", "--stuck") == "没有放弃的通知\n"
    assert "待发送" in said("list")
    assert "送达 1，推迟 1，放弃 0" in (told := said("deliver", "--once"))
    assert "R-1:1（渠道 lost）：" in told
    listed = said("list")
    assert re.search(r"R-1:1 .*已受理 +log 已送达, lost 待发送", listed)
    assert listed.split()[:4] == ["通知", "时间", "内容", "渠道"]
    assert re.search(r"lost: 待发送，20[-\d :]+ UTC 再试: ", said("show", "R-1"))
    assert said("show", "R-9") == "R-9 没有任何通知\n"
    assert said("retry", "R-1") == "0 条将重新发送\n"
    assert said("calls") == "没有需要致电的顾客\n"


def test_every_kind_state_and_outcome_has_its_words_in_both_languages() -> None:
    named = {*NoticeKind, *(each.lower() for each in DeliveryState), *CallOutcome}

    assert {*map(str, named)} <= set(WORDS)
    assert all(WORDS[each][1] == each for each in named)
    assert all(zh and not zh.isascii() for zh, _ in WORDS.values())


def test_a_call_is_told_and_closed_in_chinese(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(counter)
    void(counter, "--contact", PHONE)
    call = Call("R-1:1", "R-1/1", NoticeKind.BOUNCED)
    closed: list[str] = []
    monkeypatch.setattr("posrefund.cli.notices.calls", lambda _: [call])
    monkeypatch.setattr(
        "posrefund.cli.notices.close_call", lambda _, name, **__: closed.append(name)
    )

    assert counter.posrefund("notices", "calls", "--lang", "zh") == f"R-1:1 退回：请致电 {PHONE}\n"
    close = ("notices", "close-call", "R-1:1", "--by", "07", "--outcome", "not_reached")
    assert counter.posrefund(*close, "--lang", "zh") == "R-1:1: 未联系上\n"
    assert closed == ["R-1:1"]


def test_deliver_goes_on_until_it_is_stopped_and_leaves_out_a_pass_while_the_till_is_open(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(counter)
    void(counter)
    config = load(counter.folder / "posrefund.toml")
    waits: list[float] = []
    till = open_journal(config, open_keystore(config).journal_key)

    def passing(seconds: float) -> None:
        waits.append(seconds)
        till.close()  # the next pass finds it free
        if len(waits) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("posrefund.cli.notices.time.sleep", passing)
    said = counter.posrefund("notices", "deliver", "--every", "7")

    assert waits == [7, 7]
    assert "this pass is left out: another process has this journal open" in said
    assert "1 delivered" in said


def test_broken_journal_ends_it(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(counter)

    def broken(*_: object) -> None:
        raise JournalCorruptError("a stored notice cannot be read")

    monkeypatch.setattr("posrefund.cli.notices._pass", broken)
    with pytest.raises(JournalCorruptError):
        counter.posrefund("notices", "deliver")


def test_service_of_apprise_and_printing_are_channels(tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    path = tmp_path / "posrefund.toml"
    (tmp_path / "sms.url").write_text("json://127.0.0.1/{contact}\n", encoding="utf-8")
    path.write_text(
        f"{NOTIFY}[[notify.channel]]\nname = 'sms'\nurl_file = 'sms.url'\nto = 'phone'\n"
        "[[notify.channel]]\nname = 'screen'\nurl = 'print:'\n",
        encoding="utf-8",
    )
    with open_journal_of_tests(tmp_path / "journal.db") as journal:
        channels = notify_settings(path).channels(journal)

    assert [(type(each).__name__, each.name) for each in channels] == [
        ("AppriseChannel", "sms"),
        ("PrintChannel", "screen"),
    ]


def test_calls_are_listed_with_the_number_and_closed_with_an_outcome(counter: Counter) -> None:
    settings(counter, f'{NOTIFY}[[notify.channel]]\nname = "calls"\nurl = "calls:"\n')
    void(counter, "--contact", PHONE)
    counter.posrefund("notices", "deliver", "--once")
    assert (
        counter.posrefund("notices", "calls") == "nobody has to be called\n"
    )  # what was accepted is not worth a call
    assert json.loads(counter.posrefund("notices", "calls", "--json")) == []
    close = ("notices", "close-call", "R-1:1", "--by", "07")
    counter.posrefund(*close, exit_code=2)  # no outcome
    with pytest.raises(LocalProtocolError, match="no open task"):
        counter.posrefund(*close, "--outcome", "settled")


def test_contact_that_could_be_a_card_is_refused(counter: Counter) -> None:
    with pytest.raises(InvalidRequestError, match="contact: expected"):
        void(counter, "--contact", CARD)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"\[notify\] is missing"),
        ("notify = 1", r"\[notify\] is missing"),
        ("[notify", "is no TOML"),
        ("[notify]\nmerchant = 'x'", r"expected \[\[notify.channel\]\]"),
        ("[notify]\nchannel = [1]", r"expected \[\[notify.channel\]\]"),
        ("[notify]\nsms = 'x'", r"\[notify\] sms: expected only channel, language"),
        (f"[notify]{TO_FILE}", "merchant, phone: expected one line of text each"),
        (f"[notify]\nmerchant = 'a'\nphone = 7{TO_FILE}", "merchant, phone: expected"),
        (f"[notify]\nmerchant = 'a'\nlanguage = 'fr'{TO_FILE}", "language: expected one of zh, en"),
        (f"[notify]\nmerchant = 'a'\nletters = 'no.toml'{TO_FILE}", "letters: no.toml cannot be"),
        (f"{NOTIFY}{TO_FILE}to = 'nobody'\nx = 1", r"\[\[notify.channel\]\] 1 x: expected only"),
        (f"{NOTIFY}[[notify.channel]]\nurl = 'file:x'", "1 name: expected one line of text"),
        (f"{NOTIFY}[[notify.channel]]\nname = 'a'", "1: expected url or url_file"),
        (f"{NOTIFY}{TO_FILE}url_file = 'x'", "1: expected url or url_file"),
        (f"{NOTIFY}[[notify.channel]]\nname = 'a'\nurl = 'x'", "1 url: expected a URL"),
        (f"{NOTIFY}[[notify.channel]]\nname = 'a'\nurl_file = 'no'", "url_file: no cannot be read"),
        (f"{NOTIFY}{TO_FILE}secret_file = 'x'", "1 secret_file: expected only form, name, to"),
        (
            f"{NOTIFY}[[notify.channel]]\nname = 'a'\nurl = 'http://localhost/'",
            "1 secret_file: expected the name of a file",
        ),
        (
            f"{NOTIFY}[[notify.channel]]\nname = 'a'\nurl = 'http://localhost/'\nto = 'shop'",
            "1 to: expected only ca, name, secret_file",
        ),
        (
            f"{NOTIFY}[[notify.channel]]\nname = 'a'\nurl = 'https://x/'\nsecret_file = 's'\nca = 's'",
            "1 ca: expected certificates in PEM",
        ),
        (
            f"{NOTIFY}[[notify.channel]]\nname = 'a'\nurl = 'http://x/'\nsecret_file = 's'",
            "http:// goes to this machine only",
        ),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "s").write_text(SECRET, encoding="utf-8")
    path = tmp_path / "posrefund.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says) as caught:
        notify_settings(path)

    assert SECRET not in str(caught.value)


def test_settings_without_a_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        notify_settings(tmp_path / "posrefund.toml")


def test_letters_of_the_shop_are_read(tmp_path: Path) -> None:
    text = "[zh.accepted]\nshort = '$merchant：$amount 已受理'"
    (tmp_path / "letters.toml").write_text(text, encoding="utf-8")
    path = tmp_path / "posrefund.toml"
    path.write_text(f"{NOTIFY}letters = 'letters.toml'{TO_FILE}", encoding="utf-8")

    letter = notify_settings(path).writer.letters["zh", "accepted"]  # type: ignore[index]  # reason: a word
    assert letter.short.source == "$merchant：$amount 已受理"
