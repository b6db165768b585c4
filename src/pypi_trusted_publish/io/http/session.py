"""Sends requests: one at a time per thread, with limits on time and size."""

from __future__ import annotations

import contextlib
import threading
import zlib
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import httpx

from ...events import Answered, Emit, Failed
from ...reason_phrases import standard_phrase
from .connections import ABORTED_PHRASE
from .exchange import Exchange, Response, under_way
from .failure import FailureKind, TransportFailure, is_about_dates
from .transport import HeaderValues, Payload, Transports, failure_of, request_of
from .trust import Trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .connections import EarlyConnections

Examine: TypeAlias = "Callable[[Sequence[str], bytes], None]"
"""Gets the reason phrase and the headers of an answer, and its body."""

_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS
"""zlib's "detect the header" window."""


class UndecodableBody(Exception):
    """The body does not have the encoding in its header, or has one that was not requested."""

    def __init__(self, raw: bytes = b"") -> None:
        super().__init__()
        self.raw = raw
        """What arrived but could not be decoded."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def read_limited(raw: Iterable[bytes], kept: bytearray, *, encoding: str, limit: int) -> bool:
    """Read the decoded body into ``kept``, up to ``limit`` bytes; return whether there was more.

    ``encoding`` is the Content-Encoding; we request none, but accept gzip and deflate from servers that send them
    anyway. Reading stops at the limit. Raises UndecodableBody.
    """
    decoder = _decoder(encoding)
    for chunk in raw:
        kept += _decoded(decoder, chunk, limit + 1 - len(kept))
        if len(kept) > limit:
            del kept[limit:]
            return True
    return False


def _decoder(encoding: str) -> _Decoder | None:
    named = encoding.strip().lower()
    if named in {"", "identity"}:
        return None
    if named in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(_GZIP_OR_ZLIB)
    raise UndecodableBody


def _decoded(decoder: _Decoder | None, chunk: bytes, room: int) -> bytes:
    if decoder is None:
        return chunk[:room]
    if decoder.eof:
        raise UndecodableBody(chunk)
    try:
        data = decoder.decompress(chunk, room)
    except zlib.error:
        raise UndecodableBody(chunk) from None
    if decoder.unused_data:  # bytes after the end, which may be endless
        raise UndecodableBody(chunk)
    return data


_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DATE_TIMEOUT: Final = 5.0
"""Seconds for a server to send its date."""
_REASON_LIMIT: Final = 2_000
"""Characters of a reason phrase that are kept."""


class Session:
    """Sends requests. Thread-safe; connections are kept alive between them.

    Every request ends in an Answered or a Failed event, and in a Response or a TransportFailure; nothing else is raised
    except by a Body's iterator. Cookies, netrc and other state are not kept or read. The clock of the early connections
    measures time-outs, so it must be a real clock, not one that skips waits.
    """

    def __init__(
        self, early_connections: EarlyConnections, *, emit: Emit, user_agent: str, timeout_factor: float = 1.0
    ) -> None:
        """``timeout_factor`` scales every time-out; below 1 for rehearsals of servers that never answer."""
        self._clock = early_connections.clock
        self._timeout_factor = timeout_factor
        self._emit = emit
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity", "Accept": "*/*"}
        self._early_connections = early_connections
        self._sockets = early_connections.sockets
        self._transports = Transports(early_connections)
        trust = early_connections.trust
        self._whatever_the_date = Transports(
            early_connections, trust=Trust(cert_file=trust.cert_file, cert_dir=trust.cert_dir, dates=False)
        )
        self._lock = threading.Condition()
        self._in_flight = 0
        self._closed = False

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: HeaderValues | None = None,
        body: Payload = None,
        read_timeout: float = 60.0,
        connect_timeout: float = 10.0,
        limit: int = 1 << 20,
        deadline: float | None = None,
        follow_same_origin: bool = False,
        urgent: bool = False,
        before_report: Examine | None = None,
    ) -> Response:
        """Send one request and read the answer up to ``limit`` decoded bytes.

        ``read_timeout`` limits each wait for bytes, and twice that the whole answer; ``deadline`` limits everything.
        Times in seconds. ``follow_same_origin`` follows redirects of a GET without body and ``Authorization`` within
        the same scheme, host and port; other redirects are returned unchanged. ``urgent`` requests are sent even after
        :meth:`abort`. ``before_report`` gets the headers (with the reason phrase) and the body of an answer that may
        contain a token, even an incomplete one, before an event is emitted. Raises TransportFailure.
        """
        allowed = follow_same_origin and method == "GET" and body is None and not _has_authorization(headers)
        hops = _MAX_REDIRECTS if allowed else 0
        read_timeout, connect_timeout = read_timeout * self._timeout_factor, connect_timeout * self._timeout_factor
        deadline = None if deadline is None else deadline * self._timeout_factor
        shown = _without_query(url)
        while True:
            exchange = Exchange(clock=self._clock, read_timeout=read_timeout, deadline=deadline, urgent=urgent)
            with self._counted(), self._reported(exchange, method, shown, before_report):
                request = request_of(
                    exchange,
                    method,
                    url,
                    headers={**self._headers, **(headers or {})},
                    payload=body,
                    connect_timeout=connect_timeout,
                )
                response = self._answered(self._transports, exchange, request, limit)
            if before_report is not None:
                before_report(
                    (response.reason, *response.headers.values()), _unpacked(response.body or exchange.partial)
                )
            phrase = response.reason if before_report is None else standard_phrase(response.status)
            self._emit(_answered_event(method, shown, response, phrase, exchange.sent_bytes))
            target = _same_origin_target(response) if hops else None
            if target is None:
                return response
            hops -= 1
            url, shown = target, _without_query(target)

    def abort(self) -> None:
        """Shut every connection and refuse later requests unless they are urgent; may be called from any thread."""
        self._sockets.abort()

    def wait_until_idle(self, within: float) -> None:
        """Wait at most so many seconds until no request is in progress, so that each has been reported."""
        with self._lock:
            self._lock.wait_for(lambda: not self._in_flight, within)

    def close(self) -> None:
        """Close every connection: idle ones now, and those in use by their own threads."""
        self._sockets.abort()
        self._early_connections.close()
        with self._lock:
            self._closed = True
        self._close_unused()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Count the requests in progress: a descriptor that is closed during a read may be reused."""
        with self._lock:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1
                self._lock.notify_all()
            self._close_unused()

    def _close_unused(self) -> None:
        with self._lock:
            unused = self._closed and not self._in_flight
        if unused:
            self._transports.close()
            self._whatever_the_date.close()

    @contextlib.contextmanager
    def _reported(self, exchange: Exchange, method: str, shown: str, before_report: Examine | None) -> Iterator[None]:
        """Report every failure; while the run is ending, that is the reason of all failures."""
        try:
            with under_way(exchange):
                yield
        except (TransportFailure, httpx.TransportError) as caught:
            failure = caught if isinstance(caught, TransportFailure) else failure_of(caught, exchange)
            if self._sockets.aborted and not exchange.urgent:
                failure = TransportFailure(FailureKind.ABORTED, ABORTED_PHRASE)
            failure = exchange.completed(failure)
            if before_report is not None:
                before_report((exchange.received_start.decode("utf-8", "replace"),), exchange.partial)
            self._emit(Failed(method=method, url=shown, problem=failure.phrase, seconds=exchange.seconds))
            if failure.kind is FailureKind.CERTIFICATE and is_about_dates(failure.phrase):
                failure.server_date = self._server_date(shown, urgent=exchange.urgent)
            raise failure from None
        except Exception:
            self._emit(Failed(method=method, url=shown, problem="stopped on our side", seconds=exchange.seconds))
            raise

    def _server_date(self, url: str, *, urgent: bool) -> str:
        """The server's own date, requested over a connection whose certificate is verified except for its dates."""
        root = "/".join(url.split("/")[:3]) + "/"
        timeout = _DATE_TIMEOUT * self._timeout_factor
        exchange = Exchange(clock=self._clock, read_timeout=timeout, deadline=timeout, urgent=urgent)
        try:
            with under_way(exchange):
                request = request_of(
                    exchange, "HEAD", root, headers=self._headers, payload=None, connect_timeout=timeout
                )
                response = self._answered(self._whatever_the_date, exchange, request, 0)
        except (TransportFailure, httpx.TransportError) as caught:
            failure = caught if isinstance(caught, TransportFailure) else failure_of(caught, exchange)
            self._emit(Failed(method="HEAD", url=root, problem=failure.phrase, seconds=exchange.seconds))
            return ""
        self._emit(_answered_event("HEAD", root, response, response.reason, 0))
        return response.headers.get("date", "")

    def _answered(self, transports: Transports, exchange: Exchange, request: httpx.Request, limit: int) -> Response:
        transport, exchange.proxy = transports.for_url(request.url)
        answer = transport.handle_request(request)
        body, truncated = bytearray(), False
        with contextlib.closing(answer):
            encoding = answer.headers.get("content-encoding", "")
            try:
                truncated = read_limited(answer.iter_raw(), body, encoding=encoding, limit=limit)
            except UndecodableBody as undecodable:
                body.clear()  # the status is an answer anyway
                exchange.partial = undecodable.raw
            except (TransportFailure, httpx.TransportError):
                exchange.partial = bytes(body)
                raise
        return Response(
            status=answer.status_code,
            reason=_text(answer.extensions.get("reason_phrase", b""))[:_REASON_LIMIT],
            headers=answer.headers,
            body=bytes(body),
            seconds=exchange.seconds,
            url=str(request.url),
            truncated=truncated,
        )


def _unpacked(body: bytes) -> bytes:
    """A body that is gzip although its header does not say so, or has a tail."""
    if body.startswith(b"\x1f\x8b"):
        decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
        with contextlib.suppress(zlib.error):
            return decoder.decompress(body, 1 << 20) + b"\n" + decoder.unused_data
    return body


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _answered_event(method: str, shown: str, response: Response, phrase: str, sent_bytes: int) -> Answered:
    return Answered(
        method=method,
        url=shown,
        status=response.status,
        reason=phrase,
        seconds=response.seconds,
        sent_bytes=sent_bytes,
        received_bytes=len(response.body),
    )


def _has_authorization(headers: HeaderValues | None) -> bool:
    return any(name.lower() in {"authorization", "cookie"} for name in headers or {})


def _without_query(url: str) -> str:
    """The URL without user information, query and fragment, for events."""
    base = url.partition("?")[0].partition("#")[0]
    scheme, separator, rest = base.partition("://")
    host, slash, path = rest.partition("/")
    return scheme + separator + host.rpartition("@")[2] + slash + path


def _same_origin_target(response: Response) -> str | None:
    """Where a redirect leads, if it stays within scheme, host and port."""
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or not location:
        return None
    try:
        source = httpx.URL(response.url)
        target = source.join(location)
    except (httpx.InvalidURL, ValueError):
        return None
    same = (source.scheme, source.host, source.port) == (target.scheme, target.host, target.port)
    return str(target.copy_with(fragment=None)) if same and not target.userinfo else None
