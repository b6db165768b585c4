"""TLS inside TLS: to an index through a proxy that is itself spoken to over https."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import httpcore

from .exchange import current_exchange
from .failure import FailureKind
from .phrases import certificate_phrase

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
