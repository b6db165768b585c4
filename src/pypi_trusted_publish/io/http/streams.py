"""Sockets as the connection pool wants them: with our deadlines, our failures, and no copying while sending."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import httpcore

from .connections import readable, secured
from .exchange import current_exchange
from .failure import FailureKind, certificate_phrase, os_phrase

if TYPE_CHECKING:
    import socket

    from .connections import OpenSockets

_READ: Final = 1 << 16
_WRITE: Final = 1 << 16
"""Bytes of the body that are encrypted before they are handed on, so that memory stays flat."""

T = TypeVar("T")


class Outer(Protocol):
    """The stream to the proxy."""

    def receive(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most ``max_bytes``, empty at the end."""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of ``buffer``."""

    def close(self) -> None:
        """Close the socket."""

    def get_extra_info(self, info: str) -> Any:
        """Of the socket."""


class NestedTlsStream(httpcore.NetworkStream):
    """A stream through another one; certificate and host name are verified. Failures are those of the outer stream."""

    def __init__(
        self, outer: Outer, context: ssl.SSLContext, server_hostname: str | None, timeout: float | None
    ) -> None:
        self._outer = outer
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        try:
            self._perform(self._tls.do_handshake, timeout)
        except ssl.SSLCertVerificationError as error:
            outer.close()
            raise current_exchange().failure(FailureKind.CERTIFICATE, certificate_phrase(error)) from None
        except (ssl.SSLError, httpcore.WriteError):
            outer.close()
            raise current_exchange().failure(FailureKind.TLS, "the TLS handshake failed") from None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most ``max_bytes`` of the answer; empty when the other side has closed."""
        try:
            data = self._perform(partial(self._tls.read, max_bytes), timeout)
        except ssl.SSLEOFError:
            data = b""
        except ssl.SSLError:
            raise current_exchange().failure(FailureKind.RESET, "the TLS connection broke") from None
        current_exchange().received(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of ``buffer``."""
        left = memoryview(buffer)
        while left:
            piece = left[:_WRITE]
            try:
                left = left[self._perform(partial(self._tls.write, piece), timeout) :]
            except ssl.SSLError:
                raise httpcore.WriteError from None

    def close(self) -> None:
        """Close the socket under both."""
        self._outer.close()

    def get_extra_info(self, info: str) -> Any:
        """What the pool asks for."""
        return self._tls if info == "ssl_object" else self._outer.get_extra_info(info)

    def _perform(self, act: Callable[[], T], timeout: float | None) -> T:
        """Let TLS do something, carrying its bytes to and fro until it is done."""
        while True:
            try:
                result = act()
            except ssl.SSLWantReadError:
                self._flush(timeout)
            else:
                self._flush(timeout)
                return result
            self._feed(timeout)

    def _flush(self, timeout: float | None) -> None:
        if self._outgoing.pending:
            self._outer.write(self._outgoing.read(), timeout)

    def _feed(self, timeout: float | None) -> None:
        data = self._outer.receive(_READ, timeout)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()


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
        self._wait_at_most(exchange.time_left(timeout))
        try:
            return self._sock.recv(max_bytes)
        except TimeoutError:
            raise exchange.failure(FailureKind.TIMEOUT, f"no answer within {timeout or 0:.0f} s") from None
        except (OSError, ValueError) as error:  # ValueError: the TLS object is gone already
            kind = FailureKind.TRUNCATED if exchange.received_start else FailureKind.RESET
            phrase = "connection reset" if isinstance(error, (ssl.SSLError, ValueError)) else os_phrase(error)
            raise exchange.failure(kind, phrase) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of ``buffer``; ``timeout`` bounds each wait for room, not the whole."""
        exchange = current_exchange()
        left = memoryview(buffer)
        while left:
            self._wait_at_most(exchange.time_left(timeout))
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
        current_exchange().forget_received()
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
