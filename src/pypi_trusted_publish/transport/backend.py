"""Connections as the pool wants them: one that was opened early, or a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore

from .dialling import Dialler
from .streams import SocketStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .head_start import HeadStart


class SocketBackend(httpcore.NetworkBackend):
    """Connects for one kind of pool: plain, and then to loopback only, or for TLS. Thread-safe."""

    def __init__(self, head_start: HeadStart, *, tls: bool) -> None:
        self._head_start = head_start
        self._tls = tls
        self._dialler = Dialler(sockets=head_start.sockets, loopback_only=not tls)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  # of the interface
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # of the interface
    ) -> httpcore.NetworkStream:
        """A connected stream. Raises TransportFailure."""
        sockets = self._head_start.sockets
        ready = self._head_start.take(host, port, tls=self._tls)
        if ready is not None:
            return SocketStream(ready, sockets, secured_early=self._tls)
        return SocketStream(self._dialler.connect(host, port, timeout), sockets)
