"""Who is let in by TLS, who is not, and that a refusal has sent nothing of a message."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from link.certificates import CA, Issued
from link.lines import LONG_S, soon
from posrefund.errors import ConfigError, LinkClosedError, LinkOpenError
from posrefund.link import TCPStream, TLSSettings, TLSStream
from posrefund.testing import FaultyStream, RecordingStream, StreamFaults

DAY = timedelta(days=1)


class Peer:
    """A TLS server that takes one call after the other and remembers what came out of each."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.came: list[bytes] = []
        self.refusals: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                line.settimeout(LONG_S)
                self._answer(line)

    def _answer(self, raw: socket.socket) -> None:
        try:
            with self._context.wrap_socket(raw, server_side=True) as line:
                while chunk := line.recv(4096):
                    self.came.append(chunk)
                    line.sendall(chunk)
        except (ssl.SSLError, OSError) as error:
            self.refusals.append(getattr(error, "reason", None) or type(error).__name__)
        raw.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(LONG_S)


@contextlib.contextmanager
def peer(issued: Issued, **settings: Path) -> Iterator[Peer]:
    served = Peer(issued.server_context(**settings))
    try:
        yield served
    finally:
        served.close()


def stream(port: int, settings: TLSSettings, name: str = "127.0.0.1") -> TLSStream:
    return TLSStream(TCPStream("127.0.0.1", port), settings, server_name=name)


def echoed(line: TLSStream) -> bytes:
    line.open(LONG_S)
    try:
        line.write(b"message", soon())
        return line.read_some(soon())
    finally:
        line.close()


def refused(line: TLSStream) -> str:
    with pytest.raises(LinkOpenError) as caught:
        line.open(LONG_S)
    assert caught.value.effect == "nothing_sent"
    with pytest.raises(LinkClosedError):
        line.write(b"message", soon())
    return str(caught.value)


# --- whom we trust -------------------------------------------------------------------------------


def test_host_with_the_right_certificate_is_talked_to(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    with peer(ca.issue("127.0.0.1")) as host:
        assert echoed(stream(host.port, TLSSettings(ca=ca.file))) == b"message"


def test_name_may_differ_from_what_is_dialled_when_the_settings_say_so(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    settings = TLSSettings(ca=ca.file, server_name="pos.acquirer.example")
    with peer(ca.issue("pos.acquirer.example")) as host:
        assert echoed(stream(host.port, settings)) == b"message"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [("127.0.0.2", "127.0.0.1"), ("pos.other.example", "pos.acquirer.example")],
)
def test_wrong_name_is_refused_in_words(tmp_path: Path, shown: str, expected: str) -> None:
    ca = CA(tmp_path)
    with peer(ca.issue(shown)) as host:
        reason = refused(stream(host.port, TLSSettings(ca=ca.file), expected))
        assert "its certificate is for another" in reason
        assert reason.endswith(expected)
    assert host.came == []


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [(-2 * DAY, -DAY, "has expired"), (DAY / 2, DAY, "is not valid yet")],
)
def test_certificate_outside_its_days_is_refused_in_words(
    tmp_path: Path, since: timedelta, until: timedelta, words: str
) -> None:
    ca = CA(tmp_path)
    with peer(ca.issue("127.0.0.1", since=since, until=until)) as host:
        assert words in refused(stream(host.port, TLSSettings(ca=ca.file)))
    assert host.came == []


def test_certificate_of_another_ca_is_refused_in_words(tmp_path: Path) -> None:
    ours, theirs = CA(tmp_path, "ours"), CA(tmp_path, "theirs")
    with peer(theirs.issue("127.0.0.1")) as host:
        assert "a CA that is not trusted here" in refused(
            stream(host.port, TLSSettings(ca=ours.file))
        )
    assert host.came == []


def test_without_a_private_ca_those_of_the_system_decide(tmp_path: Path) -> None:
    with peer(CA(tmp_path).issue("127.0.0.1")) as host:
        assert "a CA that is not trusted here" in refused(stream(host.port, TLSSettings()))


def test_pinned_key_is_let_in_and_any_other_is_not(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    right, other = ca.issue("127.0.0.1"), ca.issue("elsewhere.example")
    with peer(right) as host:
        pinned = TLSSettings(ca=ca.file, pins=(other.pin, right.pin))
        assert echoed(stream(host.port, pinned)) == b"message"
        wrong = TLSSettings(ca=ca.file, pins=(other.pin,))
        assert "not the pinned one" in refused(stream(host.port, wrong))
    assert host.came == [b"message"]


def test_pin_is_what_openssl_computes(tmp_path: Path) -> None:
    issued = CA(tmp_path).issue("127.0.0.1")
    words = f"openssl x509 -in {issued.certificate} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256"
    try:
        done = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not installed")
    assert done.stdout.strip().endswith(issued.pin)


def test_pin_does_not_stand_in_for_the_rest(tmp_path: Path) -> None:
    ours, theirs = CA(tmp_path, "ours"), CA(tmp_path, "theirs")
    issued = theirs.issue("127.0.0.1")
    with peer(issued) as host:
        settings = TLSSettings(ca=ours.file, pins=(issued.pin,))
        assert "a CA that is not trusted here" in refused(stream(host.port, settings))


def test_nothing_older_than_tls_1_2_is_spoken(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    line = stream(1, TLSSettings(ca=ca.file))

    assert line._context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert line._context.verify_mode is ssl.CERT_REQUIRED
    assert line._context.check_hostname


# --- who we are ----------------------------------------------------------------------------------


def test_our_certificate_is_shown_to_a_host_that_asks(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    ours = ca.issue("till")
    with peer(ca.issue("127.0.0.1"), client_ca=ca.file) as host:
        settings = TLSSettings(ca=ca.file, certificate=ours.certificate, key=ours.key)
        assert echoed(stream(host.port, settings)) == b"message"


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_host_that_misses_our_certificate_gets_no_message(
    tmp_path: Path, newest: ssl.TLSVersion
) -> None:
    """In TLS 1.3 the client is done first: the refusal may come after we have begun to write."""
    ca = CA(tmp_path)
    context = ca.issue("127.0.0.1").server_context(client_ca=ca.file)
    context.maximum_version = newest
    host = Peer(context)
    line = stream(host.port, TLSSettings(ca=ca.file))
    try:
        with pytest.raises((LinkOpenError, LinkClosedError)) as caught:
            echoed(line)
    finally:
        line.close()
        host.close()

    assert host.came == []
    if newest is ssl.TLSVersion.TLSv1_2:
        assert isinstance(caught.value, LinkOpenError)


# --- what is no TLS ------------------------------------------------------------------------------


@contextlib.contextmanager
def plain_listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG_S)
        yield server


def test_host_that_speaks_no_tls_is_named_so(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    with plain_listener() as server:

        def answer() -> None:
            with server.accept()[0] as line:
                line.sendall(b"\x00\x04\x08\x10\x00\x00")
                line.recv(4096)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        reason = refused(stream(server.getsockname()[1], TLSSettings(ca=ca.file)))
        thread.join(LONG_S)
    assert "it does not speak TLS" in reason


def test_host_that_says_nothing_is_given_up_in_time(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    with plain_listener() as server:  # the system takes the call; nobody answers it
        line = stream(server.getsockname()[1], TLSSettings(ca=ca.file))
        with pytest.raises(LinkOpenError, match="no end of the handshake in time"):
            line.open(0.3)


def test_host_that_hangs_up_in_the_handshake_has_been_sent_nothing(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    with plain_listener() as server:

        def hang_up() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        reason = refused(stream(server.getsockname()[1], TLSSettings(ca=ca.file)))
        thread.join(LONG_S)
    assert "during the handshake" in reason


def test_name_that_no_certificate_could_show_is_no_connection(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    with plain_listener() as server:
        line = stream(server.getsockname()[1], TLSSettings(ca=ca.file), ".example")
        assert "no name that a certificate could show" in refused(line)


# --- on the line ---------------------------------------------------------------------------------


def test_message_is_not_seen_on_the_line_below(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    with peer(ca.issue("127.0.0.1")) as host:
        below = RecordingStream(TCPStream("127.0.0.1", host.port))
        line = TLSStream(below, TLSSettings(ca=ca.file), server_name="127.0.0.1")
        assert echoed(line) == b"message"
    assert b"message" not in below.bytes_of("sent") + below.bytes_of("received")
    assert len(below.bytes_of("received")) > 100


def test_changed_byte_ends_the_conversation_and_is_never_read(tmp_path: Path) -> None:
    """TLS has its own proof of every record: what somebody on the line changes is no answer."""
    ca = CA(tmp_path)
    with peer(ca.issue("127.0.0.1")) as host:
        below = FaultyStream(TCPStream("127.0.0.1", host.port))
        line = TLSStream(below, TLSSettings(ca=ca.file), server_name="127.0.0.1")
        line.open(LONG_S)
        assert not line.peer_closed()
        # From here on every byte that comes is changed, whatever its position.
        below.faults = StreamFaults(flips=dict.fromkeys(range(1_000_000), 0x01))
        line.write(b"message", soon())
        with pytest.raises(LinkClosedError, match="TLS") as caught:
            line.read_some(soon())
        line.close()
    assert caught.value.effect == "in_doubt"


def test_farewell_of_the_host_is_noticed_though_the_line_stays(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    context = ca.issue("127.0.0.1").server_context()
    with plain_listener() as server:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        theirs = context.wrap_bio(incoming, outgoing, server_side=True)
        goodbye, seen = threading.Event(), threading.Event()

        def answer() -> None:
            with server.accept()[0] as raw:
                raw.settimeout(LONG_S)
                while True:
                    try:
                        theirs.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        raw.sendall(outgoing.read())
                        incoming.write(raw.recv(65_536))
                raw.sendall(outgoing.read())
                goodbye.wait(LONG_S)
                with contextlib.suppress(ssl.SSLWantReadError):
                    theirs.unwrap()
                raw.sendall(outgoing.read())
                seen.wait(LONG_S)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        line = stream(server.getsockname()[1], TLSSettings(ca=ca.file))
        line.open(LONG_S)
        assert not line.peer_closed()
        goodbye.set()
        deadline = soon()
        while not line.peer_closed():
            assert time.monotonic() < deadline
        seen.set()
        line.close()
        thread.join(LONG_S)


# --- settings ------------------------------------------------------------------------------------


def test_settings_that_cannot_work_are_refused_at_the_start(tmp_path: Path) -> None:
    ca = CA(tmp_path)
    ours = ca.issue("till")
    locked = ca.issue("locked", passphrase=b"secret")
    noise = tmp_path / "noise.pem"
    noise.write_text("no certificate")
    for settings in (
        lambda: TLSSettings(pins=("AB" * 32,)),
        lambda: TLSSettings(pins=("ab" * 31,)),
        lambda: TLSSettings(key=ours.key),
        lambda: stream(1, TLSSettings(ca=tmp_path / "absent.pem")),
        lambda: stream(1, TLSSettings(ca=noise)),
        lambda: stream(1, TLSSettings(certificate=ours.certificate, key=noise)),
        lambda: stream(1, TLSSettings(certificate=ours.certificate, key=locked.key)),
        lambda: stream(1, TLSSettings(certificate=locked.certificate, key=locked.key)),
    ):
        with pytest.raises(ConfigError, match="TLS"):
            settings()


def test_far_socket_is_closed_when_a_handshake_fails(tmp_path: Path) -> None:
    ours, theirs = CA(tmp_path, "ours"), CA(tmp_path, "theirs")
    with plain_listener() as server:
        line = stream(server.getsockname()[1], TLSSettings(ca=ours.file))
        context = theirs.issue("127.0.0.1").server_context()
        ended: list[str] = []

        def answer() -> None:
            raw = server.accept()[0]
            try:
                context.wrap_socket(raw, server_side=True).close()
            except ssl.SSLError as error:
                ended.append(error.reason or "")
            raw.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        refused(line)
        thread.join(LONG_S)
    assert ended == ["TLSV1_ALERT_UNKNOWN_CA"]  # it was told why we went
