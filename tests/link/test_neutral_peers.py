"""Programs that we did not write at the other end: OpenSSL's own server and client, and socat between two ports."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from link.certificates import CA
from link.lines import LONG_S, soon
from posrefund.errors import LinkClosedError, LinkOpenError
from posrefund.link import SerialStream, Stream, TCPStream, TLSSettings, TLSStream

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
needs_socat = pytest.mark.skipif(not shutil.which("socat"), reason="socat is not installed")


@contextlib.contextmanager
def running(*words: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "errors").open("wb") as errors:
        program = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=folder
        )
        try:
            yield program
        finally:
            program.kill()
            program.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def opened(stream: Stream) -> None:
    """Open *stream* as soon as the program behind it is there."""
    deadline = soon()
    while True:
        try:
            stream.open(LONG_S)
        except LinkOpenError as error:
            if time.monotonic() > deadline or not _is_too_early(error):
                raise
        else:
            return


def _is_too_early(error: LinkOpenError) -> bool:
    return "refused" in str(error) or "no such port" in str(error)


def read(stream: Stream, size: int) -> bytes:
    found = b""
    while len(found) < size:
        chunk = stream.read_some(soon())
        assert chunk
        found += chunk
    return found


@needs_openssl
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_serves_and_turns_our_lines_round(tmp_path: Path, version: str) -> None:
    ca = CA(tmp_path)
    issued, ours = ca.issue("127.0.0.1"), ca.issue("till")
    port = free_port()
    words = [
        *("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev", "-quiet", version),
        *("-cert", str(issued.certificate), "-key", str(issued.key)),
        *("-CAfile", str(ca.file), "-Verify", "1", "-verify_return_error"),
    ]
    settings = TLSSettings(
        ca=ca.file, certificate=ours.certificate, key=ours.key, pins=(issued.pin,)
    )
    stream = TLSStream(TCPStream("127.0.0.1", port), settings, server_name="127.0.0.1")
    with running(*words, folder=tmp_path):
        opened(stream)
        stream.write(b"stressed\n", soon())
        assert read(stream, 9) == b"desserts\n"
        stream.close()


@needs_openssl
def test_openssl_of_another_ca_is_refused(tmp_path: Path) -> None:
    ours, theirs = CA(tmp_path, "ours"), CA(tmp_path, "theirs")
    issued, port = theirs.issue("127.0.0.1"), free_port()
    words = [
        *("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-rev", "-quiet"),
        *("-cert", str(issued.certificate), "-key", str(issued.key)),
    ]
    trusting = TLSStream(
        TCPStream("127.0.0.1", port), TLSSettings(ca=theirs.file), server_name="127.0.0.1"
    )
    wary = TLSStream(
        TCPStream("127.0.0.1", port), TLSSettings(ca=ours.file), server_name="127.0.0.1"
    )
    with running(*words, folder=tmp_path):
        opened(trusting)
        trusting.close()
        with pytest.raises(LinkOpenError, match="a CA that is not trusted here"):
            wary.open(LONG_S)


@needs_socat
def test_socat_moves_the_bytes_between_two_ports_and_its_end_is_an_unplugging(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pty", reason="this system has no pseudo terminals")
    till, device = tmp_path / "till", tmp_path / "device"
    words = ("socat", f"PTY,link={till},raw,echo=0", f"PTY,link={device},raw,echo=0")
    near, far = SerialStream(str(till)), SerialStream(str(device))
    with running(*words, folder=tmp_path) as socat:
        opened(near)
        opened(far)
        every_byte = bytes(range(256))
        near.write(every_byte, soon())
        assert read(far, 256) == every_byte
        far.write(every_byte[::-1], soon())
        assert read(near, 256) == every_byte[::-1]
        with pytest.raises(LinkOpenError, match="another stream or program"):
            SerialStream(str(till)).open(1)

        socat.kill()
        socat.wait()
        with pytest.raises(LinkClosedError):
            near.read_some(soon())
        assert near.peer_closed()
        near.close()
        far.close()
    with pytest.raises(LinkOpenError, match="no such port"):
        near.open(1)
