"""Sockets as the connection pool wants them: with our deadlines, our failures, and no copying while sending."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpcore

from .dialling import readable, secured
from .exchange import current_exchange
from .failure import FailureKind
from .nested_tls import NestedTlsStream
from .phrases import os_phrase

if TYPE_CHECKING:
    import socket

    from .open_sockets import OpenSockets


class SocketStream(httpcore.NetworkStream):
    """A connected socket, plain or TLS. Reads and writes fail with TransportFailure.

    One exception: a write that fails for good raises ``httpcore.WriteError``, because a server may answer and close
    before it has read everything; the connection then goes on to read that answer.
    """

    def __init__(self, sock: socket.socket, sockets: OpenSockets, *, secured_early: bool = False) -> None:
        """``secured_early``: TLS was done before anybody asked for it; who asks first gets this stream as it is."""
        self._sock = sock
        self._sockets = sockets
        self._secured_early = secured_early
        self._timeout: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most ``max_bytes`` of the answer; empty when the other side has closed."""
        data = self.receive(max_bytes, timeout)
        current_exchange().received(data)
        return data

    def receive(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The same, of bytes that are not yet the answer's."""
        exchange = current_exchange()
        self._wait_at_most(exchange.patience(timeout))
        try:
            return self._sock.recv(max_bytes)
        except TimeoutError:
            raise exchange.failure(FailureKind.TIMEOUT, f"no answer within {timeout or 0:.0f} s") from None
        except (OSError, ValueError) as error:  # ValueError: the TLS object is gone already
            kind = FailureKind.TRUNCATED if exchange.heard else FailureKind.RESET
            phrase = "connection reset" if isinstance(error, (ssl.SSLError, ValueError)) else os_phrase(error)
            raise exchange.failure(kind, phrase) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of ``buffer``; ``timeout`` bounds each wait for room, not the whole."""
        exchange = current_exchange()
        left = memoryview(buffer)
        while left:
            self._wait_at_most(exchange.patience(timeout))
            try:
                left = left[self._sock.send(left) :]
            except TimeoutError:
                if readable(self._sock):
                    raise httpcore.WriteError from None
                raise exchange.failure(FailureKind.STALLED, f"no byte was taken for {timeout or 0:.0f} s") from None
            except (OSError, ValueError):
                raise httpcore.WriteError from None

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, with TLS; certificate and host name are verified."""
        if self._secured_early:
            self._secured_early = False
            return self
        current_exchange().forget_heard()
        if isinstance(self._sock, ssl.SSLSocket):
            return NestedTlsStream(self, ssl_context, server_hostname, timeout)
        tls = secured(self._sock, self._sockets, context=ssl_context, server_hostname=server_hostname, timeout=timeout)
        return SocketStream(tls, self._sockets)

    def close(self) -> None:
        """Close the socket."""
        self._sockets.close(self._sock)

    def get_extra_info(self, info: str) -> Any:
        """What the pool asks for: whether an idle connection has something to read, and the TLS object."""
        if info == "is_readable":
            return readable(self._sock)
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return None

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._timeout:
            self._sock.settimeout(seconds)
            self._timeout = seconds
