"""Sockets as the connection pool wants them: with our deadlines, our failures, and no copying while sending."""

from __future__ import annotations

import select
import ssl
from typing import TYPE_CHECKING, Any

import httpcore

from .exchange import current_exchange
from .failure import FailureKind
from .nested_tls import NestedTlsStream
from .phrases import certificate_phrase, os_phrase

if TYPE_CHECKING:
    import socket

    from .open_sockets import OpenSockets


class SocketStream(httpcore.NetworkStream):
    """A connected socket, plain or TLS. Reads and writes fail with TransportFailure.

    One exception: a write that fails for good raises ``httpcore.WriteError``, because a server may answer and close
    before it has read everything; the connection then goes on to read that answer.
    """

    def __init__(self, sock: socket.socket, sockets: OpenSockets) -> None:
        self._sock = sock
        self._sockets = sockets
        self.secured_early = False
        """TLS was done before anybody asked for it; the first one who asks gets this stream as it is."""
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
                if _readable(self._sock):
                    raise httpcore.WriteError from None
                raise exchange.failure(FailureKind.STALLED, f"no byte was taken for {timeout or 0:.0f} s") from None
            except (OSError, ValueError):
                raise httpcore.WriteError from None

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, with TLS; certificate and host name are verified."""
        if self.secured_early:
            self.secured_early = False
            return self
        current_exchange().forget_heard()
        if isinstance(self._sock, ssl.SSLSocket):
            return NestedTlsStream(self, ssl_context, server_hostname, timeout)
        self.secure(ssl_context, server_hostname, timeout)
        return SocketStream(self._sock, self._sockets)

    def secure(self, ssl_context: ssl.SSLContext, server_hostname: str | None, timeout: float | None) -> None:
        """Do the handshake on this very socket. Raises TransportFailure, and closes the socket then."""
        exchange = current_exchange()
        try:
            self._sock.settimeout(exchange.patience(timeout))
            secured = ssl_context.wrap_socket(
                self._sock, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            self._sockets.replace(self._sock, secured, urgent=exchange.urgent)
            self._sock = secured
            secured.do_handshake()
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise exchange.failure(FailureKind.CERTIFICATE, certificate_phrase(error)) from None
        except TimeoutError:
            self.close()
            raise exchange.failure(FailureKind.TLS, "the TLS handshake took too long") from None
        except (OSError, ValueError):
            self.close()
            raise exchange.failure(FailureKind.TLS, "the TLS handshake failed") from None

    def is_fresh(self) -> bool:
        """Whether nothing has happened since the handshake. For a stream that nobody else uses: it may read a byte.

        The session tickets that TLS 1.3 sends unasked make a socket readable though there is nothing to read.
        """
        if not _readable(self._sock):
            return True
        if not isinstance(self._sock, ssl.SSLSocket):
            return False
        self._wait_at_most(0.0)
        try:
            self._sock.recv(1)
        except ssl.SSLWantReadError:
            return True
        except (OSError, ValueError):
            return False
        return False

    def close(self) -> None:
        """Close the socket."""
        self._sockets.close(self._sock)

    def get_extra_info(self, info: str) -> Any:
        """What the pool asks for: whether an idle connection has something to read, and the TLS object."""
        if info == "is_readable":
            return _readable(self._sock)
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return None

    def _wait_at_most(self, seconds: float) -> None:
        if seconds != self._timeout:
            self._sock.settimeout(seconds)
            self._timeout = seconds


def _readable(sock: socket.socket) -> bool:
    """Whether a read would not wait: there are bytes, or the other side has closed, or the socket is no more."""
    try:
        if hasattr(select, "poll"):
            poller = select.poll()
            poller.register(sock, select.POLLIN)
            return bool(poller.poll(0))
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True
