"""What passes: a log of every request, counters, and the distance that a loopback connection does not have."""

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
    """The doors of the server, also the names of its routes; the last two are no doors, but what a fault may spoil."""

    IDENTITY = "identity"
    AUDIENCE = "audience"
    MINT = "mint"
    BURN = "burn"
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
    """What is known of a request while it is under way."""

    began: int
    """In the catalogue's sequence."""
    fault: str = ""
    silent: bool = False
    """No proper answer is given."""


_NOTE: Final = web.RequestKey("note", Note)


@dataclass(frozen=True, kw_only=True)
class LoggedRequest:
    """One request and how it ended. Headers hold the throw-away tokens of this server as they came."""

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
    """Name of the fault that struck; empty when none did."""
    status: int | None
    """None when no proper answer was given."""
    began: float
    ended: float
    """Seconds on the server loop's own clock."""


@dataclass(frozen=True, kw_only=True)
class Latency:
    """The distance to the client, and the time that the server takes for its work. Milliseconds."""

    round_trip: float = 0.0
    """Once for each request; a connection takes one more from when it is opened, and another one for its TLS."""
    server: float = 0.0
    """Work of an upload or a mint, between its last byte and its effect; every other answer lies ready."""
    mint: float | None = None
    """Work of a mint; None: as long as that of an upload."""


class Traffic:
    """Counts, logs and delays. Lives in the server's loop; its figures may be read from anywhere."""

    def __init__(self, *, latency: Latency, tls: bool, next_number: Callable[[], int]) -> None:
        self.latency = latency
        self.log: list[LoggedRequest] = []
        self.connections = 0
        """Connections that were opened, whether or not a request came over them."""
        self.uploads_now = 0
        self.peak_uploads = 0
        """The most uploads that were under way at once."""
        self.crashes: list[Exception] = []
        """Exceptions of the server itself: its own bugs."""
        self._tls = tls
        self._next_number = next_number
        self._arrivals = 0
        self._connection_of: weakref.WeakKeyDictionary[asyncio.BaseTransport, int] = weakref.WeakKeyDictionary()
        self._opened: dict[asyncio.BaseProtocol, float] = {}

    def count_connection(self, protocol: asyncio.BaseProtocol) -> None:
        """A connection was accepted; its handshakes take their time from now on."""
        self.connections += 1
        self._opened[protocol] = asyncio.get_running_loop().time()

    async def work(self, *, mint: bool = False) -> None:
        """Take as long as the server takes for an upload, or for a mint."""
        takes = self.latency.mint if mint and self.latency.mint is not None else self.latency.server
        if takes:
            await asyncio.sleep(takes / 1000)

    async def pass_through(self, request: web.Request, endpoint: Endpoint, handler: Handler) -> web.StreamResponse:
        """Let a request through to ``handler``, which may write into the request's note."""
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
            raise  # the client is gone
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
        """The number of the connection; over a new one nothing comes before its handshakes are over."""
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
        """There and back."""
        if self.latency.round_trip:
            await asyncio.sleep(self.latency.round_trip / 1000)


class _Upload:
    """While it is entered, one upload more is under way."""

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
    """The note of a request that came through a door."""
    return request[_NOTE]
