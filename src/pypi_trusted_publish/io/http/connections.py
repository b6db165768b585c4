"""Opens connections to host names within a time limit, on request only to loopback. Needs no HTTP library."""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from ...core.urls import is_loopback_address, is_loopback_host
from ...errors import PublishError
from .failure import FailureKind, TransportFailure, os_phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...clock import Clock
    from .proxies import Proxies
    from .trust import Trust

ABORTED_PHRASE: Final = "the run is ending"
_PIECE: Final = 0.2 if sys.platform == "win32" else math.inf
"""Seconds of one wait: Windows does not end the wait for a socket that another thread shuts (CPython's issue 91913)."""
_T = TypeVar("_T")
_NOT_LOOPBACK: Final = "plain http goes to this machine only, and the host name leads elsewhere"


class OpenSockets:
    """The sockets of a run; any thread may shut them. Thread-safe. After :meth:`abort`, only urgent ones are added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._shut: set[socket.socket] = set()
        self._aborted = False

    @property
    def aborted(self) -> bool:
        """Whether :meth:`abort` was called."""
        return self._aborted

    def add(self, sock: socket.socket, *, urgent: bool) -> None:
        """Register ``sock``. If the run is ending, close it and raise TransportFailure."""
        with self._lock:
            refused = self._aborted and not urgent
            if not refused:
                self._open.add(sock)
        if refused:
            sock.close()
            raise TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE)

    def forget(self, sock: socket.socket) -> None:
        """Forget ``sock``, because its descriptor was taken over or closed."""
        with self._lock:
            self._open.discard(sock)

    def close(self, sock: socket.socket) -> None:
        """Close ``sock``, and forget it."""
        self.forget(sock)
        with contextlib.suppress(OSError):
            sock.close()

    def secure(
        self, sock: socket.socket, context: ssl.SSLContext, host: str | None, *, seconds: float, urgent: bool = False
    ) -> ssl.SSLSocket:
        """The same connection with TLS, after at most so many ``seconds``; ``sock`` is not used any more.

        Any thread may shut it during the handshake. Raises OSError, ValueError, TransportFailure.
        """
        try:
            secured = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        finally:
            self.close(sock)  # `wrap_socket` has taken its descriptor, or has failed
        self.add(secured, urgent=urgent)
        try:
            self.wait(secured, seconds, partial(_shake_hands, secured), TimeoutError)
        except BaseException:
            self.close(secured)
            raise
        return secured

    def wait(self, sock: socket.socket, seconds: float, call: Callable[[float], _T], timed_out: type[Exception]) -> _T:
        """What ``call`` returns, which gets a time-out, raises ``timed_out`` after it, and can then be called again.

        Raises ``timed_out`` after so many ``seconds``, TransportFailure when ``sock`` was shut.
        """
        while True:
            piece = min(seconds, _PIECE)
            try:
                return call(piece)
            except timed_out:
                if sock in self._shut:
                    raise TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE) from None
                seconds -= piece
                if seconds <= 0:
                    raise

    def abort(self) -> None:
        """Shut every open socket: a thread that waits on one gets an error and closes it."""
        with self._lock:
            self._aborted = True
            self._shut |= self._open
            for sock in self._open:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown: that takes the TLS object away from the thread that is using it.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def connect(
        self, host: str, port: int, *, time_left: Callable[[], float], loopback_only: bool, urgent: bool = False
    ) -> socket.socket:
        """A connected socket. ``time_left``: the remaining seconds, shared by all addresses of the host.

        Raises TransportFailure.
        """
        addresses = _addresses(host, port, loopback_only=loopback_only)
        problem = "the host name has no address"
        for tried, (family, address) in enumerate(addresses):
            try:
                sock = socket.socket(family, socket.SOCK_STREAM)
            except OSError as error:  # no such address family on this machine, or no descriptor left
                problem = problem if tried else os_phrase(error)
                continue
            self.add(sock, urgent=urgent)
            try:
                sock.settimeout(time_left() / (len(addresses) - tried))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                self.close(sock)
                problem = os_phrase(error)
            except BaseException:
                self.close(sock)
                raise
            else:
                return sock
        raise TransportFailure(FailureKind.CONNECT, problem)


def _shake_hands(sock: ssl.SSLSocket, seconds: float) -> None:
    sock.settimeout(seconds)
    sock.do_handshake()


def _addresses(host: str, port: int, *, loopback_only: bool) -> list[tuple[int, Any]]:
    """The addresses of a host name, as family and address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TransportFailure(FailureKind.CONNECT, "the host name cannot be resolved") from None
    addresses = [
        (int(family), address)
        for family, _, _, _, address in found
        if not loopback_only or is_loopback_address(str(address[0]))
    ]
    if found and not addresses:
        raise TransportFailure(FailureKind.FORBIDDEN, _NOT_LOOPBACK)
    return addresses


_TIMEOUT: Final = 10.0
"""Seconds until an unfinished connection is given up; it is then opened when it is needed."""


class EarlyConnections:
    """Opens connections before they are needed.

    Thread-safe. It owns the sockets of a run, the proxies and the trust store; a :class:`~.session.Session` uses it.
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

        Never raises, because this only saves time.
        """
        with contextlib.suppress(TransportFailure, PublishError, OSError, ValueError):
            parts = urlsplit(url)
            host, tls = parts.hostname or "", parts.scheme == "https"
            port = parts.port or (443 if tls else 80)
            if not self._direct(host, port, tls=tls):
                return
            context = self.trust.context() if tls else None
            sock = self.sockets.connect(host, port, time_left=lambda: _TIMEOUT, loopback_only=not tls)
            if context is not None:
                sock = self.sockets.secure(sock, context, host, seconds=_TIMEOUT)
            with self._lock:
                self._ready.setdefault((host, port, tls), []).append(sock)
            if self.sockets.aborted:
                self.close()

    def take(self, host: str, port: int, *, tls: bool) -> socket.socket | None:
        """An unused connection with TLS established; None when there is none."""
        while True:
            with self._lock:
                ready = self._ready.get((host, port, tls))
                if not ready:
                    return None
                sock = ready.pop(0)
            if _is_fresh(sock):
                return sock
            self.sockets.close(sock)

    def close(self) -> None:
        """Close the unused connections."""
        with self._lock:
            left, self._ready = self._ready, {}
        for sock in (sock for ready in left.values() for sock in ready):
            self.sockets.close(sock)

    def _direct(self, host: str, port: int, *, tls: bool) -> bool:
        """Whether requests to that host need a connection of this kind."""
        if not host.isascii():
            return False  # the pool spells it differently
        return self.proxies.proxy_for(host, port) is None if tls and host else is_loopback_host(host)


def _is_fresh(sock: socket.socket) -> bool:
    """Whether nothing has arrived since the handshake; may read a byte, because no other thread uses the connection.

    TLS 1.3 sends session tickets unasked, which make a socket readable although there is no data.
    """
    sock.settimeout(0.0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except (OSError, ValueError):
        return False
    return False
