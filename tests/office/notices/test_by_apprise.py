"""Apprise as a channel: a service of its own kind, made for this test, and a real one against a server in this process."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from engine.builders import NOW, attempt_in
from office.notices.test_webhook import receiving
from posrefund.engine import Notice, NoticeKind, State
from posrefund.errors import ConfigError, LinkError
from posrefund.office.notices import AppriseChannel, Message, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

apprise = pytest.importorskip("apprise")

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
PHONE = "+86 138-0013-8000"
SENT: list[dict[str, Any]] = []
TAKES = {"yes": True}


@pytest.fixture(autouse=True)
def service() -> Iterator[None]:
    """The service ``posrefundtest://``, which keeps what it is given, and says aloud what it does."""
    from apprise.decorators import notify

    @notify(on="posrefundtest")  # type: ignore[untyped-decorator]  # reason: Apprise is not looked at
    def keep(body: str, title: str, *_: Any, meta: dict[str, Any], **__: Any) -> bool:
        SENT.append({"body": body, "title": title, "url": meta["url"]})
        logging.getLogger("apprise").warning("sent to %s", meta["url"])
        return TAKES["yes"]

    SENT.clear()
    TAKES["yes"] = True
    yield
    apprise.plugins.N_MGR.remove("posrefundtest")


def message(contact: str, kind: NoticeKind = NoticeKind.ACCEPTED) -> Message:
    notice = Notice("R-1", 1, kind, "R-1/1", NOW)
    return Writer("面馆").write(notice, attempt_in(State.ACCEPTED), contact)


def test_short_text_goes_to_the_customers_number() -> None:
    sms = AppriseChannel("posrefundtest://token@gateway/{contact}", name="sms", to="phone")
    sms.send(message(PHONE))
    (sent,) = SENT

    assert sent["body"] == "【面馆】您的退款RMB 10.00已受理，退回尾号0005的卡。单号R-1"
    assert sent["title"] == ""
    assert sent["url"] == "posrefundtest://token@gateway/+8613800138000"


def test_letter_goes_to_the_customers_address() -> None:
    mail = AppriseChannel("posrefundtest://host/?to={contact}", name="m", to="mail", form="long")
    mail.send(message("li+shop@shop.example"))
    (sent,) = SENT

    assert sent["title"] == "面馆：退款已受理（R-1）"
    assert sent["body"].startswith("您好：")
    assert "li%2Bshop%40shop.example" in sent["url"]


def test_mail_is_plain_text_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    mails: list[str] = []

    class Server:
        def __init__(self, *_: object, **__: object) -> None: ...

        def __getattr__(self, name: str) -> object:
            if name == "sendmail":
                return lambda _from, _to, mail, *_: mails.append(mail)
            return lambda *_, **__: (250, b"ok")

    monkeypatch.setattr("smtplib.SMTP", Server)
    monkeypatch.setattr("smtplib.SMTP_SSL", Server)
    url = "mailto://user:word@smtp.shop.example?to={contact}&from=shop@shop.example"
    AppriseChannel(url, name="mail", to="mail", form="long").send(message("li@shop.example"))
    (mail,) = [email.message_from_string(each, policy=email.policy.default) for each in mails]

    assert (mail["To"], mail["Subject"]) == ("li@shop.example", "面馆：退款已受理（R-1）")
    (text,) = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    assert text.get_content_type() == "text/plain"
    assert "\n退款单号：R-1\n金额：RMB 10.00\n" in text.get_content()


@pytest.mark.parametrize(
    ("to", "contact", "takes"),
    [
        ("phone", PHONE, True),
        ("phone", "13800138000", True),
        ("phone", "li@shop.example", False),
        ("phone", "", False),
        ("mail", "li@shop.example", True),
        ("mail", PHONE, False),
        ("mail", "li@shop", False),
        ("mail", "", False),
        ("shop", "", True),
    ],
)
def test_channel_takes_contacts_of_its_kind(to: Any, contact: str, takes: bool) -> None:
    place = "" if to == "shop" else "{contact}"
    made = AppriseChannel(f"posrefundtest://host/{place}", name="x", to=to)

    assert made.takes(message(contact)) is takes


def test_customer_is_not_told_old_news_and_the_shop_is() -> None:
    old = replace(message(PHONE), is_old_news=True)

    assert not AppriseChannel("posrefundtest://h/{contact}", name="x", to="phone").takes(old)
    assert AppriseChannel("posrefundtest://h/", name="x").takes(old)


def test_service_that_says_no_is_a_failure() -> None:
    TAKES["yes"] = False
    with pytest.raises(LinkError, match=r"^the service did not take the message$"):
        AppriseChannel("posrefundtest://host/", name="x").send(message(""))


def test_nobody_writes_down_who_was_written_to(caplog: pytest.LogCaptureFixture) -> None:
    made = AppriseChannel("posrefundtest://host/{contact}", name="sms", to="phone")
    with caplog.at_level(logging.DEBUG):
        made.send(message(PHONE))

    assert (len(SENT), caplog.records) == (1, [])
    assert not logging.getLogger("apprise").disabled


def test_webhook_of_apprise_itself_reaches_a_server() -> None:
    with receiving() as (port, posted):
        AppriseChannel(f"json://127.0.0.1:{port}/told", name="push").send(message(""))
    ((path, _, body),) = posted

    assert path.rstrip("/") == "/told"
    assert json.loads(body)["message"] == message("").short


@pytest.mark.parametrize(
    ("url", "options", "says"),
    [
        ("nonsense://secret", {}, "Apprise does not know such a URL"),
        ("no url with a secret", {}, "Apprise does not know such a URL"),
        ("posrefundtest://secret/", {"to": "phone"}, "expected {contact} in the URL"),
        ("posrefundtest://secret/{contact}", {}, "expected {contact} in the URL"),
        ("posrefundtest://secret/", {"to": "everybody"}, "expected to phone, mail or shop"),
        ("posrefundtest://secret/", {"form": "epic"}, "short or long"),
    ],
)
def test_wrong_channel_is_refused_when_it_is_made(
    url: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        AppriseChannel(url, name="x", **options)

    assert "secret" not in str(caught.value)


def test_url_is_not_shown_with_its_owner() -> None:
    made = AppriseChannel("posrefundtest://password@host/", name="x")

    assert "password" not in repr(vars(made))


def test_without_apprise_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'posrefund\[notify\]'"):
        AppriseChannel("posrefundtest://host/", name="x")
