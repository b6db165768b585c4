"""Which way a request goes: loopback in plain, https direct, https through a proxy. The httpx transport."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpcore
import httpx

from ...core.urls import is_secure_origin
from ...secret import Secret
from ...values import dataclass
from .connections import Connector
from .exchange import Body, Exchange, current_exchange
from .failure import FailureKind
from .streams import SocketStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .connections import EarlyConnections
    from .exchange import Exchange
    from .proxies import Proxy
    from .trust import Trust

_LONGEST_STALL: Final = 60.0
"""Seconds that the other side may take not a single byte of a body, however long it may think about its answer."""

Payload: TypeAlias = "bytes | Secret | Body | None"
HeaderValues: TypeAlias = "Mapping[str, str | Secret]"


@dataclass(frozen=True, kw_only=True)
class OutgoingRequest:
    """What is to be sent, and how long each part of it may take."""

    method: str
    url: str
    headers: HeaderValues
    payload: Payload
    read_timeout: float
    """Seconds for each wait for bytes of the answer."""
    connect_timeout: float
    """Seconds until there is a connection."""

    def request(self, exchange: Exchange) -> httpx.Request:
        """The request, its host and length declared. Raises TransportFailure when it cannot be sent as it is."""
        body = _as_body(self.payload)
        named = {name: value.reveal() if isinstance(value, Secret) else value for name, value in self.headers.items()}
        if body is not None:
            named["Content-Length"] = str(body.length)
        try:
            url = httpx.URL(self.url)
            named["Host"] = url.netloc.decode("ascii")
            return httpx.Request(
                self.method, url, headers=named, stream=_Stream(exchange, body), extensions={"timeout": self._waits()}
            )
        except (httpx.InvalidURL, ValueError):  # UnicodeEncodeError is one
            raise exchange.failure(FailureKind.FORBIDDEN, "the URL or a header cannot be sent as it is") from None

    def _waits(self) -> dict[str, float]:
        return {
            "connect": self.connect_timeout,
            "read": self.read_timeout,
            "write": min(self.read_timeout, _LONGEST_STALL),
            "pool": self.connect_timeout,
        }


def _as_body(payload: Payload) -> Body | None:
    if payload is None or isinstance(payload, Body):
        return payload
    data = payload.reveal().encode() if isinstance(payload, Secret) else payload
    return Body(length=len(data), chunks=lambda: iter((data,)))


class _Stream(httpx.SyncByteStream):
    """The body on its way out; tells the exchange how far it got."""

    def __init__(self, exchange: Exchange, body: Body | None) -> None:
        self._exchange = exchange
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        if self._body is None:
            self._exchange.asked()
            return iter(())
        return self._exchange.bodied(self._body)


class SocketBackend(httpcore.NetworkBackend):
    """Connects for one kind of pool: plain, and then to loopback only, or for TLS. Thread-safe."""

    def __init__(self, early_connections: EarlyConnections, *, tls: bool) -> None:
        self._early_connections = early_connections
        self._tls = tls
        self._dialler = Connector(sockets=early_connections.sockets, loopback_only=not tls)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002  # of the interface
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # of the interface
    ) -> httpcore.NetworkStream:
        """A connected stream. Raises TransportFailure."""
        sockets = self._early_connections.sockets
        ready = self._early_connections.take(host, port, tls=self._tls)
        if ready is not None:
            return SocketStream(ready, sockets, secured_early=self._tls)
        return SocketStream(self._dialler.connect(host, port, timeout), sockets)


_MAX_CONNECTIONS: Final = 64
"""Far above what the lanes need: nobody ever waits for a place."""
_KEEP_ALIVE: Final = 60.0
"""Seconds that an idle connection is kept; one that the server has closed is noticed before it is used again."""


class RoutedTransport(httpx.BaseTransport):
    """Chooses the pool by scheme and host. Fails with TransportFailure only."""

    def __init__(self, early_connections: EarlyConnections, *, trust: Trust | None = None) -> None:
        """``trust``: for the hosts that are asked, other than that of ``early_connections``, which proxies keep."""
        self._early_connections = early_connections
        self._trust = trust or early_connections.trust
        self._lock = threading.Lock()
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and return the answer with its body still to be read."""
        exchange = current_exchange()
        pool = self._pool(exchange, request.url)
        try:
            answer = pool.handle_request(_translated(request))
        except httpcore.ProxyError:
            status, _ = exchange.status_received()
            raise exchange.failure(FailureKind.PROXY, f"the proxy answered {status} instead of a tunnel") from None
        except httpcore.RemoteProtocolError:
            raise _no_http(exchange) from None
        except httpcore.LocalProtocolError:
            raise exchange.failure(FailureKind.FORBIDDEN, "the request cannot be sent as it is") from None
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_AnswerStream(answer, exchange),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _pool(self, exchange: Exchange, url: httpx.URL) -> httpcore.ConnectionPool:
        if not url.host or not is_secure_origin(url.scheme, url.host):
            raise exchange.failure(FailureKind.FORBIDDEN, "only HTTPS is allowed, and HTTP to this machine")
        if url.scheme == "http":
            return self._made("plain", None)
        proxy = self._early_connections.proxies.proxy_for(url.host, url.port or 443)
        exchange.proxied = proxy is not None
        return self._made("direct" if proxy is None else "proxied", proxy)

    def _made(self, route: str, proxy: Proxy | None) -> httpcore.ConnectionPool:
        with self._lock:
            if route not in self._pools:
                tls = route != "plain"
                self._pools[route] = httpcore.ConnectionPool(
                    ssl_context=self._trust.context() if tls else None,
                    proxy=None if proxy is None else self._tunnel(proxy),
                    max_connections=_MAX_CONNECTIONS,
                    keepalive_expiry=_KEEP_ALIVE,
                    network_backend=SocketBackend(self._early_connections, tls=tls),
                )
            return self._pools[route]

    def _tunnel(self, proxy: Proxy) -> httpcore.Proxy:
        user = proxy.user.reveal() if proxy.user else ""
        password = proxy.password.reveal() if proxy.password else ""
        return httpcore.Proxy(
            httpcore.URL(scheme=proxy.scheme, host=proxy.host, port=proxy.port, target="/"),
            auth=(_as_given(user), _as_given(password)) if proxy.user or proxy.password else None,
            ssl_context=self._early_connections.trust.context() if proxy.scheme == "https" else None,
        )


def _as_given(text: str) -> bytes:
    """UTF-8; where the environment held bytes that are none, those bytes."""
    return text.encode("utf-8", "surrogateescape")


class _AnswerStream(httpx.SyncByteStream):
    """The answer's body; closing it early drops the connection."""

    def __init__(self, answer: httpcore.Response, exchange: Exchange) -> None:
        self._answer = answer
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.iter_stream()
        except httpcore.RemoteProtocolError:
            if self._exchange.peer_closed:
                raise self._exchange.failure(FailureKind.TRUNCATED, "the answer ended too early") from None
            raise self._exchange.failure(FailureKind.MALFORMED, "the answer's body is not framed as HTTP") from None

    def close(self) -> None:
        self._answer.close()


def _translated(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _no_http(exchange: Exchange) -> Exception:
    if exchange.peer_closed and not exchange.received_start:
        return exchange.failure(FailureKind.RESET, "the connection was closed without an answer")
    if exchange.peer_closed:
        return exchange.failure(FailureKind.TRUNCATED, "the answer ended too early")
    return exchange.failure(FailureKind.MALFORMED, "the answer is not HTTP, or its head is too long")
