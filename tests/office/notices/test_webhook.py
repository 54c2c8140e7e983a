"""A webhook from both ends: what leaves, and what a receiver believes."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builders import NOW, PROPERTY, attempt_in
from posrefund.cli.demo_certificate import make_certificate
from posrefund.engine import Notice, NoticeKind, State
from posrefund.errors import (
    ConfigError,
    JournalError,
    LinkClosedError,
    LinkOpenError,
    LinkTimeoutError,
    MACMismatchError,
    PosRefundError,
    RemoteProtocolError,
)
from posrefund.office.notices import Seen, WebhookChannel, Writer, signature_of, verify_webhook
from posrefund.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = b"a secret of 24 characters"
MESSAGE = Writer("面馆").write(
    Notice("R-1", 1, NoticeKind.ACCEPTED, "R-1/1", NOW),
    attempt_in(State.ACCEPTED, facts={"rrn": "606810000123"}),
    "+8613800138000",
)
STAMP = "1773021600"
"""NOW, as `date -u -d 2026-03-09T02:00:00Z +%s` says it."""


def channel(url: str, **options: Any) -> WebhookChannel:
    return WebhookChannel(url, SECRET, **{"clock": ManualClock(NOW), "timeout_s": 5, **options})


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted and answers as it is told."""

    status: ClassVar[int] = 204
    answer: ClassVar[bytes] = b""
    posted: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append((self.path, dict(self.headers), body))
        if self.answer:
            self.wfile.write(self.answer)
            return
        self.send_response(self.status)
        self.send_header("Location", "http://shop.example/")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — its own name
        pass


@contextmanager
def receiving(
    status: int = 204, answer: bytes = b"", context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[tuple[str, dict[str, str], bytes]]]]:
    posted: list[tuple[str, dict[str, str], bytes]] = []
    handler = type("Receiver", (Receiver,), {"status": status, "answer": answer, "posted": posted})
    server = HTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port, posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed(body: bytes = MESSAGE.json, changes: dict[str, str] | None = None) -> dict[str, str]:
    """Headers of an authentic request, some of them changed."""
    headers = {
        "X-Posrefund-Timestamp": STAMP,
        "X-Posrefund-Signature": signature_of(SECRET, STAMP, body),
    }
    return {**headers, **(changes or {})}


def verified(headers: dict[str, str], body: bytes = MESSAGE.json, **options: Any) -> Any:
    return verify_webhook(headers, body, **{"secrets": [SECRET], "now": NOW, **options})


# --- what leaves -------------------------------------------------------------------------------


def test_what_is_posted_is_what_a_receiver_believes() -> None:
    with receiving() as (port, posted):
        channel(f"http://127.0.0.1:{port}/refunds?shop=7").send(MESSAGE)
    ((path, headers, body),) = posted

    assert (path, body) == ("/refunds?shop=7", MESSAGE.json)
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (headers["X-Posrefund-Id"], headers["X-Posrefund-Sequence"]) == ("R-1:1", "1")
    assert headers["X-Posrefund-Timestamp"] == STAMP
    received = verified(headers, body)
    assert (received.notice_id, received.sequence, received.kind) == ("R-1:1", 1, "accepted")
    assert received.data == json.loads(MESSAGE.json)
    assert b"13800138000" not in body + repr(headers).encode()


def test_signature_is_that_of_openssl() -> None:
    """``printf '1773021600.{}' | openssl dgst -sha256 -hmac 'a secret of 24 characters'``."""
    assert signature_of(SECRET, STAMP, b"{}") == (
        "v1=7394607889737265c27a5722c5b732c51718883a7925fb6ecad75de216fc791a"
    )


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
def test_any_answer_but_yes_is_a_failure(status: int) -> None:
    with receiving(status) as (port, posted):
        with pytest.raises(RemoteProtocolError, match=rf"^the receiver answered {status}$"):
            channel(f"http://127.0.0.1:{port}/").send(MESSAGE)
        assert len(posted) == 1  # no redirect is followed


@pytest.mark.parametrize("answer", [b"hello\r\n\r\n", b"HTTP/1.1 x\r\n\r\n", b"\x00" * 99 + b"\n"])
def test_answer_that_is_no_http_is_a_failure(answer: bytes) -> None:
    with (
        receiving(answer=answer) as (port, _),
        pytest.raises((LinkClosedError, LinkOpenError)),
    ):
        channel(f"http://127.0.0.1:{port}/").send(MESSAGE)


def test_silence_is_a_failure() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(LinkTimeoutError):
            channel(url, timeout_s=0.1).send(MESSAGE)


def test_nobody_there_is_a_failure() -> None:
    with receiving() as (port, _):
        pass
    with pytest.raises(LinkOpenError, match="the receiver cannot be reached: Connection refused"):
        channel(f"http://127.0.0.1:{port}/").send(MESSAGE)


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.example/", "http://10.0.0.1/", "http://127.0.0.1.shop.example/"),
        *("ftp://127.0.0.1/", "https://", "https:///x", "//127.0.0.1", "", "https://a b/"),
        *("https://user:word@shop.example/", "https://shop.example/#x", "https://[::1"),
        *("https://shop.example:99999/", "https://shop.example/\r\nX: 1", "https://面馆.example/"),
    ],
)
def test_url_that_tells_others_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        channel(url)

    assert "shop" not in str(caught.value)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://[::1]:1/", "http://127.9.9.9/"])
def test_plain_http_goes_to_this_machine(url: str) -> None:
    assert (channel(url).name, channel(url).stays_here) == ("webhook", True)
    assert not channel("https://shop.example/").stays_here


@pytest.mark.parametrize("secret", [b"", b"x" * 15, "x" * 32, None])
def test_secret_is_one(secret: Any) -> None:
    with pytest.raises(ConfigError, match="expected a secret of 16 bytes or more"):
        WebhookChannel("http://localhost/", secret, clock=ManualClock(NOW))


@pytest.mark.parametrize("timeout_s", [0, -1, 61, float("nan")])
def test_time_out_is_one(timeout_s: float) -> None:
    with pytest.raises(ConfigError, match="expected a time-out"):
        channel("http://localhost/", timeout_s=timeout_s)


def test_secret_is_not_shown_with_its_owner() -> None:
    made = channel("http://localhost/")

    assert "secret" not in repr(vars(made)).replace("_secret", "")


def test_name_that_no_host_can_have_is_a_failure() -> None:
    with pytest.raises(LinkOpenError, match="the receiver cannot be reached"):
        channel(f"https://{'x' * 64}.example/").send(MESSAGE)


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine, as a file to trust and as a server has it."""
    chain, key = make_certificate(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return chain, context


def test_receiver_with_a_trusted_certificate_is_told(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    ca, context = certificate
    trusting = ssl.create_default_context(cafile=str(ca))
    with receiving(context=context) as (port, posted):
        channel(f"https://127.0.0.1:{port}/", context=trusting).send(MESSAGE)

    assert len(posted) == 1


def test_receiver_with_a_strange_certificate_is_told_nothing(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    with receiving(context=certificate[1]) as (port, posted):
        with pytest.raises(LinkOpenError, match="TLS, CERTIFICATE_VERIFY_FAILED"):
            channel(f"https://127.0.0.1:{port}/").send(MESSAGE)
        assert posted == []


def test_context_that_checks_nothing_is_refused() -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    with pytest.raises(ConfigError, match="checks certificates and names"):
        channel("https://shop.example/", context=blind)
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigError, match="checks certificates and names"):
        channel("https://shop.example/", context=blind)


# --- what a receiver believes ------------------------------------------------------------------


def test_names_of_headers_are_the_same_in_capitals() -> None:
    headers = {name.upper(): value for name, value in signed().items()}

    assert verified(headers).notice_id == "R-1:1"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_clocks_may_be_five_minutes_apart(seconds: int) -> None:
    assert verified(signed(), now=NOW + timedelta(seconds=seconds)).notice_id == "R-1:1"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_replay_is_refused_when_it_is_old_or_from_the_future(seconds: int) -> None:
    with pytest.raises(RemoteProtocolError, match="too old, or from the future"):
        verified(signed(), now=NOW + timedelta(seconds=seconds))


def test_old_request_with_a_new_time_is_nobodys() -> None:
    fresh = str(int(STAMP) + 86_400)
    with pytest.raises(MACMismatchError):
        verified(signed(changes={"X-Posrefund-Timestamp": fresh}), now=NOW + timedelta(days=1))


def test_another_secret_is_refused_and_one_of_two_is_enough() -> None:
    with pytest.raises(MACMismatchError):
        verified(signed(), secrets=[b"another one of 24 letters"])
    with pytest.raises(MACMismatchError):
        verified(signed(), secrets=[])

    assert verified(signed(), secrets=[b"another one of 24 letters", SECRET]).sequence == 1


@given(st.integers(0, len(MESSAGE.json) * 8 - 1))
@PROPERTY
def test_every_bit_of_the_body_is_signed(bit: int) -> None:
    body = bytearray(MESSAGE.json)
    body[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MACMismatchError):
        verified(signed(), bytes(body))


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Posrefund-Timestamp": ""},
        {"X-Posrefund-Timestamp": "-1"},
        {"X-Posrefund-Timestamp": "１２３"},
        {"X-Posrefund-Timestamp": "1" * 13},
        {"X-Posrefund-Timestamp": "1e9"},
        {"X-Posrefund-Signature": "签名"},
    ],
)
def test_headers_that_are_none_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(RemoteProtocolError, match="expected X-Posrefund-Timestamp"):
        verified(signed(changes=changes))


@pytest.mark.parametrize("signature", ["", "v1=", "v2=" + "0" * 64, "v1=" + "0" * 64])
def test_signature_that_is_none_is_nobodys(signature: str) -> None:
    with pytest.raises(MACMismatchError):
        verified(signed(changes={"X-Posrefund-Signature": signature}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"id":"R-1:2","request_id":"R-1","sequence":1,"kind":"accepted"}',
        b'{"id":"R-1:1","request_id":"R-1","sequence":"1","kind":"accepted"}',
        b'{"id":"R-1:1","request_id":"R-1","sequence":1,"kind":"arrived"}',
        b'{"id":"R-1:1","request_id":"R-1","sequence":1,"kind":[]}',
    ],
)
def test_signed_nonsense_is_no_notice(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="the body is no notice"):
        verified(signed(body), body)


@given(
    st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=3), st.binary(max_size=99)
)
@PROPERTY
def test_whatever_comes_is_refused_in_our_words(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(PosRefundError):
        verified(headers, body)
    with pytest.raises(PosRefundError):
        verified({**signed(), **headers}, body + b"x")


# --- seen before -------------------------------------------------------------------------------


def test_what_was_seen_is_seen_after_a_restart(tmp_path: Path) -> None:
    with Seen(tmp_path / "seen.db") as seen, seen.once("R-1:1") as is_new:
        assert is_new
    with Seen(tmp_path / "seen.db") as seen:
        with seen.once("R-1:1") as is_new:
            assert not is_new
        with seen.once("R-1:2") as is_new:
            assert is_new


def test_what_failed_is_new_the_next_time(tmp_path: Path) -> None:
    with Seen(tmp_path / "seen.db") as seen:
        with pytest.raises(ZeroDivisionError), seen.once("R-1:1"):
            _ = 1 / 0
        with seen.once("R-1:1") as is_new:
            assert is_new


def test_file_that_cannot_be_kept_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="the names of what was seen: SQLITE_CANTOPEN"):
        Seen(tmp_path / "nowhere" / "seen.db")
    seen = Seen(tmp_path / "seen.db")
    seen.close()
    with pytest.raises(JournalError), seen.once("R-1:1"):
        pass
