"""Connections that are opened before they are needed, while the HTTP library itself is still being imported."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..errors import PublishError
from ..loopback import is_loopback_host
from .dialling import Dialler, readable, secured
from .exchange import Exchange, under_way
from .failure import TransportFailure
from .open_sockets import OpenSockets

if TYPE_CHECKING:
    from ..clock import Clock
    from .proxies import Proxies
    from .trust import Trust

_TIMEOUT: Final = 10.0
"""Seconds until a connection that is not there yet is given up; whoever needs one then opens it."""


class HeadStart:
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
            sock = Dialler(sockets=self.sockets, loopback_only=not tls).connect(host, port, _TIMEOUT)
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
