"""The network backend of httpcore's pools. httpcore's own streams, and what they lack.

They have no deadline for a whole exchange, do not report the start of a malformed answer, and cannot be shut from
another thread; and they cannot use a connection that is already open.
"""

from __future__ import annotations

import ssl
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpcore
from httpcore._backends.sync import SyncStream  # the stream for a connected socket; httpcore does not export it

from .exchange import current_exchange
from .failure import FailureKind, TransportFailure, certificate_phrase

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from .connections import EarlyConnections, OpenSockets

_RECORD: Final = 1 << 14
"""Bytes of a TLS record, the unit in which TLS inside TLS is written."""


_KEEP_ALIVE: Final = 60.0
"""Seconds for which an idle connection is kept; if the server has closed it, this is noticed before its next use."""


class Stream(httpcore.NetworkStream):
    """A stream of httpcore that belongs to the exchange of its thread; any thread may shut it.

    A failed write raises ``httpcore.WriteError`` if there may be an answer: a server may answer and close before it has
    read everything, and the connection then reads that answer.
    """

    def __init__(self, stream: httpcore.NetworkStream, sockets: OpenSockets, *, secured: bool = False) -> None:
        """``secured``: TLS is already established; the first call of :meth:`start_tls` returns this stream."""
        self._stream = stream
        self._sockets = sockets
        self._secured = secured
        self._socket: socket.socket = stream.get_extra_info("socket")
        exchange = current_exchange()
        self._used = exchange.now
        sockets.add(self._socket, urgent=exchange.urgent)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most ``max_bytes``; empty when the other side has closed."""
        exchange = current_exchange()
        read = partial(self._stream.read, max_bytes)
        data = self._sockets.wait(self._socket, exchange.time_left(timeout), read, httpcore.ReadTimeout)
        exchange.received(data)
        self._used = exchange.now
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of ``buffer``; ``timeout`` limits each wait, not the total time."""
        left = memoryview(buffer)
        try:
            while left:
                left = left[self._write_some(left, current_exchange().time_left(timeout)) :]
        except (TimeoutError, httpcore.WriteTimeout):
            if self._stream.get_extra_info("is_readable"):
                raise httpcore.WriteError from None
            raise httpcore.WriteTimeout from None
        except OSError:
            raise httpcore.WriteError from None

    def _write_some(self, data: memoryview, timeout: float) -> int:
        if isinstance(self._stream, SyncStream):  # whose `write` would restart the time-out with each piece
            return self._sockets.wait(self._socket, timeout, partial(self._send, data), TimeoutError)
        piece = bytes(data[:_RECORD])
        self._stream.write(piece, timeout)
        return len(piece)

    def _send(self, data: memoryview, timeout: float) -> int:
        self._socket.settimeout(timeout)
        return self._socket.send(data)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, with TLS; certificate and host name are verified. Raises TransportFailure."""
        if self._secured:
            self._secured = False
            return self
        exchange = current_exchange()
        exchange.forget_received()
        try:
            left = exchange.time_left(timeout)
            if isinstance(self._socket, ssl.SSLSocket):  # of a proxy, in which httpcore does the handshake
                stream = self._stream.start_tls(ssl_context, server_hostname, left)
            else:
                stream = SyncStream(
                    self._sockets.secure(
                        self._socket, ssl_context, server_hostname, seconds=left, urgent=exchange.urgent
                    )
                )
        except TransportFailure:
            self.close()
            raise
        except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, ValueError) as error:
            self.close()
            raise _tls_failure(error) from None
        self._sockets.forget(self._socket)
        return Stream(stream, self._sockets)

    def close(self) -> None:
        """Close the socket."""
        self._sockets.close(self._socket)

    def get_extra_info(self, info: str) -> Any:
        """What the pool requests.

        It drops an idle connection that is readable, and so one that was idle for a long time. The pool's own expiry
        compares a time that another thread may set to None meanwhile, which raises a TypeError.
        """
        found = self._stream.get_extra_info(info)
        if info == "is_readable":
            return found or current_exchange().now - self._used > _KEEP_ALIVE
        return found


def _tls_failure(error: Exception) -> TransportFailure:
    """Why a handshake failed. ValueError: TLS does not support such a host name."""
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TransportFailure(FailureKind.CERTIFICATE, certificate_phrase(cause))
    ended = "took too long" if isinstance(cause, TimeoutError) else "failed"
    return TransportFailure(FailureKind.TLS, f"the TLS handshake {ended}")


class Backend(httpcore.NetworkBackend):
    """Connects for one kind of pool: plain (only to loopback) or TLS. Thread-safe."""

    def __init__(self, early_connections: EarlyConnections, *, tls: bool) -> None:
        self._early_connections = early_connections
        self._tls = tls

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  # of the interface
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # of the interface
    ) -> httpcore.NetworkStream:
        """A connected stream. Raises TransportFailure."""
        sockets, exchange = self._early_connections.sockets, current_exchange()
        ready = self._early_connections.take(host, port, tls=self._tls)
        if ready is not None:
            return Stream(SyncStream(ready), sockets, secured=self._tls)
        connected = sockets.connect(
            host,
            port,
            time_left=lambda: exchange.time_left(timeout),
            loopback_only=not self._tls,
            urgent=exchange.urgent,
        )
        return Stream(SyncStream(connected), sockets)
