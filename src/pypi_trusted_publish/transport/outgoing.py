"""A request as httpx wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import httpx

from ..secret import Secret
from .failure import FailureKind
from .message import Body

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .exchange import Exchange

_LONGEST_STALL: Final = 60.0
"""Seconds that the other side may take not a single byte of a body, however long it may think about its answer."""

Payload: TypeAlias = "bytes | Secret | Body | None"
HeaderValues: TypeAlias = "Mapping[str, str | Secret]"


@dataclass(frozen=True, kw_only=True)
class Outgoing:
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
