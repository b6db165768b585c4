"""Connections by name, within a time, to loopback only where that is asked for. Needs no HTTP library."""

from __future__ import annotations

import select
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..loopback import is_loopback_address
from .exchange import Exchange, current_exchange
from .failure import FailureKind, TransportFailure
from .phrases import certificate_phrase, os_phrase

if TYPE_CHECKING:
    from .open_sockets import OpenSockets

_NOT_LOOPBACK: Final = "plain http goes to this machine only, and the host name leads elsewhere"


@dataclass(frozen=True, kw_only=True)
class Dialler:
    """Opens TCP connections. Thread-safe: it keeps nothing."""

    sockets: OpenSockets
    loopback_only: bool

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A connected socket; ``timeout`` in seconds, shared by the host's addresses. Raises TransportFailure."""
        exchange = current_exchange()
        addresses = self._addresses(exchange, host, port)
        problem = "the host name has no address"
        for tried, (family, address) in enumerate(addresses):
            patience = exchange.patience(timeout) / (len(addresses) - tried)
            try:
                sock = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:  # no such family on this machine, or no descriptor left
                problem = problem if tried else os_phrase(error)
                continue
            try:
                self.sockets.add(sock, urgent=exchange.urgent)
                sock.settimeout(patience)
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._check_peer(exchange, sock)
            except OSError as error:
                self.sockets.close(sock)
                problem = os_phrase(error)
            except TransportFailure:
                self.sockets.close(sock)
                raise
            else:
                return sock
        raise exchange.failure(FailureKind.CONNECT, problem)

    def _addresses(self, exchange: Exchange, host: str, port: int) -> list[tuple[int, Any]]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise exchange.failure(FailureKind.CONNECT, "the host name cannot be resolved") from None
        addresses = [(int(family), address) for family, _, _, _, address in found]
        if self.loopback_only:
            addresses = [entry for entry in addresses if is_loopback_address(str(entry[1][0]))]
            if not addresses:
                raise exchange.failure(FailureKind.FORBIDDEN, _NOT_LOOPBACK)
        return addresses

    def _check_peer(self, exchange: Exchange, sock: socket.socket) -> None:
        if self.loopback_only and not is_loopback_address(str(sock.getpeername()[0])):
            raise exchange.failure(FailureKind.FORBIDDEN, _NOT_LOOPBACK)


def secured(
    sock: socket.socket,
    sockets: OpenSockets,
    *,
    context: ssl.SSLContext,
    server_hostname: str | None,
    timeout: float | None,
) -> ssl.SSLSocket:
    """The same connection with TLS; certificate and host name are verified.

    Raises TransportFailure, and closes the socket then. ``timeout`` in seconds.
    """
    exchange = current_exchange()
    try:
        sock.settimeout(exchange.patience(timeout))
        tls = context.wrap_socket(sock, server_hostname=server_hostname, do_handshake_on_connect=False)
        sock, plain = tls, sock
        sockets.replace(plain, tls, urgent=exchange.urgent)
        tls.do_handshake()
    except ssl.SSLCertVerificationError as error:
        sockets.close(sock)
        raise exchange.failure(FailureKind.CERTIFICATE, certificate_phrase(error)) from None
    except TimeoutError:
        sockets.close(sock)
        raise exchange.failure(FailureKind.TLS, "the TLS handshake took too long") from None
    except (OSError, ValueError):
        sockets.close(sock)
        raise exchange.failure(FailureKind.TLS, "the TLS handshake failed") from None
    return tls


def readable(sock: socket.socket) -> bool:
    """Whether a read would not wait: there are bytes, or the other side has closed, or the socket is no more."""
    try:
        if hasattr(select, "poll"):
            poller = select.poll()
            poller.register(sock, select.POLLIN)
            return bool(poller.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True
