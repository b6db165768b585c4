"""How connections are made: by name, within a time, to loopback only where that is asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

import httpcore

from ..index.loopback import is_loopback_address
from .exchange import Exchange, current_exchange
from .failure import FailureKind, TransportFailure
from .phrases import os_phrase
from .streams import SocketStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from .open_sockets import OpenSockets

_NOT_LOOPBACK: Final = "plain http goes to this machine only, and the host name leads elsewhere"


class SocketBackend(httpcore.NetworkBackend):
    """Opens TCP connections for a pool. Thread-safe."""

    def __init__(self, sockets: OpenSockets, *, loopback_only: bool) -> None:
        self._sockets = sockets
        self._loopback_only = loopback_only
        self._lock = threading.Lock()
        self._warm: dict[tuple[str, int], list[SocketStream]] = {}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  # of the interface
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # of the interface
    ) -> httpcore.NetworkStream:
        """A connected stream: one that was opened early, or a new one. Raises TransportFailure."""
        return self._take_warm(host, port) or self._connect(host, port, timeout)

    def warm(self, host: str, port: int, context: ssl.SSLContext | None, timeout: float) -> None:
        """Connect now, with TLS when there is a context, for the next one who asks. Raises TransportFailure."""
        stream = self._connect(host, port, timeout)
        if context is not None:
            stream.secure(context, host, timeout)
            stream.secured_early = True
        with self._lock:
            self._warm.setdefault((host, port), []).append(stream)

    def _take_warm(self, host: str, port: int) -> httpcore.NetworkStream | None:
        while True:
            with self._lock:
                ready = self._warm.get((host, port))
                if not ready:
                    return None
                stream = ready.pop(0)
            if stream.is_fresh():
                return stream
            stream.close()

    def _connect(self, host: str, port: int, timeout: float | None) -> SocketStream:
        exchange = current_exchange()
        addresses = self._addresses(exchange, host, port)
        problem = "the host name has no address"
        for tried, (family, address) in enumerate(addresses):
            patience = exchange.patience(timeout) / (len(addresses) - tried)
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                self._sockets.add(sock, urgent=exchange.urgent)
                sock.settimeout(patience)
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._check_peer(exchange, sock)
            except OSError as error:
                self._sockets.close(sock)
                problem = os_phrase(error)
            except TransportFailure:
                self._sockets.close(sock)
                raise
            else:
                return SocketStream(sock, self._sockets)
        raise exchange.failure(FailureKind.CONNECT, problem)

    def _addresses(self, exchange: Exchange, host: str, port: int) -> list[tuple[int, Any]]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise exchange.failure(FailureKind.CONNECT, "the host name cannot be resolved") from None
        addresses = [(int(family), address) for family, _, _, _, address in found]
        if self._loopback_only:
            addresses = [entry for entry in addresses if is_loopback_address(str(entry[1][0]))]
            if not addresses:
                raise exchange.failure(FailureKind.FORBIDDEN, _NOT_LOOPBACK)
        return addresses

    def _check_peer(self, exchange: Exchange, sock: socket.socket) -> None:
        if self._loopback_only and not is_loopback_address(str(sock.getpeername()[0])):
            raise exchange.failure(FailureKind.FORBIDDEN, _NOT_LOOPBACK)

    def close(self) -> None:
        """Close what was opened early and never used."""
        with self._lock:
            streams = [stream for ready in self._warm.values() for stream in ready]
            self._warm.clear()
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.close()
