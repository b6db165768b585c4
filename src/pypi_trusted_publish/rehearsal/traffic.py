"""The log of all requests, counters, and the latency that loopback lacks."""

from __future__ import annotations

import asyncio
import enum
import weakref
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Endpoint(str, enum.Enum):
    """The endpoints of the server; ``JOB`` and ``INDEX`` are states that a fault may change, without a route."""

    IDENTITY = "identity"
    AUDIENCE = "audience"
    MINT = "mint"
    REVOKE = "revoke"
    UPLOAD = "upload"
    PAGE = "page"
    DOWNLOAD = "download"
    DISCOVERY = "discovery"
    PROTECTION = "protection"
    OTHER = "other"
    JOB = "job"
    INDEX = "index"


@dataclass(kw_only=True)
class Note:
    """State of one request while it is processed."""

    began: int
    """The request's number in the store's sequence."""
    fault: str = ""
    silent: bool = False
    """No response is logged: it was cut off or never sent."""


_NOTE: Final = web.RequestKey("note", Note)


@dataclass(frozen=True, kw_only=True)
class LoggedRequest:
    """One request and its response. Headers include the throw-away tokens of this server."""

    number: int
    """From 1, in the order of arrival."""
    endpoint: Endpoint
    method: str
    path: str
    """With the query string."""
    headers: Mapping[str, str]
    connection: int
    """Number of the connection, from 1."""
    fault: str
    """Name of the fault that was applied; empty: none."""
    status: int | None
    """None: no complete response was sent."""
    began: float
    ended: float
    """Seconds on the server loop's own clock."""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Round trip and processing time in milliseconds."""

    round_trip: float = 0.0
    """Per request; a new connection adds one, and TLS another."""
    server: float = 0.0
    """Processing of an upload or a mint; other requests take none."""
    mint: float | None = None
    """Processing of a mint; None: ``server``."""


class Traffic:
    """Logs, counts and delays requests, in the server's loop; figures may be read from any thread."""

    def __init__(self, *, latency: Latency, tls: bool, next_number: Callable[[], int]) -> None:
        self.latency = latency
        self.log: list[LoggedRequest] = []
        self.connections = 0
        """Accepted connections, with or without a request."""
        self.uploads_now = 0
        self.peak_uploads = 0
        """The largest number of concurrent uploads."""
        self.crashes: list[Exception] = []
        """Unhandled exceptions: bugs of the server."""
        self._tls = tls
        self._next_number = next_number
        self._arrivals = 0
        self._connection_of: weakref.WeakKeyDictionary[asyncio.BaseTransport, int] = weakref.WeakKeyDictionary()
        self._opened: dict[asyncio.BaseProtocol, float] = {}

    def count_connection(self, protocol: asyncio.BaseProtocol) -> None:
        """Count an accepted connection; its handshake latency starts now."""
        self.connections += 1
        self._opened[protocol] = asyncio.get_running_loop().time()

    async def work(self, *, mint: bool = False) -> None:
        """Wait for the processing time of an upload or a mint."""
        takes = self.latency.mint if mint and self.latency.mint is not None else self.latency.server
        if takes:
            await asyncio.sleep(takes / 1000)

    async def handle(self, request: web.Request, endpoint: Endpoint, handler: Handler) -> web.StreamResponse:
        """Call ``handler`` and log the request; the handler may change the request's note."""
        self._arrivals += 1
        number, loop = self._arrivals, asyncio.get_running_loop()
        note = request[_NOTE] = Note(began=self._next_number())
        began, connection = loop.time(), await self._arrive(request)
        status: int | None = None
        try:
            with _Upload(self, endpoint):
                response = await handler(request)
                status = None if note.silent else response.status
                await self._travel()
                return response
        except web.HTTPException as answer:
            status = answer.status
            raise
        except OSError:
            raise  # the client closed the connection
        except Exception as crash:
            self.crashes.append(crash)
            raise
        finally:
            self.log.append(
                LoggedRequest(
                    number=number,
                    endpoint=endpoint,
                    method=request.method,
                    path=request.raw_path,
                    headers=dict(request.headers),
                    connection=connection,
                    fault=note.fault,
                    status=status,
                    began=began,
                    ended=loop.time(),
                )
            )

    async def _arrive(self, request: web.Request) -> int:
        """The connection's number; waits for the handshakes of a new one."""
        transport = request.transport
        known = self._connection_of.get(transport) if transport is not None else None
        if known is not None:
            return known
        connection = len(self._connection_of) + 1
        if transport is not None:
            self._connection_of[transport] = connection
        if self.latency.round_trip:
            now = asyncio.get_running_loop().time()
            ready = self._opened.pop(request.protocol, now) + self.latency.round_trip / 1000 * (2 if self._tls else 1)
            await asyncio.sleep(max(0.0, ready - now))
        return connection

    async def _travel(self) -> None:
        """Wait for one round trip."""
        if self.latency.round_trip:
            await asyncio.sleep(self.latency.round_trip / 1000)


class _Upload:
    """Counts a concurrent upload while entered."""

    def __init__(self, traffic: Traffic, endpoint: Endpoint) -> None:
        self._traffic = traffic
        self._counts = endpoint is Endpoint.UPLOAD

    def __enter__(self) -> None:
        if self._counts:
            self._traffic.uploads_now += 1
            self._traffic.peak_uploads = max(self._traffic.peak_uploads, self._traffic.uploads_now)

    def __exit__(self, *_: object) -> None:
        if self._counts:
            self._traffic.uploads_now -= 1


def note_of(request: web.Request) -> Note:
    """The note of a routed request."""
    return request[_NOTE]
