"""Connections by name, within a time, to loopback only where that is asked for. Needs no HTTP library."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ...core.urls import is_loopback_address, is_loopback_host
from ...errors import PublishError
from ...values import dataclass
from .exchange import Exchange, current_exchange, under_way
from .failure import FailureKind, TransportFailure, certificate_phrase, os_phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...clock import Clock
    from .proxies import Proxies
    from .trust import Trust

_NOT_LOOPBACK: Final = "plain http goes to this machine only, and the host name leads elsewhere"


@dataclass(frozen=True, kw_only=True)
class Connector:
    """Opens TCP connections. Thread-safe: it keeps nothing."""

    sockets: OpenSockets
    loopback_only: bool

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A connected socket; ``timeout`` in seconds, shared by the host's addresses. Raises TransportFailure."""
        exchange = current_exchange()
        addresses = self._addresses(exchange, host, port)
        problem = "the host name has no address"
        for tried, (family, address) in enumerate(addresses):
            time_left = exchange.time_left(timeout) / (len(addresses) - tried)
            try:
                sock = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:  # no such family on this machine, or no descriptor left
                problem = problem if tried else os_phrase(error)
                continue
            try:
                self.sockets.add(sock, urgent=exchange.urgent)
                sock.settimeout(time_left)
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
        sock.settimeout(exchange.time_left(timeout))
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


ABORTED_PHRASE = "the run is ending"


class OpenSockets:
    """Thread-safe. After :meth:`abort` only urgent sockets may be added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._aborted = False
        self._users = 0
        self._ended = False

    @property
    def aborted(self) -> bool:
        """Whether :meth:`abort` was called."""
        return self._aborted

    def add(self, sock: socket.socket, *, urgent: bool) -> None:
        """Count ``sock`` among the open ones. Raises TransportFailure when the run is ending."""
        with self._lock:
            if self._aborted and not urgent:
                raise TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE)
            self._open.add(sock)

    def replace(self, old: socket.socket, new: socket.socket, *, urgent: bool) -> None:
        """``new`` has taken over the descriptor of ``old``; when the run is ending, close it and raise."""
        with self._lock:
            self._open.discard(old)
        try:
            self.add(new, urgent=urgent)
        except TransportFailure:
            new.close()
            raise

    def close(self, sock: socket.socket) -> None:
        """Close ``sock``, and forget it."""
        with self._lock:
            self._open.discard(sock)
        with contextlib.suppress(OSError):
            sock.close()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, sockets are opened and used; whoever is the last one to leave after :meth:`end` closes them all."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
            self._close_unused()

    def end(self) -> None:
        """Close all of them, once nobody uses any: a descriptor that is closed under a reader may soon be another."""
        with self._lock:
            self._ended = True
        self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            if not self._ended or self._users:
                return
            left, self._open = self._open, set()
        for sock in left:
            with contextlib.suppress(OSError):
                sock.close()

    def abort(self) -> None:
        """Shut every open socket: whoever waits on one wakes up with an error, and closes it."""
        with self._lock:
            self._aborted = True
            for sock in self._open:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown: that takes the TLS object away from the thread that is using it.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


_TIMEOUT: Final = 10.0
"""Seconds until a connection that is not there yet is given up; whoever needs one then opens it."""


class EarlyConnections:
    """Opens connections for whoever comes later. Thread-safe.

    It owns the sockets of a run, and what decides where they may lead; a :class:`~.session.Session` is made of it.
    """

    def __init__(self, *, proxies: Proxies, trust: Trust, clock: Clock) -> None:
        self.proxies = proxies
        self.trust = trust
        self.clock = clock
        self.sockets = OpenSockets()
        self._lock = threading.Lock()
        self._ready: dict[tuple[str, int, bool], list[socket.socket]] = {}

    def warm(self, url: str) -> None:
        """Open a connection to the host of ``url``, with TLS for https, unless it would go through a proxy.

        Never raises: it is only a head start.
        """
        exchange = Exchange(clock=self.clock, read_timeout=_TIMEOUT, deadline=_TIMEOUT, urgent=False)
        quiet = contextlib.suppress(TransportFailure, PublishError, ValueError)
        with self.sockets.in_use(), under_way(exchange), quiet:
            parts = urlsplit(url)
            host, tls = parts.hostname or "", parts.scheme == "https"
            port = parts.port or (443 if tls else 80)
            if not self._direct(host, port, tls=tls):
                return
            sock = Connector(sockets=self.sockets, loopback_only=not tls).connect(host, port, _TIMEOUT)
            if tls:
                context = self.trust.context()
                sock = secured(sock, self.sockets, context=context, server_hostname=host, timeout=_TIMEOUT)
            with self._lock:
                self._ready.setdefault((host, port, tls), []).append(sock)

    def take(self, host: str, port: int, *, tls: bool) -> socket.socket | None:
        """A connection that is as fresh as on the first day, with its TLS done; None when there is none."""
        while True:
            with self._lock:
                ready = self._ready.get((host, port, tls))
                if not ready:
                    return None
                sock = ready.pop(0)
            if _is_fresh(sock):
                return sock
            self.sockets.close(sock)

    def _direct(self, host: str, port: int, *, tls: bool) -> bool:
        """Whether a request to that host is going to need a connection of this kind."""
        if not host.isascii():
            return False  # the pool spells it in another way
        return self.proxies.proxy_for(host, port) is None if tls and host else is_loopback_host(host)


def _is_fresh(sock: socket.socket) -> bool:
    """Whether nothing has happened since the handshake; may read a byte of a connection that nobody else uses.

    The session tickets that TLS 1.3 sends unasked make a socket readable though there is nothing to read.
    """
    if not readable(sock):
        return True
    if not isinstance(sock, ssl.SSLSocket):
        return False
    sock.settimeout(0.0)
    try:
        sock.recv(1)
    except ssl.SSLWantReadError:
        return True
    except (OSError, ValueError):
        return False
    return False
