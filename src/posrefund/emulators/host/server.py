"""The host on a TCP port: a thread for each connection, one lock around the core.

Many messages may come over one connection, cut by a length prefix. Where it tells of keep-alives, they are
answered with the same. Closing ends within half a second, whatever a peer or a delayed answer is doing. For the
loopback, not for the internet, with TLS or without: no time limit for idle peers. Floor 9.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Self

from posrefund.errors import FramingError
from posrefund.framing import LengthPrefixFramer

if TYPE_CHECKING:
    import ssl

    from posrefund.emulators.host.host import EmulatedHost
    from posrefund.framing import LengthPrefix

__all__ = ["HostServer"]

_CONNECTIONS_MAX = 64
"""Beyond it a peer is hung up on at once."""
_CLOSE_WITHIN_S = 0.5
_CHUNK_BYTES = 4096


class HostServer:
    """Serves one host; listening from the moment it is made.

    Args:
        host: The core.
        address: Where to listen; port 0 takes a free one.
        tls: The server's side of TLS, with its certificate; None for none.
        prefix: The length before each message; two bytes, if left out.

    Attributes:
        lock: Held while the core works; hold it to look at the host from another thread.

    Raises:
        OSError: The address cannot be used.
    """

    def __init__(
        self,
        host: EmulatedHost,
        address: tuple[str, int] = ("127.0.0.1", 0),
        *,
        tls: ssl.SSLContext | None = None,
        prefix: LengthPrefix | None = None,
    ) -> None:
        self.host = host
        self._prefix = prefix
        self._tls = tls
        self.lock = threading.Lock()
        self._closing = threading.Event()
        self._peers: dict[socket.socket, threading.Thread] = {}
        self._peers_lock = threading.Lock()
        self._listener = socket.create_server(address)
        self._listener.settimeout(0)
        self._wake, self._woken = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept, name="host-accept", daemon=True)
        self._acceptor.start()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        name = self._listener.getsockname()
        return str(name[0]), int(name[1])

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.address[1]

    def close(self) -> None:
        """Stop listening and end every connection; a second call does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.send(b"\0")
        self._acceptor.join(_CLOSE_WITHIN_S)
        self.drop_connections()
        with self._peers_lock:
            threads = list(self._peers.values())
        for thread in threads:
            thread.join(_CLOSE_WITHIN_S / max(1, len(threads)))
        for end in (self._listener, self._wake, self._woken):
            end.close()

    def drop_connections(self) -> None:
        """Hang up on every peer."""
        with self._peers_lock:
            peers = list(self._peers)
        for peer in peers:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(peer, socket.SHUT_RDWR)  # of the line: no goodbye in TLS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._closing.is_set():
                selector.select()
                with contextlib.suppress(OSError):
                    self._welcome(self._in_tls(self._listener.accept()[0]))

    def _in_tls(self, peer: socket.socket) -> socket.socket:
        """Put TLS around *peer*; the handshake is left to the peer's own thread."""
        peer.settimeout(None)
        if self._tls is None:
            return peer
        try:
            return self._tls.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
        except OSError:
            peer.close()
            raise

    def _welcome(self, peer: socket.socket) -> None:
        thread = threading.Thread(target=self._serve, args=(peer,), name="host-peer", daemon=True)
        with self._peers_lock:
            is_full = len(self._peers) >= _CONNECTIONS_MAX or self._closing.is_set()
            if not is_full:
                self._peers[peer] = thread
        if is_full:
            peer.close()
        else:
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        framer = LengthPrefixFramer(self._prefix)
        try:
            with peer, contextlib.suppress(OSError, FramingError):
                while chunk := peer.recv(_CHUNK_BYTES):
                    for message in framer.feed(chunk):
                        if not message:
                            peer.sendall(framer.frame(b""))
                        elif not self._answer(peer, framer, message):
                            return
        finally:
            with self._peers_lock:
                self._peers.pop(peer, None)

    def _answer(self, peer: socket.socket, framer: LengthPrefixFramer, message: bytes) -> bool:
        """Answer one message; return whether the connection goes on."""
        with self.lock:
            delivery = self.host.respond(message)
        if delivery.delay_s:
            self._closing.wait(delivery.delay_s)
        if not self._closing.is_set():
            for reply in delivery.replies:
                peer.sendall(framer.frame(reply))
        return not (delivery.close or self._closing.is_set())
